/* What is in a vault, opened with shares of the recovery key and stored anew in another: step by step, and no more than fits. */
#include "tests/simulation/vault_scene.h"

#include "field-client/vault/catalog.h"
#include "field-client/vault/restoring.h"
#include "field-client/vault/storing.h"

static struct vault_scene scene;
static struct cs_id other; /* the vault that takes it over */
static struct cs_secret *shares[3];
static struct cs_seal_key *recovery_key;

/* ---- the scene: a vault whose newest key is sealed to a recovery key of which two of three shares are here ---- */

static void store(struct laptop *laptop, const char *field, const char *secret, bool in_force)
{
    struct cs_vault_stored stored;
    const struct cs_vault_storing wish = {.item = scene.item,
                                          .field = cs_bytes_of_text(field),
                                          .secret = cs_bytes_of_text(secret),
                                          .in_force = in_force,
                                          .replace = true};
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_store(book, &scene.vault, &wish, &stored, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, laptop);
    assert_int_equal(scene.last.refused, 0);
}

static void make_shares(void)
{
    struct cs_id set;
    memset(&set, 0x67, sizeof set);
    const struct cs_vault_recovery_terms terms = {
        .organisation = cs_identity_organisation(scene.wang->identity),
        .number = 2,
        .set = set,
        .threshold = 2,
        .count = 3};
    cs_buffer_clear(&scene.recovery);
    assert_ok(cs_vault_recovery_make(&scene.wang->fake.world,
                                     cs_identity_root_key(scene.wang->identity), &terms,
                                     &scene.recovery, shares, &scene.universe.problem));
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
}

static void gather_two(void)
{
    struct cs_vault_recovery recovery;
    struct cs_vault_gathering *gathering = NULL;
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_restoring_recovery(book, &scene.vault, &recovery, &scene.universe.problem));
    cs_vault_book_close(book);
    assert_ok(cs_vault_gathering_create(&recovery, &gathering));
    assert_ok(
        cs_vault_gathering_add(gathering, cs_secret_bytes(shares[0]), &scene.universe.problem));
    assert_ok(
        cs_vault_gathering_add(gathering, cs_secret_bytes(shares[2]), &scene.universe.problem));
    assert_ok(cs_vault_gathering_finish(gathering, &recovery_key, &scene.universe.problem));
    cs_vault_gathering_destroy(gathering);
}

static struct cs_id make_vault(struct laptop *laptop)
{
    struct cs_id vault;
    const struct cs_id project = cs_replica_draw_id(laptop->replica);
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_act_create(book, &project, &vault, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, laptop);
    return vault;
}

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 95, false);
    store(scene.li, "notes", "sealed to the first recovery key", true);
    make_shares();
    vault_sync(&scene, scene.li);
    struct cs_secret *key = epoch(&scene, scene.li, false);
    grant(&scene, scene.li, scene.han, CS_VAULT_RIGHTS_ALL, key);
    cs_secret_destroy(key);
    store(scene.li, "password", CANARY, true);
    store(scene.li, "password", "to come", false);
    vault_sync(&scene, scene.han);
    other = make_vault(scene.han);
    const struct cs_id from = scene.vault;
    scene.vault = other;
    cs_secret_destroy(epoch(&scene, scene.han, false));
    scene.vault = from;
    gather_two();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    for (size_t i = 0; i < CS_COUNT(shares); i++) {
        cs_secret_destroy(shares[i]);
        shares[i] = NULL;
    }
    cs_seal_key_destroy(recovery_key);
    recovery_key = NULL;
    vault_scene_close(&scene);
    return 0;
}

static enum cs_status try_restore(const struct cs_seal_key *key, struct cs_vault_restored *out)
{
    struct cs_vault_book *book = open_book(scene.han);
    scene.universe.problem.text[0] = '\0';
    enum cs_status status =
        cs_vault_restore(book, &scene.vault, &other, key, out, &scene.universe.problem);
    cs_vault_book_close(book);
    return status;
}

static void assert_restored(const struct cs_vault_restored *found, size_t secrets, size_t there,
                            size_t later)
{
    assert_int_equal(found->items, 1);
    assert_int_equal(found->secrets, secrets);
    assert_int_equal(found->there, there);
    assert_int_equal(found->later, later);
    assert_int_equal(found->closed, 1); /* the notes: their recovery key is another one */
}

/* ---- tests ---- */

static void test_stored_anew_step_by_step(void **state)
{
    (void)state;
    struct cs_vault_restored restored;
    struct cs_secret *secret = NULL;
    assert_ok(try_restore(recovery_key, &restored));
    assert_restored(&restored, 1, 0, 1);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    assert_ok(try_restore(recovery_key, &restored));
    assert_restored(&restored, 1, 1, 0);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    assert_ok(try_restore(recovery_key, &restored));
    assert_restored(&restored, 0, 2, 0);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.sent, 0);
    /* What was in force is in force there, under the same item. */
    struct cs_arena arena;
    struct cs_vault_kept_version *versions = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_catalog_versions(book, &other, &scene.item, &arena, &versions, &count));
    assert_int_equal(count, 2);
    assert_int_equal(versions[0].state, CS_VAULT_CONFIRMED);
    assert_int_equal(versions[1].state, CS_VAULT_PENDING);
    scene.version = versions[0].version.version;
    cs_vault_book_close(book);
    cs_arena_release(&arena);
    scene.vault = other;
    struct cs_vault_disclosure *disclosure = NULL;
    assert_ok(begin_disclosure(&scene, scene.han, "恢复", false, &disclosure));
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    cs_vault_disclosure_end(disclosure);
}

static void test_another_key_opens_nothing(void **state)
{
    (void)state;
    struct cs_vault_restored restored;
    struct cs_seal_key *wrong = NULL;
    assert_ok(cs_seal_key_create_random(&scene.han->fake.world, &wrong));
    assert_status(try_restore(wrong, &restored), CS_FORGED);
    cs_seal_key_destroy(wrong);
    assert_int_equal(restored.secrets, 0);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.sent, 0);
}

static void test_a_vault_without_a_key_has_nothing(void **state)
{
    (void)state;
    struct cs_vault_recovery recovery;
    const struct cs_id empty = make_vault(scene.han);
    struct cs_vault_book *book = open_book(scene.han);
    assert_says(&scene,
                cs_vault_restoring_recovery(book, &empty, &recovery, &scene.universe.problem),
                CS_NOT_FOUND, "nothing is in it");
    cs_vault_book_close(book);
}

static void test_memory_that_fails_is_said(void **state)
{
    (void)state;
    struct cs_vault_restored restored;
    enum cs_status status = CS_NO_MEMORY;
    long failed = 0;
    for (long n = 0; status != CS_OK; n += 1 + n / 8) {
        struct cs_vault_book *book = open_book(scene.han);
        cs_memory_fail_after(n);
        status = cs_vault_restore(book, &scene.vault, &other, recovery_key, &restored,
                                  &scene.universe.problem);
        cs_memory_fail_after(-1);
        cs_vault_book_close(book);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            failed++;
        }
        /* What was queued before the failure goes first, as the command has it. */
        vault_sync(&scene, scene.han);
        assert_int_equal(scene.last.refused, 0);
        assert_true(n < 20000);
    }
    assert_true(failed > 5);
    assert_ok(try_restore(recovery_key, &restored));
    assert_int_equal(restored.there + restored.secrets, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stored_anew_step_by_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_key_opens_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_vault_without_a_key_has_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_that_fails_is_said, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
