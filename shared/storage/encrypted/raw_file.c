/* Files of databases as bytes, see raw_file.h. */
#include "shared/storage/encrypted/raw_file.h"

#include "shared/base/memory.h"
#include "shared/storage/database_internal.h"

#include <errno.h>
#include <string.h>

#define CHUNK ((size_t)64 * 1024)

struct cs_raw_file {
    sqlite3_vfs *vfs;
    sqlite3_filename name; /* SQLite's, as its VFSs want it */
    sqlite3_file *file;
    bool open;
};

static sqlite3_vfs *vfs_of(const struct cs_world *world)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(world->sqlite_vfs);
    cs_require(vfs != NULL);
    return vfs;
}

static enum cs_status status_of(int code)
{
    return cs_sqlite_status(code, errno);
}

static enum cs_status exists(sqlite3_vfs *vfs, const char *path, bool *out)
{
    int found = 0;
    errno = 0;
    int code = vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &found);
    *out = found != 0;
    return status_of(code);
}

void cs_raw_close(struct cs_raw_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->open && file->file != NULL) {
        (void)file->file->pMethods->xUnlock(file->file, SQLITE_LOCK_NONE);
        (void)file->file->pMethods->xClose(file->file);
    }
    if (file->name != NULL) {
        sqlite3_free_filename(file->name);
    }
    cs_free(file->file);
    cs_free(file);
}

static enum cs_status open_file(struct cs_raw_file *file, enum cs_raw_open mode)
{
    bool found = false;
    enum cs_status status = exists(file->vfs, file->name, &found);
    if (status == CS_OK && !found && mode == CS_RAW_EXISTING) {
        return CS_NOT_FOUND;
    }
    if (status == CS_OK && !found && file->vfs == sqlite3_vfs_find(NULL)) {
        status = cs_file_create_private(file->name);
        status = status == CS_EXISTS ? CS_OK : status;
    }
    if (status != CS_OK) {
        return status;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB |
                (mode == CS_RAW_MAKE ? SQLITE_OPEN_CREATE : 0);
    errno = 0;
    int code = file->vfs->xOpen(file->vfs, file->name, file->file, flags, NULL);
    file->open = code == SQLITE_OK;
    return status_of(code);
}

enum cs_status cs_raw_open(const struct cs_world *world, const char *path, enum cs_raw_open mode,
                           struct cs_raw_file **out)
{
    struct cs_raw_file *file = cs_alloc_zero(1, sizeof *file);
    char *name = cs_sqlite_path(path);
    enum cs_status status = CS_NO_MEMORY;
    if (file != NULL && name != NULL) {
        file->vfs = vfs_of(world);
        file->file = cs_alloc_zero(1, (size_t)file->vfs->szOsFile);
        file->name = sqlite3_create_filename(name, "", "", 0, NULL);
    }
    cs_free(name);
    if (file != NULL && file->file != NULL && file->name != NULL) {
        status = open_file(file, mode);
    }
    if (status != CS_OK) {
        cs_raw_close(file);
        return status;
    }
    *out = file;
    return CS_OK;
}

enum cs_status cs_raw_lock(struct cs_raw_file *file)
{
    errno = 0;
    int code = file->file->pMethods->xLock(file->file, SQLITE_LOCK_SHARED);
    if (code == SQLITE_OK) {
        code = file->file->pMethods->xLock(file->file, SQLITE_LOCK_EXCLUSIVE);
    }
    return status_of(code);
}

enum cs_status cs_raw_size(struct cs_raw_file *file, uint64_t *out)
{
    sqlite3_int64 size = 0;
    errno = 0;
    int code = file->file->pMethods->xFileSize(file->file, &size);
    if (code == SQLITE_OK) {
        *out = (uint64_t)size;
    }
    return status_of(code);
}

enum cs_status cs_raw_read(struct cs_raw_file *file, uint64_t offset, uint8_t *out, size_t size)
{
    errno = 0;
    int code = file->file->pMethods->xRead(file->file, out, (int)size, (sqlite3_int64)offset);
    /* A VFS fills up with zeroes. */
    return code == SQLITE_IOERR_SHORT_READ ? CS_OK : status_of(code);
}

enum cs_status cs_raw_write(struct cs_raw_file *file, uint64_t offset, const uint8_t *data,
                            size_t size)
{
    errno = 0;
    return status_of(
        file->file->pMethods->xWrite(file->file, data, (int)size, (sqlite3_int64)offset));
}

enum cs_status cs_raw_sync(struct cs_raw_file *file)
{
    errno = 0;
    return status_of(file->file->pMethods->xSync(file->file, SQLITE_SYNC_FULL));
}

enum cs_status cs_raw_cut(struct cs_raw_file *file, uint64_t size)
{
    errno = 0;
    return status_of(file->file->pMethods->xTruncate(file->file, (sqlite3_int64)size));
}

enum cs_status cs_raw_overwrite(struct cs_raw_file *file)
{
    uint64_t size = 0;
    uint8_t *zeroes = cs_alloc_zero(1, CHUNK);
    enum cs_status status = zeroes == NULL ? CS_NO_MEMORY : cs_raw_size(file, &size);
    for (uint64_t at = 0; status == CS_OK && at < size; at += CHUNK) {
        status = cs_raw_write(file, at, zeroes, size - at < CHUNK ? (size_t)(size - at) : CHUNK);
    }
    cs_free(zeroes);
    return status != CS_OK || size == 0 ? status : cs_raw_sync(file);
}

enum cs_status cs_raw_remove(const struct cs_world *world, const char *path)
{
    sqlite3_vfs *vfs = vfs_of(world);
    char *name = cs_sqlite_path(path);
    if (name == NULL) {
        return CS_NO_MEMORY;
    }
    errno = 0;
    int code = vfs->xDelete(vfs, name, 1);
    cs_free(name);
    return code == SQLITE_IOERR_DELETE_NOENT ? CS_OK : status_of(code);
}

enum cs_status cs_raw_destroy(const struct cs_world *world, const char *path)
{
    struct cs_raw_file *file = NULL;
    enum cs_status status = cs_raw_open(world, path, CS_RAW_EXISTING, &file);
    if (status == CS_OK) {
        status = cs_raw_overwrite(file);
    }
    cs_raw_close(file);
    return status == CS_OK || status == CS_NOT_FOUND ? cs_raw_remove(world, path) : status;
}
