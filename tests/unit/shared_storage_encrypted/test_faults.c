/* Disks that fail: the code of the VFS below reaches the caller as it is, and nothing committed is lost by it. */
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#include "shared/base/memory.h"
#include "shared/storage/encrypted/encrypted_internal.h"

#define STEPS 5

static bool is_of_the_disk(enum cs_status status)
{
    return status == CS_IO || status == CS_DISK_FULL || status == CS_NO_MEMORY;
}

/* Everything once, going on after a failure. *out_acknowledged: commits that were; -1: it could not even be opened. */
static void run(struct encrypted_fixture *fixture, int *out_acknowledged, bool *out_last_failed)
{
    *out_acknowledged = -1;
    *out_last_failed = false;
    enum cs_status status = fixture_open(fixture);
    if (status == CS_OK) {
        status = fixture_try(fixture, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                                      "PRAGMA wal_autocheckpoint=15; PRAGMA cache_size=5");
    }
    if (status != CS_OK) {
        assert_true(is_of_the_disk(status));
        return;
    }
    *out_acknowledged = 0;
    for (int i = 0; i < STEPS; i++) {
        status = fixture_try(fixture, "INSERT INTO t(v) VALUES(randomblob(25000))");
        *out_acknowledged += status == CS_OK ? 1 : 0;
        *out_last_failed = status != CS_OK;
        assert_true(status == CS_OK || is_of_the_disk(status));
        if (i == 2) {
            status = cs_database_cut_log(fixture->database);
            assert_true(status == CS_OK || is_of_the_disk(status));
        }
    }
}

static void check(struct encrypted_fixture *fixture, int acknowledged, bool last_failed)
{
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_assert_good(fixture);
    if (acknowledged >= 0) {
        int64_t found = fixture_number(fixture, "SELECT count(*) FROM t");
        /* Of a commit that could not be synced nobody knows. */
        assert_true(found == acknowledged || (last_failed && found == acknowledged + 1));
    }
    fixture_close(fixture);
}

static void sweep(enum small_fault fault, bool persistent, bool counts_reads)
{
    long runs = 0;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct encrypted_fixture fixture;
        int acknowledged = -1;
        bool last_failed = false;
        fixture_start(&fixture, (uint64_t)nth);
        small_disk_fail(fault, nth, persistent, counts_reads);
        run(&fixture, &acknowledged, &last_failed);
        fixture_close(&fixture);
        failed = small_disk.failures > 0;
        small_disk_heal();
        check(&fixture, acknowledged, last_failed);
        fixture_end(&fixture);
        runs++;
    }
    assert_true(runs > 100);
}

static void test_every_operation_fails_once(void **state)
{
    (void)state;
    sweep(SMALL_IO_ERROR, false, true);
    sweep(SMALL_DISK_FULL, false, false);
    sweep(SMALL_SHORT_WRITE, false, false);
}

static void test_every_operation_fails_for_good(void **state)
{
    (void)state;
    sweep(SMALL_IO_ERROR, true, true);
    sweep(SMALL_DISK_FULL, true, false);
    sweep(SMALL_SHORT_WRITE, true, false);
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    bool failed = true;
    long runs = 0;
    for (long nth = 0; failed; nth++) {
        struct encrypted_fixture fixture;
        int acknowledged = -1;
        bool last_failed = false;
        fixture_start(&fixture, (uint64_t)nth);
        cs_memory_fail_after(nth);
        run(&fixture, &acknowledged, &last_failed);
        failed = cs_memory_count() > nth;
        cs_memory_fail_after(-1);
        fixture_close(&fixture);
        check(&fixture, acknowledged, last_failed);
        fixture_end(&fixture);
        runs++;
    }
    assert_true(runs >= 10);
}

struct files {
    sqlite3_file *main;
    sqlite3_file *log;
    uint8_t frame[CS_LOG_FRAME_SIZE];
    sqlite3_int64 start; /* of the last frame */
};

static void open_files(struct encrypted_fixture *fixture, struct files *files)
{
    sqlite3_int64 size = 0;
    fixture_start(fixture, 1);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "CREATE TABLE t(v); INSERT INTO t VALUES(randomblob(9000))");
    sqlite3 *handle = fixture->database->handle;
    assert_int_equal(sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &files->main),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &files->log), SQLITE_OK);
    assert_int_equal(files->log->pMethods->xFileSize(files->log, &size), SQLITE_OK);
    files->start = size - (sqlite3_int64)CS_LOG_FRAME_SIZE;
    assert_int_equal(files->log->pMethods->xRead(files->log, files->frame, (int)sizeof files->frame,
                                                 files->start),
                     SQLITE_OK);
}

static int call(const struct files *files, int which)
{
    uint8_t out[CS_LOG_FRAME_SIZE];
    uint8_t page[CS_SLOT_PAGE_SIZE];
    sqlite3_int64 size = 0;
    const struct sqlite3_io_methods *main = files->main->pMethods;
    const struct sqlite3_io_methods *log = files->log->pMethods;
    memcpy(page, files->frame + CS_LOG_FRAME_HEADER_SIZE, sizeof page);
    sqlite3_int64 place = (sqlite3_int64)(cs_get_u32(files->frame) - 1) * CS_SLOT_PAGE_SIZE;
    switch (which) {
    case 0:
        return main->xRead(files->main, out, 4096, 0);
    case 1:
        return main->xRead(files->main, out, 100, 0);
    case 2:
        return main->xWrite(files->main, page, 4096, place);
    case 3:
        return main->xSync(files->main, SQLITE_SYNC_NORMAL);
    case 4:
        return main->xFileSize(files->main, &size);
    case 5:
        return main->xTruncate(files->main, (sqlite3_int64)64 * 4096);
    case 6:
        return log->xRead(files->log, out, 4096, 32 + 24);
    case 7:
        return log->xWrite(files->log, files->frame, (int)sizeof files->frame, files->start);
    case 8:
        return log->xSync(files->log, SQLITE_SYNC_NORMAL);
    case 9:
        return log->xFileSize(files->log, &size);
    default:
        return log->xTruncate(files->log, (sqlite3_int64)32 + 4120 * 64);
    }
}

static void test_codes_pass_through(void **state)
{
    (void)state;
    static const enum small_fault faults[] = {SMALL_IO_ERROR, SMALL_DISK_FULL, SMALL_SHORT_WRITE};
    static const int expected[] = {
        SQLITE_IOERR_READ,  SQLITE_IOERR_READ,     SQLITE_IOERR_WRITE,    SQLITE_IOERR_WRITE,
        SQLITE_IOERR_FSTAT, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_FSTAT,    SQLITE_IOERR_WRITE,
        SQLITE_IOERR_FSYNC, SQLITE_IOERR_FSTAT,    SQLITE_IOERR_TRUNCATE,
    };
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        for (int which = 0; which < (int)CS_COUNT(expected); which++) {
            struct encrypted_fixture fixture;
            struct files files;
            open_files(&fixture, &files);
            if (which == 3) {
                /* So that the anchor has to be written. */
                assert_int_equal(call(&files, 2), SQLITE_OK);
            }
            small_disk_fail(faults[i], 0, false, true);
            int code = call(&files, which);
            assert_int_equal(small_disk.failures, 1);
            assert_int_equal(code, small_disk.last_code);
            assert_true(code == expected[which] || code == SQLITE_FULL);
            fixture_end(&fixture);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_fails_once),
        cmocka_unit_test(test_every_operation_fails_for_good),
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_codes_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
