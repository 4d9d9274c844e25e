/* Tests of lists of choices. */
#include "shared/domain/choices.h"

#include "tests/unit/shared_domain/toy.h"

static void counts_names(void **state)
{
    (void)state;
    assert_int_equal(cs_choices_count(NULL), 0);
    assert_int_equal(cs_choices_count(""), 0);
    assert_int_equal(cs_choices_count("one"), 1);
    assert_int_equal(cs_choices_count("one|two|three"), 3);
    assert_int_equal(cs_choices_count("一|二"), 2);
}

static void empty_parts_count(void **state)
{
    (void)state;
    /* So that a forgotten name is noticed by the registry check. */
    assert_int_equal(cs_choices_count("one||three"), 3);
    assert_int_equal(cs_choices_at("one||three", 1).size, 0);
    assert_int_equal(cs_choices_count("one|"), 2);
}

static void gives_names_by_index(void **state)
{
    (void)state;
    assert_true(cs_bytes_equal_text(cs_choices_at("one|two|three", 0), "one"));
    assert_true(cs_bytes_equal_text(cs_choices_at("one|two|three", 1), "two"));
    assert_true(cs_bytes_equal_text(cs_choices_at("one|two|three", 2), "three"));
    assert_int_equal(cs_choices_at("one|two|three", 3).size, 0);
    assert_int_equal(cs_choices_at(NULL, 0).size, 0);
}

static void finds_whole_names_only(void **state)
{
    (void)state;
    const char *choices = "on|on_site|finished";
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("on")), 0);
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("on_site")), 1);
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("finished")), 2);
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("on_")), -1);
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("ON")), -1);
    assert_int_equal(cs_choices_find(choices, cs_bytes_of_text("on|on_site")), -1);
    assert_int_equal(cs_choices_find(choices, CS_BYTES_NONE), -1);
    assert_int_equal(cs_choices_find("one||two", CS_BYTES_NONE), -1);
    assert_int_equal(cs_choices_find(NULL, cs_bytes_of_text("on")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_names),
        cmocka_unit_test(empty_parts_count),
        cmocka_unit_test(gives_names_by_index),
        cmocka_unit_test(finds_whole_names_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
