/* The encrypting VFS as a database sees it: made, used, reopened, copied; and what it refuses. */
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#include "tests/support/testing.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill(struct encrypted_fixture *fixture, int rows)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                   "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) "
                   "INSERT INTO t(k, v) SELECT i, randomblob(400) FROM c",
                   rows);
    fixture_run(fixture, sql);
}

static void test_make_and_reopen(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    uint8_t before[CS_HASH_SIZE];
    uint8_t after[CS_HASH_SIZE];
    fixture_start(&fixture, 1);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fill(&fixture, 500);
    assert_int_equal(fixture_digest(&fixture, before), CS_OK);
    for (int i = 0; i < 3; i++) {
        fixture_close(&fixture);
        assert_int_equal(fixture_open(&fixture), CS_OK);
        assert_int_equal(fixture_digest(&fixture, after), CS_OK);
        assert_memory_equal(before, after, sizeof before);
    }
    assert_int_equal(fixture_number(&fixture, "PRAGMA page_size"), 4096);
    fixture_end(&fixture);
}

/* Page 1 torn by a checkpoint cut off: the first look at it is a short read, the log has the good one. */
static void test_torn_first_page_with_a_log(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fill(&fixture, 10);
    struct fixture_image image = fixture_take();
    fixture_close(&fixture);
    memset(image.main.data + 8192 + 512, 7, 512);
    fixture_put(&image);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    assert_int_equal(fixture_number(&fixture, "SELECT count(*) FROM t"), 10);
    fixture_assert_good(&fixture);
    fixture_image_release(&image);
    fixture_end(&fixture);
}

static void test_files_of_the_system(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    char folder[] = "/tmp/countersign-encrypted-XXXXXX";
    char path[128];
    char copy[128];
    struct stat found;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/replica.db", folder);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", folder);
    fixture_start(&fixture, 1);
    fixture.below.sqlite_vfs = NULL;
    fixture_use_key(&fixture, fixture_key, 1);
    assert_int_equal(cs_database_open(&fixture.world, path, CS_DATABASE_REPLICA, &fixture.database,
                                      &fixture.problem),
                     CS_OK);
    fill(&fixture, 100);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    /* The copy goes through the same VFS, and is one more encrypted database. */
    assert_int_equal(cs_database_copy(fixture.database, copy, &fixture.problem), CS_OK);
    fixture_close(&fixture);
    assert_int_equal(stat(copy, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(cs_database_open(&fixture.world, copy, CS_DATABASE_REPLICA, &fixture.database,
                                      &fixture.problem),
                     CS_OK);
    assert_int_equal(fixture_number(&fixture, "SELECT count(*) FROM t"), 100);
    fixture_assert_good(&fixture);
    fixture_end(&fixture);
    assert_int_equal(unlink(path) + unlink(copy) + rmdir(folder), 0);
}

static void test_settings_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "PRAGMA temp_store=FILE",
        "PRAGMA temp_store=0",
        "PRAGMA mmap_size=1000000",
        "PRAGMA page_size=8192",
        "PRAGMA auto_vacuum=FULL",
        "PRAGMA auto_vacuum=2",
        "PRAGMA journal_mode=DELETE",
        "PRAGMA journal_mode=MEMORY",
        "PRAGMA locking_mode=NORMAL",
        "ATTACH 'other.db' AS other",
        "ATTACH ':memory:' AS other",
        "VACUUM",
        "PRAGMA temp_store_directory='/tmp'",
    };
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fill(&fixture, 10);
    for (size_t i = 0; i < CS_COUNT(refused); i++) {
        if (fixture_try(&fixture, refused[i]) == CS_OK) {
            fail_msg("accepted: %s", refused[i]);
        }
    }
    /* Nothing of it is in the way. */
    fixture_run(&fixture, "PRAGMA temp_store=MEMORY; INSERT INTO t(k) VALUES(1)");
    assert_int_equal(fixture_number(&fixture, "SELECT count(*) FROM t"), 11);
    fixture_end(&fixture);
}

static void test_modes_and_connections_refused(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    struct cs_database *other = NULL;
    fixture_start(&fixture, 1);
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fill(&fixture, 10);
    assert_int_equal(
        cs_database_open(&fixture.world, DATABASE, CS_DATABASE_REPLICA, &other, &fixture.problem),
        CS_BUSY);
    assert_null(other);
    fixture_close(&fixture);
    assert_int_not_equal(
        cs_database_open(&fixture.world, DATABASE, CS_DATABASE_WRITER, &other, &fixture.problem),
        CS_OK);
    assert_int_not_equal(
        cs_database_open(&fixture.world, DATABASE, CS_DATABASE_READER, &other, &fixture.problem),
        CS_OK);
    assert_null(other);
    fixture_end(&fixture);
}

static void test_a_plain_database_is_not_taken(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    assert_int_equal(cs_database_open(&fixture.below, DATABASE, CS_DATABASE_REPLICA,
                                      &fixture.database, &fixture.problem),
                     CS_OK);
    fill(&fixture, 20);
    fixture_close(&fixture);
    assert_int_equal(fixture_open(&fixture), CS_CORRUPT);
    fixture_end(&fixture);
}

/* A file of this size that begins so, and has sevens or zeroes behind. */
static void put_file(const char *name, const char *begins, size_t size, uint8_t behind)
{
    uint8_t data[8192];
    struct small_bytes content = {.data = data, .size = size};
    size_t length = strlen(begins);
    memset(data, behind, sizeof data);
    memcpy(data, begins, length < size ? length : size);
    small_disk_put(name, &content);
}

/* What is too small for an encrypted database is still somebody's. */
static void test_a_small_foreign_file_is_not_taken(void **state)
{
    (void)state;
    static const struct {
        const char *begins;
        size_t size;
        uint8_t behind;
    } files[] = {{"hi", 2, 0},    {"a note", 400, ' '},         {"SQLite format 3", 4096, 0},
                 {"\7", 8192, 7}, {"SQLite format 3", 8192, 7}, {"CSDA", 4096, 0}};
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        put_file(DATABASE, files[i].begins, files[i].size, files[i].behind);
        struct small_bytes before = small_disk_take(DATABASE);
        assert_int_equal(fixture_open(&fixture), CS_CORRUPT);
        struct small_bytes after = small_disk_take(DATABASE);
        assert_int_equal(after.size, before.size);
        assert_memory_equal(after.data, before.data, before.size);
        free(before.data);
        free(after.data);
    }
    fixture_end(&fixture);
}

/* A making that was cut short is begun again. */
static void test_a_torn_header_is_made_anew(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    for (int i = 0; i < 3; i++) {
        fixture_start(&fixture, 1);
        put_file(DATABASE, i == 0 ? "CSDB" : "", i == 1 ? 512 : 4096, i == 2 ? 7 : 0);
        if (i == 2) {
            put_file(DATABASE_JOURNAL, "", 512, 0);
        }
        assert_int_equal(fixture_open(&fixture), CS_OK);
        fill(&fixture, 3);
        fixture_close(&fixture);
        assert_int_equal(fixture_open(&fixture), CS_OK);
        assert_int_equal(fixture_number(&fixture, "SELECT count(*) FROM t"), 3);
        fixture_end(&fixture);
    }
}

/* SQLite without our opening of it: what cs_database_open sees to, the VFS insists on. */
static sqlite3 *open_raw(struct encrypted_fixture *fixture, int reserved)
{
    sqlite3 *handle = NULL;
    assert_int_equal(
        sqlite3_open_v2(DATABASE, &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE,
                        fixture->world.sqlite_vfs),
        SQLITE_OK);
    assert_int_equal(sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved),
                     SQLITE_OK);
    return handle;
}

static int run_raw(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

static void test_rollback_journals_hold_no_pages(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    sqlite3 *handle = open_raw(&fixture, 40);
    /* The first transaction says in its journal that there was nothing. */
    assert_int_equal(run_raw(handle, "CREATE TABLE t(v); INSERT INTO t VALUES(1)"),
                     SQLITE_IOERR_AUTH);
    assert_int_equal(run_raw(handle, "INSERT INTO t VALUES(2)"), SQLITE_IOERR_AUTH);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    fixture_end(&fixture);
}

static void test_no_temporary_files(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    sqlite3 *handle = open_raw(&fixture, 40);
    assert_int_equal(run_raw(handle, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                                     "PRAGMA cache_size=5;CREATE TABLE t(v)"),
                     SQLITE_OK);
    int code =
        run_raw(handle, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < "
                        "30000) INSERT INTO t SELECT randomblob(100) FROM c");
    assert_int_equal(code, SQLITE_OK);
    code = run_raw(handle, "SELECT v FROM t ORDER BY v");
    assert_int_equal(code & 0xff, SQLITE_IOERR);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    fixture_end(&fixture);
}

/* Cut to what it holds, where slots are further apart: none of its frames may go. */
static void test_a_log_that_is_cut(void **state)
{
    (void)state;
    for (int powersafe = 0; powersafe < 2; powersafe++) {
        struct encrypted_fixture fixture;
        uint8_t before[CS_HASH_SIZE];
        uint8_t after[CS_HASH_SIZE];
        fixture_start(&fixture, 12);
        small_disk.powersafe = powersafe != 0;
        assert_int_equal(fixture_open(&fixture), CS_OK);
        fill(&fixture, 500);
        fixture_run(&fixture, "PRAGMA journal_size_limit = 0");
        fixture_run(&fixture, "PRAGMA wal_checkpoint");
        size_t size = small_disk_find(DATABASE_LOG)->now.size;
        fixture_run(&fixture, "UPDATE t SET k = k + 1 WHERE id < 100");
        assert_true(small_disk_find(DATABASE_LOG)->now.size < size);
        assert_int_equal(fixture_digest(&fixture, before), CS_OK);
        struct fixture_image image = fixture_take();
        fixture_close(&fixture);
        fixture_put(&image);
        fixture_image_release(&image);
        assert_int_equal(fixture_open(&fixture), CS_OK);
        assert_int_equal(fixture_digest(&fixture, after), CS_OK);
        assert_memory_equal(before, after, sizeof before);
        fixture_end(&fixture);
    }
}

static void test_other_shapes_refused(void **state)
{
    (void)state;
    struct encrypted_fixture fixture;
    fixture_start(&fixture, 1);
    /* Without reserve, or another: nonce and tag would have no place. */
    sqlite3 *handle = open_raw(&fixture, 0);
    assert_int_equal(run_raw(handle, "CREATE TABLE t(v)"), SQLITE_IOERR_AUTH);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    small_disk_remove(DATABASE);
    small_disk_remove(DATABASE_JOURNAL);
    handle = open_raw(&fixture, 48);
    assert_int_equal(run_raw(handle, "CREATE TABLE t(v)"), SQLITE_IOERR_AUTH);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    small_disk_remove(DATABASE);
    small_disk_remove(DATABASE_JOURNAL);
    /* A log without the exclusive lock. */
    assert_int_equal(fixture_open(&fixture), CS_OK);
    fill(&fixture, 3);
    fixture_close(&fixture);
    handle = open_raw(&fixture, 40);
    assert_int_equal(run_raw(handle, "SELECT * FROM t"), SQLITE_CANTOPEN);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_and_reopen),
        cmocka_unit_test(test_torn_first_page_with_a_log),
        cmocka_unit_test(test_files_of_the_system),
        cmocka_unit_test(test_settings_refused),
        cmocka_unit_test(test_modes_and_connections_refused),
        cmocka_unit_test(test_a_plain_database_is_not_taken),
        cmocka_unit_test(test_a_small_foreign_file_is_not_taken),
        cmocka_unit_test(test_a_torn_header_is_made_anew),
        cmocka_unit_test(test_rollback_journals_hold_no_pages),
        cmocka_unit_test(test_no_temporary_files),
        cmocka_unit_test(test_a_log_that_is_cut),
        cmocka_unit_test(test_other_shapes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
