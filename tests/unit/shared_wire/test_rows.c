/* Tests of rows: round trips in order, sizes, refusals, failing allocations. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/cbor.h"
#include "shared/wire/compression.h"

#include <setjmp.h>
#include <stdarg.h>

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
    cs_buffer_init(&fixture.out, CS_RESPONSE_MAX);
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

static void check_round_trip(struct fixture *fixture, const struct cs_row *rows, size_t count)
{
    cs_buffer_clear(&fixture->out);
    cs_arena_release(&fixture->decoded);
    assert_int_equal(cs_rows_encode(rows, count, &fixture->out), CS_OK);
    struct cs_row *back = NULL;
    size_t back_count = 0;
    struct cs_bytes bytes = cs_buffer_bytes(&fixture->out);
    assert_int_equal(cs_rows_decode(bytes, &fixture->decoded, &back, &back_count), CS_OK);
    assert_true(sample_rows_equal(rows, count, back, back_count));
    for (size_t i = 0; i < back_count; i++) {
        for (size_t j = 0; j < back[i].field_count; j++) {
            assert_int_not_equal(back[i].fields[j].value.kind, CS_VALUE_NULL);
        }
    }
}

static void test_random_rows_come_back_in_order(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct sample_random random = {seed};
        size_t count = sample_below(&random, 60);
        check_round_trip(fixture, sample_rows(&random, &fixture->arena, count), count);
        cs_arena_release(&fixture->arena);
    }
}

static void test_no_rows_come_back(void **state)
{
    check_round_trip(*state, NULL, 0);
}

static void test_decoded_rows_do_not_borrow_their_input(void **state)
{
    struct fixture *fixture = *state;
    struct cs_row *rows = sample_part_rows(&fixture->arena, 20);
    assert_int_equal(cs_rows_encode(rows, 20, &fixture->out), CS_OK);
    struct cs_row *back = NULL;
    size_t count = 0;
    assert_int_equal(
        cs_rows_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &back, &count), CS_OK);
    memset(fixture->out.data, 0xff, fixture->out.size);
    assert_true(sample_rows_equal(rows, 20, back, count));
}

static void test_size_of_ten_thousand_rows(void **state)
{
    struct fixture *fixture = *state;
    struct cs_row *rows = sample_part_rows(&fixture->arena, 10000);
    check_round_trip(fixture, rows, 10000);
    struct cs_buffer frame;
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    assert_int_equal(cs_compress(cs_buffer_bytes(&fixture->out), &frame), CS_OK);
    print_message("10,000 part rows: %zu bytes, %zu compressed\n", fixture->out.size, frame.size);
    assert_true(frame.size <= 350 * CS_KIBI);
    cs_buffer_release(&frame);
}

static void check_refused(struct fixture *fixture, const struct cs_row *rows, size_t count,
                          enum cs_status expected)
{
    cs_buffer_clear(&fixture->out);
    assert_int_equal(cs_rows_encode(rows, count, &fixture->out), expected);
    assert_int_equal(fixture->out.size, 0);
}

static void test_rows_that_could_not_be_read_are_not_written(void **state)
{
    struct fixture *fixture = *state;
    struct cs_row *rows = sample_part_rows(&fixture->arena, 2);
    uint8_t *large = sample_take(&fixture->arena, CS_VALUE_MAX + 1, 1);
    struct cs_bytes entity = rows[1].entity;
    rows[1].entity = CS_BYTES_NONE;
    check_refused(fixture, rows, 2, CS_INVALID);
    rows[1].entity = entity;
    struct cs_named_value field = rows[1].fields[2];
    rows[1].fields[2].name = CS_BYTES_NONE;
    check_refused(fixture, rows, 2, CS_INVALID);
    rows[1].fields[2].name = rows[1].fields[0].name;
    check_refused(fixture, rows, 2, CS_INVALID);
    rows[1].fields[2] = field;
    rows[1].fields[2].value = cs_value_bytes(cs_bytes_make(large, CS_VALUE_MAX + 1));
    check_refused(fixture, rows, 2, CS_TOO_LARGE);
    rows[1].fields[2].value = cs_value_text(cs_bytes_of_text("\xed\xa0\x80"));
    check_refused(fixture, rows, 2, CS_INVALID);
    rows[1].fields[2] = field;
    rows[1].versions = cs_bytes_make(large, CS_VALUE_MAX + 1);
    check_refused(fixture, rows, 2, CS_TOO_LARGE);
    rows[1].versions = CS_BYTES_NONE;
    check_round_trip(fixture, rows, 2);
}

static void test_counts_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cs_row *rows = sample_part_rows(&fixture->arena, CS_PAGE_ROWS_MAX + 1);
    check_refused(fixture, rows, CS_PAGE_ROWS_MAX + 1, CS_TOO_LARGE);
    check_round_trip(fixture, rows, CS_PAGE_ROWS_MAX);
    size_t count = CS_FIELDS_PER_ENTITY_MAX + 1;
    rows[0].fields = sample_take(&fixture->arena, count, sizeof *rows[0].fields);
    for (size_t i = 0; i < count; i++) {
        rows[0].fields[i].name = sample_format(&fixture->arena, "field_%u", i);
        rows[0].fields[i].value = cs_value_integer((int64_t)i);
    }
    rows[0].field_count = count;
    check_refused(fixture, rows, 1, CS_TOO_LARGE);
    rows[0].field_count = count - 1;
    check_round_trip(fixture, rows, 1);
    check_refused(fixture, rows, 2, CS_TOO_LARGE); /* 128 and six other fields */
    rows[1].entity = cs_bytes_of_text("another");
    check_round_trip(fixture, rows, 2);
}

static void test_page_bytes_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct cs_row *rows = sample_part_rows(&fixture->arena, 60);
    uint8_t *large = sample_take(&fixture->arena, CS_VALUE_MAX, 1);
    for (size_t i = 0; i < 60; i++) {
        rows[i].fields[0].value = cs_value_bytes(cs_bytes_make(large, CS_VALUE_MAX));
    }
    check_refused(fixture, rows, 60, CS_TOO_LARGE);
    check_round_trip(fixture, rows, 40);
}

static void test_an_entity_of_many_field_sets_is_one_shape(void **state)
{
    struct fixture *fixture = *state;
    struct sample_random random = {3};
    struct cs_row *rows = sample_part_rows(&fixture->arena, 3000);
    for (size_t i = 0; i < 3000; i++) {
        for (size_t j = 0; j < rows[i].field_count; j++) {
            if (sample_below(&random, 2) == 0) {
                rows[i].fields[j].value = CS_NULL;
            }
        }
    }
    check_round_trip(fixture, rows, 3000);
}

/* Rows of one part by hand, each part of which a test may spoil. */
struct spec {
    uint64_t format;
    uint64_t count;
    uint64_t run_length;
    size_t shape_items;
    const char *entity;
    const char *second_name;
    size_t ids;
    size_t versions;
    uint64_t scope_set;
    bool deleted_is_boolean;
    size_t columns;
};

static struct spec good_spec(void)
{
    return (struct spec){.format = 1,
                         .count = 1,
                         .run_length = 1,
                         .shape_items = 7,
                         .entity = "part",
                         .second_name = "unit",
                         .ids = 1,
                         .versions = 1,
                         .deleted_is_boolean = true,
                         .columns = 2};
}

static void put_spec(const struct spec *spec, struct cs_buffer *out)
{
    cs_cbor_put_array(out, 4);
    cs_cbor_put_unsigned(out, spec->format);
    cs_cbor_put_unsigned(out, spec->count);
    cs_cbor_put_array(out, 2);
    cs_cbor_put_unsigned(out, 0);
    cs_cbor_put_unsigned(out, spec->run_length);
    cs_cbor_put_array(out, 1);
    cs_cbor_put_array(out, spec->shape_items);
    cs_cbor_put_text(out, cs_bytes_of_text(spec->entity));
    cs_cbor_put_array(out, 2);
    cs_cbor_put_text(out, cs_bytes_of_text("code"));
    cs_cbor_put_text(out, cs_bytes_of_text(spec->second_name));
    cs_cbor_put_array(out, spec->ids);
    for (size_t i = 0; i < spec->ids; i++) {
        cs_cbor_put_integer(out, 5);
    }
    cs_cbor_put_array(out, spec->versions);
    for (size_t i = 0; i < spec->versions; i++) {
        cs_cbor_put_bytes(out, cs_bytes_of_text("\1\2\3\4\5\6\7\10\11"));
    }
    cs_cbor_put_array(out, 1);
    cs_cbor_put_unsigned(out, spec->scope_set);
    cs_cbor_put_array(out, 1);
    if (spec->deleted_is_boolean) {
        cs_cbor_put_boolean(out, true);
    } else {
        cs_cbor_put_unsigned(out, 1);
    }
    cs_cbor_put_array(out, spec->columns);
    for (size_t i = 0; i < spec->columns; i++) {
        cs_cbor_put_array(out, 2);
        cs_cbor_put_unsigned(out, 0);
        cs_cbor_put_array(out, 1);
        cs_cbor_put_unsigned(out, i);
    }
}

static enum cs_status decode(struct cs_bytes bytes)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_row *rows = NULL;
    size_t count = 88;
    enum cs_status status = cs_rows_decode(bytes, &arena, &rows, &count);
    assert_true((status == CS_OK) == (rows != NULL));
    assert_true((status == CS_OK) == (count != 88));
    cs_arena_release(&arena);
    return status;
}

#define CHECK_SPOILED(member, value, expected)                                                     \
    do {                                                                                           \
        struct spec spec = good_spec();                                                            \
        spec.member = (value);                                                                     \
        cs_buffer_clear(&fixture->out);                                                            \
        put_spec(&spec, &fixture->out);                                                            \
        assert_int_equal(decode(cs_buffer_bytes(&fixture->out)), (expected));                      \
    } while (0)

static void test_spoiled_rows_are_refused(void **state)
{
    struct fixture *fixture = *state;
    CHECK_SPOILED(format, 1, CS_OK);
    CHECK_SPOILED(format, 2, CS_UNSUPPORTED);
    CHECK_SPOILED(count, 0, CS_MALFORMED);
    CHECK_SPOILED(count, 2, CS_MALFORMED);
    CHECK_SPOILED(count, CS_PAGE_ROWS_MAX, CS_MALFORMED); /* more than bytes */
    CHECK_SPOILED(count, CS_PAGE_ROWS_MAX + 1, CS_LIMIT);
    CHECK_SPOILED(run_length, 2, CS_MALFORMED);
    CHECK_SPOILED(shape_items, 6, CS_MALFORMED);
    CHECK_SPOILED(entity, "", CS_MALFORMED);
    CHECK_SPOILED(second_name, "", CS_MALFORMED);
    CHECK_SPOILED(second_name, "code", CS_MALFORMED);
    CHECK_SPOILED(ids, 0, CS_MALFORMED);
    CHECK_SPOILED(ids, 2, CS_MALFORMED);
    CHECK_SPOILED(versions, 0, CS_MALFORMED);
    CHECK_SPOILED(versions, 2, CS_MALFORMED);
    CHECK_SPOILED(scope_set, UINT32_MAX, CS_OK);
    CHECK_SPOILED(scope_set, (uint64_t)UINT32_MAX + 1, CS_MALFORMED);
    CHECK_SPOILED(deleted_is_boolean, false, CS_MALFORMED);
    CHECK_SPOILED(columns, 1, CS_MALFORMED);
    CHECK_SPOILED(columns, 3, CS_MALFORMED);
}

static void test_truncation_and_flips_are_survived(void **state)
{
    struct fixture *fixture = *state;
    struct sample_random random = {12};
    struct cs_row *rows = sample_rows(&random, &fixture->arena, 6);
    assert_int_equal(cs_rows_encode(rows, 6, &fixture->out), CS_OK);
    struct cs_bytes bytes = cs_buffer_bytes(&fixture->out);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_not_equal(decode(cs_bytes_make(bytes.data, size)), CS_OK);
    }
    for (size_t i = 0; i < bytes.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            fixture->out.data[i] ^= (uint8_t)(1U << bit);
            enum cs_status status = decode(bytes);
            assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_LIMIT ||
                        status == CS_UNSUPPORTED);
            fixture->out.data[i] ^= (uint8_t)(1U << bit);
        }
    }
}

static void test_oversize_input_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *large = sample_take(&fixture->arena, CS_PAGE_BYTES_MAX + 1, 1);
    assert_int_equal(decode(cs_bytes_make(large, CS_PAGE_BYTES_MAX + 1)), CS_LIMIT);
}

static void test_every_failing_allocation_is_clean(void **state)
{
    struct fixture *fixture = *state;
    struct sample_random random = {77};
    struct cs_row *rows = sample_rows(&random, &fixture->arena, 200);
    enum cs_status status = CS_NO_MEMORY;
    for (long i = 0; status != CS_OK; i++) {
        cs_buffer_clear(&fixture->out);
        cs_memory_fail_after(i);
        status = cs_rows_encode(rows, 200, &fixture->out);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && fixture->out.size == 0));
    }
    status = CS_NO_MEMORY;
    long failures = 0;
    while (status != CS_OK) {
        struct cs_row *back = NULL;
        size_t count = 0;
        cs_memory_fail_after(failures);
        status = cs_rows_decode(cs_buffer_bytes(&fixture->out), &fixture->decoded, &back, &count);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && back == NULL));
        failures += status != CS_OK;
        cs_arena_release(&fixture->decoded);
    }
    assert_true(failures > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_rows_come_back_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decoded_rows_do_not_borrow_their_input, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_size_of_ten_thousand_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_that_could_not_be_read_are_not_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_counts_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_page_bytes_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_entity_of_many_field_sets_is_one_shape, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_rows_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncation_and_flips_are_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oversize_input_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_allocation_is_clean, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
