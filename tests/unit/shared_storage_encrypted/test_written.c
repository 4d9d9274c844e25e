/*
 * Everything that reaches the disk is looked at: no nonce twice, no plaintext, no other file; and frames that SQLite writes or reads in
 * pieces.
 */
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#include "shared/storage/encrypted/encrypted_internal.h"

#define CANARY "Zq7-canary-Kx2"
#define NONCES_MAX 60000

static struct {
    uint8_t nonce[NONCES_MAX][CS_PAGE_NONCE_SIZE];
    size_t count;
    long log_headers;
    long frames_again; /* at a place that was written before */
    int64_t log_end;
    bool foreign_shape;
    bool canary;
} seen;

static bool contains(const uint8_t *data, size_t size, const char *text)
{
    return memmem(data, size, text, strlen(text)) != NULL;
}

static void look(void *context, const char *name, int64_t offset, const uint8_t *data, size_t size)
{
    (void)context;
    size_t nonce_at = 0;
    seen.canary = seen.canary || contains(data, size, CANARY) || contains(data, size, "SQLite f");
    if (strcmp(name, DATABASE_JOURNAL) == 0 || (strcmp(name, DATABASE) == 0 && offset == 0)) {
        return;
    }
    if (strcmp(name, DATABASE) == 0 && size == CS_SLOT_PAGE_SIZE) {
        nonce_at = CS_SLOT_CONTENT_SIZE;
    } else if (strcmp(name, DATABASE_LOG) == 0 && size == CS_LOG_HEADER_SLOT) {
        nonce_at = CS_LOG_HEADER_CONTENT;
        seen.log_headers++;
    } else if (strcmp(name, DATABASE_LOG) == 0 && size == CS_LOG_SLOT) {
        nonce_at = CS_LOG_CONTENT;
        seen.frames_again += offset < seen.log_end ? 1 : 0;
        seen.log_end =
            offset + (int64_t)size > seen.log_end ? offset + (int64_t)size : seen.log_end;
    } else {
        seen.foreign_shape = true;
        return;
    }
    assert_true(seen.count < NONCES_MAX);
    memcpy(seen.nonce[seen.count++], data + nonce_at, CS_PAGE_NONCE_SIZE);
}

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(a, b, CS_PAGE_NONCE_SIZE);
}

static void work(struct encrypted_fixture *fixture)
{
    fixture_run(fixture, "PRAGMA cache_size=8; PRAGMA cache_spill=8; PRAGMA wal_autocheckpoint=20;"
                         "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT)");
    for (int i = 0; i < 60; i++) {
        fixture_run(fixture, "BEGIN; INSERT INTO t(v) SELECT '" CANARY "' || hex(randomblob(3000));"
                             "UPDATE t SET v = v || '" CANARY "' WHERE id % 7 = 1; COMMIT");
        if (i % 10 == 9) {
            fixture_run(fixture, "BEGIN; UPDATE t SET v = '" CANARY "' || v; ROLLBACK");
            assert_int_equal(cs_database_cut_log(fixture->database), CS_OK);
        }
        if (i % 20 == 19) {
            fixture_close(fixture);
            assert_int_equal(fixture_open(fixture), CS_OK);
        }
    }
    fixture_run(fixture,
                "CREATE INDEX t_v ON t(v); CREATE TEMP TABLE x AS SELECT v FROM t ORDER BY v");
    assert_int_equal(fixture_number(fixture, "SELECT count(DISTINCT v) FROM t"), 60);
}

static void test_nonces_canary_and_files(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 5);
    memset(&seen, 0, sizeof seen);
    small_disk.on_write = look;
    assert_int_equal(fixture_open(&fixture), CS_OK);
    work(&fixture);
    fixture_close(&fixture);
    assert_false(seen.foreign_shape);
    assert_false(seen.canary);
    assert_true(seen.count > 1000 && seen.log_headers > 10 && seen.frames_again > 500);
    qsort(seen.nonce, seen.count, CS_PAGE_NONCE_SIZE, compare_nonces);
    for (size_t i = 1; i < seen.count; i++) {
        assert_memory_not_equal(seen.nonce[i - 1], seen.nonce[i], CS_PAGE_NONCE_SIZE);
    }
    for (size_t i = 0; i < small_disk.file_count; i++) {
        const struct small_file *file = &small_disk.files[i];
        assert_true(strcmp(file->name, DATABASE) == 0 || strcmp(file->name, DATABASE_LOG) == 0 ||
                    strcmp(file->name, DATABASE_JOURNAL) == 0);
        assert_false(file->exists && contains(file->now.data, file->now.size, CANARY));
    }
    /* The look itself sees: the same work on a plain database. */
    small_disk_remove(DATABASE);
    assert_int_equal(cs_database_open(&fixture.below, DATABASE, CS_DATABASE_REPLICA,
                                      &fixture.database, &fixture.problem),
                     CS_OK);
    fixture_run(&fixture, "CREATE TABLE t(v); INSERT INTO t VALUES('" CANARY "')");
    assert_true(seen.canary && seen.foreign_shape);
    fixture_end(&fixture);
}

/* The open files below SQLite, with a few frames in the log. */
static void open_files(struct encrypted_fixture *fixture, sqlite3_file **out_main,
                       sqlite3_file **out_log)
{
    sqlite3 *handle = NULL;
    fixture_start(fixture, 6);
    assert_int_equal(fixture_open(fixture), CS_OK);
    fixture_run(fixture, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                         "INSERT INTO t(v) VALUES(randomblob(20000))");
    assert_int_equal(cs_database_cut_log(fixture->database), CS_OK);
    fixture_run(fixture, "INSERT INTO t(v) VALUES(randomblob(30000))");
    handle = fixture->database->handle;
    assert_int_equal(sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, out_main),
                     SQLITE_OK);
    assert_int_equal(sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, out_log),
                     SQLITE_OK);
}

static void test_partial_reads(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    sqlite3_file *files[2];
    open_files(&fixture, &files[0], &files[1]);
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        sqlite3_int64 size = 0;
        assert_int_equal(files[i]->pMethods->xFileSize(files[i], &size), SQLITE_OK);
        uint8_t *whole = malloc((size_t)size);
        uint8_t *piece = malloc((size_t)size);
        assert_true(whole != NULL && piece != NULL && size > 20000);
        assert_int_equal(files[i]->pMethods->xRead(files[i], whole, (int)size, 0), SQLITE_OK);
        for (int round = 0; round < 500; round++) {
            size_t at = small_disk_random((uint64_t)size);
            size_t count = 1 + small_disk_random(round % 2 == 0 ? 200 : 9000);
            count = count > (size_t)size - at ? (size_t)size - at : count;
            assert_int_equal(
                files[i]->pMethods->xRead(files[i], piece, (int)count, (sqlite3_int64)at),
                SQLITE_OK);
            assert_memory_equal(piece, whole + at, count);
        }
        /* Over the end: what is there, then zeroes. */
        assert_int_equal(files[i]->pMethods->xRead(files[i], piece, 200, size - 100),
                         SQLITE_IOERR_SHORT_READ);
        free(whole);
        free(piece);
    }
    fixture_end(&fixture);
}

/* The last frame again, in the pieces in which SQLite may write it. */
static void test_split_writes(void **state)
{
    (void)state;
    static const size_t splits[][4] = {{24, 4096, 0, 0},
                                       {24, 3992, 104, 0},
                                       {4120, 0, 0, 0},
                                       {10, 14, 96, 4000},
                                       {24, 1, 4095, 0}};
    struct encrypted_fixture fixture;
    sqlite3_file *main = NULL;
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    uint8_t frame[CS_LOG_FRAME_SIZE];
    uint8_t again[CS_LOG_FRAME_SIZE];
    uint8_t before[CS_HASH_SIZE];
    uint8_t after[CS_HASH_SIZE];
    open_files(&fixture, &main, &log);
    assert_int_equal(fixture_digest(&fixture, before), CS_OK);
    assert_int_equal(log->pMethods->xFileSize(log, &size), SQLITE_OK);
    sqlite3_int64 start = size - (sqlite3_int64)CS_LOG_FRAME_SIZE;
    assert_int_equal(log->pMethods->xRead(log, frame, (int)sizeof frame, start), SQLITE_OK);
    for (size_t i = 0; i < CS_COUNT(splits); i++) {
        size_t at = 0;
        for (size_t j = 0; j < CS_COUNT(splits[i]) && splits[i][j] > 0; j++) {
            int piece = (int)splits[i][j];
            assert_int_equal(log->pMethods->xWrite(log, frame + at, piece, start + (int)at),
                             SQLITE_OK);
            at += splits[i][j];
            /* SQLite syncs between the pieces. */
            assert_int_equal(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), SQLITE_OK);
        }
        assert_int_equal(log->pMethods->xRead(log, again, (int)sizeof again, start), SQLITE_OK);
        assert_memory_equal(frame, again, sizeof frame);
        struct fixture_image image = fixture_take();
        fixture_close(&fixture);
        fixture_put(&image);
        assert_int_equal(fixture_open(&fixture), CS_OK);
        assert_int_equal(fixture_digest(&fixture, after), CS_OK);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(sqlite3_file_control(fixture.database->handle, "main",
                                              SQLITE_FCNTL_JOURNAL_POINTER, &log),
                         SQLITE_OK);
        fixture_image_release(&image);
    }
    fixture_end(&fixture);
}

/* Writes that SQLite does not make are not made to fit. */
static void test_writes_refused(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    sqlite3_file *main = NULL;
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    uint8_t page[CS_LOG_FRAME_SIZE] = {0};
    open_files(&fixture, &main, &log);
    assert_int_equal(log->pMethods->xFileSize(log, &size), SQLITE_OK);
    /* A page of the main file that the log does not hold. */
    assert_int_equal(main->pMethods->xWrite(main, page, 4096, 3 * 4096), CS_ENCRYPTED_REFUSED);
    assert_int_equal(main->pMethods->xTruncate(main, 4096), CS_ENCRYPTED_REFUSED);
    /* Frames behind a gap; the middle of one that is not there; half a header. */
    assert_int_equal(log->pMethods->xWrite(log, page, 24, size + 4120), CS_ENCRYPTED_REFUSED);
    assert_int_equal(log->pMethods->xWrite(log, page, 24, size + 24), CS_ENCRYPTED_REFUSED);
    assert_int_equal(log->pMethods->xWrite(log, page, 16, 0), CS_ENCRYPTED_REFUSED);
    /* Page 0; a page from 1 GiB on; something in the reserve. */
    assert_int_equal(log->pMethods->xWrite(log, page, 4120, size), CS_ENCRYPTED_REFUSED);
    cs_put_u32(page, CS_SLOT_PAGES_MAX + 1);
    assert_int_equal(log->pMethods->xWrite(log, page, 4120, size), SQLITE_FULL);
    cs_put_u32(page, 3);
    page[4119] = 1;
    assert_int_equal(log->pMethods->xWrite(log, page, 4120, size), CS_ENCRYPTED_REFUSED);
    /* The log cut where it is needed. */
    assert_int_equal(log->pMethods->xTruncate(log, 32 + 4120), CS_ENCRYPTED_REFUSED);
    fixture_assert_good(&fixture);
    fixture_end(&fixture);
}

/* A transaction that fails between a frame's header and its page, over a frame that stands: what is read next is as it was. */
static void test_header_without_page(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    sqlite3_file *main = NULL;
    sqlite3_file *log = NULL;
    uint8_t header[24];
    uint8_t frame[4120];
    uint8_t before[4120];
    open_files(&fixture, &main, &log);
    const sqlite3_int64 second = 32 + 4120;
    assert_int_equal(log->pMethods->xRead(log, before, sizeof before, second), SQLITE_OK);
    memcpy(header, before, sizeof header);
    cs_put_u32(header, cs_get_u32(before) == 1 ? 2 : 1);
    assert_int_equal(log->pMethods->xWrite(log, header, sizeof header, second), SQLITE_OK);
    assert_int_equal(log->pMethods->xRead(log, frame, sizeof frame, 32), SQLITE_OK);
    assert_int_equal(log->pMethods->xRead(log, frame, sizeof frame, second), SQLITE_OK);
    assert_memory_equal(frame, before, sizeof frame);
    fixture_assert_good(&fixture);
    fixture_end(&fixture);
}

static void test_no_library(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 7);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    sqlite3 *handle = fixture.database->handle;
    char *problem = NULL;
    assert_int_equal(
        sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_load_extension(handle, "./nothing", NULL, &problem), SQLITE_ERROR);
    assert_non_null(problem);
    sqlite3_free(problem);
    fixture_assert_good(&fixture);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonces_canary_and_files),
        cmocka_unit_test(test_header_without_page),
        cmocka_unit_test(test_no_library),
        cmocka_unit_test(test_partial_reads),
        cmocka_unit_test(test_split_writes),
        cmocka_unit_test(test_writes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
