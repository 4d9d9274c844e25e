/* Views, buffers and readers. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"

#include <string.h>

static void views_compare_by_content_then_length(void **state)
{
    (void)state;
    assert_true(cs_bytes_equal(CS_BYTES_NONE, cs_bytes_of_text("")));
    assert_true(cs_bytes_equal(cs_bytes_of_text("ab"), cs_bytes_make("ab", 2)));
    assert_false(cs_bytes_equal(cs_bytes_of_text("ab"), cs_bytes_of_text("abc")));
    assert_false(cs_bytes_equal(cs_bytes_of_text("ab"), cs_bytes_of_text("ac")));
    assert_true(cs_bytes_equal_text(cs_bytes_of_text("ab"), "ab"));
    assert_int_equal(cs_bytes_of_text(NULL).size, 0);
    assert_true(cs_bytes_compare(cs_bytes_of_text("ab"), cs_bytes_of_text("b")) < 0);
    assert_true(cs_bytes_compare(cs_bytes_of_text("b"), cs_bytes_of_text("ab")) > 0);
    assert_true(cs_bytes_compare(cs_bytes_of_text("a"), cs_bytes_of_text("ab")) < 0);
    assert_true(cs_bytes_compare(cs_bytes_of_text("ab"), cs_bytes_of_text("a")) > 0);
    assert_int_equal(cs_bytes_compare(CS_BYTES_NONE, CS_BYTES_NONE), 0);
    assert_true(cs_bytes_compare(cs_bytes_make("\xff", 1), cs_bytes_make("\x01", 1)) > 0);
}

static void a_buffer_grows_and_keeps_its_content(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100000);
    for (unsigned i = 0; i < 10000; i++) {
        cs_buffer_append_u8(&buffer, (uint8_t)i);
    }
    assert_ok(buffer.status);
    assert_int_equal(buffer.size, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(buffer.data[i], i & 0xff);
    }
    cs_buffer_release(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.limit, 100000);
}

static void the_limit_is_exact_and_the_status_sticks(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 4);
    cs_buffer_append_u32(&buffer, 0x01020304);
    assert_ok(buffer.status);
    cs_buffer_append_u8(&buffer, 5);
    assert_status(buffer.status, CS_LIMIT);
    assert_hex(cs_buffer_bytes(&buffer), "01020304");
    /* Nothing is taken after a failure, not even what would fit. */
    buffer.size = 0;
    cs_buffer_append_u8(&buffer, 5);
    assert_null(cs_buffer_extend(&buffer, 1));
    assert_null(cs_buffer_text(&buffer));
    cs_buffer_append_format(&buffer, "%d", 1);
    assert_int_equal(buffer.size, 0);
    cs_buffer_clear(&buffer);
    cs_buffer_append_text(&buffer, "abcd");
    assert_ok(buffer.status);
    cs_buffer_release(&buffer);
}

static void huge_sizes_do_not_wrap(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 10);
    cs_buffer_append_text(&buffer, "abc");
    assert_null(cs_buffer_extend(&buffer, SIZE_MAX));
    assert_status(buffer.status, CS_LIMIT);
    cs_buffer_clear(&buffer);
    cs_buffer_append_prefixed(&buffer, cs_bytes_make("", (size_t)UINT32_MAX + 1));
    assert_status(buffer.status, CS_LIMIT);
    cs_buffer_release(&buffer);
    cs_buffer_init(&buffer, SIZE_MAX);
    cs_buffer_append_text(&buffer, "abc");
    assert_string_equal(cs_buffer_text(&buffer), "abc");
    cs_buffer_release(&buffer);
}

static void the_end_mark_of_a_text_is_not_counted(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 5);
    assert_string_equal(cs_buffer_text(&buffer), "");
    cs_buffer_append_format(&buffer, "%s-%d", "ab", 12);
    assert_ok(buffer.status);
    assert_int_equal(buffer.size, 5);
    assert_string_equal(cs_buffer_text(&buffer), "ab-12");
    assert_int_equal(buffer.size, 5);
    cs_buffer_append_format(&buffer, "%c", 'x');
    assert_status(buffer.status, CS_LIMIT);
    assert_int_equal(buffer.size, 5);
    cs_buffer_release(&buffer);
}

static void extending_by_nothing_is_not_a_failure(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 0);
    assert_non_null(cs_buffer_extend(&buffer, 0));
    assert_ok(buffer.status);
    cs_buffer_append(&buffer, NULL, 0);
    assert_int_equal(buffer.size, 0);
    cs_buffer_release(&buffer);
}

static void growth_without_memory_keeps_what_was_there(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 1000);
    cs_buffer_append_text(&buffer, "kept");
    static const uint8_t more[200];
    cs_memory_fail_after(0);
    cs_buffer_append(&buffer, more, sizeof more);
    cs_memory_fail_after(-1);
    assert_status(buffer.status, CS_NO_MEMORY);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&buffer), "kept"));
    cs_buffer_release(&buffer);
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100);
    cs_buffer_append_u8(&buffer, 0xfe);
    cs_buffer_append_u32(&buffer, 0x01020304);
    cs_buffer_append_u64(&buffer, 0x1122334455667788);
    cs_buffer_append_prefixed(&buffer, cs_bytes_of_text("hi"));
    assert_hex(cs_buffer_bytes(&buffer), "fe0102030411223344556677880000000268"
                                         "69");
    struct cs_reader reader;
    cs_reader_init(&reader, cs_buffer_bytes(&buffer));
    assert_int_equal(cs_read_u8(&reader), 0xfe);
    assert_int_equal(cs_read_u32(&reader), 0x01020304);
    assert_true(cs_read_u64(&reader) == 0x1122334455667788);
    assert_status(cs_reader_finish(&reader), CS_MALFORMED);
    assert_true(cs_bytes_equal_text(cs_read_prefixed(&reader), "hi"));
    assert_ok(cs_reader_finish(&reader));
    cs_buffer_release(&buffer);
}

static void reading_past_the_end_gives_zeroes_for_good(void **state)
{
    (void)state;
    struct cs_reader reader;
    uint8_t copy[4] = {9, 9, 9, 9};
    cs_reader_init(&reader, cs_bytes_of_text("abc"));
    assert_int_equal(cs_read_u32(&reader), 0);
    assert_status(reader.status, CS_MALFORMED);
    assert_int_equal(cs_read_u8(&reader), 0);
    assert_int_equal(cs_read_u64(&reader), 0);
    assert_int_equal(cs_read_varint(&reader), 0);
    assert_int_equal(cs_read_prefixed(&reader).size, 0);
    cs_read_copy(&reader, copy, sizeof copy);
    assert_hex(cs_bytes_of_array(copy), "00000000");
    assert_status(cs_reader_finish(&reader), CS_MALFORMED);
}

static void a_prefix_longer_than_the_rest_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    struct cs_reader reader;
    cs_reader_init(&reader, cs_bytes_of_array(bytes));
    assert_null(cs_read_prefixed(&reader).data);
    assert_status(reader.status, CS_MALFORMED);
    cs_reader_init(&reader, cs_bytes_of_text("abcd"));
    uint8_t copy[2];
    cs_read_copy(&reader, copy, sizeof copy);
    assert_memory_equal(copy, "ab", 2);
    assert_int_equal(cs_read_bytes(&reader, SIZE_MAX).size, 0);
    assert_status(reader.status, CS_MALFORMED);
}

static void varints_round_trip(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *hex;
    } cases[] = {{0, "00"},
                 {1, "01"},
                 {127, "7f"},
                 {128, "8001"},
                 {300, "ac02"},
                 {16383, "ff7f"},
                 {16384, "808001"},
                 {(uint64_t)1 << 63, "80808080808080808001"},
                 {UINT64_MAX, "ffffffffffffffffff01"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_buffer buffer;
        cs_buffer_init(&buffer, 10);
        cs_buffer_append_varint(&buffer, cases[i].value);
        assert_hex(cs_buffer_bytes(&buffer), cases[i].hex);
        struct cs_reader reader;
        cs_reader_init(&reader, cs_buffer_bytes(&buffer));
        assert_true(cs_read_varint(&reader) == cases[i].value);
        assert_ok(cs_reader_finish(&reader));
        cs_buffer_release(&buffer);
    }
}

static void varints_other_than_the_shortest_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[11];
        size_t size;
    } cases[] = {
        {{0x80, 0x00}, 2},
        {{0xff, 0x80, 0x00}, 3},
        {{0x80}, 1},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}, 11},
        {{0}, 0},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_reader reader;
        cs_reader_init(&reader, cs_bytes_make(cases[i].bytes, cases[i].size));
        assert_true(cs_read_varint(&reader) == 0);
        assert_status(reader.status, CS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_by_content_then_length),
        cmocka_unit_test(a_buffer_grows_and_keeps_its_content),
        cmocka_unit_test(the_limit_is_exact_and_the_status_sticks),
        cmocka_unit_test(huge_sizes_do_not_wrap),
        cmocka_unit_test(the_end_mark_of_a_text_is_not_counted),
        cmocka_unit_test(extending_by_nothing_is_not_a_failure),
        cmocka_unit_test(growth_without_memory_keeps_what_was_there),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(reading_past_the_end_gives_zeroes_for_good),
        cmocka_unit_test(a_prefix_longer_than_the_rest_is_refused),
        cmocka_unit_test(varints_round_trip),
        cmocka_unit_test(varints_other_than_the_shortest_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
