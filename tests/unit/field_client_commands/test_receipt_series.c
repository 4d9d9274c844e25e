/* receipt void and receipt series, as they are typed. */
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

static void a_number_is_declared_void(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    assert_int_equal(run("receipt", "void", number), 2);
    assert_has(commands.err, "--reason");
    assert_int_equal(run("receipt", "void"), 2);
    assert_int_equal(run_json("receipt", "void", number, "--reason", "写错"), 0);
    assert_string_equal(json_text(commands.json, "entity"), "receipt_void");
    assert_string_equal(json_text(commands.json, "number"), number);
    assert_int_equal(strlen(json_text(commands.json, "receipt")), 36);
    assert_int_equal(run_json("receipt", "void", number, "--reason", "写错"), 1);
    assert_error("EXISTS", "void already");
    assert_int_equal(run("receipt", "verify", number), 0);
    assert_has(commands.out, "void: 写错");
    /* The customer signs again, on the next number. */
    const char *next = sign();
    assert_has(next, "-000002");
    assert_int_equal(run("receipt", "void", next, "--reason", "再次写错"), 0);
    assert_has(commands.out, "-000002 is void");
}

static void a_series_is_listed(void **state)
{
    (void)state;
    assert_int_equal(run("receipt", "series"), 0);
    assert_string_equal(commands.out, "no receipt numbers yet\n");
    work();
    char number[64];
    (void)snprintf(number, sizeof number, "%s", sign());
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "%.*s", (int)strcspn(number, "-"), number);
    assert_int_equal(run("receipt", "void", number, "--reason", "写错"), 0);
    (void)sign();
    assert_int_equal(run("receipt", "series"), 0);
    assert_has(commands.out, "void");
    assert_has(commands.out, "000001");
    assert_has(commands.out, "used");
    assert_int_equal(run_json("receipt", "series", prefix), 0);
    const struct cs_json *series = cs_json_at(cs_json_get(commands.json, "series"), 0);
    assert_string_equal(json_text(series, "prefix"), prefix);
    assert_int_equal(json_integer(series, "used"), 1);
    assert_int_equal(json_integer(series, "void"), 1);
    assert_int_equal(json_integer(series, "gap"), 0);
    assert_int_equal(json_integer(series, "duplicate"), 0);
    const struct cs_json *range = cs_json_at(cs_json_get(series, "ranges"), 0);
    assert_string_equal(json_text(range, "state"), "void");
    assert_string_equal(json_text(range, "first"), number);
    assert_int_equal(json_integer(range, "count"), 1);
    /* The receipt, its declaration, and the second receipt. */
    const struct cs_json *numbers = cs_json_get(series, "numbers");
    assert_int_equal(cs_json_count(numbers), 3);
    assert_true(json_boolean(cs_json_at(numbers, 0), "void"));
    assert_string_equal(json_text(cs_json_at(numbers, 1), "reason"), "写错");
    assert_false(json_boolean(cs_json_at(numbers, 2), "void"));
    assert_int_equal(run_json("receipt", "series"), 0);
    series = cs_json_at(cs_json_get(commands.json, "series"), 0);
    assert_null(cs_json_get(series, "numbers"));
    assert_int_equal(run("receipt", "series", "NONE"), 1);
    assert_int_equal(run("receipt", "series", "a", "b"), 2);
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("receipt", "series"), 0);
    assert_has(commands.out, "作废");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(a_number_is_declared_void),
        VISIT_COMMAND_TEST(a_series_is_listed),
    };
    return RUN_COMMAND_TESTS(tests);
}
