/* Writing bundles, see bundle_file.h. */
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/bundles/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define BESIDE ".part"

struct cs_bundle_writer {
    struct cs_bundle_header header;
    struct cs_bundle_sum sum;
    bool force;
    int file; /* -1: finished */
    char path[PATH_SIZE];
    char beside[PATH_SIZE];
};

static enum cs_status status_of(int error)
{
    return error == ENOSPC || error == EDQUOT ? CS_DISK_FULL : CS_IO;
}

static enum cs_status write_all(int file, struct cs_bytes bytes, off_t at)
{
    while (bytes.size > 0) {
        ssize_t count = pwrite(file, bytes.data, bytes.size, at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0 ? CS_IO : status_of(errno);
        }
        bytes.data += count;
        bytes.size -= (size_t)count;
        at += count;
    }
    return CS_OK;
}

/* Is what stands there an earlier bundle of the same two? Whether it is whole does not matter: this one has everything. */
static bool is_earlier(const char *path, const struct cs_bundle_header *header)
{
    uint8_t bytes[CS_BUNDLE_HEADER_SIZE];
    struct cs_bundle_header found;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t count = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    if (file >= 0) {
        (void)close(file);
    }
    return count == (ssize_t)sizeof bytes &&
           cs_bundle_header_decode(cs_bytes_of_array(bytes), &found) == CS_OK &&
           found.direction == header->direction &&
           memcmp(found.organisation, header->organisation, CS_HASH_SIZE) == 0 &&
           memcmp(found.sender, header->sender, CS_HASH_SIZE) == 0 &&
           memcmp(found.recipient, header->recipient, CS_HASH_SIZE) == 0;
}

static enum cs_status check_place(const struct cs_bundle_writer *writer, struct cs_problem *problem)
{
    struct stat info;
    if (lstat(writer->path, &info) != 0) {
        return errno == ENOENT ? CS_OK
                               : cs_problem_set(problem, CS_IO, "%s cannot be written: %s",
                                                writer->path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return cs_problem_set(problem, CS_INVALID, "%s is there already and is not a file",
                              writer->path);
    }
    return writer->force || is_earlier(writer->path, &writer->header)
               ? CS_OK
               : cs_problem_set(problem, CS_EXISTS,
                                "%s is there already and is not an earlier bundle of this kind: it "
                                "is left alone (--force replaces it)",
                                writer->path);
}

enum cs_status cs_bundle_writer_begin(const char *path, const struct cs_bundle_header *header,
                                      bool force, struct cs_bundle_writer **out,
                                      struct cs_problem *problem)
{
    struct cs_bundle_writer *writer = cs_alloc_zero(1, sizeof *writer);
    if (writer == NULL) {
        return CS_NO_MEMORY;
    }
    writer->file = -1;
    writer->header = *header;
    writer->header.part_count = 0;
    writer->header.total_size = CS_BUNDLE_HEADER_SIZE;
    writer->force = force;
    cs_bundle_sum_init(&writer->sum);
    int length = snprintf(writer->path, sizeof writer->path, "%s", path);
    int longer = snprintf(writer->beside, sizeof writer->beside, "%s" BESIDE, path);
    bool fits = length > 0 && longer > 0 && longer < PATH_SIZE;
    enum cs_status status =
        fits ? check_place(writer, problem)
             : cs_problem_set(problem, CS_INVALID, "the name of the file is too long");
    if (status == CS_OK) {
        /* What an interrupted export left; and a link that somebody put there is not followed. */
        (void)unlink(writer->beside);
        writer->file =
            open(writer->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (writer->file < 0) {
            int error = errno;
            status = cs_problem_set(problem, error == ENOENT ? CS_NOT_FOUND : status_of(error),
                                    "%s cannot be written: %s", path, strerror(error));
        }
    }
    if (status != CS_OK) {
        cs_bundle_writer_end(writer);
        return status;
    }
    *out = writer;
    return CS_OK;
}

enum cs_status cs_bundle_writer_add(struct cs_bundle_writer *writer, struct cs_bytes part)
{
    struct cs_buffer size;
    if (writer->header.part_count == CS_BUNDLE_PARTS_MAX || part.size == 0 ||
        part.size > CS_BUNDLE_PART_MAX) {
        return CS_LIMIT;
    }
    cs_buffer_init(&size, sizeof(uint32_t));
    cs_buffer_append_u32(&size, (uint32_t)part.size);
    off_t at = (off_t)writer->header.total_size;
    enum cs_status status = size.status;
    if (status == CS_OK) {
        status = write_all(writer->file, cs_buffer_bytes(&size), at);
    }
    if (status == CS_OK) {
        status = write_all(writer->file, part, at + (off_t)size.size);
    }
    if (status == CS_OK) {
        writer->header.part_count++;
        writer->header.total_size += size.size + part.size;
        cs_bundle_sum_add(&writer->sum, part);
    }
    cs_buffer_release(&size);
    return status;
}

/* The name is durable with its folder; a file system that cannot sync folders has nothing to make durable. */
static enum cs_status sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    (void)snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    int descriptor = open(slash == NULL ? "."
                          : length == 0 ? "/"
                                        : folder,
                          O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return CS_IO;
    }
    int code = fsync(descriptor) == 0 || errno == EINVAL ? 0 : -1;
    (void)close(descriptor);
    return code == 0 ? CS_OK : CS_IO;
}

static enum cs_status put_header(struct cs_bundle_writer *writer)
{
    struct cs_buffer header;
    cs_buffer_init(&header, CS_BUNDLE_HEADER_SIZE);
    memcpy(writer->header.parts_hash, writer->sum.hash, CS_HASH_SIZE);
    enum cs_status status = cs_bundle_header_encode(&writer->header, &header);
    if (status == CS_OK) {
        status = write_all(writer->file, cs_buffer_bytes(&header), 0);
    }
    cs_buffer_release(&header);
    return status;
}

enum cs_status cs_bundle_writer_finish(struct cs_bundle_writer *writer, uint64_t *out_size,
                                       struct cs_problem *problem)
{
    enum cs_status status = put_header(writer);
    if (status == CS_OK && fsync(writer->file) != 0) {
        status = status_of(errno);
    }
    int file = writer->file;
    writer->file = -1;
    if (close(file) != 0 && status == CS_OK) {
        status = status_of(errno);
    }
    if (status == CS_OK) {
        /* Once more, for it may have taken long to write. */
        status = check_place(writer, problem);
        if (status != CS_OK) {
            (void)unlink(writer->beside);
            return status;
        }
    }
    if (status == CS_OK && rename(writer->beside, writer->path) != 0) {
        status = status_of(errno);
    }
    if (status == CS_OK) {
        status = sync_folder(writer->path);
    }
    if (status != CS_OK) {
        (void)unlink(writer->beside);
        return cs_problem_set(problem, status, "%s cannot be written: %s", writer->path,
                              cs_status_text(status));
    }
    *out_size = writer->header.total_size;
    return CS_OK;
}

void cs_bundle_writer_end(struct cs_bundle_writer *owned_writer)
{
    if (owned_writer != NULL) {
        if (owned_writer->file >= 0) {
            (void)close(owned_writer->file);
            (void)unlink(owned_writer->beside);
        }
        cs_free(owned_writer);
    }
}
