/* Tests of compression: round trips, bounds, and everything that is not exactly one frame. */
#include "shared/wire/compression.h"

#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct cs_buffer frame;
static struct cs_buffer plain;

static int set_up(void **state)
{
    (void)state;
    cs_buffer_init(&frame, 4 * CS_MEBI);
    cs_buffer_init(&plain, 4 * CS_MEBI);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&frame);
    cs_buffer_release(&plain);
    return 0;
}

/* Tries both ways of decompressing, which must agree and leave nothing behind when they fail. */
static enum cs_status decompress(struct cs_bytes bytes, size_t size_max)
{
    struct cs_arena arena;
    struct cs_bytes content = CS_BYTES_NONE;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_clear(&plain);
    cs_buffer_append_text(&plain, "before");
    enum cs_status status = cs_decompress(bytes, size_max, &plain);
    assert_int_equal(cs_decompress_to_arena(bytes, size_max, &arena, &content), status);
    if (status == CS_OK) {
        assert_true(cs_bytes_equal(content, cs_bytes_make(plain.data + 6, plain.size - 6)));
    } else {
        assert_null(content.data);
        assert_int_equal(plain.size, 6);
    }
    cs_arena_release(&arena);
    return status;
}

static void test_content_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 255, 256, 65536, CS_MEBI};
    uint8_t *data = cs_alloc_zero(1, CS_MEBI);
    assert_non_null(data);
    for (size_t i = 0; i < CS_MEBI; i++) {
        data[i] = (uint8_t)(i * i >> 7);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct cs_bytes content = cs_bytes_make(data, sizes[i]);
        cs_buffer_clear(&frame);
        assert_int_equal(cs_compress(content, &frame), CS_OK);
        assert_int_equal(decompress(cs_buffer_bytes(&frame), sizes[i]), CS_OK);
        assert_true(cs_bytes_equal(content, cs_bytes_make(plain.data + 6, plain.size - 6)));
        if (sizes[i] > 0) {
            assert_int_equal(decompress(cs_buffer_bytes(&frame), sizes[i] - 1), CS_LIMIT);
        }
    }
    cs_free(data);
}

static void compress_text(const char *text)
{
    cs_buffer_clear(&frame);
    assert_int_equal(cs_compress(cs_bytes_of_text(text), &frame), CS_OK);
}

static void test_anything_but_one_frame_is_refused(void **state)
{
    (void)state;
    compress_text("some text, some text, some text");
    struct cs_bytes whole = cs_buffer_bytes(&frame);
    for (size_t size = 0; size < whole.size; size++) {
        assert_int_equal(decompress(cs_bytes_make(whole.data, size), CS_MEBI), CS_MALFORMED);
    }
    cs_buffer_append_u8(&frame, 0);
    assert_int_equal(decompress(cs_buffer_bytes(&frame), CS_MEBI), CS_MALFORMED);
    frame.size--;
    assert_int_equal(cs_compress(cs_bytes_of_text("a second frame"), &frame), CS_OK);
    assert_int_equal(decompress(cs_buffer_bytes(&frame), CS_MEBI), CS_MALFORMED);
    assert_int_equal(decompress(cs_bytes_of_text("no frame at all"), CS_MEBI), CS_MALFORMED);
    assert_int_equal(decompress(CS_BYTES_NONE, CS_MEBI), CS_MALFORMED);
    /* A skippable frame with no content. */
    assert_int_equal(decompress(cs_bytes_make("\x50\x2a\x4d\x18\0\0\0\0", 8), CS_MEBI),
                     CS_MALFORMED);
}

/* Frames by hand, RFC 8878 §3.1.1: header, then one raw block of two bytes. */
static void test_frame_headers_are_checked(void **state)
{
    (void)state;
#define MAGIC "\x28\xb5\x2f\xfd"
#define TWO_BYTES "\x11\x00\x00hi"
    /* Single segment, content size 2. */
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x20\x02" TWO_BYTES, 11), 10), CS_OK);
    /* The same with a content size that is not true: more, less. */
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x20\x03" TWO_BYTES, 11), 10), CS_MALFORMED);
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x20\x01" TWO_BYTES, 11), 10), CS_MALFORMED);
    /* No content size. */
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x00\x00" TWO_BYTES, 11), 10), CS_MALFORMED);
    /* With a dictionary, number 7. */
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x21\x07\x02" TWO_BYTES, 12), 10),
                     CS_MALFORMED);
    /* Content size of 2^63 bytes, and a block of 2 MiB of one byte: a bomb. */
    assert_int_equal(
        decompress(cs_bytes_make(MAGIC "\xe0\0\0\0\0\0\0\0\x80" TWO_BYTES, 18), CS_MEBI), CS_LIMIT);
    assert_int_equal(decompress(cs_bytes_make(MAGIC "\x20\x02\x03\x00\x10z", 10), CS_MEBI),
                     CS_MALFORMED);
}

static void test_flips_are_survived(void **state)
{
    (void)state;
    compress_text("some text, some text, some text, some more text, and some text");
    for (size_t i = 0; i < frame.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            frame.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = decompress(cs_buffer_bytes(&frame), CS_MEBI);
            assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_LIMIT);
            frame.data[i] ^= (uint8_t)(1U << bit);
        }
    }
}

static void test_bomb_is_refused(void **state)
{
    (void)state;
    size_t size = 64 * CS_MEBI;
    uint8_t *zeroes = cs_alloc_zero(1, size);
    assert_non_null(zeroes);
    assert_int_equal(cs_compress(cs_bytes_make(zeroes, size), &frame), CS_OK);
    assert_true(frame.size < 10 * CS_KIBI);
    assert_int_equal(decompress(cs_buffer_bytes(&frame), CS_MEBI), CS_LIMIT);
    cs_free(zeroes);
}

static void test_limits_of_buffers_are_kept(void **state)
{
    (void)state;
    struct cs_buffer small;
    cs_buffer_init(&small, 20);
    cs_buffer_append_text(&small, "1234567890");
    assert_int_equal(cs_compress(cs_bytes_of_text("sixteen and more characters"), &small),
                     CS_LIMIT);
    assert_int_equal(small.size, 10);
    assert_int_equal(cs_compress(cs_bytes_of_text(""), &small), CS_LIMIT); /* sticky */
    small.status = CS_OK;
    compress_text("more than ten characters");
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_MEBI, &small), CS_LIMIT);
    assert_int_equal(small.size, 10);
    small.status = CS_NO_MEMORY;
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_MEBI, &small), CS_NO_MEMORY);
    cs_buffer_release(&small);
}

static void test_failing_allocations_are_clean(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_bytes content = CS_BYTES_NONE;
    cs_memory_fail_after(0);
    assert_int_equal(cs_compress(cs_bytes_of_text("text"), &frame), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_int_equal(frame.size, 0);
    compress_text("text");
    cs_memory_fail_after(0);
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), 100, &plain), CS_NO_MEMORY);
    assert_int_equal(plain.size, 0);
    cs_arena_init(&arena, 1000);
    cs_memory_fail_after(0);
    assert_int_equal(cs_decompress_to_arena(cs_buffer_bytes(&frame), 100, &arena, &content),
                     CS_NO_MEMORY);
    assert_null(content.data);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_content_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_anything_but_one_frame_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_frame_headers_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flips_are_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bomb_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits_of_buffers_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_allocations_are_clean, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
