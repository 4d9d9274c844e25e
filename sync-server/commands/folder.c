/* A server's folder, see folder.h. */
#include "sync-server/commands/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum cs_status cs_folder_path(const char *folder, const char *name,
                              char out[static CS_FOLDER_PATH_MAX], struct cs_problem *problem)
{
    int length = snprintf(out, CS_FOLDER_PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= CS_FOLDER_PATH_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the folder's path is too long");
    }
    return CS_OK;
}

static bool file_info(const char *folder, const char *name, struct stat *out)
{
    char path[CS_FOLDER_PATH_MAX];
    return cs_folder_path(folder, name, path, NULL) == CS_OK && stat(path, out) == 0;
}

bool cs_folder_has(const char *folder, const char *name)
{
    struct stat info;
    return file_info(folder, name, &info);
}

int64_t cs_folder_file_size(const char *folder, const char *name)
{
    struct stat info;
    return file_info(folder, name, &info) ? (int64_t)info.st_size : 0;
}

enum cs_status cs_folder_check(const char *folder, struct cs_problem *problem)
{
    struct stat info;
    if (stat(folder, &info) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? cs_problem_set(problem, CS_NOT_FOUND, "the folder %s does not exist", folder)
                   : cs_problem_set(problem, CS_IO, "%s cannot be read: %s", folder,
                                    strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return cs_problem_set(problem, CS_INVALID, "%s is not a folder", folder);
    }
    if (!cs_folder_has(folder, CS_SERVER_DATABASE_FILE) ||
        !cs_folder_has(folder, CS_SERVER_KEYS_FILE)) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "there is no server in %s (it needs " CS_SERVER_DATABASE_FILE
                              " and " CS_SERVER_KEYS_FILE "): make one with init",
                              folder);
    }
    return CS_OK;
}

enum cs_status cs_folder_make(const char *folder, bool *out_made, struct cs_problem *problem)
{
    bool made = mkdir(folder, 0700) == 0;
    if (!made && errno != EEXIST) {
        int error = errno;
        return cs_problem_set(problem, error == ENOENT ? CS_NOT_FOUND : CS_IO,
                              "the folder %s cannot be made: %s", folder, strerror(error));
    }
    struct stat info;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return cs_problem_set(problem, CS_INVALID, "%s is not a folder", folder);
    }
    *out_made = made;
    return CS_OK;
}

enum cs_status cs_folder_is_empty(const char *folder, bool *out, struct cs_problem *problem)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        if (errno == ENOENT) {
            *out = true;
            return CS_OK;
        }
        return cs_problem_set(problem, errno == ENOTDIR ? CS_INVALID : CS_IO,
                              "%s cannot be read: %s", folder, strerror(errno));
    }
    bool empty = true;
    const struct dirent *entry;
    while (empty && (entry = readdir(entries)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    (void)closedir(entries);
    *out = empty;
    return CS_OK;
}

void cs_folder_remove(const char *folder, const char *name)
{
    char path[CS_FOLDER_PATH_MAX];
    if (cs_folder_path(folder, name, path, NULL) == CS_OK) {
        (void)unlink(path);
    }
}

void cs_folder_remove_database(const char *folder)
{
    cs_folder_remove(folder, CS_SERVER_DATABASE_FILE);
    cs_folder_remove(folder, CS_SERVER_DATABASE_FILE "-wal");
    cs_folder_remove(folder, CS_SERVER_DATABASE_FILE "-shm");
}

enum cs_status cs_folder_sync(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return CS_IO;
    }
    /* A file system that cannot sync folders (EINVAL) has nothing to make durable. */
    int code = fsync(descriptor) == 0 || errno == EINVAL ? 0 : -1;
    (void)close(descriptor);
    return code == 0 ? CS_OK : CS_IO;
}

/* ---- the lock ---- */

static int open_lock(const char *folder, int flags)
{
    char path[CS_FOLDER_PATH_MAX];
    if (cs_folder_path(folder, CS_FOLDER_LOCK, path, NULL) != CS_OK) {
        return -1;
    }
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

enum cs_status cs_folder_lock(const char *folder, int *out_lock, struct cs_problem *problem)
{
    int descriptor = open_lock(folder, O_RDWR | O_CREAT);
    if (descriptor < 0) {
        return cs_problem_set(problem, CS_IO, "%s/" CS_FOLDER_LOCK " cannot be opened: %s", folder,
                              strerror(errno));
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
        int error = errno;
        (void)close(descriptor);
        return error == EAGAIN || error == EACCES
                   ? cs_problem_set(problem, CS_BUSY, "%s is in use by another countersign-server",
                                    folder)
                   : cs_problem_set(problem, CS_IO, "%s cannot be locked: %s", folder,
                                    strerror(error));
    }
    *out_lock = descriptor;
    return CS_OK;
}

void cs_folder_unlock(int lock)
{
    if (lock >= 0) {
        (void)close(lock);
    }
}

bool cs_folder_is_served(const char *folder)
{
    int descriptor = open_lock(folder, O_RDONLY);
    if (descriptor < 0) {
        return false;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool served = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(descriptor);
    return served;
}

/* ---- the database ---- */

enum cs_status cs_folder_open_reader(const struct cs_admin_surroundings *around, const char *folder,
                                     struct cs_store **out, struct cs_problem *problem)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_store *store = NULL;
    enum cs_status status = cs_folder_path(folder, CS_SERVER_DATABASE_FILE, path, problem);
    if (status == CS_OK) {
        status =
            cs_store_open(around->world, path, CS_STORE_READER, around->registry, &store, problem);
    }
    if (status == CS_OK) {
        status = cs_store_begin(store);
        if (status != CS_OK) {
            (void)cs_problem_set(problem, status, "%s cannot be read: %s", path,
                                 cs_status_text(status));
        }
    }
    if (status != CS_OK) {
        cs_store_close(store);
        return status;
    }
    *out = store;
    return CS_OK;
}
