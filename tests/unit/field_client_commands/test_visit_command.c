/* The command visit, as it is typed. */
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

static void a_visit_from_start_to_end(void **state)
{
    (void)state;
    add_van();
    assert_int_equal(run_json("visit", "start", "WO-1", "--departed", "2026-01-02 08:00",
                              "--arrived", "2026-01-02 09:00"),
                     0);
    assert_false(json_boolean(commands.json, "existed"));
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "warnings")), 0);
    char visit[64];
    (void)snprintf(visit, sizeof visit, "%s", json_text(commands.json, "id"));
    assert_int_equal(run_json("visit", "start", "WO-1"), 0);
    assert_true(json_boolean(commands.json, "existed"));
    assert_string_equal(json_text(commands.json, "id"), visit);
    assert_int_equal(run_json("visit", "part", visit, "P-001", "2", "--serial", "S1"), 0);
    assert_int_equal(json_integer(commands.json, "balance"), -2);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "warnings")), 1);
    assert_int_equal(run("visit", "part", visit, "P-001", "1"), 0);
    assert_has(commands.err, "-3");
    assert_int_equal(run("visit", "note", visit, "门禁"), 0);
    assert_int_equal(run("visit", "fault", visit, "电源损坏"), 0);
    assert_int_equal(run("visit", "work", visit, "更换电源"), 0);
    assert_int_equal(run("visit", "result", visit, "已解决"), 0);
    assert_has(commands.out, "recorded");
    const char *number = sign();
    assert_int_equal(run_json("visit", "finish", visit), 0);
    assert_true(json_integer(commands.json, "waiting") > 5);
    assert_int_equal(run_json("visit", "show", visit), 0);
    assert_string_equal(json_text(commands.json, "receipt"), number);
    assert_string_equal(json_text(commands.json, "status"), "signed");
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "parts")), 2);
    assert_int_equal(run("visit", "show", visit), 0);
    assert_has(commands.out, "work_done: 更换电源");
    assert_has(commands.out, number);
    assert_has(commands.out, "S1");
    assert_int_equal(run_json("get", "work_order", "WO-1"), 0);
    assert_string_equal(json_text(commands.json, "status"), "finished");
}

static void a_file_with_a_visit(void **state)
{
    char id[64];
    (void)state;
    work();
    write_text(in_home("photo.jpg"), "what the photo shows");
    assert_int_equal(run_json("visit", "attach", "WO-1", in_home("photo.jpg"), "--note", "门禁",
                              "--taken", "2026-01-02 09:30"),
                     0);
    assert_string_equal(json_text(commands.json, "entity"), "attachment");
    assert_int_equal(json_integer(commands.json, "size"), 20);
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    assert_int_equal(run("attachment", "list", "WO-1"), 0);
    assert_has(commands.out, "photo.jpg");
    assert_has(commands.out, "here, to be sent");
    assert_int_equal(run_json("attachment", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
    assert_int_equal(run("attachment", "open", id, in_home("photo.jpg")), 1);
    assert_has(commands.err, "is there already");
    assert_int_equal(run("attachment", "open", id, in_home("copy.jpg")), 0);
    FILE *copy = fopen(in_home("copy.jpg"), "rb");
    char text[40] = "";
    assert_non_null(copy);
    assert_int_equal(fread(text, 1, sizeof text, copy), 20);
    assert_int_equal(fclose(copy), 0);
    assert_string_equal(text, "what the photo shows");
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(cs_json_get(commands.json, "attachments"), "to_send"), 1);
    assert_int_equal(run("attachment", "quota", "0"), 2);
    assert_int_equal(run_json("attachment", "quota", "7"), 0);
    assert_int_equal(json_integer(commands.json, "quota_bytes"), 7 * 1024 * 1024);
    assert_int_equal(run("attachment", "status"), 0);
    assert_has(commands.out, "1 files here");
    assert_int_equal(run("attachment", "open", "ffffffff", in_home("other.jpg")), 1);
}

static void open_visits_are_listed(void **state)
{
    (void)state;
    assert_int_equal(run("visit", "list"), 0);
    assert_string_equal(commands.out, "");
    assert_has(commands.err, "no visit of yours is open");
    work();
    assert_int_equal(run("visit", "list"), 0);
    assert_has(commands.out, "WO-1");
    assert_int_equal(run_json("visit", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 1);
    assert_int_equal(
        run("visit", "finish", "WO-1", "--unsigned", "客户不在", "--left", "2099-01-01 10:00"), 0);
    assert_has(commands.out, "wait to be sent");
    assert_int_equal(run_json("visit", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "rows")), 0);
}

static void wrong_use_is_usage(void **state)
{
    (void)state;
    assert_int_equal(run("visit"), 2);
    assert_has(commands.err, "start, part, note");
    assert_int_equal(run("visit", "begin", "WO-1"), 2);
    assert_has(commands.err, "begin");
    assert_int_equal(run("visit", "start"), 2);
    assert_int_equal(run("visit", "start", "WO-1", "--arrived", "noon"), 2);
    assert_has(commands.err, "noon");
    assert_int_equal(run("visit", "part", "WO-1", "P-001"), 2);
    assert_int_equal(run("visit", "part", "WO-1", "P-001", "two"), 2);
    assert_has(commands.err, "whole number");
    assert_int_equal(run("visit", "sign", "WO-1", "--signer", "x"), 2);
    assert_has(commands.err, "--strokes");
    assert_int_equal(run("visit", "sign", "WO-1", "--strokes", "x"), 2);
    assert_int_equal(run("visit", "finish", "WO-1", "--left", "x"), 2);
    assert_int_equal(run("visit", "list", "WO-1"), 2);
    assert_int_equal(run("visit", "note", "WO-1"), 2);
}

static void refusals_say_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(run_json("visit", "start", "WO-9"), 1);
    assert_error("NOT_FOUND", "WO-9");
    assert_int_equal(run_json("visit", "note", "WO-1", "x"), 1);
    assert_error("NOT_FOUND", "visit start");
    assert_int_equal(run("visit", "start", "WO-1"), 0);
    assert_int_equal(run_json("visit", "part", "WO-1", "P-001", "1"), 1);
    assert_error("NOT_FOUND", "--from LOCATION");
    assert_int_equal(run_json("visit", "sign", "WO-1", "--signer", "x", "--strokes", strokes_file),
                     1);
    assert_error("INVALID", "visit work");
    assert_int_equal(run_json("visit", "finish", "WO-1"), 1);
    assert_error("INVALID", "--unsigned");
    assert_int_equal(run_json("visit", "result", "WO-1", "great"), 1);
    assert_error("INVALID", "follow_up");
    assert_int_equal(run_json("visit", "attach", "WO-1", in_home("missing.jpg")), 1);
    assert_error("NOT_FOUND", "missing.jpg");
    assert_int_equal(
        run_json("visit", "sign", "WO-1", "--signer", "x", "--strokes", in_home("missing.json")),
        1);
    assert_error("NOT_FOUND", "missing.json");
}

static void a_second_signature_is_refused(void **state)
{
    (void)state;
    work();
    const char *number = sign();
    assert_int_equal(run_json("visit", "sign", "WO-1", "--signer", "x", "--strokes", strokes_file),
                     1);
    assert_error("EXISTS", number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(a_visit_from_start_to_end),
        VISIT_COMMAND_TEST(a_file_with_a_visit),
        VISIT_COMMAND_TEST(open_visits_are_listed),
        VISIT_COMMAND_TEST(wrong_use_is_usage),
        VISIT_COMMAND_TEST(refusals_say_what_to_do),
        VISIT_COMMAND_TEST(a_second_signature_is_refused),
    };
    return RUN_COMMAND_TESTS(tests);
}
