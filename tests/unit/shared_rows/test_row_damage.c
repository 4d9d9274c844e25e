/* Rows that cannot be read are taken out, and nothing else. */
#include "tests/unit/shared_rows/rows_fixture.h"

static void fill(struct rows_fixture *f)
{
    for (unsigned i = 1; i <= 6; i++) {
        struct cs_named_value name = field("name", NUMBER(i));
        store(f, "visit", i, &name, 1);
        store(f, "alarm", i, &name, 1);
    }
}

static uint64_t remove_unreadable(struct rows_fixture *f)
{
    uint64_t removed = 77;
    assert_ok(cs_database_begin(f->database));
    assert_ok(cs_row_remove_unreadable(f->tables, &removed));
    assert_ok(cs_database_commit(f->database));
    return removed;
}

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    (void)row;
    ++*(size_t *)context;
    return CS_OK;
}

static void sound_rows_stay(void **state)
{
    struct rows_fixture *f = *state;
    size_t count = 0;
    assert_int_equal(remove_unreadable(f), 0);
    fill(f);
    assert_int_equal(remove_unreadable(f), 0);
    assert_ok(cs_row_scan_all(f->tables, count_row, &count));
    assert_int_equal(count, 12);
}

static void what_cannot_be_read_goes(void **state)
{
    static const struct {
        const char *sql;
        uint64_t removed;
    } damages[] = {
        {"UPDATE visit SET _versions = 'text' WHERE name = 2", 1},
        {"UPDATE visit SET _scopes = 'text' WHERE name = 2", 1},
        {"UPDATE visit SET _extra = x'ffffffff' WHERE name IN (2, 4)", 2},
        {"UPDATE visit SET id = x'01' WHERE name = 2", 1},
        {"UPDATE visit SET id = 'words' WHERE name = 2", 1},
        {"UPDATE _opaque SET _extra = x'00' WHERE id IN (SELECT id FROM visit WHERE name < 3)", 2},
        {"UPDATE _opaque SET id = substr(id, 2)", 6},
        {"UPDATE visit SET _versions = 1; UPDATE _opaque SET _versions = 1", 12},
    };
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        struct rows_fixture *f = *state;
        size_t count = 0;
        execute(f, "DELETE FROM visit; DELETE FROM _opaque");
        fill(f);
        execute(f, damages[i].sql);
        assert_int_equal(cs_row_scan_all(f->tables, count_row, &count), CS_CORRUPT);
        count = 0;
        assert_int_equal(remove_unreadable(f), damages[i].removed);
        assert_ok(cs_row_scan_all(f->tables, count_row, &count));
        assert_int_equal(count, 12 - damages[i].removed);
    }
}

static void memory_may_run_out(void **state)
{
    struct rows_fixture *f = *state;
    enum cs_status status = CS_NO_MEMORY;
    fill(f);
    execute(f, "UPDATE visit SET _versions = 'text' WHERE name < 4");
    for (long n = 0; status != CS_OK; n++) {
        uint64_t removed = 77;
        assert_ok(cs_database_begin(f->database));
        cs_memory_fail_after(n);
        status = cs_row_remove_unreadable(f->tables, &removed);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && removed == 77));
        if (status != CS_OK) {
            cs_database_rollback(f->database);
        } else {
            assert_ok(cs_database_commit(f->database));
            assert_int_equal(removed, 3);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW_TEST(sound_rows_stay),
        ROW_TEST(what_cannot_be_read_goes),
        ROW_TEST(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
