/* The mode that SQLite's tests are held in, see forced_mode.h. */
#include "tests/gate/forced_mode.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Connections being opened now, the main file of which forced_mode_enter sees to. */
static int opening;

/* What the encrypting VFS keeps of each page; plain files leave it free too, so that as much fits on a page. */
#define RESERVED_BYTES 40

struct forced_file {
    sqlite3_file base;
    sqlite3_file *below; /* lies behind this structure */
};

/* `answer`: what the statement shows; NULL: no row, as in SQLite. */
struct setting {
    const char *name;
    const char *allowed; /* is handed on */
    const char *answer;
};

static const struct setting settings[] = {
    {"auto_vacuum", "0", NULL},
    {"journal_mode", "wal", "wal"},
    {"locking_mode", "exclusive", "exclusive"},
    {"mmap_size", "0", "0"},
    {"page_size", "4096", NULL},
    {"temp_store", "2", NULL},
    {"temp_store_directory", "", NULL},
};

static sqlite3_file *below_of(sqlite3_file *file)
{
    return ((struct forced_file *)(void *)file)->below;
}

static sqlite3_vfs *vfs_below(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int hold_setting(char **argument)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const struct setting *setting = &settings[i];
        if (argument[1] == NULL || argument[2] == NULL ||
            sqlite3_stricmp(argument[1], setting->name) != 0 ||
            sqlite3_stricmp(argument[2], setting->allowed) == 0) {
            continue;
        }
        argument[0] = setting->answer == NULL ? NULL : sqlite3_mprintf("%s", setting->answer);
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int file_close(sqlite3_file *file)
{
    return below_of(file)->pMethods->xClose(below_of(file));
}

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    return below_of(file)->pMethods->xRead(below_of(file), out, size, offset);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    return below_of(file)->pMethods->xWrite(below_of(file), data, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return below_of(file)->pMethods->xTruncate(below_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    return below_of(file)->pMethods->xSync(below_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return below_of(file)->pMethods->xFileSize(below_of(file), out);
}

static int file_lock(sqlite3_file *file, int level)
{
    return below_of(file)->pMethods->xLock(below_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return below_of(file)->pMethods->xUnlock(below_of(file), level);
}

static int file_check_reserved(sqlite3_file *file, int *out)
{
    return below_of(file)->pMethods->xCheckReservedLock(below_of(file), out);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_PRAGMA) {
        int code = hold_setting(argument);
        if (code != SQLITE_NOTFOUND) {
            return code;
        }
    }
    return below_of(file)->pMethods->xFileControl(below_of(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    sqlite3_file *below = below_of(file);
    return below->pMethods->xSectorSize == NULL ? 0 : below->pMethods->xSectorSize(below);
}

static int file_characteristics(sqlite3_file *file)
{
    return below_of(file)->pMethods->xDeviceCharacteristics(below_of(file));
}

/* Version 1: no shared memory, no mapping. So a log needs the exclusive lock. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

/*
 * A file that is attached and not there yet is made here, as the file of a connection of its own: SQLite would begin it under a
 * rollback journal. One that is there has its log, and the exclusive lock is what its connection attaches with.
 */
static void make_attached(sqlite3_vfs *vfs, const char *name, int flags)
{
    int there = 1;
    int wanted = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_CREATE;
    if (opening > 0 || name == NULL || (flags & wanted) != wanted ||
        vfs_below(vfs)->xAccess(vfs_below(vfs), name, SQLITE_ACCESS_EXISTS, &there) != SQLITE_OK ||
        there != 0) {
        return;
    }
    sqlite3 *handle = NULL;
    (void)sqlite3_open_v2(name, &handle,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE,
                          vfs->zName);
    (void)sqlite3_close(handle);
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct forced_file *own = (struct forced_file *)(void *)file;
    own->base.pMethods = NULL;
    own->below = (sqlite3_file *)(void *)(own + 1);
    own->below->pMethods = NULL;
    make_attached(vfs, name, flags);
    int code = vfs_below(vfs)->xOpen(vfs_below(vfs), name, own->below, flags, out_flags);
    /* A file that failed to open may want to be closed all the same: SQLite does so where methods are set. */
    own->base.pMethods = own->below->pMethods == NULL ? NULL : &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    return vfs_below(vfs)->xDelete(vfs_below(vfs), name, sync_folder);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return vfs_below(vfs)->xAccess(vfs_below(vfs), name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return vfs_below(vfs)->xFullPathname(vfs_below(vfs), name, size, out);
}

static void *vfs_library_open(sqlite3_vfs *vfs, const char *name)
{
    return vfs_below(vfs)->xDlOpen(vfs_below(vfs), name);
}

static void vfs_library_error(sqlite3_vfs *vfs, int size, char *out)
{
    vfs_below(vfs)->xDlError(vfs_below(vfs), size, out);
}

static void (*vfs_library_symbol(sqlite3_vfs *vfs, void *library, const char *name))(void)
{
    return vfs_below(vfs)->xDlSym(vfs_below(vfs), library, name);
}

static void vfs_library_close(sqlite3_vfs *vfs, void *library)
{
    vfs_below(vfs)->xDlClose(vfs_below(vfs), library);
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *out)
{
    return vfs_below(vfs)->xRandomness(vfs_below(vfs), size, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return vfs_below(vfs)->xSleep(vfs_below(vfs), microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    return vfs_below(vfs)->xCurrentTime(vfs_below(vfs), out);
}

static int vfs_error(sqlite3_vfs *vfs, int size, char *out)
{
    sqlite3_vfs *below = vfs_below(vfs);
    return below->xGetLastError == NULL ? 0 : below->xGetLastError(below, size, out);
}

static int vfs_time_integer(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    return vfs_below(vfs)->xCurrentTimeInt64(vfs_below(vfs), out);
}

void forced_mode_fill(sqlite3_vfs *out, const char *name, sqlite3_vfs *below)
{
    bool has_libraries = below->xDlOpen != NULL;
    *out = (sqlite3_vfs){
        .iVersion = below->iVersion >= 2 ? 2 : 1,
        .szOsFile = (int)sizeof(struct forced_file) + below->szOsFile,
        .mxPathname = below->mxPathname,
        .zName = name,
        .pAppData = below,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xDlOpen = has_libraries ? vfs_library_open : NULL,
        .xDlError = has_libraries ? vfs_library_error : NULL,
        .xDlSym = has_libraries ? vfs_library_symbol : NULL,
        .xDlClose = has_libraries ? vfs_library_close : NULL,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_error,
        .xCurrentTimeInt64 =
            below->iVersion >= 2 && below->xCurrentTimeInt64 != NULL ? vfs_time_integer : NULL,
    };
    if (out->xCurrentTimeInt64 == NULL) {
        out->iVersion = 1;
    }
}

void forced_mode_begin_open(void)
{
    opening++;
}

void forced_mode_end_open(sqlite3 *handle)
{
    int reserved = RESERVED_BYTES;
    const char *path = handle == NULL ? NULL : sqlite3_db_filename(handle, "main");
    if (path != NULL && path[0] != '\0') {
        (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
        (void)sqlite3_exec(handle, "PRAGMA locking_mode=exclusive; PRAGMA main.journal_mode=wal",
                           NULL, NULL, NULL);
    }
    opening--;
}
