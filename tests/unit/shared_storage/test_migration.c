/* Migrations: order, one transaction a step, newer versions, failures half way. */
#include "tests/unit/shared_storage/storage_fixture.h"

struct migration_log {
    int calls[4];
    enum cs_status fail_third;
};

static enum cs_status first(struct cs_database *database, void *context)
{
    ((struct migration_log *)context)->calls[0]++;
    assert_true(cs_database_in_transaction(database));
    return cs_database_execute(database, "CREATE TABLE t (a)");
}

static enum cs_status second(struct cs_database *database, void *context)
{
    ((struct migration_log *)context)->calls[1]++;
    return cs_database_execute(database, "ALTER TABLE t ADD COLUMN b");
}

static enum cs_status third(struct cs_database *database, void *context)
{
    struct migration_log *log = context;
    log->calls[2]++;
    enum cs_status status =
        cs_database_execute(database, "CREATE TABLE half (a); INSERT INTO t VALUES (1, 2)");
    return status == CS_OK ? log->fail_third : status;
}

static const struct cs_migration migrations[] = {{first}, {second}, {third}};

static enum cs_status migrate(struct storage_fixture *fixture, size_t count,
                              struct migration_log *log, struct cs_problem *problem)
{
    return cs_database_migrate(fixture->database, migrations, count, log, problem);
}

static void test_all_steps_once(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_OK};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(migrate(fixture, 0, &log, NULL));
    assert_int_equal(query_integer(fixture->database, "PRAGMA user_version"), 0);
    assert_ok(migrate(fixture, 3, &log, NULL));
    assert_ok(migrate(fixture, 3, &log, NULL));
    fixture_close(fixture);
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(migrate(fixture, 3, &log, NULL));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(log.calls[i], 1);
    }
    assert_int_equal(query_integer(fixture->database, "PRAGMA user_version"), 3);
    assert_int_equal(query_integer(fixture->database, "SELECT b FROM t"), 2);
}

static void test_continues_from_an_older_version(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_OK};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(migrate(fixture, 1, &log, NULL));
    assert_int_equal(query_integer(fixture->database, "PRAGMA user_version"), 1);
    assert_int_equal(log.calls[1], 0);
    assert_ok(migrate(fixture, 2, &log, NULL));
    assert_int_equal(log.calls[0], 1);
    assert_int_equal(log.calls[1], 1);
}

static void test_up_to_date_writes_nothing(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_OK};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(migrate(fixture, 3, &log, NULL));
    faulty_vfs_reset();
    assert_ok(migrate(fixture, 3, &log, NULL));
    assert_int_equal(faulty_vfs_counts().writes, 0);
}

static void test_failing_step_leaves_the_version_before(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_INVALID};
    struct cs_problem problem = {""};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_status(migrate(fixture, 3, &log, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "from version 2"));
    assert_false(cs_database_in_transaction(fixture->database));
    assert_int_equal(query_integer(fixture->database, "PRAGMA user_version"), 2);
    assert_int_equal(
        query_integer(fixture->database, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"),
        0);
    assert_int_equal(query_integer(fixture->database, "SELECT count(*) FROM t"), 0);
    log.fail_third = CS_OK;
    assert_ok(migrate(fixture, 3, &log, NULL));
    assert_int_equal(log.calls[0], 1);
    assert_int_equal(log.calls[2], 2);
}

static void test_newer_version_is_refused(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_OK};
    struct cs_problem problem = {""};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "PRAGMA user_version = 4"));
    assert_status(migrate(fixture, 3, &log, &problem), CS_UNSUPPORTED);
    assert_non_null(strstr(problem.text, "version 4"));
    assert_int_equal(log.calls[0], 0);
    assert_int_equal(query_integer(fixture->database, "PRAGMA user_version"), 4);
    assert_ok(cs_database_execute(fixture->database, "PRAGMA user_version = -1"));
    assert_status(migrate(fixture, 3, &log, NULL), CS_CORRUPT);
}

/* Every write or sync fails once: the database is of one whole version, and migrating again completes it. */
static void test_disk_failures(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    long step = 0;
    for (bool failed = true; failed; step++) {
        struct migration_log log = {.fail_third = CS_OK};
        fixture_empty_folder(fixture);
        assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
        faulty_vfs_reset();
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, step, FAULTY_DISK_FULL, FAULTY_ONCE);
        enum cs_status status = migrate(fixture, 3, &log, NULL);
        failed = faulty_vfs_counts().failures > 0;
        faulty_vfs_reset();
        assert_status(status, failed ? CS_DISK_FULL : CS_OK);
        int64_t version = query_integer(fixture->database, "PRAGMA user_version");
        int64_t tables = query_integer(fixture->database, "SELECT count(*) FROM sqlite_schema");
        assert_int_equal(tables, version == 0 ? 0 : version < 3 ? 1 : 2);
        assert_ok(migrate(fixture, 3, &log, NULL));
        assert_int_equal(query_integer(fixture->database, "SELECT count(*) FROM t"), 1);
        fixture_close(fixture);
    }
    assert_true(step > 6);
}

static void test_allocation_failures(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct migration_log log = {.fail_third = CS_OK};
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    enum cs_status status = CS_NO_MEMORY;
    for (long step = 0; status != CS_OK; step++) {
        cs_memory_fail_after(step);
        status = migrate(fixture, 3, &log, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
    }
    assert_int_equal(query_integer(fixture->database, "SELECT count(*) FROM t"), 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
#define FAULTY(function)                                                                           \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_faulty, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_all_steps_once),
        TEST(test_continues_from_an_older_version),
        FAULTY(test_up_to_date_writes_nothing),
        TEST(test_failing_step_leaves_the_version_before),
        TEST(test_newer_version_is_refused),
        FAULTY(test_disk_failures),
        TEST(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
