/* Rows by a span of numbers, and the neighbours of a text. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static void save(struct store_fixture *f, unsigned number, const char *place, const char *part,
                 struct cs_value quantity)
{
    const struct cs_named_value fields[] = {
        {T("place"), TEXT(place)}, {T("part"), TEXT(part)}, {T("quantity"), quantity}};
    struct cs_stored_row row;
    assert_ok(
        cs_row_from_fields(&schema, T("movement"), fields, CS_COUNT(fields), &f->arena, &row));
    row.id = id_of(number);
    row.exists = true;
    row.deleted = number >= 100;
    row.versions = T("versions");
    row.position = number;
    assert_ok(cs_store_save_rows(f->store, &row, 1));
}

static const struct cs_row_span span = {MOVEMENT_QUANTITY, MOVEMENT_QUANTITY};

static size_t count_between(struct store_fixture *f, int64_t after, int64_t before, size_t limit,
                            struct cs_id *out_first)
{
    const struct cs_row_filter van = {MOVEMENT_PLACE, TEXT("van")};
    struct cs_id *ids = NULL;
    size_t count = 77;
    assert_ok(cs_store_find_span(f->store, &movement, &van, span, before, after, limit, &f->arena,
                                 &ids, &count));
    if (count > 0) {
        *out_first = ids[0];
    }
    return count;
}

static void spans_are_open_at_both_ends(void **state)
{
    struct store_fixture *f = *state;
    struct cs_id first = {{0}};
    const struct cs_id expected = id_of(4);
    for (unsigned i = 1; i < 10; i++) {
        save(f, 10 - i, "van", "P-1", NUMBER(i));
    }
    save(f, 20, "store", "P-1", NUMBER(5));
    save(f, 21, "van", "P-1", CS_NULL);
    save(f, 100, "van", "P-1", NUMBER(5));
    assert_int_equal(count_between(f, 3, 7, 100, &first), 3);
    assert_true(cs_id_equal(&first, &expected));
    assert_int_equal(count_between(f, 3, 7, 2, &first), 2);
    assert_int_equal(count_between(f, 3, 4, 100, &first), 0);
    assert_int_equal(count_between(f, INT64_MIN, INT64_MAX, 100, &first), 9);
}

static const char *nearest(struct store_fixture *f, const char *prefix, const char *text,
                           enum cs_store_direction direction)
{
    struct cs_bytes found = T("untouched");
    enum cs_status status = cs_store_nearest(f->store, &movement, MOVEMENT_PART, T(prefix), T(text),
                                             direction, &f->arena, &found);
    if (status == CS_NOT_FOUND) {
        assert_true(cs_bytes_equal_text(found, "untouched"));
        return "";
    }
    assert_ok(status);
    return cs_arena_text(&f->arena, found);
}

static void neighbours_have_the_prefix_and_the_size(void **state)
{
    struct store_fixture *f = *state;
    static const char *const parts[] = {"A-001", "A-003",  "A-0031", "A-007",
                                        "B-002", "号-001", "号-002"};
    for (unsigned i = 0; i < CS_COUNT(parts); i++) {
        save(f, i, "van", parts[i], NUMBER(1));
    }
    save(f, 100, "van", "A-005", NUMBER(1));
    assert_string_equal(nearest(f, "A-", "A-006", CS_STORE_BELOW), "A-003");
    assert_string_equal(nearest(f, "A-", "A-003", CS_STORE_BELOW), "A-001");
    assert_string_equal(nearest(f, "A-", "A-001", CS_STORE_BELOW), "");
    assert_string_equal(nearest(f, "A-", "A-003", CS_STORE_ABOVE), "A-007");
    assert_string_equal(nearest(f, "A-", "A-007", CS_STORE_ABOVE), "");
    assert_string_equal(nearest(f, "A-", "A-0030", CS_STORE_ABOVE), "A-0031");
    assert_string_equal(nearest(f, "B-", "B-002", CS_STORE_BELOW), "");
    assert_string_equal(nearest(f, "C-", "C-001", CS_STORE_ABOVE), "");
    assert_string_equal(nearest(f, "号-", "号-002", CS_STORE_BELOW), "号-001");
}

static void damage_is_told(void **state)
{
    struct store_fixture *f = *state;
    struct cs_id *ids;
    size_t count = 77;
    const struct cs_row_filter van = {MOVEMENT_PLACE, TEXT("van")};
    save(f, 1, "van", "P-1", NUMBER(5));
    execute(f, "UPDATE movement SET id = x'01'");
    assert_status(
        cs_store_find_span(f->store, &movement, &van, span, 9, 1, 10, &f->arena, &ids, &count),
        CS_CORRUPT);
    assert_int_equal(count, 77);
}

static enum cs_status look(struct store_fixture *f, struct cs_arena *arena)
{
    const struct cs_row_filter van = {MOVEMENT_PLACE, TEXT("van")};
    struct cs_id *ids;
    size_t count;
    struct cs_bytes text;
    enum cs_status status =
        cs_store_find_span(f->store, &movement, &van, span, 9, 1, 10, arena, &ids, &count);
    return status != CS_OK ? status
                           : cs_store_nearest(f->store, &movement, MOVEMENT_PART, T("P-"), T("P-9"),
                                              CS_STORE_BELOW, arena, &text);
}

static void failing_memory_and_disks_are_told(void **state)
{
    struct store_fixture *f = *state;
    for (unsigned i = 0; i < 9; i++) {
        save(f, i, "van", "P-1", NUMBER(5));
    }
    assert_true(sweep_allocations(f, look) >= 4);
    assert_true(sweep_reads(f, look) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(spans_are_open_at_both_ends),
        STORE_TEST(neighbours_have_the_prefix_and_the_size),
        STORE_TEST(damage_is_told),
        STORE_TEST(failing_memory_and_disks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
