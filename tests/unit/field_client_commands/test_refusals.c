/* refusals and refused: a transaction the server refused, shown, typed again, put aside. */
#include "tests/unit/field_client_commands/findings_fixture.h"

/* Makes the waiting transaction 1 refused, as an answer of the server would: off the view, kept in the list. */
static void refuse_first(void)
{
    struct cs_replica *replica = open_directly();
    assert_ok(cs_database_execute(
        cs_replica_database(replica),
        "UPDATE _pending SET state = 3, refusal_status = 'DENIED', refusal_text = 'not for you', "
        "refusal_operation = 0, refusal_field = 'name' WHERE counter = 1;"
        "DELETE FROM _overlay WHERE counter = 1; DELETE FROM part"));
    cs_replica_close(replica);
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(run("refusals"), 0);
    assert_string_equal(commands.out, "no refusals\n");
    assert_int_equal(run_json("refusals"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "refusals")), 0);
}

static void test_list_and_show(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump", "price_cents=7"));
    refuse_first();
    assert_int_equal(run("refusals"), 0);
    assert_has(commands.out, "not for you");
    assert_has(commands.out, "DENIED");
    assert_int_equal(run_json("refusals"), 0);
    const struct cs_json *refusal = cs_json_at(cs_json_get(commands.json, "refusals"), 0);
    assert_int_equal(json_integer(refusal, "number"), 1);
    assert_string_equal(json_text(refusal, "status"), "DENIED");
    assert_string_equal(json_text(refusal, "field"), "name");
    const struct cs_json *operation = cs_json_at(cs_json_get(refusal, "operations"), 0);
    assert_string_equal(json_text(operation, "kind"), "new");
    assert_string_equal(json_text(operation, "id"), id);
    assert_int_equal(json_integer(cs_json_get(operation, "values"), "price_cents"), 7);
    assert_int_equal(run("refusals", "show", "1"), 0);
    assert_has(commands.out, "#1 DENIED: not for you");
    assert_has(commands.out, "    name=pump\n");
    assert_int_equal(run_json("refusals", "show", "1"), 0);
    assert_int_equal(json_integer(commands.json, "number"), 1);
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "refused"), 1);
}

static void test_retry(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    refuse_first();
    assert_int_equal(run("get", "part", id), 1);
    assert_int_equal(run_json("refusals", "retry", "1", "name=valve", "unit=piece"), 0);
    assert_true(json_boolean(commands.json, "retried"));
    assert_int_equal(run_json("get", "part", id), 0);
    assert_string_equal(json_text(commands.json, "name"), "valve");
    assert_string_equal(json_text(commands.json, "unit"), "piece");
    assert_string_equal(json_text(commands.json, "code"), "A1");
    assert_int_equal(run("refusals"), 0);
    assert_string_equal(commands.out, "no refusals\n");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 1);
}

static void test_retry_refused_again(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    refuse_first();
    assert_int_equal(run_json("refusals", "retry", "1", "price_cents=x"), 1);
    assert_error("INVALID", "price_cents");
    assert_int_equal(run_json("refusals", "retry", "1", "name="), 1);
    assert_error("INVALID", "name");
    assert_int_equal(run_json("refusals", "retry", "1", "namme=x"), 2);
    assert_error("NOT_FOUND", "name");
    assert_int_equal(run_json("refusals", "retry", "1", "name"), 2);
    assert_error("USAGE", "field=value");
    assert_int_equal(run_json("refusals"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "refusals")), 1);
}

/* A second transaction that rests on the first: shown with it, corrected with it, dismissed with it. */
static void refuse_second(void)
{
    struct cs_replica *replica = open_directly();
    assert_ok(cs_database_execute(
        cs_replica_database(replica),
        "UPDATE _pending SET state = 3, refusal_status = 'REFUSED', refusal_text = 'rests', "
        "refusal_operation = 0, refusal_field = 'unit' WHERE counter = 2;"
        "DELETE FROM _overlay WHERE counter = 2"));
    cs_replica_close(replica);
}

static void test_correct_as_one(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run("set", "part", id, "unit=piece", "name=pomp"), 0);
    refuse_first();
    refuse_second();
    assert_int_equal(run_json("refusals", "correct", "2", "unit=box"), 2);
    assert_error("USAGE", "refusal 2 rests on refusal 1");
    assert_int_equal(run_json("refusals", "show", "1"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "resting")), 1);
    assert_int_equal(run("refusals", "show", "1"), 0);
    assert_has(commands.out, "corrected with it:\n#2 REFUSED: rests");
    assert_int_equal(run("refusals", "show", "2"), 0);
    assert_has(commands.out, "#2 REFUSED: rests");
    assert_int_equal(run_json("refusals", "correct", "1", "name=valve"), 0);
    assert_true(json_boolean(commands.json, "corrected"));
    assert_int_equal(json_integer(commands.json, "count"), 2);
    assert_int_equal(run_json("get", "part", id), 0);
    assert_string_equal(json_text(commands.json, "name"), "valve");
    assert_string_equal(json_text(commands.json, "unit"), "piece");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 1);
    assert_int_equal(json_integer(commands.json, "refused"), 0);
}

/* Off the list, and still there with every value. */
static void test_export(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run("set", "part", id, "unit=piece"), 0);
    refuse_first();
    refuse_second();
    assert_int_equal(run_json("refusals", "export"), 0);
    const struct cs_json *first = cs_json_at(cs_json_get(commands.json, "refusals"), 0);
    assert_string_equal(json_text(first, "state"), "open");
    assert_int_equal(run("refusals", "dismiss", "1"), 0);
    assert_int_equal(run("refusals"), 0);
    assert_string_equal(commands.out, "no refusals\n");
    assert_int_equal(run_json("refusals", "export"), 0);
    const struct cs_json *list = cs_json_get(commands.json, "refusals");
    assert_int_equal(cs_json_count(list), 2);
    first = cs_json_at(list, 0);
    assert_string_equal(json_text(first, "state"), "dismissed");
    assert_string_equal(json_text(first, "text"), "not for you");
    assert_true(strlen(json_text(first, "settled_at")) > 10);
    const struct cs_json *operation = cs_json_at(cs_json_get(first, "operations"), 0);
    assert_string_equal(json_text(operation, "id"), id);
    assert_string_equal(json_text(cs_json_get(operation, "values"), "name"), "pump");
    assert_int_equal(run("refusals", "export", in_home("refusals.json")), 0);
    assert_string_equal(commands.out, "2 refusals\n");
    assert_int_equal(run_json("refusals", "export", "a", "b"), 2);
}

static void test_dismiss(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    refuse_first();
    assert_int_equal(run("refusals", "dismiss", "1"), 0);
    assert_string_equal(commands.out, "dismissed\n");
    assert_int_equal(run_json("refusals", "dismiss", "1"), 1);
    assert_error("NOT_FOUND", "refusal 1");
    assert_int_equal(run("list", "part"), 0);
    assert_string_equal(commands.out, "");
}

/* The server's own row about it is marked for the office, and only the row of this device. */
static void test_marks_the_row(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    refuse_first();
    uint64_t log = cs_identity_log(commands.organisation->identity);
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 64);
    cs_buffer_append_u64(&bytes, log);
    struct cs_named_value fields[] = {
        {T("log"), cs_value_bytes(cs_buffer_bytes(&bytes))},
        NUMBER_VALUE("counter", 1),
        TEXT_VALUE("state", "open"),
    };
    store_row("refusal", CONFLICT_ID, fields, CS_COUNT(fields));
    fields[0].value = cs_value_bytes(T("8 bytes!"));
    store_row("refusal", "00000000-1111-7222-8333-444455556666", fields, CS_COUNT(fields));
    assert_int_equal(run("refusals", "dismiss", "1"), 0);
    assert_int_equal(run_json("get", "refusal", CONFLICT_ID), 0);
    assert_string_equal(json_text(commands.json, "state"), "dismissed");
    assert_int_equal(run_json("get", "refusal", "00000000-1111-7222-8333-444455556666"), 0);
    assert_string_equal(json_text(commands.json, "state"), "open");
    cs_buffer_release(&bytes);
}

static void test_refuses(void **state)
{
    (void)state;
    assert_int_equal(run_json("refusals", "forget", "1"), 2);
    assert_error("USAGE", "show, correct, retry, dismiss or export");
    assert_int_equal(run_json("refusals", "show"), 2);
    assert_error("USAGE", "missing");
    assert_int_equal(run_json("refusals", "show", "x"), 2);
    assert_error("USAGE", "number");
    assert_int_equal(run_json("refusals", "show", "0"), 2);
    assert_int_equal(run_json("refusals", "show", "1", "2"), 2);
    assert_int_equal(run_json("refusals", "show", "7"), 1);
    assert_error("NOT_FOUND", "7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_none),    COMMAND_TEST(test_list_and_show),
        COMMAND_TEST(test_retry),   COMMAND_TEST(test_retry_refused_again),
        COMMAND_TEST(test_dismiss), COMMAND_TEST(test_marks_the_row),
        COMMAND_TEST(test_refuses), COMMAND_TEST(test_correct_as_one),
        COMMAND_TEST(test_export),
    };
    return RUN_COMMAND_TESTS(tests);
}
