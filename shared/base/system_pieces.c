/*
 * Files by pieces, see world.h: what is too large to be read or replaced whole.
 *
 * Each call opens and closes the file: pieces are large, so that costs little and nothing has to be kept between calls.
 */
#include "shared/base/memory.h"
#include "shared/base/world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cs_status status_of_errno(int error)
{
    switch (error) {
    case ENOENT:
        return CS_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return CS_DISK_FULL;
    case ENOMEM:
        return CS_NO_MEMORY;
    default:
        return CS_IO;
    }
}

static enum cs_status file_size(void *context, const char *path, uint64_t *out)
{
    (void)context;
    struct stat found;
    if (stat(path, &found) != 0) {
        return status_of_errno(errno);
    }
    if (!S_ISREG(found.st_mode)) {
        return CS_IO;
    }
    *out = (uint64_t)found.st_size;
    return CS_OK;
}

static enum cs_status read_piece(int file, uint64_t offset, size_t size, struct cs_buffer *out)
{
    size_t before = out->size;
    uint8_t *place = cs_buffer_extend(out, size);
    if (place == NULL) {
        return out->status;
    }
    size_t taken = 0;
    ssize_t count = 1;
    while (taken < size && count != 0) {
        count = pread(file, place + taken, size - taken, (off_t)(offset + taken));
        if (count > 0) {
            taken += (size_t)count;
        } else if (count < 0 && errno != EINTR) {
            break;
        }
    }
    out->size = before + (count < 0 ? 0 : taken);
    return count < 0 ? status_of_errno(errno) : CS_OK;
}

static enum cs_status file_read_at(void *context, const char *path, uint64_t offset, size_t size,
                                   struct cs_buffer *out)
{
    (void)context;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return status_of_errno(errno);
    }
    enum cs_status status = read_piece(file, offset, size, out);
    (void)close(file);
    return status;
}

static enum cs_status write_piece(int file, uint64_t offset, struct cs_bytes content)
{
    while (content.size > 0) {
        ssize_t count = pwrite(file, content.data, content.size, (off_t)offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? status_of_errno(errno) : CS_IO;
        }
        content.data += count;
        content.size -= (size_t)count;
        offset += (uint64_t)count;
    }
    return CS_OK;
}

static enum cs_status file_write_at(void *context, const char *path, uint64_t offset,
                                    struct cs_bytes content)
{
    (void)context;
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return status_of_errno(errno);
    }
    enum cs_status status = write_piece(file, offset, content);
    if (close(file) != 0 && status == CS_OK) {
        status = status_of_errno(errno);
    }
    return status;
}

static enum cs_status sync_path(const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC);
    if (file < 0) {
        return status_of_errno(errno);
    }
    /* A file system that cannot sync folders (EINVAL) has nothing to make durable. */
    enum cs_status status = fsync(file) == 0 || errno == EINVAL ? CS_OK : status_of_errno(errno);
    (void)close(file);
    return status;
}

static enum cs_status sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *folder = cs_alloc(size + 2);
    if (folder == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(folder, path, size);
    memcpy(folder + size, ".", 2);
    enum cs_status status = sync_path(folder, O_RDONLY | O_DIRECTORY);
    cs_free(folder);
    return status;
}

static enum cs_status file_settle(void *context, const char *path, const char *name)
{
    (void)context;
    enum cs_status status = sync_path(path, O_RDONLY);
    if (status == CS_OK && rename(path, name) != 0) {
        status = status_of_errno(errno);
    }
    return status != CS_OK ? status : sync_folder_of(name);
}

static enum cs_status file_remove(void *context, const char *path)
{
    (void)context;
    return unlink(path) == 0 || errno == ENOENT ? CS_OK : status_of_errno(errno);
}

static enum cs_status folder_make(void *context, const char *path)
{
    (void)context;
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST ? CS_OK : status_of_errno(errno);
    }
    return sync_folder_of(path);
}

void cs_world_system_pieces(struct cs_world *out)
{
    out->file_size = file_size;
    out->file_read_at = file_read_at;
    out->file_write_at = file_write_at;
    out->file_settle = file_settle;
    out->file_remove = file_remove;
    out->folder_make = folder_make;
}
