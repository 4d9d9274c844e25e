/*
 * What the tests of repositories share: a disk in memory on which any operation can fail and power can be lost, and files to save.
 */
#ifndef TESTS_UNIT_SYNC_SERVER_BACKUP_FIXTURE_H
#define TESTS_UNIT_SYNC_SERVER_BACKUP_FIXTURE_H

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/crypto/secret.h"
#include "sync-server/backup/repository.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK_FILES_MAX 2048
#define PACK_SIZE ((size_t)20000)
#define FILE_SIZE_MAX ((size_t)1024 * 1024)

struct disk_file {
    char name[64];
    uint8_t *data;
    size_t size;
};

enum fault {
    FAULT_NONE,
    FAULT_FULL,        /* this operation fails, and leaves a temporary file behind */
    FAULT_BEFORE,      /* power is lost before this operation; nothing works any more */
    FAULT_BEFORE_NAME, /* the same, with a temporary file left behind */
    FAULT_AFTER,       /* power is lost after it */
};

struct memory_disk {
    struct disk_file files[DISK_FILES_MAX];
    size_t count;
    enum fault fault;
    long left; /* operations until the fault; negative: none */
    bool persistent;
    bool dead;
    long operations;
};

struct fixture {
    struct fake_world fake;
    struct memory_disk memory;
    struct cs_backup_disk disk;
    uint8_t key[CS_BACKUP_KEY_SIZE];
    uint8_t *content; /* of "server.db" */
    size_t size;
    struct cs_problem problem;
};

static struct fixture fixture;

/* ---- the disk ---- */

static inline struct disk_file *find_file(const char *name)
{
    for (size_t i = 0; i < fixture.memory.count; i++) {
        if (strcmp(fixture.memory.files[i].name, name) == 0) {
            return &fixture.memory.files[i];
        }
    }
    return NULL;
}

/* One that must be there. */
static inline struct disk_file *file_there(const char *name)
{
    struct disk_file *file = find_file(name);
    cs_require(file != NULL);
    return file;
}

static inline void put_file(const char *name, const void *data, size_t size)
{
    struct disk_file *file = find_file(name);
    if (file == NULL) {
        assert_true(fixture.memory.count < DISK_FILES_MAX);
        file = &fixture.memory.files[fixture.memory.count++];
        size_t length = strlen(name);
        assert_true(length < sizeof file->name);
        memcpy(file->name, name, length + 1);
        file->data = NULL;
    }
    free(file->data);
    file->data = malloc(size + 1);
    assert_non_null(file->data);
    memcpy(file->data, data, size);
    file->size = size;
}

static inline void drop_file(const char *name)
{
    struct disk_file *file = find_file(name);
    if (file != NULL) {
        free(file->data);
        *file = fixture.memory.files[--fixture.memory.count];
    }
}

static inline void leave_temporary(const char *name)
{
    char temporary[64];
    (void)snprintf(temporary, sizeof temporary, "%s.tmp-Ab12Cd", name);
    put_file(temporary, "half", 4);
}

/* CS_OK: the operation is done. *out_after: then the power goes. */
static inline enum cs_status strike(const char *name, bool *out_after)
{
    struct memory_disk *memory = &fixture.memory;
    *out_after = false;
    if (memory->dead) {
        return CS_IO;
    }
    memory->operations++;
    if (memory->left < 0 || memory->left-- > 0) {
        return CS_OK;
    }
    memory->left = memory->persistent ? 0 : -1;
    switch (memory->fault) {
    case FAULT_NONE:
        return CS_OK;
    case FAULT_FULL:
        return CS_DISK_FULL;
    case FAULT_BEFORE_NAME:
        leave_temporary(name);
        memory->dead = true;
        return CS_IO;
    case FAULT_BEFORE:
        memory->dead = true;
        return CS_IO;
    case FAULT_AFTER:
        *out_after = true;
        return CS_OK;
    }
    return CS_OK;
}

static inline enum cs_status memory_read(void *context, const char *name, struct cs_buffer *out)
{
    (void)context;
    const struct disk_file *file = find_file(name);
    if (fixture.memory.dead || file == NULL) {
        return fixture.memory.dead ? CS_IO : CS_NOT_FOUND;
    }
    size_t before = out->size;
    cs_buffer_append(out, file->data, file->size);
    if (out->status != CS_OK) {
        out->size = before;
    }
    return out->status;
}

static inline enum cs_status memory_replace(void *context, const char *name,
                                            struct cs_bytes content)
{
    (void)context;
    bool after;
    enum cs_status status = strike(name, &after);
    if (status == CS_OK) {
        put_file(name, content.data, content.size);
    }
    fixture.memory.dead = fixture.memory.dead || after;
    return after ? CS_IO : status;
}

static inline enum cs_status memory_remove(void *context, const char *name)
{
    (void)context;
    bool after;
    enum cs_status status = strike(name, &after);
    if (status == CS_OK) {
        drop_file(name);
    }
    fixture.memory.dead = fixture.memory.dead || after;
    return after ? CS_IO : status;
}

/* Of a copy of the list: what is called may remove files. */
static inline enum cs_status memory_list(void *context, cs_backup_name_visitor *visit,
                                         void *visit_context)
{
    (void)context;
    static char names[DISK_FILES_MAX][64];
    size_t count = fixture.memory.count;
    enum cs_status status = fixture.memory.dead ? CS_IO : CS_OK;
    for (size_t i = 0; i < count; i++) {
        memcpy(names[i], fixture.memory.files[i].name, sizeof names[i]);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = visit(visit_context, names[i]);
    }
    return status;
}

static inline void set_fault(enum fault fault, long after, bool persistent)
{
    fixture.memory.fault = fault;
    fixture.memory.left = fault == FAULT_NONE ? -1 : after;
    fixture.memory.persistent = persistent;
    fixture.memory.operations = 0;
}

/* The machine starts again. */
static inline void restart(void)
{
    set_fault(FAULT_NONE, 0, false);
    fixture.memory.dead = false;
}

/* ---- a test ---- */

static inline int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    assert_ok(cs_crypto_start());
    fake_world_init(&fixture.fake, 7);
    fixture.disk = (struct cs_backup_disk){
        .pack_size = PACK_SIZE,
        .read = memory_read,
        .replace = memory_replace,
        .remove = memory_remove,
        .list = memory_list,
    };
    restart();
    for (size_t i = 0; i < sizeof fixture.key; i++) {
        fixture.key[i] = (uint8_t)(i + 1);
    }
    fixture.content = calloc(1, FILE_SIZE_MAX);
    assert_non_null(fixture.content);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    while (fixture.memory.count > 0) {
        drop_file(fixture.memory.files[0].name);
    }
    free(fixture.content);
    fake_world_release(&fixture.fake);
    return 0;
}

/* New random content of this size. */
static inline void fill_content(size_t size)
{
    assert_true(size <= FILE_SIZE_MAX);
    fixture.size = size;
    fixture.fake.world.random(fixture.fake.world.context, fixture.content, size);
}

static inline void change_block(size_t block)
{
    fixture.fake.world.random(fixture.fake.world.context, fixture.content + block * 4096, 16);
}

static inline struct cs_repository *open_repository(void)
{
    struct cs_repository *repository = NULL;
    fixture.problem.text[0] = '\0';
    if (cs_repository_open(&fixture.disk, &fixture.fake.world, cs_bytes_of_array(fixture.key),
                           &repository, &fixture.problem) != CS_OK) {
        fail_msg("%s", fixture.problem.text);
    }
    return repository;
}

static inline void make_repository(void)
{
    assert_ok(cs_repository_create(&fixture.disk, &fixture.fake.world,
                                   cs_bytes_of_array(fixture.key), NULL));
}

static inline enum cs_status read_content(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    (void)context;
    memcpy(out, fixture.content + offset, size);
    return CS_OK;
}

static inline enum cs_status read_text(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    memcpy(out, (const char *)context + offset, size);
    return CS_OK;
}

static const char keys_text[] = "sealed keys";

static inline enum cs_status save_with(struct cs_repository *repository, enum cs_backup_trust trust,
                                       struct cs_backup_saved *out)
{
    char text[sizeof keys_text];
    memcpy(text, keys_text, sizeof text);
    const struct cs_backup_source sources[] = {
        {"server.db", fixture.size, NULL, read_content},
        {"keys", sizeof keys_text - 1, text, read_text},
        {"devices", 0, NULL, read_content},
    };
    struct cs_backup_facts facts = {.made_ms = fixture.fake.wall_ms,
                                    .incarnation = {1, 2, 3},
                                    .organisation = {4, 5, 6},
                                    .position = 77,
                                    .leaves = 9,
                                    .log_root = {7, 8, 9}};
    fixture.problem.text[0] = '\0';
    return cs_repository_save(repository, &facts, sources, CS_COUNT(sources), trust, out,
                              &fixture.problem);
}

/* Opens, saves, closes. */
static inline struct cs_backup_saved save(void)
{
    struct cs_backup_saved saved;
    struct cs_repository *repository = open_repository();
    if (save_with(repository, CS_BACKUP_REUSE, &saved) != CS_OK) {
        fail_msg("%s", fixture.problem.text);
    }
    cs_repository_close(repository);
    return saved;
}

struct taken {
    uint8_t *data;
    size_t size;
};

static inline enum cs_status take_part(void *context, uint64_t offset, struct cs_bytes part)
{
    struct taken *taken = context;
    assert_true(offset + part.size <= FILE_SIZE_MAX);
    memcpy(taken->data + offset, part.data, part.size);
    taken->size += part.size;
    return CS_OK;
}

/* Restores "server.db" of this backup; the caller frees. */
static inline enum cs_status take(struct cs_repository *repository, uint64_t sequence,
                                  struct taken *out)
{
    struct cs_manifest manifest;
    *out = (struct taken){.data = calloc(1, FILE_SIZE_MAX)};
    assert_non_null(out->data);
    fixture.problem.text[0] = '\0';
    enum cs_status status =
        cs_repository_manifest(repository, sequence, &manifest, &fixture.problem);
    if (status == CS_OK) {
        status = cs_repository_restore(repository, &manifest, "server.db", take_part, out,
                                       &fixture.problem);
    }
    return status;
}

/* The backup gives exactly this. */
static inline void assert_restores(uint64_t sequence, const uint8_t *content, size_t size)
{
    struct cs_repository *repository = open_repository();
    struct taken taken;
    if (take(repository, sequence, &taken) != CS_OK) {
        fail_msg("backup %llu: %s", (unsigned long long)sequence, fixture.problem.text);
    }
    assert_int_equal(taken.size, size);
    assert_memory_equal(taken.data, content, size);
    free(taken.data);
    cs_repository_close(repository);
}

static inline void assert_problem(const char *part)
{
    if (strstr(fixture.problem.text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fixture.problem.text, part);
    }
}

static inline void mark_verified(uint64_t sequence)
{
    struct cs_repository *repository = open_repository();
    struct cs_manifest manifest;
    assert_ok(cs_repository_manifest(repository, sequence, &manifest, NULL));
    assert_ok(cs_repository_mark_verified(repository, &manifest, NULL));
    cs_repository_close(repository);
}

#endif
