/* Tests of join requests, join responses and failures. */
#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_join_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_join_request request;
    return cs_join_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_join_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_join_response response;
    return cs_join_response_decode(bytes, arena, &response);
}

static enum cs_status encode_failure(const void *message, struct cs_buffer *out)
{
    return cs_failure_response_encode(message, out);
}

static enum cs_status decode_failure(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_failure_response response;
    return cs_failure_response_decode(bytes, arena, &response);
}

static const uint8_t large[CS_CHAIN_BYTES_MAX + 1];

struct fixture {
    struct cs_arena arena;
    struct cs_buffer frame;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    cs_arena_init(&fixture.arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&fixture.frame, CS_MEBI);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_arena_release(&fixture->arena);
    cs_buffer_release(&fixture->frame);
    return 0;
}

static void test_join_request_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cs_join_request request = {cs_bytes_make(large, CS_CHAIN_BYTES_MAX),
                                      cs_bytes_of_text("bearer"), CS_BYTES_NONE};
    struct cs_join_request back;
    assert_int_equal(cs_join_request_encode(&request, &f->frame), CS_OK);
    assert_int_equal(cs_join_request_decode(cs_buffer_bytes(&f->frame), &f->arena, &back), CS_OK);
    memset(f->frame.data, 0xff, f->frame.size);
    assert_true(cs_bytes_equal(request.chain, back.chain));
    assert_true(cs_bytes_equal(request.bearer, back.bearer));
    assert_int_equal(back.server_identity.size, 0);
}

static void test_join_response_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cs_join_response response = {
        {1, 2, 3}, -5, cs_bytes_of_text("statement"), cs_bytes_of_text("identity")};
    struct cs_join_response back;
    assert_int_equal(cs_join_response_encode(&response, &f->frame), CS_OK);
    assert_int_equal(cs_join_response_decode(cs_buffer_bytes(&f->frame), &f->arena, &back), CS_OK);
    assert_memory_equal(back.incarnation, response.incarnation, 16);
    assert_int_equal(back.server_time_ms, -5);
    assert_true(cs_bytes_equal_text(back.server_statement, "statement"));
    assert_true(cs_bytes_equal_text(back.server_identity, "identity"));
}

static void test_every_failure_comes_back(void **state)
{
    struct fixture *f = *state;
    for (enum cs_status status = CS_OK + 1; status < CS_STATUS_COUNT; status++) {
        struct cs_failure_response response = {status, 77, cs_bytes_of_text("说明")};
        struct cs_failure_response back;
        cs_buffer_clear(&f->frame);
        assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_OK);
        assert_int_equal(cs_failure_response_decode(cs_buffer_bytes(&f->frame), &f->arena, &back),
                         CS_OK);
        assert_int_equal(back.status, status);
        assert_int_equal(back.expected_sequence, 77);
        assert_true(cs_bytes_equal_text(back.text, "说明"));
    }
}

static void test_parts_that_are_too_large_are_refused(void **state)
{
    struct fixture *f = *state;
    struct cs_bytes part = cs_bytes_of_array(large);
    for (size_t i = 0; i < 3; i++) {
        struct cs_join_request request = {i == 0 ? part : CS_BYTES_NONE,
                                          i == 1 ? part : CS_BYTES_NONE,
                                          i == 2 ? part : CS_BYTES_NONE};
        assert_int_equal(cs_join_request_encode(&request, &f->frame), CS_TOO_LARGE);
        cs_buffer_clear(&f->frame);
        cs_cbor_put_array(&f->frame, 4);
        cs_cbor_put_unsigned(&f->frame, 1);
        cs_cbor_put_bytes(&f->frame, request.chain);
        cs_cbor_put_bytes(&f->frame, request.bearer);
        cs_cbor_put_bytes(&f->frame, request.server_identity);
        assert_int_equal(message_decode_plain(decode_request, &f->frame), CS_LIMIT);
        cs_buffer_clear(&f->frame);
    }
    struct cs_join_response response = {{0}, 0, part, CS_BYTES_NONE};
    assert_int_equal(cs_join_response_encode(&response, &f->frame), CS_TOO_LARGE);
    response.server_statement = CS_BYTES_NONE;
    response.server_identity = part;
    assert_int_equal(cs_join_response_encode(&response, &f->frame), CS_TOO_LARGE);
    assert_int_equal(f->frame.size, 0);
}

static void test_failures_are_checked(void **state)
{
    struct fixture *f = *state;
    struct cs_failure_response response = {CS_OK, 0, CS_BYTES_NONE};
    assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_INVALID);
    response.status = CS_STATUS_COUNT;
    assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_INVALID);
    response.status = CS_GAP;
    response.expected_sequence = UINT64_MAX;
    assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_INVALID);
    response.expected_sequence = 1;
    response.text = cs_bytes_make(large, CS_PROBLEM_TEXT_MAX + 1);
    assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_TOO_LARGE);
    response.text = cs_bytes_of_text("\xfe");
    assert_int_equal(cs_failure_response_encode(&response, &f->frame), CS_INVALID);
    assert_int_equal(f->frame.size, 0);
}

static enum cs_status decode_failure_by_hand(struct fixture *f, const char *name, uint64_t sequence,
                                             size_t text_size)
{
    char text[CS_PROBLEM_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    cs_buffer_clear(&f->frame);
    cs_cbor_put_array(&f->frame, 4);
    cs_cbor_put_unsigned(&f->frame, 1);
    cs_cbor_put_text(&f->frame, cs_bytes_of_text(name));
    cs_cbor_put_unsigned(&f->frame, sequence);
    cs_cbor_put_text(&f->frame, cs_bytes_make(text, text_size));
    return message_decode_plain(decode_failure, &f->frame);
}

static void test_spoiled_failures_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(decode_failure_by_hand(f, "GAP", 3, CS_PROBLEM_TEXT_MAX), CS_OK);
    assert_int_equal(decode_failure_by_hand(f, "A_NAME_OF_LATER", 3, 5), CS_OK);
    assert_int_equal(decode_failure_by_hand(f, "OK", 3, 5), CS_MALFORMED);
    assert_int_equal(decode_failure_by_hand(f, "", 3, 5), CS_MALFORMED);
    assert_int_equal(decode_failure_by_hand(f, "A_NAME_THAT_IS_LONGER_THAN_ANY_NAME", 3, 5),
                     CS_MALFORMED);
    assert_int_equal(decode_failure_by_hand(f, "GAP", UINT64_MAX, 5), CS_MALFORMED);
    assert_int_equal(decode_failure_by_hand(f, "GAP", 3, CS_PROBLEM_TEXT_MAX + 1), CS_LIMIT);
}

static void test_hostile_bytes_and_allocations(void **state)
{
    (void)state;
    struct cs_join_request request = {cs_bytes_of_text("chain"), cs_bytes_of_text("bearer"),
                                      cs_bytes_of_text("identity")};
    struct cs_join_response response = {
        {1, 2, 3}, 5, cs_bytes_of_text("statement"), cs_bytes_of_text("identity")};
    struct cs_failure_response failure = {CS_GAP, 77, cs_bytes_of_text("text")};
    message_check_hostile(encode_request, decode_request, &request);
    message_check_allocations(encode_request, decode_request, &request);
    message_check_bomb(decode_request);
    message_check_hostile(encode_response, decode_response, &response);
    message_check_allocations(encode_response, decode_response, &response);
    message_check_bomb(decode_response);
    message_check_hostile(encode_failure, decode_failure, &failure);
    message_check_allocations(encode_failure, decode_failure, &failure);
    message_check_bomb(decode_failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_join_request_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_join_response_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failure_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts_that_are_too_large_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_failures_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_failures_are_refused, set_up, tear_down),
        cmocka_unit_test(test_hostile_bytes_and_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
