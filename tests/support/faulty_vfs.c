/* A VFS whose operations fail, see faulty_vfs.h. */
#include "tests/support/faulty_vfs.h"

#include "shared/base/status.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* directly behind this structure */
};

static struct {
    unsigned operations;
    long successes_left; /* negative: no plan */
    enum faulty_kind kind;
    enum faulty_duration duration;
    struct faulty_counts counts;
} plan = {.successes_left = -1};

void faulty_vfs_reset(void)
{
    memset(&plan, 0, sizeof plan);
    plan.successes_left = -1;
}

void faulty_vfs_fail(unsigned operations, long successes, enum faulty_kind kind,
                     enum faulty_duration duration)
{
    plan.operations = operations;
    plan.successes_left = successes;
    plan.kind = kind;
    plan.duration = duration;
}

struct faulty_counts faulty_vfs_counts(void)
{
    return plan.counts;
}

/* SQLITE_OK, or the code with which this operation shall fail. */
static int take_failure(enum faulty_operation operation, int io_code)
{
    if ((plan.operations & (unsigned)operation) == 0 || plan.successes_left < 0) {
        return SQLITE_OK;
    }
    if (plan.successes_left > 0) {
        plan.successes_left--;
        return SQLITE_OK;
    }
    if (plan.duration == FAULTY_ONCE) {
        plan.successes_left = -1;
    }
    plan.counts.failures++;
    errno = plan.kind == FAULTY_DISK_FULL ? ENOSPC : EIO;
    return plan.kind == FAULTY_DISK_FULL && operation == FAULTY_WRITE ? SQLITE_FULL : io_code;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)(void *)file)->real;
}

static int faulty_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int faulty_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    plan.counts.reads++;
    int code = take_failure(FAULTY_READ, SQLITE_IOERR_READ);
    return code != SQLITE_OK ? code
                             : real_of(file)->pMethods->xRead(real_of(file), out, size, offset);
}

static int faulty_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    plan.counts.writes++;
    int code = take_failure(FAULTY_WRITE, SQLITE_IOERR_WRITE);
    return code != SQLITE_OK ? code
                             : real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    plan.counts.writes++;
    int code = take_failure(FAULTY_WRITE, SQLITE_IOERR_TRUNCATE);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    plan.counts.syncs++;
    int code = take_failure(FAULTY_SYNC, SQLITE_IOERR_FSYNC);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int faulty_check_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int faulty_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int faulty_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int faulty_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int faulty_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void faulty_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int faulty_shm_unmap(sqlite3_file *file, int delete_it)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_file_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_check_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector_size,
    .xDeviceCharacteristics = faulty_characteristics,
    .xShmMap = faulty_shm_map,
    .xShmLock = faulty_shm_lock,
    .xShmBarrier = faulty_shm_barrier,
    .xShmUnmap = faulty_shm_unmap,
};

static sqlite3_vfs faulty_vfs;

static sqlite3_vfs *real_vfs(void)
{
    return faulty_vfs.pAppData;
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)(void *)file;
    plan.counts.opens++;
    faulty->base.pMethods = NULL;
    int code = take_failure(FAULTY_OPEN, SQLITE_CANTOPEN);
    if (code != SQLITE_OK) {
        return code;
    }
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    code = real_vfs()->xOpen(real_vfs(), name, faulty->real, flags, out_flags);
    faulty->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    return real_vfs()->xDelete(real_vfs(), name, sync_folder);
}

static int faulty_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return real_vfs()->xAccess(real_vfs(), name, flags, out);
}

static int faulty_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    return real_vfs()->xFullPathname(real_vfs(), name, size, out);
}

static int faulty_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return errno;
}

void faulty_vfs_install(void)
{
    faulty_vfs_reset();
    if (faulty_vfs.pAppData != NULL) {
        return;
    }
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    cs_require(real != NULL);
    faulty_vfs = *real; /* clock, randomness and sleep stay the real ones */
    faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + real->szOsFile;
    faulty_vfs.pNext = NULL;
    faulty_vfs.zName = FAULTY_VFS_NAME;
    faulty_vfs.pAppData = real;
    faulty_vfs.xOpen = faulty_open;
    faulty_vfs.xDelete = faulty_delete;
    faulty_vfs.xAccess = faulty_access;
    faulty_vfs.xFullPathname = faulty_full_path;
    faulty_vfs.xGetLastError = faulty_last_error;
    int code = sqlite3_vfs_register(&faulty_vfs, 0);
    cs_require(code == SQLITE_OK);
}
