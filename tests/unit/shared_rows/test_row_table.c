/* Rows in and out of their tables; damage, failing disks and failing memory. Growth of the schema: test_row_schema.c. */
#include "tests/unit/shared_rows/rows_fixture.h"

#include <sys/stat.h>

static void store_visit(struct rows_fixture *f, unsigned number, const char *name, int64_t count)
{
    const struct cs_named_value fields[] = {field("name", TEXT(name)),
                                            field("count", NUMBER(count))};
    store(f, "visit", number, fields, CS_COUNT(fields));
}

static void a_row_comes_back_as_it_was_stored(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_id leader = id_of(9);
    const struct cs_named_value fields[] = {field("name", TEXT("轴承更换")),
                                            field("count", NUMBER(INT64_MIN)),
                                            field("leader", cs_value_bytes(cs_id_bytes(&leader))),
                                            field("zeal", TEXT("great")), field("mood", NUMBER(3))};
    struct cs_stored_row row = make_row(f, "visit", 1, fields, CS_COUNT(fields));
    row.deleted = true;
    row.position = UINT64_MAX;
    assert_ok(cs_row_store(f->tables, &row));
    struct cs_stored_row loaded = load(f, "visit", 1);
    assert_same_row(&loaded, &row);
    assert_value(&loaded.values[VISIT_NOTE], CS_NULL);
    assert_int_equal(loaded.extra_count, 2);
    assert_bytes(loaded.extra[0].name, T("mood"));
    assert_bytes(loaded.extra[1].name, T("zeal"));
}

static void empty_text_and_empty_bytes_are_not_null(void **state)
{
    struct rows_fixture *f = *state;
    const struct cs_named_value fields[] = {field("code", cs_value_text(CS_BYTES_NONE)),
                                            field("subject", cs_value_bytes(CS_BYTES_NONE))};
    struct cs_stored_row row = make_row(f, "part", 1, fields, CS_COUNT(fields));
    row.versions = CS_BYTES_NONE;
    row.scopes = CS_BYTES_NONE;
    assert_ok(cs_row_store(f->tables, &row));
    struct cs_stored_row loaded = load(f, "part", 1);
    assert_int_equal(loaded.values[PART_CODE].kind, CS_VALUE_TEXT);
    assert_int_equal(loaded.values[PART_SUBJECT].kind, CS_VALUE_BYTES);
    assert_int_equal(loaded.values[PART_QUANTITY].kind, CS_VALUE_NULL);
    assert_int_equal(loaded.versions.size, 0);
}

static void a_missing_row_is_no_failure(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_stored_row row = load(f, "visit", 4);
    assert_false(row.exists);
    assert_ptr_equal(row.entity, &visit_1);
    assert_bytes(row.name, T("visit"));
    struct cs_id id = id_of(4);
    assert_true(cs_id_equal(&row.id, &id));
    row = load(f, "alarm", 4);
    assert_false(row.exists);
    assert_null(row.entity);
    assert_bytes(row.name, T("alarm"));
}

static void storing_again_replaces(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "first", 1);
    store_visit(f, 1, "second", 2);
    assert_value(&load(f, "visit", 1).values[VISIT_NAME], TEXT("second"));
    assert_int_equal(query(f, "SELECT count(*) FROM visit"), 1);
}

static void store_part(struct rows_fixture *f, unsigned number, const char *code, int64_t quantity)
{
    struct cs_id visit = id_of(1);
    const struct cs_named_value fields[] = {field("code", TEXT(code)),
                                            field("visit", cs_value_bytes(cs_id_bytes(&visit))),
                                            field("quantity", NUMBER(quantity))};
    store(f, "part", number, fields, CS_COUNT(fields));
}

static size_t found_parts(struct rows_fixture *f, const char *code)
{
    struct cs_value value = TEXT(code);
    struct cs_id *ids;
    size_t count;
    assert_ok(cs_row_find(f->tables, &part_1, PART_CODE, &value, 9, &f->arena, &ids, &count));
    return count;
}

static void indexes_follow_a_row_that_is_stored_again(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_id visit = id_of(1);
    const struct cs_named_value without_code[] = {
        field("visit", cs_value_bytes(cs_id_bytes(&visit)))};
    store_part(f, 1, "BJ-1", 1);
    store_part(f, 1, "BJ-1", 2);
    assert_int_equal(found_parts(f, "BJ-1"), 1);
    assert_value(&load(f, "part", 1).values[PART_QUANTITY], NUMBER(2));
    store_part(f, 1, "BJ-2", 3);
    assert_int_equal(found_parts(f, "BJ-1"), 0);
    assert_int_equal(found_parts(f, "BJ-2"), 1);
    assert_value(&load(f, "part", 1).values[PART_QUANTITY], NUMBER(3));
    store(f, "part", 1, without_code, CS_COUNT(without_code));
    assert_int_equal(found_parts(f, "BJ-2"), 0);
    assert_value(&load(f, "part", 1).values[PART_CODE], CS_NULL);
    store_part(f, 1, "BJ-2", 4);
    assert_int_equal(found_parts(f, "BJ-2"), 1);
    struct cs_problem problem = {""};
    assert_ok(cs_database_check(f->database, &problem));
}

/* Bytes that the log grows by when every tenth part gets this quantity. */
static int64_t log_growth(struct rows_fixture *f, unsigned count, const char *code, int64_t to)
{
    char path[128];
    struct stat before;
    struct stat after;
    (void)snprintf(path, sizeof path, "%s-wal", f->path);
    assert_ok(cs_database_cut_log(f->database));
    assert_int_equal(stat(path, &before), 0);
    assert_ok(cs_database_begin(f->database));
    for (unsigned i = 0; i < count; i += 10) {
        char text[32];
        (void)snprintf(text, sizeof text, "%s-%05u", code, i);
        store_part(f, i, text, to);
    }
    assert_ok(cs_database_commit(f->database));
    assert_int_equal(stat(path, &after), 0);
    return (int64_t)(after.st_size - before.st_size);
}

/* What a change writes is its row's page: pages of indexes are as many again, and every one of them has some row's entry. */
static void an_index_is_not_written_where_nothing_of_it_changed(void **state)
{
    struct rows_fixture *f = *state;
    enum { PARTS = 3000 };
    assert_ok(cs_database_begin(f->database));
    for (unsigned i = 0; i < PARTS; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "BJ-%05u", i);
        store_part(f, i, code, 1);
    }
    assert_ok(cs_database_commit(f->database));
    int64_t same = log_growth(f, PARTS, "BJ", 2);
    int64_t other = log_growth(f, PARTS, "QT", 2);
    assert_true(same > 0);
    assert_true(3 * same < 2 * other);
}

static void rows_of_unknown_entities_are_kept_whole(void **state)
{
    struct rows_fixture *f = *state;
    const struct cs_named_value fields[] = {field("text", TEXT("smoke")),
                                            field("level", NUMBER(2))};
    struct cs_stored_row row = make_row(f, "alarm", 1, fields, CS_COUNT(fields));
    assert_ok(cs_row_store(f->tables, &row));
    char name[] = "alarm";
    struct cs_stored_row loaded;
    struct cs_id id = id_of(1);
    assert_ok(cs_row_load(f->tables, T(name), &id, &f->arena, &loaded));
    memset(name, '?', sizeof name - 1); /* the name is the row's own, not the caller's */
    assert_same_row(&loaded, &row);
    assert_null(loaded.values);
    /* Another entity's row may have the same id. */
    assert_false(load(f, "siren", 1).exists);
    assert_ok(cs_row_remove(f->tables, T("siren"), &id));
    assert_true(load(f, "alarm", 1).exists);
}

static void removing_is_for_good_and_may_repeat(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_id id = id_of(1);
    store_visit(f, 1, "gone", 1);
    store(f, "alarm", 1, NULL, 0);
    for (int i = 0; i < 2; i++) {
        assert_ok(cs_row_remove(f->tables, T("visit"), &id));
        assert_ok(cs_row_remove(f->tables, T("alarm"), &id));
    }
    assert_false(load(f, "visit", 1).exists);
    assert_false(load(f, "alarm", 1).exists);
}

/* ---- Scans ---- */

struct seen {
    struct rows_fixture *fixture;
    unsigned numbers[64];
    size_t count;
    size_t stop_after; /* 0: never */
};

static enum cs_status see(void *context, const struct cs_stored_row *row)
{
    struct seen *seen = context;
    assert_true(row->exists);
    assert_true(seen->count < CS_COUNT(seen->numbers));
    seen->numbers[seen->count++] = row->id.bytes[15];
    /* Other uses of the database are allowed meanwhile. */
    struct cs_stored_row same;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_row_load(seen->fixture->tables, row->name, &row->id, &arena, &same));
    assert_same_row(&same, row);
    cs_arena_release(&arena);
    return seen->count == seen->stop_after ? CS_DENIED : CS_OK;
}

static void store_six(struct rows_fixture *f)
{
    static const int order[] = {5, 2, 4, 1, 3, 6};
    for (size_t i = 0; i < CS_COUNT(order); i++) {
        store_visit(f, (unsigned)order[i], order[i] % 2 == 0 ? "even" : "odd", order[i] / 3);
    }
    struct cs_stored_row row = load(f, "visit", 6);
    row.deleted = true;
    assert_ok(cs_row_store(f->tables, &row));
}

static void scans_ascend_and_leave_tombstones_out(void **state)
{
    struct rows_fixture *f = *state;
    store_six(f);
    struct seen seen = {.fixture = f};
    assert_ok(cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_LIVE, see, &seen));
    assert_int_equal(seen.count, 5);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.numbers[i], i + 1);
    }
    seen = (struct seen){.fixture = f};
    assert_ok(cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_WITH_DELETED, see, &seen));
    assert_int_equal(seen.count, 6);
}

static void filters_are_equalities_of_all_kinds(void **state)
{
    struct rows_fixture *f = *state;
    store_six(f);
    const struct cs_row_filter both[] = {{VISIT_NAME, TEXT("odd")}, {VISIT_COUNT, NUMBER(1)}};
    struct seen seen = {.fixture = f};
    assert_ok(cs_row_scan(f->tables, &visit_1, both, 2, CS_ROWS_LIVE, see, &seen));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.numbers[0], 3);
    assert_int_equal(seen.numbers[1], 5);
    const struct cs_row_filter unset[] = {{VISIT_NOTE, CS_NULL}};
    seen = (struct seen){.fixture = f};
    assert_ok(cs_row_scan(f->tables, &visit_1, unset, 1, CS_ROWS_LIVE, see, &seen));
    assert_int_equal(seen.count, 5);
    /* Text is not the bytes of it. */
    const struct cs_row_filter bytes[] = {{VISIT_NAME, cs_value_bytes(T("odd"))}};
    seen = (struct seen){.fixture = f};
    assert_ok(cs_row_scan(f->tables, &visit_1, bytes, 1, CS_ROWS_LIVE, see, &seen));
    assert_int_equal(seen.count, 0);
}

static void the_visitor_may_end_a_scan_and_start_another(void **state)
{
    struct rows_fixture *f = *state;
    store_six(f);
    for (int i = 0; i < 3; i++) { /* the query was ended properly, or this would abort */
        struct seen seen = {.fixture = f, .stop_after = 2};
        assert_status(cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_LIVE, see, &seen),
                      CS_DENIED);
        assert_int_equal(seen.count, 2);
    }
}

static void a_scan_of_all_meets_every_entity_and_the_unknown_ones(void **state)
{
    struct rows_fixture *f = *state;
    store_six(f);
    store(f, "part", 20, NULL, 0);
    store(f, "zebra", 30, NULL, 0);
    store(f, "alarm", 31, NULL, 0);
    struct seen seen = {.fixture = f};
    assert_ok(cs_row_scan_all(f->tables, see, &seen));
    static const unsigned expected[] = {1, 2, 3, 4, 5, 6, 20, 31, 30};
    assert_int_equal(seen.count, CS_COUNT(expected));
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.numbers[i], expected[i]);
    }
    for (size_t stop = 1; stop <= CS_COUNT(expected); stop++) {
        seen = (struct seen){.fixture = f, .stop_after = stop};
        assert_status(cs_row_scan_all(f->tables, see, &seen), CS_DENIED);
        assert_int_equal(seen.count, stop);
    }
}

static void found_ids_ascend_up_to_the_limit(void **state)
{
    struct rows_fixture *f = *state;
    for (unsigned i = 200; i > 0; i--) {
        store_visit(f, i, "same", 1);
    }
    struct cs_value same = TEXT("same");
    struct cs_id *ids;
    size_t count;
    assert_ok(
        cs_row_find(f->tables, &visit_1, VISIT_NAME, &same, SIZE_MAX, &f->arena, &ids, &count));
    assert_int_equal(count, 200);
    for (unsigned i = 0; i < count; i++) {
        struct cs_id expected = id_of(i + 1);
        assert_true(cs_id_equal(&ids[i], &expected));
    }
    assert_ok(cs_row_find(f->tables, &visit_1, VISIT_NAME, &same, 3, &f->arena, &ids, &count));
    assert_int_equal(count, 3);
    assert_ok(cs_row_find(f->tables, &visit_1, VISIT_NAME, &same, 0, &f->arena, &ids, &count));
    assert_int_equal(count, 0);
    struct cs_value other = TEXT("other");
    assert_ok(cs_row_find(f->tables, &visit_1, VISIT_NAME, &other, 9, &f->arena, &ids, &count));
    assert_int_equal(count, 0);
}

static void counting_and_finding_leave_tombstones_out(void **state)
{
    struct rows_fixture *f = *state;
    store_six(f);
    int64_t count;
    assert_ok(cs_row_count(f->tables, &visit_1, &count));
    assert_int_equal(count, 5);
    assert_ok(cs_row_count(f->tables, &part_1, &count));
    assert_int_equal(count, 0);
    struct cs_value even = TEXT("even");
    struct cs_id *ids;
    size_t found;
    assert_ok(cs_row_find(f->tables, &visit_1, VISIT_NAME, &even, 9, &f->arena, &ids, &found));
    assert_int_equal(found, 2);
}

/* ---- Damage ---- */

static enum cs_status ignore(void *context, const struct cs_stored_row *row)
{
    (void)context;
    (void)row;
    return CS_OK;
}

static void damaged_columns_are_told(void **state)
{
    struct rows_fixture *f = *state;
    static const char *const damages[] = {
        "UPDATE visit SET _extra = x'00'",                     /* ends inside a length */
        "UPDATE visit SET _extra = x'0000000161'",             /* a name without a value */
        "UPDATE visit SET _extra = x'00000001610000000109'",   /* a value of no kind */
        "UPDATE visit SET _extra = x'0000000161000000010000'", /* bytes left over */
        "UPDATE visit SET _extra = x'00000001620000000100' || x'00000001610000000100'", /* text */
        /* b before a; then a twice. */
        "UPDATE visit SET _extra = x'0000000162000000010000000001610000000100'",
        "UPDATE visit SET _extra = x'0000000161000000010000000001610000000100'",
        /* One field, two values: the known field `name` once more, an integer. */
        "UPDATE visit SET _extra = x'000000046e616d6500000009010000000000000001'",
        "UPDATE visit SET _versions = 5",
        "UPDATE visit SET _scopes = 'text'",
    };
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        store_visit(f, 1, "sound", 1);
        assert_ok(load_status(f, "visit", 1));
        execute(f, damages[i]);
        if (load_status(f, "visit", 1) != CS_CORRUPT) {
            fail_msg("%s", damages[i]);
        }
        assert_status(cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_LIVE, ignore, NULL),
                      CS_CORRUPT);
        assert_status(cs_row_scan_all(f->tables, ignore, NULL), CS_CORRUPT);
    }
}

static void ids_of_another_size_are_damage(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "sound", 1);
    execute(f, "UPDATE visit SET id = x'0102'");
    struct cs_value name = TEXT("sound");
    struct cs_id *ids = NULL;
    size_t count = 77;
    assert_status(cs_row_find(f->tables, &visit_1, VISIT_NAME, &name, 5, &f->arena, &ids, &count),
                  CS_CORRUPT);
    assert_null(ids);
    assert_int_equal(count, 77);
    assert_status(cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_LIVE, ignore, NULL),
                  CS_CORRUPT);
}

static void damaged_opaque_rows_are_told(void **state)
{
    struct rows_fixture *f = *state;
    store(f, "alarm", 1, NULL, 0);
    execute(f, "UPDATE _opaque SET _extra = x'01'");
    assert_status(load_status(f, "alarm", 1), CS_CORRUPT);
    assert_status(cs_row_scan_all(f->tables, ignore, NULL), CS_CORRUPT);
}

static void what_cannot_be_packed_is_not_stored(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "before", 1);
    size_t size = CS_PAGE_BYTES_MAX + 1;
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    const struct cs_named_value fields[] = {
        field("name", TEXT("after")), field("huge", cs_value_bytes(cs_bytes_make(bytes, size)))};
    struct cs_stored_row row = make_row(f, "visit", 1, fields, CS_COUNT(fields));
    assert_status(cs_row_store(f->tables, &row), CS_LIMIT);
    free(bytes);
    /* Neither the new values nor a cut _extra. */
    assert_value(&load(f, "visit", 1).values[VISIT_NAME], TEXT("before"));
}

/* ---- Failing memory and disks ---- */

static enum cs_status everything(struct rows_fixture *f, struct cs_arena *arena, int *stage)
{
    const struct cs_named_value fields[] = {field("name", TEXT("swept")),
                                            field("mood", TEXT("ok"))};
    struct cs_stored_row row;
    *stage = 0;
    enum cs_status status = cs_row_from_fields(&schema_1, T("visit"), fields, 2, arena, &row);
    if (status == CS_OK) {
        row.id = id_of(1);
        status = cs_row_store(f->tables, &row);
    }
    struct cs_id id = id_of(1);
    struct cs_stored_row loaded;
    struct cs_stored_row unknown;
    if (status == CS_OK) {
        *stage = 1;
        status = cs_row_load(f->tables, T("visit"), &id, arena, &loaded);
    }
    if (status == CS_OK) {
        *stage = 2;
        status = cs_row_load(f->tables, T("unknown"), &id, arena, &unknown);
    }
    if (status == CS_OK) {
        *stage = 3;
        const struct cs_row_filter filter = {VISIT_NAME, TEXT("swept")};
        status = cs_row_scan(f->tables, &visit_1, &filter, 1, CS_ROWS_LIVE, ignore, NULL);
    }
    if (status == CS_OK) {
        *stage = 4;
        status = cs_row_scan_all(f->tables, ignore, NULL);
    }
    int64_t rows;
    if (status == CS_OK) {
        *stage = 5;
        status = cs_row_count(f->tables, &visit_1, &rows);
    }
    struct cs_id *ids;
    size_t count;
    struct cs_value value = TEXT("swept");
    if (status == CS_OK) {
        *stage = 6;
        status = cs_row_find(f->tables, &visit_1, VISIT_NAME, &value, 9, arena, &ids, &count);
    }
    return status == CS_OK ? cs_row_remove(f->tables, T("visit"), &id) : status;
}

static void every_failing_allocation_is_clean(void **state)
{
    struct rows_fixture *f = *state;
    enum cs_status status = CS_NO_MEMORY;
    bool met[7] = {false};
    int stage = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 1000);
        assert_ok(fixture_reopen(f, &schema_1)); /* statements are not cached yet */
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(n);
        status = everything(f, &arena, &stage);
        cs_memory_fail_after(-1);
        cs_arena_release(&arena);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            met[stage] = true;
        }
        /* Whatever failed, the next use works. */
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(everything(f, &arena, &stage));
        cs_arena_release(&arena);
    }
    for (size_t i = 0; i < CS_COUNT(met); i++) {
        assert_true(met[i]);
    }
}

static void a_full_disk_keeps_the_old_rows(void **state)
{
    struct rows_fixture *f = *state;
    store_visit(f, 1, "old", 1);
    assert_ok(cs_database_begin(f->database));
    faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, 0, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
    struct cs_stored_row row = load(f, "visit", 1);
    row.position = 99;
    enum cs_status status = cs_row_store(f->tables, &row);
    status = status == CS_OK ? cs_database_commit(f->database) : status;
    assert_status(status, CS_DISK_FULL);
    cs_database_rollback(f->database);
    faulty_vfs_reset();
    assert_int_equal(load(f, "visit", 1).position, 7);
}

static void a_failing_disk_is_no_damage(void **state)
{
    struct rows_fixture *f = *state;
    for (unsigned i = 0; i < 300; i++) {
        store_visit(f, i, "on disk", i);
    }
    enum cs_status status = CS_IO;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 200);
        assert_ok(fixture_reopen(f, &schema_1)); /* an empty page cache */
        faulty_vfs_fail(FAULTY_READ, n, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        status = cs_row_scan(f->tables, &visit_1, NULL, 0, CS_ROWS_LIVE, ignore, NULL);
        faulty_vfs_reset();
        if (status != CS_OK) {
            assert_status(status, CS_IO);
            failures++;
        }
    }
    assert_true(failures > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW_TEST(a_row_comes_back_as_it_was_stored),
        ROW_TEST(empty_text_and_empty_bytes_are_not_null),
        ROW_TEST(a_missing_row_is_no_failure),
        ROW_TEST(storing_again_replaces),
        ROW_TEST(indexes_follow_a_row_that_is_stored_again),
        ROW_TEST(an_index_is_not_written_where_nothing_of_it_changed),
        ROW_TEST(rows_of_unknown_entities_are_kept_whole),
        ROW_TEST(removing_is_for_good_and_may_repeat),
        ROW_TEST(scans_ascend_and_leave_tombstones_out),
        ROW_TEST(filters_are_equalities_of_all_kinds),
        ROW_TEST(the_visitor_may_end_a_scan_and_start_another),
        ROW_TEST(a_scan_of_all_meets_every_entity_and_the_unknown_ones),
        ROW_TEST(found_ids_ascend_up_to_the_limit),
        ROW_TEST(counting_and_finding_leave_tombstones_out),
        ROW_TEST(damaged_columns_are_told),
        ROW_TEST(ids_of_another_size_are_damage),
        ROW_TEST(damaged_opaque_rows_are_told),
        ROW_TEST(what_cannot_be_packed_is_not_stored),
        ROW_TEST(every_failing_allocation_is_clean),
        ROW_TEST(a_full_disk_keeps_the_old_rows),
        ROW_TEST(a_failing_disk_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
