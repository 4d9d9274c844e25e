/* Tests of reading bodies: everything that is not exactly a body is refused, with the status that the contract says. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/cbor.h"
#include "shared/wire/compression.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A body of one UPDATE by hand, each part of which a test may spoil. */
struct spec {
    uint64_t format;
    size_t log_bytes;
    size_t items;
    size_t transaction_items;
    uint64_t first_counter;
    size_t times;
    uint64_t operation_count;
    uint64_t run_shape;
    uint64_t run_length;
    size_t shape_count;
    uint64_t kind;
    const char *entity;
    const char *names[2];
    size_t name_count;
    size_t row_count;
    size_t column_count;
    uint64_t value_form;
    size_t value_count;
    size_t base_count;
    uint64_t base_log;
    uint64_t base_counter;
    size_t base_list;
};

static struct spec good_spec(void)
{
    return (struct spec){.format = 1,
                         .log_bytes = 16,
                         .items = 5,
                         .transaction_items = 6,
                         .first_counter = 7,
                         .times = 1,
                         .operation_count = 1,
                         .run_length = 1,
                         .shape_count = 1,
                         .kind = CS_OPERATION_UPDATE,
                         .entity = "part",
                         .names = {"code", "unit"},
                         .name_count = 1,
                         .row_count = 1,
                         .column_count = 2,
                         .value_count = 1,
                         .base_count = 1,
                         .base_log = 1,
                         .base_counter = 3,
                         .base_list = 2};
}

static void put_transactions(const struct spec *spec, struct cs_buffer *out)
{
    static const uint8_t id[16] = {9};
    cs_cbor_put_array(out, spec->transaction_items);
    cs_cbor_put_array(out, 1);
    cs_cbor_put_bytes(out, cs_bytes_of_array(id));
    cs_cbor_put_unsigned(out, spec->first_counter);
    for (size_t i = 0; i < 3; i++) {
        cs_cbor_put_array(out, spec->times);
        for (size_t j = 0; j < spec->times; j++) {
            cs_cbor_put_integer(out, -5);
        }
    }
    cs_cbor_put_array(out, 1);
    cs_cbor_put_unsigned(out, spec->operation_count);
}

static void put_columns(const struct spec *spec, struct cs_buffer *out)
{
    cs_cbor_put_array(out, spec->column_count);
    for (size_t field = 0; field < spec->name_count; field++) {
        cs_cbor_put_array(out, 2);
        cs_cbor_put_unsigned(out, spec->value_form);
        cs_cbor_put_array(out, spec->value_count);
        for (size_t i = 0; i < spec->value_count; i++) {
            cs_cbor_put_null(out);
        }
        cs_cbor_put_array(out, spec->base_count);
        for (size_t i = 0; i < spec->base_count; i++) {
            cs_cbor_put_array(out, spec->base_list);
            for (size_t j = 0; j < spec->base_list; j++) {
                cs_cbor_put_unsigned(out, j % 2 == 0 ? spec->base_log : spec->base_counter);
            }
        }
    }
}

static void put_spec(const struct spec *spec, struct cs_buffer *out)
{
    static const uint8_t logs[16] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2};
    static const uint8_t row[16] = {8};
    cs_cbor_put_array(out, spec->items);
    cs_cbor_put_unsigned(out, spec->format);
    cs_cbor_put_bytes(out, cs_bytes_make(logs, spec->log_bytes));
    put_transactions(spec, out);
    cs_cbor_put_array(out, 2);
    cs_cbor_put_unsigned(out, spec->run_shape);
    cs_cbor_put_unsigned(out, spec->run_length);
    cs_cbor_put_array(out, spec->shape_count);
    for (size_t shape = 0; shape < spec->shape_count; shape++) {
        cs_cbor_put_array(out, 5);
        cs_cbor_put_unsigned(out, spec->kind);
        cs_cbor_put_text(out, cs_bytes_of_text(spec->entity));
        cs_cbor_put_array(out, spec->name_count);
        for (size_t i = 0; i < spec->name_count; i++) {
            cs_cbor_put_text(out, cs_bytes_of_text(spec->names[i]));
        }
        cs_cbor_put_array(out, spec->row_count);
        for (size_t i = 0; i < spec->row_count; i++) {
            cs_cbor_put_bytes(out, cs_bytes_of_array(row));
        }
        put_columns(spec, out);
    }
}

/* Decodes both forms of the same content; they must agree. */
static enum cs_status decode_both(struct cs_bytes plain)
{
    struct cs_arena arena;
    struct cs_buffer frame;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_CHANGE_SET_INNER_MAX);
    struct cs_transactions transactions = {0};
    struct cs_transaction transaction = {.counter = 0};
    assert_int_equal(cs_compress(plain, &frame), CS_OK);
    enum cs_status status = cs_body_decode(cs_buffer_bytes(&frame), &arena, &transactions);
    assert_int_equal(cs_transaction_decode(plain, &arena, &transaction), status);
    assert_int_equal(transactions.count, status == CS_OK ? 1 : 0);
    assert_true((transaction.counter != 0) == (status == CS_OK));
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
    return status;
}

static void check(const struct spec *spec, enum cs_status expected)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    put_spec(spec, &plain);
    assert_int_equal(plain.status, CS_OK);
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), expected);
    cs_buffer_release(&plain);
}

#define CHECK_SPOILED(member, value, expected)                                                     \
    do {                                                                                           \
        struct spec spec = good_spec();                                                            \
        spec.member = (value);                                                                     \
        check(&spec, (expected));                                                                  \
    } while (0)

static void test_the_unspoiled_body_is_read(void **state)
{
    (void)state;
    struct spec spec = good_spec();
    struct cs_buffer plain;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    put_spec(&spec, &plain);
    struct cs_transaction transaction;
    assert_int_equal(cs_transaction_decode(cs_buffer_bytes(&plain), &arena, &transaction), CS_OK);
    assert_int_equal(transaction.counter, 7);
    assert_int_equal(transaction.claimed, -5);
    assert_int_equal(transaction.operation_count, 1);
    const struct cs_operation *operation = transaction.operations;
    assert_int_equal(operation->kind, CS_OPERATION_UPDATE);
    assert_true(cs_bytes_equal_text(operation->entity, "part"));
    assert_int_equal(operation->change_count, 1);
    assert_true(cs_bytes_equal_text(operation->changes[0].field, "code"));
    assert_int_equal(operation->changes[0].value.kind, CS_VALUE_NULL);
    assert_int_equal(operation->changes[0].base.count, 1);
    assert_int_equal(operation->changes[0].base.items[0].log, 2);
    assert_int_equal(operation->changes[0].base.items[0].counter, 3);
    cs_buffer_release(&plain);
    cs_arena_release(&arena);
}

static void test_frame_of_the_body_is_checked(void **state)
{
    (void)state;
    CHECK_SPOILED(format, 2, CS_UNSUPPORTED);
    CHECK_SPOILED(format, 0, CS_UNSUPPORTED);
    CHECK_SPOILED(items, 4, CS_MALFORMED);
    CHECK_SPOILED(items, 6, CS_MALFORMED);
    CHECK_SPOILED(transaction_items, 5, CS_MALFORMED);
    CHECK_SPOILED(log_bytes, 15, CS_MALFORMED);
    CHECK_SPOILED(log_bytes, 8, CS_MALFORMED); /* the base's log is then missing */
    CHECK_SPOILED(log_bytes, 0, CS_MALFORMED);
}

static void test_transactions_are_checked(void **state)
{
    (void)state;
    CHECK_SPOILED(first_counter, 0, CS_MALFORMED);
    CHECK_SPOILED(first_counter, (uint64_t)INT64_MAX + 1, CS_MALFORMED);
    CHECK_SPOILED(first_counter, INT64_MAX, CS_OK);
    CHECK_SPOILED(times, 0, CS_MALFORMED);
    CHECK_SPOILED(times, 2, CS_MALFORMED);
    CHECK_SPOILED(operation_count, 0, CS_MALFORMED);
    CHECK_SPOILED(operation_count, 2, CS_MALFORMED);
    CHECK_SPOILED(operation_count, CS_OPERATIONS_PER_TRANSACTION_MAX, CS_MALFORMED);
    CHECK_SPOILED(operation_count, CS_OPERATIONS_PER_TRANSACTION_MAX + 1, CS_LIMIT);
    CHECK_SPOILED(operation_count, UINT64_MAX, CS_LIMIT);
}

static void test_runs_are_checked(void **state)
{
    (void)state;
    CHECK_SPOILED(run_shape, 1, CS_MALFORMED);
    CHECK_SPOILED(run_shape, UINT64_MAX, CS_MALFORMED);
    CHECK_SPOILED(run_length, 0, CS_MALFORMED);
    CHECK_SPOILED(run_length, 2, CS_MALFORMED);
    CHECK_SPOILED(run_length, UINT64_MAX, CS_MALFORMED);
    CHECK_SPOILED(shape_count, 0, CS_MALFORMED);
    CHECK_SPOILED(shape_count, 2, CS_MALFORMED);
}

static void test_shapes_are_checked(void **state)
{
    (void)state;
    CHECK_SPOILED(kind, 0, CS_MALFORMED);
    CHECK_SPOILED(kind, 4, CS_MALFORMED);
    CHECK_SPOILED(kind, CS_OPERATION_DELETE, CS_MALFORMED); /* with names */
    CHECK_SPOILED(kind, CS_OPERATION_INSERT, CS_MALFORMED); /* with bases */
    CHECK_SPOILED(entity, "", CS_MALFORMED);
    CHECK_SPOILED(entity, "an entity whose name is longer than a name may be, by some characters",
                  CS_LIMIT);
    CHECK_SPOILED(names[0], "", CS_MALFORMED);
    CHECK_SPOILED(row_count, 0, CS_MALFORMED);
    CHECK_SPOILED(row_count, 2, CS_MALFORMED);
    CHECK_SPOILED(column_count, 1, CS_MALFORMED);
    CHECK_SPOILED(column_count, 3, CS_MALFORMED);
}

static void test_a_field_twice_is_refused(void **state)
{
    (void)state;
    struct spec spec = good_spec();
    spec.name_count = 2;
    spec.column_count = 4;
    check(&spec, CS_OK);
    spec.names[1] = "code";
    check(&spec, CS_MALFORMED);
}

static void test_columns_are_checked(void **state)
{
    (void)state;
    CHECK_SPOILED(value_form, 1, CS_OK); /* ids, all of them NULL */
    CHECK_SPOILED(value_form, 2, CS_MALFORMED);
    CHECK_SPOILED(value_count, 0, CS_MALFORMED);
    CHECK_SPOILED(value_count, 2, CS_MALFORMED);
    CHECK_SPOILED(base_count, 0, CS_MALFORMED);
    CHECK_SPOILED(base_count, 2, CS_MALFORMED);
    CHECK_SPOILED(base_log, 2, CS_MALFORMED);
    CHECK_SPOILED(base_log, UINT64_MAX, CS_MALFORMED);
    CHECK_SPOILED(base_counter, (uint64_t)INT64_MAX + 1, CS_MALFORMED);
    CHECK_SPOILED(base_list, 0, CS_MALFORMED);
    CHECK_SPOILED(base_list, 3, CS_MALFORMED);
    CHECK_SPOILED(base_list, 4, CS_MALFORMED); /* the same version twice */
    CHECK_SPOILED(base_list, 2 * CS_BASES_PER_FIELD_MAX + 2, CS_LIMIT);
}

static void test_too_many_fields_are_refused(void **state)
{
    (void)state;
    struct cs_buffer plain;
    struct spec spec = good_spec();
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    put_spec(&spec, &plain);
    /* The array of names is the byte 0x81 before the text "code". */
    size_t place = 0;
    while (memcmp(plain.data + place,
                  "\x81\x64"
                  "code",
                  6) != 0) {
        place++;
    }
    struct cs_buffer longer;
    cs_buffer_init(&longer, CS_CHANGE_SET_BODY_MAX);
    cs_buffer_append(&longer, plain.data, place);
    cs_cbor_put_array(&longer, CS_FIELDS_PER_ENTITY_MAX + 1);
    for (unsigned i = 0; i <= CS_FIELDS_PER_ENTITY_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%u", i);
        cs_cbor_put_text(&longer, cs_bytes_of_text(name));
    }
    cs_buffer_append(&longer, plain.data + place + 6, plain.size - place - 6);
    assert_int_equal(decode_both(cs_buffer_bytes(&longer)), CS_LIMIT);
    cs_buffer_release(&longer);
    cs_buffer_release(&plain);
}

static void test_logs_must_ascend(void **state)
{
    (void)state;
    struct spec spec = good_spec();
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    put_spec(&spec, &plain);
    /* array, format, head of the logs; the last byte of the first log */
    plain.data[3 + 7] = 2;
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_MALFORMED);
    plain.data[3 + 7] = 3;
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_MALFORMED);
    cs_buffer_release(&plain);
}

static void test_single_base_without_logs_is_refused(void **state)
{
    (void)state;
    struct spec spec = good_spec();
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    spec.log_bytes = 0;
    put_spec(&spec, &plain);
    /* The last item is the list [1, 3]; put the short form in its place. */
    plain.size -= 3;
    cs_cbor_put_unsigned(&plain, 3);
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_MALFORMED);
    plain.size -= 1;
    cs_cbor_put_unsigned(&plain, 0); /* no base is fine without logs */
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_OK);
    cs_buffer_release(&plain);
}

static void test_truncation_at_every_length_is_refused(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer plain;
    struct sample_random random = {5};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    struct cs_transactions one;
    do {
        one = sample_transactions(&random, &arena, 1);
    } while (one.items[0].operation_count < 4);
    assert_int_equal(cs_transaction_encode(&one.items[0], &plain), CS_OK);
    for (size_t size = 0; size < plain.size; size++) {
        assert_int_not_equal(decode_both(cs_bytes_make(plain.data, size)), CS_OK);
    }
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_OK);
    cs_buffer_append_u8(&plain, 0);
    assert_int_equal(decode_both(cs_buffer_bytes(&plain)), CS_MALFORMED);
    cs_buffer_release(&plain);
    cs_arena_release(&arena);
}

/* A flipped byte may give another valid body, but never a crash or a status outside the contract. */
static void test_every_byte_flipped_is_survived(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer plain;
    struct sample_random random = {6};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    struct cs_transactions one = sample_transactions(&random, &arena, 1);
    assert_int_equal(cs_transaction_encode(&one.items[0], &plain), CS_OK);
    for (size_t i = 0; i < plain.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            plain.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = decode_both(cs_buffer_bytes(&plain));
            assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_LIMIT ||
                        status == CS_UNSUPPORTED);
            plain.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    cs_buffer_release(&plain);
    cs_arena_release(&arena);
}

static void test_not_one_transaction_is_refused(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct cs_buffer plain;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_CHANGE_SET_INNER_MAX);
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    struct cs_transactions two = sample_batch(&arena, 2, CS_OPERATION_INSERT);
    struct cs_transaction out = {.counter = 77};
    assert_int_equal(cs_body_encode(two.items, two.count, &frame), CS_OK);
    assert_int_equal(cs_decompress(cs_buffer_bytes(&frame), CS_CHANGE_SET_BODY_MAX, &plain), CS_OK);
    assert_int_equal(cs_transaction_decode(cs_buffer_bytes(&plain), &arena, &out), CS_MALFORMED);
    assert_int_equal(out.counter, 77);
    uint8_t *large = cs_alloc_zero(1, CS_CHANGE_SET_BODY_MAX + 1);
    assert_non_null(large);
    assert_int_equal(
        cs_transaction_decode(cs_bytes_make(large, CS_CHANGE_SET_BODY_MAX + 1), &arena, &out),
        CS_LIMIT);
    cs_free(large);
    cs_buffer_release(&frame);
    cs_buffer_release(&plain);
    cs_arena_release(&arena);
}

/* 4 MiB and one byte of zeroes are a frame of a few hundred bytes. */
static void test_decompression_bomb_is_refused(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_CHANGE_SET_INNER_MAX);
    uint8_t *zeroes = cs_alloc_zero(1, CS_CHANGE_SET_BODY_MAX + 1);
    assert_non_null(zeroes);
    assert_int_equal(cs_compress(cs_bytes_make(zeroes, CS_CHANGE_SET_BODY_MAX + 1), &frame), CS_OK);
    assert_true(frame.size < CS_KIBI);
    struct cs_transactions out = {NULL, 3};
    assert_int_equal(cs_body_decode(cs_buffer_bytes(&frame), &arena, &out), CS_LIMIT);
    assert_int_equal(out.count, 3);
    assert_int_equal(arena.used, 0);
    cs_free(zeroes);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

static void test_every_failing_allocation_is_clean(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct sample_random random = {31};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_CHANGE_SET_INNER_MAX);
    struct cs_transactions in = sample_transactions(&random, &arena, 400);
    assert_int_equal(cs_body_encode(in.items, in.count, &frame), CS_OK);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    while (status != CS_OK) {
        struct cs_arena decoded;
        struct cs_transactions out = {NULL, 99};
        cs_arena_init(&decoded, CS_MESSAGE_ARENA_MAX);
        cs_memory_fail_after(failures);
        status = cs_body_decode(cs_buffer_bytes(&frame), &decoded, &out);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(out.count, 99);
            failures++;
        }
        cs_arena_release(&decoded);
    }
    assert_true(failures > 3);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

/* The arena's own limit is respected wherever it strikes. */
static void test_every_arena_limit_is_clean(void **state)
{
    (void)state;
    struct cs_arena arena;
    struct cs_buffer frame;
    struct sample_random random = {32};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&frame, CS_CHANGE_SET_INNER_MAX);
    struct cs_transactions in = sample_transactions(&random, &arena, 12);
    assert_int_equal(cs_body_encode(in.items, in.count, &frame), CS_OK);
    enum cs_status status = CS_NO_MEMORY;
    for (size_t limit = 0; status != CS_OK; limit += 40) {
        struct cs_arena decoded;
        struct cs_transactions out = {NULL, 0};
        cs_arena_init(&decoded, limit);
        status = cs_body_decode(cs_buffer_bytes(&frame), &decoded, &out);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(decoded.used <= limit);
        cs_arena_release(&decoded);
    }
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_unspoiled_body_is_read),
        cmocka_unit_test(test_frame_of_the_body_is_checked),
        cmocka_unit_test(test_transactions_are_checked),
        cmocka_unit_test(test_runs_are_checked),
        cmocka_unit_test(test_shapes_are_checked),
        cmocka_unit_test(test_a_field_twice_is_refused),
        cmocka_unit_test(test_columns_are_checked),
        cmocka_unit_test(test_too_many_fields_are_refused),
        cmocka_unit_test(test_logs_must_ascend),
        cmocka_unit_test(test_single_base_without_logs_is_refused),
        cmocka_unit_test(test_truncation_at_every_length_is_refused),
        cmocka_unit_test(test_every_byte_flipped_is_survived),
        cmocka_unit_test(test_not_one_transaction_is_refused),
        cmocka_unit_test(test_decompression_bomb_is_refused),
        cmocka_unit_test(test_every_failing_allocation_is_clean),
        cmocka_unit_test(test_every_arena_limit_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
