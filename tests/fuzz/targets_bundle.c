/* Fuzzing entries of bundles, see targets.h: what is on a stick, and what its parts say. */
#include "shared/base/limits.h"
#include "shared/bundles/bundle_file.h"
#include "shared/wire/compression.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/shared_wire/bundle_samples.h"

#define ARENA_MAX (64 * CS_MEBI)
#define SIZE_SIZE ((size_t)4)

/* ---- parts ---- */

static void try_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_buffer again;
    struct cs_bundle_request first;
    struct cs_bundle_request second;
    cs_buffer_init(&again, CS_REQUEST_MAX);
    if (cs_bundle_request_decode(bytes, arena, &first) == CS_OK) {
        cs_require(cs_bundle_request_encode(&first, &again) == CS_OK);
        cs_require(cs_bundle_request_decode(cs_buffer_bytes(&again), arena, &second) == CS_OK);
        cs_require(sample_bundle_requests_equal(&first, &second));
    }
    cs_buffer_release(&again);
}

static void try_answer(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_buffer again;
    struct cs_bundle_answer first;
    struct cs_bundle_answer second;
    cs_buffer_init(&again, CS_BUNDLE_PART_MAX);
    if (cs_bundle_answer_decode(bytes, arena, &first) == CS_OK) {
        cs_require(cs_bundle_answer_encode(&first, &again) == CS_OK);
        cs_require(cs_bundle_answer_decode(cs_buffer_bytes(&again), arena, &second) == CS_OK);
        cs_require(sample_bundle_answers_equal(&first, &second));
    }
    cs_buffer_release(&again);
}

void fuzz_bundle(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_buffer frame;
    const struct cs_bytes bytes = cs_bytes_make(data, size);
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    cs_require(cs_compress(bytes, &frame) == CS_OK);
    try_request(bytes, &arena);
    try_answer(bytes, &arena);
    try_request(cs_buffer_bytes(&frame), &arena);
    try_answer(cs_buffer_bytes(&frame), &arena);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}

/* ---- files ---- */

/* Opened as a stick's file; what is accepted has the parts that its header counts, twice over. */
static bool try_file(struct cs_bytes bytes, enum cs_bundle_direction direction)
{
    const struct cs_bundle_expected expected = {direction, NULL, NULL, NULL};
    struct cs_bundle_reader reader;
    struct cs_buffer part;
    struct cs_buffer content;
    cs_buffer_init(&content, SIZE_MAX);
    cs_buffer_append_bytes(&content, bytes);
    cs_require(content.status == CS_OK);
    FILE *file = content.size == 0 ? NULL : fmemopen(content.data, content.size, "rb");
    bool accepted =
        file != NULL && cs_bundle_reader_take(file, "a file", &expected, &reader, NULL) == CS_OK;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    if (accepted) {
        for (uint32_t round = 0; round < 2; round++) {
            bool more = true;
            uint32_t count = 0;
            cs_require(cs_bundle_reader_rewind(&reader) == CS_OK);
            while (more) {
                cs_buffer_clear(&part);
                cs_require(cs_bundle_reader_next(&reader, &part, &more) == CS_OK);
                count += more ? 1 : 0;
            }
            cs_require(count == reader.header.part_count);
        }
        cs_bundle_reader_close(&reader);
    }
    cs_buffer_release(&part);
    cs_buffer_release(&content);
    return accepted;
}

/* What a header would have to say of these bytes, were they parts; false: they are none. */
static bool describe(struct cs_bytes bytes, struct cs_bundle_header *header)
{
    struct cs_reader reader;
    struct cs_bundle_sum sum;
    bool whole = true;
    cs_reader_init(&reader, bytes);
    cs_bundle_sum_init(&sum);
    while (whole && reader.rest.size > 0) {
        size_t size = reader.rest.size < SIZE_SIZE ? 0 : cs_read_u32(&reader);
        whole = size > 0 && size <= reader.rest.size;
        if (whole) {
            cs_bundle_sum_add(&sum, cs_bytes_make(reader.rest.data, size));
            reader.rest.data += size;
            reader.rest.size -= size;
            header->part_count++;
        }
    }
    memcpy(header->parts_hash, sum.hash, CS_HASH_SIZE);
    whole = whole && header->part_count > 0 && header->part_count <= CS_BUNDLE_PARTS_MAX;
    header->part_count = whole ? header->part_count : 1;
    return whole;
}

/* Behind a header that fits them as far as it can: accepted exactly if they are parts. */
void fuzz_bundle_file(const uint8_t *data, size_t size)
{
    const struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_buffer file;
    (void)try_file(bytes, CS_BUNDLE_TO_SERVER);
    (void)try_file(bytes, CS_BUNDLE_TO_DEVICE);
    if (size == 0) {
        return;
    }
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_DEVICE,
                                      .total_size = CS_BUNDLE_HEADER_SIZE + size};
    bool whole = describe(bytes, &header);
    cs_buffer_init(&file, SIZE_MAX);
    cs_require(cs_bundle_header_encode(&header, &file) == CS_OK);
    cs_buffer_append_bytes(&file, bytes);
    cs_require(try_file(cs_buffer_bytes(&file), CS_BUNDLE_TO_DEVICE) == whole);
    cs_require(!try_file(cs_buffer_bytes(&file), CS_BUNDLE_TO_SERVER));
    cs_buffer_release(&file);
}
