/* Messages about attachments: they come back whole, are as the second implementation makes them, and all else is refused. */
#include "tests/unit/shared_wire/attachment_samples.h"
#include "tests/unit/shared_wire/message_checks.h"

#include <stdio.h>

static enum cs_status encode_request(const void *message, struct cs_buffer *out)
{
    return cs_attachment_request_encode(message, out);
}

static enum cs_status decode_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_attachment_request request;
    return cs_attachment_request_decode(bytes, arena, &request);
}

static enum cs_status encode_response(const void *message, struct cs_buffer *out)
{
    return cs_attachment_response_encode(message, out);
}

static enum cs_status decode_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_attachment_response response;
    return cs_attachment_response_decode(bytes, arena, &response);
}

static void test_requests_come_back(void **state)
{
    (void)state;
    struct sample_random random = {5};
    for (size_t i = 0; i < 400; i++) {
        struct cs_arena arena;
        struct cs_buffer bytes;
        struct cs_attachment_request got;
        cs_arena_init(&arena, CS_MEBI);
        cs_buffer_init(&bytes, CS_MEBI);
        struct cs_attachment_request request = sample_attachment_request(
            &random, &arena, (enum cs_attachment_step)(CS_ATTACHMENT_ASK + i % 4));
        assert_int_equal(cs_attachment_request_encode(&request, &bytes), CS_OK);
        assert_int_equal(cs_attachment_request_decode(cs_buffer_bytes(&bytes), &arena, &got),
                         CS_OK);
        assert_true(sample_attachment_requests_equal(&request, &got));
        cs_buffer_release(&bytes);
        cs_arena_release(&arena);
    }
}

static void test_responses_come_back(void **state)
{
    (void)state;
    struct sample_random random = {6};
    for (size_t i = 0; i < 400; i++) {
        struct cs_arena arena;
        struct cs_buffer bytes;
        struct cs_attachment_response got;
        cs_arena_init(&arena, CS_MEBI);
        cs_buffer_init(&bytes, CS_MEBI);
        struct cs_attachment_response response = sample_attachment_response(&random, &arena);
        assert_int_equal(cs_attachment_response_encode(&response, &bytes), CS_OK);
        assert_int_equal(cs_attachment_response_decode(cs_buffer_bytes(&bytes), &arena, &got),
                         CS_OK);
        assert_true(sample_attachment_responses_equal(&response, &got));
        cs_buffer_release(&bytes);
        cs_arena_release(&arena);
    }
}

static void test_the_largest(void **state)
{
    (void)state;
    struct sample_random random = {7};
    struct cs_arena arena;
    struct cs_buffer bytes;
    struct cs_attachment_request got;
    cs_arena_init(&arena, 4 * CS_MEBI);
    cs_buffer_init(&bytes, CS_MEBI);
    struct cs_attachment_request request =
        sample_attachment_request(&random, &arena, CS_ATTACHMENT_SEND);
    request.list = sample_bytes(&random, &arena, CS_ATTACHMENT_LIST_BYTES_MAX);
    request.chunk = sample_bytes(&random, &arena, CS_ATTACHMENT_CHUNK_BYTES_MAX);
    assert_int_equal(cs_attachment_request_encode(&request, &bytes), CS_OK);
    assert_int_equal(cs_attachment_request_decode(cs_buffer_bytes(&bytes), &arena, &got), CS_OK);
    request.chunk = sample_bytes(&random, &arena, CS_ATTACHMENT_CHUNK_BYTES_MAX + 1);
    assert_int_equal(cs_attachment_request_encode(&request, &bytes), CS_TOO_LARGE);
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
}

static void assert_not_written(const struct cs_attachment_request *request, enum cs_status expected)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    assert_int_equal(cs_attachment_request_encode(request, &bytes), expected);
    assert_int_equal(bytes.size, 0);
    cs_buffer_release(&bytes);
}

static void test_requests_that_are_none(void **state)
{
    (void)state;
    static struct cs_attachment_name names[CS_ATTACHMENT_NAMES_MAX + 1];
    static uint8_t some[CS_HASH_SIZE + 1];
    const struct cs_bytes bytes = cs_bytes_make(some, CS_HASH_SIZE);
    const struct cs_attachment_request wrong[] = {
        {.step = CS_ATTACHMENT_ASK, .names = names, .name_count = 0},
        {.step = (enum cs_attachment_step)0, .names = names, .name_count = 1},
        {.step = (enum cs_attachment_step)5, .names = names, .name_count = 1},
        {.step = CS_ATTACHMENT_ASK, .names = names, .name_count = 1, .index = 1},
        {.step = CS_ATTACHMENT_ASK, .names = names, .name_count = 1, .chunk = bytes},
        {.step = CS_ATTACHMENT_ASK, .names = names, .name_count = 1, .with_list = true},
        {.step = CS_ATTACHMENT_FETCH, .names = names, .name_count = 2},
        {.step = CS_ATTACHMENT_FETCH,
         .names = names,
         .name_count = 1,
         .index = CS_ATTACHMENT_CHUNKS_MAX},
        {.step = CS_ATTACHMENT_FETCH, .names = names, .name_count = 1, .list = bytes},
        {.step = CS_ATTACHMENT_SEND, .names = names, .name_count = 1},
        {.step = CS_ATTACHMENT_SEND,
         .names = names,
         .name_count = 1,
         .chunk = bytes,
         .with_list = true},
        {.step = CS_ATTACHMENT_SEND,
         .names = names,
         .name_count = 1,
         .chunk = bytes,
         .list = {some, CS_HASH_SIZE + 1}},
        {.step = CS_ATTACHMENT_DAMAGED, .names = names, .name_count = 1, .chunk = bytes},
    };
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        assert_not_written(&wrong[i], CS_INVALID);
    }
    const struct cs_attachment_request many = {
        .step = CS_ATTACHMENT_ASK, .names = names, .name_count = CS_ATTACHMENT_NAMES_MAX + 1};
    assert_not_written(&many, CS_TOO_LARGE);
}

static void test_responses_that_are_none(void **state)
{
    (void)state;
    static uint64_t stored[CS_ATTACHMENT_NAMES_MAX + 1];
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    struct cs_attachment_response response = {.stored = stored,
                                              .stored_count = CS_ATTACHMENT_NAMES_MAX + 1};
    assert_int_equal(cs_attachment_response_encode(&response, &bytes), CS_TOO_LARGE);
    response.stored_count = 1;
    stored[0] = CS_ATTACHMENT_CHUNKS_MAX + 2;
    assert_int_equal(cs_attachment_response_encode(&response, &bytes), CS_INVALID);
    stored[0] = 0;
    response.position = UINT64_MAX;
    assert_int_equal(cs_attachment_response_encode(&response, &bytes), CS_INVALID);
    response.position = 0;
    response.list = cs_bytes_make(stored, 31);
    assert_int_equal(cs_attachment_response_encode(&response, &bytes), CS_INVALID);
    assert_int_equal(bytes.size, 0);
    cs_buffer_release(&bytes);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    struct sample_random random = {8};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    for (int step = CS_ATTACHMENT_ASK; step <= CS_ATTACHMENT_DAMAGED; step++) {
        struct cs_attachment_request request =
            sample_attachment_request(&random, &arena, (enum cs_attachment_step)step);
        message_check_hostile(encode_request, decode_request, &request);
    }
    struct cs_attachment_response response = sample_attachment_response(&random, &arena);
    message_check_hostile(encode_response, decode_response, &response);
    cs_arena_release(&arena);
}

/* ---- the golden files, which are not compressed ---- */

static void read_golden(const char *name, struct cs_buffer *out)
{
    char path[512];
    static uint8_t bytes[4096];
    (void)snprintf(path, sizeof path, CS_TEST_SOURCE_DIR "/tests/golden/attachment/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    cs_buffer_init(out, CS_MEBI);
    cs_buffer_append(out, bytes, size);
}

static void number(uint8_t *out, size_t size, unsigned start)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(start + i);
    }
}

static void assert_golden(message_encode encode, const void *message, const char *name)
{
    struct cs_buffer golden;
    struct cs_buffer frame;
    struct cs_buffer plain;
    cs_buffer_init(&frame, CS_MEBI);
    cs_buffer_init(&plain, CS_MEBI);
    read_golden(name, &golden);
    assert_int_equal(encode(message, &frame), CS_OK);
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_MEBI, &plain), CS_OK);
    assert_int_equal(plain.size, golden.size);
    assert_memory_equal(plain.data, golden.data, golden.size);
    assert_int_equal(
        message_decode_plain(encode == encode_request ? decode_request : decode_response, &golden),
        CS_OK);
    cs_buffer_release(&golden);
    cs_buffer_release(&frame);
    cs_buffer_release(&plain);
}

static void test_the_golden_files(void **state)
{
    (void)state;
    struct cs_attachment_name names[2];
    uint8_t list[64];
    uint8_t chunk[300];
    uint64_t stored[] = {0, 3};
    number(names[0].row.bytes, CS_ID_SIZE, 0x10);
    number(names[1].row.bytes, CS_ID_SIZE, 0x90);
    number(names[0].address, CS_HASH_SIZE, 0x20);
    number(names[1].address, CS_HASH_SIZE, 0xC0);
    number(list, sizeof list, 1);
    number(chunk, sizeof chunk, 7);
    const struct cs_attachment_request ask = {
        .step = CS_ATTACHMENT_ASK, .names = names, .name_count = 2};
    const struct cs_attachment_request send = {.step = CS_ATTACHMENT_SEND,
                                               .names = names,
                                               .name_count = 1,
                                               .list = cs_bytes_of_array(list),
                                               .chunk = cs_bytes_of_array(chunk)};
    const struct cs_attachment_request fetch = {.step = CS_ATTACHMENT_FETCH,
                                                .names = names,
                                                .name_count = 1,
                                                .index = 5,
                                                .with_list = true};
    const struct cs_attachment_response response = {.position = 77,
                                                    .stored = stored,
                                                    .stored_count = 2,
                                                    .list = cs_bytes_of_array(list),
                                                    .chunk = cs_bytes_of_array(chunk)};
    assert_golden(encode_request, &ask, "ask_1.cbor");
    assert_golden(encode_request, &send, "send_1.cbor");
    assert_golden(encode_request, &fetch, "fetch_1.cbor");
    assert_golden(encode_response, &response, "response_1.cbor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_come_back),
        cmocka_unit_test(test_responses_come_back),
        cmocka_unit_test(test_the_largest),
        cmocka_unit_test(test_requests_that_are_none),
        cmocka_unit_test(test_responses_that_are_none),
        cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_the_golden_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
