/* new, set and delete. */
#include "tests/unit/field_client_commands/commands_fixture.h"

static void test_new_prints_the_id(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=泵", "price_cents=1250"));
    assert_string_equal(commands.err, "");
    assert_int_equal(run_json("get", "part", id), 0);
    assert_string_equal(json_text(commands.json, "id"), id);
    assert_string_equal(json_text(commands.json, "code"), "A1");
    assert_string_equal(json_text(commands.json, "name"), "泵");
    assert_int_equal(json_integer(commands.json, "price_cents"), 1250);
    assert_true(json_boolean(commands.json, "_unsent"));
}

static void test_new_json(void **state)
{
    (void)state;
    assert_int_equal(run_json("new", "part", "code=A1", "name=pump"), 0);
    assert_string_equal(json_text(commands.json, "entity"), "part");
    char id[64];
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    assert_int_equal(run("get", "part", id), 0);
    assert_has(commands.out, id);
    assert_has(commands.out, "pump");
    assert_has(commands.out, "not accepted yet");
}

static void test_new_refuses(void **state)
{
    (void)state;
    assert_int_equal(run_json("new", "partt", "code=A1"), 2);
    assert_error("NOT_FOUND", "part");
    assert_int_equal(run_json("new", "part", "coed=A1"), 2);
    assert_error("NOT_FOUND", "code");
    assert_int_equal(run_json("new", "part", "code"), 2);
    assert_error("USAGE", "field=value");
    assert_int_equal(run_json("new", "part", "=x"), 2);
    assert_error("USAGE", "field=value");
    assert_int_equal(run_json("new", "part", "code=\xff"), 2);
    assert_error("USAGE", "UTF-8");
    assert_int_equal(run_json("new"), 2);
    assert_error("USAGE", "ENTITY field=value");
    assert_int_equal(run_json("new", "part", "code=A1", "name=x", "price_cents=12a"), 1);
    assert_error("INVALID", "12a");
    assert_int_equal(run_json("new", "part", "code=A1"), 1);
    assert_error("INVALID", "name");
    assert_int_equal(run_json("new", "part", "code=A1", "code=A2", "name=x"), 1);
    assert_error("INVALID", "twice");
    assert_int_equal(run_json("new", "site", "customer=nobody"), 1);
    assert_error("MISSING_REFERENCE", "nobody");
    assert_int_equal(run_json("list", "part"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 0);
}

static void test_new_refuses_a_taken_key(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run_json("new", "part", "code=A1", "name=other"), 1);
    assert_error("EXISTS", id);
}

static void test_set(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump", "unit=piece"));
    assert_int_equal(run("set", "part", id, "name=valve", "unit="), 0);
    assert_string_equal(commands.out, "changed\n");
    assert_int_equal(run("set", "part", "A1", "name=valve"), 0);
    assert_string_equal(commands.out, "nothing to change\n");
    assert_int_equal(run_json("set", "part", "A1", "name=tap"), 0);
    assert_true(json_boolean(commands.json, "changed"));
    assert_string_equal(json_text(commands.json, "id"), id);
    assert_int_equal(run_json("get", "part", "A1"), 0);
    assert_string_equal(json_text(commands.json, "name"), "tap");
    struct cs_bytes text;
    assert_false(cs_json_get_text(cs_json_get(commands.json, "unit"), &text));
    assert_has(commands.out, "\"unit\": null");
}

static void test_set_refuses(void **state)
{
    (void)state;
    (void)id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run_json("set", "part", "A1"), 2);
    assert_error("USAGE", "missing");
    assert_int_equal(run_json("set", "part", "A1", "namme=x"), 2);
    assert_error("NOT_FOUND", "name");
    assert_int_equal(run_json("set", "part", "B7", "name=x"), 1);
    assert_error("NOT_FOUND", "B7");
    assert_int_equal(run_json("set", "part", "A1", "name="), 1);
    assert_error("INVALID", "name");
    assert_int_equal(run_json("set", "conflict", "abcd", "state=resolved"), 1);
}

static void test_delete(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    assert_int_equal(run_json("delete", "part", "A1"), 0);
    assert_true(json_boolean(commands.json, "deleted"));
    assert_string_equal(json_text(commands.json, "id"), id);
    assert_int_equal(run_json("get", "part", id), 1);
    assert_error("NOT_FOUND", "part");
    assert_int_equal(run_json("delete", "part", "A1"), 1);
    assert_error("NOT_FOUND", "A1");
    assert_int_equal(run("delete", "part"), 2);
    (void)id_of(run("new", "part", "code=A2", "name=pump"));
    assert_int_equal(run("delete", "part", "A2"), 0);
    assert_string_equal(commands.out, "deleted\n");
}

static void test_references_by_key(void **state)
{
    (void)state;
    char *customer = id_of(run("new", "customer", "code=K7", "name=华润"));
    char *site = id_of(run("new", "site", "customer=K7", "name=north", "contact=李雷"));
    assert_int_equal(run_json("get", "site", site), 0);
    assert_string_equal(json_text(commands.json, "customer"), customer);
    assert_string_equal(json_text(cs_json_get(commands.json, "labels"), "customer"), "华润");
    assert_int_equal(run("get", "site", site), 0);
    assert_has(commands.out, "华润");
}

static void test_chinese(void **state)
{
    (void)state;
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    (void)id_of(run("new", "stock_location", "code=W1", "name=主库", "kind=仓库"));
    assert_int_equal(run("set", "stock_location", "W1", "name=主库"), 0);
    assert_string_equal(commands.out, "无需修改\n");
    assert_int_equal(run("set", "stock_location", "W1", "name=副库"), 0);
    assert_string_equal(commands.out, "已修改\n");
    assert_int_equal(run("list", "stock_location"), 0);
    assert_has(commands.out, "仓库");
    assert_int_equal(run("delete", "stock_location", "W1"), 0);
    assert_string_equal(commands.out, "已删除\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_new_prints_the_id),
        COMMAND_TEST(test_new_json),
        COMMAND_TEST(test_new_refuses),
        COMMAND_TEST(test_new_refuses_a_taken_key),
        COMMAND_TEST(test_set),
        COMMAND_TEST(test_set_refuses),
        COMMAND_TEST(test_delete),
        COMMAND_TEST(test_references_by_key),
        COMMAND_TEST(test_chinese),
    };
    return RUN_COMMAND_TESTS(tests);
}
