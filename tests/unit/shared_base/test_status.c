/* The table of status codes. */
#include "tests/support/testing.h"

#include "shared/base/text.h"

#include <string.h>

static void every_status_has_a_name_a_text_and_a_class(void **state)
{
    (void)state;
    for (int i = 0; i < CS_STATUS_COUNT; i++) {
        enum cs_status status = (enum cs_status)i;
        assert_true(strlen(cs_status_name(status)) > 1);
        assert_true(strlen(cs_status_text(status)) > 1);
        assert_int_equal(cs_status_class(status) == CS_CLASS_NONE, status == CS_OK);
        enum cs_status back = CS_STATUS_COUNT;
        assert_true(cs_status_from_name(cs_status_name(status), &back));
        assert_int_equal(back, status);
    }
    assert_int_equal(CS_OK, 0);
    assert_string_equal(cs_status_name(CS_DISK_FULL), "DISK_FULL");
    assert_int_equal(cs_status_class(CS_GAP), CS_CLASS_LATER);
}

static void unknown_names_are_refused(void **state)
{
    (void)state;
    enum cs_status status = CS_GAP;
    assert_false(cs_status_from_name("", &status));
    assert_false(cs_status_from_name("ok", &status));
    assert_false(cs_status_from_name("CS_OK", &status));
    assert_int_equal(status, CS_GAP);
}

static void a_problem_carries_text_and_returns_the_status(void **state)
{
    (void)state;
    struct cs_problem problem;
    assert_status(cs_problem_set(&problem, CS_INVALID, "field %s: %d", "name", 3), CS_INVALID);
    assert_string_equal(problem.text, "field name: 3");
    assert_status(cs_problem_set(NULL, CS_IO, "nobody listens"), CS_IO);
}

static void long_problems_are_cut_between_characters(void **state)
{
    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        char text[CS_PROBLEM_TEXT_MAX * 2] = "aa";
        for (size_t at = (size_t)shift; at + 4 < sizeof text; at += 3) {
            memcpy(text + at, "\u670d", 4);
        }
        struct cs_problem problem;
        assert_status(cs_problem_set(&problem, CS_LIMIT, "%s", text), CS_LIMIT);
        size_t size = strlen(problem.text);
        assert_in_range(size, CS_PROBLEM_TEXT_MAX - 4, CS_PROBLEM_TEXT_MAX - 1);
        assert_true(cs_utf8_valid(cs_bytes_of_text(problem.text)));
        assert_memory_equal(problem.text, text, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_a_text_and_a_class),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(a_problem_carries_text_and_returns_the_status),
        cmocka_unit_test(long_problems_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
