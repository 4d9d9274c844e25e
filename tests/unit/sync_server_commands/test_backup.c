/* backup and restore: a repository that is whole, and a restored server that says it is another one. */
#include "sync-server/handlers/horizon.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

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

/* The backup key made at first use, for commands that know no server's folder. */
static const char *backup_key(void)
{
    static char path[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_BACKUP_KEY, path, NULL));
    return path;
}

static int backup(void)
{
    return run("backup", fixture.server, in_root("copies"));
}

static int restore(const char *name)
{
    return run("restore", in_root("copies"), in_root(name), "--key", backup_key());
}

static void change_part(const char *name)
{
    struct cs_store *store = open_writer(fixture.server);
    push_part(store, &part, CS_OPERATION_UPDATE, "", name);
    cs_store_close(store);
}

static void assert_no_traces(void)
{
    assert_false(cs_folder_has(fixture.server, CS_FOLDER_BACKUP_WORK));
}

static void flip(const char *folder, const char *name, long at)
{
    char path[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(folder, name, path, NULL));
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_true(fputc(byte ^ 1, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_backup_is_whole(void **state)
{
    (void)state;
    fill();
    const char *target = in_root("copies");
    assert_int_equal(run("backup", fixture.server, target, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_json_text(json, "repository", target);
    assert_int_equal(json_number(json, "backup"), 1);
    assert_int_equal(json_number(json, "devices"), 1);
    assert_int_equal(json_number(json, "change_sets"), 2);
    assert_int_equal(json_number(json, "finding_count"), 0);
    assert_true(json_number(json, "bytes_written") > 20 * 4096);
    bool verified = false;
    assert_true(cs_json_get_boolean(cs_json_get(json, "verified"), &verified));
    assert_true(verified);
    cs_json_destroy(json);
    assert_int_equal(mode_of(target), 0700);
    assert_true(cs_folder_has(target, "backup-0000000001"));
    assert_true(cs_folder_has(target, "verified-0000000001"));
    assert_says(fixture.err, "the master key is NOT in the backup");
    assert_says(fixture.err, "a new backup key was made");
    assert_int_equal(mode_of(backup_key()), 0600);
    assert_no_traces();
}

/* Neither key nor any plain page is in the repository. */
static void test_repository_is_encrypted(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    struct cs_buffer pack;
    char path[CS_FOLDER_PATH_MAX];
    cs_buffer_init(&pack, 16 * CS_MEBI);
    assert_ok(cs_folder_path(in_root("copies"), "pack-0000000001", path, NULL));
    assert_ok(fixture.world.file_read(NULL, path, &pack));
    assert_true(pack.size > 4096);
    for (size_t i = 0; i + 10 < pack.size; i++) {
        assert_memory_not_equal(pack.data + i, "Fan, large", 10);
        assert_memory_not_equal(pack.data + i, "SQLite for", 10);
    }
    cs_buffer_release(&pack);
}

static void test_second_backup_writes_what_changed(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    change_part("Fan, huge");
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "backup"), 2);
    assert_int_equal(json_number(json, "change_sets"), 3);
    int64_t fresh = json_number(json, "new_blocks");
    assert_true(fresh > 0 && fresh < json_number(json, "blocks") / 2);
    cs_json_destroy(json);
    assert_null(strstr(fixture.err, "new backup key"));
    assert_int_equal(run("backup", "list", in_root("copies"), "--key", backup_key(), "--json"), 0);
    json = answer_json();
    assert_int_equal(cs_json_count(cs_json_get(json, "backups")), 2);
    cs_json_destroy(json);
    assert_int_equal(run("backup", "list", in_root("copies"), "--key", backup_key()), 0);
    assert_says(fixture.out, "2  made ");
}

/* What was committed after a checkpoint stands in the WAL: the backup has it too. */
static void test_backup_beside_a_writer(void **state)
{
    (void)state;
    fill();
    struct cs_store *store = open_writer(fixture.server);
    push_part(store, &part, CS_OPERATION_UPDATE, "", "Fan, huge");
    assert_ok(cs_store_begin(store));
    assert_int_equal(backup(), 0);
    assert_says(fixture.out, "1 devices, 3 change-sets, 3 transactions");
    assert_says(fixture.out, "restored elsewhere and verified");
    cs_store_rollback(store);
    cs_store_close(store);
}

static void test_backup_refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(run("backup", fixture.server), 2);
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--keep", "0"), 2);
    assert_int_equal(run("backup", "list", in_root("copies")), 1);
    assert_says(fixture.err, "does not exist");
    assert_int_equal(run("backup", fixture.server, in_root("none/copies")), 1);
    assert_says(fixture.err, "cannot be made");
    assert_int_equal(run("backup", in_root("nothing"), in_root("copies")), 1);
    assert_says(fixture.err, "does not exist");
    assert_false(cs_folder_has(fixture.root, "copies"));
    /* A folder with other things in it, be it the server's own. */
    assert_int_equal(run("backup", fixture.server, fixture.server, "--json"), 1);
    assert_json_error("INVALID");
    assert_says(fixture.err, "holds other files");
}

static void test_key_must_be_the_one(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    assert_int_equal(run("backup", "list", in_root("copies")), 2);
    assert_says(fixture.err, "name the backup key's file with --key");
    assert_int_equal(setenv("COUNTERSIGN_BACKUP_KEY_FILE", backup_key(), 1), 0);
    assert_int_equal(run("backup", "list", in_root("copies")), 0);
    assert_int_equal(unsetenv("COUNTERSIGN_BACKUP_KEY_FILE"), 0);
    /* No new key for a repository that there is. */
    assert_int_equal(unlink(backup_key()), 0);
    assert_int_equal(backup(), 1);
    assert_says(fixture.err, "there is no backup key at");
    char key[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_MASTER_KEY, key, NULL));
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--key", key, "--json"),
                     CS_ADMIN_WRONG_KEY);
    assert_json_error("WRONG_PASSPHRASE");
    assert_says(fixture.err, "another backup key");
    assert_no_traces();
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    int lock = -1;
    assert_ok(cs_folder_lock(in_root("copies"), &lock, NULL));
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--json"), 1);
    assert_json_error("BUSY");
    assert_int_equal(run("backup", "list", in_root("copies"), "--key", backup_key()), 0);
    assert_int_equal(restore("new"), 0);
    cs_folder_unlock(lock);
    assert_int_equal(backup(), 0);
}

/* Two into two repositories: the second one takes the first one's copy for no leftover. */
static void test_one_backup_of_a_server_at_a_time(void **state)
{
    (void)state;
    fill();
    bool made;
    char work[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_BACKUP_WORK, work, NULL));
    assert_ok(cs_folder_make(work, &made, NULL));
    int other = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(other >= 0);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    int copy = openat(other, CS_SERVER_DATABASE_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(copy >= 0);
    assert_int_equal(close(copy), 0);
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--json"), 1);
    assert_json_error("BUSY");
    assert_true(cs_folder_has(work, CS_SERVER_DATABASE_FILE));
    assert_int_equal(close(other), 0);
    assert_int_equal(backup(), 0); /* what a command that ended left is no hindrance */
    assert_no_traces();
}

/* Damage is copied, told, and the exit code says so; such a backup is not verified. */
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
    assert_int_equal(backup(), 1);
    assert_says(fixture.out, "scope 1: its digest");
    assert_says(fixture.out, "NOT verified");
    assert_says(fixture.err, "so is every copy of it");
    assert_true(cs_folder_has(in_root("copies"), "backup-0000000001"));
    assert_false(cs_folder_has(in_root("copies"), "verified-0000000001"));
    assert_false(cs_folder_has(fixture.server, CS_SERVER_HORIZON_FILE));
    assert_int_equal(restore("new"), 1);
    assert_says(fixture.err, "holds no verified backup");
}

/* Damage in the repository is found by restoring from it; --anew gets over it. */
static void test_damaged_repository(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    flip(in_root("copies"), "pack-0000000001", 200);
    assert_int_equal(run("backup", "verify", in_root("copies"), "--key", backup_key()), 1);
    assert_says(fixture.err, "pack-0000000001 is damaged at byte 0");
    assert_int_equal(backup(), 1);
    assert_says(fixture.err, "is damaged");
    assert_no_traces();
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--anew"), 0);
    assert_int_equal(restore("new"), 0);
    assert_int_equal(run("verify", in_root("new")), 0);
}

/* A manifest that cannot be read stops what would build upon it; a backup made anew does not. */
static void test_damaged_manifest(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    change_part("Fan, huge");
    assert_int_equal(backup(), 0);
    flip(in_root("copies"), "backup-0000000002", 100);
    assert_int_equal(backup(), 1);
    assert_says(fixture.err, "backup-0000000002 is damaged");
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--anew"), 0);
    assert_says(fixture.out, "restored elsewhere and verified");
    assert_int_equal(run("backup", "list", in_root("copies"), "--key", backup_key()), 0);
    assert_says(fixture.err, "left out: ");
    assert_int_equal(backup(), 0);
    assert_int_equal(restore("new"), 0);
    assert_int_equal(run("verify", in_root("new")), 0);
}

static void test_verify_of_a_kept_backup(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    change_part("Fan, huge");
    assert_int_equal(backup(), 0);
    assert_int_equal(run("backup", "verify", in_root("copies"), "--key", backup_key(), "--at", "1",
                         "--work", fixture.root, "--json"),
                     0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(json, "backup"), 1);
    assert_int_equal(json_number(json, "change_sets"), 2);
    cs_json_destroy(json);
    assert_int_equal(run("backup", "verify", in_root("copies"), "--key", backup_key(), "--at", "7"),
                     1);
    assert_says(fixture.err, "has no backup 7");
    assert_int_equal(run("backup", "verify", in_root("copies"), "--key", backup_key(), "--at", "x"),
                     2);
}

/* What the server is told, and how status shows it. */
static void test_the_horizon_moves(void **state)
{
    (void)state;
    fill();
    struct cs_arena arena;
    struct cs_horizon horizon;
    char path[CS_FOLDER_PATH_MAX];
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, "verified backup  none");
    assert_says(fixture.err, "devices keep all that they sent");
    assert_int_equal(backup(), 0);
    assert_ok(cs_folder_path(fixture.server, CS_SERVER_HORIZON_FILE, path, NULL));
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_horizon_read(&fixture.world, path, &arena, &horizon));
    assert_int_equal(horizon.backup, 1);
    assert_int_equal(horizon.count, 1);
    assert_int_equal(cs_horizon_sequence(&horizon, fixture.device.log), 2);
    cs_arena_release(&arena);
    assert_int_equal(run("status", fixture.server), 0);
    assert_says(fixture.out, "verified backup  1, made ");
    assert_says(fixture.out, ", 0 hours ago");
    assert_int_equal(run("status", fixture.server, "--json"), 0);
    struct cs_json *json = answer_json();
    assert_int_equal(json_number(cs_json_get(json, "verified_backup"), "backup"), 1);
    cs_json_destroy(json);
    /* Of the restored server there is none yet. */
    assert_int_equal(restore("new"), 0);
    assert_int_equal(run("status", in_root("new")), 0);
    assert_says(fixture.out, "verified backup  none");
}

static void test_keep(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < 4; i++) {
        change_part(i % 2 == 0 ? "Fan, huge" : "Fan, tiny");
        assert_int_equal(run("backup", fixture.server, in_root("copies"), "--keep", "2"), 0);
    }
    assert_says(fixture.out, "1 older backups removed");
    /* What was moved meanwhile is not taken for an interruption. */
    assert_null(strstr(fixture.out, "interrupted backup was found"));
    assert_false(cs_folder_has(in_root("copies"), "backup-0000000002"));
    assert_true(cs_folder_has(in_root("copies"), "backup-0000000003"));
    assert_int_equal(restore("new"), 0);
    assert_int_equal(run("verify", in_root("new")), 0);
}

/* A folder of an earlier moment in its place: found by what the server remembers. */
static void test_repository_put_back(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    change_part("Fan, huge");
    assert_int_equal(backup(), 0);
    cs_folder_remove(in_root("copies"), "backup-0000000002");
    cs_folder_remove(in_root("copies"), "verified-0000000002");
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--json"), 1);
    assert_json_error("ROLLED_BACK");
    assert_says(fixture.err, "does not hold backup 2, which was verified here");
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--accept-older"), 0);
    assert_int_equal(backup(), 0);
    /* Another one of the same number is not it. */
    cs_folder_remove(in_root("copies"), "backup-0000000003");
    cs_folder_remove(in_root("copies"), "verified-0000000003");
    assert_int_equal(run("backup", fixture.server, in_root("copies"), "--accept-older"), 0);
    assert_int_equal(restore("new"), 0);
}

static void test_backup_allocations(void **state)
{
    (void)state;
    fill();
    int code = 1;
    for (long n = 0; code != 0; n += n < 60 ? 1 : 17) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = backup();
        cs_memory_fail_after(-1);
        if (code != 0) {
            assert_int_equal(code, 1);
            assert_int_equal(fixture.out_size, 0);
            assert_no_traces();
        }
    }
    assert_int_equal(run("backup", "verify", in_root("copies"), "--key", backup_key()), 0);
}

static void test_restore_has_a_new_incarnation(void **state)
{
    (void)state;
    fill();
    uint8_t before[16];
    uint8_t after[16];
    assert_int_equal(backup(), 0);
    assert_int_equal(restore("new"), 0);
    assert_says(fixture.out, "backup 1 of ");
    assert_says(fixture.out, "with a new incarnation");
    assert_says(fixture.out, "2 change-sets");
    assert_says(fixture.err, "send again what it lacks");
    read_incarnation(fixture.server, before);
    read_incarnation(in_root("new"), after);
    assert_memory_not_equal(before, after, sizeof before);
    assert_int_equal(mode_of(in_root("new")), 0700);
    assert_int_equal(run("verify", in_root("new")), 0);
    /* The promise of the help text. */
    assert_false(cs_folder_has(in_root("new"), CS_FOLDER_MASTER_KEY));
    assert_false(cs_folder_has(in_root("new"), CS_FOLDER_BACKUP_KEY));
    /* The horizon was that of the old incarnation. */
    assert_false(cs_folder_has(in_root("new"), CS_SERVER_HORIZON_FILE));
}

static void test_restore_at(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    /* Nothing new in the second: an older one lacks nothing. */
    assert_int_equal(backup(), 0);
    assert_int_equal(
        run("restore", in_root("copies"), in_root("one"), "--at", "1", "--key", backup_key()), 0);
    change_part("Fan, huge");
    assert_int_equal(backup(), 0);
    assert_int_equal(run("restore", in_root("copies"), in_root("new"), "--at", "1", "--key",
                         backup_key(), "--json"),
                     1);
    assert_json_error("ROLLED_BACK");
    assert_says(fixture.err, "change-sets 3 to 3 are in a later verified backup");
    assert_says(fixture.err, "1 devices may have removed what it lacks");
    assert_false(cs_folder_has(fixture.root, "new"));
    assert_int_equal(run("restore", in_root("copies"), in_root("new"), "--at", "1", "--key",
                         backup_key(), "--accept-lost"),
                     0);
    assert_says(fixture.out, "2 change-sets");
    assert_says(fixture.err, "change-sets 3 to 3 are in a later verified backup");
    assert_int_equal(restore("latest"), 0);
    assert_says(fixture.out, "3 change-sets");
}

static void test_restore_tries_the_named_key(void **state)
{
    (void)state;
    fill();
    char key[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_MASTER_KEY, key, NULL));
    assert_int_equal(backup(), 0);
    FILE *other = fopen(in_root("other.key"), "w");
    assert_non_null(other);
    assert_true(fputs("01234567890123456789012345678901", other) >= 0);
    assert_int_equal(fclose(other), 0);
    assert_int_equal(run("restore", in_root("copies"), in_root("new"), "--key", backup_key(),
                         "--master-key", in_root("other.key"), "--json"),
                     CS_ADMIN_WRONG_KEY);
    assert_json_error("WRONG_PASSPHRASE");
    assert_false(cs_folder_has(fixture.root, "new"));
    assert_int_equal(run("restore", in_root("copies"), in_root("new"), "--key", backup_key(),
                         "--master-key", key),
                     0);
}

static void test_restore_refusals(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    assert_int_equal(run("restore", in_root("copies")), 2);
    assert_int_equal(run("restore", in_root("copies"), in_root("new")), 2);
    assert_int_equal(
        run("restore", in_root("copies"), in_root("new"), "--key", backup_key(), "--at", "0"), 2);
    assert_int_equal(
        run("restore", in_root("copies"), in_root("new"), "--key", backup_key(), "--at", "5"), 1);
    assert_says(fixture.err, "has no backup 5");
    assert_int_equal(run("restore", in_root("copies"), fixture.server, "--key", backup_key()), 1);
    assert_says(fixture.err, "is not empty");
    assert_true(cs_folder_has(fixture.server, CS_SERVER_KEYS_FILE));
    assert_int_equal(run("restore", in_root("nothing"), in_root("new"), "--key", backup_key()), 1);
    assert_says(fixture.err, "does not exist");
    /* The folder of a server is no repository. */
    assert_int_equal(run("restore", fixture.server, in_root("new"), "--key", backup_key()), 1);
    assert_says(fixture.err, "no backup repository");
    assert_false(cs_folder_has(fixture.root, "new"));
}

static void test_restore_of_a_damaged_repository(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    flip(in_root("copies"), "pack-0000000001", 9000);
    assert_int_equal(restore("new"), 1);
    assert_says(fixture.err, "is damaged at byte");
    assert_false(cs_folder_has(fixture.root, "new"));
}

static void test_restore_allocations(void **state)
{
    (void)state;
    fill();
    assert_int_equal(backup(), 0);
    int code = 1;
    for (long n = 0; code != 0; n += n < 60 ? 1 : 5) {
        assert_true(n < 20000);
        cs_memory_fail_after(n);
        code = restore("new");
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
        TEST(test_repository_is_encrypted),
        TEST(test_second_backup_writes_what_changed),
        TEST(test_backup_beside_a_writer),
        TEST(test_backup_refusals),
        TEST(test_key_must_be_the_one),
        TEST(test_one_at_a_time),
        TEST(test_one_backup_of_a_server_at_a_time),
        TEST(test_backup_of_a_damaged_server),
        TEST(test_damaged_repository),
        TEST(test_damaged_manifest),
        TEST(test_verify_of_a_kept_backup),
        TEST(test_the_horizon_moves),
        TEST(test_keep),
        TEST(test_repository_put_back),
        TEST(test_backup_allocations),
        TEST(test_restore_has_a_new_incarnation),
        TEST(test_restore_at),
        TEST(test_restore_tries_the_named_key),
        TEST(test_restore_refusals),
        TEST(test_restore_of_a_damaged_repository),
        TEST(test_restore_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
