/*
 * What vaults leave behind: no password in a file of the server, on the wire or on a laptop; every leaf in the evidence log; nothing
 * released by a commit that failed; and what a server that went back in time had lost.
 */
#include "tests/simulation/vault_scene.h"

#include "sync-server/commands/verification.h"
#include "sync-server/reconcile/evidence_log.h"
#include "tests/support/faulty_vfs.h"

static struct vault_scene scene;

/* ---- canaries ---- */

/* What the wire carries is looked at by the scene, in every test. */
static void test_no_password_is_left_anywhere(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    vault_scene_open(&scene, 91, false);
    store_version(&scene, scene.li);
    vault_sync(&scene, scene.zhao);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    vault_sync(&scene, scene.li);
    assert_true(scene.universe.traced > 4 * CS_KIBI);
    assert_true(canary_assert_folder(scene.universe.server_folder, CANARY) > 0);
    assert_true(canary_assert_folder(scene.li->home, CANARY) > 0);
    assert_true(canary_assert_folder(scene.zhao->home, CANARY) > 0);
    vault_scene_close(&scene);
}

/* ---- the evidence log ---- */

struct check {
    struct cs_store *store;
    size_t vault_leaves;
};

static enum cs_status check_leaf(void *context, const struct cs_leaf *leaf)
{
    struct check *check = context;
    uint64_t number = 0;
    assert_ok(cs_store_leaf_number(check->store, cs_leaf_bytes(leaf), &number));
    check->vault_leaves += leaf->bytes[0] == CS_LEAF_VAULT ? 1 : 0;
    return CS_OK;
}

static void test_every_record_has_its_leaf(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    vault_scene_open(&scene, 92, false);
    vault_sync(&scene, scene.zhao);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    struct check check = {.store = cs_server_store(scene.universe.server)};
    assert_ok(cs_evidence_log_sources(check.store, check_leaf, &check));
    /* creation, epoch, three grants, entry, version, request, release; the recovery key */
    assert_int_equal(check.vault_leaves, 10);
    vault_scene_close(&scene);
}

static uint64_t verified(void)
{
    struct cs_verification verification = {.context = NULL};
    assert_ok(cs_verification_run(&verification, cs_server_store(scene.universe.server)));
    return verification.findings;
}

/* The server's own check of its database: whole, and then with a record that is not what was logged. */
static void test_the_servers_check_covers_vaults(void **state)
{
    (void)state;
    vault_scene_open(&scene, 96, false);
    assert_int_equal(verified(), 0);
    struct cs_store *store = cs_server_store(scene.universe.server);
    struct cs_vault_row row = {.vault = scene.vault,
                               .kind = CS_VAULT_ENTRY,
                               .id = {7},
                               .record = cs_bytes_of_text("what nobody signed")};
    struct cs_leaf leaf;
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_append_vault_record(store, &row));
    assert_int_equal(verified(), 1); /* stored, and not logged */
    row.moment.logged_ms = 5;
    cs_leaf_vault(&row.vault, &row.moment, row.record, &leaf);
    assert_ok(cs_evidence_log_enter(store, &leaf));
    assert_int_equal(verified(), 2); /* logged, and not stored */
    cs_store_rollback(store);
    assert_int_equal(verified(), 0);
    vault_scene_close(&scene);
}

/* ---- memory ---- */

/* Wherever memory runs out, on either side: nothing is believed or lost by it, and it is no finding. */
static void test_failing_memory_finds_nothing(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    vault_scene_open(&scene, 97, false);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n += 1 + n / 8) {
        cs_memory_fail_after(n);
        status = vault_try_sync(&scene, scene.zhao);
        cs_memory_fail_after(-1);
        assert_int_equal(scene.last.findings, 0);
        failures += status != CS_OK ? 1 : 0;
    }
    assert_true(failures > 20);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 1);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    vault_scene_close(&scene);
}

/* ---- a commit that fails ---- */

static void test_a_commit_that_fails_releases_nothing(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    faulty_vfs_install();
    vault_scene_open(&scene, 93, false);
    scene.universe.fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    universe_restart_server(&scene.universe);
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, 0, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_UNAVAILABLE);
    assert_null(secret);
    faulty_vfs_reset();
    universe_restart_server(&scene.universe);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_RELEASE), 0);
    /* The office of the committer had seen more than there is: it does not matter. */
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    cs_vault_disclosure_end(disclosure);
    vault_scene_close(&scene);
}

/* A grant whose commit fails, and then another one in its place: the remembered log gives way to the store. */
static void test_what_was_remembered_gives_way_to_the_store(void **state)
{
    (void)state;
    faulty_vfs_install();
    vault_scene_open(&scene, 94, false);
    scene.universe.fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    universe_restart_server(&scene.universe);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.li);
    assert_ok(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL));
    faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, 0, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
    assert_status(vault_try_sync(&scene, scene.li), CS_UNAVAILABLE);
    faulty_vfs_reset();
    grant(&scene, scene.han, scene.sun, CS_VAULT_MAY_LIST, NULL);
    assert_ok(vault_try_sync(&scene, scene.li));
    assert_refused(&scene, scene.li, CS_OUTDATED, "");
    vault_sync(&scene, scene.sun);
    assert_int_equal(kept_count(&scene, scene.sun, CS_VAULT_GRANT), 4);
    vault_scene_close(&scene);
}

/* ---- a server that went back ---- */

static void test_a_server_that_went_back_gets_the_records_again(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    vault_scene_open(&scene, 95, false);
    universe_save_server(&scene.universe, "yesterday");
    grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, NULL);
    store_version(&scene, scene.li);
    laptop_sync_equal(scene.li);
    universe_set_server_back(&scene.universe, "yesterday");
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 1);
    laptop_sync_equal(scene.li);
    assert_true(scene.li->last.went_back);
    /* Who has not heard of it is told, and nothing of his is taken. */
    assert_says(&scene, vault_try_sync(&scene, scene.zhao), CS_BUSY, "is another one since");
    laptop_sync_equal(scene.zhao);
    assert_ok(vault_try_sync(&scene, scene.li));
    assert_ok(vault_try_sync(&scene, scene.li));
    assert_int_equal(scene.last.findings, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 2);
    assert_int_equal(stored_count(&scene, CS_VAULT_GRANT), 4);
    scene.work_order = order_work(&scene, "W-2", &scene.project, scene.chen);
    laptop_sync_equal(scene.chen);
    vault_sync(&scene, scene.chen);
    assert_ok(try_disclose(&scene, scene.chen, &secret));
    assert_canary(secret);
    vault_scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_password_is_left_anywhere),
        cmocka_unit_test(test_every_record_has_its_leaf),
        cmocka_unit_test(test_the_servers_check_covers_vaults),
        cmocka_unit_test(test_failing_memory_finds_nothing),
        cmocka_unit_test(test_a_commit_that_fails_releases_nothing),
        cmocka_unit_test(test_what_was_remembered_gives_way_to_the_store),
        cmocka_unit_test(test_a_server_that_went_back_gets_the_records_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
