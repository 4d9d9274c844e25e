/* What the tests of the store share: a store in a folder of its own, with a small schema, over a disk that can fail. */
#ifndef TESTS_UNIT_SYNC_SERVER_STORES_FIXTURE_H
#define TESTS_UNIT_SYNC_SERVER_STORES_FIXTURE_H

#include "sync-server/stores/sqlite_store.h"
#include "tests/support/fake_world.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T(text) cs_bytes_of_text(text)
#define TEXT(text) cs_value_text(cs_bytes_of_text(text))
#define NUMBER(number) cs_value_integer(number)

enum { MOVEMENT_PLACE, MOVEMENT_PART, MOVEMENT_QUANTITY, MOVEMENT_FIELDS };

static const struct cs_field movement_fields[] = {
    {.name = "place", .type = CS_FIELD_TEXT},
    {.name = "part", .type = CS_FIELD_TEXT},
    {.name = "quantity", .type = CS_FIELD_INTEGER},
    {.name = "note", .type = CS_FIELD_TEXT},
};
static const struct cs_entity movement = {
    .name = "movement", .fields = movement_fields, .field_count = MOVEMENT_FIELDS};
/* As a newer program knows it. */
static const struct cs_entity newer_movement = {
    .name = "movement", .fields = movement_fields, .field_count = MOVEMENT_FIELDS + 1};
static const struct cs_entity *const entities[] = {&movement};
static const struct cs_entity *const newer_entities[] = {&newer_movement};
static const struct cs_registry schema = {entities, 1};
static const struct cs_registry newer_schema = {newer_entities, 1};

struct store_fixture {
    struct fake_world fake;
    char folder[64];
    char path[96];
    struct cs_store *store;
    struct cs_arena arena;
};

static inline void fixture_close(struct store_fixture *f)
{
    cs_store_close(f->store);
    f->store = NULL;
}

static inline enum cs_status fixture_open(struct store_fixture *f, enum cs_store_mode mode,
                                          const struct cs_registry *registry, struct cs_store **out)
{
    return cs_store_open(&f->fake.world, f->path, mode, registry, out, NULL);
}

/* With an empty page cache and no cached statement. */
static inline void fixture_reopen(struct store_fixture *f)
{
    fixture_close(f);
    assert_ok(fixture_open(f, CS_STORE_WRITER, &schema, &f->store));
}

static inline int fixture_set_up(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fake_world_init(&f->fake, 1);
    cs_arena_init(&f->arena, CS_MESSAGE_ARENA_MAX);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/cs-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/server.db", f->folder);
    faulty_vfs_install();
    f->fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    assert_ok(fixture_open(f, CS_STORE_WRITER, &schema, &f->store));
    *state = f;
    return 0;
}

static inline void fixture_empty_folder(const struct store_fixture *f)
{
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

static inline int fixture_tear_down(void **state)
{
    struct store_fixture *f = *state;
    cs_memory_fail_after(-1);
    faulty_vfs_reset();
    fixture_close(f);
    cs_arena_release(&f->arena);
    fake_world_release(&f->fake);
    fixture_empty_folder(f);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static inline void execute(struct store_fixture *f, const char *sql)
{
    if (cs_database_execute(f->store->database, sql) != CS_OK) {
        fail_msg("%s: %s", sql, cs_database_error(f->store->database));
    }
}

static inline int64_t query(struct store_fixture *f, const char *sql)
{
    struct cs_statement *statement;
    bool row = false;
    assert_ok(cs_statement_get(f->store->database, sql, &statement));
    assert_ok(cs_statement_step(statement, &row));
    assert_true(row);
    int64_t value = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return value;
}

static inline struct cs_id id_of(unsigned number)
{
    struct cs_id id = {{0x01, 0x8f}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static inline void assert_bytes(struct cs_bytes got, struct cs_bytes expected)
{
    assert_int_equal(got.size, expected.size);
    assert_true(cs_bytes_equal(got, expected));
}

/*
 * Runs `use` with every allocation failing in turn until it succeeds: each failure is CS_NO_MEMORY, and the same use
 * succeeds right after it, so that nothing was left half done. Returns the number of failures met.
 */
typedef enum cs_status store_use(struct store_fixture *f, struct cs_arena *arena);
static inline long sweep_allocations(struct store_fixture *f, store_use *use)
{
    for (long n = 0;; n++) {
        assert_true(n < 2000);
        fixture_reopen(f);
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(n);
        enum cs_status status = use(f, &arena);
        cs_memory_fail_after(-1);
        cs_arena_release(&arena);
        if (status == CS_OK) {
            return n;
        }
        assert_status(status, CS_NO_MEMORY);
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(use(f, &arena));
        cs_arena_release(&arena);
    }
}

/* Likewise with every read of the disk failing for as long as the use lasts. */
static inline long sweep_reads(struct store_fixture *f, store_use *use)
{
    for (long n = 0;; n++) {
        assert_true(n < 500);
        fixture_reopen(f);
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        faulty_vfs_fail(FAULTY_READ, n, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        enum cs_status status = use(f, &arena);
        faulty_vfs_reset();
        cs_arena_release(&arena);
        if (status == CS_OK) {
            return n;
        }
        assert_status(status, CS_IO);
    }
}

/* A disk that is full from the start and one that loses its cable: told, and nothing of the use is there afterwards. */
static inline void fail_writes(struct store_fixture *f, store_use *use, const char *count_sql)
{
    static const enum faulty_kind kinds[] = {FAULTY_DISK_FULL, FAULTY_IO_ERROR};
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        fixture_reopen(f);
        int64_t before = query(f, count_sql);
        assert_ok(cs_store_begin(f->store));
        faulty_vfs_fail(FAULTY_WRITE | FAULTY_SYNC, 0, kinds[i], FAULTY_UNTIL_RESET);
        enum cs_status status = use(f, &f->arena);
        status = status == CS_OK ? cs_store_commit(f->store) : status;
        assert_status(status, kinds[i] == FAULTY_DISK_FULL ? CS_DISK_FULL : CS_IO);
        cs_store_rollback(f->store);
        faulty_vfs_reset();
        assert_int_equal(query(f, count_sql), before);
    }
}

#define STORE_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

#endif
