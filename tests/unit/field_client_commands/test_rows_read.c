/* get and list. */
#include "tests/unit/field_client_commands/commands_fixture.h"

static void add_parts(void)
{
    (void)id_of(run("new", "part", "code=A1", "name=pump", "unit=piece", "price_cents=100"));
    (void)id_of(run("new", "part", "code=A2", "name=阀门", "unit=piece"));
    (void)id_of(run("new", "part", "code=A3", "name=hose"));
}

static void test_list_table(void **state)
{
    (void)state;
    add_parts();
    assert_int_equal(run("list", "part"), 0);
    assert_has(commands.out, "id  ");
    assert_has(commands.out, "A1    pump  piece  100");
    /* two wide characters take the columns of "pump" */
    assert_has(commands.out, "A2    阀门  piece");
    /* nobody has a category: no such column */
    assert_null(strstr(commands.out, "category"));
}

static void test_list_json(void **state)
{
    (void)state;
    add_parts();
    assert_int_equal(run_json("list", "part", "unit=piece"), 0);
    assert_string_equal(json_text(commands.json, "entity"), "part");
    assert_false(json_boolean(commands.json, "more"));
    assert_true(json_boolean(commands.json, "incomplete")); /* nothing was synced yet */
    const struct cs_json *rows = cs_json_get(commands.json, "rows");
    assert_int_equal(cs_json_count(rows), 2);
    assert_string_equal(json_text(cs_json_at(rows, 0), "code"), "A1");
    assert_string_equal(json_text(cs_json_at(rows, 1), "code"), "A2");
    assert_int_equal(json_integer(cs_json_at(rows, 0), "price_cents"), 100);
    assert_int_equal(run_json("list", "part", "unit="), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
    assert_int_equal(run_json("list", "part", "unit=piece", "code=A2"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
}

static void test_list_limit(void **state)
{
    (void)state;
    add_parts();
    assert_int_equal(run_json("list", "part", "--limit", "2"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 2);
    assert_true(json_boolean(commands.json, "more"));
    assert_int_equal(run("list", "--limit=1", "part"), 0);
    assert_has(commands.err, "only the first 1");
    assert_int_equal(run_json("list", "part", "--limit", "3"), 0);
    assert_false(json_boolean(commands.json, "more"));
    assert_int_equal(run_json("list", "part", "--limit", "0"), 2);
    assert_error("USAGE", "--limit");
    assert_int_equal(run_json("list", "part", "--limit"), 2);
    assert_error("USAGE", "needs a value");
    assert_int_equal(run_json("list", "part", "--limit", "1", "--limit", "2"), 2);
    assert_error("USAGE", "twice");
}

static void test_list_refuses(void **state)
{
    (void)state;
    assert_int_equal(run_json("list", "parts"), 2);
    assert_error("NOT_FOUND", "part");
    assert_int_equal(run_json("list", "part", "unti=x"), 2);
    assert_error("NOT_FOUND", "unit");
    assert_int_equal(run_json("list", "part", "price_cents=x"), 1);
    assert_error("INVALID", "price_cents");
    assert_int_equal(run_json("list", "part", "--frob"), 2);
    assert_error("USAGE", "--frob");
    assert_int_equal(run_json("list"), 2);
    assert_error("USAGE", "ENTITY");
}

static void test_empty_list_prints_nothing(void **state)
{
    (void)state;
    assert_int_equal(run("list", "part"), 0);
    assert_string_equal(commands.out, "");
}

static void test_get_by_prefix(void **state)
{
    (void)state;
    char *id = id_of(run("new", "customer", "name=ACME"));
    char prefix[14];
    (void)snprintf(prefix, sizeof prefix, "%s", id);
    assert_int_equal(run_json("get", "customer", prefix), 0);
    assert_string_equal(json_text(commands.json, "id"), id);
    assert_int_equal(run_json("get", "customer", "01"), 1);
    assert_error("NOT_FOUND", "01");
    assert_int_equal(run_json("get", "customer"), 2);
    assert_int_equal(run_json("get", "customer", id, "more"), 2);
    assert_error("USAGE", "too many");
}

static void test_types_in_json(void **state)
{
    (void)state;
    assert_int_equal(run_json("new", "work_order", "number=W1", "status=已派工",
                              "planned_start=2026-03-02T09:30:00+08:00"),
                     0);
    assert_int_equal(run_json("get", "work_order", "W1"), 0);
    assert_string_equal(json_text(commands.json, "status"), "assigned");
    assert_string_equal(json_text(commands.json, "planned_start"), "2026-03-02T09:30:00+08:00");
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "labels")), 0);
}

/* What people typed cannot steer a terminal. */
static void test_control_characters(void **state)
{
    (void)state;
    char *id = id_of(run("new", "customer", "name=a\x1b[31mb", "note=x\xc2\x9by"));
    assert_int_equal(run("list", "customer"), 0);
    assert_null(strchr(commands.out, '\x1b'));
    assert_int_equal(run("get", "customer", id), 0);
    assert_null(strchr(commands.out, '\x1b'));
    assert_null(strstr(commands.out, "\xc2\x9b"));
    assert_has(commands.out, "a?[31mb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_list_table),    COMMAND_TEST(test_list_json),
        COMMAND_TEST(test_list_limit),    COMMAND_TEST(test_list_refuses),
        COMMAND_TEST(test_get_by_prefix), COMMAND_TEST(test_empty_list_prints_nothing),
        COMMAND_TEST(test_types_in_json), COMMAND_TEST(test_control_characters),
    };
    return RUN_COMMAND_TESTS(tests);
}
