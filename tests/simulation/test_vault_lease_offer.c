/* What a work order needs: offered by what is stored, and taken in leases that a record can hold. */
#include "field-client/vault/lease_offer.h"
#include "tests/simulation/vault_lease_scene.h"

static struct vault_scene scene;
static struct cs_arena arena;
static struct cs_vault_lease_offer offer;

static int teardown(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    vault_scene_close(&scene);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    vault_scene_open(&scene, 95, false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    vault_scene_open(&scene, 96, true);
    return 0;
}

static int64_t in_days(const struct laptop *laptop, int64_t days)
{
    return laptop->fake.wall_ms + days * DAY_MS;
}

static void look(struct laptop *laptop, const struct cs_id *project, int64_t days)
{
    const struct cs_id order = scene.work_order;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_lease_offer(book, &order, project, in_days(laptop, days), &arena, &offer,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
}

static size_t accept(struct laptop *laptop, int64_t days)
{
    uint8_t(*ids)[CS_HASH_SIZE] = NULL;
    size_t count = 0;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_lease_accept(book, &offer, cs_bytes_of_text("派工单 WO-7"),
                                    in_days(laptop, days), &arena, &ids, &count,
                                    &scene.universe.problem));
    cs_vault_book_close(book);
    return count;
}

static void assert_offered(const struct cs_id *version, enum cs_vault_state expected)
{
    for (size_t i = 0; i < offer.count; i++) {
        if (cs_id_equal(&offer.choices[i].version, version)) {
            assert_int_equal(offer.choices[i].state, expected);
            assert_true(cs_bytes_equal_text(offer.choices[i].name, "核心交换机"));
            assert_true(cs_bytes_equal_text(offer.choices[i].user, "admin"));
            assert_true(cs_bytes_equal_text(offer.choices[i].field, "password"));
            return;
        }
    }
    fail_msg("a version is not offered");
}

/* ---- which versions ---- */

static void test_what_may_be_in_force_is_offered(void **state)
{
    (void)state;
    const struct cs_id first = scene.version;
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_NOTHING);
    assert_int_equal(offer.count, 1);
    assert_offered(&first, CS_VAULT_PENDING);
    /* The one in force and the one that is to come, for a change at the site. */
    vault_change_state(&scene, scene.li, &first, CS_VAULT_CONFIRMED);
    store_version(&scene, scene.li);
    const struct cs_id second = scene.version;
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, 2);
    assert_offered(&first, CS_VAULT_CONFIRMED);
    assert_offered(&second, CS_VAULT_PENDING);
    /* What is behind is not taken along. */
    vault_change_state(&scene, scene.li, &second, CS_VAULT_CONFIRMED);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, 1);
    assert_offered(&second, CS_VAULT_CONFIRMED);
    vault_change_state(&scene, scene.li, &second, CS_VAULT_ARCHIVED);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, 1);
    assert_offered(&first, CS_VAULT_CONFIRMED); /* of what was not archived the last confirmed */
}

static void test_what_is_lacking(void **state)
{
    struct cs_id elsewhere;
    (void)state;
    memset(&elsewhere, 0x31, sizeof elsewhere);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &elsewhere, 3);
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_VAULT);
    look(scene.chen, &scene.project, 3); /* has nothing of it */
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_VAULT);
    vault_sync(&scene, scene.li);
    grant(&scene, scene.li, scene.chen, CS_VAULT_MAY_LIST | CS_VAULT_MAY_REVEAL, NULL);
    vault_sync(&scene, scene.chen);
    look(scene.chen, &scene.project, 3);
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_RIGHT);
    assert_int_equal(offer.count, 0);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_ARCHIVED);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_PASSWORDS);
}

static void test_what_is_leased_is_not_leased_again(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(accept(scene.zhao, 3), 1);
    look(scene.zhao, &scene.project, 3); /* queued already */
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_NEWS);
    assert_int_equal(offer.leased, 1);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 2);
    assert_int_equal(offer.lack, CS_VAULT_LEASE_LACKS_NEWS);
    look(scene.zhao, &scene.project, 5); /* for longer it is */
    assert_int_equal(offer.count, 1);
    universe_advance(&scene.universe, 4 * DAY_MS);
    (void)settle(scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, 1);
}

static void test_four_eyes_are_told(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, 1);
    assert_true(offer.four_eyes);
    assert_true(offer.choices[0].four_eyes);
}

/* More than a record holds: several leases, and every password can be seen. */
static void test_many_are_taken_in_several_leases(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_id version = scene.version;
    const size_t extra = CS_VAULT_VERSIONS_MAX;
    (void)state;
    for (size_t i = 0; i < extra; i++) {
        scene.item = cs_replica_draw_id(scene.li->replica);
        version = cs_replica_draw_id(scene.li->replica);
        assert_ok(try_list(&scene, scene.li, "10.0.0.1"));
        assert_ok(try_store(&scene, scene.li, version));
    }
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    vault_sync(&scene, scene.zhao);
    look(scene.zhao, &scene.project, 3);
    assert_int_equal(offer.count, extra + 1);
    assert_int_equal(accept(scene.zhao, 3), 2);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_LEASE), 2);
    scene.zhao->fault = NETWORK_DOWN;
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
    scene.version = version;
    assert_ok(try_reveal(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_may_be_in_force_is_offered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_lacking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_leased_is_not_leased_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes_are_told, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_many_are_taken_in_several_leases, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
