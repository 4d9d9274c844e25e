/* backup and restore: a copy that is whole, and a restored server that says it is another one. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static struct cs_id part;

static void fill(void)
{
    part = make_filled_server();
}

static void read_incarnation(const char *folder, uint8_t out[static 16])
{
    struct cs_arena arena;
    struct cs_facts facts;
    struct cs_store *store = open_writer(folder);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_facts_read(store, &arena, &facts, NULL));
    memcpy(out, facts.incarnation, sizeof facts.incarnation);
    cs_arena_release(&arena);
    cs_store_close(store);
}

static void test_backup_is_whole(void **state)
{
    (void)state;
    fill();
    const char *target = in_root("copy");
    assert_int_equal(run("backup", fixture.server, target, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_json_text(json, "backup", target);
    assert_int_equal(json_number(json, "devices"), 1);
    assert_int_equal(json_number(json, "change_sets"), 2);
    assert_int_equal(json_number(json, "finding_count"), 0);
    assert_true(json_number(json, "database_bytes") > 4096);
    cs_json_destroy(json);
    assert_int_equal(mode_of(target), 0700);
    assert_true(cs_folder_has(target, CS_SERVER_DATABASE_FILE));
    assert_true(cs_folder_has(target, CS_SERVER_KEYS_FILE));
    /* The promise of the help text. */
    assert_false(cs_folder_has(target, CS_FOLDER_MASTER_KEY));
    assert_false(cs_folder_has(target, CS_SERVER_DATABASE_FILE "-wal"));
    assert_false(cs_folder_has(target, CS_SERVER_DATABASE_FILE "-shm"));
    assert_says(fixture.err, "the master key is NOT in the backup");
}

/* What was committed after a checkpoint stands in the WAL: the copy has it too. */
static void test_backup_beside_a_writer(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    push_part(store, &part, CS_OPERATION_UPDATE, "", "Fan, huge");
    assert_ok(cs_store_begin(store));
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_says(fixture.out, "1 devices, 3 change-sets, 3 transactions");
    cs_store_rollback(store);
    cs_store_close(store);
}

static void test_backup_refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("backup", fixture.server), 2);
    assert_int_equal(mkdir(in_root("copy"), 0700), 0);
    assert_int_equal(run("backup", fixture.server, in_root("copy"), "--json"), 1);
    assert_says(fixture.err, "exists already");
    assert_json_error("EXISTS");
    assert_true(cs_folder_has(fixture.root, "copy"));
    assert_int_equal(run("backup", fixture.server, in_root("none/copy")), 1);
    assert_says(fixture.err, "cannot be made");
    assert_int_equal(run("backup", in_root("nothing"), in_root("copy2")), 1);
    assert_says(fixture.err, "does not exist");
    assert_false(cs_folder_has(fixture.root, "copy2"));
}

/* Damage is copied, told, and the exit code says so. */
static void test_backup_of_a_damaged_server(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    struct cs_multiset zero = {{0}};
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_scope_digest(store, 1, &zero));
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 1);
    assert_says(fixture.out, "scope 1: its digest");
    assert_says(fixture.err, "and so is this copy of it");
    assert_true(cs_folder_has(fixture.root, "copy"));
}

static void test_backup_allocations(void **state)
{
    (void)state;
    fill();
    int code = 1;
    for (long n = 0; code != 0; n += n < 60 ? 1 : 5) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("backup", fixture.server, in_root("copy"));
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
            assert_false(cs_folder_has(fixture.root, "copy"));
        }
    }
}

static void test_restore_has_a_new_incarnation(void **state)
{
    (void)state;
    fill();
    uint8_t before[16];
    uint8_t after[16];
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_int_equal(run("restore", in_root("copy"), in_root("new")), 0);
    assert_says(fixture.out, "with a new incarnation");
    assert_says(fixture.out, "2 change-sets");
    assert_says(fixture.err, "send again what it lacks");
    read_incarnation(fixture.server, before);
    read_incarnation(in_root("new"), after);
    assert_memory_not_equal(before, after, sizeof before);
    read_incarnation(in_root("copy"), after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(mode_of(in_root("new")), 0700);
    assert_int_equal(run("verify", in_root("new")), 0);
}

static void test_restore_tries_the_named_key(void **state)
{
    (void)state;
    fill();
    char key[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_MASTER_KEY, key, NULL));
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    FILE *other = fopen(in_root("other.key"), "w");
    assert_non_null(other);
    assert_true(fputs("01234567890123456789012345678901", other) >= 0);
    assert_int_equal(fclose(other), 0);
    assert_int_equal(run("restore", in_root("copy"), in_root("new"), "--master-key",
                         in_root("other.key"), "--json"),
                     CS_ADMIN_WRONG_KEY);
    assert_json_error("WRONG_PASSPHRASE");
    assert_false(cs_folder_has(fixture.root, "new"));
    assert_int_equal(run("restore", in_root("copy"), in_root("new"), "--master-key", key), 0);
}

static void test_restore_refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_int_equal(run("restore", in_root("copy")), 2);
    assert_int_equal(run("restore", in_root("copy"), fixture.server), 1);
    assert_says(fixture.err, "is not empty");
    assert_true(cs_folder_has(fixture.server, CS_SERVER_KEYS_FILE));
    assert_int_equal(run("restore", in_root("nothing"), in_root("new")), 1);
    assert_says(fixture.err, "does not exist");
    cs_folder_remove(in_root("copy"), CS_SERVER_KEYS_FILE);
    assert_int_equal(run("restore", in_root("copy"), in_root("new")), 1);
    assert_says(fixture.err, "there is no server in");
    assert_false(cs_folder_has(fixture.root, "new"));
}

/* A plain copy of a running server's files lacks what is in the WAL. */
static void test_restore_of_no_backup(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    push_part(store, &part, CS_OPERATION_UPDATE, "", "Fan, huge");
    assert_int_equal(run("restore", fixture.server, in_root("new")), 1);
    assert_says(fixture.err, "was not made by backup");
    cs_store_close(store);
    int lock = -1;
    assert_ok(cs_folder_lock(fixture.server, &lock, NULL));
    assert_int_equal(run("restore", fixture.server, in_root("new"), "--json"), 1);
    assert_json_error("BUSY");
    cs_folder_unlock(lock);
}

static void test_restore_of_a_file_that_is_no_database(void **state)
{
    (void)state;
    fill();
    char path[CS_FOLDER_PATH_MAX];
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_ok(cs_folder_path(in_root("copy"), CS_SERVER_DATABASE_FILE, path, NULL));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        assert_true(fputs("not a database", file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(run("restore", in_root("copy"), in_root("new")), 1);
    assert_says(fixture.err, "damaged or not a database");
    assert_false(cs_folder_has(fixture.root, "new"));
}

static void test_restore_allocations(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    int code = 1;
    for (long n = 0; code != 0; n += n < 60 ? 1 : 5) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = run("restore", in_root("copy"), in_root("new"));
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
            assert_false(cs_folder_has(fixture.root, "new"));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup_is_whole),
        TEST(test_backup_beside_a_writer),
        TEST(test_backup_refusals),
        TEST(test_backup_of_a_damaged_server),
        TEST(test_backup_allocations),
        TEST(test_restore_has_a_new_incarnation),
        TEST(test_restore_tries_the_named_key),
        TEST(test_restore_refusals),
        TEST(test_restore_of_no_backup),
        TEST(test_restore_of_a_file_that_is_no_database),
        TEST(test_restore_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
