/* Reading bundles, see bundle_file.h. */
#include "shared/base/limits.h"
#include "shared/bundles/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A part is preceded by its size. */
#define SIZE_SIZE ((size_t)4)

static enum cs_status read_exact(FILE *file, void *out, size_t size)
{
    if (fread(out, 1, size, file) == size) {
        return CS_OK;
    }
    return ferror(file) != 0 ? CS_IO : CS_CORRUPT;
}

static enum cs_status file_size(FILE *file, uint64_t *out)
{
    if (fseeko(file, 0, SEEK_END) != 0) {
        return CS_IO;
    }
    off_t size = ftello(file);
    if (size < 0 || fseeko(file, 0, SEEK_SET) != 0) {
        return CS_IO;
    }
    *out = (uint64_t)size;
    return CS_OK;
}

/* `status` in words, for a file whose header cannot be read. */
static enum cs_status no_header(const char *name, uint64_t size, enum cs_status status,
                                struct cs_problem *problem)
{
    switch ((int)status) {
    case CS_UNSUPPORTED:
        return cs_problem_set(problem, status,
                              "%s is a bundle of a later version: upgrade this program", name);
    case CS_CORRUPT:
        return cs_problem_set(problem, status, "%s is damaged in its first bytes: copy it again",
                              name);
    case CS_MALFORMED:
        return size < CS_BUNDLE_HEADER_SIZE
                   ? cs_problem_set(problem, status,
                                    "%s ends after %llu bytes, fewer than any bundle has: copy it "
                                    "again",
                                    name, (unsigned long long)size)
                   : cs_problem_set(problem, status, "%s is not a bundle", name);
    default:
        return cs_problem_set(problem, status, "%s cannot be read: %s", name,
                              cs_status_text(status));
    }
}

static enum cs_status read_header(struct cs_bundle_reader *reader, const char *name, uint64_t size,
                                  struct cs_problem *problem)
{
    uint8_t bytes[CS_BUNDLE_HEADER_SIZE];
    size_t count = size < sizeof bytes ? (size_t)size : sizeof bytes;
    enum cs_status status = read_exact(reader->file, bytes, count);
    if (status == CS_OK) {
        status = cs_bundle_header_decode(cs_bytes_make(bytes, count), &reader->header);
    }
    return status == CS_OK ? CS_OK : no_header(name, size, status, problem);
}

static enum cs_status check_length(const struct cs_bundle_reader *reader, const char *name,
                                   uint64_t size, struct cs_problem *problem)
{
    unsigned long long total = (unsigned long long)reader->header.total_size;
    if (size < total) {
        return cs_problem_set(problem, CS_MALFORMED,
                              "%s ends after %llu of %llu bytes: copying was interrupted, copy it "
                              "again",
                              name, (unsigned long long)size, total);
    }
    return size == total
               ? CS_OK
               : cs_problem_set(problem, CS_MALFORMED,
                                "%s has %llu bytes, but the bundle in it has %llu: copy it again",
                                name, (unsigned long long)size, total);
}

static bool differs(const uint8_t *expected, const uint8_t *given)
{
    return expected != NULL && memcmp(expected, given, CS_HASH_SIZE) != 0;
}

static enum cs_status check_names(const struct cs_bundle_reader *reader, const char *name,
                                  const struct cs_bundle_expected *expected,
                                  struct cs_problem *problem)
{
    const struct cs_bundle_header *header = &reader->header;
    if (header->direction != expected->direction) {
        return cs_problem_set(problem, CS_INVALID,
                              header->direction == CS_BUNDLE_TO_SERVER
                                  ? "%s was made on a laptop: it is for the server"
                                  : "%s was made by a server: it is for a laptop",
                              name);
    }
    if (differs(expected->organisation, header->organisation)) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION, "%s is of another organisation",
                              name);
    }
    if (header->direction == CS_BUNDLE_TO_SERVER) {
        return differs(expected->recipient, header->recipient)
                   ? cs_problem_set(problem, CS_WRONG_SERVER, "%s is for another server", name)
                   : CS_OK;
    }
    if (differs(expected->sender, header->sender)) {
        return cs_problem_set(problem, CS_WRONG_SERVER, "%s was made by another server", name);
    }
    return differs(expected->recipient, header->recipient)
               ? cs_problem_set(problem, CS_DENIED, "%s is for another laptop than this one", name)
               : CS_OK;
}

/* All parts once, against the header. */
static enum cs_status check_parts(struct cs_bundle_reader *reader, const char *name,
                                  struct cs_problem *problem)
{
    struct cs_bundle_sum sum;
    struct cs_buffer part;
    bool more = true;
    cs_bundle_sum_init(&sum);
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    enum cs_status status = CS_OK;
    while (status == CS_OK && more) {
        cs_buffer_clear(&part);
        status = cs_bundle_reader_next(reader, &part, &more);
        if (status == CS_OK && more) {
            cs_bundle_sum_add(&sum, cs_buffer_bytes(&part));
        }
    }
    cs_buffer_release(&part);
    bool whole = status == CS_OK && ftello(reader->file) == (off_t)reader->header.total_size;
    if (status == CS_CORRUPT || status == CS_LIMIT ||
        (status == CS_OK && (!whole || differs(reader->header.parts_hash, sum.hash)))) {
        return cs_problem_set(problem, CS_CORRUPT,
                              "%s is damaged: it is as long as it should be, but not what was "
                              "written. Copy it again",
                              name);
    }
    return status == CS_OK ? CS_OK
                           : cs_problem_set(problem, status, "%s cannot be read: %s", name,
                                            cs_status_text(status));
}

enum cs_status cs_bundle_reader_take(FILE *owned_file, const char *name,
                                     const struct cs_bundle_expected *expected,
                                     struct cs_bundle_reader *out, struct cs_problem *problem)
{
    struct cs_bundle_reader reader = {.file = owned_file};
    uint64_t size = 0;
    enum cs_status status = file_size(owned_file, &size);
    if (status != CS_OK) {
        (void)cs_problem_set(problem, status, "%s cannot be read", name);
    }
    if (status == CS_OK) {
        status = read_header(&reader, name, size, problem);
    }
    if (status == CS_OK) {
        status = check_length(&reader, name, size, problem);
    }
    if (status == CS_OK) {
        status = check_parts(&reader, name, problem);
    }
    if (status == CS_OK) {
        status = check_names(&reader, name, expected, problem);
    }
    if (status == CS_OK) {
        status = cs_bundle_reader_rewind(&reader);
    }
    if (status != CS_OK) {
        cs_bundle_reader_close(&reader);
        return status;
    }
    *out = reader;
    return CS_OK;
}

enum cs_status cs_bundle_reader_open(const char *path, const struct cs_bundle_expected *expected,
                                     struct cs_bundle_reader *out, struct cs_problem *problem)
{
    struct stat info;
    /* A stick may hold anything under that name, also what would never end. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        int error = errno;
        return cs_problem_set(problem, error == ENOENT ? CS_NOT_FOUND : CS_IO,
                              "%s cannot be opened: %s", path, strerror(error));
    }
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(descriptor);
        return cs_problem_set(problem, CS_INVALID, "%s is not a file", path);
    }
    FILE *file = fdopen(descriptor, "rb");
    if (file == NULL) {
        (void)close(descriptor);
        return CS_NO_MEMORY;
    }
    return cs_bundle_reader_take(file, path, expected, out, problem);
}

enum cs_status cs_bundle_reader_rewind(struct cs_bundle_reader *reader)
{
    reader->next = 0;
    return fseeko(reader->file, (off_t)CS_BUNDLE_HEADER_SIZE, SEEK_SET) == 0 ? CS_OK : CS_IO;
}

enum cs_status cs_bundle_reader_next(struct cs_bundle_reader *reader, struct cs_buffer *out,
                                     bool *out_more)
{
    uint8_t prefix[SIZE_SIZE];
    struct cs_reader sizes;
    if (reader->next == reader->header.part_count) {
        *out_more = false;
        return CS_OK;
    }
    enum cs_status status = read_exact(reader->file, prefix, sizeof prefix);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&sizes, cs_bytes_of_array(prefix));
    size_t size = cs_read_u32(&sizes);
    off_t at = ftello(reader->file);
    if (at < 0 || size > CS_BUNDLE_PART_MAX || (uint64_t)at > reader->header.total_size ||
        size > reader->header.total_size - (uint64_t)at) {
        return at < 0 ? CS_IO : CS_CORRUPT;
    }
    uint8_t *bytes = cs_buffer_extend(out, size);
    if (bytes == NULL && size > 0) {
        return out->status;
    }
    status = size == 0 ? CS_CORRUPT : read_exact(reader->file, bytes, size);
    if (status == CS_OK) {
        reader->next++;
        *out_more = true;
    }
    return status;
}

void cs_bundle_reader_close(struct cs_bundle_reader *reader)
{
    if (reader->file != NULL) {
        (void)fclose(reader->file);
        reader->file = NULL;
    }
}
