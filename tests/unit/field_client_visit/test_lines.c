/* Lines for people. */
#include "shared/base/memory.h"
#include "tests/support/testing.h"

#include "field-client/visit/lines.h"

#include <string.h>

static void keeps_lines_in_order(void **state)
{
    (void)state;
    struct cs_lines lines;
    cs_lines_init(&lines);
    assert_int_equal(lines.count, 0);
    cs_lines_add(&lines, "first %d", 1);
    cs_lines_add(&lines, "%s", "");
    cs_lines_add(&lines, "第三");
    assert_int_equal(lines.count, 3);
    assert_string_equal(cs_lines_at(&lines, 0), "first 1");
    assert_string_equal(cs_lines_at(&lines, 1), "");
    assert_string_equal(cs_lines_at(&lines, 2), "第三");
    cs_lines_release(&lines);
    assert_int_equal(lines.count, 0);
}

static void quotes_as_one_line(void **state)
{
    (void)state;
    struct cs_lines lines;
    cs_lines_init(&lines);
    cs_lines_put(&lines, "note: ");
    cs_lines_put_quoted(&lines, cs_bytes_make("a\nb\x1b[1m\x00z\x7f", 10));
    cs_lines_end(&lines);
    assert_int_equal(lines.count, 1);
    assert_string_equal(cs_lines_at(&lines, 0), "note: “a\\nb?[1m?z?”");
    cs_lines_release(&lines);
}

static void warnings_may_be_declined(void **state)
{
    (void)state;
    cs_lines_add(NULL, "nobody reads this");
    struct cs_lines lines;
    cs_lines_init(&lines);
    char text[2000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    cs_lines_add(&lines, "%s", text);
    assert_int_equal(strlen(cs_lines_at(&lines, 0)), CS_PROBLEM_TEXT_MAX - 1);
    cs_lines_release(&lines);
}

static void running_out_of_memory_is_kept(void **state)
{
    (void)state;
    struct cs_lines lines;
    cs_lines_init(&lines);
    cs_memory_fail_after(0);
    cs_lines_add(&lines, "lost");
    cs_memory_fail_after(-1);
    assert_status(lines.text.status, CS_NO_MEMORY);
    assert_int_equal(lines.count, 0);
    cs_lines_release(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_lines_in_order),
        cmocka_unit_test(quotes_as_one_line),
        cmocka_unit_test(warnings_may_be_declined),
        cmocka_unit_test(running_out_of_memory_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
