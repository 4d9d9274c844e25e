/* Receipt numbers: consecutive, one series per device, never twice. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "field-client/visit/series.h"

static enum cs_status take(struct site *s, char out[static CS_RECEIPT_NUMBER_MAX])
{
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    enum cs_status status = cs_series_take(s->f->replica, edit, out, &s->problem);
    return cs_visit_end_edit(edit, status);
}

static uint64_t own_log(struct site *s)
{
    return cs_identity_log(s->f->identity);
}

static void prefixes_have_no_look_alikes(void **state)
{
    (void)state;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    cs_series_prefix(0, 4, prefix);
    assert_string_equal(prefix, "2222");
    cs_series_prefix(UINT64_MAX, 4, prefix);
    assert_string_equal(prefix, "ZZZZ");
    cs_series_prefix(UINT64_MAX, 12, prefix);
    assert_string_equal(prefix, "ZZZZZZZZZZZZ");
    /* 00000 00001 00010 11111 … */
    cs_series_prefix(0x0045f00000000000u, 4, prefix);
    assert_string_equal(prefix, "234Z");
    for (uint64_t i = 0; i < 32; i++) {
        cs_series_prefix(i << 59, 4, prefix);
        assert_null(strchr("01IO", prefix[0]));
    }
}

static void numbers_are_consecutive(void **state)
{
    struct site *s = *state;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    cs_series_prefix(own_log(s), 4, prefix);
    for (int i = 1; i <= 12; i++) {
        char number[CS_RECEIPT_NUMBER_MAX];
        char expected[CS_RECEIPT_NUMBER_MAX];
        (void)snprintf(expected, sizeof expected, "%s-%06d", prefix, i);
        assert_ok(take(s, number));
        assert_string_equal(number, expected);
        if (i == 6) {
            fixture_reopen(s->f);
        }
    }
    int64_t count = 0;
    assert_ok(cs_query_count(s->f->replica, "receipt_series", "prefix", prefix, &count));
    assert_int_equal(count, 1);
}

static void what_was_not_committed_is_given_again(void **state)
{
    struct site *s = *state;
    char first[CS_RECEIPT_NUMBER_MAX];
    char second[CS_RECEIPT_NUMBER_MAX];
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_series_take(s->f->replica, edit, first, NULL));
    cs_edit_abort(edit);
    assert_ok(take(s, second));
    assert_string_equal(first, second);
}

static struct cs_id series_row(struct site *s)
{
    struct cs_id id;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    cs_series_prefix(own_log(s), 4, prefix);
    assert_ok(cs_query_resolve(s->f->replica, T("receipt_series"), T(prefix), &id, NULL));
    return id;
}

/* Set back by hand, or gone with a refused transaction: a number may stand on paper already. */
static void no_number_is_given_twice(void **state)
{
    struct site *s = *state;
    char number[CS_RECEIPT_NUMBER_MAX];
    for (int i = 0; i < 3; i++) {
        assert_ok(take(s, number));
    }
    struct cs_id id = series_row(s);
    set_value(s->f, "receipt_series", &id, NUMBER_VALUE("last_number", 0));
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-000004");
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("receipt_series"), &id));
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-000005");
    id = series_row(s);
    set_value(s->f, "receipt_series", &id, NUMBER_VALUE("last_number", 40));
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-000041");
}

/* Also where _meta knows nothing, as on a replica that was made anew. */
static void numbers_on_receipts_are_passed_over(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    assert_string_equal(made.number + 4, "-000001");
    struct cs_id id = series_row(s);
    set_value(s->f, "receipt_series", &id, NUMBER_VALUE("last_number", 0));
    char key[CS_SERIES_META_MAX];
    cs_series_meta(own_log(s), key);
    assert_ok(cs_replica_meta_set_number(s->f->replica, key, 0));
    char number[CS_RECEIPT_NUMBER_MAX];
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-000002");
}

/* What the device gave before it joined anew, with another log, says nothing about its new series. */
static void a_device_that_joined_anew_begins_its_series(void **state)
{
    struct site *s = *state;
    char key[CS_SERIES_META_MAX];
    char number[CS_RECEIPT_NUMBER_MAX];
    cs_series_meta(own_log(s) ^ 1, key);
    assert_ok(cs_replica_meta_set_number(s->f->replica, key, 17));
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-000001");
}

static void add_series(struct site *s, uint8_t device, const char *prefix)
{
    uint8_t log[8] = {device};
    (void)ADD(s->f, "receipt_series",
              ((struct cs_named_value){T("device"), cs_value_bytes(cs_bytes_of_array(log))}),
              TEXT_VALUE("prefix", prefix));
}

static void another_device_keeps_its_prefix(void **state)
{
    struct site *s = *state;
    char prefix[CS_SERIES_PREFIX_MAX + 1];
    cs_series_prefix(own_log(s), 4, prefix);
    add_series(s, 1, prefix);
    char number[CS_RECEIPT_NUMBER_MAX];
    assert_ok(take(s, number));
    cs_series_prefix(own_log(s), 5, prefix);
    assert_memory_equal(number, prefix, 5);
    assert_string_equal(number + 5, "-000001");
    assert_ok(take(s, number));
    assert_string_equal(number + 5, "-000002");
}

static void no_free_prefix_is_refused(void **state)
{
    struct site *s = *state;
    for (size_t size = CS_SERIES_PREFIX_MIN; size <= CS_SERIES_PREFIX_MAX; size++) {
        char prefix[CS_SERIES_PREFIX_MAX + 1];
        cs_series_prefix(own_log(s), size, prefix);
        add_series(s, (uint8_t)size, prefix);
    }
    char number[CS_RECEIPT_NUMBER_MAX] = "untouched";
    assert_status(take(s, number), CS_EXISTS);
    assert_says(&s->problem, "receipt prefix");
    assert_string_equal(number, "untouched");
}

/* Made by hand for this device. */
static void a_prefix_must_leave_room_for_the_number(void **state)
{
    struct site *s = *state;
    uint8_t log[8];
    for (size_t i = 0; i < sizeof log; i++) {
        log[i] = (uint8_t)(own_log(s) >> (56 - 8 * i));
    }
    struct cs_id id =
        ADD(s->f, "receipt_series",
            ((struct cs_named_value){T("device"), cs_value_bytes(cs_bytes_of_array(log))}),
            TEXT_VALUE("prefix", "ABCDEFGHIJKLMNOPQRS"), NUMBER_VALUE("last_number", 7));
    char number[CS_RECEIPT_NUMBER_MAX] = "untouched";
    assert_ok(take(s, number));
    assert_string_equal(number, "ABCDEFGHIJKLMNOPQRS-000008");
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "receipt_series", &id, &arena, &row));
    row.values[cs_entity_field_index(row.entity, T("prefix"))] =
        cs_value_text(T("ABCDEFGHIJKLMNOPQRST"));
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
    assert_status(take(s, number), CS_INVALID);
    assert_says(&s->problem, "too long: 20");
}

static void a_series_ends(void **state)
{
    struct site *s = *state;
    char number[CS_RECEIPT_NUMBER_MAX];
    assert_ok(take(s, number));
    struct cs_id id = series_row(s);
    set_value(s->f, "receipt_series", &id, NUMBER_VALUE("last_number", 999999998));
    assert_ok(take(s, number));
    assert_string_equal(number + 4, "-999999999");
    assert_status(take(s, number), CS_INVALID);
    assert_says(&s->problem, "used up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_have_no_look_alikes),
        VISIT_TEST(numbers_are_consecutive),
        VISIT_TEST(what_was_not_committed_is_given_again),
        VISIT_TEST(no_number_is_given_twice),
        VISIT_TEST(numbers_on_receipts_are_passed_over),
        VISIT_TEST(a_device_that_joined_anew_begins_its_series),
        VISIT_TEST(another_device_keeps_its_prefix),
        VISIT_TEST(no_free_prefix_is_refused),
        VISIT_TEST(a_prefix_must_leave_room_for_the_number),
        VISIT_TEST(a_series_ends),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
