/* SQLite on disks in memory, see disk_vfs.h. */
#include "tests/simulation/whole/disk_vfs.h"

#include "tests/simulation/whole/quick_memory.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vfs_file {
    sqlite3_file base;
    struct sim_disk *disk;
    struct sim_file *file;
    int level; /* SQLITE_LOCK_… */
    bool shares;
    uint8_t held_shared; /* bit per lock of the wal-index */
    uint8_t held_alone;
};

static struct {
    char names[SIM_SLOTS_MAX][16];
    sqlite3_vfs vfs[SIM_SLOTS_MAX];
    struct sim_disk *disks[SIM_SLOTS_MAX];
    sqlite3_vfs base; /* the default one: randomness only */
    struct sim_random random;
} slots;

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)(void *)file;
}

static int vfs_close(sqlite3_file *base)
{
    struct vfs_file *file = of(base);
    file->file->opened--;
    return SQLITE_OK;
}

static int vfs_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = of(base);
    if (sim_disk_take(file->disk, SIM_READ) != CS_OK) {
        return SQLITE_IOERR_READ;
    }
    sim_file_read(file->file, (size_t)offset, out, (size_t)size);
    return (size_t)offset + (size_t)size > file->file->now.size ? SQLITE_IOERR_SHORT_READ
                                                                : SQLITE_OK;
}

static int vfs_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct vfs_file *file = of(base);
    if (sim_disk_take(file->disk, SIM_WRITE) != CS_OK) {
        return SQLITE_IOERR_WRITE;
    }
    if (file->disk->full && (size_t)offset + (size_t)size > file->file->now.size) {
        file->disk->counts.full++;
        return SQLITE_FULL;
    }
    sim_file_write(file->file, (size_t)offset, data, (size_t)size);
    return SQLITE_OK;
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct vfs_file *file = of(base);
    if (sim_disk_take(file->disk, SIM_WRITE) != CS_OK) {
        return SQLITE_IOERR_TRUNCATE;
    }
    sim_file_truncate(file->file, (size_t)size);
    return SQLITE_OK;
}

static int vfs_sync(sqlite3_file *base, int flags)
{
    struct vfs_file *file = of(base);
    (void)flags;
    if (sim_disk_take(file->disk, SIM_SYNC) != CS_OK) {
        return SQLITE_IOERR_FSYNC;
    }
    if (!file->disk->lies) {
        sim_file_sync(file->disk, file->file);
    }
    return SQLITE_OK;
}

static int vfs_size(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)of(base)->file->now.size;
    return SQLITE_OK;
}

static int vfs_lock(sqlite3_file *base, int level)
{
    struct vfs_file *file = of(base);
    struct sim_file *locked = file->file;
    if (level <= file->level) {
        return SQLITE_OK;
    }
    if (locked->exclusive && file->level < SQLITE_LOCK_EXCLUSIVE) {
        return SQLITE_BUSY;
    }
    if (level >= SQLITE_LOCK_RESERVED && file->level < SQLITE_LOCK_RESERVED && locked->reserved) {
        return SQLITE_BUSY;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE &&
        locked->shared_locks > (file->level >= SQLITE_LOCK_SHARED ? 1 : 0)) {
        return SQLITE_BUSY;
    }
    locked->shared_locks += file->level < SQLITE_LOCK_SHARED ? 1 : 0;
    locked->reserved = locked->reserved || level >= SQLITE_LOCK_RESERVED;
    locked->exclusive = level == SQLITE_LOCK_EXCLUSIVE;
    file->level = level;
    return SQLITE_OK;
}

static int vfs_unlock(sqlite3_file *base, int level)
{
    struct vfs_file *file = of(base);
    struct sim_file *locked = file->file;
    if (level >= file->level) {
        return SQLITE_OK;
    }
    locked->reserved = file->level >= SQLITE_LOCK_RESERVED ? false : locked->reserved;
    locked->exclusive = file->level == SQLITE_LOCK_EXCLUSIVE ? false : locked->exclusive;
    locked->shared_locks -= level < SQLITE_LOCK_SHARED ? 1 : 0;
    file->level = level;
    return SQLITE_OK;
}

static int vfs_check_reserved(sqlite3_file *base, int *out)
{
    *out = of(base)->file->reserved ? 1 : 0;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_sector_size(sqlite3_file *base)
{
    (void)base;
    return (int)SIM_SECTOR_SIZE;
}

static int vfs_characteristics(sqlite3_file *base)
{
    (void)base;
    /* As SQLite takes for granted of every disk under Linux: a torn write harms no bytes beside those written. */
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct vfs_file *file = of(base);
    struct sim_shared *shared = &file->file->shared;
    *out = NULL;
    if (file->disk->dead) {
        return SQLITE_IOERR_SHMMAP;
    }
    if (!file->shares) {
        file->shares = true;
        shared->users++;
    }
    cs_require(region < SIM_SHARED_REGIONS_MAX);
    if (shared->regions[region] == NULL && extend != 0) {
        shared->regions[region] = calloc(1, (size_t)size);
        cs_require(shared->regions[region] != NULL);
    }
    *out = shared->regions[region];
    return SQLITE_OK;
}

static int shm_release(struct vfs_file *file, int lock)
{
    struct sim_shared *shared = &file->file->shared;
    uint8_t bit = (uint8_t)(1u << lock);
    if ((file->held_alone & bit) != 0) {
        shared->readers[lock] = 0;
    } else if ((file->held_shared & bit) != 0) {
        shared->readers[lock]--;
    }
    file->held_alone &= (uint8_t)~bit;
    file->held_shared &= (uint8_t)~bit;
    return SQLITE_OK;
}

static int vfs_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct vfs_file *file = of(base);
    struct sim_shared *shared = &file->file->shared;
    bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = offset; i < offset + count && (flags & SQLITE_SHM_LOCK) != 0; i++) {
        uint8_t bit = (uint8_t)(1u << i);
        int others = shared->readers[i] - ((file->held_shared & bit) != 0 ? 1 : 0);
        bool own = (file->held_alone & bit) != 0;
        if (!own && (alone ? others != 0 : shared->readers[i] < 0)) {
            return SQLITE_BUSY;
        }
    }
    for (int i = offset; i < offset + count; i++) {
        uint8_t bit = (uint8_t)(1u << i);
        if ((flags & SQLITE_SHM_UNLOCK) != 0) {
            (void)shm_release(file, i);
        } else if (alone) {
            (void)shm_release(file, i);
            shared->readers[i] = -1;
            file->held_alone |= bit;
        } else if (((file->held_shared | file->held_alone) & bit) == 0) {
            shared->readers[i]++;
            file->held_shared |= bit;
        }
    }
    return SQLITE_OK;
}

static void vfs_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int vfs_shm_unmap(sqlite3_file *base, int remove)
{
    struct vfs_file *file = of(base);
    (void)remove;
    for (int i = 0; i < SIM_SHARED_LOCKS; i++) {
        (void)shm_release(file, i);
    }
    if (file->shares) {
        file->shares = false;
        if (--file->file->shared.users == 0) {
            sim_shared_release(&file->file->shared);
        }
    }
    return SQLITE_OK;
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

static struct sim_disk *disk_of(const sqlite3_vfs *vfs)
{
    struct sim_disk **disk = vfs->pAppData;
    cs_require(*disk != NULL);
    return *disk;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *out_flags)
{
    struct vfs_file *file = of(base);
    memset(file, 0, sizeof *file);
    cs_require(name != NULL); /* temporary files are forbidden */
    struct sim_disk *disk = disk_of(vfs);
    if (sim_disk_take(disk, SIM_READ) != CS_OK) {
        return SQLITE_CANTOPEN;
    }
    bool create = (flags & SQLITE_OPEN_CREATE) != 0;
    file->disk = disk;
    file->file = sim_disk_file(disk, name, create ? SIM_OPEN_CREATE : SIM_OPEN_EXISTING);
    if (file->file == NULL) {
        return SQLITE_CANTOPEN;
    }
    file->file->opened++;
    file->base.pMethods = &methods;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct sim_disk *disk = disk_of(vfs);
    struct sim_file *file = sim_disk_file(disk, name, SIM_OPEN_EXISTING);
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (sim_disk_take(disk, SIM_WRITE) != CS_OK) {
        return SQLITE_IOERR_DELETE;
    }
    sim_disk_remove(disk, file, sync_folder != 0);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct sim_disk *disk = disk_of(vfs);
    const struct sim_file *file = sim_disk_file(disk, name, SIM_OPEN_EXISTING);
    /* As under Linux: an empty file does not count as there. */
    *out = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->now.size > 0) ? 1 : 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    for (int i = 0; i < size; i++) {
        out[i] = (char)sim_next(&slots.random);
    }
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = 212000000000000;
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

static sqlite3_vfs make(const char *name, struct sim_disk **disk)
{
    return (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct vfs_file),
        .mxPathname = SIM_FILE_NAME_MAX,
        .zName = name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_error,
        .xCurrentTimeInt64 = vfs_time,
    };
}

void sim_vfs_start(void)
{
    /* One thread, and nobody asks how much memory is in use. */
    cs_require(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
               sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    sim_memory_start();
    slots.base = make("simulation", NULL);
    cs_require(sqlite3_vfs_register(&slots.base, 1) == SQLITE_OK);
    for (size_t i = 0; i < SIM_SLOTS_MAX; i++) {
        (void)snprintf(slots.names[i], sizeof slots.names[i], "disk-%zu", i);
        slots.vfs[i] = make(slots.names[i], &slots.disks[i]);
        cs_require(sqlite3_vfs_register(&slots.vfs[i], 0) == SQLITE_OK);
    }
}

const char *sim_vfs_name(size_t slot)
{
    return slots.names[slot];
}

void sim_vfs_insert(size_t slot, struct sim_disk *disk)
{
    slots.disks[slot] = disk;
}

void sim_vfs_seed(uint64_t seed)
{
    slots.random = sim_random_of(seed, 2);
    sqlite3_randomness(0, NULL);
}

/* The last slot is for looking at disks that no program is on. */
#define LOOKING (SIM_SLOTS_MAX - 1)

static sqlite3 *look(struct sim_disk *disk, const char *name)
{
    sqlite3 *handle = NULL;
    slots.disks[LOOKING] = disk;
    int code = sqlite3_open_v2(name, &handle, SQLITE_OPEN_READWRITE, slots.names[LOOKING]);
    cs_require(code == SQLITE_OK);
    return handle;
}

static void look_away(sqlite3 *handle)
{
    cs_require(sqlite3_close(handle) == SQLITE_OK);
    slots.disks[LOOKING] = NULL;
}

enum cs_status sim_vfs_check(struct sim_disk *disk, const char *name, struct cs_problem *problem)
{
    sqlite3 *handle = look(disk, name);
    sqlite3_stmt *statement = NULL;
    enum cs_status status = CS_CORRUPT;
    if (sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        status = text != NULL && strcmp(text, "ok") == 0 ? CS_OK : CS_CORRUPT;
        (void)cs_problem_set(problem, status, "%s", text == NULL ? "" : text);
    } else {
        (void)cs_problem_set(problem, status, "%s", sqlite3_errmsg(handle));
    }
    (void)sqlite3_finalize(statement);
    look_away(handle);
    return status;
}

int64_t sim_vfs_ask(struct sim_disk *disk, const char *name, const char *sql,
                    struct cs_bytes argument)
{
    sqlite3 *handle = look(disk, name);
    sqlite3_stmt *statement = NULL;
    int64_t result = -1;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        (argument.size == 0 || sqlite3_bind_blob(statement, 1, argument.data, (int)argument.size,
                                                 SQLITE_STATIC) == SQLITE_OK) &&
        sqlite3_step(statement) == SQLITE_ROW) {
        result = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    look_away(handle);
    return result;
}
