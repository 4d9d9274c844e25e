/* UTF-8, hexadecimal, base64url, decimal numbers. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <string.h>

static void well_formed_utf8_is_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "plain",
        "服务回执单",
        "\u00e9",
        "\xc2\x80",
        "\xdf\xbf",
        "\u0800",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        assert_true(cs_utf8_valid(cs_bytes_of_text(texts[i])));
    }
}

static void malformed_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x80",             /* continuation alone */
        "\xc0\x80",         /* over-long NUL */
        "\xc1\xbf",         /* over-long */
        "\xe0\x9f\xbf",     /* over-long */
        "\xf0\x8f\xbf\xbf", /* over-long */
        "\xed\xa0\x80",     /* surrogate */
        "\xed\xbf\xbf",     /* surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3",
        "\xe6\x9c",
        "\xf0\x9f\x98",
        "\xc3(",
        "ok\xe6\x9c",
        "\xe6(\xa0",
    };
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        assert_false(cs_utf8_valid(cs_bytes_of_text(texts[i])));
    }
    assert_false(cs_utf8_valid(cs_bytes_make("a\0b", 3)));
}

static void cutting_never_splits_a_character(void **state)
{
    (void)state;
    const char *text = "a\u00e9\u670d\U0001f600z"; /* starts at 0, 1, 3, 6, 10; ends at 11 */
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t size = 0; size < CS_COUNT(expected); size++) {
        assert_int_equal(cs_utf8_cut(text, size), expected[size]);
    }
    /* A text that was cut already: its last, incomplete character goes. */
    assert_int_equal(cs_utf8_cut("ab\xe6\x9c", 4), 2);
    assert_int_equal(cs_utf8_cut("\x80\x80\x80\x80\x80", 5), 5);
}

static void wide_characters_take_two_columns(void **state)
{
    (void)state;
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("")), 0);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("abc")), 3);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("服务回执单")), 10);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("e\u0301")), 1);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("\uff08\uff09")), 4);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("\u00e9")), 1);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("\U0001f600")), 2);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("\U00020000")), 2);
    assert_int_equal(cs_utf8_columns(cs_bytes_of_text("a\xff\xe6")), 3);
}

static void hexadecimal_round_trips(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x09, 0xaf, 0xff};
    char text[2 * sizeof bytes + 1];
    cs_hex_encode(cs_bytes_of_array(bytes), text);
    assert_string_equal(text, "0009afff");
    uint8_t back[sizeof bytes];
    assert_ok(cs_hex_decode(cs_bytes_of_text("0009AFff"), back, sizeof back));
    assert_memory_equal(back, bytes, sizeof bytes);
    cs_hex_encode(CS_BYTES_NONE, text);
    assert_string_equal(text, "");
    assert_ok(cs_hex_decode(CS_BYTES_NONE, back, 0));
}

static void other_hexadecimal_is_refused_without_output(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "00", "000", "00000", "000g", "00 0", "-001", "00@0"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        uint8_t out[2] = {7, 7};
        assert_status(cs_hex_decode(cs_bytes_of_text(texts[i]), out, sizeof out), CS_INVALID);
        assert_hex(cs_bytes_of_array(out), "0707");
    }
    uint8_t out[1];
    assert_status(cs_hex_decode(cs_bytes_of_text("00"), out, SIZE_MAX / 2 + 2), CS_INVALID);
}

static void base64url_matches_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        const char *encoded;
    } cases[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_buffer buffer;
        cs_buffer_init(&buffer, 100);
        cs_base64url_encode(cs_bytes_of_text(cases[i].plain), &buffer);
        assert_string_equal(cs_buffer_text(&buffer), cases[i].encoded);
        cs_buffer_clear(&buffer);
        assert_ok(cs_base64url_decode(cs_bytes_of_text(cases[i].encoded), &buffer));
        assert_string_equal(cs_buffer_text(&buffer), cases[i].plain);
        cs_buffer_release(&buffer);
    }
}

static void base64url_skips_white_space_only(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100);
    assert_ok(cs_base64url_decode(cs_bytes_of_text(" Zm9\r\n\tvYg \n"), &buffer));
    assert_string_equal(cs_buffer_text(&buffer), "foob");
    static const char *const texts[] = {"Zg==", "Z",    "Zm9vY", "Zh",  "Zm9",
                                        "Zm9+", "Zm9/", "Zm9v.", "\xe6"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        assert_status(cs_base64url_decode(cs_bytes_of_text(texts[i]), &buffer), CS_MALFORMED);
        assert_string_equal(cs_buffer_text(&buffer), "foob");
    }
    cs_buffer_release(&buffer);
    cs_buffer_init(&buffer, 2);
    assert_status(cs_base64url_decode(cs_bytes_of_text("Zm9v"), &buffer), CS_LIMIT);
    assert_int_equal(buffer.size, 0);
    cs_buffer_release(&buffer);
}

static void base64url_without_memory_says_so(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100);
    cs_memory_fail_after(0);
    enum cs_status status = cs_base64url_decode(cs_bytes_of_text("Zm9v"), &buffer);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    cs_buffer_release(&buffer);
}

static void decimal_numbers_fill_int64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {{"0", 0},
                 {"-0", 0},
                 {"007", 7},
                 {"42", 42},
                 {"-42", -42},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        int64_t value = 1;
        assert_ok(cs_integer_parse(cs_bytes_of_text(cases[i].text), &value));
        assert_true(value == cases[i].value);
    }
}

static void other_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x1",
                                        "--1",
                                        "1-",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "92233720368547758070",
                                        "18446744073709551616",
                                        "99999999999999999999999999"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        int64_t value = 77;
        assert_status(cs_integer_parse(cs_bytes_of_text(texts[i]), &value), CS_INVALID);
        assert_int_equal(value, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_accepted),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(cutting_never_splits_a_character),
        cmocka_unit_test(wide_characters_take_two_columns),
        cmocka_unit_test(hexadecimal_round_trips),
        cmocka_unit_test(other_hexadecimal_is_refused_without_output),
        cmocka_unit_test(base64url_matches_the_rfc),
        cmocka_unit_test(base64url_skips_white_space_only),
        cmocka_unit_test(base64url_without_memory_says_so),
        cmocka_unit_test(decimal_numbers_fill_int64),
        cmocka_unit_test(other_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
