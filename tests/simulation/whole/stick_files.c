/* Bundles in memory, see stick_files.h. */
#include "tests/simulation/whole/stick_files.h"

#include "shared/base/limits.h"
#include "shared/bundles/bundle_file.h"

#include <stdlib.h>
#include <string.h>

#define STICK_MAX (64 * CS_MEBI)

struct cs_bundle_writer {
    struct cs_bundle_header header;
    struct cs_bundle_sum sum;
    struct cs_buffer parts;
};

static struct cs_buffer written;
static uint8_t *inserted;
static size_t inserted_size;

struct cs_bytes sim_stick_written(void)
{
    return cs_buffer_bytes(&written);
}

void sim_stick_insert(uint8_t *bytes, size_t size)
{
    inserted = bytes;
    inserted_size = size;
}

enum cs_status __wrap_cs_bundle_writer_begin(const char *path,
                                             const struct cs_bundle_header *header, bool force,
                                             struct cs_bundle_writer **out,
                                             struct cs_problem *problem);
enum cs_status __wrap_cs_bundle_writer_begin(const char *path,
                                             const struct cs_bundle_header *header, bool force,
                                             struct cs_bundle_writer **out,
                                             struct cs_problem *problem)
{
    struct cs_bundle_writer *writer = calloc(1, sizeof *writer);
    (void)path;
    (void)force;
    (void)problem;
    cs_require(writer != NULL);
    writer->header = *header;
    writer->header.part_count = 0;
    cs_bundle_sum_init(&writer->sum);
    cs_buffer_init(&writer->parts, STICK_MAX);
    *out = writer;
    return CS_OK;
}

enum cs_status __wrap_cs_bundle_writer_add(struct cs_bundle_writer *writer, struct cs_bytes part);
enum cs_status __wrap_cs_bundle_writer_add(struct cs_bundle_writer *writer, struct cs_bytes part)
{
    cs_buffer_append_u32(&writer->parts, (uint32_t)part.size);
    cs_buffer_append_bytes(&writer->parts, part);
    cs_bundle_sum_add(&writer->sum, part);
    writer->header.part_count++;
    return writer->parts.status;
}

enum cs_status __wrap_cs_bundle_writer_finish(struct cs_bundle_writer *writer, uint64_t *out_size,
                                              struct cs_problem *problem);
enum cs_status __wrap_cs_bundle_writer_finish(struct cs_bundle_writer *writer, uint64_t *out_size,
                                              struct cs_problem *problem)
{
    struct cs_bundle_header *header = &writer->header;
    (void)problem;
    header->total_size = CS_BUNDLE_HEADER_SIZE + writer->parts.size;
    memcpy(header->parts_hash, writer->sum.hash, CS_HASH_SIZE);
    cs_buffer_release(&written);
    cs_buffer_init(&written, STICK_MAX);
    enum cs_status status = cs_bundle_header_encode(header, &written);
    cs_buffer_append_bytes(&written, cs_buffer_bytes(&writer->parts));
    cs_require(status == CS_OK && written.status == CS_OK);
    *out_size = written.size;
    return CS_OK;
}

void __wrap_cs_bundle_writer_end(struct cs_bundle_writer *owned_writer);
void __wrap_cs_bundle_writer_end(struct cs_bundle_writer *owned_writer)
{
    if (owned_writer != NULL) {
        cs_buffer_release(&owned_writer->parts);
        free(owned_writer);
    }
}

enum cs_status __wrap_cs_bundle_reader_open(const char *path,
                                            const struct cs_bundle_expected *expected,
                                            struct cs_bundle_reader *out,
                                            struct cs_problem *problem);
enum cs_status __wrap_cs_bundle_reader_open(const char *path,
                                            const struct cs_bundle_expected *expected,
                                            struct cs_bundle_reader *out,
                                            struct cs_problem *problem)
{
    FILE *file = fmemopen(inserted, inserted_size, "rb");
    cs_require(file != NULL);
    return cs_bundle_reader_take(file, path, expected, out, problem);
}
