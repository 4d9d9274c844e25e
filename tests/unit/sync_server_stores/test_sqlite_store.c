/* Opening a store, batches, small values, the position, checks and copies. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_bytes fact(struct store_fixture *f, const char *key)
{
    struct cs_bytes value = CS_BYTES_NONE;
    assert_ok(cs_store_get(f->store, key, &f->arena, &value));
    return value;
}

/* ---- Opening ---- */

static void a_new_store_has_its_tables_and_no_rows(void **state)
{
    struct store_fixture *f = *state;
    assert_ptr_equal(cs_store_registry(f->store), &schema);
    assert_ptr_equal(cs_row_tables_registry(cs_store_rows(f->store)), &schema);
    static const char *const tables[] = {"_meta",        "_device", "_request", "_change_set",
                                         "_transaction", "_head",   "_scope",   "_scope_entry",
                                         "_opened",      "_opaque", "movement", "_departed"};
    for (size_t i = 0; i < CS_COUNT(tables); i++) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", tables[i]);
        assert_int_equal(query(f, sql), 0);
    }
    assert_int_equal(query(f, "PRAGMA user_version"), (int64_t)cs_store_migration_count);
}

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_begin(f->store));
    assert_ok(cs_store_put(f->store, "incarnation", T("0123456789abcdef")));
    assert_ok(cs_store_commit(f->store));
    fixture_reopen(f);
    assert_bytes(fact(f, "incarnation"), T("0123456789abcdef"));
}

static void closing_rolls_an_open_batch_back(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_begin(f->store));
    assert_ok(cs_store_put(f->store, "key", T("value")));
    fixture_reopen(f);
    struct cs_bytes value = T("untouched");
    assert_status(cs_store_get(f->store, "key", &f->arena, &value), CS_NOT_FOUND);
    assert_bytes(value, T("untouched"));
    cs_store_close(NULL);
}

static void a_missing_file_is_made_by_a_writer_only(void **state)
{
    struct store_fixture *f = *state;
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none.db", f->folder);
    assert_status(cs_store_open(&f->fake.world, path, CS_STORE_READER, &schema, &store, &problem),
                  CS_NOT_FOUND);
    assert_null(store);
    assert_non_null(strstr(problem.text, "none.db"));
    assert_int_not_equal(access(path, F_OK), 0);
    (void)snprintf(path, sizeof path, "%s/no/folder.db", f->folder);
    assert_true(cs_store_open(&f->fake.world, path, CS_STORE_WRITER, &schema, &store, &problem) !=
                CS_OK);
    assert_null(store);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct store_fixture *f = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/text.db", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 300; i++) {
        assert_true(fputs("this is no database\n", file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_status(cs_store_open(&f->fake.world, path, CS_STORE_WRITER, &schema, &store, &problem),
                  CS_CORRUPT);
    assert_null(store);
    assert_int_not_equal(strlen(problem.text), 0);
}

static void a_newer_version_is_refused_by_both(void **state)
{
    struct store_fixture *f = *state;
    execute(f, "PRAGMA user_version = 99");
    fixture_close(f);
    for (int mode = CS_STORE_WRITER; mode <= CS_STORE_READER; mode++) {
        struct cs_store *store = NULL;
        struct cs_problem problem = {""};
        assert_status(cs_store_open(&f->fake.world, f->path, (enum cs_store_mode)mode, &schema,
                                    &store, &problem),
                      CS_UNSUPPORTED);
        assert_null(store);
        assert_non_null(strstr(problem.text, "99"));
        assert_non_null(strstr(problem.text, "newer program"));
    }
}

static void an_older_version_is_for_the_writer_to_upgrade(void **state)
{
    struct store_fixture *f = *state;
    execute(f, "PRAGMA user_version = 0");
    fixture_close(f);
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_status(
        cs_store_open(&f->fake.world, f->path, CS_STORE_READER, &schema, &store, &problem),
        CS_UNSUPPORTED);
    assert_null(store);
    assert_non_null(strstr(problem.text, "start the server once"));
}

static void a_schema_that_differs_is_told(void **state)
{
    struct store_fixture *f = *state;
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_status(
        cs_store_open(&f->fake.world, f->path, CS_STORE_READER, &newer_schema, &store, &problem),
        CS_UNSUPPORTED);
    assert_non_null(strstr(problem.text, "tables"));
    fixture_close(f);
    assert_ok(fixture_open(f, CS_STORE_WRITER, &newer_schema, &store));
    cs_store_close(store);
    store = NULL;
    problem.text[0] = '\0';
    assert_status(
        cs_store_open(&f->fake.world, f->path, CS_STORE_READER, &schema, &store, &problem),
        CS_UNSUPPORTED);
    assert_null(store);
    assert_non_null(strstr(problem.text, "tables"));
    /* The writer of an older program takes the tables back to what it knows. */
    assert_ok(cs_store_open(&f->fake.world, f->path, CS_STORE_WRITER, &schema, &store, &problem));
    cs_store_close(store);
    assert_ok(cs_store_open(&f->fake.world, f->path, CS_STORE_READER, &schema, &store, &problem));
    cs_store_close(store);
}

static void damaged_rows_stop_an_upgrade(void **state)
{
    struct store_fixture *f = *state;
    execute(f, "INSERT INTO movement (id, _deleted, _versions, _extra, _scopes, _position) "
               "VALUES (zeroblob(16), 0, x'', x'01', x'', 1)");
    fixture_close(f);
    struct cs_store *store = NULL;
    struct cs_problem problem = {""};
    assert_status(
        cs_store_open(&f->fake.world, f->path, CS_STORE_WRITER, &newer_schema, &store, &problem),
        CS_CORRUPT);
    assert_null(store);
    assert_int_not_equal(strlen(problem.text), 0);
}

/* ---- Batches ---- */

static void a_batch_is_all_or_nothing(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_begin(f->store));
    assert_ok(cs_store_put(f->store, "a", T("1")));
    assert_ok(cs_store_put(f->store, "b", T("2")));
    cs_store_rollback(f->store);
    assert_int_equal(query(f, "SELECT count(*) FROM _meta"), 0);
    cs_store_rollback(f->store); /* nothing open: does nothing */
}

static void a_savepoint_undoes_one_request_only(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_begin(f->store));
    assert_ok(cs_store_savepoint(f->store));
    assert_ok(cs_store_put(f->store, "first", T("1")));
    assert_ok(cs_store_release(f->store));
    assert_ok(cs_store_savepoint(f->store));
    assert_ok(cs_store_put(f->store, "first", T("changed")));
    assert_ok(cs_store_put(f->store, "second", T("2")));
    cs_store_undo(f->store);
    assert_ok(cs_store_savepoint(f->store));
    assert_ok(cs_store_put(f->store, "third", T("3")));
    assert_ok(cs_store_release(f->store));
    assert_ok(cs_store_commit(f->store));
    assert_bytes(fact(f, "first"), T("1"));
    assert_bytes(fact(f, "third"), T("3"));
    assert_int_equal(query(f, "SELECT count(*) FROM _meta"), 2);
}

static void a_reader_sees_one_state_until_it_begins_again(void **state)
{
    struct store_fixture *f = *state;
    struct cs_store *reader = NULL;
    assert_ok(fixture_open(f, CS_STORE_READER, &schema, &reader));
    assert_ok(cs_store_begin(reader));
    assert_ok(cs_store_put(f->store, "key", T("new")));
    struct cs_bytes value;
    assert_status(cs_store_get(reader, "key", &f->arena, &value), CS_NOT_FOUND);
    cs_store_rollback(reader);
    assert_ok(cs_store_begin(reader));
    assert_ok(cs_store_get(reader, "key", &f->arena, &value));
    assert_bytes(value, T("new"));
    assert_ok(cs_store_commit(reader));
    cs_store_close(reader);
}

static void a_reader_cannot_write(void **state)
{
    struct store_fixture *f = *state;
    struct cs_store *reader = NULL;
    assert_ok(fixture_open(f, CS_STORE_READER, &schema, &reader));
    assert_true(cs_store_put(reader, "key", T("value")) != CS_OK);
    cs_store_close(reader);
    assert_int_equal(query(f, "SELECT count(*) FROM _meta"), 0);
}

/* ---- Small values ---- */

static void a_value_is_replaced_and_may_be_empty(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_put(f->store, "key", T("one")));
    assert_ok(cs_store_put(f->store, "key", CS_BYTES_NONE));
    assert_int_equal(fact(f, "key").size, 0);
    assert_ok(cs_store_put(f->store, "key", cs_bytes_make("\0x\0", 3)));
    assert_hex(fact(f, "key"), "007800");
}

static void the_position_starts_at_zero_and_keeps_all_bits(void **state)
{
    struct store_fixture *f = *state;
    static const uint64_t positions[] = {1, 77, INT64_MAX, UINT64_MAX};
    uint64_t position = 5;
    assert_ok(cs_store_position(f->store, &position));
    assert_int_equal(position, 0);
    for (size_t i = 0; i < CS_COUNT(positions); i++) {
        assert_ok(cs_store_set_position(f->store, positions[i]));
        fixture_reopen(f);
        assert_ok(cs_store_position(f->store, &position));
        assert_int_equal(position, positions[i]);
    }
}

static void a_damaged_position_is_told(void **state)
{
    struct store_fixture *f = *state;
    static const char *const values[] = {"x''", "x'00000000000001'", "x'000000000000000001'", "7",
                                         "zeroblob(5000)"};
    for (size_t i = 0; i < CS_COUNT(values); i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO _meta VALUES ('position', %s)",
                       values[i]);
        execute(f, sql);
        uint64_t position = 5;
        assert_status(cs_store_position(f->store, &position), CS_CORRUPT);
        assert_int_equal(position, 5);
    }
}

/* ---- The whole file ---- */

static void a_sound_file_passes_and_a_damaged_one_does_not(void **state)
{
    struct store_fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key%d", i);
        assert_ok(cs_store_put(f->store, key, T("a value of some length to fill a few pages")));
    }
    struct cs_problem problem = {""};
    assert_ok(cs_store_check(f->store, &problem));
    fixture_close(f); /* checkpoints into the file */
    FILE *file = fopen(f->path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    for (long page = 1; page < size / 4096; page++) { /* the headers of all pages but the first */
        assert_int_equal(fseek(file, page * 4096, SEEK_SET), 0);
        assert_int_equal(fwrite("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f", 1, 8, file), 8);
    }
    assert_int_equal(fclose(file), 0);
    enum cs_status status = fixture_open(f, CS_STORE_WRITER, &schema, &f->store);
    if (status == CS_OK) {
        status = cs_store_check(f->store, &problem);
        assert_int_not_equal(strlen(problem.text), 0);
    }
    assert_status(status, CS_CORRUPT);
}

static void a_copy_is_a_store_of_its_own(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(cs_store_put(f->store, "key", T("copied")));
    char path[128];
    (void)snprintf(path, sizeof path, "%s/copy.db", f->folder);
    struct cs_problem problem = {""};
    assert_ok(cs_store_copy(f->store, path, &problem));
    assert_ok(cs_store_put(f->store, "key", T("later")));
    assert_status(cs_store_copy(f->store, path, &problem), CS_EXISTS);
    struct cs_store *copy = NULL;
    assert_ok(cs_store_open(&f->fake.world, path, CS_STORE_WRITER, &schema, &copy, &problem));
    struct cs_bytes value;
    assert_ok(cs_store_get(copy, "key", &f->arena, &value));
    assert_bytes(value, T("copied"));
    cs_store_close(copy);
}

/* ---- Failing memory and disks ---- */

static void opening_survives_every_failing_allocation(void **state)
{
    struct store_fixture *f = *state;
    fixture_close(f);
    for (int mode = CS_STORE_WRITER; mode <= CS_STORE_READER; mode++) {
        enum cs_status status = CS_NO_MEMORY;
        long failures = 0;
        for (long n = 0; status != CS_OK; n++) {
            assert_true(n < 500);
            struct cs_store *store = NULL;
            struct cs_problem problem = {""};
            cs_memory_fail_after(n);
            status = cs_store_open(&f->fake.world, f->path, (enum cs_store_mode)mode, &schema,
                                   &store, &problem);
            cs_memory_fail_after(-1);
            if (status != CS_OK) {
                assert_status(status, CS_NO_MEMORY);
                assert_null(store);
                assert_int_not_equal(strlen(problem.text), 0);
                failures++;
            }
            cs_store_close(store);
        }
        assert_true(failures > 5);
    }
}

static void opening_a_new_store_survives_every_failing_write(void **state)
{
    struct store_fixture *f = *state;
    fixture_close(f);
    enum cs_status status = CS_IO;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 500);
        fixture_empty_folder(f);
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, n, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        status = fixture_open(f, CS_STORE_WRITER, &schema, &f->store);
        faulty_vfs_reset();
        if (status != CS_OK) {
            assert_status(status, CS_IO);
            assert_null(f->store);
            assert_ok(fixture_open(f, CS_STORE_WRITER, &schema, &f->store)); /* and goes on */
            fixture_close(f);
            failures++;
        }
    }
    assert_true(failures > 3);
}

static enum cs_status use_values(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_bytes value;
    uint64_t position;
    enum cs_status status = cs_store_put(f->store, "key", T("value"));
    if (status == CS_OK) {
        status = cs_store_get(f->store, "key", arena, &value);
    }
    if (status == CS_OK) {
        status = cs_store_set_position(f->store, 9);
    }
    return status == CS_OK ? cs_store_position(f->store, &position) : status;
}

static void values_survive_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use_values) >= 5);
    execute(f, "DELETE FROM _meta");
    fail_writes(f, use_values, "SELECT count(*) FROM _meta");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_store_has_its_tables_and_no_rows),
        STORE_TEST(what_was_committed_is_there_after_reopening),
        STORE_TEST(closing_rolls_an_open_batch_back),
        STORE_TEST(a_missing_file_is_made_by_a_writer_only),
        STORE_TEST(a_file_that_is_no_database_is_refused),
        STORE_TEST(a_newer_version_is_refused_by_both),
        STORE_TEST(an_older_version_is_for_the_writer_to_upgrade),
        STORE_TEST(a_schema_that_differs_is_told),
        STORE_TEST(damaged_rows_stop_an_upgrade),
        STORE_TEST(a_batch_is_all_or_nothing),
        STORE_TEST(a_savepoint_undoes_one_request_only),
        STORE_TEST(a_reader_sees_one_state_until_it_begins_again),
        STORE_TEST(a_reader_cannot_write),
        STORE_TEST(a_value_is_replaced_and_may_be_empty),
        STORE_TEST(the_position_starts_at_zero_and_keeps_all_bits),
        STORE_TEST(a_damaged_position_is_told),
        STORE_TEST(a_sound_file_passes_and_a_damaged_one_does_not),
        STORE_TEST(a_copy_is_a_store_of_its_own),
        STORE_TEST(opening_survives_every_failing_allocation),
        STORE_TEST(opening_a_new_store_survives_every_failing_write),
        STORE_TEST(values_survive_failing_memory_and_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
