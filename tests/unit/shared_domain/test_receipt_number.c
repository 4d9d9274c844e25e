/* Numbers of receipts: written in one way only. */
#include "shared/domain/receipt_number.h"

#include "tests/support/testing.h"

#include <string.h>

static void a_number_is_written_and_read(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{1, "7KQ3-000001"},
                 {999999, "7KQ3-999999"},
                 {1000000, "7KQ3-1000000"},
                 {CS_RECEIPT_NUMBER_LAST, "7KQ3-999999999"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        char text[CS_RECEIPT_NUMBER_TEXT_MAX];
        size_t size = 0;
        struct cs_receipt_number number;
        assert_true(
            cs_receipt_number_format(cs_bytes_of_text("7KQ3"), cases[i].number, text, &size));
        assert_string_equal(text, cases[i].text);
        assert_int_equal(size, strlen(text));
        assert_true(cs_receipt_number_parse(cs_bytes_make(text, size), &number));
        assert_int_equal(number.number, cases[i].number);
        assert_true(cs_bytes_equal_text(number.prefix, "7KQ3"));
    }
    assert_int_equal(cs_receipt_number_digits(1), 6);
    assert_int_equal(cs_receipt_number_digits(1000000), 7);
}

static void other_texts_are_no_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "-",
        "000001",
        "-000001",
        "A-00001",
        "A-000000",
        "A-0000001",
        "A-1000000000",
        "A-00000x",
        "A000001",
        "A-000001 ",
        "A- 00001",
        "A-0000000000001",
        "0123456789012345678901234567890123-000001",
    };
    struct cs_receipt_number number;
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        if (cs_receipt_number_parse(cs_bytes_of_text(texts[i]), &number)) {
            fail_msg("\"%s\" is no number", texts[i]);
        }
    }
    /* A prefix may hold hyphens: the last one counts. */
    assert_true(cs_receipt_number_parse(cs_bytes_of_text("A-B-000007"), &number));
    assert_true(cs_bytes_equal_text(number.prefix, "A-B"));
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    char text[CS_RECEIPT_NUMBER_TEXT_MAX] = "untouched";
    size_t size = 77;
    assert_false(cs_receipt_number_format(CS_BYTES_NONE, 1, text, &size));
    assert_false(cs_receipt_number_format(cs_bytes_of_text("A"), 0, text, &size));
    assert_false(
        cs_receipt_number_format(cs_bytes_of_text("A"), CS_RECEIPT_NUMBER_LAST + 1, text, &size));
    assert_false(cs_receipt_number_format(cs_bytes_of_text("012345678901234567890123456789012"), 1,
                                          text, &size));
    assert_string_equal(text, "untouched");
    assert_int_equal(size, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_written_and_read),
        cmocka_unit_test(other_texts_are_no_numbers),
        cmocka_unit_test(what_cannot_be_written_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
