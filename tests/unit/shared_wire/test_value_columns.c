/* Tests of value columns: choice of form, round trips, refusals. */
#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/columns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT_MAX 8

static struct cs_arena arena;
static struct cs_buffer out;
static struct cs_cbor_reader reader;

static int set_up(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&out, CS_MEBI);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    cs_buffer_release(&out);
    return 0;
}

static void check_round_trip(const struct cs_value *values, size_t count, uint8_t form)
{
    const struct cs_value *pointers[COUNT_MAX];
    struct cs_value_column column;
    for (size_t i = 0; i < count; i++) {
        pointers[i] = values[i].kind == CS_VALUE_NULL && i % 2 == 0 ? NULL : &values[i];
    }
    cs_buffer_clear(&out);
    cs_value_column_put(&out, pointers, count);
    assert_int_equal(out.status, CS_OK);
    assert_int_equal(out.data[1], form);
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
    cs_value_column_enter(&column, &reader, count, &arena);
    for (size_t i = 0; i < count; i++) {
        struct cs_value value = cs_value_column_take(&column, &reader);
        assert_true(cs_value_equal(&value, &values[i]));
    }
    cs_value_column_leave(&column, &reader);
    assert_int_equal(cs_cbor_finish(&reader), CS_OK);
}

static void test_forms_and_round_trips(void **state)
{
    (void)state;
    struct cs_value id = cs_value_bytes(cs_bytes_of_text("sixteen bytes..."));
    struct cs_value next = cs_value_bytes(cs_bytes_of_text("sixteen bytes..,"));
    struct cs_value ids[] = {CS_NULL, id, CS_NULL, next, id, id};
    struct cs_value nulls[] = {CS_NULL, CS_NULL, CS_NULL};
    struct cs_value mixed[] = {id, cs_value_bytes(cs_bytes_of_text("fifteen bytes..")), CS_NULL};
    struct cs_value texts[] = {cs_value_text(cs_bytes_of_text("sixteen letters.")),
                               cs_value_integer(INT64_MIN)};
    check_round_trip(ids, 6, 1);
    assert_int_equal(out.size, 3 + 1 + 17 + 1 + 17 + 17 + 1);
    check_round_trip(nulls, 3, 0);
    check_round_trip(mixed, 3, 0);
    check_round_trip(texts, 2, 0);
    check_round_trip(NULL, 0, 0);
}

static void enter_by_hand(struct cs_value_column *column, uint64_t form, size_t written,
                          size_t expected, struct cs_arena *storage)
{
    cs_buffer_clear(&out);
    cs_cbor_put_array(&out, 2);
    cs_cbor_put_unsigned(&out, form);
    cs_cbor_put_array(&out, written);
    for (size_t i = 0; i < written; i++) {
        cs_cbor_put_text(&out, cs_bytes_of_text("text"));
    }
    cs_cbor_reader_init(&reader, cs_buffer_bytes(&out));
    cs_value_column_enter(column, &reader, expected, storage);
}

static void test_spoiled_columns_are_refused(void **state)
{
    (void)state;
    struct cs_value_column column;
    struct cs_arena none;
    cs_arena_init(&none, 0);
    enter_by_hand(&column, 0, 2, 2, &arena);
    assert_int_equal(reader.status, CS_OK);
    enter_by_hand(&column, 2, 2, 2, &arena);
    assert_int_equal(reader.status, CS_MALFORMED);
    enter_by_hand(&column, 0, 2, 1, &arena);
    assert_int_equal(reader.status, CS_MALFORMED);
    enter_by_hand(&column, 0, 2, 3, &arena);
    assert_int_equal(reader.status, CS_MALFORMED);
    enter_by_hand(&column, 1, 2, 2, &none);
    assert_int_equal(reader.status, CS_NO_MEMORY);
    enter_by_hand(&column, 1, 2, 2, &arena); /* a text where an id should be */
    assert_int_equal(reader.status, CS_OK);
    assert_int_equal(cs_value_column_take(&column, &reader).kind, CS_VALUE_NULL);
    assert_int_equal(reader.status, CS_MALFORMED);
    cs_arena_release(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forms_and_round_trips, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spoiled_columns_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
