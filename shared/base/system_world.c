/*
 * The real world, see world.h: the operating system's clocks, randomness and files.
 *
 * Made once by each program's main and handed down. errno is translated here and goes no further.
 */
#include "shared/base/world.h"

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/base/overwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = {0};
    cs_require(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t monotonic_ms(void *context)
{
    (void)context;
    /* Unlike CLOCK_MONOTONIC it goes on while a laptop sleeps, and leases must. */
    return clock_ms(CLOCK_BOOTTIME);
}

static int offset_minutes(void *context)
{
    (void)context;
    time_t now = time(NULL);
    struct tm local = {0};
    return localtime_r(&now, &local) == NULL ? 0 : (int)(local.tm_gmtoff / 60);
}

static void boot_id(void *context, uint8_t out[static 16])
{
    (void)context;
    uint8_t text[CS_ID_TEXT_SIZE - 1];
    struct cs_id id = {{0}};
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t size = read(file, text, sizeof text);
        /* Without it the id stays zero: every start then looks the same, which only weakens a time
         * proof. */
        if (size != (ssize_t)sizeof text || cs_id_parse(cs_bytes_of_array(text), &id) != CS_OK) {
            id = (struct cs_id){{0}};
        }
        (void)close(file);
    }
    memcpy(out, id.bytes, CS_ID_SIZE);
}

static void random_bytes(void *context, uint8_t *out, size_t size)
{
    (void)context;
    while (size > 0) {
        ssize_t count = getrandom(out, size, 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        cs_require(count > 0);
        out += count;
        size -= (size_t)count;
    }
}

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

static enum cs_status read_all(int file, struct cs_buffer *out)
{
    uint8_t chunk[4096];
    ssize_t count = 0;
    do {
        count = read(file, chunk, sizeof chunk);
        if (count > 0) {
            cs_buffer_append(out, chunk, (size_t)count);
        }
    } while (out->status == CS_OK && (count > 0 || (count < 0 && errno == EINTR)));
    enum cs_status status = count < 0 ? status_of_errno(errno) : out->status;
    /* Key files are read this way too. */
    cs_wipe(chunk, sizeof chunk);
    return status;
}

static enum cs_status file_read(void *context, const char *path, struct cs_buffer *out)
{
    (void)context;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return status_of_errno(errno);
    }
    size_t size_before = out->size;
    enum cs_status status = read_all(file, out);
    if (status != CS_OK) {
        out->size = size_before;
    }
    (void)close(file);
    return status;
}

static enum cs_status write_all(int file, struct cs_bytes content)
{
    while (content.size > 0) {
        ssize_t count = write(file, content.data, content.size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? status_of_errno(errno) : CS_IO;
        }
        content.data += count;
        content.size -= (size_t)count;
    }
    return fsync(file) == 0 ? CS_OK : status_of_errno(errno);
}

/* Opened before anything is written, so that after the rename nothing but the disk itself can fail.
 */
static enum cs_status open_folder(const char *path, int *out_folder)
{
    const char *slash = strrchr(path, '/');
    /* With its slash, so that the root folder needs no special case. */
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *folder = cs_alloc(size + 2);
    if (folder == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(folder, path, size);
    memcpy(folder + size, ".", 2);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum cs_status status = file < 0 ? status_of_errno(errno) : CS_OK;
    cs_free(folder);
    if (status == CS_OK) {
        *out_folder = file;
    }
    return status;
}

/* A file system that cannot sync folders (EINVAL) has nothing to make durable. */
static enum cs_status sync_folder(int folder)
{
    return fsync(folder) == 0 || errno == EINVAL ? CS_OK : status_of_errno(errno);
}

static enum cs_status write_temporary(char *template_path, struct cs_bytes content)
{
    /* Made with mode 0600. */
    int file = mkostemp(template_path, O_CLOEXEC);
    if (file < 0) {
        return status_of_errno(errno);
    }
    enum cs_status status = write_all(file, content);
    if (close(file) != 0 && status == CS_OK) {
        status = status_of_errno(errno);
    }
    if (status != CS_OK) {
        (void)unlink(template_path);
    }
    return status;
}

static enum cs_status replace_in(int folder, const char *path, struct cs_bytes content)
{
    static const char suffix[] = ".tmp-XXXXXX";
    size_t path_size = strlen(path);
    char *temporary = cs_alloc(path_size + sizeof suffix);
    if (temporary == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(temporary, path, path_size);
    memcpy(temporary + path_size, suffix, sizeof suffix);
    enum cs_status status = write_temporary(temporary, content);
    if (status == CS_OK && rename(temporary, path) != 0) {
        status = status_of_errno(errno);
        (void)unlink(temporary);
    } else if (status == CS_OK) {
        status = sync_folder(folder);
    }
    cs_free(temporary);
    return status;
}

static enum cs_status file_replace(void *context, const char *path, struct cs_bytes content)
{
    (void)context;
    int folder = -1;
    enum cs_status status = open_folder(path, &folder);
    if (status != CS_OK) {
        return status;
    }
    int before = content.size == 0 ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    status = replace_in(folder, path, content);
    if (status == CS_OK && before >= 0) {
        status = cs_file_overwrite(before);
    }
    if (before >= 0) {
        (void)close(before);
    }
    (void)close(folder);
    return status;
}

void cs_world_system(struct cs_world *out)
{
    *out = (struct cs_world){
        .wall_ms = wall_ms,
        .offset_minutes = offset_minutes,
        .monotonic_ms = monotonic_ms,
        .boot_id = boot_id,
        .random = random_bytes,
        .file_read = file_read,
        .file_replace = file_replace,
    };
    cs_world_system_pieces(out);
}
