/*
 * Whole-file work: the integrity check and the consistent copy.
 */
#include "shared/storage/database_internal.h"

#include "shared/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * SQLite reports a page that it could not read among the findings. Such a line is a failure of the disk or of memory
 * and no damage: "… error code=N" names the result, "failed to get page" has none.
 */
static enum cs_status finding_status(const char *finding)
{
    static const char *const marks[] = {"error code=", "error code "};
    for (size_t i = 0; i < CS_COUNT(marks); i++) {
        const char *mark = strstr(finding, marks[i]);
        if (mark != NULL) {
            enum cs_status status =
                cs_sqlite_status((int)strtol(mark + strlen(marks[i]), NULL, 10), 0);
            return status == CS_OK || status == CS_USAGE ? CS_CORRUPT : status;
        }
    }
    return strstr(finding, "failed to get page") != NULL ? CS_IO : CS_CORRUPT;
}

enum cs_status cs_database_check(struct cs_database *database, struct cs_problem *problem)
{
    enum cs_status status = cs_database_ready(database);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", cs_status_text(status));
    }
    char finding[CS_PROBLEM_TEXT_MAX];
    int code = cs_sqlite_query_text(database->handle, "PRAGMA integrity_check(1)", finding,
                                    sizeof finding);
    if (code != SQLITE_OK) {
        status = cs_database_result(database, code);
        return cs_problem_set(problem, status, "%s", cs_database_error(database));
    }
    if (strcmp(finding, "ok") == 0) {
        return CS_OK;
    }
    if (finding[0] == '\0') {
        return cs_problem_set(problem, CS_NO_MEMORY, "%s", cs_status_text(CS_NO_MEMORY));
    }
    return cs_problem_set(problem, finding_status(finding), "%s", finding);
}

enum cs_status cs_database_cut_log(struct cs_database *database)
{
    enum cs_status status = cs_database_ready(database);
    char busy[8];
    if (status != CS_OK) {
        return status;
    }
    int code = cs_sqlite_query_text(database->handle, "PRAGMA wal_checkpoint(TRUNCATE)", busy,
                                    sizeof busy);
    if (code != SQLITE_OK) {
        return cs_database_result(database, code);
    }
    return strcmp(busy, "0") == 0 ? CS_OK : CS_BUSY;
}

/* Makes the name durable. A VFS of the world may keep its files elsewhere; then there is no such folder. */
static enum cs_status sync_folder(const char *path, bool may_be_missing)
{
    const char *slash = strrchr(path, '/');
    cs_require(slash != NULL);
    size_t size = slash == path ? 1 : (size_t)(slash - path);
    char *folder = cs_alloc_zero(1, size + 1);
    if (folder == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(folder, path, size);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int open_error = errno;
    cs_free(folder);
    if (descriptor < 0) {
        return may_be_missing && open_error == ENOENT ? CS_OK : CS_IO;
    }
    int code = fsync(descriptor);
    (void)close(descriptor);
    return code == 0 ? CS_OK : CS_IO;
}

/* Through the VFS, so that a VFS with files of its own is asked and not the operating system. */
static int sync_file(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || file == NULL || file->pMethods == NULL) {
        return code != SQLITE_OK ? code : SQLITE_IOERR_FSYNC;
    }
    return file->pMethods->xSync(file, SQLITE_SYNC_FULL);
}

static int copy_pages(sqlite3 *source, sqlite3 *target)
{
    (void)sqlite3_extended_result_codes(target, 1);
    /* The file is new and goes if anything fails, so there is nothing that a journal could bring back. */
    int code =
        sqlite3_exec(target, "PRAGMA journal_mode=OFF; PRAGMA mmap_size=0", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup == NULL) {
        return sqlite3_extended_errcode(target);
    }
    code = sqlite3_backup_step(backup, -1);
    int end_code = sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) {
        return code == SQLITE_OK ? SQLITE_ERROR : code;
    }
    return end_code;
}

static enum cs_status copy_into(struct cs_database *database, const char *path)
{
    sqlite3 *target = NULL;
    errno = 0;
    int code = sqlite3_open_v2(path, &target,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               database->vfs);
    if (code == SQLITE_OK) {
        code = copy_pages(database->handle, target);
    }
    if (code == SQLITE_OK) {
        code = sync_file(target);
    }
    enum cs_status status = cs_sqlite_status(code, errno);
    int close_code = sqlite3_close(target);
    cs_require(close_code == SQLITE_OK);
    return status == CS_OK ? sync_folder(path, database->vfs != NULL) : status;
}

/* Refuses what exists; the file itself is made here only where it is one of this machine. */
static enum cs_status reserve_target(struct cs_database *database, sqlite3_vfs *vfs,
                                     const char *path)
{
    if (database->vfs == NULL) {
        return cs_file_create_private(path);
    }
    int exists = 0;
    int code = vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists);
    if (code != SQLITE_OK) {
        return cs_sqlite_status(code, 0);
    }
    return exists != 0 ? CS_EXISTS : CS_OK;
}

enum cs_status cs_database_copy(struct cs_database *database, const char *path,
                                struct cs_problem *problem)
{
    enum cs_status status = CS_NO_MEMORY;
    sqlite3_vfs *vfs = sqlite3_vfs_find(database->vfs);
    char *target = cs_sqlite_path(path);
    cs_require(vfs != NULL);
    if (target != NULL) {
        status = reserve_target(database, vfs, target);
    }
    if (status == CS_OK) {
        status = copy_into(database, target);
        if (status != CS_OK) {
            (void)vfs->xDelete(vfs, target, 0);
        }
    }
    cs_free(target);
    if (status == CS_OK) {
        return CS_OK;
    }
    return cs_problem_set(problem, status, "the copy %s cannot be made: %s", path,
                          cs_status_text(status));
}
