/* An older program opens what a newer one has grown: everything it does not know becomes opaque again, and comes back. */
#include "shared/base/text.h"
#include "tests/unit/shared_rows/rows_fixture.h"

#include <stdio.h>

#define ROWS 3

static void hash_of(struct rows_fixture *f, const char *entity, unsigned number,
                    uint8_t out[static CS_HASH_SIZE])
{
    struct cs_stored_row row = load(f, entity, number);
    assert_true(row.exists);
    assert_ok(cs_stored_row_hash(&row, out));
}

/* Rows that a newer program has written: columns, a table, and even newer things among the extra fields. */
static void grown_database(struct rows_fixture *f)
{
    assert_ok(fixture_reopen(f, &schema_2));
    struct cs_id site = id_of(500);
    const struct cs_named_value visit[] = {
        field("name", TEXT("future")), field("mood", TEXT("good")),
        field("site", cs_value_bytes(cs_id_bytes(&site))), field("zeal", NUMBER(11))};
    const struct cs_named_value alarm[] = {field("text", TEXT("smoke")), field("level", NUMBER(2))};
    for (unsigned i = 0; i < ROWS; i++) {
        store(f, "visit", i, visit, i == 1 ? 1 : CS_COUNT(visit));
        struct cs_stored_row row = make_row(f, "alarm", i, alarm, CS_COUNT(alarm));
        row.deleted = i == 2;
        assert_ok(cs_row_store(f->tables, &row));
    }
}

struct hashes {
    uint8_t visits[ROWS][CS_HASH_SIZE];
    uint8_t alarms[ROWS][CS_HASH_SIZE];
};

static void hash_all(struct rows_fixture *f, struct hashes *out)
{
    for (unsigned i = 0; i < ROWS; i++) {
        hash_of(f, "visit", i, out->visits[i]);
        hash_of(f, "alarm", i, out->alarms[i]);
    }
}

static void what_is_unknown_becomes_opaque_and_comes_back(void **state)
{
    struct rows_fixture *f = *state;
    struct hashes newer;
    struct hashes older;
    struct hashes again;
    grown_database(f);
    hash_all(f, &newer);
    assert_ok(fixture_reopen(f, &schema_1));
    hash_all(f, &older);
    assert_memory_equal(&newer, &older, sizeof newer);
    assert_int_equal(query(f, "SELECT count(*) FROM pragma_table_info('visit')"), 10);
    assert_int_equal(query(f, "SELECT count(*) FROM sqlite_schema WHERE name IN "
                              "('alarm', 'visit.site')"),
                     0);
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque WHERE entity = 'alarm'"), ROWS);
    struct cs_stored_row visit = load(f, "visit", 0);
    assert_int_equal(visit.extra_count, 3);
    assert_bytes(visit.extra[0].name, T("mood"));
    assert_value(&visit.extra[0].value, TEXT("good"));
    assert_bytes(visit.versions, T("versions"));
    assert_int_equal(visit.position, 7);
    assert_int_equal(load(f, "visit", 1).extra_count, 0);
    struct cs_stored_row alarm = load(f, "alarm", 2);
    assert_null(alarm.entity);
    assert_true(alarm.deleted);
    assert_int_equal(alarm.position, 7);
    assert_bytes(alarm.scopes, cs_bytes_make("\x01\x05", 2));
    /* An edit by the older program, and the newer one again. */
    visit.values[VISIT_NAME] = TEXT("past");
    assert_ok(cs_row_store(f->tables, &visit));
    assert_ok(fixture_reopen(f, &schema_2));
    hash_all(f, &again);
    assert_memory_equal(newer.alarms, again.alarms, sizeof newer.alarms);
    assert_memory_equal(newer.visits[1], again.visits[1], CS_HASH_SIZE);
    visit = load(f, "visit", 0);
    assert_value(&visit.values[VISIT_NAME], TEXT("past"));
    assert_value(&visit.values[VISIT_MOOD], TEXT("good"));
    assert_int_equal(visit.extra_count, 1);
    assert_int_equal(query(f, "SELECT count(*) FROM alarm WHERE text = 'smoke'"), ROWS);
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 0);
}

/* Only what a descriptor can have made is touched. */
static void what_no_descriptor_made_is_refused(void **state)
{
    struct rows_fixture *f = *state;
    static const struct {
        const char *make;
        const char *unmake;
    } strange[] = {
        {"CREATE TABLE zebra (id BLOB PRIMARY KEY, name)", "DROP TABLE zebra"},
        {"CREATE TABLE \"ze\"\"bra\" (id BLOB PRIMARY KEY)", "DROP TABLE \"ze\"\"bra\""},
        {"ALTER TABLE visit ADD COLUMN _later", "ALTER TABLE visit DROP COLUMN _later"},
        {"ALTER TABLE visit ADD COLUMN \"A b\"", "ALTER TABLE visit DROP COLUMN \"A b\""},
    };
    execute(f, "CREATE TABLE _engine (x)");
    assert_ok(fixture_reopen(f, &schema_1));
    for (size_t i = 0; i < CS_COUNT(strange); i++) {
        execute(f, strange[i].make);
        int64_t before = query(f, "SELECT count(*) FROM sqlite_schema");
        assert_status(fixture_reopen(f, &schema_1), CS_UNSUPPORTED);
        assert_null(f->tables);
        assert_int_equal(query(f, "SELECT count(*) FROM sqlite_schema"), before);
        struct cs_row_tables *tables = NULL;
        assert_status(cs_row_tables_attach(f->database, &schema_1, &tables), CS_UNSUPPORTED);
        assert_null(tables);
        execute(f, strange[i].unmake);
        assert_ok(fixture_reopen(f, &schema_1));
    }
}

static void damage_stops_it_and_changes_nothing(void **state)
{
    struct rows_fixture *f = *state;
    static const char *const damages[] = {
        "UPDATE visit SET _extra = x'01' WHERE id = (SELECT max(id) FROM visit)",
        "UPDATE visit SET id = x'02' WHERE id = (SELECT max(id) FROM visit)",
        "UPDATE alarm SET _extra = x'01' WHERE id = (SELECT max(id) FROM alarm)",
    };
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        grown_database(f);
        execute(f, damages[i]);
        assert_status(fixture_reopen(f, &schema_1), CS_CORRUPT);
        assert_null(f->tables);
        assert_int_equal(query(f, "SELECT count(*) FROM alarm"), ROWS);
        assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 0);
        execute(f, "DELETE FROM visit; DELETE FROM alarm");
        assert_ok(fixture_reopen(f, &schema_2));
    }
}

/* A value in its column and another among the extra fields: one field, two values. */
static void two_values_of_one_field_are_damage(void **state)
{
    struct rows_fixture *f = *state;
    struct cs_buffer extra;
    char hex[256];
    char sql[512];
    const struct cs_named_value mood = field("mood", TEXT("bad"));
    cs_buffer_init(&extra, 100);
    cs_named_values_put(&mood, 1, &extra);
    cs_hex_encode(cs_buffer_bytes(&extra), hex);
    cs_buffer_release(&extra);
    grown_database(f);
    (void)snprintf(sql, sizeof sql, "UPDATE visit SET _extra = x'%s'", hex);
    execute(f, sql);
    assert_status(fixture_reopen(f, &schema_1), CS_CORRUPT);
    assert_int_equal(query(f, "SELECT count(*) FROM visit WHERE mood = 'good'"), 2);
    /* Where the column is empty it is the value. */
    execute(f, "UPDATE visit SET mood = NULL");
    assert_ok(fixture_reopen(f, &schema_1));
    assert_value(&load(f, "visit", 0).extra[0].value, TEXT("bad"));
}

/* Opens as the older program does; what is left after a failure is what was before. */
static void assert_untouched(struct rows_fixture *f)
{
    assert_null(f->tables);
    assert_int_equal(query(f, "SELECT count(*) FROM alarm WHERE text = 'smoke'"), ROWS);
    assert_int_equal(query(f, "SELECT count(*) FROM visit WHERE mood = 'good'"), 2);
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), 0);
}

static void assert_withdrawn(struct rows_fixture *f)
{
    assert_int_equal(query(f, "SELECT count(*) FROM _opaque"), ROWS);
    assert_int_equal(load(f, "visit", 0).extra_count, 3);
    assert_value(&load(f, "visit", 2).extra[0].value, TEXT("good"));
}

static void every_failing_allocation_leaves_it_as_it_was(void **state)
{
    struct rows_fixture *f = *state;
    grown_database(f);
    fixture_close(f);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 5000);
        assert_ok(
            cs_database_open(&f->fake.world, f->path, CS_DATABASE_WRITER, &f->database, NULL));
        cs_memory_fail_after(n);
        status = cs_row_tables_create(f->database, &schema_1, &f->tables);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_untouched(f);
            fixture_close(f);
            failures++;
        }
    }
    assert_true(failures > 20);
    assert_withdrawn(f);
}

static void every_failing_write_leaves_it_as_it_was(void **state)
{
    struct rows_fixture *f = *state;
    grown_database(f);
    fixture_close(f);
    enum cs_status status = CS_IO;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 500);
        assert_ok(
            cs_database_open(&f->fake.world, f->path, CS_DATABASE_WRITER, &f->database, NULL));
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, n,
                        n % 2 == 0 ? FAULTY_DISK_FULL : FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        status = cs_row_tables_create(f->database, &schema_1, &f->tables);
        faulty_vfs_reset();
        if (status != CS_OK) {
            assert_status(status, n % 2 == 0 ? CS_DISK_FULL : CS_IO);
            assert_untouched(f);
            fixture_close(f);
            failures++;
        }
    }
    assert_true(failures > 2);
    assert_withdrawn(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW_TEST(what_is_unknown_becomes_opaque_and_comes_back),
        ROW_TEST(what_no_descriptor_made_is_refused),
        ROW_TEST(damage_stops_it_and_changes_nothing),
        ROW_TEST(two_values_of_one_field_are_damage),
        ROW_TEST(every_failing_allocation_leaves_it_as_it_was),
        ROW_TEST(every_failing_write_leaves_it_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
