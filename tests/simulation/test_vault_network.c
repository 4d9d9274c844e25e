/* Vaults over the network, as people use them: stored, granted, disclosed, seen by officers, withdrawn; and who gets nothing. */
#include "tests/simulation/vault_scene.h"

static struct vault_scene scene;

static int teardown(void **state)
{
    (void)state;
    vault_scene_close(&scene);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 71, false);
    return 0;
}

static int setup_four_eyes(void **state)
{
    (void)state;
    vault_scene_open(&scene, 72, true);
    return 0;
}

static int setup_people(void **state)
{
    (void)state;
    vault_scene_people(&scene, 73);
    return 0;
}

static void test_a_technician_discloses_and_the_officer_sees_it(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 1);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    vault_sync(&scene, scene.li);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_REQUEST), 1);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_RELEASE), 1);
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_REQUEST), 1);
}

static void test_others_get_nothing(void **state)
{
    struct laptop *strangers[] = {scene.chen, scene.sun, scene.wang};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(strangers); i++) {
        vault_sync(&scene, strangers[i]);
        assert_int_equal(scene.last.received, 0);
        for (int kind = 0; kind < CS_VAULT_KIND_COUNT; kind++) {
            assert_int_equal(kept_count(&scene, strangers[i], (enum cs_vault_kind)kind), 0);
        }
    }
    struct cs_secret *secret = NULL;
    assert_says(&scene, try_disclose(&scene, scene.chen, &secret), CS_DENIED, "");
    assert_null(secret);
}

/* Somebody who was let in later gets what is older; what others asked for stays theirs. */
static void test_a_new_member_gets_what_is_there(void **state)
{
    struct cs_secret *secret = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    vault_sync(&scene, scene.chen);
    vault_sync(&scene, scene.li);
    grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, NULL);
    vault_sync(&scene, scene.chen);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_VERSION), 1);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_ENTRY), 1);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_REQUEST), 0);
    scene.work_order = order_work(&scene, "W-2", &scene.project, scene.chen);
    assert_ok(try_disclose(&scene, scene.chen, &secret));
    assert_canary(secret);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_REQUEST), 1);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_RELEASE), 1);
    /* Raised to an overseer, everything of before comes. */
    grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS | CS_VAULT_MAY_APPROVE, NULL);
    vault_sync(&scene, scene.chen);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_REQUEST), 2);
}

static void test_who_is_withdrawn_gets_no_more(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *before = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &before));
    vault_sync(&scene, scene.li);
    withdraw(&scene, scene.li, scene.zhao);
    /* He signed before he knew; the server knows. */
    assert_says(&scene,
                cs_vault_disclosure_open(before, &scene.version, &secret, &scene.universe.problem),
                CS_DENIED, "");
    assert_null(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_WITHDRAWAL), 1);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 0);
    assert_says(&scene, try_disclose(&scene, scene.zhao, &secret), CS_DENIED, "");
    cs_vault_disclosure_end(before);
    /* Nothing is stored until there is a new key; then he gets none of it. */
    assert_says(&scene, try_store(&scene, scene.li, cs_replica_draw_id(scene.li->replica)),
                CS_OUTDATED, "new key");
    struct cs_secret *key = epoch(&scene, scene.li, false);
    cs_secret_destroy(key);
    store_version(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_EPOCH), 1);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 0);
}

static void test_an_expired_grant_gives_nothing(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *before = NULL;
    (void)state;
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS,
                        scene.universe.fake.wall_ms + 3600 * 1000, NULL));
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.chen);
    assert_ok(begin_disclosure(&scene, scene.chen, "现场检修", true, &before));
    int64_t own_clock = scene.chen->fake.wall_ms;
    universe_advance(&scene.universe, 2 * 3600 * 1000);
    scene.chen->fake.wall_ms = own_clock; /* it makes no difference that he sets his clock back */
    assert_says(&scene,
                cs_vault_disclosure_open(before, &scene.version, &secret, &scene.universe.problem),
                CS_EXPIRED, "");
    assert_null(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    cs_vault_disclosure_end(before);
}

static void test_a_revoked_device_gets_nothing(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *before = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &before));
    vault_revoke(&scene, scene.wang, scene.zhao);
    assert_status(
        cs_vault_disclosure_open(before, &scene.version, &secret, &scene.universe.problem),
        CS_REVOKED);
    assert_null(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    cs_vault_disclosure_end(before);
    /* What it had signed before stays believed, on the server after a restart and on others. */
    laptop_sync_equal(scene.li);
    universe_restart_server(&scene.universe);
    assert_status(try_grant(&scene, scene.li, scene.zhao, ZHAO_RIGHTS, 0, NULL), CS_REVOKED);
    grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, NULL);
    vault_sync(&scene, scene.chen);
    assert_int_equal(kept_count(&scene, scene.chen, CS_VAULT_VERSION), 1);
}

static void test_reason_and_work_order_are_asked_for(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_status(begin_disclosure(&scene, scene.zhao, "", true, &disclosure), CS_INVALID);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", false, &disclosure));
    assert_says(
        &scene,
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_INVALID, "work order");
    assert_null(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    cs_vault_disclosure_end(disclosure);
}

/* The answer is lost after the server has committed: the entry stands, no half is out; the same request gives the same answer. */
static void test_a_lost_answer_leaves_the_entry(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    scene.zhao->fault = NETWORK_RESPONSE_LOST;
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_TIMEOUT);
    assert_null(secret);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_RELEASE), 0);
    universe_restart_server(&scene.universe);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    vault_sync(&scene, scene.li);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_REQUEST), 1);
    scene.zhao->fault = NETWORK_REQUEST_TWICE;
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    cs_vault_disclosure_end(disclosure);
}

/* Four eyes: nothing without somebody else's approval, who is not in the same chain. */
static void test_four_eyes(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_vault_book *book = NULL;
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    assert_says(
        &scene,
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED, "approval");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    /* LI let ZHAO in, so it is not for him to approve. */
    vault_sync(&scene, scene.li);
    book = open_book(scene.li);
    assert_says(&scene,
                cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                     &scene.universe.problem),
                CS_DENIED, "let the other in");
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    cs_vault_disclosure_end(disclosure);
}

/* Both see the same log and grant at once: one wins, the other is told to look and sign again. */
static void test_two_officers_grant_at_once(void **state)
{
    (void)state;
    vault_sync(&scene, scene.li);
    vault_sync(&scene, scene.han);
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL));
    assert_ok(
        try_grant(&scene, scene.han, scene.sun, CS_VAULT_MAY_LIST | CS_VAULT_MAY_APPROVE, 0, NULL));
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 1);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_OUTDATED, "");
    grant(&scene, scene.han, scene.sun, CS_VAULT_MAY_LIST | CS_VAULT_MAY_APPROVE, NULL);
    vault_sync(&scene, scene.sun);
    assert_int_equal(kept_count(&scene, scene.sun, CS_VAULT_GRANT),
                     kept_count(&scene, scene.han, CS_VAULT_GRANT));
}

static void test_a_second_change_of_members_waits_for_the_first(void **state)
{
    (void)state;
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL));
    assert_says(&scene, try_grant(&scene, scene.li, scene.sun, CS_VAULT_MAY_LIST, 0, NULL), CS_BUSY,
                "waits to be sent");
}

static void test_only_editors_change_what_is_listed(void **state)
{
    (void)state;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_list(&scene, scene.zhao, "10.6.6.6"));
    vault_sync(&scene, scene.zhao);
    assert_refused(&scene, scene.zhao, CS_DENIED, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 1);
    vault_sync(&scene, scene.han);
    assert_ok(try_list(&scene, scene.han, "10.0.0.2"));
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_ENTRY), 2);
}

static void test_states_go_forward_only(void **state)
{
    (void)state;
    vault_change_state(&scene, scene.li, &scene.version, CS_VAULT_ARCHIVED);
    vault_queue_state(&scene, scene.li, &scene.version, CS_VAULT_CONFIRMED);
    vault_sync(&scene, scene.li);
    assert_refused(&scene, scene.li, CS_USED, "archived does not become confirmed");
}

/* Without a recovery key nothing is stored; an older one than was shown is never taken. */
static void test_recovery_keys_only_rise(void **state)
{
    (void)state;
    make_recovery(&scene, 3);
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem)); /* known */
    make_recovery(&scene, 2);
    assert_says(&scene,
                cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                       &scene.universe.problem),
                CS_ROLLED_BACK, "number 3");
    scene.recovery.data[70] ^= 1;
    assert_status(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                         &scene.universe.problem),
                  CS_FORGED);
    vault_sync(&scene, scene.li);
    struct cs_vault_book *book = open_book(scene.li);
    struct cs_vault_recovery known;
    assert_ok(cs_vault_book_recovery(book, &known));
    assert_int_equal(known.number, 3);
    cs_vault_book_close(book);
}

/* A sync without news tells that vaults need none either, and stays as small as it was. */
static void test_no_news_costs_nothing(void **state)
{
    bool due = true;
    (void)state;
    laptop_sync_equal(scene.zhao);
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_true(due);
    vault_sync(&scene, scene.zhao);
    laptop_sync_equal(scene.zhao);
    laptop_sync_equal(scene.zhao);
    assert_true(scene.zhao->last.bytes_up + scene.zhao->last.bytes_down <= 1024);
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_false(due);
    vault_sync(&scene, scene.zhao);
    print_message("a run without news: %llu + %llu bytes\n",
                  (unsigned long long)scene.last.bytes_up,
                  (unsigned long long)scene.last.bytes_down);
    assert_true(scene.last.bytes_up + scene.last.bytes_down <= 1024);
    store_version(&scene, scene.li);
    laptop_sync_equal(scene.zhao);
    assert_ok(cs_vault_sync_due(scene.zhao->replica, &due));
    assert_true(due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_technician_discloses_and_the_officer_sees_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_others_get_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_member_gets_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_withdrawn_gets_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_expired_grant_gives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_device_gets_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reason_and_work_order_are_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lost_answer_leaves_the_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_four_eyes, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_two_officers_grant_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_second_change_of_members_waits_for_the_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_editors_change_what_is_listed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states_go_forward_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recovery_keys_only_rise, setup_people, teardown),
        cmocka_unit_test_setup_teardown(test_no_news_costs_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
