/* Tests of sync responses. */
#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode(const void *message, struct cs_buffer *out)
{
    return cs_sync_response_encode(message, out);
}

static enum cs_status decode(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_sync_response response = {.position = 123};
    enum cs_status status = cs_sync_response_decode(bytes, arena, &response);
    assert_true(status == CS_OK || response.position == 123);
    return status;
}

static void test_responses_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct cs_arena arena;
        struct cs_buffer frame;
        struct cs_sync_response back;
        struct sample_random random = {seed};
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_buffer_init(&frame, CS_RESPONSE_MAX);
        struct cs_sync_response response = sample_sync_response(&random, &arena);
        assert_int_equal(cs_sync_response_encode(&response, &frame), CS_OK);
        assert_int_equal(cs_sync_response_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
        memset(frame.data, 0xff, frame.size);
        assert_true(sample_sync_responses_equal(&response, &back));
        cs_buffer_release(&frame);
        cs_arena_release(&arena);
    }
}

static void test_hostile_bytes_and_allocations(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct sample_random random = {21};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_sync_response response;
    do {
        response = sample_sync_response(&random, &arena);
    } while (response.refusal_count == 0 || response.departure_count == 0 ||
             response.row_count == 0);
    message_check_hostile(encode, decode, &response);
    message_check_allocations(encode, decode, &response);
    message_check_bomb(decode);
    cs_arena_release(&arena);
}

/* Nothing new: what travels at every idle sync. */
static void test_no_news_is_small(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct sample_random random = {22};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    struct cs_sync_response response = {.position = 1000000, .log_sequence = 55, .last = true};
    response.server_time_ms = INT64_C(1772413200000);
    sample_fill(&random, response.incarnation, sizeof response.incarnation);
    sample_fill(&random, response.log_head, sizeof response.log_head);
    sample_fill(&random, response.digest, sizeof response.digest);
    response.cursors = sample_cursors(&random, &arena, 5);
    response.cursor_count = 5;
    assert_int_equal(cs_sync_response_encode(&response, &frame), CS_OK);
    print_message("no-news response body with 5 scopes: %zu bytes\n", frame.size);
    assert_true(frame.size < 300);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

struct fixture {
    struct cs_arena arena;
    struct cs_sync_response response;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct sample_random random = {23};
    cs_arena_init(&fixture.arena, CS_MESSAGE_ARENA_MAX);
    do {
        fixture.response = sample_sync_response(&random, &fixture.arena);
    } while (fixture.response.refusal_count == 0 || fixture.response.departure_count == 0 ||
             fixture.response.row_count == 0 || fixture.response.outcome_count == 0 ||
             fixture.response.echo_count == 0 || fixture.response.row_proof_count < 2 ||
             fixture.response.earlier_count < 2 || !fixture.response.own_proved);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_arena_release(&fixture->arena);
    return 0;
}

static void check_refused(const struct cs_sync_response *response, enum cs_status expected)
{
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    assert_int_equal(cs_sync_response_encode(response, &frame), expected);
    assert_int_equal(frame.size, 0);
    cs_buffer_release(&frame);
}

/* Sets one place, expects the refusal, and sets it back. */
#define CHECK_SPOILED(place, value, expected)                                                      \
    do {                                                                                           \
        __typeof__(place) before = (place);                                                        \
        (place) = (value);                                                                         \
        check_refused(&fixture->response, (expected));                                             \
        (place) = before;                                                                          \
    } while (0)

static void test_numbers_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_sync_response *response = &fixture->response;
    CHECK_SPOILED(response->position, (uint64_t)INT64_MAX + 1, CS_INVALID);
    CHECK_SPOILED(response->log_sequence, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->first_counter, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->first_counter, INT64_MAX, CS_INVALID); /* and outcomes after it */
    CHECK_SPOILED(response->cursors[0].position, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->cursors[0].scope, response->cursors[1].scope, CS_INVALID);
}

static void test_outcomes_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_outcome_run *run = &fixture->response.outcomes[0];
    CHECK_SPOILED(run->outcome, (enum cs_outcome)0, CS_INVALID);
    CHECK_SPOILED(run->outcome, (enum cs_outcome)5, CS_INVALID);
    CHECK_SPOILED(run->count, 0, CS_INVALID);
    CHECK_SPOILED(run->count, UINT64_MAX, CS_TOO_LARGE);
}

static void test_refusals_are_checked(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t large[CS_PROBLEM_TEXT_MAX + 1];
    struct cs_refusal *refusal = &fixture->response.refusals[0];
    CHECK_SPOILED(refusal->status, CS_OK, CS_INVALID);
    CHECK_SPOILED(refusal->status, CS_STATUS_COUNT, CS_INVALID);
    CHECK_SPOILED(refusal->counter, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(refusal->field, cs_bytes_make(large, CS_NAME_MAX + 1), CS_TOO_LARGE);
    CHECK_SPOILED(refusal->text, cs_bytes_of_array(large), CS_TOO_LARGE);
    CHECK_SPOILED(refusal->text, cs_bytes_of_text("\xff"), CS_INVALID);
}

static void test_indexes_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_sync_response *response = &fixture->response;
    CHECK_SPOILED(response->echoes[0].scope_set_plus_one, 4, CS_INVALID);
    CHECK_SPOILED(response->echoes[0].count, 0, CS_INVALID);
    CHECK_SPOILED(response->echoes[0].count, UINT64_MAX, CS_TOO_LARGE);
    CHECK_SPOILED(response->scope_sets[1].scopes[0], (uint32_t)response->cursor_count, CS_INVALID);
    CHECK_SPOILED(response->scope_sets[2].scopes[1], 0, CS_INVALID); /* not ascending */
    CHECK_SPOILED(response->rows[0].scope_set, 3, CS_INVALID);
    CHECK_SPOILED(response->rows[0].entity, CS_BYTES_NONE, CS_INVALID);
    CHECK_SPOILED(response->departures[0].entity, CS_BYTES_NONE, CS_INVALID);
}

static void test_proofs_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_sync_response *response = &fixture->response;
    static const uint8_t large[CS_LOG_PROOF_MAX + 32];
    struct cs_bytes odd = cs_bytes_make(large, 33);
    struct cs_bytes long_path = cs_bytes_of_array(large);
    CHECK_SPOILED(response->checkpoint, cs_bytes_make(large, CS_CHECKPOINT_MAX + 1), CS_TOO_LARGE);
    CHECK_SPOILED(response->consistency, odd, CS_INVALID);
    CHECK_SPOILED(response->consistency, long_path, CS_TOO_LARGE);
    CHECK_SPOILED(response->row_proofs[0].path, odd, CS_INVALID);
    CHECK_SPOILED(response->row_proofs[0].path, long_path, CS_TOO_LARGE);
    CHECK_SPOILED(response->row_proofs[0].leaf, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->row_proofs[1].row, response->row_proofs[0].row, CS_INVALID);
    CHECK_SPOILED(response->row_proofs[1].row, (uint32_t)response->row_count, CS_INVALID);
    CHECK_SPOILED(response->own_leaf, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->own_path, odd, CS_INVALID);
    CHECK_SPOILED(response->earlier[0].size, 0, CS_INVALID);
    CHECK_SPOILED(response->earlier[0].size, response->earlier[1].size, CS_INVALID);
    CHECK_SPOILED(response->earlier[1].size, UINT64_MAX, CS_INVALID);
    CHECK_SPOILED(response->earlier[0].path, odd, CS_INVALID);
    CHECK_SPOILED(response->earlier_count, CS_PAGE_ROWS_MAX + 1, CS_TOO_LARGE);
}

/* A status of a newer server is still a refusal; "OK" as one is a lie. */
/* Never ahead of what the server has of the device; and only in format 4. */
static void test_horizon_is_checked(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    for (uint64_t horizon = 54; horizon <= 56; horizon++) {
        struct cs_sync_response response = {.position = 1000000,
                                            .log_sequence = 55,
                                            .last = true,
                                            .with_vaults = true,
                                            .with_horizon = true,
                                            .horizon = horizon};
        struct cs_sync_response back;
        struct cs_buffer out;
        cs_buffer_init(&out, CS_MEBI);
        enum cs_status status = cs_sync_response_encode(&response, &out);
        assert_int_equal(status == CS_OK, horizon <= 55);
        if (status == CS_OK) {
            assert_int_equal(cs_sync_response_decode(cs_buffer_bytes(&out), &arena, &back), CS_OK);
            assert_int_equal(back.horizon, horizon);
            assert_true(back.with_horizon && back.with_vaults);
        }
        cs_buffer_release(&out);
    }
    cs_arena_release(&arena);
}

static void test_status_names(void **state)
{
    struct fixture *fixture = *state;
    struct cs_buffer frame;
    struct cs_buffer plain;
    struct cs_sync_response back;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    fixture->response.refusal_count = 1;
    fixture->response.refusals[0].status = CS_MISSING_REFERENCE;
    assert_int_equal(cs_sync_response_encode(&fixture->response, &frame), CS_OK);
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_RESPONSE_MAX, &plain), CS_OK);
    uint8_t *name = memmem(plain.data, plain.size, "MISSING_REFERENCE", 17);
    assert_non_null(name);
    memcpy(name, "MISSING_ELEPHANTS", 17);
    cs_buffer_clear(&frame);
    assert_int_equal(cs_compress(cs_buffer_bytes(&plain), &frame), CS_OK);
    assert_int_equal(cs_sync_response_decode(cs_buffer_bytes(&frame), &fixture->arena, &back),
                     CS_OK);
    assert_int_equal(back.refusals[0].status, CS_REFUSED);
    cs_buffer_release(&frame);
    cs_buffer_release(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses_come_back),
        cmocka_unit_test(test_hostile_bytes_and_allocations),
        cmocka_unit_test(test_no_news_is_small),
        cmocka_unit_test_setup_teardown(test_numbers_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outcomes_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexes_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_proofs_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_horizon_is_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_status_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
