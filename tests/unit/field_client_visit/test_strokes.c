/* Strokes of a signature: what is accepted and what is refused. */
#include "tests/support/testing.h"

#include "field-client/visit/strokes.h"
#include "shared/base/memory.h"

#include <stdlib.h>
#include <string.h>

static enum cs_status check(const char *text, struct cs_strokes_summary *out,
                            struct cs_problem *problem)
{
    return cs_strokes_check(cs_bytes_of_text(text), out, problem);
}

static void accepts_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t strokes, points;
    } cases[] = {
        {"[[[1,2],[3,4]]]", 1, 2},
        {"[[[1,2]],[[3,4]]]", 2, 2},
        {" [ [ [1.5,-2.25],[0.1e2,4] ] ] ", 1, 2},
        {"[[[1,2,1000],[3,4,1016,0.5]]]", 1, 2},
        {"[[{\"x\":1,\"y\":2},{\"x\":1.5,\"y\":-2,\"time\":5,\"pressure\":0.3}]]", 1, 2},
        {"[{\"penColor\":\"black\",\"points\":[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}]}]", 1, 2},
        {"[{\"points\":[[1,2]]},[[3,4],[5,6]]]", 2, 3},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_strokes_summary out = {0, 0};
        struct cs_problem problem = {""};
        if (check(cases[i].text, &out, &problem) != CS_OK) {
            fail_msg("%s: %s", cases[i].text, problem.text);
        }
        assert_int_equal(out.stroke_count, cases[i].strokes);
        assert_int_equal(out.point_count, cases[i].points);
    }
    assert_ok(check(cases[0].text, NULL, NULL));
}

static void refuses_anything_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "not valid JSON"},
        {"{", "not valid JSON"},
        {"[[[1,2],[3,4]]] x", "not valid JSON"},
        {"[[[1,1e999],[3,4]]]", "not valid JSON"},
        {"[]", "at least one"},
        {"{}", "JSON array of strokes"},
        {"{\"points\":[[1,2],[3,4]]}", "JSON array of strokes"},
        {"\"strokes\"", "JSON array of strokes"},
        {"7", "JSON array of strokes"},
        {"null", "JSON array of strokes"},
        {"[[]]", "stroke 1 has no points"},
        {"[[[1,2],[3,4]],[]]", "stroke 2 has no points"},
        {"[7]", "stroke 1 has no points"},
        {"[{\"points\":[]}]", "stroke 1 has no points"},
        {"[{\"points\":\"12\"}]", "stroke 1 has no points"},
        {"[{\"x\":1,\"y\":2}]", "stroke 1, point 1"},
        {"[[[1,2],[3]]]", "stroke 1, point 2"},
        {"[[[1,2],[1,2,3,4,5]]]", "stroke 1, point 2"},
        {"[[[1,2],[\"1\",2]]]", "stroke 1, point 2"},
        {"[[[1,2],[null,2]]]", "stroke 1, point 2"},
        {"[[[1,2],[true,2]]]", "stroke 1, point 2"},
        {"[[[1,2],[[1],2]]]", "stroke 1, point 2"},
        {"[[[1,2],[[],2]]]", "stroke 1, point 2"},
        {"[[[1,2],{\"x\":1}]]", "stroke 1, point 2"},
        {"[[[1,2],{\"x\":1,\"y\":\"2\"}]]", "stroke 1, point 2"},
        {"[[1,2],[3,4]]", "stroke 1, point 1"},
        {"[[[1,2]]]", "a single point"},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_strokes_summary out = {99, 99};
        struct cs_problem problem = {""};
        assert_status(check(cases[i].text, &out, &problem), CS_INVALID);
        if (strstr(problem.text, cases[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, problem.text, cases[i].says);
        }
        assert_int_equal(out.stroke_count, 99);
    }
}

/* The largest that is accepted, and one byte more. */
static void size_is_bounded(void **state)
{
    (void)state;
    static const char strokes[] = "[[[1,2],[3,4]]]";
    char *text = malloc(CS_STROKES_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', CS_STROKES_MAX + 1);
    memcpy(text, strokes, sizeof strokes - 1);
    struct cs_problem problem = {""};
    assert_ok(cs_strokes_check(cs_bytes_make(text, CS_STROKES_MAX), NULL, &problem));
    assert_status(cs_strokes_check(cs_bytes_make(text, CS_STROKES_MAX + 1), NULL, &problem),
                  CS_TOO_LARGE);
    assert_non_null(strstr(problem.text, "131073"));
    free(text);
}

static void survives_running_out_of_memory(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long n = 0;
    for (; status != CS_OK && n < 10000; n++) {
        struct cs_strokes_summary out = {99, 99};
        cs_memory_fail_after(n);
        status = check("[[[1.5,2],{\"x\":3,\"y\":4.25}]]", &out, NULL);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(out.point_count, 99);
        }
    }
    assert_ok(status);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_form),
        cmocka_unit_test(refuses_anything_else),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
