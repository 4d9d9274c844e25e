/*
 * The encrypting VFS itself: registration, opening files by what they are for, and what is handed through (vfs.h, FORMAT.md).
 */
#include "shared/storage/encrypted/encrypted_internal.h"

#include "shared/base/memory.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LOG_SUFFIX "-wal"
#define LOG_SUFFIX_SIZE (sizeof LOG_SUFFIX - 1)

struct cs_encrypted_file *cs_encrypted_of(sqlite3_file *file)
{
    return (struct cs_encrypted_file *)(void *)file;
}

static struct cs_encrypted_vfs *vfs_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static sqlite3_vfs *below_of(sqlite3_vfs *vfs)
{
    return vfs_of(vfs)->below;
}

int cs_encrypted_code(enum cs_status status)
{
    switch ((int)status) {
    case CS_OK:
        return SQLITE_OK;
    case CS_NO_MEMORY:
        return SQLITE_NOMEM;
    default:
        return SQLITE_IOERR;
    }
}

void cs_encrypted_nonce(const struct cs_encrypted_vfs *vfs, uint8_t out[static CS_PAGE_NONCE_SIZE])
{
    vfs->world->random(vfs->world->context, out, CS_PAGE_NONCE_SIZE);
}

bool cs_encrypted_page_allowed(uint32_t page, const uint8_t content[static CS_SLOT_PAGE_SIZE])
{
    if (!cs_is_zero(content + CS_SLOT_CONTENT_SIZE, CS_SLOT_TRAILER_SIZE)) {
        return false;
    }
    /* SQLite's file format, section 1.3: page size at 16, reserve at 20, the largest root page of auto_vacuum at 52. */
    return page != 1 || (content[16] == 0x10 && content[17] == 0 &&
                         content[20] == CS_SLOT_TRAILER_SIZE && cs_is_zero(content + 52, 4));
}

int cs_pass_lock(sqlite3_file *file, int level)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xLock(below, level);
}

int cs_pass_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xUnlock(below, level);
}

int cs_pass_check_reserved(sqlite3_file *file, int *out)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xCheckReservedLock(below, out);
}

int cs_pass_characteristics(sqlite3_file *file)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    /*
     * Atomic writes, and writes in order, are not what becomes of slots. But no write harms another slot: where the disk does not see to
     * that, slots share no sector.
     */
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE |
           (below->pMethods->xDeviceCharacteristics(below) & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);
}

static bool same_text(const char *a, const char *b)
{
    while (*a != '\0' && tolower((unsigned char)*a) == *b) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

/* Settings under which plaintext would be written, or the argument of FORMAT.md would not hold; and the values that are fine. */
static int check_pragma(char **argument)
{
    static const struct {
        const char *name;
        const char *values[3];
    } bound[] = {
        {"auto_vacuum", {"0", "none"}},   {"journal_mode", {"wal", "off"}},
        {"locking_mode", {"exclusive"}},  {"mmap_size", {"0"}},
        {"page_size", {"4096"}},          {"temp_store", {"2", "memory"}},
        {"temp_store_directory", {NULL}},
    };
    if (argument[1] == NULL || argument[2] == NULL) {
        return SQLITE_NOTFOUND;
    }
    for (size_t i = 0; i < CS_COUNT(bound); i++) {
        if (!same_text(argument[1], bound[i].name)) {
            continue;
        }
        for (size_t j = 0; j < CS_COUNT(bound[i].values) && bound[i].values[j] != NULL; j++) {
            if (same_text(argument[2], bound[i].values[j])) {
                return SQLITE_NOTFOUND;
            }
        }
        argument[0] = sqlite3_mprintf("an encrypted database does not have this %s", bound[i].name);
        return SQLITE_ERROR;
    }
    return SQLITE_NOTFOUND;
}

int cs_pass_control(sqlite3_file *file, int operation, void *argument)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    switch (operation) {
    case SQLITE_FCNTL_PRAGMA:
        return check_pragma(argument);
    case CS_CONTROL_RESERVED_SIZE:
        *(int *)argument = CS_SLOT_TRAILER_SIZE;
        return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_LOCK_TIMEOUT:
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE:
    case SQLITE_FCNTL_SYNC:
    case SQLITE_FCNTL_VFSNAME:
        return below->pMethods->xFileControl(below, operation, argument);
    default:
        /* Sizes, mappings and atomic batches would be those of the plain file. */
        return SQLITE_NOTFOUND;
    }
}

static int open_below(struct cs_encrypted_vfs *vfs, const char *name,
                      struct cs_encrypted_file *file, int flags, int *out_flags)
{
    int got = 0;
    file->below = (sqlite3_file *)(void *)(file + 1);
    int code = vfs->below->xOpen(vfs->below, name, file->below, flags, &got);
    if (code == SQLITE_OK && out_flags != NULL) {
        *out_flags = got;
    }
    return code;
}

static void close_below(struct cs_encrypted_file *file)
{
    (void)file->below->pMethods->xClose(file->below);
}

static struct cs_encrypted_main *find_main(const struct cs_encrypted_vfs *vfs, const char *path,
                                           size_t size)
{
    struct cs_encrypted_main *main = vfs->open_list;
    while (main != NULL && (strlen(main->path) != size || memcmp(main->path, path, size) != 0)) {
        main = main->next;
    }
    return main;
}

static int make_private(const struct cs_encrypted_vfs *vfs, const char *name, int flags)
{
    if (!vfs->own_files || (flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_OK;
    }
    enum cs_status status = cs_file_create_private(name);
    return status == CS_OK || status == CS_EXISTS ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int open_main(struct cs_encrypted_vfs *vfs, const char *name, struct cs_encrypted_file *file,
                     int flags, int *out_flags)
{
    if ((flags & SQLITE_OPEN_READWRITE) == 0) {
        return SQLITE_CANTOPEN;
    }
    if (find_main(vfs, name, strlen(name)) != NULL) {
        return SQLITE_BUSY;
    }
    struct cs_encrypted_main *main = cs_alloc_zero(1, sizeof *main);
    if (main == NULL) {
        return SQLITE_NOMEM;
    }
    int got = 0;
    main->vfs = vfs;
    main->path = name;
    int code = make_private(vfs, name, flags);
    if (code == SQLITE_OK) {
        code = open_below(vfs, name, file, flags, &got);
    }
    if (code != SQLITE_OK) {
        cs_main_close(main);
        return code;
    }
    main->below = file->below;
    code = (got & SQLITE_OPEN_READONLY) != 0 ? SQLITE_CANTOPEN : cs_main_read_header(main);
    if (code != SQLITE_OK) {
        close_below(file);
        cs_main_close(main);
        return code;
    }
    main->next = vfs->open_list;
    vfs->open_list = main;
    file->main = main;
    file->base.pMethods = &cs_main_methods;
    if (out_flags != NULL) {
        *out_flags = got;
    }
    return SQLITE_OK;
}

/* The main file that this is the log of, if it is open. */
static struct cs_encrypted_main *main_of_log(const struct cs_encrypted_vfs *vfs, const char *name)
{
    size_t size = strlen(name);
    if (size <= LOG_SUFFIX_SIZE || strcmp(name + size - LOG_SUFFIX_SIZE, LOG_SUFFIX) != 0) {
        return NULL;
    }
    return find_main(vfs, name, size - LOG_SUFFIX_SIZE);
}

static int open_log(struct cs_encrypted_vfs *vfs, const char *name, struct cs_encrypted_file *file,
                    int flags, int *out_flags)
{
    struct cs_encrypted_main *main = main_of_log(vfs, name);
    if (main == NULL) {
        return SQLITE_CANTOPEN;
    }
    int code = open_below(vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK) {
        return code;
    }
    code = cs_log_open(main, file->below);
    if (code != SQLITE_OK) {
        close_below(file);
        return code;
    }
    file->main = main;
    file->base.pMethods = &cs_log_methods;
    return SQLITE_OK;
}

static int open_journal(struct cs_encrypted_vfs *vfs, const char *name,
                        struct cs_encrypted_file *file, int flags, int *out_flags)
{
    int code = open_below(vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK) {
        return code;
    }
    code = cs_journal_check(file->below);
    if (code != SQLITE_OK) {
        close_below(file);
        return code;
    }
    file->base.pMethods = &cs_journal_methods;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct cs_encrypted_vfs *vfs = vfs_of(base);
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    *own = (struct cs_encrypted_file){.main = NULL};
    if (name == NULL) {
        return CS_ENCRYPTED_REFUSED;
    }
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
        return open_main(vfs, name, own, flags, out_flags);
    }
    if ((flags & SQLITE_OPEN_WAL) != 0) {
        return open_log(vfs, name, own, flags, out_flags);
    }
    if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) {
        return open_journal(vfs, name, own, flags, out_flags);
    }
    return CS_ENCRYPTED_REFUSED;
}

static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_folder)
{
    struct cs_encrypted_main *main = main_of_log(vfs_of(base), name);
    /* SQLite removes a log of which everything was taken over. */
    int code = main != NULL && main->phase == CS_MAIN_CHECKED ? cs_main_settle(main) : SQLITE_OK;
    if (code != SQLITE_OK) {
        return code;
    }
    return below_of(base)->xDelete(below_of(base), name, sync_folder);
}

static int vfs_access(sqlite3_vfs *base, const char *name, int flags, int *out)
{
    return below_of(base)->xAccess(below_of(base), name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int size, char *out)
{
    return below_of(base)->xFullPathname(below_of(base), name, size, out);
}

static int vfs_random(sqlite3_vfs *base, int size, char *out)
{
    return below_of(base)->xRandomness(below_of(base), size, out);
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
    return below_of(base)->xSleep(below_of(base), microseconds);
}

static int vfs_time(sqlite3_vfs *base, double *out)
{
    return below_of(base)->xCurrentTime(below_of(base), out);
}

static int vfs_time_integer(sqlite3_vfs *base, sqlite3_int64 *out)
{
    return below_of(base)->xCurrentTimeInt64(below_of(base), out);
}

static int vfs_error(sqlite3_vfs *base, int size, char *out)
{
    sqlite3_vfs *below = below_of(base);
    return below->xGetLastError == NULL ? 0 : below->xGetLastError(below, size, out);
}

/* SQLite calls these without asking whether they are there. No library is ever loaded. */
static void *vfs_library_open(sqlite3_vfs *base, const char *name)
{
    (void)base;
    (void)name;
    return NULL;
}

static void vfs_library_error(sqlite3_vfs *base, int size, char *out)
{
    (void)base;
    (void)snprintf(out, (size_t)size, "an encrypted database loads no libraries");
}

static void fill_methods(struct cs_encrypted_vfs *vfs)
{
    const sqlite3_vfs *below = vfs->below;
    vfs->base = (sqlite3_vfs){
        .iVersion = below->iVersion >= 2 ? 2 : 1,
        .szOsFile = (int)sizeof(struct cs_encrypted_file) + below->szOsFile,
        .mxPathname = below->mxPathname,
        .zName = vfs->name,
        .pAppData = vfs,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xDlOpen = vfs_library_open,
        .xDlError = vfs_library_error,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = below->xCurrentTime == NULL ? NULL : vfs_time,
        .xGetLastError = vfs_error,
        .xCurrentTimeInt64 = below->iVersion >= 2 ? vfs_time_integer : NULL,
    };
}

enum cs_status cs_encrypted_vfs_create(const struct cs_world *world, struct cs_bytes file_key,
                                       uint32_t epoch, struct cs_encrypted_vfs **out)
{
    *out = NULL;
    cs_require(file_key.size == CS_ENCRYPTED_KEY_SIZE);
    struct cs_encrypted_vfs *vfs = cs_alloc_zero(1, sizeof *vfs);
    if (vfs == NULL) {
        return CS_NO_MEMORY;
    }
    vfs->world = world;
    vfs->epoch = epoch;
    vfs->own_files = world->sqlite_vfs == NULL;
    vfs->below = sqlite3_vfs_find(world->sqlite_vfs);
    (void)snprintf(vfs->name, sizeof vfs->name, "countersign-%p", (void *)vfs);
    enum cs_status status = vfs->below == NULL ? CS_NOT_FOUND : CS_OK;
    if (status == CS_OK) {
        status = cs_secret_create_copy(file_key, &vfs->file_key);
    }
    if (status == CS_OK) {
        fill_methods(vfs);
        status = cs_sqlite_status(sqlite3_vfs_register(&vfs->base, 0), 0);
    }
    if (status != CS_OK) {
        cs_secret_destroy(vfs->file_key);
        cs_free(vfs);
        return status;
    }
    *out = vfs;
    return CS_OK;
}

void cs_encrypted_vfs_destroy(struct cs_encrypted_vfs *vfs)
{
    if (vfs == NULL) {
        return;
    }
    cs_require(vfs->open_list == NULL);
    (void)sqlite3_vfs_unregister(&vfs->base);
    cs_secret_destroy(vfs->file_key);
    cs_free(vfs);
}

const char *cs_encrypted_vfs_name(const struct cs_encrypted_vfs *vfs)
{
    return vfs->name;
}

void cs_encrypted_vfs_make_default(struct cs_encrypted_vfs *vfs)
{
    int code = sqlite3_vfs_register(&vfs->base, 1);
    cs_require(code == SQLITE_OK);
}
