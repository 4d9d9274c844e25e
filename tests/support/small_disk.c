/* A disk in memory, see small_disk.h. */
#include "tests/support/small_disk.h"

#include "shared/base/status.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct small_disk small_disk;

struct open_file {
    sqlite3_file base;
    struct small_file *file;
};

uint64_t small_disk_random(uint64_t below)
{
    /* xorshift64* */
    small_disk.random ^= small_disk.random >> 12;
    small_disk.random ^= small_disk.random << 25;
    small_disk.random ^= small_disk.random >> 27;
    return (small_disk.random * 2685821657736338717u >> 16) % below;
}

static void resize(struct small_bytes *bytes, size_t size)
{
    if (size > bytes->capacity) {
        bytes->capacity = size + size / 2 + 4096;
        bytes->data = realloc(bytes->data, bytes->capacity);
        cs_require(bytes->data != NULL);
    }
    if (size > bytes->size) {
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    }
    bytes->size = size;
}

static void copy(struct small_bytes *to, const struct small_bytes *from)
{
    resize(to, from->size);
    if (from->size > 0) {
        memcpy(to->data, from->data, from->size);
    }
}

struct small_file *small_disk_find(const char *name)
{
    for (size_t i = 0; i < small_disk.file_count; i++) {
        if (strcmp(small_disk.files[i].name, name) == 0 && small_disk.files[i].exists) {
            return &small_disk.files[i];
        }
    }
    return NULL;
}

static struct small_file *make(const char *name)
{
    struct small_file *file = small_disk_find(name);
    for (size_t i = 0; file == NULL && i < small_disk.file_count; i++) {
        if (strcmp(small_disk.files[i].name, name) == 0) {
            file = &small_disk.files[i];
        }
    }
    if (file == NULL) {
        cs_require(small_disk.file_count < SMALL_DISK_FILES && strlen(name) < sizeof file->name);
        file = &small_disk.files[small_disk.file_count++];
        memcpy(file->name, name, strlen(name) + 1);
    }
    file->exists = true;
    return file;
}

struct small_bytes small_disk_take(const char *name)
{
    struct small_bytes bytes = {NULL, 0, 0};
    const struct small_file *file = small_disk_find(name);
    if (file != NULL) {
        copy(&bytes, &file->now);
    }
    return bytes;
}

/* As under Linux with SQLite: a file synced for the first time takes its folder with it. */
static void sync_folder(void)
{
    for (size_t i = 0; i < small_disk.file_count; i++) {
        struct small_file *file = &small_disk.files[i];
        if (!file->exists) {
            file->exists_durably = false;
            resize(&file->durable, 0);
        }
    }
}

static void sync_file(struct small_file *file)
{
    if (!file->exists_durably) {
        sync_folder();
    }
    copy(&file->durable, &file->now);
    file->exists_durably = true;
    resize(&file->touched, 0);
}

void small_disk_put(const char *name, const struct small_bytes *content)
{
    struct small_file *file = make(name);
    copy(&file->now, content);
    sync_file(file);
}

void small_disk_remove(const char *name)
{
    struct small_file *file = small_disk_find(name);
    if (file != NULL) {
        file->exists = file->exists_durably = false;
        resize(&file->now, 0);
        resize(&file->durable, 0);
        resize(&file->touched, 0);
    }
}

void small_disk_release(void)
{
    for (size_t i = 0; i < small_disk.file_count; i++) {
        free(small_disk.files[i].now.data);
        free(small_disk.files[i].durable.data);
        free(small_disk.files[i].touched.data);
    }
    memset(&small_disk, 0, sizeof small_disk);
    small_disk.left = -1;
}

void small_disk_heal(void)
{
    small_disk.fault = SMALL_NONE;
    small_disk.left = -1;
    small_disk.dead = false;
}

void small_disk_fail(enum small_fault fault, long successes, bool persistent, bool counts_reads)
{
    small_disk.fault = fault;
    small_disk.left = successes;
    small_disk.persistent = persistent;
    small_disk.counts_reads = counts_reads;
    small_disk.failures = 0;
}

/* What a sector that was not synced is found as. */
static void tear(struct small_file *file, size_t from, size_t to)
{
    uint64_t choice = small_disk_random(small_disk.powersafe ? 3 : 4);
    for (size_t at = from; at < to; at += SMALL_DISK_SECTOR) {
        size_t size = to - at < SMALL_DISK_SECTOR ? to - at : SMALL_DISK_SECTOR;
        bool keep = choice == 0 || (choice == 2 && small_disk_random(2) == 0);
        if (choice == 3) {
            for (size_t i = 0; i < size; i++) {
                file->now.data[at + i] = (uint8_t)small_disk_random(256);
            }
        } else if (!keep) {
            for (size_t i = at; i < at + size; i++) {
                file->now.data[i] = i < file->durable.size ? file->durable.data[i] : 0;
            }
        }
    }
}

static void lose_unsynced(struct small_file *file)
{
    if (!file->exists_durably && small_disk_random(2) == 0) {
        file->exists = false;
        resize(&file->now, 0);
        return;
    }
    if (!file->exists) {
        /* A removal that was not synced may not have happened. */
        file->exists = file->exists_durably && small_disk_random(2) == 0;
        copy(&file->now, &file->durable);
        return;
    }
    bool old_size = small_disk_random(2) == 0;
    if (file->now.size < file->durable.size && old_size) {
        size_t size = file->now.size;
        resize(&file->now, file->durable.size);
        memcpy(file->now.data + size, file->durable.data + size, file->durable.size - size);
    } else if (old_size) {
        resize(&file->now, file->durable.size);
    }
    for (size_t i = 0; i < file->touched.size; i++) {
        size_t from = i * small_disk.sector;
        size_t to = from + small_disk.sector;
        to = to > file->now.size ? file->now.size : to;
        if (file->touched.data[i] != 0 && from < to) {
            tear(file, from, to);
        }
    }
}

void small_disk_restart(void)
{
    bool power = small_disk.dead;
    for (size_t i = 0; i < small_disk.file_count; i++) {
        struct small_file *file = &small_disk.files[i];
        if (power) {
            lose_unsynced(file);
        }
        if (file->exists) {
            sync_file(file);
        } else {
            file->exists_durably = false;
        }
    }
    small_disk_heal();
}

enum operation { READING, WRITING, OTHER };

/* SQLITE_OK, or the code with which this operation fails. */
static int take(enum operation operation, int code)
{
    bool counted = operation != READING || small_disk.counts_reads;
    if (small_disk.dead) {
        return code;
    }
    small_disk.operations += counted ? 1 : 0;
    if (!counted || small_disk.left < 0) {
        return SQLITE_OK;
    }
    if (small_disk.left > 0) {
        small_disk.left--;
        return SQLITE_OK;
    }
    small_disk.left = small_disk.persistent ? 0 : -1;
    small_disk.failures++;
    small_disk.dead = small_disk.fault == SMALL_POWER;
    bool full = operation == WRITING &&
                (small_disk.fault == SMALL_DISK_FULL || small_disk.fault == SMALL_SHORT_WRITE);
    small_disk.last_code = full ? SQLITE_FULL : code;
    return small_disk.last_code;
}

static struct small_file *file_of(sqlite3_file *file)
{
    return ((struct open_file *)(void *)file)->file;
}

static int disk_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int disk_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
    const struct small_file *file = file_of(base);
    int code = take(READING, SQLITE_IOERR_READ);
    if (code != SQLITE_OK) {
        return code;
    }
    size_t from = (size_t)offset < file->now.size ? (size_t)offset : file->now.size;
    size_t there = file->now.size - from < (size_t)size ? file->now.size - from : (size_t)size;
    memset(out, 0, (size_t)size);
    if (there > 0) {
        memcpy(out, file->now.data + from, there);
    }
    return there == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static void store(struct small_file *file, const void *data, size_t size, size_t offset)
{
    if (size == 0) {
        return;
    }
    if (offset + size > file->now.size) {
        resize(&file->now, offset + size);
    }
    memcpy(file->now.data + offset, data, size);
    size_t last = (offset + size - 1) / small_disk.sector;
    if (last >= file->touched.size) {
        resize(&file->touched, last + 1);
    }
    for (size_t i = offset / small_disk.sector; i <= last; i++) {
        file->touched.data[i] = 1;
    }
}

static int disk_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct small_file *file = file_of(base);
    bool power = small_disk.fault == SMALL_POWER && small_disk.left == 0;
    int code = take(WRITING, SQLITE_IOERR_WRITE);
    if (code != SQLITE_OK) {
        if (power || (small_disk.fault == SMALL_SHORT_WRITE && !small_disk.dead)) {
            store(file, data, power ? (size_t)size : (size_t)size / 2, (size_t)offset);
        }
        return code;
    }
    if (small_disk.on_write != NULL) {
        small_disk.on_write(small_disk.on_write_context, file->name, offset, data, (size_t)size);
    }
    store(file, data, (size_t)size, (size_t)offset);
    return SQLITE_OK;
}

static void give_up(const struct small_file *file, size_t from)
{
    if (small_disk.on_given_up != NULL && from < file->now.size) {
        small_disk.on_given_up(small_disk.on_given_up_context, file->name, file->now.data + from,
                               file->now.size - from);
    }
}

static int disk_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct small_file *file = file_of(base);
    int code = take(OTHER, SQLITE_IOERR_TRUNCATE);
    if (code == SQLITE_OK) {
        give_up(file, (size_t)size);
        resize(&file->now, (size_t)size);
    }
    return code;
}

static int disk_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    int code = take(OTHER, SQLITE_IOERR_FSYNC);
    if (code == SQLITE_OK) {
        sync_file(file_of(base));
    }
    return code;
}

static int disk_size(sqlite3_file *base, sqlite3_int64 *out)
{
    int code = take(READING, SQLITE_IOERR_FSTAT);
    *out = (sqlite3_int64)file_of(base)->now.size;
    return code;
}

static int disk_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int disk_check_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int disk_sector(sqlite3_file *file)
{
    (void)file;
    return (int)small_disk.sector;
}

static int disk_characteristics(sqlite3_file *file)
{
    (void)file;
    return small_disk.powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_lock,
    .xCheckReservedLock = disk_check_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_characteristics,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                     int *out_flags)
{
    (void)vfs;
    struct open_file *file = (struct open_file *)(void *)base;
    base->pMethods = NULL;
    int code = take(READING, SQLITE_CANTOPEN);
    if (code != SQLITE_OK) {
        return code;
    }
    cs_require(name != NULL);
    file->file = small_disk_find(name);
    if (file->file == NULL && (flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_CANTOPEN;
    }
    file->file = make(name);
    base->pMethods = &methods;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    struct small_file *file = small_disk_find(name);
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    int code = take(OTHER, SQLITE_IOERR_DELETE);
    if (code == SQLITE_OK) {
        give_up(file, 0);
        file->exists = false;
        resize(&file->now, 0);
        if (sync_folder != 0) {
            file->exists_durably = false;
            resize(&file->durable, 0);
        }
        resize(&file->touched, 0);
    }
    return code;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    const struct small_file *file = small_disk_find(name);
    int code = take(READING, SQLITE_IOERR_ACCESS);
    *out = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0) ? 1 : 0;
    return code;
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    cs_require((int)strlen(name) < size);
    memcpy(out, name, strlen(name) + 1);
    return SQLITE_OK;
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void small_disk_install(uint64_t seed)
{
    static sqlite3_vfs vfs;
    small_disk_release();
    small_disk.random = seed * 2862933555777941757u + 3037000493u;
    small_disk.powersafe = true;
    small_disk.sector = 4096;
    if (vfs.zName == NULL) {
        vfs = *sqlite3_vfs_find(NULL); /* clock and randomness stay the real ones */
        vfs.szOsFile = (int)sizeof(struct open_file);
        vfs.pNext = NULL;
        vfs.zName = SMALL_DISK_NAME;
        vfs.xOpen = disk_open;
        vfs.xDelete = disk_delete;
        vfs.xAccess = disk_access;
        vfs.xFullPathname = disk_full_path;
        vfs.xGetLastError = disk_last_error;
        int code = sqlite3_vfs_register(&vfs, 0);
        cs_require(code == SQLITE_OK);
    }
}
