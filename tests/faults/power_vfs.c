/* The VFS of machines that may lose power, see power.h: over the system's own, whose syncs are left out. */
#include "tests/faults/power.h"

#include <sqlite3.h>
#include <string.h>

struct vfs_file {
    sqlite3_file base;
    sqlite3_file *real; /* directly behind this structure */
    struct power_file *file;
};

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)(void *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return of(file)->real;
}

static int vfs_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int vfs_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    return power_file_is_out(of(file)->file)
               ? SQLITE_IOERR_READ
               : real_of(file)->pMethods->xRead(real_of(file), out, size, offset);
}

static int vfs_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    enum power_taken taken = power_take(of(file)->file, false);
    if (taken == POWER_IS_OUT) {
        return SQLITE_IOERR_WRITE;
    }
    int code = real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
    if (code == SQLITE_OK) {
        power_note_write(of(file)->file, (uint64_t)offset, (size_t)size);
    }
    return taken == POWER_FAILS_NOW ? SQLITE_IOERR_WRITE : code;
}

static int vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    enum power_taken taken = power_take(of(file)->file, true);
    if (taken == POWER_IS_OUT) {
        return SQLITE_IOERR_TRUNCATE;
    }
    int code = real_of(file)->pMethods->xTruncate(real_of(file), size);
    return taken == POWER_FAILS_NOW ? SQLITE_IOERR_TRUNCATE : code;
}

static int vfs_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (power_take(of(file)->file, true) != POWER_GOES_ON) {
        return SQLITE_IOERR_FSYNC;
    }
    if (!power_disk().lies) {
        power_note_synced(of(file)->file);
    }
    return SQLITE_OK;
}

static int vfs_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return power_file_is_out(of(file)->file)
               ? SQLITE_IOERR_FSTAT
               : real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int vfs_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int vfs_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int vfs_check_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int vfs_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector_size(sqlite3_file *file)
{
    (void)file;
    return (int)power_disk().sector;
}

static int vfs_characteristics(sqlite3_file *file)
{
    (void)file;
    return power_disk().powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static int vfs_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}

static int vfs_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void vfs_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int vfs_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector_size,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

static sqlite3_vfs power_vfs;

static sqlite3_vfs *real_vfs(void)
{
    return power_vfs.pAppData;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *out_flags)
{
    (void)vfs;
    struct vfs_file *file = of(base);
    base->pMethods = NULL;
    cs_require(name != NULL); /* temporary files are forbidden */
    file->file = power_file(name);
    cs_require(file->file != NULL);
    if (power_file_is_out(file->file)) {
        return SQLITE_CANTOPEN;
    }
    file->real = (sqlite3_file *)(void *)(file + 1);
    int code = real_vfs()->xOpen(real_vfs(), name, file->real, flags, out_flags);
    if (code == SQLITE_OK) {
        power_note_made(file->file);
        base->pMethods = &methods;
    }
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    struct power_file *file = power_file(name);
    cs_require(file != NULL);
    enum power_taken taken = power_take(file, true);
    if (taken == POWER_IS_OUT) {
        return SQLITE_IOERR_DELETE;
    }
    int code = real_vfs()->xDelete(real_vfs(), name, 0);
    if (code == SQLITE_OK) {
        power_note_removed(file, taken == POWER_GOES_ON && sync_folder != 0);
    }
    return taken == POWER_FAILS_NOW ? SQLITE_IOERR_DELETE : code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return power_is_out(name) ? SQLITE_IOERR_ACCESS
                              : real_vfs()->xAccess(real_vfs(), name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    return real_vfs()->xFullPathname(real_vfs(), name, size, out);
}

void power_vfs_install(void)
{
    if (power_vfs.pAppData != NULL) {
        return;
    }
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    cs_require(real != NULL);
    power_vfs = *real; /* clock, randomness and sleep stay the real ones */
    power_vfs.szOsFile = (int)sizeof(struct vfs_file) + real->szOsFile;
    power_vfs.pNext = NULL;
    power_vfs.zName = POWER_VFS_NAME;
    power_vfs.pAppData = real;
    power_vfs.xOpen = vfs_open;
    power_vfs.xDelete = vfs_delete;
    power_vfs.xAccess = vfs_access;
    power_vfs.xFullPathname = vfs_full_path;
    int code = sqlite3_vfs_register(&power_vfs, 0);
    cs_require(code == SQLITE_OK);
}
