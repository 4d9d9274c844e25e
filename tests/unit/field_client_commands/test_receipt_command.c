/* The command receipt, as it is typed. */
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

static void a_receipt_is_shown(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    assert_int_equal(run("receipt", "show", number), 0);
    assert_has(commands.out, "服务回执单 service receipt");
    assert_has(commands.out, number);
    assert_has(commands.out, "东方医院");
    assert_has(commands.out, "李主任");
    assert_has(commands.out, "waits to be sent");
    assert_int_equal(run_json("receipt", "show", number), 0);
    assert_string_equal(json_text(commands.json, "number"), number);
    assert_string_equal(json_text(commands.json, "signer"), "李主任");
    assert_true(json_boolean(commands.json, "_unsent"));
    const struct cs_json *snapshot = cs_json_get(commands.json, "snapshot");
    assert_string_equal(json_text(snapshot, "work_done"), "更换电源");
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "strokes")), 1);
    char id[64];
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    assert_int_equal(run("receipt", "show", id), 0);
}

static void a_sound_receipt_verifies(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    assert_int_equal(run("visit", "finish", "WO-1"), 0);
    assert_int_equal(run_json("receipt", "verify", number), 0);
    assert_true(json_boolean(commands.json, "intact"));
    assert_string_equal(json_text(commands.json, "signed_by"), "王芳");
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "altered")), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "changed_since")), 0);
    assert_int_equal(run("receipt", "verify", number), 0);
    assert_has(commands.out, "intact and nothing changed since");
    (void)setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(run("receipt", "verify", number), 0);
    assert_has(commands.out, "签字后无更改");
}

static void a_changed_visit_fails(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    assert_int_equal(run("visit", "work", "WO-1", "别的"), 0);
    assert_has(commands.err, number);
    assert_int_equal(run_json("receipt", "verify", number), 1);
    assert_true(json_boolean(commands.json, "intact"));
    const struct cs_json *changed = cs_json_get(commands.json, "changed_since");
    struct cs_bytes line;
    assert_int_equal(cs_json_count(changed), 1);
    assert_true(cs_json_get_text(cs_json_at(changed, 0), &line));
    assert_true(cs_bytes_equal_text(line, "work_done: signed “更换电源”, now “别的”"));
    assert_int_equal(run("receipt", "verify", number), 1);
    assert_has(commands.out, "but the visit changed since");
    assert_has(commands.out, "  work_done: signed “更换电源”, now “别的”\n");
}

/* A column written behind everyone's back. */
static void an_altered_receipt_fails(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    struct cs_replica *replica = open_directly();
    assert_ok(
        cs_database_execute(cs_replica_database(replica), "UPDATE receipt SET signer = '张三'"));
    cs_replica_close(replica);
    assert_int_equal(run_json("receipt", "verify", number), 1);
    assert_false(json_boolean(commands.json, "intact"));
    const struct cs_json *altered = cs_json_get(commands.json, "altered");
    struct cs_bytes line;
    assert_int_equal(cs_json_count(altered), 1);
    assert_true(cs_json_get_text(cs_json_at(altered, 0), &line));
    assert_true(cs_bytes_equal_text(line, "signer"));
    assert_int_equal(run("receipt", "verify", number), 1);
    assert_has(commands.out, "does not hold");
}

static void wrong_use_and_unknown_receipts(void **state)
{
    (void)state;
    assert_int_equal(run("receipt"), 2);
    assert_has(commands.err, "show, verify, void, series");
    assert_int_equal(run("receipt", "verify"), 2);
    assert_int_equal(run("receipt", "show", "a", "b"), 2);
    assert_int_equal(run_json("receipt", "verify", "AAAA-000001"), 1);
    assert_error("NOT_FOUND", "AAAA-000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(a_receipt_is_shown),
        VISIT_COMMAND_TEST(a_sound_receipt_verifies),
        VISIT_COMMAND_TEST(a_changed_visit_fails),
        VISIT_COMMAND_TEST(an_altered_receipt_fails),
        VISIT_COMMAND_TEST(wrong_use_and_unknown_receipts),
    };
    return RUN_COMMAND_TESTS(tests);
}
