/* Bundles (BUNDLE.md), see bundle.h. */
#include "shared/wire/bundle.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/scopes.h"

#include <string.h>

#define MAGIC_SIZE 4
static const uint8_t magic[MAGIC_SIZE] = {'C', 'S', 'B', 'U'};
#define VERSION 1
#define HEADER_LABEL "countersign bundle header"
#define PARTS_LABEL "countersign bundle parts"
#define PART_LABEL "countersign bundle part"
#define CHECKED_SIZE (CS_BUNDLE_HEADER_SIZE - CS_HASH_SIZE)

/* first counter, sync request */
#define REQUEST_ITEMS 2
/* bundle, number, last, kind, body, from, log size, peaks, leaves */
#define ANSWER_ITEMS 9
#define PEAKS_MAX ((size_t)64 * CS_HASH_SIZE)

static bool header_valid(const struct cs_bundle_header *header)
{
    return (header->direction == CS_BUNDLE_TO_SERVER || header->direction == CS_BUNDLE_TO_DEVICE) &&
           header->part_count >= 1 && header->part_count <= CS_BUNDLE_PARTS_MAX &&
           header->total_size > CS_BUNDLE_HEADER_SIZE && header->total_size <= INT64_MAX &&
           header->made_ms >= 0;
}

enum cs_status cs_bundle_header_encode(const struct cs_bundle_header *header, struct cs_buffer *out)
{
    struct cs_buffer part;
    uint8_t hash[CS_HASH_SIZE];
    if (!header_valid(header)) {
        return CS_INVALID;
    }
    cs_buffer_init(&part, CS_BUNDLE_HEADER_SIZE);
    cs_buffer_append(&part, magic, sizeof magic);
    cs_buffer_append_u8(&part, VERSION);
    cs_buffer_append_u8(&part, (uint8_t)header->direction);
    cs_buffer_append(&part, header->organisation, sizeof header->organisation);
    cs_buffer_append(&part, header->sender, sizeof header->sender);
    cs_buffer_append(&part, header->recipient, sizeof header->recipient);
    cs_buffer_append_u64(&part, (uint64_t)header->made_ms);
    cs_buffer_append_u64(&part, header->total_size);
    cs_buffer_append_u32(&part, header->part_count);
    cs_buffer_append(&part, header->parts_hash, sizeof header->parts_hash);
    cs_hash(HEADER_LABEL, cs_buffer_bytes(&part), hash);
    cs_buffer_append(&part, hash, sizeof hash);
    enum cs_status status = part.status;
    if (status == CS_OK) {
        cs_require(part.size == CS_BUNDLE_HEADER_SIZE);
        cs_buffer_append_bytes(out, cs_buffer_bytes(&part));
        status = out->status;
    }
    cs_buffer_release(&part);
    return status;
}

enum cs_status cs_bundle_header_decode(struct cs_bytes bytes, struct cs_bundle_header *out)
{
    uint8_t hash[CS_HASH_SIZE];
    struct cs_bundle_header header;
    struct cs_reader reader;
    if (bytes.size < CS_BUNDLE_HEADER_SIZE || memcmp(bytes.data, magic, sizeof magic) != 0) {
        return CS_MALFORMED;
    }
    if (bytes.data[MAGIC_SIZE] != VERSION) {
        return CS_UNSUPPORTED;
    }
    cs_hash(HEADER_LABEL, cs_bytes_make(bytes.data, CHECKED_SIZE), hash);
    if (memcmp(hash, bytes.data + CHECKED_SIZE, sizeof hash) != 0) {
        return CS_CORRUPT;
    }
    cs_reader_init(&reader,
                   cs_bytes_make(bytes.data + MAGIC_SIZE + 1, CHECKED_SIZE - MAGIC_SIZE - 1));
    header.direction = (enum cs_bundle_direction)cs_read_u8(&reader);
    cs_read_copy(&reader, header.organisation, sizeof header.organisation);
    cs_read_copy(&reader, header.sender, sizeof header.sender);
    cs_read_copy(&reader, header.recipient, sizeof header.recipient);
    header.made_ms = (int64_t)cs_read_u64(&reader);
    header.total_size = cs_read_u64(&reader);
    header.part_count = cs_read_u32(&reader);
    cs_read_copy(&reader, header.parts_hash, sizeof header.parts_hash);
    enum cs_status status = cs_reader_finish(&reader);
    if (status == CS_OK) {
        status = header_valid(&header) ? CS_OK : CS_MALFORMED;
    }
    if (status == CS_OK) {
        *out = header;
    }
    return status;
}

void cs_bundle_sum_init(struct cs_bundle_sum *sum)
{
    cs_hash(PARTS_LABEL, CS_BYTES_NONE, sum->hash);
}

void cs_bundle_sum_add(struct cs_bundle_sum *sum, struct cs_bytes part)
{
    uint8_t next[CS_HASH_SIZE];
    const struct cs_bytes parts[] = {cs_bytes_of_array(sum->hash), part};
    cs_hash_parts(PART_LABEL, parts, CS_COUNT(parts), next);
    memcpy(sum->hash, next, sizeof next);
}

enum cs_status cs_bundle_request_encode(const struct cs_bundle_request *request,
                                        struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, CS_REQUEST_MAX, REQUEST_ITEMS);
    bool valid = request->first_counter >= 1 && request->first_counter <= INT64_MAX;
    cs_cbor_put_unsigned(&plain, request->first_counter);
    cs_cbor_put_bytes(&plain, request->sync);
    return cs_message_end(&plain, valid ? CS_OK : CS_INVALID, out);
}

enum cs_status cs_bundle_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_bundle_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_bundle_request request;
    cs_message_open(&reader, bytes, CS_REQUEST_MAX, REQUEST_ITEMS, arena);
    request.first_counter = cs_message_take_bounded(&reader, INT64_MAX);
    request.sync = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK && request.first_counter == 0) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

static bool is_answer_kind(uint64_t kind)
{
    return kind == CS_MESSAGE_SYNC || kind == CS_MESSAGE_FAILURE || kind == CS_MESSAGE_REVOKED;
}

/* Only the first part, and only with rows, says where the bundle begins. */
static enum cs_status check_answer(const struct cs_bundle_answer *answer)
{
    bool begins = answer->number == 1 && answer->kind == CS_MESSAGE_SYNC;
    bool empty = answer->from_count == 0 && answer->log_size == 0 && answer->peaks.size == 0 &&
                 answer->leaves.size == 0;
    if (answer->number < 1 || answer->number > CS_BUNDLE_PARTS_MAX ||
        !is_answer_kind(answer->kind) || (!begins && !empty) || answer->log_size > INT64_MAX ||
        answer->peaks.size % CS_HASH_SIZE != 0 || answer->leaves.size % CS_HASH_SIZE != 0) {
        return CS_MALFORMED;
    }
    return answer->peaks.size > PEAKS_MAX ||
                   answer->leaves.size > CS_BUNDLE_LEAVES_MAX * CS_HASH_SIZE
               ? CS_LIMIT
               : CS_OK;
}

enum cs_status cs_bundle_answer_encode(const struct cs_bundle_answer *answer, struct cs_buffer *out)
{
    struct cs_buffer plain;
    struct cs_arena scratch;
    cs_arena_init(&scratch, CS_MESSAGE_ARENA_MAX);
    cs_message_begin(&plain, CS_BUNDLE_PART_MAX, ANSWER_ITEMS);
    enum cs_status status = check_answer(answer);
    if (status == CS_OK) {
        status = cs_scope_cursors_check(answer->from, answer->from_count, &scratch);
    }
    cs_arena_release(&scratch);
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(answer->bundle));
        cs_cbor_put_unsigned(&plain, answer->number);
        cs_cbor_put_boolean(&plain, answer->last);
        cs_cbor_put_unsigned(&plain, (uint64_t)answer->kind);
        cs_cbor_put_bytes(&plain, answer->body);
        cs_scope_cursors_put(&plain, answer->from, answer->from_count);
        cs_cbor_put_unsigned(&plain, answer->log_size);
        cs_cbor_put_bytes(&plain, answer->peaks);
        cs_cbor_put_bytes(&plain, answer->leaves);
    }
    return cs_message_end(&plain, status, out);
}

enum cs_status cs_bundle_answer_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_bundle_answer *out)
{
    struct cs_cbor_reader reader;
    struct cs_bundle_answer answer = {.number = 0};
    cs_message_open(&reader, bytes, CS_BUNDLE_PART_MAX, ANSWER_ITEMS, arena);
    cs_cbor_take_fixed(&reader, answer.bundle, sizeof answer.bundle);
    answer.number = cs_message_take_bounded(&reader, CS_BUNDLE_PARTS_MAX);
    answer.last = cs_cbor_take_boolean(&reader);
    answer.kind = (enum cs_message_kind)cs_message_take_bounded(&reader, UINT8_MAX);
    answer.body = cs_cbor_take_bytes(&reader);
    answer.from = cs_scope_cursors_take(&reader, arena, &answer.from_count);
    answer.log_size = cs_message_take_bounded(&reader, INT64_MAX);
    answer.peaks = cs_cbor_take_bytes(&reader);
    answer.leaves = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_answer(&answer);
    }
    if (status == CS_OK) {
        *out = answer;
    }
    return status;
}
