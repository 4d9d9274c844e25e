/* The integrity check and the copy, on good, damaged and failing disks. */
#include "tests/unit/shared_storage/storage_fixture.h"

#include <fcntl.h>

static void fill(struct storage_fixture *fixture)
{
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(
        fixture->database,
        "CREATE TABLE t (a, b); CREATE INDEX i ON t (b);"
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500)"
        " INSERT INTO t SELECT x, hex(zeroblob(x % 90)) || x FROM n; DELETE FROM t WHERE a < 200"));
}

static void copy_path(const struct storage_fixture *fixture, char out[static 128])
{
    (void)snprintf(out, 128, "%s/copy.db", fixture->folder);
}

static void test_check_of_a_good_database(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    struct cs_problem problem = {"untouched"};
    assert_ok(cs_database_check(fixture->database, &problem));
    assert_string_equal(problem.text, "untouched");
}

static void test_check_finds_damage(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    int64_t page =
        query_integer(fixture->database, "SELECT rootpage FROM sqlite_schema WHERE name = 'i'");
    fixture_close(fixture);
    int descriptor = open(fixture->path, O_RDWR);
    assert_true(descriptor >= 0);
    assert_int_equal(pwrite(descriptor, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, (page - 1) * 4096),
                     8);
    assert_int_equal(close(descriptor), 0);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    struct cs_problem problem = {""};
    assert_status(cs_database_check(fixture->database, &problem), CS_CORRUPT);
    assert_true(strlen(problem.text) > 10);
    assert_status(cs_database_check(fixture->database, NULL), CS_CORRUPT);
}

/* Every read fails once: never "damaged". */
static void test_check_of_a_failing_disk(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    fixture_close(fixture);
    long step = 0;
    for (bool failed = true; failed; step++) {
        assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
        faulty_vfs_reset();
        faulty_vfs_fail(FAULTY_READ, step, FAULTY_IO_ERROR, FAULTY_ONCE);
        struct cs_problem problem = {""};
        enum cs_status status = cs_database_check(fixture->database, &problem);
        failed = faulty_vfs_counts().failures > 0;
        faulty_vfs_reset();
        if (status != (failed ? CS_IO : CS_OK)) {
            fail_msg("read %ld: %s: %s", step, cs_status_name(status), problem.text);
        }
        fixture_close(fixture);
    }
    assert_true(step > 5);
}

static void test_copy_is_complete_and_private(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    copy_path(fixture, path);
    fill(fixture);
    assert_ok(cs_database_copy(fixture->database, path, NULL));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    int64_t rows = query_integer(fixture->database, "SELECT count(*) FROM t");
    struct cs_database *copy = NULL;
    assert_ok(cs_database_open(&fixture->fake.world, path, CS_DATABASE_REPLICA, &copy, NULL));
    assert_int_equal(query_integer(copy, "SELECT count(*) FROM t"), rows);
    assert_ok(cs_database_check(copy, NULL));
    cs_database_close(copy);
    /* The source goes on. */
    assert_ok(cs_database_execute(fixture->database, "DELETE FROM t"));
}

static void test_copy_stands_without_a_wal(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    char side[160];
    copy_path(fixture, path);
    fill(fixture);
    assert_ok(cs_database_copy(fixture->database, path, NULL));
    static const char *const ends[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < CS_COUNT(ends); i++) {
        (void)snprintf(side, sizeof side, "%s%s", path, ends[i]);
        assert_int_equal(access(side, F_OK), -1);
    }
}

static void test_copy_syncs_file(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    copy_path(fixture, path);
    fill(fixture);
    faulty_vfs_reset();
    assert_ok(cs_database_copy(fixture->database, path, NULL));
    assert_true(faulty_vfs_counts().syncs >= 1);
}

static void test_copy_never_replaces(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    copy_path(fixture, path);
    fill(fixture);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("precious", 1, 8, file), 8);
    assert_int_equal(fclose(file), 0);
    struct cs_problem problem = {""};
    assert_status(cs_database_copy(fixture->database, path, &problem), CS_EXISTS);
    assert_non_null(strstr(problem.text, "copy.db"));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 8);
}

static void test_copy_into_a_missing_folder(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none/copy.db", fixture->folder);
    fill(fixture);
    assert_status(cs_database_copy(fixture->database, path, NULL), CS_NOT_FOUND);
}

static void test_copy_in_a_writing_transaction_is_busy(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    copy_path(fixture, path);
    fill(fixture);
    assert_ok(cs_database_begin(fixture->database));
    assert_ok(cs_database_execute(fixture->database, "DELETE FROM t"));
    assert_status(cs_database_copy(fixture->database, path, NULL), CS_BUSY);
    assert_int_equal(access(path, F_OK), -1);
    assert_ok(cs_database_commit(fixture->database));
    assert_ok(cs_database_copy(fixture->database, path, NULL));
}

/* Any operation fails: the right status, nothing left behind, the source unharmed. */
static void sweep_copy(struct storage_fixture *fixture, unsigned operations, enum faulty_kind kind,
                       enum cs_status expected)
{
    char path[128];
    copy_path(fixture, path);
    long step = 0;
    for (bool failed = true; failed; step++) {
        faulty_vfs_reset();
        faulty_vfs_fail(operations, step, kind, FAULTY_ONCE);
        enum cs_status status = cs_database_copy(fixture->database, path, NULL);
        failed = faulty_vfs_counts().failures > 0;
        faulty_vfs_reset();
        assert_status(status, failed ? expected : CS_OK);
        assert_int_equal(access(path, F_OK), failed ? -1 : 0);
    }
    assert_true(step > 1);
    assert_int_equal(unlink(path), 0);
    assert_ok(cs_database_check(fixture->database, NULL));
}

static void test_copy_on_failing_disks(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    sweep_copy(fixture, FAULTY_WRITE, FAULTY_DISK_FULL, CS_DISK_FULL);
    sweep_copy(fixture, FAULTY_WRITE, FAULTY_IO_ERROR, CS_IO);
    sweep_copy(fixture, FAULTY_SYNC, FAULTY_IO_ERROR, CS_IO);
    sweep_copy(fixture, FAULTY_SYNC, FAULTY_DISK_FULL, CS_DISK_FULL);
    sweep_copy(fixture, FAULTY_OPEN, FAULTY_IO_ERROR, CS_IO);
}

static void test_copy_allocation_failures(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char path[128];
    copy_path(fixture, path);
    fill(fixture);
    enum cs_status status = CS_NO_MEMORY;
    long step = 0;
    for (; status != CS_OK; step++) {
        cs_memory_fail_after(step);
        status = cs_database_copy(fixture->database, path, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(access(path, F_OK), status == CS_OK ? 0 : -1);
    }
    assert_true(step > 1);
}

/* ---- cutting the WAL ---- */

static bool file_has(const char *path, const char *needle)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    return memmem(bytes, size, needle, strlen(needle)) != NULL;
}

static void test_what_is_deleted_is_in_neither_file(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    fill(fixture);
    assert_ok(cs_database_execute(fixture->database, "INSERT INTO t VALUES (-1, 'Qx7-needle')"));
    assert_true(file_has(wal, "Qx7-needle"));
    assert_ok(cs_database_cut_log(fixture->database));
    assert_true(file_has(fixture->path, "Qx7-needle"));
    assert_ok(cs_database_execute(fixture->database, "UPDATE t SET b = '' WHERE a = -1"));
    assert_true(file_has(fixture->path, "Qx7-needle"));
    assert_ok(cs_database_cut_log(fixture->database));
    assert_false(file_has(fixture->path, "Qx7-needle"));
    assert_false(file_has(wal, "Qx7-needle"));
    assert_ok(cs_database_check(fixture->database, NULL));
}

static void test_the_log_is_not_cut_in_a_transaction(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    assert_ok(cs_database_begin(fixture->database));
    assert_ok(cs_database_execute(fixture->database, "DELETE FROM t"));
    assert_status(cs_database_cut_log(fixture->database), CS_BUSY);
    cs_database_rollback(fixture->database);
    assert_ok(cs_database_cut_log(fixture->database));
}

static void test_the_log_is_cut_on_failing_disks(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fill(fixture);
    int64_t rows = query_integer(fixture->database, "SELECT count(*) FROM t");
    long step = 0;
    for (bool failed = true; failed; step++) {
        faulty_vfs_reset();
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, step, FAULTY_DISK_FULL, FAULTY_ONCE);
        enum cs_status status = cs_database_cut_log(fixture->database);
        failed = faulty_vfs_counts().failures > 0;
        faulty_vfs_reset();
        if (status != CS_OK) {
            assert_true(failed && cs_status_class(status) == CS_CLASS_LOCAL);
        }
        assert_int_equal(query_integer(fixture->database, "SELECT count(*) FROM t"), rows);
    }
    assert_true(step > 1);
    assert_ok(cs_database_check(fixture->database, NULL));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
#define FAULTY(function)                                                                           \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_faulty, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_check_of_a_good_database),
        TEST(test_check_finds_damage),
        FAULTY(test_check_of_a_failing_disk),
        TEST(test_copy_is_complete_and_private),
        TEST(test_copy_stands_without_a_wal),
        FAULTY(test_copy_syncs_file),
        TEST(test_copy_never_replaces),
        FAULTY(test_copy_never_replaces),
        TEST(test_copy_into_a_missing_folder),
        TEST(test_copy_in_a_writing_transaction_is_busy),
        FAULTY(test_copy_on_failing_disks),
        TEST(test_copy_allocation_failures),
        TEST(test_what_is_deleted_is_in_neither_file),
        TEST(test_the_log_is_not_cut_in_a_transaction),
        FAULTY(test_the_log_is_cut_on_failing_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
