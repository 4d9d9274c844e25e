/* Who knows what, from records that went over the network; and leaks, which anybody of a vault may declare and nobody else. */
#include "field-client/vault/exposure_read.h"
#include "tests/simulation/vault_records_by_hand.h"

static struct cs_exposure *exposure;
static const struct cs_exposure_view *view;

static int teardown_exposure(void **state)
{
    cs_exposure_destroy(exposure);
    exposure = NULL;
    return teardown(state);
}

static void read_exposure(struct laptop *laptop)
{
    struct cs_vault_book *book = open_book(laptop);
    cs_exposure_destroy(exposure);
    exposure = NULL;
    assert_ok(cs_exposure_read(book, &scene.vault, &exposure, &view, &scene.universe.problem));
    cs_vault_book_close(book);
}

static bool is_whole(struct laptop *laptop)
{
    bool whole = false;
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_exposure_is_whole(book, &scene.vault, &whole, &scene.universe.problem));
    cs_vault_book_close(book);
    return whole;
}

static bool knows(const struct laptop *laptop, enum cs_exposure_how how)
{
    size_t version = cs_exposure_version(exposure, &scene.version);
    size_t device = cs_exposure_device(view, certificate_of(laptop));
    assert_true(version != CS_EXPOSURE_NONE);
    for (size_t i = 0; i < view->versions[version].knowing_count; i++) {
        const struct cs_knowing *knowing =
            &view->knowings[view->versions[version].first_knowing + i];
        if (knowing->device == device && knowing->how == how) {
            return true;
        }
    }
    return false;
}

static void disclose(struct laptop *laptop)
{
    struct cs_secret *secret = NULL;
    assert_ok(try_disclose(&scene, laptop, &secret));
    assert_canary(secret);
}

static void declare_leak(struct laptop *laptop, struct cs_id version, const char *reason)
{
    struct cs_vault_book *book = open_book(laptop);
    assert_ok(cs_vault_act_leak(book, &scene.vault, &version, cs_bytes_of_text(reason), NULL,
                                &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, laptop);
}

/* ---- who knows, and what is due ---- */

static void test_officers_see_who_knows_and_what_a_leaver_leaves(void **state)
{
    (void)state;
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    vault_sync(&scene, scene.zhao);
    disclose(scene.zhao);
    vault_sync(&scene, scene.han);
    read_exposure(scene.han);
    assert_true(is_whole(scene.han));
    assert_true(knows(scene.li, CS_EXPOSURE_WROTE));
    assert_true(knows(scene.zhao, CS_EXPOSURE_SHOWN));
    assert_int_equal(view->due_count, 0);

    universe_advance(&scene.universe, 60 * 1000);
    vault_revoke(&scene, scene.wang, scene.zhao);
    laptop_sync_equal(scene.han);
    read_exposure(scene.han);
    assert_int_equal(view->due_count, 1);
    assert_int_equal(view->dues[0].why, CS_DUE_REVOKED);
    assert_memory_equal(view->devices[view->dues[0].device].certificate, certificate_of(scene.zhao),
                        CS_HASH_SIZE);
    assert_true(view->dues[0].since_ms > view->knowings[0].since_ms);

    vault_sync(&scene, scene.li);
    store_version(&scene, scene.li);
    vault_sync(&scene, scene.han);
    read_exposure(scene.han);
    assert_int_equal(view->due_count, 1);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    vault_sync(&scene, scene.han);
    read_exposure(scene.han);
    assert_int_equal(view->due_count, 0);
}

static void test_a_withdrawal_makes_due(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    disclose(scene.zhao);
    vault_sync(&scene, scene.li);
    withdraw(&scene, scene.li, scene.zhao);
    read_exposure(scene.li);
    assert_int_equal(view->due_count, 1);
    assert_int_equal(view->dues[0].why, CS_DUE_WITHDRAWN);
    assert_true(cs_bytes_equal_text(view->dues[0].reason, "离职"));
}

/* A technician is sent what he did himself. */
static void test_who_oversees_nothing_sees_his_own(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    disclose(scene.zhao);
    disclose(scene.han);
    vault_sync(&scene, scene.zhao);
    read_exposure(scene.zhao);
    assert_false(is_whole(scene.zhao));
    assert_true(knows(scene.zhao, CS_EXPOSURE_SHOWN));
    assert_false(knows(scene.han, CS_EXPOSURE_SHOWN));
    assert_false(is_whole(scene.chen)); /* who has no grant */
}

/* ---- leaks ---- */

static void test_a_member_declares_a_leak_and_all_see_it(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    declare_leak(scene.zhao, scene.version, "on a note at the cabinet");
    assert_int_equal(scene.last.refused, 0);
    vault_sync(&scene, scene.li);
    read_exposure(scene.li);
    assert_int_equal(view->due_count, 1);
    assert_int_equal(view->dues[0].why, CS_DUE_LEAK);
    assert_true(cs_bytes_equal_text(view->dues[0].reason, "on a note at the cabinet"));
    store_version(&scene, scene.li);
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    read_exposure(scene.li);
    assert_int_equal(view->due_count, 0);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_LEAK), 1);
}

static void test_a_leak_of_no_version_is_refused(void **state)
{
    (void)state;
    declare_leak(scene.li, cs_replica_draw_id(scene.li->replica), "seen");
    assert_refused(&scene, scene.li, CS_NOT_FOUND, "no such version");
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 0);
}

static void test_a_stranger_declares_no_leak(void **state)
{
    (void)state;
    struct cs_vault_record leak = begin(scene.li, CS_VAULT_LEAK);
    leak.version = scene.version;
    leak.reason = cs_bytes_of_text("seen");
    memcpy(leak.author, certificate_of(scene.chen), CS_HASH_SIZE);
    struct cs_vault_book *book = open_book(scene.chen);
    assert_ok(cs_vault_book_queue(book, sign(scene.chen, &leak), NULL));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.chen);
    assert_refused(&scene, scene.chen, CS_DENIED, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_LEAK), 0);
}

static void test_a_leak_without_a_reason_is_not_signed(void **state)
{
    (void)state;
    struct cs_vault_book *book = open_book(scene.li);
    assert_status(cs_vault_act_leak(book, &scene.vault, &scene.version, CS_BYTES_NONE, NULL,
                                    &scene.universe.problem),
                  CS_INVALID);
    cs_vault_book_close(book);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown_exposure)
    const struct CMUnitTest tests[] = {
        CASE(test_officers_see_who_knows_and_what_a_leaver_leaves),
        CASE(test_a_withdrawal_makes_due),
        CASE(test_who_oversees_nothing_sees_his_own),
        CASE(test_a_member_declares_a_leak_and_all_see_it),
        CASE(test_a_leak_of_no_version_is_refused),
        CASE(test_a_stranger_declares_no_leak),
        CASE(test_a_leak_without_a_reason_is_not_signed),
    };
    return cmocka_run_group_tests_name("who knows what of a vault", tests, NULL, NULL);
}
