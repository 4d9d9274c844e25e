/* Tests of sync requests. */
#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode(const void *message, struct cs_buffer *out)
{
    return cs_sync_request_encode(message, out);
}

static enum cs_status decode(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_sync_request request = {.position = 123};
    enum cs_status status = cs_sync_request_decode(bytes, arena, &request);
    assert_true(status == CS_OK || request.position == 123);
    return status;
}

static void test_requests_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct cs_arena arena;
        struct cs_buffer frame;
        struct cs_sync_request back;
        struct sample_random random = {seed};
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_buffer_init(&frame, CS_REQUEST_MAX);
        struct cs_sync_request request = sample_sync_request(&random, &arena);
        assert_int_equal(cs_sync_request_encode(&request, &frame), CS_OK);
        assert_int_equal(cs_sync_request_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
        memset(frame.data, 0xff, frame.size);
        assert_true(sample_sync_requests_equal(&request, &back));
        cs_buffer_release(&frame);
        cs_arena_release(&arena);
    }
}

static void test_hostile_bytes_and_allocations(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct sample_random random = {17};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_sync_request request = sample_sync_request(&random, &arena);
    request.cursor_count = 4;
    request.cursors = sample_cursors(&random, &arena, 4);
    message_check_hostile(encode, decode, &request);
    message_check_allocations(encode, decode, &request);
    message_check_bomb(decode);
    cs_arena_release(&arena);
}

static void check_refused(const struct cs_sync_request *request, enum cs_status expected)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_REQUEST_MAX);
    assert_int_equal(cs_sync_request_encode(request, &frame), expected);
    assert_int_equal(frame.size, 0);
    cs_buffer_release(&frame);
}

static void test_what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct sample_random random = {18};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_sync_request request = {.position = (uint64_t)INT64_MAX + 1};
    check_refused(&request, CS_INVALID);
    request.position = 0;
    request.log_size = UINT64_MAX;
    check_refused(&request, CS_INVALID);
    request.log_size = 0;
    request.statement_mark = cs_bytes_of_text("7 bytes");
    check_refused(&request, CS_INVALID);
    request.statement_mark = CS_BYTES_NONE;
    request.log_mark = cs_bytes_of_text("9 octets!");
    check_refused(&request, CS_INVALID);
    request.log_mark = CS_BYTES_NONE;
    request.cursors = sample_cursors(&random, &arena, 5);
    request.cursor_count = 5;
    request.cursors[4].scope = request.cursors[1].scope; /* a scope twice */
    check_refused(&request, CS_INVALID);
    request.cursor_count = 4;
    request.cursors[2].position = UINT64_MAX;
    check_refused(&request, CS_INVALID);
    request.cursor_count = CS_SCOPES_PER_DEVICE_MAX + 1;
    request.cursors = sample_cursors(&random, &arena, request.cursor_count);
    check_refused(&request, CS_TOO_LARGE);
    request.cursor_count = 0;
    request.inner_count = CS_CHANGE_SETS_PER_REQUEST_MAX + 1;
    request.inners = sample_take(&arena, request.inner_count, sizeof *request.inners);
    check_refused(&request, CS_TOO_LARGE);
    uint8_t *large = sample_take(&arena, CS_CHANGE_SET_INNER_MAX + 1, 1);
    request.inner_count = 1;
    request.inners[0] = cs_bytes_make(large, CS_CHANGE_SET_INNER_MAX + 1);
    check_refused(&request, CS_TOO_LARGE);
    request.inner_count = 2;
    request.inners[0].size--;
    request.inners[1] = request.inners[0]; /* 8 MiB and more */
    check_refused(&request, CS_TOO_LARGE);
    cs_arena_release(&arena);
}

/* A request by hand: cursors and inners as given. */
static enum cs_status decode_by_hand(size_t cursor_items, uint64_t kind, size_t id_size,
                                     uint64_t position, size_t inner_count, size_t inner_size)
{
    static const uint8_t zeroes[CS_CHANGE_SET_INNER_MAX + 1];
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_REQUEST_MAX);
    cs_cbor_put_array(&plain, 5);
    cs_cbor_put_unsigned(&plain, 1);
    cs_cbor_put_bytes(&plain, cs_bytes_make(zeroes, 16));
    cs_cbor_put_unsigned(&plain, 0);
    cs_cbor_put_array(&plain, cursor_items);
    for (size_t i = 0; i < cursor_items; i++) {
        if (i % 3 == 1) {
            cs_cbor_put_bytes(&plain, cs_bytes_make(zeroes, id_size));
        } else {
            cs_cbor_put_unsigned(&plain, i % 3 == 0 ? kind : position);
        }
    }
    cs_cbor_put_array(&plain, inner_count);
    for (size_t i = 0; i < inner_count; i++) {
        cs_cbor_put_bytes(&plain, cs_bytes_make(zeroes, inner_size));
    }
    enum cs_status status = message_decode_plain(decode, &plain);
    cs_buffer_release(&plain);
    return status;
}

/* A request by hand, with this log size and mark of the statement, and of the log where there are items for one. */
static enum cs_status decode_marks_by_hand(uint64_t format, size_t item_count, uint64_t log_size,
                                           size_t mark_size, size_t log_mark_size)
{
    static const uint8_t zeroes[16];
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_REQUEST_MAX);
    cs_cbor_put_array(&plain, item_count);
    cs_cbor_put_unsigned(&plain, format);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(zeroes));
    cs_cbor_put_unsigned(&plain, 0);
    cs_cbor_put_array(&plain, 0);
    cs_cbor_put_array(&plain, 0);
    if (item_count > 5) {
        cs_cbor_put_unsigned(&plain, log_size);
        cs_cbor_put_bytes(&plain, cs_bytes_make(zeroes, mark_size));
    }
    if (item_count > 7) {
        cs_cbor_put_bytes(&plain, cs_bytes_make(zeroes, log_mark_size));
    }
    enum cs_status status = message_decode_plain(decode, &plain);
    cs_buffer_release(&plain);
    return status;
}

static enum cs_status decode_log_by_hand(uint64_t format, size_t item_count, uint64_t log_size,
                                         size_t mark_size)
{
    return decode_marks_by_hand(format, item_count, log_size, mark_size, CS_LOG_MARK_SIZE);
}

static void test_formats_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(decode_log_by_hand(1, 5, 0, 0), CS_OK);
    assert_int_equal(decode_log_by_hand(2, 7, 9, 0), CS_OK);
    assert_int_equal(decode_log_by_hand(2, 7, INT64_MAX, 8), CS_OK);
    assert_int_equal(decode_log_by_hand(1, 7, 9, 8), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(2, 5, 0, 0), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(0, 5, 0, 0), CS_UNSUPPORTED);
    assert_int_equal(decode_log_by_hand(3, 7, 9, 8), CS_OK);
    assert_int_equal(decode_log_by_hand(3, 5, 0, 0), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(3, 8, 9, 8), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(4, 8, 9, 8), CS_OK);
    assert_int_equal(decode_marks_by_hand(4, 8, 9, 8, 0), CS_OK);
    assert_int_equal(decode_marks_by_hand(4, 8, 9, 8, 7), CS_MALFORMED);
    assert_int_equal(decode_marks_by_hand(4, 8, 9, 8, 9), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(4, 7, 9, 8), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(4, 5, 0, 0), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(5, 8, 9, 8), CS_UNSUPPORTED);
    assert_int_equal(decode_log_by_hand(2, 7, (uint64_t)INT64_MAX + 1, 8), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(2, 7, 9, 7), CS_MALFORMED);
    assert_int_equal(decode_log_by_hand(2, 7, 9, 9), CS_MALFORMED);
}

static void test_spoiled_requests_are_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_by_hand(3, 1, 16, 9, 1, 4), CS_OK);
    assert_int_equal(decode_by_hand(3, 255, 0, 9, 0, 0), CS_OK);
    assert_int_equal(decode_by_hand(4, 1, 16, 9, 1, 4), CS_MALFORMED);
    assert_int_equal(decode_by_hand(6, 1, 16, 9, 1, 4), CS_MALFORMED); /* one scope twice */
    assert_int_equal(decode_by_hand(3, 256, 16, 9, 1, 4), CS_MALFORMED);
    assert_int_equal(decode_by_hand(3, 1, 15, 9, 1, 4), CS_MALFORMED);
    assert_int_equal(decode_by_hand(3, 1, 16, (uint64_t)INT64_MAX + 1, 1, 4), CS_MALFORMED);
    assert_int_equal(decode_by_hand(3 * CS_SCOPES_PER_DEVICE_MAX + 3, 1, 0, 0, 0, 0), CS_LIMIT);
    assert_int_equal(decode_by_hand(0, 0, 0, 0, CS_CHANGE_SETS_PER_REQUEST_MAX + 1, 0), CS_LIMIT);
    assert_int_equal(decode_by_hand(0, 0, 0, 0, 1, CS_CHANGE_SET_INNER_MAX + 1), CS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_come_back),
        cmocka_unit_test(test_hostile_bytes_and_allocations),
        cmocka_unit_test(test_what_could_not_be_read_is_not_written),
        cmocka_unit_test(test_formats_are_told_apart),
        cmocka_unit_test(test_spoiled_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
