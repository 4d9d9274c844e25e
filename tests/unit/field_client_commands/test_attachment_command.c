/* attachment list and drop: files whose records were refused, were put aside, or are the server's too. */
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

#define CONTENT "what the photo shows"

static char id[64]; /* of the attachment */

static void attach(void)
{
    work();
    write_text(in_home("photo.jpg"), CONTENT);
    assert_int_equal(run_json("visit", "attach", "WO-1", in_home("photo.jpg")), 0);
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
}

static void execute(const char *sql)
{
    struct cs_replica *replica = open_directly();
    assert_ok(cs_database_execute(cs_replica_database(replica), sql));
    cs_replica_close(replica);
}

/* Makes the last transaction refused, as an answer of the server would: off the view, kept in the list. */
static void refuse_last(void)
{
    execute("UPDATE _pending SET state = 3, refusal_status = 'MISSING_REFERENCE', refusal_text = "
            "'no such visit', refusal_operation = 0, refusal_field = 'visit' WHERE counter = "
            "(SELECT max(counter) FROM _pending);"
            "DELETE FROM _overlay WHERE counter = (SELECT max(counter) FROM _pending);"
            "DELETE FROM attachment");
}

static int64_t refusal_number(void)
{
    assert_int_equal(run_json("refusals"), 0);
    return json_integer(cs_json_at(cs_json_get(commands.json, "refusals"), 0), "number");
}

static int64_t waiting_files(void)
{
    assert_int_equal(run_json("attachment", "status"), 0);
    return json_integer(commands.json, "to_send");
}

static void assert_listed(const char *left)
{
    assert_int_equal(run_json("attachment", "list"), 0);
    const struct cs_json *rows = cs_json_get(commands.json, "rows");
    assert_int_equal(cs_json_count(rows), 1);
    assert_string_equal(json_text(cs_json_at(rows, 0), "id"), id);
    assert_string_equal(json_text(cs_json_at(rows, 0), "left"), left);
    assert_true(json_boolean(cs_json_at(rows, 0), "here"));
}

static void assert_saved(const char *name)
{
    char text[40] = "";
    FILE *file = fopen(in_home(name), "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), strlen(CONTENT));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, CONTENT);
}

static void a_refused_one_is_listed_and_stays(void **state)
{
    (void)state;
    attach();
    refuse_last();
    assert_int_equal(run("attachment", "list"), 0);
    assert_has(commands.out, "photo.jpg");
    assert_has(commands.out, "here alone: refused (#");
    assert_has(commands.out, "attachment drop");
    int64_t number = refusal_number();
    assert_listed("refused");
    const struct cs_json *row = cs_json_at(cs_json_get(commands.json, "rows"), 0);
    assert_int_equal(json_integer(row, "refusal"), number);
    assert_int_equal(json_integer(row, "size"), strlen(CONTENT));
    assert_int_equal(run("attachment", "drop", id), 1);
    assert_has(commands.err, "--export FILE saves it first, --yes removes it for good");
    assert_int_equal(waiting_files(), 1);
}

static void it_is_saved_and_then_goes(void **state)
{
    (void)state;
    attach();
    refuse_last();
    /* Where saving fails nothing is removed. */
    assert_int_equal(run("attachment", "drop", id, "--export", in_home("photo.jpg")), 1);
    assert_has(commands.err, "is there already");
    assert_int_equal(waiting_files(), 1);
    assert_int_equal(run_json("attachment", "drop", id, "--export", in_home("saved.jpg")), 0);
    assert_true(json_boolean(commands.json, "dropped"));
    assert_string_equal(json_text(commands.json, "file"), in_home("saved.jpg"));
    assert_saved("saved.jpg");
    assert_int_equal(waiting_files(), 0);
    assert_int_equal(run("attachment", "drop", id, "--yes"), 1);
    assert_has(commands.err, "there is no such attachment here");
}

static void a_yes_is_enough(void **state)
{
    (void)state;
    attach();
    refuse_last();
    assert_int_equal(run("attachment", "drop", id, "--yes"), 0);
    assert_string_equal(commands.out, "removed\n");
    assert_int_equal(waiting_files(), 0);
    assert_int_equal(run("attachment", "list"), 0);
    assert_has(commands.err, "there are no attachments");
}

/* Typed again, its record names the file that is still here. */
static void a_corrected_one_is_sent_after_all(void **state)
{
    char number[32];
    (void)state;
    attach();
    refuse_last();
    (void)snprintf(number, sizeof number, "%lld", (long long)refusal_number());
    assert_int_equal(run("refusals", "retry", number, "note=门禁"), 0);
    assert_int_equal(run("attachment", "list"), 0);
    assert_has(commands.out, "here, to be sent");
    assert_int_equal(run("attachment", "drop", id, "--yes"), 1);
    assert_has(commands.err, "it is sent with the next sync");
    assert_int_equal(waiting_files(), 1);
}

/* What was put aside keeps its values, and with them the key. */
static void of_a_dismissed_one_the_file_can_be_saved(void **state)
{
    char number[32];
    (void)state;
    attach();
    refuse_last();
    (void)snprintf(number, sizeof number, "%lld", (long long)refusal_number());
    assert_int_equal(run("refusals", "dismiss", number), 0);
    assert_listed("gone");
    assert_int_equal(run("attachment", "list"), 0);
    assert_has(commands.out, "here alone: its record is gone");
    assert_int_equal(run("attachment", "drop", id, "--export", in_home("saved.jpg")), 0);
    assert_saved("saved.jpg");
}

static void without_its_key_only_a_yes_helps(void **state)
{
    (void)state;
    attach();
    execute("DELETE FROM _overlay WHERE counter = (SELECT max(counter) FROM _pending);"
            "DELETE FROM _pending WHERE counter = (SELECT max(counter) FROM _pending);"
            "DELETE FROM attachment");
    assert_listed("gone");
    assert_int_equal(run("attachment", "drop", id, "--export", in_home("saved.jpg")), 1);
    assert_has(commands.err, "its key went with its record");
    assert_int_equal(waiting_files(), 1);
    assert_int_equal(run("attachment", "drop", id, "--yes"), 0);
    assert_int_equal(waiting_files(), 0);
}

static void what_the_server_has_goes_without_a_question(void **state)
{
    (void)state;
    attach();
    assert_int_equal(run("attachment", "drop", id, "--yes"), 1);
    assert_has(commands.err, "it is sent with the next sync");
    execute("UPDATE _attachment SET confirmed = 1");
    assert_int_equal(run("attachment", "drop", id), 0);
    assert_has(commands.out, "the server has it");
    assert_int_equal(run("attachment", "drop", id), 1);
    assert_has(commands.err, "this file is not on this laptop");
    assert_int_equal(run("attachment", "list"), 0);
    assert_has(commands.out, "on the server");
}

/* A stick carries records alone, and says what it leaves behind. */
static void a_bundle_says_that_files_are_not_in_it(void **state)
{
    (void)state;
    attach();
    assert_int_equal(run_json("bundle", "export", in_home("up.bundle")), 0);
    assert_int_equal(json_integer(commands.json, "files_left_out"), 1);
    assert_int_equal(run("bundle", "export", in_home("up.bundle")), 0);
    assert_has(commands.err, "1 files of visits are not in it");
    execute("UPDATE _attachment SET confirmed = 1");
    assert_int_equal(run("bundle", "export", in_home("up.bundle")), 0);
    assert_string_equal(commands.err, "");
}

static void wrong_use(void **state)
{
    (void)state;
    assert_int_equal(run("attachment", "drop"), 2);
    assert_int_equal(run("attachment", "drop", "0123abcd", "--export"), 2);
    assert_int_equal(run("attachment", "drop", "012", "--yes"), 1);
    assert_int_equal(run("attachment", "drop", "ffffffff", "--yes"), 1);
    assert_has(commands.err, "there is no such attachment here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(a_refused_one_is_listed_and_stays),
        VISIT_COMMAND_TEST(it_is_saved_and_then_goes),
        VISIT_COMMAND_TEST(a_yes_is_enough),
        VISIT_COMMAND_TEST(a_corrected_one_is_sent_after_all),
        VISIT_COMMAND_TEST(of_a_dismissed_one_the_file_can_be_saved),
        VISIT_COMMAND_TEST(without_its_key_only_a_yes_helps),
        VISIT_COMMAND_TEST(what_the_server_has_goes_without_a_question),
        VISIT_COMMAND_TEST(a_bundle_says_that_files_are_not_in_it),
        VISIT_COMMAND_TEST(wrong_use),
    };
    return RUN_COMMAND_TESTS(tests);
}
