/* The answer to a revoked device: it comes back whole, and everything else is refused. */
#include "shared/wire/revoked.h"

#include "shared/base/limits.h"
#include "tests/unit/shared_wire/message_checks.h"

static struct cs_revoked_response sample(void)
{
    struct cs_revoked_response response = {
        .server_time_ms = 1772413200000,
        .revoked_ms = 1772413100000,
        .log_sequence = 9,
        .last_sequence = 7,
        .full = true,
        .revoked_by = cs_bytes_of_text("王芳"),
        .reason = cs_bytes_of_text("笔记本丢失"),
    };
    memset(response.incarnation, 0x11, sizeof response.incarnation);
    memset(response.log_head, 0x22, sizeof response.log_head);
    return response;
}

static void encode(const struct cs_revoked_response *response, struct cs_buffer *out)
{
    cs_buffer_init(out, CS_MEBI);
    assert_int_equal(cs_revoked_response_encode(response, out), CS_OK);
}

static void test_it_comes_back(void **state)
{
    (void)state;
    struct cs_revoked_response response = sample();
    struct cs_revoked_response got;
    struct cs_buffer bytes;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    encode(&response, &bytes);
    assert_int_equal(cs_revoked_response_decode(cs_buffer_bytes(&bytes), &arena, &got), CS_OK);
    assert_memory_equal(got.incarnation, response.incarnation, sizeof got.incarnation);
    assert_memory_equal(got.log_head, response.log_head, sizeof got.log_head);
    assert_int_equal(got.server_time_ms, response.server_time_ms);
    assert_int_equal(got.revoked_ms, response.revoked_ms);
    assert_int_equal(got.log_sequence, 9);
    assert_int_equal(got.last_sequence, 7);
    assert_true(got.full);
    assert_true(cs_bytes_equal_text(got.revoked_by, "王芳"));
    assert_true(cs_bytes_equal_text(got.reason, "笔记本丢失"));
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void test_what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    struct cs_buffer bytes;
    struct cs_buffer text;
    cs_buffer_init(&bytes, CS_MEBI);
    cs_buffer_init(&text, CS_MEBI);
    for (size_t i = 0; i <= CS_REVOKED_TEXT_MAX; i++) {
        cs_buffer_append_u8(&text, 'a');
    }
    struct cs_revoked_response response = sample();
    response.last_sequence = 10;
    assert_int_equal(cs_revoked_response_encode(&response, &bytes), CS_INVALID);
    response = sample();
    response.log_sequence = UINT64_MAX;
    assert_int_equal(cs_revoked_response_encode(&response, &bytes), CS_INVALID);
    response = sample();
    response.reason = cs_buffer_bytes(&text);
    assert_int_equal(cs_revoked_response_encode(&response, &bytes), CS_TOO_LARGE);
    response = sample();
    response.revoked_by = cs_buffer_bytes(&text);
    assert_int_equal(cs_revoked_response_encode(&response, &bytes), CS_TOO_LARGE);
    assert_int_equal(bytes.size, 0);
    text.size--;
    response.revoked_by = cs_buffer_bytes(&text);
    assert_int_equal(cs_revoked_response_encode(&response, &bytes), CS_OK);
    cs_buffer_release(&text);
    cs_buffer_release(&bytes);
}

static void test_cut_and_altered_bytes_are_refused(void **state)
{
    (void)state;
    struct cs_revoked_response response = sample();
    struct cs_revoked_response got = {.log_sequence = 77};
    struct cs_buffer bytes;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    encode(&response, &bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_not_equal(
            cs_revoked_response_decode(cs_bytes_make(bytes.data, size), &arena, &got), CS_OK);
    }
    assert_int_equal(got.log_sequence, 77);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void test_running_out_of_memory(void **state)
{
    (void)state;
    struct cs_revoked_response response = sample();
    struct cs_buffer bytes;
    encode(&response, &bytes);
    enum cs_status status = CS_NO_MEMORY;
    for (long failures = 0; status != CS_OK; failures++) {
        struct cs_revoked_response got = {.log_sequence = 77};
        struct cs_arena arena;
        assert_true(failures < 100);
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(failures);
        status = cs_revoked_response_decode(cs_buffer_bytes(&bytes), &arena, &got);
        cs_memory_fail_after(-1);
        assert_true(status == CS_NO_MEMORY || status == CS_OK);
        assert_int_equal(got.log_sequence, status == CS_OK ? 9 : 77);
        cs_arena_release(&arena);
    }
    cs_buffer_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_comes_back),
        cmocka_unit_test(test_what_could_not_be_read_is_not_written),
        cmocka_unit_test(test_cut_and_altered_bytes_are_refused),
        cmocka_unit_test(test_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
