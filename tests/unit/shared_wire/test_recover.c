/* Tests of what a device and a server say when the server went back in time. */
#include "shared/wire/recover.h"

#include "tests/unit/shared_wire/message_checks.h"
#include "tests/unit/shared_wire/message_samples.h"

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_recover_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_recover_request request;
    return cs_recover_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_recover_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_recover_response response;
    return cs_recover_response_decode(bytes, arena, &response);
}

static const uint8_t note[CS_RECOVER_PROOF_MAX + 1];

/* Rows as samples.h makes them, but of no scope set. */
static struct cs_recover_request sample_request(struct cs_arena *arena, size_t rows)
{
    struct sample_random random = {77};
    struct cs_recover_request request = {.incarnation = {1, 2, 3},
                                         .acknowledged = 9,
                                         .checkpoint = cs_bytes_make(note, 40),
                                         .answer = cs_bytes_make(note, 50),
                                         .rows = sample_rows(&random, arena, rows),
                                         .row_count = rows};
    for (size_t i = 0; i < rows; i++) {
        request.rows[i].scope_set = 0;
    }
    return request;
}

static void a_request_comes_back(void **state)
{
    (void)state;
    for (size_t rows = 0; rows < 12; rows++) {
        struct cs_arena arena;
        struct cs_buffer frame;
        struct cs_recover_request back;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_buffer_init(&frame, CS_MEBI);
        struct cs_recover_request request = sample_request(&arena, rows);
        assert_int_equal(cs_recover_request_encode(&request, &frame), CS_OK);
        assert_int_equal(cs_recover_request_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
        assert_memory_equal(back.incarnation, request.incarnation, 16);
        assert_int_equal(back.acknowledged, 9);
        assert_true(cs_bytes_equal(back.checkpoint, request.checkpoint));
        assert_true(cs_bytes_equal(back.answer, request.answer));
        assert_true(sample_rows_equal(request.rows, rows, back.rows, back.row_count));
        cs_buffer_release(&frame);
        cs_arena_release(&arena);
    }
}

static void a_response_comes_back(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct cs_recover_response back;
    struct cs_recover_response response = {{4}, 5, {6}, CS_PAGE_ROWS_MAX, 7};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    assert_int_equal(cs_recover_response_encode(&response, &frame), CS_OK);
    assert_int_equal(cs_recover_response_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
    assert_memory_equal(&response, &back, sizeof back);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void what_breaks_a_limit_is_not_written(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    struct cs_recover_request request = sample_request(&arena, 1);
    request.acknowledged = (uint64_t)INT64_MAX + 1;
    assert_int_equal(cs_recover_request_encode(&request, &frame), CS_INVALID);
    request = sample_request(&arena, 1);
    request.checkpoint = cs_bytes_of_array(note);
    assert_int_equal(cs_recover_request_encode(&request, &frame), CS_TOO_LARGE);
    request = sample_request(&arena, 1);
    request.answer = cs_bytes_of_array(note);
    assert_int_equal(cs_recover_request_encode(&request, &frame), CS_TOO_LARGE);
    struct cs_recover_response response = {.log_sequence = (uint64_t)INT64_MAX + 1};
    assert_int_equal(cs_recover_response_encode(&response, &frame), CS_INVALID);
    response = (struct cs_recover_response){.taken = CS_PAGE_ROWS_MAX + 1};
    assert_int_equal(cs_recover_response_encode(&response, &frame), CS_INVALID);
    response = (struct cs_recover_response){.older = CS_PAGE_ROWS_MAX + 1};
    assert_int_equal(cs_recover_response_encode(&response, &frame), CS_INVALID);
    assert_int_equal(frame.size, 0);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

/* A row that names a scope set, which this message has none of. */
static void rows_stand_in_no_scope_set(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    struct cs_recover_request request = sample_request(&arena, 3);
    request.rows[1].scope_set = 1;
    assert_int_equal(cs_recover_request_encode(&request, &frame), CS_OK);
    assert_int_equal(decode_request(cs_buffer_bytes(&frame), &arena), CS_MALFORMED);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void both_are_read_strictly(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_recover_request request = sample_request(&arena, 2);
    struct cs_recover_response response = {{4}, 5, {6}, 8, 7};
    message_check_hostile(encode_request, decode_request, &request);
    message_check_hostile(encode_response, decode_response, &response);
    message_check_allocations(encode_request, decode_request, &request);
    message_check_allocations(encode_response, decode_response, &response);
    message_check_bomb(decode_request);
    message_check_bomb(decode_response);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_back),
        cmocka_unit_test(a_response_comes_back),
        cmocka_unit_test(what_breaks_a_limit_is_not_written),
        cmocka_unit_test(rows_stand_in_no_scope_set),
        cmocka_unit_test(both_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
