/* Tests of the header of a bundle and of what its parts say: everything that is refused, each by itself. */
#include "tests/unit/shared_wire/bundle_samples.h"

#include "shared/base/limits.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/scopes.h"
#include "tests/support/testing.h"

static struct cs_arena arena;
static struct cs_buffer out;

static int set_up(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&out, CS_RESPONSE_MAX);
    return cs_crypto_start() == CS_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    cs_buffer_release(&out);
    cs_arena_release(&arena);
    return 0;
}

static struct cs_bundle_header good_header(void)
{
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_SERVER,
                                      .made_ms = INT64_C(1772413200000),
                                      .total_size = CS_BUNDLE_HEADER_SIZE + 5,
                                      .part_count = 1};
    memset(header.organisation, 1, sizeof header.organisation);
    memset(header.sender, 2, sizeof header.sender);
    memset(header.recipient, 3, sizeof header.recipient);
    memset(header.parts_hash, 4, sizeof header.parts_hash);
    return header;
}

static void a_header_comes_back(void **state)
{
    (void)state;
    struct cs_bundle_header header = good_header();
    struct cs_bundle_header back = {.part_count = 0};
    assert_int_equal(cs_bundle_header_encode(&header, &out), CS_OK);
    assert_int_equal(out.size, CS_BUNDLE_HEADER_SIZE);
    assert_int_equal(cs_bundle_header_decode(cs_buffer_bytes(&out), &back), CS_OK);
    assert_int_equal(back.direction, header.direction);
    assert_memory_equal(back.organisation, header.organisation, CS_HASH_SIZE);
    assert_memory_equal(back.sender, header.sender, CS_HASH_SIZE);
    assert_memory_equal(back.recipient, header.recipient, CS_HASH_SIZE);
    assert_int_equal(back.made_ms, header.made_ms);
    assert_int_equal(back.total_size, header.total_size);
    assert_int_equal(back.part_count, header.part_count);
    assert_memory_equal(back.parts_hash, header.parts_hash, CS_HASH_SIZE);
}

static void assert_no_header(struct cs_bundle_header header)
{
    cs_buffer_clear(&out);
    assert_int_equal(cs_bundle_header_encode(&header, &out), CS_INVALID);
    assert_int_equal(out.size, 0);
}

static void a_header_that_cannot_be_is_not_written(void **state)
{
    (void)state;
    struct cs_bundle_header header = good_header();
    header.direction = (enum cs_bundle_direction)3;
    assert_no_header(header);
    header = good_header();
    header.part_count = 0;
    assert_no_header(header);
    header.part_count = (uint32_t)CS_BUNDLE_PARTS_MAX + 1;
    assert_no_header(header);
    header = good_header();
    header.total_size = CS_BUNDLE_HEADER_SIZE;
    assert_no_header(header);
    header.total_size = (uint64_t)INT64_MAX + 1;
    assert_no_header(header);
    header = good_header();
    header.made_ms = -1;
    assert_no_header(header);
}

/* Somebody may well hash what no program would write. */
static enum cs_status decode_with(size_t at, uint8_t value)
{
    struct cs_bundle_header header = good_header();
    struct cs_bundle_header back;
    cs_buffer_clear(&out);
    assert_int_equal(cs_bundle_header_encode(&header, &out), CS_OK);
    out.data[at] = value;
    cs_hash("countersign bundle header",
            cs_bytes_make(out.data, CS_BUNDLE_HEADER_SIZE - CS_HASH_SIZE),
            out.data + CS_BUNDLE_HEADER_SIZE - CS_HASH_SIZE);
    return cs_bundle_header_decode(cs_buffer_bytes(&out), &back);
}

static void a_header_that_cannot_be_is_not_read(void **state)
{
    (void)state;
    const size_t direction_at = 5;
    const size_t made_at = 6 + 3 * CS_HASH_SIZE;
    const size_t total_at = made_at + 8;
    const size_t count_at = total_at + 8;
    assert_int_equal(decode_with(direction_at, CS_BUNDLE_TO_DEVICE), CS_OK);
    assert_int_equal(decode_with(direction_at, 0), CS_MALFORMED);
    assert_int_equal(decode_with(direction_at, 3), CS_MALFORMED);
    assert_int_equal(decode_with(made_at, 0x80), CS_MALFORMED);
    assert_int_equal(decode_with(total_at, 0x80), CS_MALFORMED);
    assert_int_equal(decode_with(total_at + 7, CS_BUNDLE_HEADER_SIZE), CS_MALFORMED);
    assert_int_equal(decode_with(count_at + 3, 0), CS_MALFORMED);
    assert_int_equal(decode_with(count_at, 1), CS_MALFORMED);
    assert_int_equal(decode_with(0, 'D'), CS_MALFORMED);
    assert_int_equal(decode_with(4, 2), CS_UNSUPPORTED);
    assert_int_equal(decode_with(4, 0), CS_UNSUPPORTED);
}

static void a_damaged_header_is_told_apart(void **state)
{
    (void)state;
    struct cs_bundle_header header = good_header();
    struct cs_bundle_header back;
    assert_int_equal(cs_bundle_header_encode(&header, &out), CS_OK);
    for (size_t size = 0; size < CS_BUNDLE_HEADER_SIZE; size++) {
        assert_int_equal(cs_bundle_header_decode(cs_bytes_make(out.data, size), &back),
                         CS_MALFORMED);
    }
    for (size_t at = 5; at < CS_BUNDLE_HEADER_SIZE; at++) {
        out.data[at] ^= 0x10;
        assert_int_equal(cs_bundle_header_decode(cs_buffer_bytes(&out), &back), CS_CORRUPT);
        out.data[at] ^= 0x10;
    }
}

static void the_sum_knows_parts_and_their_order(void **state)
{
    (void)state;
    struct cs_bundle_sum both, other, joined;
    cs_bundle_sum_init(&both);
    cs_bundle_sum_init(&other);
    cs_bundle_sum_init(&joined);
    cs_bundle_sum_add(&both, cs_bytes_of_text("one"));
    cs_bundle_sum_add(&both, cs_bytes_of_text("two"));
    cs_bundle_sum_add(&other, cs_bytes_of_text("two"));
    cs_bundle_sum_add(&other, cs_bytes_of_text("one"));
    cs_bundle_sum_add(&joined, cs_bytes_of_text("onetwo"));
    assert_memory_not_equal(both.hash, other.hash, CS_HASH_SIZE);
    assert_memory_not_equal(both.hash, joined.hash, CS_HASH_SIZE);
}

static void parts_come_back(void **state)
{
    (void)state;
    struct cs_bundle_request request_back;
    struct cs_bundle_answer answer_back;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct sample_random random = {seed};
        struct cs_bundle_request request = sample_bundle_request(&random, &arena);
        struct cs_bundle_answer answer = sample_bundle_answer(&random, &arena, 1 + seed % 3);
        cs_buffer_clear(&out);
        assert_int_equal(cs_bundle_request_encode(&request, &out), CS_OK);
        assert_int_equal(cs_bundle_request_decode(cs_buffer_bytes(&out), &arena, &request_back),
                         CS_OK);
        assert_true(sample_bundle_requests_equal(&request, &request_back));
        cs_buffer_clear(&out);
        assert_int_equal(cs_bundle_answer_encode(&answer, &out), CS_OK);
        assert_int_equal(cs_bundle_answer_decode(cs_buffer_bytes(&out), &arena, &answer_back),
                         CS_OK);
        assert_true(sample_bundle_answers_equal(&answer, &answer_back));
    }
}

/* What no encoder lets through, put together by hand. */
static enum cs_status decode_request_by_hand(uint64_t first_counter, size_t items)
{
    struct cs_buffer plain;
    struct cs_bundle_request back;
    cs_buffer_clear(&out);
    cs_message_begin(&plain, CS_REQUEST_MAX, items);
    cs_cbor_put_unsigned(&plain, first_counter);
    for (size_t i = 1; i < items; i++) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_text("sync"));
    }
    assert_int_equal(cs_message_end(&plain, CS_OK, &out), CS_OK);
    return cs_bundle_request_decode(cs_buffer_bytes(&out), &arena, &back);
}

static void a_part_to_the_server_counts_from_one(void **state)
{
    (void)state;
    struct cs_bundle_request request = {0, cs_bytes_of_text("sync")};
    assert_int_equal(cs_bundle_request_encode(&request, &out), CS_INVALID);
    request.first_counter = (uint64_t)INT64_MAX + 1;
    assert_int_equal(cs_bundle_request_encode(&request, &out), CS_INVALID);
    assert_int_equal(decode_request_by_hand(1, 2), CS_OK);
    assert_int_equal(decode_request_by_hand(0, 2), CS_MALFORMED);
    assert_int_not_equal(decode_request_by_hand((uint64_t)INT64_MAX + 1, 2), CS_OK);
    assert_int_equal(decode_request_by_hand(1, 1), CS_MALFORMED);
    assert_int_equal(decode_request_by_hand(1, 3), CS_MALFORMED);
}

/* Neither written nor, where somebody else has written it, read. */
static void assert_no_answer(const struct cs_bundle_answer *answer, enum cs_status expected)
{
    struct cs_buffer plain;
    struct cs_bundle_answer back;
    cs_buffer_clear(&out);
    assert_int_equal(cs_status_class(cs_bundle_answer_encode(answer, &out)), CS_CLASS_CALLER);
    assert_int_equal(out.size, 0);
    cs_message_begin(&plain, CS_BUNDLE_PART_MAX, 9);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(answer->bundle));
    cs_cbor_put_unsigned(&plain, answer->number);
    cs_cbor_put_boolean(&plain, answer->last);
    cs_cbor_put_unsigned(&plain, (uint64_t)answer->kind);
    cs_cbor_put_bytes(&plain, answer->body);
    cs_scope_cursors_put(&plain, answer->from, answer->from_count);
    cs_cbor_put_unsigned(&plain, answer->log_size);
    cs_cbor_put_bytes(&plain, answer->peaks);
    cs_cbor_put_bytes(&plain, answer->leaves);
    assert_int_equal(cs_message_end(&plain, CS_OK, &out), CS_OK);
    assert_int_equal(cs_bundle_answer_decode(cs_buffer_bytes(&out), &arena, &back), expected);
}

static void a_part_to_a_device_says_what_it_may(void **state)
{
    (void)state;
    static const uint8_t hashes[65 * CS_HASH_SIZE];
    struct sample_random random = {7};
    const struct cs_bundle_answer good = sample_bundle_answer(&random, &arena, 2);
    struct cs_bundle_answer answer = good;
    answer.number = 0;
    assert_no_answer(&answer, CS_MALFORMED);
    answer.number = CS_BUNDLE_PARTS_MAX + 1;
    assert_no_answer(&answer, CS_MALFORMED);
    answer = good;
    answer.kind = CS_MESSAGE_JOIN;
    assert_no_answer(&answer, CS_MALFORMED);
    answer = good;
    answer.number = 1;
    answer.log_size = (uint64_t)INT64_MAX + 1;
    assert_no_answer(&answer, CS_MALFORMED);
    answer.log_size = 0;
    answer.peaks = cs_bytes_make(hashes, CS_HASH_SIZE - 1);
    assert_no_answer(&answer, CS_MALFORMED);
    answer.peaks = cs_bytes_make(hashes, sizeof hashes);
    assert_no_answer(&answer, CS_LIMIT);
    answer.peaks = CS_BYTES_NONE;
    answer.leaves = cs_bytes_make(hashes, CS_HASH_SIZE + 1);
    assert_no_answer(&answer, CS_MALFORMED);
}

/* Where a bundle begins is said once, and only where there are rows. */
static void only_the_first_page_says_where_it_begins(void **state)
{
    (void)state;
    static const uint8_t hash[CS_HASH_SIZE];
    struct sample_random random = {8};
    struct cs_scope_cursor *cursors = sample_cursors(&random, &arena, 1);
    for (uint64_t number = 1; number <= 2; number++) {
        struct cs_bundle_answer good = sample_bundle_answer(&random, &arena, 2);
        good.number = number;
        good.kind = number == 1 ? CS_MESSAGE_FAILURE : CS_MESSAGE_SYNC;
        struct cs_bundle_answer answer = good;
        answer.from = cursors;
        answer.from_count = 1;
        assert_no_answer(&answer, CS_MALFORMED);
        answer = good;
        answer.log_size = 1;
        assert_no_answer(&answer, CS_MALFORMED);
        answer = good;
        answer.peaks = cs_bytes_of_array(hash);
        assert_no_answer(&answer, CS_MALFORMED);
        answer = good;
        answer.leaves = cs_bytes_of_array(hash);
        assert_no_answer(&answer, CS_MALFORMED);
    }
}

static void too_many_leaves_are_a_limit(void **state)
{
    (void)state;
    struct sample_random random = {9};
    struct cs_bundle_answer answer = sample_bundle_answer(&random, &arena, 1);
    size_t size = (CS_BUNDLE_LEAVES_MAX + 1) * CS_HASH_SIZE;
    answer.leaves = cs_bytes_make(sample_take(&arena, size, 1), size);
    assert_no_answer(&answer, CS_LIMIT);
}

static void cut_and_lengthened_parts_are_refused(void **state)
{
    (void)state;
    struct sample_random random = {10};
    struct cs_bundle_answer answer = sample_bundle_answer(&random, &arena, 1);
    struct cs_bundle_answer back;
    assert_int_equal(cs_bundle_answer_encode(&answer, &out), CS_OK);
    for (size_t size = 0; size < out.size; size++) {
        assert_int_not_equal(cs_bundle_answer_decode(cs_bytes_make(out.data, size), &arena, &back),
                             CS_OK);
    }
    cs_buffer_append_u8(&out, 0);
    assert_int_not_equal(cs_bundle_answer_decode(cs_buffer_bytes(&out), &arena, &back), CS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_header_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_header_that_cannot_be_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_header_that_cannot_be_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_header_is_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_sum_knows_parts_and_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_to_the_server_counts_from_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_to_a_device_says_what_it_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_first_page_says_where_it_begins, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(too_many_leaves_are_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_and_lengthened_parts_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
