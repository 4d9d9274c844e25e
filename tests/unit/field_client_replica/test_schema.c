/* The engine's tables: made once, kept at every opening, and with the keys that rules rest on. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/replica_internal.h"

#include <stdio.h>

static enum cs_status run(struct fixture *f, const char *sql)
{
    return cs_database_execute(cs_replica_database(f->replica), sql);
}

static void every_table_is_there(void **state)
{
    struct fixture *f = *state;
    assert_true(fixture_count_sql(f, "PRAGMA user_version") > 1);
    assert_int_equal(
        fixture_count_sql(f, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                             "('_meta', '_pending', '_overlay', '_covered', '_dirty', '_outbox', "
                             "'_scope', '_staged', '_former_outbox', '_recovered', '_draft')"),
        11);
    assert_int_equal(
        fixture_count_sql(f, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN "
                             "('_outbox_unacknowledged', '_outbox_counter')"),
        2);
}

static void migrating_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    int64_t version = fixture_count_sql(f, "PRAGMA user_version");
    (void)fixture_part(f, "P-1", "a");
    assert_ok(cs_replica_schema(cs_replica_database(f->replica), &problem));
    fixture_reopen(f);
    assert_int_equal(fixture_count_sql(f, "PRAGMA user_version"), version);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 1);
}

static void a_newer_version_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct cs_problem problem = {""};
    int64_t version = fixture_count_sql(f, "PRAGMA user_version");
    char newer[64];
    char known[64];
    (void)snprintf(newer, sizeof newer, "PRAGMA user_version = %d", (int)version + 1);
    (void)snprintf(known, sizeof known, "PRAGMA user_version = %d", (int)version);
    assert_ok(run(f, newer));
    assert_status(cs_replica_schema(cs_replica_database(f->replica), &problem), CS_UNSUPPORTED);
    assert_int_equal(fixture_count_sql(f, "PRAGMA user_version"), version + 1);
    assert_ok(run(f, known));
}

/* What the database itself does not let happen. */
static void keys_hold(void **state)
{
    struct fixture *f = *state;
    assert_ok(run(f, "INSERT INTO _pending (counter, state, body) VALUES (1, 1, x'00')"));
    assert_true(run(f, "INSERT INTO _pending (counter, state, body) VALUES (1, 1, x'00')") !=
                CS_OK);
    assert_true(run(f, "INSERT INTO _pending (counter, state, body) VALUES (2, 1, NULL)") != CS_OK);
    assert_ok(run(f, "INSERT INTO _overlay VALUES ('part', x'01', 1)"));
    assert_true(run(f, "INSERT INTO _overlay VALUES ('part', x'01', 1)") != CS_OK);
    assert_ok(run(f, "INSERT INTO _covered VALUES ('part', x'01', x'00')"));
    assert_true(run(f, "INSERT INTO _covered VALUES ('part', x'01', x'02')") != CS_OK);
    assert_ok(run(f, "INSERT INTO _outbox VALUES (1, 1, 1, 0, x'00', x'00')"));
    assert_true(run(f, "INSERT INTO _outbox VALUES (1, 2, 2, 0, x'00', x'00')") != CS_OK);
    assert_ok(run(f, "INSERT INTO _scope VALUES (1, 1, x'00', 0, x'00', 1)"));
    assert_true(run(f, "INSERT INTO _scope VALUES (2, 1, x'00', 0, x'00', 1)") != CS_OK);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _scope"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(every_table_is_there),
        replica_test(migrating_again_changes_nothing),
        replica_test(a_newer_version_is_left_alone),
        replica_test(keys_hold),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
