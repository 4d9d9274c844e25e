/* conflicts and exceptions. */
#include "tests/unit/field_client_commands/findings_fixture.h"

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(run("conflicts"), 0);
    assert_string_equal(commands.out, "no open conflicts\n");
    assert_int_equal(run("exceptions"), 0);
    assert_string_equal(commands.out, "no open exceptions\n");
    assert_int_equal(run_json("conflicts"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "conflicts")), 0);
    assert_int_equal(run("conflicts", "x"), 2);
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("exceptions"), 0);
    assert_string_equal(commands.out, "没有待处理的异常\n");
}

static void test_conflicts(void **state)
{
    (void)state;
    char *id = id_of(run("new", "part", "code=A1", "name=pump"));
    struct cs_value losing = cs_value_text(T("valve"));
    struct conflict_draft draft = {"part", id, "name", &losing, 1, "open", CS_BYTES_NONE};
    store_conflict(&draft);
    assert_int_equal(run_json("conflicts"), 0);
    const struct cs_json *list = cs_json_get(commands.json, "conflicts");
    assert_int_equal(cs_json_count(list), 1);
    const struct cs_json *conflict = cs_json_at(list, 0);
    assert_string_equal(json_text(conflict, "id"), CONFLICT_ID);
    assert_string_equal(json_text(conflict, "row"), id);
    assert_string_equal(json_text(conflict, "row_label"), "pump");
    assert_string_equal(json_text(conflict, "field"), "name");
    assert_string_equal(json_text(conflict, "losing_text"), "valve");
    assert_string_equal(json_text(conflict, "shown_author"), "王芳");
    assert_null(cs_json_get(conflict, "losing_versions"));
    assert_int_equal(run("conflicts"), 0);
    assert_has(commands.out, "c0ffee00-1111 ");
    assert_has(commands.out, "李雷");
    draft.state = "resolved";
    store_conflict(&draft);
    assert_int_equal(run("conflicts"), 0);
    assert_string_equal(commands.out, "no open conflicts\n");
}

static void test_exceptions(void **state)
{
    (void)state;
    struct cs_named_value fields[] = {
        TEXT_VALUE("kind", "duplicate"), TEXT_VALUE("entity", "part"),
        TEXT_VALUE("subject", "A1"),     TEXT_VALUE("detail", "two parts with one code"),
        TEXT_VALUE("state", "open"),
    };
    store_row("exception", CONFLICT_ID, fields, CS_COUNT(fields));
    assert_int_equal(run("exceptions"), 0);
    assert_has(commands.out, "duplicate");
    assert_has(commands.out, "two parts with one code");
    assert_has(commands.out, "two rows with one key (duplicate): merge the two");
    assert_int_equal(run_json("exceptions"), 0);
    const struct cs_json *exception = cs_json_at(cs_json_get(commands.json, "exceptions"), 0);
    assert_string_equal(json_text(exception, "subject"), "A1");
    assert_has(commands.out, "\"row\": null");
    assert_string_equal(json_text(exception, "kind_label"), "two rows with one key");
    assert_has(json_text(exception, "action"), "merge ENTITY KEEP DROP");
    assert_false(json_boolean(exception, "acceptable"));
    /* people annotate it */
    assert_int_equal(run("set", "exception", CONFLICT_ID, "note=looked at it"), 0);
    assert_int_equal(run("exceptions"), 0);
    assert_has(commands.out, "looked at it");
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("exceptions"), 0);
    assert_has(commands.out, "编号重复(duplicate):合并两条记录");
    (void)unsetenv("LANG");
}

/* A newer server's kind is listed with what there is of it. */
static void test_unknown_kind(void **state)
{
    (void)state;
    struct cs_named_value fields[] = {
        TEXT_VALUE("kind", "of_tomorrow"),
        TEXT_VALUE("detail", "something new"),
        TEXT_VALUE("state", "open"),
    };
    store_row("exception", CONFLICT_ID, fields, CS_COUNT(fields));
    assert_int_equal(run("exceptions"), 0);
    assert_has(commands.out, "something new");
    assert_int_equal(run_json("exceptions"), 0);
    assert_null(cs_json_get(cs_json_at(cs_json_get(commands.json, "exceptions"), 0), "action"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_none),
        COMMAND_TEST(test_conflicts),
        COMMAND_TEST(test_exceptions),
        COMMAND_TEST(test_unknown_kind),
    };
    return RUN_COMMAND_TESTS(tests);
}
