/* Tests of the frame that all messages share. */
#include "shared/wire/message_frame.h"

#include "shared/base/limits.h"
#include "shared/wire/compression.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Opens a message of one number; gives the status with which it closes. */
static enum cs_status open_one(struct cs_bytes message, size_t size_max, uint64_t *out_number)
{
    struct cs_arena arena;
    struct cs_cbor_reader reader;
    cs_arena_init(&arena, CS_MEBI);
    cs_message_open(&reader, message, size_max, 1, &arena);
    *out_number = cs_message_take_bounded(&reader, 100);
    enum cs_status status = cs_message_close(&reader);
    cs_arena_release(&arena);
    return status;
}

static void make(struct cs_buffer *out, size_t items, uint64_t format, uint64_t number)
{
    struct cs_buffer plain;
    cs_buffer_clear(out);
    cs_buffer_init(&plain, 100);
    cs_cbor_put_array(&plain, items);
    cs_cbor_put_unsigned(&plain, format);
    cs_cbor_put_unsigned(&plain, number);
    assert_int_equal(cs_message_end(&plain, CS_OK, out), CS_OK);
    assert_null(plain.data);
}

static void test_open_checks_the_frame(void **state)
{
    (void)state;
    struct cs_buffer out;
    uint64_t number = 0;
    cs_buffer_init(&out, CS_MEBI);
    make(&out, 2, 1, 100);
    assert_int_equal(open_one(cs_buffer_bytes(&out), 100, &number), CS_OK);
    assert_int_equal(number, 100);
    assert_int_equal(open_one(cs_buffer_bytes(&out), 3, &number), CS_LIMIT);
    make(&out, 2, 1, 101);
    assert_int_equal(open_one(cs_buffer_bytes(&out), 100, &number), CS_MALFORMED);
    assert_int_equal(number, 0);
    make(&out, 2, 2, 5);
    assert_int_equal(open_one(cs_buffer_bytes(&out), 100, &number), CS_UNSUPPORTED);
    make(&out, 1, 1, 5);
    assert_int_equal(open_one(cs_buffer_bytes(&out), 100, &number), CS_MALFORMED);
    cs_buffer_release(&out);
}

static void test_end_reports_and_releases(void **state)
{
    (void)state;
    struct cs_buffer plain;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    cs_message_begin(&plain, 100, 1);
    assert_int_equal(cs_message_end(&plain, CS_MALFORMED, &out), CS_INVALID);
    assert_null(plain.data);
    cs_message_begin(&plain, 3, 1);
    cs_cbor_put_bytes(&plain, cs_bytes_of_text("too much"));
    assert_int_equal(cs_message_end(&plain, CS_OK, &out), CS_TOO_LARGE);
    assert_null(plain.data);
    assert_int_equal(out.size, 0);
    assert_int_equal(cs_message_blame_caller(CS_NO_MEMORY), CS_NO_MEMORY);
    cs_buffer_release(&out);
}

static enum cs_status status_of(const char *name, enum cs_status *out_failure)
{
    struct cs_buffer plain;
    struct cs_cbor_reader reader;
    cs_buffer_init(&plain, 100);
    cs_cbor_put_text(&plain, cs_bytes_of_text(name));
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&plain));
    enum cs_status status = cs_message_take_status(&reader);
    *out_failure = reader.status;
    cs_buffer_release(&plain);
    return status;
}

static void test_status_names(void **state)
{
    (void)state;
    enum cs_status failure;
    assert_int_equal(status_of("DENIED", &failure), CS_DENIED);
    assert_int_equal(failure, CS_OK);
    assert_int_equal(status_of("OF_ANOTHER_TIME", &failure), CS_REFUSED);
    assert_int_equal(failure, CS_OK);
    (void)status_of("OK", &failure);
    assert_int_equal(failure, CS_MALFORMED);
    (void)status_of("", &failure);
    assert_int_equal(failure, CS_MALFORMED);
}

static void test_arrays_fail_the_reader(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_cbor_reader reader;
    cs_arena_init(&arena, 64);
    cs_cbor_reader_init(&reader, CS_BYTES_NONE);
    assert_non_null(cs_message_array(&reader, &arena, 2, 8));
    assert_null(cs_message_array(&reader, &arena, SIZE_MAX, 8));
    assert_int_equal(reader.status, CS_NO_MEMORY);
    assert_null(cs_message_array(&reader, &arena, 1, 1));
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_checks_the_frame),
        cmocka_unit_test(test_end_reports_and_releases),
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_arrays_fail_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
