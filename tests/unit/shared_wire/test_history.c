/* Asking what a row was: question and answer come back whole, and everything else is refused. */
#include "tests/unit/shared_wire/history_samples.h"

#include "shared/base/limits.h"
#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_history_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_history_request request;
    return cs_history_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_history_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_history_response response;
    return cs_history_response_decode(bytes, arena, &response);
}

static void a_question_comes_back(void **state)
{
    (void)state;
    struct cs_history_request request = sample_history_request();
    struct cs_history_request got;
    struct cs_buffer bytes;
    struct cs_arena arena;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    assert_int_equal(cs_history_request_encode(&request, &bytes), CS_OK);
    assert_int_equal(cs_history_request_decode(cs_buffer_bytes(&bytes), &arena, &got), CS_OK);
    assert_memory_equal(got.incarnation, request.incarnation, sizeof got.incarnation);
    assert_true(cs_id_equal(&got.row, &request.row));
    assert_true(cs_bytes_equal_text(got.entity, "part"));
    assert_int_equal(got.at_ms, request.at_ms);
    assert_int_equal(got.from, 41);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void an_answer_comes_back(void **state)
{
    (void)state;
    struct cs_history_state states[3];
    struct cs_history_response response = sample_history_response(states);
    struct cs_history_response got;
    struct cs_buffer bytes;
    struct cs_arena arena;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_OK);
    assert_int_equal(cs_history_response_decode(cs_buffer_bytes(&bytes), &arena, &got), CS_OK);
    assert_true(got.reach_ms == CS_HISTORY_LONG_SINCE);
    assert_int_equal(got.more, 17);
    assert_int_equal(got.state_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct cs_history_state *a = &states[i];
        const struct cs_history_state *b = &got.states[i];
        assert_int_equal(a->number, b->number);
        assert_int_equal(a->from_ms, b->from_ms);
        assert_true(a->until_ms == b->until_ms);
        assert_true(cs_version_equal(&a->author, &b->author));
        assert_int_equal(a->claimed, b->claimed);
        assert_int_equal(a->received_ms, b->received_ms);
        assert_int_equal(a->row.deleted, b->row.deleted);
        assert_true(cs_bytes_equal(a->row.versions, b->row.versions));
        assert_int_equal(b->row.field_count, 2);
        assert_int_equal(a->head_count, b->head_count);
    }
    assert_true(cs_bytes_equal_text(got.states[0].heads[0].unit, "name"));
    assert_true(cs_bytes_equal_text(got.states[0].heads[0].value, "packed"));
    assert_true(got.states[0].heads[0].version.log == UINT64_MAX);
    response.state_count = 0;
    cs_buffer_clear(&bytes);
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_OK);
    assert_int_equal(cs_history_response_decode(cs_buffer_bytes(&bytes), &arena, &got), CS_OK);
    assert_int_equal(got.state_count, 0);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    static char name[CS_NAME_MAX + 2];
    static struct cs_history_state many[CS_HISTORY_STATES_MAX + 1];
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    memset(name, 'a', sizeof name - 1);
    struct cs_history_request request = sample_history_request();
    request.entity = cs_bytes_of_text(name);
    assert_int_equal(cs_history_request_encode(&request, &bytes), CS_INVALID);
    request.entity = CS_BYTES_NONE;
    assert_int_equal(cs_history_request_encode(&request, &bytes), CS_INVALID);
    request = sample_history_request();
    request.from = UINT64_MAX;
    assert_int_equal(cs_history_request_encode(&request, &bytes), CS_INVALID);
    struct cs_history_response response = {.states = many, .state_count = CS_COUNT(many)};
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_INVALID);
    struct cs_history_state states[3];
    response = sample_history_response(states);
    response.more = UINT64_MAX;
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_INVALID);
    response.more = 0;
    states[1].row.scope_set = 1;
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_INVALID);
    states[1].row.scope_set = 0;
    states[2].number = UINT64_MAX;
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_INVALID);
    states[2].number = 0;
    states[0].heads[0].unit = cs_bytes_of_text(name);
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_INVALID);
    assert_int_equal(bytes.size, 0);
    cs_buffer_release(&bytes);
}

/* States of one answer are states of one row. */
static void another_row_is_refused(void **state)
{
    (void)state;
    struct cs_history_state states[3];
    struct cs_history_response response = sample_history_response(states);
    struct cs_history_response got = {.more = 5};
    struct cs_buffer bytes;
    struct cs_arena arena;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    states[2].row.id.bytes[0] ^= 1;
    assert_int_equal(cs_history_response_encode(&response, &bytes), CS_OK);
    assert_int_equal(cs_history_response_decode(cs_buffer_bytes(&bytes), &arena, &got),
                     CS_MALFORMED);
    assert_int_equal(got.more, 5);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void hostile_bytes_are_refused(void **state)
{
    (void)state;
    struct cs_history_state states[3];
    struct cs_history_request request = sample_history_request();
    struct cs_history_response response = sample_history_response(states);
    message_check_hostile(encode_request, decode_request, &request);
    message_check_hostile(encode_response, decode_response, &response);
    message_check_allocations(encode_request, decode_request, &request);
    message_check_allocations(encode_response, decode_response, &response);
    message_check_bomb(decode_request);
    message_check_bomb(decode_response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_back),
        cmocka_unit_test(an_answer_comes_back),
        cmocka_unit_test(what_could_not_be_read_is_not_written),
        cmocka_unit_test(another_row_is_refused),
        cmocka_unit_test(hostile_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
