/* What the tests of the encrypting VFS share: a disk in memory, a key, a database on it. */
#ifndef TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_FIXTURE_H
#define TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/limits.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/secret.h"
#include "shared/storage/database.h"
#include "shared/storage/encrypted/vfs.h"
#include "tests/support/small_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATABASE "/d/replica.db"
#define DATABASE_LOG "/d/replica.db-wal"
#define DATABASE_JOURNAL "/d/replica.db-journal"

struct encrypted_fixture {
    struct cs_world below;
    struct cs_world world;
    struct cs_encrypted_vfs *vfs;
    struct cs_database *database;
    struct cs_problem problem;
};

static const uint8_t fixture_key[CS_ENCRYPTED_KEY_SIZE] = {1, 2, 3, 4};

static inline void fixture_use_key(struct encrypted_fixture *fixture, const uint8_t *key,
                                   uint32_t epoch)
{
    cs_encrypted_vfs_destroy(fixture->vfs);
    assert_int_equal(cs_encrypted_vfs_create(&fixture->below,
                                             cs_bytes_make(key, CS_ENCRYPTED_KEY_SIZE), epoch,
                                             &fixture->vfs),
                     CS_OK);
    fixture->world.sqlite_vfs = cs_encrypted_vfs_name(fixture->vfs);
}

static inline void fixture_start(struct encrypted_fixture *fixture, uint64_t seed)
{
    memset(fixture, 0, sizeof *fixture);
    assert_int_equal(cs_crypto_start(), CS_OK);
    small_disk_install(seed);
    cs_world_system(&fixture->below);
    fixture->world = fixture->below;
    fixture->below.sqlite_vfs = SMALL_DISK_NAME;
    fixture_use_key(fixture, fixture_key, 1);
}

static inline enum cs_status fixture_open(struct encrypted_fixture *fixture)
{
    return cs_database_open(&fixture->world, DATABASE, CS_DATABASE_REPLICA, &fixture->database,
                            &fixture->problem);
}

static inline void fixture_close(struct encrypted_fixture *fixture)
{
    cs_database_close(fixture->database);
    fixture->database = NULL;
}

static inline void fixture_end(struct encrypted_fixture *fixture)
{
    fixture_close(fixture);
    cs_encrypted_vfs_destroy(fixture->vfs);
    fixture->vfs = NULL;
    small_disk_release();
}

static inline enum cs_status fixture_try(struct encrypted_fixture *fixture, const char *sql)
{
    return cs_database_execute(fixture->database, sql);
}

static inline void fixture_run(struct encrypted_fixture *fixture, const char *sql)
{
    enum cs_status status = fixture_try(fixture, sql);
    if (status != CS_OK) {
        fail_msg("%s: %s: %s", sql, cs_status_name(status), cs_database_error(fixture->database));
    }
}

/* The first column of the first row; CS_NOT_FOUND without one. */
static inline enum cs_status fixture_ask(struct encrypted_fixture *fixture, const char *sql,
                                         int64_t *out)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    enum cs_status status = cs_statement_get(fixture->database, sql, &statement);
    if (status == CS_OK) {
        status = cs_statement_step(statement, &row);
    }
    if (status == CS_OK && row) {
        *out = cs_column_integer(statement, 0);
    }
    cs_statement_done(statement);
    return status == CS_OK && !row ? CS_NOT_FOUND : status;
}

static inline int64_t fixture_number(struct encrypted_fixture *fixture, const char *sql)
{
    int64_t value = -1;
    enum cs_status status = fixture_ask(fixture, sql, &value);
    if (status != CS_OK) {
        fail_msg("%s: %s: %s", sql, cs_status_name(status), cs_database_error(fixture->database));
    }
    return value;
}

static inline void fixture_assert_good(struct encrypted_fixture *fixture)
{
    enum cs_status status = cs_database_check(fixture->database, &fixture->problem);
    if (status != CS_OK) {
        fail_msg("check: %s: %s", cs_status_name(status), fixture->problem.text);
    }
}

/* Everything that table t(id, k, v) holds, as a hash; and every page is read. */
static inline enum cs_status fixture_digest(struct encrypted_fixture *fixture,
                                            uint8_t out[static CS_HASH_SIZE])
{
    struct cs_statement *statement = NULL;
    struct cs_buffer all;
    cs_buffer_init(&all, 64 * CS_KIBI * CS_KIBI);
    bool row = false;
    enum cs_status status = cs_database_check(fixture->database, NULL);
    if (status == CS_OK) {
        status =
            cs_statement_get(fixture->database, "SELECT id, k, v FROM t ORDER BY id", &statement);
    }
    while (status == CS_OK && (status = cs_statement_step(statement, &row)) == CS_OK && row) {
        cs_buffer_append_u64(&all, (uint64_t)cs_column_integer(statement, 0));
        cs_buffer_append_u64(&all, (uint64_t)cs_column_integer(statement, 1));
        cs_buffer_append_prefixed(&all, cs_column_bytes(statement, 2));
    }
    cs_statement_done(statement);
    assert_int_equal(all.status, CS_OK);
    cs_hash("test state", cs_buffer_bytes(&all), out);
    cs_buffer_release(&all);
    return status;
}

/* Both files as they are now. */
struct fixture_image {
    struct small_bytes main;
    struct small_bytes log;
};

static inline struct fixture_image fixture_take(void)
{
    return (struct fixture_image){small_disk_take(DATABASE), small_disk_take(DATABASE_LOG)};
}

static inline void fixture_put(const struct fixture_image *image)
{
    small_disk_put(DATABASE, &image->main);
    small_disk_put(DATABASE_LOG, &image->log);
    small_disk_remove(DATABASE_JOURNAL);
}

static inline void fixture_image_release(struct fixture_image *image)
{
    free(image->main.data);
    free(image->log.data);
}

#endif
