/* Tables that grow with the schema: nothing that arrived before it was known is lost or hidden. */
#include "tests/unit/shared_rows/rows_fixture.h"

static void store_future_visit(struct rows_fixture *f, unsigned number)
{
    struct cs_id site = id_of(500);
    const struct cs_named_value fields[] = {
        field("name", TEXT("future")), field("mood", TEXT("good")),
        field("site", cs_value_bytes(cs_id_bytes(&site))), field("zeal", NUMBER(11))};
    store(f, "visit", number, fields, CS_COUNT(fields));
}

static void hash_of(struct rows_fixture *f, const char *entity, unsigned number,
                    uint8_t out[static CS_HASH_SIZE])
{
    struct cs_stored_row row = load(f, entity, number);
    assert_true(row.exists);
    assert_ok(cs_stored_row_hash(&row, out));
}

static void tables_and_indexes_are_made_once(void **state)
{
    struct rows_fixture *f = *state;
    const char *objects = "SELECT count(*) FROM sqlite_schema WHERE name IN "
                          "('visit', 'part', '_opaque', 'visit.leader', 'part.code', "
                          "'part.visit', 'part.subject')";
    assert_int_equal(query(f, objects), 7);
    int64_t all = query(f, "SELECT count(*) FROM sqlite_schema");
    assert_ok(fixture_reopen(f, &schema_1));
    assert_int_equal(query(f, "SELECT count(*) FROM sqlite_schema"), all);
    assert_ptr_equal(cs_row_tables_registry(f->tables), &schema_1);
    assert_ptr_equal(cs_row_tables_database(f->tables), f->database);
}

static void a_value_that_waited_is_in_its_column_once_the_field_is_known(void **state)
{
    struct rows_fixture *f = *state;
    store_future_visit(f, 1);
    uint8_t before[CS_HASH_SIZE];
    uint8_t after[CS_HASH_SIZE];
    hash_of(f, "visit", 1, before);
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_stored_row row = load(f, "visit", 1);
    assert_value(&row.values[VISIT_NAME], TEXT("future"));
    assert_value(&row.values[VISIT_MOOD], TEXT("good"));
    assert_int_equal(row.extra_count, 1); /* what is still unknown stays */
    assert_bytes(row.extra[0].name, T("zeal"));
    assert_value(&row.extra[0].value, NUMBER(11));
    assert_int_equal(row.position, 7);
    assert_bytes(row.versions, T("versions"));
    hash_of(f, "visit", 1, after);
    assert_memory_equal(before, after, CS_HASH_SIZE);
    assert_int_equal(query(f, "SELECT mood = 'good' FROM visit"), 1);
}

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    assert_true(row->exists);
    *(size_t *)context += 1;
    return CS_OK;
}

static void filters_and_finds_see_values_that_waited(void **state)
{
    struct rows_fixture *f = *state;
    for (unsigned i = 1; i <= 70; i++) {
        store_future_visit(f, i);
    }
    store(f, "visit", 71, NULL, 0);
    assert_ok(fixture_reopen(f, &schema_2));
    const struct cs_row_filter filter = {VISIT_MOOD, TEXT("good")};
    size_t seen = 0;
    assert_ok(cs_row_scan(f->tables, &visit_2, &filter, 1, CS_ROWS_LIVE, count_row, &seen));
    assert_int_equal(seen, 70);
    struct cs_id site = id_of(500);
    struct cs_value value = cs_value_bytes(cs_id_bytes(&site));
    struct cs_id *ids;
    size_t count;
    assert_ok(cs_row_find(f->tables, &visit_2, VISIT_SITE, &value, 100, &f->arena, &ids, &count));
    assert_int_equal(count, 70);
    assert_int_equal(query(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'visit.site'"), 1);
}

static void an_edit_after_growth_leaves_one_value(void **state)
{
    struct rows_fixture *f = *state;
    store_future_visit(f, 1);
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_stored_row row = load(f, "visit", 1);
    row.values[VISIT_MOOD] = TEXT("bad");
    assert_ok(cs_row_store(f->tables, &row));
    row = load(f, "visit", 1);
    assert_value(&row.values[VISIT_MOOD], TEXT("bad"));
    assert_int_equal(row.extra_count, 1);
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_stored_row_hash(&row, hash)); /* two values of one name would abort here */
}

static void a_cleared_field_that_waited_stays_cleared(void **state)
{
    struct rows_fixture *f = *state;
    const struct cs_named_value fields[] = {field("name", TEXT("future")), field("mood", CS_NULL)};
    store(f, "visit", 1, fields, CS_COUNT(fields));
    assert_int_equal(load(f, "visit", 1).extra_count, 1);
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_stored_row row = load(f, "visit", 1);
    assert_value(&row.values[VISIT_MOOD], CS_NULL);
    assert_int_equal(row.extra_count, 0);
}

static void opaque_rows_move_to_their_table(void **state)
{
    struct rows_fixture *f = *state;
    const struct cs_named_value fields[] = {field("text", TEXT("smoke")),
                                            field("level", NUMBER(2))};
    uint8_t before[3][CS_HASH_SIZE];
    for (unsigned i = 0; i < 3; i++) {
        struct cs_stored_row row = make_row(f, "alarm", i, fields, 2);
        row.deleted = i == 1;
        assert_ok(cs_row_store(f->tables, &row));
        hash_of(f, "alarm", i, before[i]);
    }
    store(f, "zebra", 1, fields, 2);
    assert_ok(fixture_reopen(f, &schema_2));
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 1);
    assert_int_equal(query(f, "SELECT count(*) FROM alarm WHERE text = 'smoke'"), 3);
    for (unsigned i = 0; i < 3; i++) {
        struct cs_stored_row row = load(f, "alarm", i);
        assert_ptr_equal(row.entity, &alarm_2);
        assert_value(&row.values[0], TEXT("smoke"));
        assert_int_equal(row.extra_count, 1);
        assert_int_equal(row.deleted, i == 1);
        assert_int_equal(row.position, 7);
        assert_bytes(row.scopes, cs_bytes_make("\x01\x05", 2));
        uint8_t after[CS_HASH_SIZE];
        hash_of(f, "alarm", i, after);
        assert_memory_equal(before[i], after, CS_HASH_SIZE);
    }
    assert_true(load(f, "zebra", 1).exists);
}

static void growth_happens_once(void **state)
{
    struct rows_fixture *f = *state;
    store_future_visit(f, 1);
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_stored_row grown = load(f, "visit", 1);
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_stored_row again = load(f, "visit", 1);
    assert_same_row(&again, &grown);
}

static void growth_works_inside_the_callers_transaction(void **state)
{
    struct rows_fixture *f = *state;
    store_future_visit(f, 1);
    store(f, "alarm", 1, NULL, 0);
    cs_row_tables_destroy(f->tables);
    f->tables = NULL;
    assert_ok(cs_database_begin(f->database));
    assert_ok(cs_row_tables_create(f->database, &schema_2, &f->tables));
    assert_true(cs_database_in_transaction(f->database));
    cs_database_rollback(f->database);
    /* Undone with everything else of the caller. */
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 1);
    assert_ok(fixture_reopen(f, &schema_1));
    assert_int_equal(load(f, "visit", 1).extra_count, 3);
}

static void a_reader_takes_the_tables_as_they_are_or_not_at_all(void **state)
{
    struct rows_fixture *f = *state;
    store_future_visit(f, 1);
    struct cs_row_tables *tables = NULL;
    assert_status(cs_row_tables_attach(f->database, &schema_2, &tables), CS_UNSUPPORTED);
    assert_null(tables);
    assert_ok(cs_row_tables_attach(f->database, &schema_1, &tables));
    struct cs_id id = id_of(1);
    struct cs_stored_row row;
    assert_ok(cs_row_load(tables, T("visit"), &id, &f->arena, &row));
    assert_int_equal(row.extra_count, 3);
    cs_row_tables_destroy(tables);
    assert_ok(fixture_reopen(f, &schema_2));
    assert_status(cs_row_tables_attach(f->database, &schema_1, &tables), CS_UNSUPPORTED);
}

static void damage_stops_growth_and_changes_nothing(void **state)
{
    struct rows_fixture *f = *state;
    static const char *const damages[] = {
        "UPDATE visit SET _extra = x'01' WHERE id = (SELECT max(id) FROM visit)",
        "UPDATE visit SET id = x'02' WHERE id = (SELECT max(id) FROM visit)",
        "UPDATE _opaque SET _extra = x'01'",
        "UPDATE _opaque SET id = x'01'",
    };
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        execute(f, "DELETE FROM visit; DELETE FROM _opaque");
        store_future_visit(f, 1);
        store_future_visit(f, 2);
        store(f, "alarm", 1, NULL, 0);
        execute(f, damages[i]);
        assert_status(fixture_reopen(f, &schema_2), CS_CORRUPT);
        assert_int_equal(query(f, "SELECT count(*) FROM pragma_table_info('visit')"), 10);
        assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 1);
        assert_ok(fixture_reopen(f, &schema_1));
    }
}

static void old_database(struct rows_fixture *f)
{
    assert_ok(fixture_reopen(f, &schema_1));
    store_future_visit(f, 1);
    store_future_visit(f, 2);
    const struct cs_named_value fields[] = {field("text", TEXT("smoke"))};
    store(f, "alarm", 1, fields, 1);
    fixture_close(f);
}

static void assert_grown(struct rows_fixture *f)
{
    assert_value(&load(f, "visit", 1).values[VISIT_MOOD], TEXT("good"));
    assert_value(&load(f, "visit", 2).values[VISIT_MOOD], TEXT("good"));
    assert_value(&load(f, "alarm", 1).values[0], TEXT("smoke"));
}

static void growth_survives_every_failing_allocation(void **state)
{
    struct rows_fixture *f = *state;
    old_database(f);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 5000);
        assert_ok(
            cs_database_open(&f->fake.world, f->path, CS_DATABASE_WRITER, &f->database, NULL));
        cs_memory_fail_after(n);
        status = cs_row_tables_create(f->database, &schema_2, &f->tables);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_null(f->tables);
            /* Old as it was: neither a column more nor a row less. */
            assert_int_equal(query(f, "SELECT count(*) FROM pragma_table_info('visit')"), 10);
            assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 1);
            fixture_close(f);
            failures++;
        }
    }
    assert_true(failures > 20);
    assert_grown(f);
}

static void growth_survives_every_failing_write(void **state)
{
    struct rows_fixture *f = *state;
    old_database(f);
    enum cs_status status = CS_IO;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 500);
        assert_ok(
            cs_database_open(&f->fake.world, f->path, CS_DATABASE_WRITER, &f->database, NULL));
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, n,
                        n % 2 == 0 ? FAULTY_DISK_FULL : FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        status = cs_row_tables_create(f->database, &schema_2, &f->tables);
        faulty_vfs_reset();
        if (status != CS_OK) {
            assert_status(status, n % 2 == 0 ? CS_DISK_FULL : CS_IO);
            assert_null(f->tables);
            assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 1);
            fixture_close(f);
            failures++;
        }
    }
    assert_true(failures > 2);
    assert_grown(f);
}

static uint64_t statements_to_open(struct rows_fixture *f, const struct cs_registry *registry)
{
    cs_row_tables_destroy(f->tables);
    f->tables = NULL;
    uint64_t before = cs_database_work(f->database).statements;
    assert_ok(cs_row_tables_create(f->database, registry, &f->tables));
    return cs_database_work(f->database).statements - before;
}

static void what_was_made_for_a_registry_is_known_again(void **state)
{
    struct rows_fixture *f = *state;
    assert_true(statements_to_open(f, &schema_1) <= 3);
    assert_true(statements_to_open(f, &schema_2) > 3);
    assert_true(statements_to_open(f, &schema_2) <= 3);
    /* Whatever changes a table is noticed, though the registry is the same. */
    execute(f, "ALTER TABLE visit ADD COLUMN zeal");
    execute(f, "INSERT INTO visit (id, zeal, _deleted, _versions, _extra, _scopes, _position) "
               "VALUES (zeroblob(16), 3, 0, x'', x'', x'', 0)");
    assert_true(statements_to_open(f, &schema_2) > 3);
    assert_int_equal(
        query(f, "SELECT count(*) FROM pragma_table_info('visit') WHERE name = 'zeal'"), 0);
    execute(f, "DROP INDEX \"part.code\"");
    assert_true(statements_to_open(f, &schema_2) > 3);
    assert_int_equal(query(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'part.code'"), 1);
    /* So is a registry that is another, though no table changed since. */
    assert_true(statements_to_open(f, &schema_1) > 3);
    assert_true(statements_to_open(f, &schema_1) <= 3);
}

static void a_record_that_is_damaged_or_gone_is_made_anew(void **state)
{
    struct rows_fixture *f = *state;
    static const char *const damages[] = {
        "DELETE FROM _registry",
        "UPDATE _registry SET texts = x'01'",
        "UPDATE _registry SET schema = schema - 1",
        "DROP TABLE _registry",
    };
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        execute(f, damages[i]);
        assert_true(statements_to_open(f, &schema_1) > 3);
        assert_int_equal(query(f, "SELECT count(*) FROM _registry"), 1);
        assert_true(statements_to_open(f, &schema_1) <= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW_TEST(tables_and_indexes_are_made_once),
        ROW_TEST(a_value_that_waited_is_in_its_column_once_the_field_is_known),
        ROW_TEST(filters_and_finds_see_values_that_waited),
        ROW_TEST(an_edit_after_growth_leaves_one_value),
        ROW_TEST(a_cleared_field_that_waited_stays_cleared),
        ROW_TEST(opaque_rows_move_to_their_table),
        ROW_TEST(growth_happens_once),
        ROW_TEST(growth_works_inside_the_callers_transaction),
        ROW_TEST(a_reader_takes_the_tables_as_they_are_or_not_at_all),
        ROW_TEST(damage_stops_growth_and_changes_nothing),
        ROW_TEST(what_was_made_for_a_registry_is_known_again),
        ROW_TEST(a_record_that_is_damaged_or_gone_is_made_anew),
        ROW_TEST(growth_survives_every_failing_allocation),
        ROW_TEST(growth_survives_every_failing_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
