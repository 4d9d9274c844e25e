/* A helper's answer: exactly one word that belongs to the question, and nothing else. */
#include "field-client/rotation/answer.h"

#include "tests/support/testing.h"

static enum cs_rotation_answer parse(enum cs_rotation_operation operation, const char *output)
{
    return cs_rotation_answer_parse(operation, cs_bytes_of_text(output));
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(parse(CS_ROTATION_APPLY, "applied\n"), CS_ROTATION_APPLIED);
    assert_int_equal(parse(CS_ROTATION_APPLY, "failed\n"), CS_ROTATION_FAILED);
    assert_int_equal(parse(CS_ROTATION_APPLY, "unknown\n"), CS_ROTATION_UNKNOWN);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "old\n"), CS_ROTATION_OLD);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "new\n"), CS_ROTATION_NEW);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "both\n"), CS_ROTATION_BOTH);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "neither\n"), CS_ROTATION_NEITHER);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "unknown\n"), CS_ROTATION_UNKNOWN);
    for (int i = CS_ROTATION_UNKNOWN; i <= CS_ROTATION_NEITHER; i++) {
        assert_string_not_equal(cs_rotation_answer_text((enum cs_rotation_answer)i), "");
    }
}

static void test_everything_else_is_unknown(void **state)
{
    (void)state;
    static const char *const outputs[] = {
        "",           "\n",         "applied",     " applied\n",
        "applied \n", "Applied\n",  "applied\r\n", "applied\n\n",
        "old\n",      "applied\nx", "new\n",       "appliedapplied\n"};
    for (size_t i = 0; i < CS_COUNT(outputs); i++) {
        assert_int_equal(parse(CS_ROTATION_APPLY, outputs[i]), CS_ROTATION_UNKNOWN);
    }
    assert_int_equal(parse(CS_ROTATION_VERIFY, "applied\n"), CS_ROTATION_UNKNOWN);
    assert_int_equal(parse(CS_ROTATION_VERIFY, "failed\n"), CS_ROTATION_UNKNOWN);
    assert_int_equal(cs_rotation_answer_parse(CS_ROTATION_APPLY, cs_bytes_make("applied\0\n", 9)),
                     CS_ROTATION_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_everything_else_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
