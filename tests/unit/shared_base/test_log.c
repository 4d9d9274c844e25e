/* Structured log lines. */
#include "tests/support/testing.h"

#include "shared/base/log.h"
#include "shared/base/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct captured {
    struct cs_log log;
    char text[2000];
    size_t count;
    enum cs_log_level level;
};

static void capture(void *context, enum cs_log_level level, const char *text)
{
    struct captured *captured = context;
    captured->count++;
    captured->level = level;
    (void)snprintf(captured->text, sizeof captured->text, "%s", text);
}

static void start(struct captured *captured, enum cs_log_level level_min)
{
    *captured = (struct captured){.log = {captured, level_min, capture}};
}

static void a_line_is_one_json_object(void **state)
{
    (void)state;
    struct captured captured;
    start(&captured, CS_LOG_DEBUG);
    cs_log_event(&captured.log, CS_LOG_WARNING, "listening", CS_LOG_NUMBER("port", 8443),
                 CS_LOG_TEXT("status", "OK"), CS_LOG_NUMBER("low", INT64_MIN));
    assert_string_equal(captured.text,
                        "{\"level\":\"warning\",\"event\":\"listening\",\"port\":8443,"
                        "\"status\":\"OK\",\"low\":-9223372036854775808}");
    assert_int_equal(captured.level, CS_LOG_WARNING);
    cs_log_write(&captured.log, CS_LOG_INFO, "bare", NULL, 0);
    assert_string_equal(captured.text, "{\"level\":\"info\",\"event\":\"bare\"}");
}

static void lines_below_the_level_are_not_made(void **state)
{
    (void)state;
    struct captured captured;
    start(&captured, CS_LOG_WARNING);
    cs_log_write(&captured.log, CS_LOG_DEBUG, "x", NULL, 0);
    cs_log_write(&captured.log, CS_LOG_INFO, "x", NULL, 0);
    assert_int_equal(captured.count, 0);
    cs_log_write(&captured.log, CS_LOG_WARNING, "x", NULL, 0);
    cs_log_write(&captured.log, CS_LOG_ERROR, "x", NULL, 0);
    assert_int_equal(captured.count, 2);
    cs_log_write(NULL, CS_LOG_ERROR, "nobody listens", NULL, 0);
    assert_int_equal(captured.count, 2);
}

static void text_cannot_break_out_of_the_line(void **state)
{
    (void)state;
    struct captured captured;
    start(&captured, CS_LOG_DEBUG);
    cs_log_event(&captured.log, CS_LOG_INFO, "e\"v", CS_LOG_TEXT("k", "a\"b\\c\nd\x7f\u00e9"));
    assert_string_equal(captured.text,
                        "{\"level\":\"info\",\"event\":\"e\\\"v\",\"k\":\"a\\\"b\\\\c?d???\"}");
}

static void long_lines_end_at_a_field_boundary(void **state)
{
    (void)state;
    for (size_t size = 850; size < 1100; size++) {
        char text[1200];
        memset(text, 'x', size);
        text[size] = '\0';
        struct captured captured;
        start(&captured, CS_LOG_DEBUG);
        cs_log_event(&captured.log, CS_LOG_INFO, "e", CS_LOG_NUMBER("a", 1), CS_LOG_TEXT("b", text),
                     CS_LOG_NUMBER("c", 2));
        size_t line = strlen(captured.text);
        assert_in_range(line, 1, 1024);
        assert_int_equal(captured.text[line - 1], '}');
        bool whole = strstr(captured.text, "\"c\":2}") != NULL;
        bool without_c = strstr(captured.text, "xx\"}") != NULL;
        bool without_b = strstr(captured.text, "\"a\":1}") != NULL;
        assert_int_equal(whole + without_c + without_b, 1);
        /* {"level":"info","event":"e","a":1 has 33 bytes, ,"b":"" 7, ,"c":2 6, the brace 1. */
        assert_int_equal(whole, size + 33 + 7 + 6 + 1 <= 1024);
        assert_int_equal(without_b, size + 33 + 7 + 1 > 1024);
    }
}

static void a_very_long_event_still_gives_a_line(void **state)
{
    (void)state;
    char event[3000];
    memset(event, '"', sizeof event - 1);
    event[sizeof event - 1] = '\0';
    struct captured captured;
    start(&captured, CS_LOG_DEBUG);
    cs_log_event(&captured.log, CS_LOG_INFO, event, CS_LOG_NUMBER("a", 1));
    assert_string_equal(captured.text + strlen(captured.text) - 7, ",\"a\":1}");
}

static void logging_takes_no_memory(void **state)
{
    (void)state;
    struct captured captured;
    start(&captured, CS_LOG_DEBUG);
    cs_memory_fail_after(0);
    cs_log_event(&captured.log, CS_LOG_ERROR, "e", CS_LOG_NUMBER("a", 1));
    assert_int_equal(cs_memory_count(), 0);
    cs_memory_fail_after(-1);
    assert_int_equal(captured.count, 1);
}

static void the_standard_error_sink_adds_the_time(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    struct cs_log log;
    cs_log_to_stderr(&log, CS_LOG_INFO);
    cs_log_write(&log, CS_LOG_DEBUG, "hidden", NULL, 0);
    cs_log_write(&log, CS_LOG_INFO, "shown", NULL, 0);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    char line[200] = "";
    assert_non_null(fgets(line, sizeof line, file));
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_non_null(strstr(line, "Z\",\"level\":\"info\",\"event\":\"shown\"}\n"));
    assert_null(fgets(line, sizeof line, file));
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_json_object),
        cmocka_unit_test(lines_below_the_level_are_not_made),
        cmocka_unit_test(text_cannot_break_out_of_the_line),
        cmocka_unit_test(long_lines_end_at_a_field_boundary),
        cmocka_unit_test(a_very_long_event_still_gives_a_line),
        cmocka_unit_test(logging_takes_no_memory),
        cmocka_unit_test(the_standard_error_sink_adds_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
