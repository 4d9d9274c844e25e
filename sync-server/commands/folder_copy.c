/* Copying one file of a server's folder, see folder.h. */
#include "sync-server/commands/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_SIZE ((size_t)64 * 1024)

static enum cs_status status_of(int error)
{
    switch (error) {
    case ENOENT:
        return CS_NOT_FOUND;
    case EEXIST:
        return CS_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return CS_DISK_FULL;
    default:
        return CS_IO;
    }
}

static bool write_all(int target, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(target, data, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        data += count;
        size -= (size_t)count;
    }
    return true;
}

static bool copy_bytes(int source, int target)
{
    uint8_t chunk[CHUNK_SIZE];
    for (;;) {
        ssize_t count = read(source, chunk, sizeof chunk);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0 && fsync(target) == 0;
        }
        if (!write_all(target, chunk, (size_t)count)) {
            return false;
        }
    }
}

static enum cs_status copy_path(const char *source_path, const char *target_path,
                                struct cs_problem *problem)
{
    int source = open(source_path, O_RDONLY | O_CLOEXEC);
    if (source < 0) {
        int error = errno;
        return cs_problem_set(problem, status_of(error), "%s cannot be read: %s", source_path,
                              strerror(error));
    }
    int target = open(target_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum cs_status status = target < 0 ? status_of(errno) : CS_OK;
    if (status == CS_OK && !copy_bytes(source, target)) {
        status = status_of(errno);
    }
    if (target >= 0 && close(target) != 0 && status == CS_OK) {
        status = CS_IO;
    }
    (void)close(source);
    if (status != CS_OK) {
        if (target >= 0) {
            (void)unlink(target_path);
        }
        return cs_problem_set(problem, status, "%s cannot be copied to %s: %s", source_path,
                              target_path, cs_status_text(status));
    }
    return CS_OK;
}

enum cs_status cs_folder_copy(const char *from, const char *to, const char *name,
                              struct cs_problem *problem)
{
    char source[CS_FOLDER_PATH_MAX];
    char target[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_folder_path(from, name, source, problem);
    if (status == CS_OK) {
        status = cs_folder_path(to, name, target, problem);
    }
    if (status == CS_OK) {
        status = copy_path(source, target, problem);
    }
    return status == CS_OK ? cs_folder_sync(to) : status;
}
