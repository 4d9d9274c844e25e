/* Values of fields. */
#include "tests/support/testing.h"

#include "shared/base/value.h"

static void values_are_equal_by_kind_and_content(void **state)
{
    (void)state;
    const struct cs_value values[] = {
        CS_NULL,
        cs_value_integer(0),
        cs_value_integer(-1),
        cs_value_text(cs_bytes_of_text("")),
        cs_value_text(cs_bytes_of_text("a")),
        cs_value_bytes(cs_bytes_of_text("")),
        cs_value_bytes(cs_bytes_of_text("a")),
        cs_value_bytes(cs_bytes_of_text("ab")),
    };
    for (size_t i = 0; i < CS_COUNT(values); i++) {
        for (size_t j = 0; j < CS_COUNT(values); j++) {
            assert_int_equal(cs_value_equal(&values[i], &values[j]), i == j);
        }
    }
}

static void values_carry_what_they_were_given(void **state)
{
    (void)state;
    struct cs_value number = cs_value_integer(INT64_MIN);
    assert_int_equal(number.kind, CS_VALUE_INTEGER);
    assert_true(number.integer == INT64_MIN);
    struct cs_value text = cs_value_text(cs_bytes_of_text("x"));
    assert_int_equal(text.kind, CS_VALUE_TEXT);
    assert_true(cs_bytes_equal_text(text.bytes, "x"));
    struct cs_value bytes = cs_value_bytes(cs_bytes_make("\0y", 2));
    assert_int_equal(bytes.kind, CS_VALUE_BYTES);
    assert_hex(bytes.bytes, "0079");
    assert_int_equal(CS_NULL.kind, CS_VALUE_NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_equal_by_kind_and_content),
        cmocka_unit_test(values_carry_what_they_were_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
