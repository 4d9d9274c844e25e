/* A database that several users take in turns: when it may be given away, and how what runs in it is stopped. */
#include "tests/unit/shared_storage/storage_fixture.h"

#define LONG_QUERY                                                                                 \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) "           \
    "SELECT max(i) FROM n"
#define LONG_INSERT                                                                                \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) "           \
    "INSERT INTO t SELECT i, i FROM n"
#define ROW_COUNT "SELECT count(*) FROM t"

static struct cs_database *open_with_table(struct storage_fixture *fixture)
{
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a, b)"));
    return fixture->database;
}

static void test_idle_is_neither_statement_nor_transaction(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    struct cs_statement *statement;
    bool row = false;
    assert_true(cs_database_is_idle(database));
    assert_ok(cs_database_begin(database));
    assert_false(cs_database_is_idle(database));
    cs_database_rollback(database);
    assert_true(cs_database_is_idle(database));
    assert_ok(cs_statement_get(database, "SELECT 1 UNION SELECT 2", &statement));
    assert_false(cs_database_is_idle(database));
    assert_ok(cs_statement_step(statement, &row));
    assert_true(row);
    assert_false(cs_database_is_idle(database));
    cs_statement_done(statement);
    assert_true(cs_database_is_idle(database));
}

static bool answer(void *context)
{
    int *questions_left = context;
    return (*questions_left)-- <= 0;
}

static enum cs_status run_one(struct cs_database *database, const char *sql)
{
    struct cs_statement *statement;
    assert_ok(cs_statement_get(database, sql, &statement));
    return cs_statement_run(statement);
}

static void test_a_statement_is_stopped(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    int questions_left = 3;
    cs_database_set_stop(database, answer, &questions_left);
    assert_status(run_one(database, LONG_QUERY), CS_INTERRUPTED);
    assert_true(questions_left < 0);
    assert_true(cs_database_is_idle(database));
    cs_database_set_stop(database, NULL, NULL);
    assert_int_equal(query_integer(database, "SELECT 7"), 7);
}

static void test_what_a_stopped_transaction_did_is_gone(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    int questions_left = 3;
    assert_ok(cs_database_begin(database));
    assert_ok(run_one(database, "INSERT INTO t VALUES (1, 1)"));
    cs_database_set_stop(database, answer, &questions_left);
    assert_status(run_one(database, LONG_INSERT), CS_INTERRUPTED);
    cs_database_set_stop(database, NULL, NULL);
    assert_status(cs_database_execute(database, "INSERT INTO t VALUES (2, 2)"), CS_INTERRUPTED);
    assert_status(cs_database_commit(database), CS_INTERRUPTED);
    assert_int_equal(query_integer(database, ROW_COUNT), 0);
    assert_ok(run_one(database, "INSERT INTO t VALUES (3, 3)"));
    assert_int_equal(query_integer(database, ROW_COUNT), 1);
}

static void test_a_commit_is_not_stopped(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    int none_left = 0;
    assert_ok(cs_database_begin(database));
    assert_ok(run_one(database, "INSERT INTO t VALUES (1, 1)"));
    cs_database_set_stop(database, answer, &none_left);
    assert_ok(cs_database_commit(database));
    cs_database_set_stop(database, NULL, NULL);
    assert_int_equal(query_integer(database, ROW_COUNT), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

/* ---- the log ---- */

static off_t size_of(const struct storage_fixture *fixture, const char *suffix)
{
    char path[256];
    struct stat information;
    (void)snprintf(path, sizeof path, "%s%s", fixture->path, suffix);
    return stat(path, &information) == 0 ? information.st_size : 0;
}

/* Commits of about ten pages each. */
static void write_pages(struct cs_database *database, int commits)
{
    for (int i = 0; i < commits; i++) {
        assert_ok(run_one(database, "INSERT INTO t VALUES (1, randomblob(40000))"));
    }
}

static void test_a_commit_leaves_a_long_log_alone(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct cs_database *database = open_with_table(fixture);
    cs_database_shorten_log(database);
    off_t before = size_of(fixture, "");
    write_pages(database, 50);
    cs_database_shorten_log(database);
    assert_int_equal(size_of(fixture, ""), before); /* not long yet */
    write_pages(database, 100);
    assert_int_equal(size_of(fixture, ""), before);
    off_t log = size_of(fixture, "-wal");
    cs_database_shorten_log(database);
    assert_true(size_of(fixture, "") > 150 * 40000);
    /* What follows is written over it from its beginning. */
    write_pages(database, 90);
    assert_int_equal(size_of(fixture, "-wal"), log);
    assert_int_equal(query_integer(database, ROW_COUNT), 240);
}

static void test_a_log_has_an_end_where_nobody_shortens_it(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct cs_database *database = open_with_table(fixture);
    write_pages(database, 1000);
    assert_true(size_of(fixture, "-wal") < 4100L * 4096);
    assert_true(size_of(fixture, "") > 400 * 40000);
    assert_int_equal(query_integer(database, ROW_COUNT), 1000);
}

static void test_a_log_that_cannot_be_moved_stays(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct cs_database *database = open_with_table(fixture);
    write_pages(database, 150);
    faulty_vfs_fail(FAULTY_WRITE, 3, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
    cs_database_shorten_log(database);
    assert_int_equal(query_integer(database, ROW_COUNT), 150);
    faulty_vfs_reset();
    cs_database_shorten_log(database);
    assert_true(size_of(fixture, "") > 150 * 40000);
    assert_int_equal(query_integer(database, ROW_COUNT), 150);
    struct cs_problem problem = {""};
    assert_ok(cs_database_check(database, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_idle_is_neither_statement_nor_transaction),
        TEST(test_a_statement_is_stopped),
        TEST(test_what_a_stopped_transaction_did_is_gone),
        TEST(test_a_commit_is_not_stopped),
        TEST(test_a_commit_leaves_a_long_log_alone),
        TEST(test_a_log_has_an_end_where_nobody_shortens_it),
        cmocka_unit_test_setup_teardown(test_a_log_that_cannot_be_moved_stays,
                                        fixture_set_up_faulty, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
