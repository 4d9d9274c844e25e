/* Opening, settings, locks between processes, the error text. */
#include "tests/unit/shared_storage/storage_fixture.h"

#include "shared/storage/database_internal.h"

static void write_file(const char *path, const char *content, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_private(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_reopen_keeps_what_was_committed(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(
        cs_database_execute(fixture->database, "CREATE TABLE t (a); INSERT INTO t VALUES(7)"));
    fixture_close(fixture);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_int_equal(query_integer(fixture->database, "SELECT a FROM t"), 7);
}

static void test_files_are_private(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    mode_t mask = umask(0);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a)"));
    (void)umask(mask);
    assert_private(fixture->path);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    assert_private(wal);
    /* A replica keeps the WAL index in memory. */
    (void)snprintf(wal, sizeof wal, "%s-shm", fixture->path);
    assert_int_equal(access(wal, F_OK), -1);
}

static void test_replica_settings(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    struct cs_database *database = fixture->database;
    assert_int_equal(query_integer(database, "PRAGMA temp_store"), 2);
    assert_int_equal(query_integer(database, "PRAGMA synchronous"), 2);
    assert_int_equal(query_integer(database, "PRAGMA trusted_schema"), 0);
    assert_int_equal(query_integer(database, "PRAGMA cell_size_check"), 1);
    assert_int_equal(query_integer(database, "PRAGMA foreign_keys"), 0);
    assert_int_equal(query_integer(database, "PRAGMA mmap_size"), 0);
    assert_int_equal(query_integer(database, "SELECT count(*) FROM pragma_journal_mode "
                                             "WHERE journal_mode = 'wal'"),
                     1);
    assert_int_equal(query_integer(database, "SELECT count(*) FROM pragma_locking_mode "
                                             "WHERE locking_mode = 'exclusive'"),
                     1);
}

static void test_attach_and_extensions_are_refused(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    struct cs_database *database = fixture->database;
    assert_status(cs_database_execute(database, "ATTACH ':memory:' AS other"), CS_USAGE);
    assert_non_null(strstr(cs_database_error(database), "attached"));
    assert_status(cs_database_execute(database, "SELECT load_extension('x')"), CS_USAGE);
    assert_ok(cs_database_execute(database, "CREATE TABLE t (a)"));
    assert_ok(cs_database_execute(database, "PRAGMA writable_schema=ON"));
    assert_status(cs_database_execute(database, "DELETE FROM sqlite_schema"), CS_USAGE);
    assert_status(cs_database_execute(database, "INSERT INTO t VALUES (\"nonsense\")"), CS_USAGE);
}

static int open_as_replica(struct storage_fixture *fixture)
{
    struct cs_database *second = NULL;
    struct cs_problem problem = {""};
    enum cs_status status = cs_database_open(&fixture->fake.world, fixture->path,
                                             CS_DATABASE_REPLICA, &second, &problem);
    if (status == CS_BUSY &&
        strstr(problem.text, "in use by another countersign process") == NULL) {
        return 99;
    }
    return second != NULL && status != CS_OK ? 98 : (int)status;
}

static void test_second_process_is_refused_at_open(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    /* An empty database, one just written, one only read. */
    assert_int_equal(in_child(open_as_replica, fixture), CS_BUSY);
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a)"));
    assert_int_equal(in_child(open_as_replica, fixture), CS_BUSY);
    fixture_close(fixture);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_int_equal(in_child(open_as_replica, fixture), CS_BUSY);
    fixture_close(fixture);
    assert_int_equal(in_child(open_as_replica, fixture), CS_OK);
}

static void test_second_connection_of_the_same_process_is_refused(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_int_equal(open_as_replica(fixture), CS_BUSY);
    /* The refused attempt must not have dropped the lock of the first. */
    assert_int_equal(in_child(open_as_replica, fixture), CS_BUSY);
}

static int crash_after_commit(struct storage_fixture *fixture)
{
    if (fixture_open(fixture, CS_DATABASE_REPLICA) != CS_OK ||
        cs_database_execute(fixture->database, "CREATE TABLE t (a); INSERT INTO t VALUES (3)") !=
            CS_OK ||
        cs_database_begin(fixture->database) != CS_OK ||
        cs_database_execute(fixture->database, "INSERT INTO t VALUES (4)") != CS_OK) {
        return 1;
    }
    (void)kill(getpid(), SIGKILL);
    return 2;
}

static void test_killed_process_leaves_what_it_committed(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_int_equal(in_child(crash_after_commit, fixture), 128 + SIGKILL);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_int_equal(query_integer(fixture->database, "SELECT sum(a) FROM t"), 3);
}

static void test_writer_and_reader_side_by_side(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_WRITER));
    assert_ok(
        cs_database_execute(fixture->database, "CREATE TABLE t (a); INSERT INTO t VALUES(1)"));
    struct cs_database *reader = NULL;
    assert_ok(
        cs_database_open(&fixture->fake.world, fixture->path, CS_DATABASE_READER, &reader, NULL));
    assert_ok(cs_database_begin_read(reader));
    assert_ok(cs_database_execute(fixture->database, "INSERT INTO t VALUES (2)"));
    assert_int_equal(query_integer(reader, "SELECT sum(a) FROM t"), 1);
    assert_ok(cs_database_commit(reader));
    assert_int_equal(query_integer(reader, "SELECT sum(a) FROM t"), 3);
    assert_status(cs_database_execute(reader, "INSERT INTO t VALUES (3)"), CS_IO);
    assert_int_equal(query_integer(reader, "PRAGMA wal_autocheckpoint"), 0);
    cs_database_close(reader);
}

static int64_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

static int write_and_die(struct storage_fixture *fixture)
{
    if (fixture_open(fixture, CS_DATABASE_WRITER) != CS_OK ||
        cs_database_execute(fixture->database, "CREATE TABLE t (a); INSERT INTO t VALUES(1)") !=
            CS_OK) {
        return 1;
    }
    (void)kill(getpid(), SIGKILL);
    return 2;
}

static void test_last_reader_does_not_checkpoint(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_int_equal(in_child(write_and_die, fixture), 128 + SIGKILL);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
    int64_t before = file_size(wal);
    assert_true(before > 0);
    assert_ok(fixture_open(fixture, CS_DATABASE_READER));
    assert_int_equal(query_integer(fixture->database, "SELECT a FROM t"), 1);
    fixture_close(fixture);
    assert_int_equal(file_size(wal), before);
}

static enum cs_status open_problem_of(struct storage_fixture *fixture, const char *path,
                                      enum cs_database_mode mode, struct cs_problem *problem)
{
    struct cs_database *database = (struct cs_database *)(void *)fixture;
    enum cs_status status = cs_database_open(&fixture->fake.world, path, mode, &database, problem);
    assert_true(status == CS_OK || database == NULL);
    cs_database_close(database);
    return status;
}

static void test_missing_files_and_folders(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct cs_problem problem = {""};
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_READER, &problem),
                  CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "does not exist"));
    assert_int_equal(access(fixture->path, F_OK), -1);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none/test.db", fixture->folder);
    assert_status(open_problem_of(fixture, path, CS_DATABASE_REPLICA, &problem), CS_NOT_FOUND);
    assert_status(open_problem_of(fixture, fixture->folder, CS_DATABASE_REPLICA, &problem), CS_IO);
}

static void test_not_a_database(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char noise[5000];
    memset(noise, 'x', sizeof noise);
    write_file(fixture->path, noise, sizeof noise);
    struct cs_problem problem = {""};
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_REPLICA, &problem),
                  CS_CORRUPT);
    assert_non_null(strstr(problem.text, "not a database"));
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_WRITER, &problem),
                  CS_CORRUPT);
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_READER, NULL), CS_CORRUPT);
    assert_int_equal(file_size(fixture->path), sizeof noise);
}

static void test_reader_refuses_what_is_not_wal(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    write_file(fixture->path, "", 0);
    struct cs_problem problem = {""};
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_READER, &problem), CS_IO);
    assert_non_null(strstr(problem.text, "journal_mode"));
}

static void test_other_encodings_are_refused(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(handle, "PRAGMA encoding='UTF-16le'; CREATE TABLE t (a)", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    struct cs_problem problem = {""};
    assert_status(open_problem_of(fixture, fixture->path, CS_DATABASE_REPLICA, &problem), CS_IO);
    assert_non_null(strstr(problem.text, "UTF-16le"));
}

static void test_unknown_vfs(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    fixture->fake.world.sqlite_vfs = "no such vfs";
    assert_status(fixture_open(fixture, CS_DATABASE_REPLICA), CS_USAGE);
    assert_null(fixture->database);
}

static void test_path_is_never_a_uri(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(fixture->folder), 0);
    struct cs_problem problem = {""};
    assert_ok(open_problem_of(fixture, "file:x?mode=memory", CS_DATABASE_REPLICA, &problem));
    assert_ok(open_problem_of(fixture, ":memory:", CS_DATABASE_REPLICA, &problem));
    assert_int_equal(access("file:x?mode=memory", F_OK), 0);
    assert_int_equal(access(":memory:", F_OK), 0);
    assert_int_equal(chdir(before), 0);
}

static void test_close_accepts_null_and_rolls_back(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    cs_database_close(NULL);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a)"));
    assert_ok(cs_database_begin(fixture->database));
    assert_ok(cs_database_execute(fixture->database, "INSERT INTO t VALUES (1)"));
    fixture_close(fixture);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_int_equal(query_integer(fixture->database, "SELECT count(*) FROM t"), 0);
}

static void test_error_text_has_no_bound_values(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_string_equal(cs_database_error(fixture->database), "");
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a UNIQUE)"));
    for (int i = 0; i < 2; i++) {
        struct cs_statement *statement = NULL;
        assert_ok(cs_statement_get(fixture->database, "INSERT INTO t VALUES (?)", &statement));
        cs_bind_text(statement, 1, cs_bytes_of_text("canary"));
        assert_status(cs_statement_run(statement), i == 0 ? CS_OK : CS_EXISTS);
    }
    assert_non_null(strstr(cs_database_error(fixture->database), "UNIQUE"));
    assert_null(strstr(cs_database_error(fixture->database), "canary"));
    char sql[1024];
    memset(sql, 'z', sizeof sql - 1);
    sql[sizeof sql - 1] = '\0';
    assert_status(cs_database_execute(fixture->database, sql), CS_USAGE);
    assert_true(strlen(cs_database_error(fixture->database)) < 256);
}

/* Every read, write, sync or open fails once while opening: never "damaged", never a half-open database. */
static void test_failures_while_opening(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    static const unsigned operations[] = {FAULTY_READ, FAULTY_WRITE, FAULTY_SYNC, FAULTY_OPEN};
    for (size_t i = 0; i < CS_COUNT(operations); i++) {
        long step = 0;
        for (bool failed = true; failed; step++) {
            fixture_empty_folder(fixture);
            faulty_vfs_reset();
            faulty_vfs_fail(operations[i], step, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
            enum cs_status status = fixture_open(fixture, CS_DATABASE_REPLICA);
            failed = faulty_vfs_counts().failures > 0;
            faulty_vfs_reset();
            assert_status(status, failed ? CS_IO : CS_OK);
            assert_int_equal(fixture->database == NULL, failed);
            fixture_close(fixture);
            assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
            fixture_close(fixture);
        }
        assert_true(step > 1);
    }
}

static void test_allocation_failures_while_opening(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    long step = 0;
    enum cs_status status = CS_NO_MEMORY;
    for (; status != CS_OK; step++) {
        cs_memory_fail_after(step);
        status = fixture_open(fixture, CS_DATABASE_REPLICA);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(fixture->database != NULL, status == CS_OK);
    }
    assert_true(step > 2);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
#define FAULTY(function)                                                                           \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_faulty, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_reopen_keeps_what_was_committed),
        TEST(test_files_are_private),
        TEST(test_replica_settings),
        TEST(test_attach_and_extensions_are_refused),
        TEST(test_second_process_is_refused_at_open),
        TEST(test_second_connection_of_the_same_process_is_refused),
        TEST(test_killed_process_leaves_what_it_committed),
        TEST(test_writer_and_reader_side_by_side),
        TEST(test_last_reader_does_not_checkpoint),
        TEST(test_missing_files_and_folders),
        TEST(test_not_a_database),
        TEST(test_reader_refuses_what_is_not_wal),
        TEST(test_other_encodings_are_refused),
        TEST(test_unknown_vfs),
        TEST(test_path_is_never_a_uri),
        TEST(test_close_accepts_null_and_rolls_back),
        TEST(test_error_text_has_no_bound_values),
        FAULTY(test_failures_while_opening),
        FAULTY(test_allocation_failures_while_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
