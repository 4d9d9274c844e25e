/* Tests of how wrong values are reported. */
#include "shared/domain/value_problem.h"

#include "shared/base/text.h"
#include "tests/unit/shared_domain/toy.h"

static void assert_refusal(enum toy_field field, struct cs_value value, const char *text)
{
    struct toy toy;
    toy_init(&toy);
    struct cs_problem problem = {""};
    assert_int_equal(cs_value_refuse(&toy.entities[TOY_ITEM], &toy.item[field], &value, &problem),
                     CS_INVALID);
    assert_string_equal(problem.text, text);
    assert_int_equal(cs_value_refuse(&toy.entities[TOY_ITEM], &toy.item[field], &value, NULL),
                     CS_INVALID);
}

static void every_type_says_what_it_expects(void **state)
{
    (void)state;
    const struct cs_value no = cs_value_text(cs_bytes_of_text("no"));
    assert_refusal(TOY_NAME, no, "item.name: \"no\" is not text in UTF-8 without NUL");
    assert_refusal(TOY_COUNT, no, "item.count: \"no\" is not a whole number from -5 to 20");
    assert_refusal(TOY_LATITUDE, no, "item.latitude: \"no\" is not a whole number");
    assert_refusal(TOY_PRICE, no, "item.price: \"no\" is not a whole number of cents");
    assert_refusal(TOY_DONE, no, "item.done: \"no\" is not true or false");
    assert_refusal(TOY_DAY, no, "item.day: \"no\" is not a date such as 2026-11-23");
    assert_refusal(TOY_STARTED, no,
                   "item.started: \"no\" is not a time such as 2026-11-23T09:05:07+08:00");
    assert_refusal(TOY_STATUS, no, "item.status: \"no\" is not one of draft, sent");
    assert_refusal(TOY_KEEPER, no, "item.keeper: \"no\" is not the id of a person");
    assert_refusal(TOY_DIGEST, no, "item.digest: \"no\" is not bytes in hexadecimal");
}

static void every_kind_is_shown(void **state)
{
    (void)state;
    assert_refusal(TOY_DONE, CS_NULL, "item.done: no value is not true or false");
    assert_refusal(TOY_DONE, cs_value_integer(INT64_MIN),
                   "item.done: -9223372036854775808 is not true or false");
    assert_refusal(TOY_DONE, cs_value_text(cs_bytes_of_text("是的")),
                   "item.done: \"是的\" is not true or false");
    /* What is in them may be a secret, and would not be readable. */
    assert_refusal(TOY_DONE, cs_value_bytes(cs_bytes_of_text("xyz")),
                   "item.done: a value of 3 bytes is not true or false");
}

static void the_longest_problem_fits(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    char choices[1024];
    memset(choices, 'x', sizeof choices - 1);
    choices[sizeof choices - 1] = '\0';
    char value[1024];
    memset(value, 'y', sizeof value);
    toy.item[TOY_STATUS].choices = choices;
    const struct cs_value wrong = cs_value_text(cs_bytes_make(value, sizeof value));
    struct cs_problem problem = {""};
    assert_int_equal(
        cs_value_refuse(&toy.entities[TOY_ITEM], &toy.item[TOY_STATUS], &wrong, &problem),
        CS_INVALID);
    assert_problem(&problem, "item.status: \"yyyy");
    assert_problem(&problem, "…\" is not one of xxxx");
    assert_true(cs_utf8_valid(cs_bytes_of_text(problem.text)));
}

static void sizes_follow_the_type(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(cs_field_size_max(&toy.item[TOY_NAME]), 10);
    assert_int_equal(cs_field_size_max(&toy.item[TOY_FIRST]), 255);
    assert_int_equal(cs_field_size_max(&toy.item[TOY_DIGEST]), 64);
    toy.item[TOY_DIGEST].size_max = 1000;
    assert_int_equal(cs_field_size_max(&toy.item[TOY_DIGEST]), 1000);
    assert_int_equal(cs_field_size_max(&toy.item[TOY_KEEPER]), CS_ID_SIZE);
}

static void sizes_are_reported(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_problem problem = {""};
    assert_int_equal(
        cs_value_refuse_size(&toy.entities[TOY_ITEM], &toy.item[TOY_DIGEST], 70, &problem),
        CS_TOO_LARGE);
    assert_string_equal(problem.text, "item.digest: 70 bytes are more than the 64 allowed");
    assert_int_equal(cs_value_refuse_size(&toy.entities[TOY_ITEM], &toy.item[TOY_DIGEST], 70, NULL),
                     CS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_says_what_it_expects),
        cmocka_unit_test(every_kind_is_shown),
        cmocka_unit_test(the_longest_problem_fits),
        cmocka_unit_test(sizes_follow_the_type),
        cmocka_unit_test(sizes_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
