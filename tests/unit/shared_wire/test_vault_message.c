/* Tests of what a device and a server say to each other about vaults. */
#include "shared/wire/vault_message.h"

#include "tests/unit/shared_wire/message_checks.h"

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_vault_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_vault_request request;
    return cs_vault_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_vault_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_vault_response response;
    return cs_vault_response_decode(bytes, arena, &response);
}

static struct cs_vault_cursor cursors[2] = {
    {.vault = {{1}}, .level = CS_VAULT_LEVEL_MEMBER, .through = 9, .log_length = 3},
    {.vault = {{2}}, .level = CS_VAULT_LEVEL_FORMER, .through = INT64_MAX}};
static struct cs_bytes records[2] = {{(const uint8_t *)"first", 5}, {(const uint8_t *)"second", 6}};

static struct cs_vault_request sample_request(void)
{
    return (struct cs_vault_request){.incarnation = {1, 2, 3},
                                     .log_size = 77,
                                     .recovery = 2,
                                     .statement = cs_bytes_of_text("statement"),
                                     .cursors = cursors,
                                     .cursor_count = 2,
                                     .records = records,
                                     .record_count = 2};
}

static struct cs_vault_outcome outcomes[3] = {
    {.status = CS_OK, .text = {NULL, 0}},
    {.status = CS_EXISTS, .text = {NULL, 0}},
    {.status = CS_OUTDATED, .text = {(const uint8_t *)"look again", 10}}};
static struct cs_vault_recovery_fed recoveries[1] = {
    {.leaf = 4, .path = {(const uint8_t *)"path", 4}, .statement = {(const uint8_t *)"root", 4}}};
static struct cs_vault_standing standings[2] = {
    {.cursor = {.vault = {{1}}, .level = CS_VAULT_LEVEL_OVERSEER, .through = 12, .log_length = 5},
     .head = {8}},
    {.cursor = {.vault = {{2}}}}};
static struct cs_vault_fed fed[1] = {{.feed = 12,
                                      .position = 30,
                                      .log_position = 4,
                                      .logged_ms = -5,
                                      .leaf = 99,
                                      .path = {(const uint8_t *)"path", 4},
                                      .record = {(const uint8_t *)"record", 6}}};

static struct cs_vault_response sample_response(void)
{
    return (struct cs_vault_response){.incarnation = {4},
                                      .server_time_ms = 123456,
                                      .checkpoint = cs_bytes_of_text("note"),
                                      .consistency = cs_bytes_of_text("proof"),
                                      .entered = {.status = CS_ROLLED_BACK},
                                      .outcomes = outcomes,
                                      .outcome_count = 3,
                                      .recoveries = recoveries,
                                      .recovery_count = 1,
                                      .standings = standings,
                                      .standing_count = 2,
                                      .records = fed,
                                      .record_count = 1,
                                      .last = true};
}

static void a_request_comes_back(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct cs_vault_request back;
    const struct cs_vault_request request = sample_request();
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_OK);
    assert_int_equal(cs_vault_request_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
    assert_memory_equal(back.incarnation, request.incarnation, 16);
    assert_true(back.log_size == 77 && back.recovery == 2);
    assert_true(cs_bytes_equal_text(back.statement, "statement"));
    assert_true(back.cursor_count == 2 && back.record_count == 2);
    assert_int_equal(back.cursors[0].level, CS_VAULT_LEVEL_MEMBER);
    assert_true(back.cursors[0].log_length == 3 && back.cursors[1].through == INT64_MAX);
    assert_true(cs_bytes_equal_text(back.records[1], "second"));
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void a_response_comes_back(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct cs_vault_response back;
    const struct cs_vault_response response = sample_response();
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    assert_int_equal(cs_vault_response_encode(&response, &frame), CS_OK);
    assert_int_equal(cs_vault_response_decode(cs_buffer_bytes(&frame), &arena, &back), CS_OK);
    assert_true(back.last && back.server_time_ms == 123456);
    assert_int_equal(back.entered.status, CS_ROLLED_BACK);
    assert_int_equal(back.outcome_count, 3);
    assert_int_equal(back.outcomes[0].status, CS_OK);
    assert_int_equal(back.outcomes[1].status, CS_EXISTS);
    assert_int_equal(back.outcomes[2].status, CS_OUTDATED);
    assert_true(cs_bytes_equal_text(back.outcomes[2].text, "look again"));
    assert_true(cs_bytes_equal_text(back.recoveries[0].statement, "root"));
    assert_int_equal(back.standing_count, 2);
    assert_int_equal(back.standings[0].head[0], 8);
    assert_int_equal(back.standings[1].cursor.level, CS_VAULT_LEVEL_NONE);
    assert_int_equal(back.record_count, 1);
    assert_true(back.records[0].feed == 12 && back.records[0].position == 30 &&
                back.records[0].log_position == 4 && back.records[0].logged_ms == -5 &&
                back.records[0].leaf == 99);
    assert_true(cs_bytes_equal_text(back.records[0].record, "record"));
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void what_breaks_a_limit_is_not_written(void **state)
{
    (void)state;
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_MEBI);
    struct cs_vault_request request = sample_request();
    request.log_size = (uint64_t)INT64_MAX + 1;
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_INVALID);
    request = sample_request();
    request.cursor_count = CS_VAULTS_PER_DEVICE_MAX + 1;
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_INVALID);
    request = sample_request();
    request.record_count = CS_VAULT_RECORDS_PER_REQUEST_MAX + 1;
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_INVALID);
    assert_int_equal(frame.size, 0);
    cs_buffer_release(&frame);
}

static void vaults_ascend(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct cs_vault_cursor twice[2] = {cursors[1], cursors[1]};
    struct cs_vault_cursor back[2] = {cursors[1], cursors[0]};
    struct cs_vault_request request = sample_request();
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_MEBI);
    request.cursors = twice;
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_OK);
    assert_int_equal(decode_request(cs_buffer_bytes(&frame), &arena), CS_MALFORMED);
    cs_buffer_clear(&frame);
    request.cursors = back;
    assert_int_equal(cs_vault_request_encode(&request, &frame), CS_OK);
    assert_int_equal(decode_request(cs_buffer_bytes(&frame), &arena), CS_MALFORMED);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void both_are_read_strictly(void **state)
{
    (void)state;
    const struct cs_vault_request request = sample_request();
    const struct cs_vault_response response = sample_response();
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
        cmocka_unit_test(a_request_comes_back),
        cmocka_unit_test(a_response_comes_back),
        cmocka_unit_test(what_breaks_a_limit_is_not_written),
        cmocka_unit_test(vaults_ascend),
        cmocka_unit_test(both_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
