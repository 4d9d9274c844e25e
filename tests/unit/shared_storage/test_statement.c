/* Statements: cache, binding, columns, misuse. */
#include "tests/unit/shared_storage/storage_fixture.h"

#include "shared/storage/database_internal.h"

static struct cs_database *open_with_table(struct storage_fixture *fixture)
{
    assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
    assert_ok(cs_database_execute(fixture->database, "CREATE TABLE t (a, b)"));
    return fixture->database;
}

static struct cs_statement *get(struct cs_database *database, const char *sql)
{
    struct cs_statement *statement = NULL;
    assert_ok(cs_statement_get(database, sql, &statement));
    assert_non_null(statement);
    return statement;
}

static bool step(struct cs_statement *statement)
{
    bool row = false;
    assert_ok(cs_statement_step(statement, &row));
    return row;
}

static void test_values_come_back(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    const struct cs_value values[] = {
        CS_NULL,
        cs_value_integer(INT64_MIN),
        cs_value_integer(INT64_MAX),
        cs_value_text(cs_bytes_of_text("服务")),
        cs_value_text(CS_BYTES_NONE),
        cs_value_bytes(cs_bytes_make("a\0b", 3)),
        cs_value_bytes(CS_BYTES_NONE),
    };
    for (size_t i = 0; i < CS_COUNT(values); i++) {
        struct cs_statement *statement = get(database, "SELECT ?1, ?1 IS NULL");
        cs_bind_value(statement, 1, &values[i]);
        assert_true(step(statement));
        struct cs_value got = cs_column_value(statement, 0);
        assert_true(cs_value_equal(&got, &values[i]));
        assert_int_equal(cs_column_is_null(statement, 0), values[i].kind == CS_VALUE_NULL);
        assert_int_equal(cs_column_integer(statement, 1), values[i].kind == CS_VALUE_NULL);
        assert_int_equal(cs_column_count(statement), 2);
        assert_false(step(statement));
        cs_statement_done(statement);
    }
}

static void test_single_binders_and_columns(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    struct cs_statement *statement =
        get(database, "SELECT ?1, ?2, ?3, ?4, typeof(?2), typeof(?3), 2.5");
    cs_bind_integer(statement, 1, -5);
    cs_bind_text(statement, 2, cs_bytes_of_text("x"));
    cs_bind_bytes(statement, 3, CS_BYTES_NONE);
    cs_bind_null(statement, 4);
    assert_true(step(statement));
    assert_int_equal(cs_column_integer(statement, 0), -5);
    assert_true(cs_bytes_equal_text(cs_column_bytes(statement, 1), "x"));
    assert_int_equal(cs_column_bytes(statement, 2).size, 0);
    assert_int_equal(cs_column_bytes(statement, 3).size, 0);
    /* Only texts and blobs have bytes. */
    assert_int_equal(cs_column_bytes(statement, 0).size, 0);
    assert_true(cs_bytes_equal_text(cs_column_bytes(statement, 4), "text"));
    assert_true(cs_bytes_equal_text(cs_column_bytes(statement, 5), "blob"));
    struct cs_value fraction = cs_column_value(statement, 6);
    assert_int_equal(fraction.kind, CS_VALUE_INTEGER);
    assert_int_equal(fraction.integer, 2);
    cs_statement_done(statement);
}

static void test_one_row_and_columns_of_one_size(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    uint8_t copy[3] = {9, 9, 9};
    struct cs_statement *statement = get(database, "SELECT X'010203', X'01'");
    assert_ok(cs_statement_one(statement));
    assert_status(cs_column_fixed(statement, 1, copy, sizeof copy), CS_CORRUPT);
    assert_int_equal(copy[0], 9);
    assert_ok(cs_column_fixed(statement, 0, copy, sizeof copy));
    assert_int_equal(copy[2], 3);
    cs_statement_done(statement);
    assert_status(cs_statement_one(get(database, "SELECT 1 WHERE 0")), CS_NOT_FOUND);
    /* It is done then: the same text is ready for use. */
    assert_status(cs_statement_one(get(database, "SELECT 1 WHERE 0")), CS_NOT_FOUND);
}

static void test_large_value_comes_back(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    static uint8_t data[300000];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7 + i / 256);
    }
    struct cs_statement *statement = get(database, "INSERT INTO t VALUES (?, NULL)");
    cs_bind_bytes(statement, 1, cs_bytes_make(data, sizeof data));
    assert_ok(cs_statement_run(statement));
    statement = get(database, "SELECT a FROM t");
    assert_true(step(statement));
    assert_true(cs_bytes_equal(cs_column_bytes(statement, 0), cs_bytes_make(data, sizeof data)));
    cs_statement_done(statement);
}

static void test_cached_by_text_and_reset(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    char sql[] = "SELECT ?1";
    struct cs_statement *first = get(database, "SELECT ?1");
    cs_bind_integer(first, 1, 9);
    /* Asked for again before a step: the same statement, with nothing bound. */
    assert_ptr_equal(get(database, sql), first);
    assert_true(step(first));
    assert_true(cs_column_is_null(first, 0));
    cs_statement_done(first);
    cs_statement_done(NULL);
    struct cs_statement *other = get(database, "SELECT ?1 ");
    assert_ptr_not_equal(other, first);
    assert_int_equal(database->statement_count, 2);
    struct cs_statement *again = get(database, "SELECT ?1");
    assert_ptr_equal(again, first);
    assert_true(step(again));
    assert_true(cs_column_is_null(again, 0));
    cs_statement_done(again);
}

static void test_two_statements_interleave(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_execute(database, "INSERT INTO t VALUES (1, 0), (2, 0)"));
    struct cs_statement *rows = get(database, "SELECT a FROM t ORDER BY a");
    int64_t expected = 1;
    while (step(rows)) {
        assert_int_equal(cs_column_integer(rows, 0), expected);
        struct cs_statement *update = get(database, "UPDATE t SET b = 10 * a WHERE a = ?");
        cs_bind_integer(update, 1, expected++);
        assert_ok(cs_statement_run(update));
    }
    cs_statement_done(rows);
    assert_int_equal(expected, 3);
    assert_int_equal(query_integer(database, "SELECT sum(b) FROM t"), 30);
}

static void test_least_recently_used_goes(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    struct cs_statement *open_one = get(database, "SELECT 'open'");
    assert_true(step(open_one));
    struct cs_statement *kept = get(database, "SELECT 'kept'");
    assert_true(step(kept));
    cs_statement_done(kept);
    for (int i = 0; i < (int)CS_STATEMENTS_MAX + 500; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT %d", i);
        assert_int_equal(query_integer(database, sql), i);
        assert_ptr_equal(get(database, "SELECT 'kept'"), kept);
        cs_statement_done(kept);
        assert_true(database->statement_count <= CS_STATEMENTS_MAX);
    }
    /* The oldest of all, but in use. */
    assert_true(cs_bytes_equal_text(cs_column_bytes(open_one, 0), "open"));
    cs_statement_done(open_one);
    assert_int_equal(query_integer(database, "SELECT 0"), 0);
}

static void test_cache_grows_where_all_are_in_use(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    for (int i = 0; i < (int)CS_STATEMENTS_MAX + 2; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT %d", i);
        assert_true(step(get(database, sql)));
    }
    assert_int_equal(database->statement_count, CS_STATEMENTS_MAX + 2);
    for (struct cs_statement *s = database->oldest; s != NULL; s = s->newer) {
        cs_statement_done(s);
    }
    assert_int_equal(query_integer(database, "SELECT 'one more' IS NOT NULL"), 1);
    assert_int_equal(database->statement_count, CS_STATEMENTS_MAX);
}

static int get_while_stepping(struct storage_fixture *fixture)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    if (!silenced() || cs_statement_get(fixture->database, "SELECT 1", &statement) != CS_OK ||
        cs_statement_step(statement, &row) != CS_OK) {
        return 97;
    }
    return (int)cs_statement_get(fixture->database, "SELECT 1", &statement);
}

static int bind_after_done(struct storage_fixture *fixture)
{
    struct cs_statement *statement = NULL;
    if (!silenced() || cs_statement_get(fixture->database, "SELECT ?", &statement) != CS_OK) {
        return 97;
    }
    cs_statement_done(statement);
    cs_bind_integer(statement, 1, 1);
    return 0;
}

static int bind_while_stepping(struct storage_fixture *fixture)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    if (!silenced() || cs_statement_get(fixture->database, "SELECT ?", &statement) != CS_OK ||
        cs_statement_step(statement, &row) != CS_OK) {
        return 97;
    }
    cs_bind_integer(statement, 1, 1);
    return 0;
}

static int step_after_done(struct storage_fixture *fixture)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    if (!silenced() || cs_statement_get(fixture->database, "SELECT 1", &statement) != CS_OK ||
        cs_statement_run(statement) != CS_OK) {
        return 97;
    }
    return (int)cs_statement_step(statement, &row);
}

static int column_before_step(struct storage_fixture *fixture)
{
    struct cs_statement *statement = NULL;
    if (!silenced() || cs_statement_get(fixture->database, "SELECT 1", &statement) != CS_OK) {
        return 97;
    }
    return (int)cs_column_integer(statement, 0);
}

static void test_misuse_aborts(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    (void)open_with_table(fixture);
    assert_int_equal(in_child(get_while_stepping, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(bind_after_done, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(bind_while_stepping, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(step_after_done, fixture), 128 + SIGABRT);
    assert_int_equal(in_child(column_before_step, fixture), 128 + SIGABRT);
}

static void assert_refused(struct cs_database *database, const char *sql)
{
    struct cs_statement *statement = (struct cs_statement *)(void *)database;
    assert_status(cs_statement_get(database, sql, &statement), CS_USAGE);
    assert_null(statement);
}

static void test_bad_texts(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_refused(database, "SELEKT 1");
    assert_non_null(strstr(cs_database_error(database), "SELEKT"));
    assert_refused(database, "SELECT * FROM absent");
    assert_refused(database, "");
    assert_refused(database, " ; ");
    assert_refused(database, "SELECT 1; SELECT 2");
    assert_int_equal(database->statement_count, 0);
    assert_int_equal(query_integer(database, "SELECT 3;\n"), 3);
}

static void test_failure_shows_at_step_and_ends_the_use(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_ok(cs_database_execute(
        database,
        "CREATE TABLE u (a INT PRIMARY KEY, b INT NOT NULL, c INT CHECK (c > 0)) STRICT"));
    static const struct {
        int64_t a;
        int64_t c;
        const char *b;
        enum cs_status expected;
    } cases[] = {
        {1, 1, "1", CS_OK},       {1, 1, "1", CS_EXISTS},  {2, 0, "1", CS_INVALID},
        {2, 1, NULL, CS_INVALID}, {2, 1, "x", CS_INVALID}, {2, 1, "1", CS_OK},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_statement *statement = get(database, "INSERT INTO u VALUES (?1, ?2, ?3)");
        bool row = true;
        cs_bind_integer(statement, 1, cases[i].a);
        if (cases[i].b != NULL) {
            cs_bind_text(statement, 2, cs_bytes_of_text(cases[i].b));
        }
        cs_bind_integer(statement, 3, cases[i].c);
        assert_status(cs_statement_step(statement, &row), cases[i].expected);
        assert_int_equal(row, cases[i].expected != CS_OK); /* written only on success */
        if (cases[i].expected == CS_OK) {
            cs_statement_done(statement);
        }
    }
    assert_int_equal(query_integer(database, "SELECT count(*) FROM u"), 2);
}

static void test_failed_bind_shows_at_step(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    struct cs_statement *statement = get(database, "INSERT INTO t VALUES (?, 1)");
    cs_bind_integer(statement, 2, 1); /* there is one parameter */
    cs_bind_integer(statement, 1, 1);
    assert_status(cs_statement_run(statement), CS_USAGE);
    statement = get(database, "INSERT INTO t VALUES (?, 1)");
    cs_bind_bytes(statement, 1, cs_bytes_make("", (size_t)INT32_MAX + 1));
    assert_status(cs_statement_run(statement), CS_TOO_LARGE);
    assert_int_equal(query_integer(database, "SELECT count(*) FROM t"), 0);
    assert_ok(cs_statement_run(get(database, "INSERT INTO t VALUES (?, 1)")));
}

static void test_statement_survives_schema_change(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    assert_int_equal(query_integer(database, "SELECT count(*) FROM t"), 0);
    assert_ok(cs_database_execute(database, "ALTER TABLE t ADD COLUMN c"));
    assert_int_equal(query_integer(database, "SELECT count(*) FROM t"), 0);
}

static void test_read_errors_are_not_damage(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    struct cs_database *database = open_with_table(fixture);
    assert_ok(cs_database_execute(database, "INSERT INTO t VALUES (1, zeroblob(90000))"));
    fixture_close(fixture);
    enum cs_status status = CS_IO;
    long reads = 0;
    for (; status != CS_OK; reads++) {
        assert_ok(fixture_open(fixture, CS_DATABASE_REPLICA));
        struct cs_statement *statement =
            get(fixture->database, "SELECT count(*), sum(b = x'00') FROM t");
        faulty_vfs_fail(FAULTY_READ, reads, FAULTY_IO_ERROR, FAULTY_ONCE);
        status = cs_statement_run(statement);
        faulty_vfs_reset();
        assert_true(status == CS_OK || status == CS_IO);
        fixture_close(fixture);
    }
    assert_true(reads > 1);
}

static void test_allocation_failures(void **state)
{
    struct cs_database *database = open_with_table(fixture_of(state));
    struct cs_statement *statement = (struct cs_statement *)(void *)database;
    cs_memory_fail_after(0);
    enum cs_status status = cs_statement_get(database, "SELECT 1", &statement);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    assert_null(statement);
    assert_int_equal(database->statement_count, 0);
    assert_int_equal(query_integer(database, "SELECT 1"), 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
#define FAULTY(function)                                                                           \
    cmocka_unit_test_setup_teardown(function, fixture_set_up_faulty, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_values_come_back),
        TEST(test_single_binders_and_columns),
        TEST(test_one_row_and_columns_of_one_size),
        TEST(test_large_value_comes_back),
        TEST(test_cached_by_text_and_reset),
        TEST(test_two_statements_interleave),
        TEST(test_least_recently_used_goes),
        TEST(test_cache_grows_where_all_are_in_use),
        TEST(test_misuse_aborts),
        TEST(test_bad_texts),
        TEST(test_failure_shows_at_step_and_ends_the_use),
        TEST(test_failed_bind_shows_at_step),
        TEST(test_statement_survives_schema_change),
        FAULTY(test_read_errors_are_not_damage),
        TEST(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
