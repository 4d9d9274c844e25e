/* merge, as it is typed. */
#include "tests/unit/field_client_commands/commands_fixture.h"

/* Two parts; one key could not be typed twice here, so they differ until they are merged. */
static void two_parts_become_one(void **state)
{
    (void)state;
    char *one = id_of(run("new", "part", "code=A1", "name=pump", "spec=100W"));
    char *two = id_of(run("new", "part", "code=A2", "name=big pump", "unit=pc"));
    assert_int_equal(run_json("merge", "part", one, "A2", "--take", "unit,name"), 0);
    assert_string_equal(json_text(commands.json, "kept"), one);
    assert_string_equal(json_text(commands.json, "dropped"), two);
    assert_int_equal(json_integer(commands.json, "rewritten"), 0);
    const struct cs_json *differences = cs_json_get(commands.json, "differences");
    assert_int_equal(cs_json_count(differences), 4);
    const struct cs_json *code = cs_json_at(differences, 0);
    assert_string_equal(json_text(code, "field"), "code");
    assert_string_equal(json_text(code, "kept"), "A1");
    assert_string_equal(json_text(code, "dropped"), "A2");
    assert_false(json_boolean(code, "taken"));
    assert_true(json_boolean(cs_json_at(differences, 1), "taken"));
    assert_int_equal(run_json("get", "part", "A1"), 0);
    assert_string_equal(json_text(commands.json, "name"), "big pump");
    assert_string_equal(json_text(commands.json, "unit"), "pc");
    assert_string_equal(json_text(commands.json, "spec"), "100W");
    assert_int_equal(run("get", "part", "A2"), 1);
    /* Again, by the id of the row that is gone. */
    assert_int_equal(run("merge", "part", "A1", two), 0);
    assert_has(commands.out, "merged; 0 references changed");
    assert_int_equal(run_json("list", "row_merge"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
}

static void references_are_told(void **state)
{
    (void)state;
    (void)id_of(run("new", "customer", "name=one", "code=K1"));
    char *two = id_of(run("new", "customer", "name=two", "code=K2"));
    (void)id_of(run("new", "project", "name=p", "code=J1", "customer=K2"));
    (void)id_of(run("new", "site", "name=s", "customer=K2"));
    assert_int_equal(run("merge", "customer", "K1", "K2", "--take", "name"), 0);
    assert_has(commands.out, "merged; 2 references changed\n");
    assert_has(commands.out, "name: two (not: one)");
    assert_has(commands.out, "code: K1 (not: K2)");
    assert_int_equal(run_json("get", "project", "J1"), 0);
    assert_has(commands.out, "\"customer\": \"two\"");
    (void)two;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    (void)id_of(run("new", "part", "code=A2", "name=pump"));
    (void)id_of(run("new", "stock_movement", "part=A2", "quantity=1"));
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("merge", "part", "A1", "A2"), 0);
    assert_has(commands.out, "1 处引用保持不变");
}

static void wrong_use(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    (void)id_of(run("new", "part", "code=A2", "name=pump"));
    assert_int_equal(run("merge", "part", "A1"), 2);
    assert_int_equal(run("merge", "none", "A1", "A2"), 2);
    assert_int_equal(run("merge", "part", "A1", "A2", "--take", "nothing"), 2);
    assert_int_equal(run_json("merge", "part", "A1", "A1"), 1);
    assert_error("INVALID", "same row");
    assert_int_equal(run_json("merge", "part", "A1", "A3"), 1);
    assert_error("NOT_FOUND", "A3");
    assert_int_equal(run("merge", "part", "A3", "A1"), 1);
    assert_int_equal(run_json("merge", "stock_movement", "A1", "A2"), 1);
    assert_int_equal(run_json("list", "part"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(two_parts_become_one),
        COMMAND_TEST(references_are_told),
        COMMAND_TEST(wrong_use),
    };
    return RUN_COMMAND_TESTS(tests);
}
