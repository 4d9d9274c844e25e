/* Tests of writing bodies: round trips, sizes, refusals of what could not be read again, failing allocations. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/compression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
    struct cs_arena arena;
    struct cs_arena decoded;
    struct cs_buffer out;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    cs_arena_init(&fixture.arena, CS_MESSAGE_ARENA_MAX);
    cs_arena_init(&fixture.decoded, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&fixture.out, CS_CHANGE_SET_INNER_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_memory_fail_after(-1);
    cs_arena_release(&fixture->arena);
    cs_arena_release(&fixture->decoded);
    cs_buffer_release(&fixture->out);
    return 0;
}

static void check_round_trip(struct fixture *fixture, struct cs_transactions transactions)
{
    cs_buffer_clear(&fixture->out);
    cs_arena_release(&fixture->decoded);
    assert_int_equal(cs_body_encode(transactions.items, transactions.count, &fixture->out), CS_OK);
    struct cs_transactions back = {0};
    assert_int_equal(cs_body_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &back),
                     CS_OK);
    assert_true(sample_transactions_equal(transactions, back));
}

static void test_random_structures_come_back(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct sample_random random = {seed};
        size_t count = 1 + sample_below(&random, 30);
        check_round_trip(fixture, sample_transactions(&random, &fixture->arena, count));
        cs_arena_release(&fixture->arena);
    }
}

static void test_single_transactions_come_back_uncompressed(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t seed = 1000; seed <= 1200; seed++) {
        struct sample_random random = {seed};
        struct cs_transactions one = sample_transactions(&random, &fixture->arena, 1);
        struct cs_transaction back;
        cs_buffer_clear(&fixture->out);
        assert_int_equal(cs_transaction_encode(&one.items[0], &fixture->out), CS_OK);
        assert_int_equal(
            cs_transaction_decode(cs_buffer_bytes(&fixture->out), &fixture->arena, &back), CS_OK);
        assert_true(sample_transaction_equal(&one.items[0], &back));
    }
}

static void test_decoded_body_does_not_borrow_its_input(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions transactions = sample_batch(&fixture->arena, 10, CS_OPERATION_INSERT);
    assert_int_equal(cs_body_encode(transactions.items, transactions.count, &fixture->out), CS_OK);
    struct cs_transactions back;
    assert_int_equal(cs_body_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &back),
                     CS_OK);
    memset(fixture->out.data, 0xff, fixture->out.size);
    assert_true(sample_transactions_equal(transactions, back));

    struct cs_transaction one;
    cs_buffer_clear(&fixture->out);
    assert_int_equal(cs_transaction_encode(&transactions.items[3], &fixture->out), CS_OK);
    assert_int_equal(cs_transaction_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &one),
                     CS_OK);
    memset(fixture->out.data, 0xff, fixture->out.size);
    assert_true(sample_transaction_equal(&transactions.items[3], &one));
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Size targets of the wire format; the times are printed for information only. */
static void check_batch_size(struct fixture *fixture, enum cs_operation_kind kind, size_t size_max,
                             const char *what)
{
    struct cs_transactions batch = sample_batch(&fixture->arena, 10000, kind);
    double start = seconds_now();
    assert_int_equal(cs_body_encode(batch.items, batch.count, &fixture->out), CS_OK);
    double encoded = seconds_now();
    struct cs_transactions back;
    assert_int_equal(cs_body_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &back),
                     CS_OK);
    double decoded = seconds_now();
    assert_true(sample_transactions_equal(batch, back));
    print_message("10,000 %s: %zu bytes, encoded in %.1f ms, decoded in %.1f ms\n", what,
                  fixture->out.size, (encoded - start) * 1e3, (decoded - encoded) * 1e3);
    assert_true(fixture->out.size <= size_max);
}

static void test_size_of_ten_thousand_inserts(void **state)
{
    check_batch_size(*state, CS_OPERATION_INSERT, 350 * CS_KIBI, "part inserts");
}

static void test_size_of_ten_thousand_updates(void **state)
{
    check_batch_size(*state, CS_OPERATION_UPDATE, 120 * CS_KIBI, "one-field updates");
}

/* Encodes and expects a refusal that leaves nothing behind. */
static void check_refused(struct fixture *fixture, struct cs_transactions transactions,
                          enum cs_status expected)
{
    cs_buffer_clear(&fixture->out);
    assert_int_equal(cs_body_encode(transactions.items, transactions.count, &fixture->out),
                     expected);
    assert_int_equal(fixture->out.size, 0);
    if (transactions.count == 1) {
        assert_int_equal(cs_transaction_encode(&transactions.items[0], &fixture->out), expected);
        assert_int_equal(fixture->out.size, 0);
    }
}

static void test_counters_must_be_consecutive(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 3, CS_OPERATION_INSERT);
    batch.items[2].counter++;
    check_refused(fixture, batch, CS_INVALID);
    batch.items[2].counter -= 2;
    check_refused(fixture, batch, CS_INVALID);
    batch.items[0].counter = 0;
    batch.count = 1;
    check_refused(fixture, batch, CS_INVALID);
    batch.items[0].counter = (uint64_t)INT64_MAX + 1;
    check_refused(fixture, batch, CS_INVALID);
    batch.items[0].counter = INT64_MAX;
    check_round_trip(fixture, batch);
    batch.count = 0;
    check_refused(fixture, batch, CS_INVALID);
}

static void test_names_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 1, CS_OPERATION_INSERT);
    struct cs_operation *operation = batch.items[0].operations;
    uint8_t longer[CS_NAME_MAX + 1];
    memset(longer, 'n', sizeof longer);

    operation->entity = CS_BYTES_NONE;
    check_refused(fixture, batch, CS_INVALID);
    operation->entity = cs_bytes_of_array(longer);
    check_refused(fixture, batch, CS_INVALID);
    operation->entity = cs_bytes_make(longer, CS_NAME_MAX);
    check_round_trip(fixture, batch);
    operation->entity = cs_bytes_of_text("part\xff");
    check_refused(fixture, batch, CS_INVALID);
    operation->entity = cs_bytes_of_text("part");
    operation->changes[1].field = CS_BYTES_NONE;
    check_refused(fixture, batch, CS_INVALID);
    operation->changes[1].field = cs_bytes_of_array(longer);
    check_refused(fixture, batch, CS_INVALID);
    operation->changes[1].field = operation->changes[0].field; /* twice */
    check_refused(fixture, batch, CS_INVALID);
}

static void test_operations_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 1, CS_OPERATION_UPDATE);
    struct cs_operation *operation = batch.items[0].operations;
    operation->kind = CS_OPERATION_INSERT; /* with a base */
    check_refused(fixture, batch, CS_INVALID);
    operation->kind = CS_OPERATION_DELETE; /* with a change */
    check_refused(fixture, batch, CS_INVALID);
    operation->kind = (enum cs_operation_kind)4;
    check_refused(fixture, batch, CS_INVALID);
    operation->kind = (enum cs_operation_kind)0;
    check_refused(fixture, batch, CS_INVALID);
    operation->kind = CS_OPERATION_UPDATE;
    operation->changes[0].value = cs_value_text(cs_bytes_of_text("\xc3\x28"));
    check_refused(fixture, batch, CS_INVALID);
}

static void test_bases_are_checked(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 1, CS_OPERATION_UPDATE);
    struct cs_field_change *change = batch.items[0].operations[0].changes;
    struct cs_version versions[CS_BASES_PER_FIELD_MAX + 1];
    for (size_t i = 0; i < CS_BASES_PER_FIELD_MAX + 1; i++) {
        versions[i] = (struct cs_version){i / 3, i + 1};
    }
    change->base = (struct cs_versions){versions, CS_BASES_PER_FIELD_MAX};
    check_round_trip(fixture, batch);
    change->base.count++;
    check_refused(fixture, batch, CS_TOO_LARGE);
    change->base.count = 2;
    versions[1] = versions[0];
    check_refused(fixture, batch, CS_INVALID);
    versions[1] = (struct cs_version){0, 0};
    check_refused(fixture, batch, CS_INVALID);
    versions[1] = (struct cs_version){0, UINT64_MAX};
    check_refused(fixture, batch, CS_INVALID);
}

static void test_counts_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch =
        sample_batch(&fixture->arena, CS_TRANSACTIONS_PER_CHANGE_SET_MAX + 1, CS_OPERATION_UPDATE);
    check_refused(fixture, batch, CS_TOO_LARGE);
    batch.count--;
    check_round_trip(fixture, batch);

    /* The same operation again and again: more than one transaction may have, then just as many. */
    size_t count = CS_OPERATIONS_PER_TRANSACTION_MAX + 1;
    struct cs_operation *operations = sample_take(&fixture->arena, count, sizeof *operations);
    for (size_t i = 0; i < count; i++) {
        operations[i] = batch.items[0].operations[0];
    }
    batch.items[0].operations = operations;
    batch.items[0].operation_count = count;
    batch.count = 1;
    check_refused(fixture, batch, CS_TOO_LARGE);
    batch.items[0].operation_count = count - 1;
    check_round_trip(fixture, batch);
    for (size_t i = 0; i < 7; i++) {
        batch.items[i].operations = operations;
        batch.items[i].operation_count = count - 1;
    }
    batch.count = 7; /* 70,000 operations */
    check_refused(fixture, batch, CS_TOO_LARGE);
}

static void test_fields_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 1, CS_OPERATION_INSERT);
    struct cs_operation *operation = batch.items[0].operations;
    size_t count = CS_FIELDS_PER_ENTITY_MAX + 1;
    operation->changes = sample_take(&fixture->arena, count, sizeof *operation->changes);
    for (size_t i = 0; i < count; i++) {
        operation->changes[i].field = sample_format(&fixture->arena, "field_%u", i);
    }
    operation->change_count = count;
    check_refused(fixture, batch, CS_TOO_LARGE);
    operation->change_count = count - 1;
    check_round_trip(fixture, batch);
}

static void test_sizes_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 17, CS_OPERATION_INSERT);
    struct sample_random random = {7};
    struct cs_bytes value = sample_bytes(&random, &fixture->arena, CS_VALUE_MAX + 1);
    batch.items[0].operations[0].changes[0].value = cs_value_bytes(value);
    check_refused(fixture, batch, CS_TOO_LARGE);
    value.size = CS_VALUE_MAX;
    for (size_t i = 0; i < 15; i++) {
        batch.items[i].operations[0].changes[0].value = cs_value_bytes(value);
    }
    batch.count = 15;
    check_round_trip(fixture, batch);
    batch.items[15].operations[0].changes[0].value = cs_value_bytes(value);
    batch.count = 16; /* over 4 MiB */
    check_refused(fixture, batch, CS_TOO_LARGE);
}

static void test_shapes_are_limited(void **state)
{
    struct fixture *fixture = *state;
    size_t count = CS_SHAPES_PER_BATCH_MAX + 1;
    struct cs_transactions batch = sample_batch(&fixture->arena, count, CS_OPERATION_UPDATE);
    for (size_t i = 0; i < count; i++) {
        batch.items[i].operations[0].changes[0].field =
            sample_format(&fixture->arena, "field_%u", i);
    }
    check_refused(fixture, batch, CS_TOO_LARGE);
    batch.count--;
    check_round_trip(fixture, batch);
}

static void test_output_limit_and_earlier_failure_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct cs_transactions batch = sample_batch(&fixture->arena, 100, CS_OPERATION_INSERT);
    struct cs_buffer small;
    cs_buffer_init(&small, 64);
    cs_buffer_append_text(&small, "kept");
    assert_int_equal(cs_body_encode(batch.items, batch.count, &small), CS_LIMIT);
    assert_int_equal(small.size, 4);
    assert_int_equal(cs_body_encode(batch.items, batch.count, &small), CS_LIMIT);
    cs_buffer_clear(&small);
    assert_int_equal(cs_transaction_encode(&batch.items[0], &small), CS_LIMIT);
    assert_int_equal(small.size, 0);
    cs_buffer_release(&small);
}

static void test_every_failing_allocation_is_clean(void **state)
{
    struct fixture *fixture = *state;
    struct sample_random random = {99};
    struct cs_transactions transactions = sample_transactions(&random, &fixture->arena, 60);
    cs_buffer_append_text(&fixture->out, "x");
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    while (status != CS_OK) {
        cs_memory_fail_after(failures);
        status = cs_body_encode(transactions.items, transactions.count, &fixture->out);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(fixture->out.size, 1);
            failures++;
        }
        fixture->out.status = CS_OK;
    }
    assert_true(failures > 3);
    assert_true(fixture->out.size > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_structures_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_single_transactions_come_back_uncompressed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_decoded_body_does_not_borrow_its_input, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_size_of_ten_thousand_inserts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size_of_ten_thousand_updates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counters_must_be_consecutive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_operations_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bases_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fields_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shapes_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_limit_and_earlier_failure_are_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_allocation_is_clean, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
