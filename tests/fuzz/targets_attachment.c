/* Fuzzing entry of attachments: their messages, their chunks; see targets.h. */
#include "shared/attachment/attachment.h"
#include "shared/base/limits.h"
#include "shared/wire/compression.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/shared_wire/attachment_samples.h"

#define ARENA_MAX (64 * CS_MEBI)

static void try_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_buffer again;
    struct cs_attachment_request first;
    struct cs_attachment_request second;
    cs_buffer_init(&again, CS_REQUEST_MAX);
    if (cs_attachment_request_decode(bytes, arena, &first) == CS_OK) {
        cs_require(cs_attachment_request_encode(&first, &again) == CS_OK);
        cs_require(cs_attachment_request_decode(cs_buffer_bytes(&again), arena, &second) == CS_OK);
        cs_require(sample_attachment_requests_equal(&first, &second));
    }
    cs_buffer_release(&again);
}

static void try_response(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_buffer again;
    struct cs_attachment_response first;
    struct cs_attachment_response second;
    cs_buffer_init(&again, CS_RESPONSE_MAX);
    if (cs_attachment_response_decode(bytes, arena, &first) == CS_OK) {
        cs_require(cs_attachment_response_encode(&first, &again) == CS_OK);
        cs_require(cs_attachment_response_decode(cs_buffer_bytes(&again), arena, &second) == CS_OK);
        cs_require(sample_attachment_responses_equal(&first, &second));
    }
    cs_buffer_release(&again);
}

/* A form from the first bytes; the rest as list and as chunk. Nobody finds what verifies. */
static void try_chunk(struct cs_bytes bytes)
{
    static const uint8_t key[CS_ATTACHMENT_KEY_SIZE];
    static const uint8_t organisation[CS_HASH_SIZE];
    struct cs_reader reader;
    struct cs_buffer plain;
    cs_reader_init(&reader, bytes);
    const struct cs_attachment_form form = {cs_read_u64(&reader), cs_read_u32(&reader)};
    struct cs_attachment_place place = {organisation, form, cs_read_u8(&reader)};
    if (reader.status != CS_OK || cs_attachment_form_check(&form) != CS_OK) {
        return;
    }
    cs_buffer_init(&plain, CS_ATTACHMENT_CHUNK_MAX);
    cs_require(cs_attachment_list_check(&form, key, reader.rest) != CS_OK);
    cs_require(cs_attachment_chunk_check(&form, reader.rest, place.index, reader.rest) != CS_OK);
    cs_require(cs_attachment_chunk_open(cs_bytes_of_array(key), &place, reader.rest, &plain) !=
               CS_OK);
    cs_buffer_release(&plain);
}

void fuzz_attachment(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_buffer frame;
    const struct cs_bytes bytes = cs_bytes_make(data, size);
    cs_arena_init(&arena, ARENA_MAX);
    cs_buffer_init(&frame, CS_RESPONSE_MAX);
    cs_require(cs_compress(bytes, &frame) == CS_OK);
    try_request(bytes, &arena);
    try_response(bytes, &arena);
    try_request(cs_buffer_bytes(&frame), &arena);
    try_response(cs_buffer_bytes(&frame), &arena);
    try_chunk(bytes);
    cs_buffer_release(&frame);
    cs_arena_release(&arena);
}
