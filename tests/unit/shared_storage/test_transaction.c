/* Transactions and savepoints, and what disks that fill up or fail do to them. */
#include "tests/unit/shared_storage/storage_fixture.h"

#include "tests/unit/shared_storage/sqlite_memory.h"

#define ROW_COUNT "SELECT count(*) FROM t"

static struct cs_database *open_with_table(struct storage_fixture *fixture)
{
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a, b)"));
    return fixture->database;
}

static void insert(struct cs_database *database)
{
    assert_ok(cs_database_execute(database, "INSERT INTO t VALUES (1, zeroblob(100))"));
}

static void test_commit_and_rollback(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_false(cs_database_in_transaction(database));
    assert_ok(cs_database_begin(database));
    assert_true(cs_database_in_transaction(database));
    insert(database);
    assert_ok(cs_database_commit(database));
    assert_false(cs_database_in_transaction(database));
    assert_ok(cs_database_begin(database));
    insert(database);
    cs_database_rollback(database);
    assert_false(cs_database_in_transaction(database));
    cs_database_rollback(database);
    assert_int_equal(query_integer(database, ROW_COUNT), 1);
}

static void test_changes(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    insert(database);
    insert(database);
    assert_ok(cs_database_execute(database, "UPDATE t SET a = 2"));
    assert_int_equal(cs_database_changes(database), 2);
    assert_ok(cs_database_execute(database, "UPDATE t SET a = 3 WHERE a = 9"));
    assert_int_equal(cs_database_changes(database), 0);
}

static void test_savepoints_nest(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_begin(database));
    insert(database);
    assert_ok(cs_database_savepoint(database));
    insert(database);
    assert_ok(cs_database_savepoint(database));
    insert(database);
    cs_database_undo(database);
    assert_int_equal(query_integer(database, ROW_COUNT), 2);
    assert_ok(cs_database_release(database));
    assert_ok(cs_database_savepoint(database));
    insert(database);
    cs_database_undo(database);
    assert_ok(cs_database_commit(database));
    assert_int_equal(query_integer(database, ROW_COUNT), 2);
}

static void test_failed_statement_leaves_the_transaction(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_execute(database, "CREATE UNIQUE INDEX u ON t (a)"));
    assert_ok(cs_database_begin(database));
    insert(database);
    assert_status(cs_database_execute(database, "INSERT INTO t VALUES (1, NULL)"), CS_EXISTS);
    assert_true(cs_database_in_transaction(database));
    assert_ok(cs_database_commit(database));
    assert_int_equal(query_integer(database, ROW_COUNT), 1);
}

static void test_rollback_with_an_open_statement(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    insert(database);
    insert(database);
    assert_ok(cs_database_begin(database));
    struct cs_statement *statement = NULL;
    bool row = false;
    assert_ok(cs_statement_get(database, "SELECT a FROM t", &statement));
    assert_ok(cs_statement_step(statement, &row));
    insert(database);
    cs_database_rollback(database);
    assert_false(cs_database_in_transaction(database));
    cs_statement_done(statement);
    assert_int_equal(query_integer(database, ROW_COUNT), 2);
}

static void test_read_transaction_is_a_snapshot_at_once(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_WRITER));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a, b)"));
    struct cs_database *reader = NULL;
    assert_ok(
        cs_database_open(&fixture->fake.world, fixture->path, CS_DATABASE_READER, &reader, NULL));
    assert_ok(cs_database_begin_read(reader));
    insert(fixture->database);
    assert_int_equal(query_integer(reader, ROW_COUNT), 0);
    cs_database_rollback(reader);
    assert_int_equal(query_integer(reader, ROW_COUNT), 1);
    cs_database_close(reader);
}

static void test_second_writer_is_busy(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    assert_ok(fixture_open(fixture, CS_DATABASE_WRITER));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a, b)"));
    struct cs_database *other = NULL;
    assert_ok(
        cs_database_open(&fixture->fake.world, fixture->path, CS_DATABASE_WRITER, &other, NULL));
    assert_ok(cs_database_execute(other, "PRAGMA busy_timeout = 1"));
    assert_ok(cs_database_begin(fixture->database));
    assert_status(cs_database_begin(other), CS_BUSY);
    assert_false(cs_database_in_transaction(other));
    assert_ok(cs_database_commit(fixture->database));
    assert_ok(cs_database_begin(other));
    cs_database_rollback(other);
    cs_database_close(other);
}

static int begin_twice(struct storage_fixture *fixture)
{
    if (!silenced() || cs_database_begin(fixture->database) != CS_OK) {
        return 97;
    }
    return (int)cs_database_begin(fixture->database);
}

static int release_without_savepoint(struct storage_fixture *fixture)
{
    if (!silenced() || cs_database_begin(fixture->database) != CS_OK) {
        return 97;
    }
    return (int)cs_database_release(fixture->database);
}

static int commit_without_begin(struct storage_fixture *fixture)
{
    if (!silenced()) {
        return 97;
    }
    return (int)cs_database_commit(fixture->database);
}

static void test_broken_invariants_abort(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    (void)open_with_table(fixture);
    assert_int_equal(in_child(begin_twice, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(release_without_savepoint, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(commit_without_begin, fixture), 128 + SIGABRT);
}

static void test_commit_syncs(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_begin(database));
    insert(database);
    faulty_vfs_reset();
    assert_ok(cs_database_commit(database));
    assert_true(faulty_vfs_counts().syncs >= 1);
}

/* One transaction of several pages and a savepoint; the status of the first thing that failed. */
static enum cs_status write_some(struct cs_database *database)
{
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    for (int i = 0; status == CS_OK && i < 3; i++) {
        status = cs_database_savepoint(database);
        if (status == CS_OK) {
            status = cs_database_execute(database, "INSERT INTO t VALUES (5, zeroblob(9000))");
            enum cs_status released = cs_database_release(database);
            status = status == CS_OK ? released : status;
        }
    }
    if (status == CS_OK) {
        return cs_database_commit(database);
    }
    cs_database_rollback(database);
    return status;
}

static bool all_or_nothing(struct cs_database *database)
{
    int64_t rows = query_integer(database, "SELECT count(*) FROM t WHERE a = 5");
    assert_true(rows == 0 || rows == 3);
    return rows == 3;
}

/* The nth operation fails: the old state is there, and the same database goes on when the fault is over. */
static void sweep(struct storage_fixture *fixture, unsigned operation, enum faulty_kind kind,
                  enum cs_status expected)
{
    long step = 0;
    for (bool failed = true; failed; step++) {
        fixture_empty_folder(fixture);
        struct cs_database *database = open_with_table(fixture);
        insert(database);
        faulty_vfs_reset();
        faulty_vfs_fail(operation, step, kind, FAULTY_UNTIL_RESET);
        enum cs_status status = write_some(database);
        failed = faulty_vfs_counts().failures > 0;
        faulty_vfs_reset();
        assert_status(status, failed ? expected : CS_OK);
        assert_false(cs_database_in_transaction(database));
        assert_int_equal(all_or_nothing(database), !failed);
        if (failed) {
            assert_ok(write_some(database));
            assert_true(all_or_nothing(database));
        }
        assert_ok(cs_database_check(database, NULL));
        fixture_close(fixture);
        assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
        assert_true(all_or_nothing(fixture->database));
        fixture_close(fixture);
    }
    assert_true(step > 1);
}

static void test_disk_full_on_write(void **state)
{
    sweep(fixture_of(state), FAULTY_WRITE, FAULTY_DISK_FULL, CS_DISK_FULL);
}

static void test_disk_full_on_sync(void **state)
{
    sweep(fixture_of(state), FAULTY_SYNC, FAULTY_DISK_FULL, CS_DISK_FULL);
}

static void test_write_error(void **state)
{
    sweep(fixture_of(state), FAULTY_WRITE, FAULTY_IO_ERROR, CS_IO);
}

static void test_sync_error(void **state)
{
    sweep(fixture_of(state), FAULTY_SYNC, FAULTY_IO_ERROR, CS_IO);
}

/* A page cache so small that pages are written before the commit: SQLite then ends the transaction by itself. */
static void test_lost_transaction_stays_lost(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_execute(database, "PRAGMA cache_size = 2"));
    assert_ok(cs_database_begin(database));
    assert_ok(cs_database_savepoint(database));
    faulty_vfs_fail(FAULTY_WRITE, 0, FAULTY_DISK_FULL, FAULTY_ONCE);
    assert_status(cs_database_execute(database, "INSERT INTO t VALUES (1, zeroblob(900000))"),
                  CS_DISK_FULL);
    /* Nothing that follows may be committed on its own. */
    struct cs_statement *statement = NULL;
    assert_status(cs_database_execute(database, "INSERT INTO t VALUES (2, 2)"), CS_DISK_FULL);
    assert_status(cs_statement_get(database, "INSERT INTO t VALUES (3, 3)", &statement),
                  CS_DISK_FULL);
    assert_null(statement);
    cs_database_undo(database);
    assert_status(cs_database_savepoint(database), CS_DISK_FULL);
    assert_true(cs_database_in_transaction(database));
    assert_status(cs_database_commit(database), CS_DISK_FULL);
    assert_false(cs_database_in_transaction(database));
    assert_int_equal(query_integer(database, ROW_COUNT), 0);
    insert(database);
    assert_int_equal(query_integer(database, ROW_COUNT), 1);
}

/* SQLite's own nth allocation fails: nothing half done, and no transaction that lives on. */
static void test_sqlite_memory_runs_out(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    for (int persistent = 0; persistent < 2; persistent++) {
        long step = 0;
        for (bool failed = true; failed; step++) {
            fixture_empty_folder(fixture);
            struct cs_database *database = open_with_table(fixture);
            sqlite_memory_fail_after(step, persistent != 0);
            enum cs_status status = write_some(database);
            failed = sqlite_memory_reset() > 0;
            assert_true(status == CS_OK || (failed && status == CS_NO_MEMORY));
            assert_false(cs_database_in_transaction(database));
            assert_int_equal(all_or_nothing(database), status == CS_OK);
            assert_ok(cs_database_begin(database));
            cs_database_rollback(database);
            fixture_close(fixture);
        }
        assert_true(step > 5);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
#define FAULTY(function)                                                                           \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_faulty, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_commit_and_rollback),
        TEST(test_changes),
        TEST(test_savepoints_nest),
        TEST(test_failed_statement_leaves_the_transaction),
        TEST(test_rollback_with_an_open_statement),
        TEST(test_read_transaction_is_a_snapshot_at_once),
        TEST(test_second_writer_is_busy),
        TEST(test_broken_invariants_abort),
        FAULTY(test_commit_syncs),
        FAULTY(test_disk_full_on_write),
        FAULTY(test_disk_full_on_sync),
        FAULTY(test_write_error),
        FAULTY(test_sync_error),
        FAULTY(test_lost_transaction_stays_lost),
        TEST(test_sqlite_memory_runs_out),
    };
    sqlite_memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
