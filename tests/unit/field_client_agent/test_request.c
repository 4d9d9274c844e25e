/* Requests to the agent and its answers as bytes, whole and broken in every way. */
#include "field-client/agent/request.h"

#include "tests/support/testing.h"

#include <string.h>

static char words[][24] = {"countersign", "list", "part", "", "PATH=/bin", "LANG=C"};
static char *arguments[] = {words[0], words[1], words[2], words[3], NULL};
static char *variables[] = {words[4], words[5], NULL};
static const struct cs_agent_request request = {.folder = "/home/zhao",
                                                .arguments = arguments,
                                                .argument_count = 4,
                                                .variables = variables,
                                                .variable_count = 2};

static struct cs_buffer bytes;
static struct cs_arena arena;

static int setup(void **state)
{
    (void)state;
    cs_buffer_init(&bytes, 2 * CS_AGENT_REQUEST_MAX);
    cs_arena_init(&arena, 4 * CS_AGENT_REQUEST_MAX);
    assert_ok(cs_agent_request_encode(&request, 7, &bytes));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_buffer_release(&bytes);
    cs_arena_release(&arena);
    return 0;
}

static struct cs_bytes rest(void)
{
    return cs_bytes_make(bytes.data + CS_AGENT_HEAD_SIZE, bytes.size - CS_AGENT_HEAD_SIZE);
}

static void test_a_request_comes_back(void **state)
{
    struct cs_agent_head head;
    struct cs_agent_request back;
    (void)state;
    assert_ok(cs_agent_head_decode(bytes.data, &head));
    assert_int_equal(head.files, 7);
    assert_int_equal(head.size, rest().size);
    assert_ok(cs_agent_request_decode(rest(), &arena, &back));
    assert_string_equal(back.folder, "/home/zhao");
    assert_int_equal(back.argument_count, 4);
    assert_string_equal(back.arguments[2], "part");
    assert_string_equal(back.arguments[3], "");
    assert_null(back.arguments[4]);
    assert_int_equal(back.variable_count, 2);
    assert_string_equal(back.variables[1], "LANG=C");
    assert_null(back.variables[2]);
}

static void test_every_cut_is_refused(void **state)
{
    struct cs_agent_request back;
    (void)state;
    for (size_t size = 0; size < rest().size; size++) {
        enum cs_status status =
            cs_agent_request_decode(cs_bytes_make(rest().data, size), &arena, &back);
        assert_true(status == CS_MALFORMED);
    }
}

static void test_every_byte_changed_does_no_harm(void **state)
{
    struct cs_agent_request back;
    struct cs_agent_head head;
    (void)state;
    for (size_t i = 0; i < bytes.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            enum cs_status status = cs_agent_head_decode(bytes.data, &head);
            if (status == CS_OK) {
                status = cs_agent_request_decode(rest(), &arena, &back);
            }
            assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_UNSUPPORTED ||
                        status == CS_LIMIT);
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void test_heads_that_are_refused(void **state)
{
    struct cs_agent_head head;
    (void)state;
    bytes.data[4] = 2;
    assert_status(cs_agent_head_decode(bytes.data, &head), CS_UNSUPPORTED);
    bytes.data[4] = 1;
    bytes.data[5] = 1u << CS_AGENT_FILE_COUNT;
    assert_status(cs_agent_head_decode(bytes.data, &head), CS_MALFORMED);
    bytes.data[5] = 0;
    memset(bytes.data + 6, 0xff, 4);
    assert_status(cs_agent_head_decode(bytes.data, &head), CS_LIMIT);
    bytes.data[0] = 'G';
    assert_status(cs_agent_head_decode(bytes.data, &head), CS_MALFORMED);
}

static void test_another_version_is_refused(void **state)
{
    struct cs_agent_request back;
    (void)state;
    bytes.data[CS_AGENT_HEAD_SIZE + 4] ^= 1;
    assert_status(cs_agent_request_decode(rest(), &arena, &back), CS_UNSUPPORTED);
}

static enum cs_status encode_and_decode(const struct cs_agent_request *given)
{
    struct cs_agent_request back;
    cs_buffer_clear(&bytes);
    enum cs_status status = cs_agent_request_encode(given, 0, &bytes);
    return status == CS_OK ? cs_agent_request_decode(rest(), &arena, &back) : status;
}

static void test_contents_that_are_refused(void **state)
{
    struct cs_agent_request given = request;
    (void)state;
    given.folder = "home";
    assert_status(encode_and_decode(&given), CS_MALFORMED);
    given = request;
    given.argument_count = 0;
    assert_status(encode_and_decode(&given), CS_MALFORMED);
    given = request;
    given.argument_count = CS_AGENT_TEXTS_MAX + 1;
    assert_status(encode_and_decode(&given), CS_LIMIT);
    assert_ok(encode_and_decode(&request));
    /* A NUL in a text would hide what comes behind it. */
    uint8_t *found = memchr(bytes.data + CS_AGENT_HEAD_SIZE + 10, 'z', 20);
    assert_non_null(found);
    *found = '\0';
    struct cs_agent_request back;
    assert_status(cs_agent_request_decode(rest(), &arena, &back), CS_MALFORMED);
}

static void test_more_texts_than_there_are_bytes(void **state)
{
    struct cs_buffer made;
    struct cs_agent_request back;
    (void)state;
    cs_buffer_init(&made, 1024);
    cs_buffer_append_prefixed(&made, cs_bytes_of_text(CS_VERSION));
    cs_buffer_append_prefixed(&made, cs_bytes_of_text("/"));
    cs_buffer_append_u32(&made, UINT32_MAX);
    assert_status(cs_agent_request_decode(cs_buffer_bytes(&made), &arena, &back), CS_MALFORMED);
    cs_buffer_release(&made);
}

static void test_too_large(void **state)
{
    char *much = test_malloc(CS_AGENT_REQUEST_MAX + 1);
    char *list[] = {much, NULL};
    const struct cs_agent_request given = {.folder = "/",
                                           .arguments = list,
                                           .argument_count = 1,
                                           .variables = variables,
                                           .variable_count = 0};
    (void)state;
    memset(much, 'a', CS_AGENT_REQUEST_MAX);
    much[CS_AGENT_REQUEST_MAX] = '\0';
    assert_status(encode_and_decode(&given), CS_LIMIT);
    test_free(much);
}

static void test_answers(void **state)
{
    const struct cs_agent_answer given = {CS_AGENT_REFUSED, 3, "why not"};
    struct cs_agent_answer back;
    (void)state;
    cs_buffer_clear(&bytes);
    cs_agent_answer_encode(&given, &bytes);
    assert_ok(cs_agent_answer_decode(cs_buffer_bytes(&bytes), &back));
    assert_int_equal(back.kind, CS_AGENT_REFUSED);
    assert_int_equal(back.exit_code, 3);
    assert_string_equal(back.text, "why not");
    for (size_t size = 0; size < bytes.size; size++) {
        assert_status(cs_agent_answer_decode(cs_bytes_make(bytes.data, size), &back), CS_MALFORMED);
    }
    bytes.data[4] = 9;
    assert_status(cs_agent_answer_decode(cs_buffer_bytes(&bytes), &back), CS_MALFORMED);
    bytes.data[4] = CS_AGENT_DONE;
    bytes.data[0] ^= 1;
    assert_status(cs_agent_answer_decode(cs_buffer_bytes(&bytes), &back), CS_MALFORMED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_comes_back),
        TEST(test_every_cut_is_refused),
        TEST(test_every_byte_changed_does_no_harm),
        TEST(test_heads_that_are_refused),
        TEST(test_another_version_is_refused),
        TEST(test_contents_that_are_refused),
        TEST(test_more_texts_than_there_are_bytes),
        TEST(test_too_large),
        TEST(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
