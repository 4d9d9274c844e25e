/* draft: kept, read again, dropped, within limits; nothing of it is sent. */
#include "field-client/replica/drafts.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#include <fcntl.h>
#include <unistd.h>

/* The next command's standard input. */
static void type_in(const char *text, size_t size)
{
    int ends[2];
    assert_true(size <= 4096);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, size), (int)size);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(ends[0]), 0);
}

static int put(const char *key, const char *text)
{
    type_in(text, strlen(text));
    return run_json("draft", "put", key);
}

static void a_draft_comes_back(void **state)
{
    (void)state;
    assert_int_equal(put("visit/WO-1", "{\"fault\": \"读卡器\"}"), 0);
    assert_int_equal(json_integer(commands.json, "bytes"), 22);
    assert_int_equal(run_json("draft", "get", "visit/WO-1"), 0);
    assert_string_equal(json_text(cs_json_get(commands.json, "draft"), "fault"), "读卡器");
    assert_has(json_text(commands.json, "changed_at"), "T");
    assert_int_equal(run("draft", "get", "visit/WO-1"), 0);
    assert_string_equal(commands.out, "{\"fault\": \"读卡器\"}\n");
    assert_int_equal(put("visit/WO-1", "[]"), 0);
    assert_int_equal(run("draft", "get", "visit/WO-1"), 0);
    assert_string_equal(commands.out, "[]\n");
    assert_int_equal(put("新客户", "{}"), 0);
    assert_int_equal(run_json("draft", "list"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "drafts")), 2);
    assert_int_equal(run("draft", "list"), 0);
    assert_has(commands.out, "新客户");
    assert_int_equal(run_json("draft", "drop", "visit/WO-1"), 0);
    assert_true(json_boolean(commands.json, "dropped"));
    assert_int_equal(run_json("draft", "drop", "visit/WO-1"), 0);
    assert_false(json_boolean(commands.json, "dropped"));
    assert_int_equal(run_json("draft", "get", "visit/WO-1"), 1);
    assert_error("NOT_FOUND", "no draft");
}

static void what_is_no_draft_is_refused(void **state)
{
    (void)state;
    char key[CS_DRAFT_KEY_MAX + 2];
    assert_int_equal(put("a", "{\"half"), 1);
    assert_error("INVALID", "JSON");
    assert_int_equal(put("a", ""), 1);
    assert_error("INVALID", "JSON");
    assert_int_equal(put("", "{}"), 1);
    assert_error("INVALID", "1 to 200 bytes");
    assert_int_equal(put("a\nb", "{}"), 1);
    assert_error("INVALID", "1 to 200 bytes");
    memset(key, 'k', sizeof key);
    key[CS_DRAFT_KEY_MAX + 1] = '\0';
    assert_int_equal(put(key, "{}"), 1);
    assert_error("INVALID", "1 to 200 bytes");
    key[CS_DRAFT_KEY_MAX] = '\0';
    assert_int_equal(put(key, "{}"), 0);
    assert_int_equal(run_json("draft", "put"), 2);
    assert_int_equal(run_json("draft", "keep", "a"), 2);
}

static void there_is_only_so_much_room(void **state)
{
    (void)state;
    struct cs_replica *replica = open_directly();
    struct cs_problem problem = {""};
    char *large = calloc(1, CS_DRAFT_SIZE_MAX + 1);
    assert_non_null(large);
    memset(large, ' ', CS_DRAFT_SIZE_MAX + 1);
    for (int i = 0; i < CS_DRAFTS_MAX; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        assert_ok(cs_draft_put(replica, T(key), T("{}"), &problem));
    }
    assert_status(cs_draft_put(replica, T("more"), T("{}"), &problem), CS_LIMIT);
    assert_non_null(strstr(problem.text, "drop some"));
    assert_ok(cs_draft_put(replica, T("7"), cs_bytes_make(large, CS_DRAFT_SIZE_MAX), &problem));
    assert_status(
        cs_draft_put(replica, T("7"), cs_bytes_make(large, CS_DRAFT_SIZE_MAX + 1), &problem),
        CS_TOO_LARGE);
    free(large);
    cs_replica_close(replica);
    int file = open(in_home("large"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(file, (off_t)CS_DRAFT_SIZE_MAX + 1), 0);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(run_json("draft", "put", "7"), 1);
    assert_error("LIMIT", "too large");
    assert_int_equal(close(file), 0);
    assert_int_equal(unlink(in_home("large")), 0);
}

/* Neither what waits nor the doctor knows of it. */
static void nothing_of_it_is_sent(void **state)
{
    (void)state;
    assert_int_equal(put("a", "{}"), 0);
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), 0);
    assert_int_equal(run_json("doctor"), 0);
    assert_true(json_boolean(commands.json, "sound"));
}

/* Who shows rows reads them again when the replica changed: not for what somebody types elsewhere. */
static void a_keystroke_is_no_news(void **state)
{
    (void)state;
    struct cs_replica *replica = open_directly();
    struct cs_problem problem = {""};
    bool dropped = false;
    uint64_t before = cs_replica_changes(replica);
    assert_ok(cs_draft_put(replica, T("a"), T("{}"), &problem));
    assert_ok(cs_draft_put(replica, T("a"), T("[]"), &problem));
    assert_ok(cs_draft_drop(replica, T("a"), &dropped));
    assert_true(dropped);
    assert_int_equal(cs_replica_changes(replica), before);
    cs_replica_close(replica);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(a_draft_comes_back),         COMMAND_TEST(what_is_no_draft_is_refused),
        COMMAND_TEST(there_is_only_so_much_room), COMMAND_TEST(nothing_of_it_is_sent),
        COMMAND_TEST(a_keystroke_is_no_news),
    };
    return RUN_COMMAND_TESTS(tests);
}
