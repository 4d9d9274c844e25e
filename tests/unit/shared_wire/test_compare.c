/* Comparison messages: they come back, hostile ones are refused, ranges are what they say. */
#include "tests/unit/shared_wire/compare_samples.h"
#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_compare_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_compare_request request;
    return cs_compare_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_compare_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_compare_response response;
    return cs_compare_response_decode(bytes, arena, &response);
}

static struct cs_arena arena;

static int set_up(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    return 0;
}

static void test_messages_come_back(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sample_random random = {seed};
        enum cs_compare_step step = (enum cs_compare_step)(CS_COMPARE_SCOPES + seed % 4);
        struct cs_compare_request request = sample_compare_request(&random, &arena, step);
        struct cs_compare_request request_back;
        cs_buffer_clear(&out);
        assert_int_equal(cs_compare_request_encode(&request, &out), CS_OK);
        assert_int_equal(cs_compare_request_decode(cs_buffer_bytes(&out), &arena, &request_back),
                         CS_OK);
        assert_true(sample_compare_requests_equal(&request, &request_back));
        struct cs_compare_response response = sample_compare_response(&random, &arena);
        struct cs_compare_response response_back;
        cs_buffer_clear(&out);
        assert_int_equal(cs_compare_response_encode(&response, &out), CS_OK);
        assert_int_equal(cs_compare_response_decode(cs_buffer_bytes(&out), &arena, &response_back),
                         CS_OK);
        assert_true(sample_compare_responses_equal(&response, &response_back));
    }
    cs_buffer_release(&out);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    for (unsigned step = CS_COMPARE_SCOPES; step <= CS_COMPARE_REPORT; step++) {
        struct sample_random random = {step};
        struct cs_compare_request request =
            sample_compare_request(&random, &arena, (enum cs_compare_step)step);
        message_check_hostile(encode_request, decode_request, &request);
        message_check_allocations(encode_request, decode_request, &request);
    }
    struct sample_random random = {7};
    struct cs_compare_response response = sample_compare_response(&random, &arena);
    message_check_hostile(encode_response, decode_response, &response);
    message_check_allocations(encode_response, decode_response, &response);
    message_check_bomb(decode_request);
    message_check_bomb(decode_response);
}

static struct cs_compare_request rows_request(void)
{
    struct sample_random random = {3};
    return sample_compare_request(&random, &arena, CS_COMPARE_ROWS);
}

static void check_refused(const struct cs_compare_request *request, enum cs_status status)
{
    struct cs_buffer out;
    cs_buffer_init(&out, 4 * CS_MEBI);
    assert_int_equal(cs_compare_request_encode(request, &out), status);
    cs_buffer_release(&out);
}

static void test_requests_that_make_no_sense(void **state)
{
    (void)state;
    struct cs_compare_request request = rows_request();
    request.step = CS_COMPARE_SCOPES;
    check_refused(&request, CS_INVALID);
    request.step = CS_COMPARE_RANGES;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.step = (enum cs_compare_step)9;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.range_count = 0;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.position = UINT64_MAX;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.scopes[1] = request.scopes[0];
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.ranges[0].scope = 4;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.ranges[0].prefix = 64;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.ranges[0].depth = CS_COMPARE_DEPTH_MAX + 1;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.list_counts[2]++;
    check_refused(&request, CS_INVALID);
    request = rows_request();
    request.list_counts[2]--;
    check_refused(&request, CS_INVALID);
    request.step = CS_COMPARE_REPORT;
    request.range_count = 0;
    request.entry_count = 0;
    check_refused(&request, CS_INVALID);
}

/* Work and memory of the other side depend on these. */
static void test_ranges_do_not_overlap(void **state)
{
    (void)state;
    struct cs_compare_request request = rows_request();
    request.step = CS_COMPARE_RANGES;
    request.entry_count = 0;
    request.ranges[0] = (struct cs_compare_range){1, 0, 0};
    request.ranges[1] = (struct cs_compare_range){1, 2, 70};
    request.ranges[2] = (struct cs_compare_range){2, 1, 3};
    check_refused(&request, CS_INVALID);
    request.ranges[0] = (struct cs_compare_range){1, 1, 1};
    check_refused(&request, CS_INVALID);
    request.ranges[0] = (struct cs_compare_range){1, 1, 2};
    check_refused(&request, CS_OK);
    request.ranges[2] = request.ranges[1];
    check_refused(&request, CS_INVALID);
    request.ranges[2] = (struct cs_compare_range){2, CS_COMPARE_DEPTH_MAX, 3};
    check_refused(&request, CS_INVALID);
}

static void test_lists_stay_in_their_ranges(void **state)
{
    (void)state;
    struct cs_compare_request request = rows_request();
    struct cs_compare_entry last = request.entries[4];
    request.entries[4] = request.entries[3];
    check_refused(&request, CS_INVALID);
    request.entries[4] = last;
    check_refused(&request, CS_OK);
    while (cs_compare_range_holds(&request.ranges[2],
                                  cs_compare_key(request.entries[4].entity, &last.row))) {
        last.row.bytes[0] = 0xff;
        last.row.bytes[15]++;
        request.entries[4] = last;
    }
    check_refused(&request, CS_INVALID);
}

static void test_limits(void **state)
{
    (void)state;
    struct cs_compare_request request = rows_request();
    request.range_count = CS_COMPARE_RANGES_MAX + 1;
    check_refused(&request, CS_TOO_LARGE);
    request = rows_request();
    request.entry_count = CS_COMPARE_ENTRIES_MAX + 1;
    check_refused(&request, CS_TOO_LARGE);
    request = rows_request();
    request.scope_count = CS_SCOPES_PER_DEVICE_MAX + 1;
    check_refused(&request, CS_TOO_LARGE);
    struct sample_random random = {5};
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    struct cs_compare_response response = sample_compare_response(&random, &arena);
    response.moved_count = CS_COMPARE_MOVED_MAX + 1;
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_TOO_LARGE);
    response = sample_compare_response(&random, &arena);
    response.answered = CS_COMPARE_RANGES_MAX + 1;
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_TOO_LARGE);
    response = sample_compare_response(&random, &arena);
    response.child_count--;
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_INVALID);
    response = sample_compare_response(&random, &arena);
    response.scope_sets[1].count = 0;
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_INVALID);
    response = sample_compare_response(&random, &arena);
    response.rows[0].scope_set = 3;
    assert_int_equal(cs_compare_response_encode(&response, &out), CS_INVALID);
    assert_int_equal(out.size, 0);
}

/* A key is in exactly one child of every range that holds it, and the search finds that one. */
static void test_children_part_a_range(void **state)
{
    (void)state;
    struct sample_random random = {11};
    for (size_t i = 0; i < 1000; i++) {
        uint64_t key = sample_next(&random);
        struct cs_compare_range range = {3, 0, 0};
        for (unsigned depth = 0; depth < CS_COMPARE_DEPTH_MAX; depth++) {
            assert_true(cs_compare_range_holds(&range, key));
            struct cs_compare_range child = cs_compare_range_child(&range, key);
            assert_int_equal(child.prefix / CS_COMPARE_FANOUT, range.prefix);
            struct cs_compare_range pair[2] = {child, child};
            pair[0].prefix = child.prefix ^ 1;
            if (pair[0].prefix > child.prefix) {
                pair[1] = pair[0];
                pair[0] = child;
            }
            size_t found = cs_compare_range_find(pair, 2, 3, key);
            assert_true(found < 2 && pair[found].prefix == child.prefix);
            assert_int_equal(cs_compare_range_find(pair, 2, 2, key), 2);
            range = child;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_requests_that_make_no_sense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ranges_do_not_overlap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_stay_in_their_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_children_part_a_range, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
