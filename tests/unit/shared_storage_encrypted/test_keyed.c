/* Files under their owner's key: made, opened, converted from plain ones, brought under another key, and refused. */
#include "tests/unit/shared_storage_encrypted/keyed_fixture.h"

#include <stdio.h>
#include <unistd.h>

static void test_made_and_opened_again(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 1);
    keyed_must_open(&f, keyed_master);
    assert_int_equal(cs_keyed_epoch(f.keyed), 1);
    assert_int_equal(cs_database_execute(cs_keyed_database(f.keyed), keyed_content), CS_OK);
    keyed_dump(cs_keyed_database(f.keyed), f.dump, sizeof f.dump);
    keyed_must_open(&f, keyed_master);
    keyed_check_content(&f);
    keyed_check_nothing_readable();
    keyed_end(&f);
}

static void test_a_plain_one_is_converted(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 2);
    keyed_make_plain(&f);
    keyed_must_open(&f, keyed_master);
    keyed_check_content(&f);
    keyed_check_nothing_readable();
    assert_false(keyed_exists(DATABASE_NEW));
    keyed_must_open(&f, keyed_master);
    keyed_check_content(&f);
    keyed_end(&f);
}

struct told {
    uint64_t last;
    uint64_t times;
};

static void hear(void *context, uint64_t done, uint64_t total)
{
    struct told *told = context;
    assert_true(done > told->last && done <= total + 8);
    told->last = done;
    told->times++;
}

static void test_progress_is_told(void **state)
{
    struct keyed_fixture f;
    struct cs_database *plain = NULL;
    struct told told = {0, 0};
    const struct cs_progress progress = {hear, &told};
    (void)state;
    keyed_start(&f, 3);
    assert_int_equal(cs_database_open(&f.world, DATABASE, CS_DATABASE_REPLICA, &plain, &f.problem),
                     CS_OK);
    assert_int_equal(
        cs_database_execute(plain, "CREATE TABLE t(v); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL "
                                   "SELECT i + 1 FROM c WHERE i < 20000) INSERT INTO t SELECT "
                                   "hex(zeroblob(300)) FROM c; PRAGMA user_version = 1"),
        CS_OK);
    cs_database_close(plain);
    struct cs_keyed_place place = keyed_place(&f, keyed_master);
    assert_int_equal(cs_keyed_open(&place, &progress, &f.keyed, &f.problem), CS_OK);
    assert_true(told.times > 20);
    keyed_end(&f);
}

static void expect_refused(struct keyed_fixture *f, const uint8_t *master, enum cs_status expected)
{
    struct small_bytes before = small_disk_take(DATABASE);
    assert_int_equal(keyed_open_as(f, master), expected);
    assert_null(f->keyed);
    assert_non_null(strstr(f->problem.text, DATABASE));
    struct small_bytes after = small_disk_take(DATABASE);
    assert_int_equal(before.size, after.size);
    if (before.size > 0) {
        assert_memory_equal(before.data, after.data, before.size);
    }
    free(before.data);
    free(after.data);
}

static void test_of_another_owner(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 4);
    keyed_must_open(&f, keyed_master);
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    expect_refused(&f, keyed_next, CS_CORRUPT);
    assert_non_null(strstr(f.problem.text, "belongs to another identity"));
    struct cs_keyed_place other = keyed_place(&f, keyed_master);
    other.purpose = "something else";
    assert_int_equal(cs_keyed_open(&other, NULL, &f.keyed, &f.problem), CS_CORRUPT);
    keyed_must_open(&f, keyed_master);
    keyed_end(&f);
}

/* Anything that is neither: refused as it is. */
static void test_no_database(void **state)
{
    struct keyed_fixture f;
    uint8_t content[20000];
    struct small_bytes bytes = {content, sizeof content, sizeof content};
    (void)state;
    keyed_start(&f, 5);
    memset(content, 'x', sizeof content);
    small_disk_put(DATABASE, &bytes);
    expect_refused(&f, keyed_master, CS_CORRUPT);
    memcpy(content, "CSDB\0\0\0\2", 8);
    small_disk_put(DATABASE, &bytes);
    expect_refused(&f, keyed_master, CS_UNSUPPORTED);
    keyed_end(&f);
}

/* One that does not open keeps its log as it is: it would be given up, readable, when SQLite closes. */
static void test_a_damaged_plain_one_keeps_its_log(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 11);
    keyed_make_plain(&f);
    struct small_bytes main = small_disk_take(DATABASE);
    struct small_bytes log = small_disk_take(DATABASE "-wal");
    memset(main.data + 100, 0xff, 200); /* where its tables are listed */
    small_disk_put(DATABASE, &main);
    assert_int_equal(keyed_open_as(&f, keyed_master), CS_CORRUPT);
    struct small_bytes after = small_disk_take(DATABASE "-wal");
    assert_int_equal(after.size, log.size);
    assert_memory_equal(after.data, log.data, log.size);
    free(main.data);
    free(log.data);
    free(after.data);
    keyed_end(&f);
}

static void grow_to(const char *path, uint32_t pages)
{
    const uint8_t count[] = {(uint8_t)(pages >> 24), (uint8_t)(pages >> 16), (uint8_t)(pages >> 8),
                             (uint8_t)pages};
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 28, SEEK_SET), 0); /* SQLite's count of pages */
    assert_int_equal(fwrite(count, 1, sizeof count, file), sizeof count);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, (off_t)pages * 4096), 0);
}

/* More than a gibibyte, all of it holes that are never read. */
static void test_a_plain_one_that_is_too_large(void **state)
{
    char folder[] = "/tmp/cs-keyed-XXXXXX";
    char path[64];
    struct keyed_fixture f;
    struct cs_database *plain = NULL;
    (void)state;
    keyed_start(&f, 12);
    f.world.sqlite_vfs = NULL;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/replica.db", folder);
    assert_int_equal(cs_database_open(&f.world, path, CS_DATABASE_REPLICA, &plain, &f.problem),
                     CS_OK);
    assert_int_equal(cs_database_execute(plain, "CREATE TABLE t(v)"), CS_OK);
    cs_database_close(plain);
    grow_to(path, 266240);
    struct cs_keyed_place place = keyed_place(&f, keyed_master);
    place.path = path;
    assert_int_equal(cs_keyed_open(&place, NULL, &f.keyed, &f.problem), CS_LIMIT);
    assert_non_null(strstr(f.problem.text, "holds 1040 MiB"));
    assert_non_null(strstr(f.problem.text, "join in an empty folder"));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/replica.db-wal", folder);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
    keyed_end(&f);
}

static void test_a_changed_page(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 6);
    keyed_make_plain(&f);
    keyed_must_open(&f, keyed_master);
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    struct small_bytes bytes = small_disk_take(DATABASE);
    bytes.data[8192 + 100] ^= 1;
    small_disk_put(DATABASE, &bytes);
    expect_refused(&f, keyed_master, CS_CORRUPT);
    bytes.data[8192 + 100] ^= 1;
    small_disk_put(DATABASE, &bytes);
    free(bytes.data);
    keyed_must_open(&f, keyed_master);
    keyed_check_content(&f);
    keyed_end(&f);
}

/* A fresh file that is not whole never counts, not even where there is no other one. */
static void test_half_a_file_is_not_taken(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 7);
    keyed_must_open(&f, keyed_master);
    assert_int_equal(cs_database_execute(cs_keyed_database(f.keyed), keyed_content), CS_OK);
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    struct small_bytes unmarked = small_disk_take(DATABASE);
    small_disk_remove(DATABASE);
    small_disk_put(DATABASE_NEW, &unmarked);
    assert_int_equal(keyed_open_as(&f, keyed_master), CS_CORRUPT);
    assert_true(keyed_exists(DATABASE_NEW));
    free(unmarked.data);
    keyed_end(&f);
}

static void test_what_cannot_be_copied_is_not_converted(void **state)
{
    static const char *const others[] = {
        "CREATE TABLE t(v); CREATE VIEW s AS SELECT v FROM t",
        "CREATE TABLE t(v); CREATE TRIGGER s AFTER INSERT ON t BEGIN DELETE FROM t; END",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)"};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        struct keyed_fixture f;
        struct cs_database *plain = NULL;
        keyed_start(&f, 9);
        assert_int_equal(
            cs_database_open(&f.world, DATABASE, CS_DATABASE_REPLICA, &plain, &f.problem), CS_OK);
        assert_int_equal(cs_database_execute(plain, others[i]), CS_OK);
        cs_database_close(plain);
        expect_refused(&f, keyed_master, CS_UNSUPPORTED);
        assert_false(keyed_exists(DATABASE_NEW));
        keyed_end(&f);
    }
}

static enum cs_status renew(struct keyed_fixture *f)
{
    struct cs_keyed_place place = keyed_place(f, keyed_master);
    return cs_keyed_renew(f->keyed, &place, cs_bytes_of_array(keyed_next), NULL, &f->problem);
}

/* Until somebody opens it with the new key, the file is what it was. */
static void test_renewed(void **state)
{
    struct keyed_fixture f;
    (void)state;
    keyed_start(&f, 10);
    keyed_make_plain(&f);
    keyed_must_open(&f, keyed_master);
    assert_int_equal(renew(&f), CS_OK);
    assert_true(keyed_exists(DATABASE_NEW));
    keyed_must_open(&f, keyed_master);
    assert_int_equal(cs_keyed_epoch(f.keyed), 1);
    assert_false(keyed_exists(DATABASE_NEW));
    keyed_check_content(&f);
    assert_int_equal(renew(&f), CS_OK);
    keyed_must_open(&f, keyed_next);
    assert_int_equal(cs_keyed_epoch(f.keyed), 2);
    keyed_check_content(&f);
    assert_false(keyed_exists(DATABASE_NEW));
    keyed_check_nothing_readable();
    cs_keyed_close(f.keyed);
    f.keyed = NULL;
    expect_refused(&f, keyed_master, CS_CORRUPT);
    keyed_end(&f);
}

static bool not_saved(void *context)
{
    (*(int *)context)++;
    return false;
}

/* Who waited for the lock with the former key must not throw away what counts now. */
static void test_the_key_was_changed_meanwhile(void **state)
{
    struct keyed_fixture f;
    int asked = 0;
    (void)state;
    keyed_start(&f, 11);
    keyed_make_plain(&f);
    keyed_must_open(&f, keyed_master);
    assert_int_equal(renew(&f), CS_OK);
    cs_keyed_close(f.keyed);
    struct cs_keyed_place place = keyed_place(&f, keyed_master);
    place.still_saved = not_saved;
    place.context = &asked;
    assert_int_equal(cs_keyed_open(&place, NULL, &f.keyed, &f.problem), CS_BUSY);
    assert_null(f.keyed);
    assert_int_equal(asked, 1);
    keyed_must_open(&f, keyed_next);
    keyed_check_content(&f);
    keyed_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_and_opened_again),
        cmocka_unit_test(test_a_plain_one_is_converted),
        cmocka_unit_test(test_a_damaged_plain_one_keeps_its_log),
        cmocka_unit_test(test_a_plain_one_that_is_too_large),
        cmocka_unit_test(test_progress_is_told),
        cmocka_unit_test(test_of_another_owner),
        cmocka_unit_test(test_no_database),
        cmocka_unit_test(test_a_changed_page),
        cmocka_unit_test(test_half_a_file_is_not_taken),
        cmocka_unit_test(test_what_cannot_be_copied_is_not_converted),
        cmocka_unit_test(test_renewed),
        cmocka_unit_test(test_the_key_was_changed_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
