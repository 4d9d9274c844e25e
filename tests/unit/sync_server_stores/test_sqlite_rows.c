/* Rows in bulk, heads, sums. Single rows: tests/unit/shared_rows. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_stored_row movement_of(struct store_fixture *f, unsigned number, const char *place,
                                        int64_t quantity)
{
    const struct cs_named_value fields[] = {
        {T("place"), TEXT(place)}, {T("part"), TEXT("P-1")}, {T("quantity"), NUMBER(quantity)}};
    struct cs_stored_row row;
    assert_ok(
        cs_row_from_fields(&schema, T("movement"), fields, CS_COUNT(fields), &f->arena, &row));
    row.id = id_of(number);
    row.exists = true;
    row.versions = T("versions");
    row.position = number;
    return row;
}

static void save(struct store_fixture *f, unsigned number, const char *place, int64_t quantity)
{
    struct cs_stored_row row = movement_of(f, number, place, quantity);
    assert_ok(cs_store_save_rows(f->store, &row, 1));
}

static void many_rows_at_once_each_in_its_place(void **state)
{
    struct store_fixture *f = *state;
    struct cs_stored_row rows[20];
    for (unsigned i = 0; i < CS_COUNT(rows); i++) {
        rows[i] = movement_of(f, i, "van", i);
    }
    assert_ok(cs_store_save_rows(f->store, rows, CS_COUNT(rows)));
    struct cs_row_key keys[] = {{T("movement"), id_of(7)},
                                {T("movement"), id_of(99)},
                                {T("unknown"), id_of(7)},
                                {T("movement"), id_of(3)},
                                {T("movement"), id_of(7)}};
    struct cs_stored_row loaded[CS_COUNT(keys)];
    assert_ok(cs_store_load_rows(f->store, keys, CS_COUNT(keys), &f->arena, loaded));
    static const bool exists[] = {true, false, false, true, true};
    for (size_t i = 0; i < CS_COUNT(keys); i++) {
        assert_int_equal(loaded[i].exists, exists[i]);
        assert_true(cs_id_equal(&loaded[i].id, &keys[i].id));
        assert_bytes(loaded[i].name, keys[i].entity);
    }
    assert_int_equal(loaded[0].values[MOVEMENT_QUANTITY].integer, 7);
    assert_int_equal(loaded[3].values[MOVEMENT_QUANTITY].integer, 3);
    assert_ok(cs_store_load_rows(f->store, NULL, 0, &f->arena, NULL));
    assert_ok(cs_store_save_rows(f->store, NULL, 0));
}

static void a_damaged_row_fails_the_whole_load(void **state)
{
    struct store_fixture *f = *state;
    save(f, 1, "van", 1);
    save(f, 2, "van", 2);
    execute(f, "UPDATE movement SET _extra = x'01' WHERE _position = 2");
    struct cs_row_key keys[] = {{T("movement"), id_of(1)}, {T("movement"), id_of(2)}};
    struct cs_stored_row loaded[2];
    assert_status(cs_store_load_rows(f->store, keys, 2, &f->arena, loaded), CS_CORRUPT);
    assert_ok(cs_store_load_rows(f->store, keys, 1, &f->arena, loaded));
}

/* ---- Heads ---- */

static void assert_heads(struct store_fixture *f, const struct cs_row_key *key,
                         const struct cs_stored_head *expected, size_t expected_count)
{
    struct cs_stored_head *heads;
    size_t count;
    assert_ok(cs_store_heads(f->store, key, &f->arena, &heads, &count));
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        assert_bytes(heads[i].unit, expected[i].unit);
        assert_true(cs_version_equal(&heads[i].version, &expected[i].version));
        assert_bytes(heads[i].value, expected[i].value);
    }
}

static void heads_come_back_ascending_by_unit_and_version(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key key = {T("movement"), id_of(1)};
    /* Logs of the upper half are negative numbers to SQLite, yet greater. */
    const struct cs_stored_head sorted[] = {
        {T("_deleted"), {1, 1}, T("seen")},    {T("place"), {0, 7}, T("a")},
        {T("place"), {5, 1}, T("b")},          {T("place"), {5, 300}, CS_BYTES_NONE},
        {T("place"), {INT64_MAX, 2}, T("c")},  {T("place"), {(uint64_t)INT64_MAX + 1, 2}, T("d")},
        {T("place"), {UINT64_MAX, 1}, T("e")}, {T("quantity"), {2, 2}, T("f")},
    };
    struct cs_stored_head turned[CS_COUNT(sorted)];
    for (size_t i = 0; i < CS_COUNT(sorted); i++) {
        turned[i] = sorted[CS_COUNT(sorted) - 1 - i];
    }
    assert_ok(cs_store_put_heads(f->store, &key, turned, CS_COUNT(turned)));
    assert_heads(f, &key, sorted, CS_COUNT(sorted));
    struct cs_stored_head *heads;
    size_t count;
    assert_ok(cs_store_heads(f->store, &key, &f->arena, &heads, &count));
    for (size_t i = 2; i < 7; i++) {
        assert_true(cs_version_compare(&heads[i - 1].version, &heads[i].version) < 0);
    }
}

static void putting_heads_replaces_those_of_the_row_only(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key row = {T("movement"), id_of(1)};
    const struct cs_row_key other_row = {T("movement"), id_of(2)};
    const struct cs_row_key other_entity = {T("unknown"), id_of(1)};
    const struct cs_stored_head old[] = {{T("place"), {1, 1}, T("old")},
                                         {T("part"), {1, 2}, T("old")}};
    const struct cs_stored_head new[] = {{T("place"), {3, 3}, T("new")}};
    assert_ok(cs_store_put_heads(f->store, &row, old, 1));
    assert_ok(cs_store_put_heads(f->store, &other_row, old, 1));
    assert_ok(cs_store_put_heads(f->store, &other_entity, old, 1));
    assert_ok(cs_store_put_heads(f->store, &row, new, 1));
    assert_heads(f, &row, new, 1);
    assert_heads(f, &other_row, old, 1);
    assert_heads(f, &other_entity, old, 1);
    assert_ok(cs_store_put_heads(f->store, &row, NULL, 0));
    assert_heads(f, &row, NULL, 0);
    assert_heads(f, &other_row, old, 1);
}

static void one_head_given_twice_is_refused(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key row = {T("movement"), id_of(1)};
    const struct cs_stored_head twice[] = {{T("place"), {1, 1}, T("a")},
                                           {T("place"), {1, 1}, T("b")}};
    assert_ok(cs_store_begin(f->store));
    assert_status(cs_store_put_heads(f->store, &row, twice, 2), CS_EXISTS);
    cs_store_rollback(f->store);
    assert_heads(f, &row, NULL, 0);
}

static void many_heads_are_no_problem(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_key row = {T("movement"), id_of(1)};
    struct cs_stored_head heads[300];
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        heads[i] = (struct cs_stored_head){T("place"), {7, i + 1}, T("value")};
    }
    assert_ok(cs_store_begin(f->store));
    assert_ok(cs_store_put_heads(f->store, &row, heads, CS_COUNT(heads)));
    assert_ok(cs_store_commit(f->store));
    assert_heads(f, &row, heads, CS_COUNT(heads));
}

/* ---- Sums ---- */

static int64_t sum(struct store_fixture *f, const struct cs_row_filter *filters, size_t count)
{
    int64_t out = 77;
    assert_ok(cs_store_sum(f->store, &movement, MOVEMENT_QUANTITY, filters, count, &out));
    return out;
}

static void sums_are_over_live_rows_that_match(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_row_filter van[] = {{MOVEMENT_PLACE, TEXT("van")},
                                        {MOVEMENT_PART, TEXT("P-1")}};
    assert_int_equal(sum(f, NULL, 0), 0);
    assert_int_equal(sum(f, van, 2), 0);
    save(f, 1, "van", 10);
    save(f, 2, "van", -3);
    save(f, 3, "store", 100);
    struct cs_stored_row deleted = movement_of(f, 4, "van", 1000);
    deleted.deleted = true;
    assert_ok(cs_store_save_rows(f->store, &deleted, 1));
    struct cs_stored_row unset = movement_of(f, 5, "van", 0);
    unset.values[MOVEMENT_QUANTITY] = CS_NULL;
    assert_ok(cs_store_save_rows(f->store, &unset, 1));
    assert_int_equal(sum(f, NULL, 0), 107);
    assert_int_equal(sum(f, van, 1), 7);
    assert_int_equal(sum(f, van, 2), 7);
    const struct cs_row_filter none[] = {{MOVEMENT_PLACE, CS_NULL}};
    assert_int_equal(sum(f, none, 1), 0);
}

static void a_sum_beyond_64_bits_is_told(void **state)
{
    struct store_fixture *f = *state;
    save(f, 1, "van", INT64_MAX);
    assert_int_equal(sum(f, NULL, 0), INT64_MAX);
    save(f, 2, "van", 1);
    int64_t out = 77;
    assert_status(cs_store_sum(f->store, &movement, MOVEMENT_QUANTITY, NULL, 0, &out),
                  CS_TOO_LARGE);
    assert_int_equal(out, 77);
}

/* ---- Failing memory and disks ---- */

static enum cs_status use_rows(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_stored_row row = {.entity = &movement, .name = T("movement"), .id = id_of(1)};
    struct cs_value values[MOVEMENT_FIELDS] = {TEXT("van"), TEXT("P-1"), NUMBER(3)};
    row.values = values;
    struct cs_row_key key = {T("movement"), id_of(1)};
    struct cs_stored_row loaded;
    enum cs_status status = cs_store_save_rows(f->store, &row, 1);
    if (status == CS_OK) {
        status = cs_store_load_rows(f->store, &key, 1, arena, &loaded);
    }
    const struct cs_stored_head head = {T("place"), {1, 1}, T("value")};
    if (status == CS_OK) {
        status = cs_store_put_heads(f->store, &key, &head, 1);
    }
    struct cs_stored_head *heads;
    size_t count;
    if (status == CS_OK) {
        status = cs_store_heads(f->store, &key, arena, &heads, &count);
    }
    int64_t total;
    const struct cs_row_filter filter = {MOVEMENT_PLACE, TEXT("van")};
    return status == CS_OK
               ? cs_store_sum(f->store, &movement, MOVEMENT_QUANTITY, &filter, 1, &total)
               : status;
}

static void rows_survive_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use_rows) >= 8);
    execute(f, "DELETE FROM movement; DELETE FROM _head");
    fail_writes(f, use_rows,
                "SELECT (SELECT count(*) FROM movement) + (SELECT count(*) FROM _head)");
}

static enum cs_status sum_all(struct store_fixture *f, struct cs_arena *arena)
{
    (void)arena;
    int64_t total = 77;
    enum cs_status status = cs_store_sum(f->store, &movement, MOVEMENT_QUANTITY, NULL, 0, &total);
    assert_int_equal(total, status == CS_OK ? 200 : 77);
    return status;
}

static void a_failing_read_is_no_damage(void **state)
{
    struct store_fixture *f = *state;
    for (unsigned i = 0; i < 200; i++) {
        save(f, i, "a place with a name of some length, so that there are several pages", 1);
    }
    assert_true(sweep_reads(f, sum_all) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(many_rows_at_once_each_in_its_place),
        STORE_TEST(a_damaged_row_fails_the_whole_load),
        STORE_TEST(heads_come_back_ascending_by_unit_and_version),
        STORE_TEST(putting_heads_replaces_those_of_the_row_only),
        STORE_TEST(one_head_given_twice_is_refused),
        STORE_TEST(many_heads_are_no_problem),
        STORE_TEST(sums_are_over_live_rows_that_match),
        STORE_TEST(a_sum_beyond_64_bits_is_told),
        STORE_TEST(rows_survive_failing_memory_and_disks),
        STORE_TEST(a_failing_read_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
