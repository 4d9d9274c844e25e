/* Tests of the bounded CBOR layer: every type both ways, and everything outside the subset refused. */
#include "shared/wire/cbor.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct cs_buffer out;
static struct cs_cbor_reader reader;

static int set_up(void **state)
{
    (void)state;
    cs_buffer_init(&out, CS_MEBI);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_buffer_release(&out);
    return 0;
}

/* Starts reading what was written. */
static void read_back(void)
{
    assert_int_equal(out.status, CS_OK);
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
}

/* Starts reading bytes given as hexadecimal digits. */
static void read_hex(const char *hex)
{
    size_t size = strlen(hex) / 2;
    cs_buffer_clear(&out);
    if (size > 0) {
        uint8_t *place = cs_buffer_extend(&out, size);
        assert_non_null(place);
        assert_int_equal(cs_hex_decode(cs_bytes_of_text(hex), place, size), CS_OK);
    }
    read_back();
}

static void check_hex(const char *hex)
{
    char text[256];
    assert_int_equal(out.status, CS_OK);
    assert_true(2 * out.size < sizeof text);
    cs_hex_encode(cs_buffer_bytes(&out), text);
    assert_string_equal(text, hex);
    cs_buffer_clear(&out);
}

/* The examples of RFC 8949, appendix A, that are in the subset. */
static void test_written_forms_are_those_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *hex;
    } integers[] = {{0, "00"},
                    {23, "17"},
                    {24, "1818"},
                    {100, "1864"},
                    {1000, "1903e8"},
                    {1000000, "1a000f4240"},
                    {1000000000000, "1b000000e8d4a51000"},
                    {-1, "20"},
                    {-10, "29"},
                    {-100, "3863"},
                    {-1000, "3903e7"},
                    {INT64_MAX, "1b7fffffffffffffff"},
                    {INT64_MIN, "3b7fffffffffffffff"}};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        cs_cbor_put_integer(&out, integers[i].value);
        check_hex(integers[i].hex);
        read_hex(integers[i].hex);
        assert_int_equal(cs_cbor_take_integer(&reader), integers[i].value);
        assert_int_equal(cs_cbor_finish(&reader), CS_OK);
        cs_buffer_clear(&out);
    }
    cs_cbor_put_unsigned(&out, UINT64_MAX);
    check_hex("1bffffffffffffffff");
    cs_cbor_put_bytes(&out, cs_bytes_of_text("\1\2\3\4"));
    check_hex("4401020304");
    cs_cbor_put_text(&out, cs_bytes_of_text("IETF"));
    check_hex("6449455446");
    cs_cbor_put_text(&out, cs_bytes_of_text("水"));
    check_hex("63e6b0b4");
    cs_cbor_put_array(&out, 25);
    check_hex("9819");
    cs_cbor_put_null(&out);
    cs_cbor_put_boolean(&out, false);
    cs_cbor_put_boolean(&out, true);
    check_hex("f6f4f5");
}

static void test_a_mixed_sequence_comes_back(void **state)
{
    (void)state;
    uint8_t fixed[4];
    cs_cbor_put_array(&out, 7);
    cs_cbor_put_unsigned(&out, UINT64_MAX);
    cs_cbor_put_bytes(&out, CS_BYTES_NONE);
    cs_cbor_put_text(&out, cs_bytes_of_text("服务回执单"));
    cs_cbor_put_boolean(&out, true);
    cs_cbor_put_null(&out);
    cs_cbor_put_bytes(&out, cs_bytes_of_text("four"));
    cs_cbor_put_array(&out, 0);
    read_back();
    assert_int_equal(cs_cbor_enter_array(&reader, 7), 7);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_UNSIGNED);
    assert_true(cs_cbor_take_unsigned(&reader) == UINT64_MAX);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_BYTES);
    assert_int_equal(cs_cbor_take_bytes(&reader).size, 0);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_TEXT);
    assert_true(cs_bytes_equal_text(cs_cbor_take_text(&reader), "服务回执单"));
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_BOOLEAN);
    assert_true(cs_cbor_take_boolean(&reader));
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_NULL);
    cs_cbor_take_null(&reader);
    cs_cbor_take_fixed(&reader, fixed, sizeof fixed);
    assert_memory_equal(fixed, "four", 4);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_ARRAY);
    cs_cbor_enter_exact(&reader, 0);
    cs_cbor_leave(&reader);
    assert_int_equal(cs_cbor_finish(&reader), CS_MALFORMED); /* still inside */
    cs_cbor_leave(&reader);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_END);
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void test_values_come_back(void **state)
{
    (void)state;
    const struct cs_value values[] = {CS_NULL, cs_value_integer(-7),
                                      cs_value_text(cs_bytes_of_text("text")),
                                      cs_value_bytes(cs_bytes_of_text("bytes"))};
    for (size_t i = 0; i < 4; i++) {
        cs_cbor_put_value(&out, &values[i]);
    }
    read_back();
    for (size_t i = 0; i < 4; i++) {
        struct cs_value value = cs_cbor_take_value(&reader);
        assert_true(cs_value_equal(&value, &values[i]));
    }
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void check_value_refused(const char *hex, enum cs_status expected)
{
    read_hex(hex);
    struct cs_value value = cs_cbor_take_value(&reader);
    assert_int_equal(value.kind, CS_VALUE_NULL);
    assert_int_equal(reader.status, expected);
    assert_int_equal(cs_cbor_finish(&reader), expected);
}

static void test_everything_outside_the_subset_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "a0",   /* map */
        "c000", /* tag */
        "f7",   /* undefined */
        "f0",
        "f8ff",
        "f814", /* other simple values */
        "f90000",
        "fa00000000",
        "fb0000000000000000", /* floats */
        "5f4100ff",
        "7f6100ff",
        "9fff",
        "bfff",
        "ff", /* indefinite lengths, break */
        "1c",
        "1d",
        "1e",
        "1f", /* reserved */
        "1800",
        "1817",
        "190018",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff", /* too long forms */
        "3800",
        "3900ff",
        "580100",
        "780161",
        "5900ff",
        "9800",
        "1b8000000000000000",
        "3b8000000000000000",
        "3bffffffffffffffff", /* outside int64 */
        "61ff",
        "62c328",
        "63eda080",
        "6100", /* not text */
        "18",
        "19ff",
        "1a",
        "1b00",
        "41",
        "5818",
        "6261",
        "590001", /* cut */
        "f4",
        "f5",
        "80", /* no values */
        "",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        check_value_refused(refused[i], CS_MALFORMED);
    }
}

static void test_peek_sees_what_will_be_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"a0", "c0", "f7", "f9", "5f",
                                         "7f", "9f", "ff", "1c", "3e"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        read_hex(others[i]);
        assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_OTHER);
    }
    read_hex("20");
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_NEGATIVE);
}

static void test_types_are_not_confused(void **state)
{
    (void)state;
    uint8_t fixed[2] = {7, 7};
    read_hex("20");
    assert_int_equal(cs_cbor_take_unsigned(&reader), 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("00");
    assert_int_equal(cs_cbor_take_bytes(&reader).size, 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("4161");
    assert_int_equal(cs_cbor_take_text(&reader).size, 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("01");
    assert_false(cs_cbor_take_boolean(&reader));
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("f4");
    cs_cbor_take_null(&reader);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("f6");
    assert_int_equal(cs_cbor_take_integer(&reader), 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("43010203");
    cs_cbor_take_fixed(&reader, fixed, 2);
    assert_int_equal(reader.status, CS_MALFORMED);
    assert_int_equal(fixed[0] + fixed[1], 0);
}

static void test_failure_is_sticky(void **state)
{
    (void)state;
    read_hex("a0010203");
    assert_int_equal(cs_cbor_take_unsigned(&reader), 0);
    assert_int_equal(cs_cbor_take_unsigned(&reader), 0);
    assert_int_equal(cs_cbor_enter_array(&reader, 5), 0);
    cs_cbor_leave(&reader);
    assert_int_equal(cs_cbor_peek(&reader), CS_CBOR_END);
    assert_int_equal(cs_cbor_finish(&reader), CS_MALFORMED);
}

static void test_array_counts_are_bounded(void **state)
{
    (void)state;
    read_hex("8301020304");
    assert_int_equal(cs_cbor_enter_array(&reader, 2), 0);
    assert_int_equal(reader.status, CS_LIMIT);
    read_hex("830102"); /* three items in two bytes */
    assert_int_equal(cs_cbor_enter_array(&reader, 100), 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("9bffffffffffffffff00");
    assert_int_equal(cs_cbor_enter_array(&reader, SIZE_MAX), 0);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("820102");
    cs_cbor_enter_exact(&reader, 3);
    assert_int_equal(reader.status, CS_MALFORMED);
    read_hex("820102");
    cs_cbor_enter_exact(&reader, 2);
    assert_int_equal(reader.status, CS_OK);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        cs_cbor_put_array(&out, 1);
    }
    cs_cbor_put_null(&out);
    read_back();
    for (size_t i = 0; i < CS_CBOR_DEPTH_MAX; i++) {
        assert_int_equal(cs_cbor_enter_array(&reader, 1), 1);
    }
    assert_int_equal(reader.status, CS_OK);
    assert_int_equal(cs_cbor_enter_array(&reader, 1), 0);
    assert_int_equal(reader.status, CS_MALFORMED);
}

static void test_large_values_are_refused(void **state)
{
    (void)state;
    uint8_t *large = cs_alloc_zero(1, CS_VALUE_MAX + 1);
    assert_non_null(large);
    cs_cbor_put_bytes(&out, cs_bytes_make(large, CS_VALUE_MAX));
    read_back();
    assert_int_equal(cs_cbor_take_value(&reader).bytes.size, CS_VALUE_MAX);
    cs_buffer_clear(&out);
    cs_cbor_put_bytes(&out, cs_bytes_make(large, CS_VALUE_MAX + 1));
    read_back();
    assert_int_equal(cs_cbor_take_value(&reader).kind, CS_VALUE_NULL);
    assert_int_equal(reader.status, CS_LIMIT);
    cs_free(large);
}

static void test_text_that_is_none_is_not_written(void **state)
{
    (void)state;
    cs_cbor_put_text(&out, cs_bytes_of_text("\xc0\x80"));
    assert_int_equal(out.status, CS_INVALID);
    assert_int_equal(out.size, 0);
    cs_cbor_put_null(&out);
    assert_int_equal(out.size, 0);
    cs_buffer_clear(&out);
    out.status = CS_NO_MEMORY;
    cs_cbor_put_text(&out, cs_bytes_of_text("\xc0\x80"));
    assert_int_equal(out.status, CS_NO_MEMORY);
}

static void test_trailing_bytes_are_refused(void **state)
{
    (void)state;
    read_hex("0001");
    (void)cs_cbor_take_unsigned(&reader);
    assert_int_equal(cs_cbor_finish(&reader), CS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_written_forms_are_those_of_the_rfc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_mixed_sequence_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything_outside_the_subset_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_peek_sees_what_will_be_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_types_are_not_confused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure_is_sticky, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_array_counts_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_values_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_that_is_none_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trailing_bytes_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
