/* Inners: signed, chained change-sets (PROTOCOL.md, chapter "Inner"), see change_set.h. */
#include "shared/wire/body_format.h"

#include "shared/base/limits.h"

#include <string.h>

#define FORMAT 1
#define SIGNATURE_LABEL "countersign inner 1"
#define HASH_LABEL "countersign inner"
#define BODY_LABEL "countersign body"
/* format ‖ organisation ‖ certificate ‖ sequence ‖ previous ‖ server ‖ first counter ‖ count ‖ body hash ‖ body size */
#define HEADER_SIZE (1 + 32 + 32 + 8 + 32 + 32 + 8 + 4 + 32 + 4)
/* Place of the format within an inner. */
#define FORMAT_PLACE CS_SIGNATURE_SIZE

static void put_header(struct cs_buffer *out, const struct cs_inner_header *header,
                       const uint8_t body_hash[static CS_HASH_SIZE], uint32_t body_size)
{
    cs_buffer_append_u8(out, FORMAT);
    cs_buffer_append(out, header->organisation, sizeof header->organisation);
    cs_buffer_append(out, header->certificate, sizeof header->certificate);
    cs_buffer_append_u64(out, header->sequence);
    cs_buffer_append(out, header->previous, sizeof header->previous);
    cs_buffer_append(out, header->server, sizeof header->server);
    cs_buffer_append_u64(out, header->first_counter);
    cs_buffer_append_u32(out, header->transaction_count);
    cs_buffer_append(out, body_hash, CS_HASH_SIZE);
    cs_buffer_append_u32(out, body_size);
}

/* What both sides demand of a header; CS_MALFORMED or CS_LIMIT. */
static enum cs_status check_header(const struct cs_inner_header *header)
{
    if (header->transaction_count > CS_TRANSACTIONS_PER_CHANGE_SET_MAX) {
        return CS_LIMIT;
    }
    if (header->sequence == 0 || header->sequence > CS_COUNTER_MAX ||
        header->transaction_count == 0 || header->first_counter == 0 ||
        header->first_counter > CS_COUNTER_MAX - (header->transaction_count - 1)) {
        return CS_MALFORMED;
    }
    return CS_OK;
}

enum cs_status cs_inner_encode(const struct cs_inner_header *header, struct cs_bytes body,
                               const struct cs_sign_key *key, struct cs_buffer *out)
{
    enum cs_status status = check_header(header);
    if (status == CS_MALFORMED) {
        return CS_INVALID;
    }
    if (status == CS_LIMIT ||
        body.size > CS_CHANGE_SET_INNER_MAX - CS_SIGNATURE_SIZE - HEADER_SIZE) {
        return CS_TOO_LARGE;
    }
    uint8_t body_hash[CS_HASH_SIZE];
    cs_hash(BODY_LABEL, body, body_hash);
    struct cs_buffer signed_header;
    cs_buffer_init(&signed_header, HEADER_SIZE);
    put_header(&signed_header, header, body_hash, (uint32_t)body.size);
    status = signed_header.status;
    if (status == CS_OK) {
        uint8_t *place = cs_buffer_extend(out, CS_SIGNATURE_SIZE + signed_header.size + body.size);
        status = out->status;
        if (place != NULL) {
            cs_sign(key, SIGNATURE_LABEL, cs_buffer_bytes(&signed_header), place);
            memcpy(place + CS_SIGNATURE_SIZE, signed_header.data, signed_header.size);
            if (body.size > 0) {
                memcpy(place + CS_SIGNATURE_SIZE + HEADER_SIZE, body.data, body.size);
            }
        }
    }
    cs_buffer_release(&signed_header);
    return status;
}

static void read_header(struct cs_reader *reader, struct cs_inner_header *out)
{
    (void)cs_read_u8(reader);
    cs_read_copy(reader, out->organisation, sizeof out->organisation);
    cs_read_copy(reader, out->certificate, sizeof out->certificate);
    out->sequence = cs_read_u64(reader);
    cs_read_copy(reader, out->previous, sizeof out->previous);
    cs_read_copy(reader, out->server, sizeof out->server);
    out->first_counter = cs_read_u64(reader);
    out->transaction_count = cs_read_u32(reader);
    cs_read_copy(reader, out->body_hash, sizeof out->body_hash);
}

enum cs_status cs_inner_split(struct cs_bytes inner, struct cs_inner_header *out_header,
                              struct cs_bytes *out_body)
{
    if (inner.size > CS_CHANGE_SET_INNER_MAX) {
        return CS_LIMIT;
    }
    if (inner.size <= FORMAT_PLACE) {
        return CS_MALFORMED;
    }
    if (inner.data[FORMAT_PLACE] != FORMAT) {
        return CS_UNSUPPORTED;
    }
    struct cs_reader reader;
    struct cs_inner_header header = {0};
    cs_reader_init(&reader, inner);
    (void)cs_read_bytes(&reader, CS_SIGNATURE_SIZE);
    read_header(&reader, &header);
    struct cs_bytes body = cs_read_prefixed(&reader);
    enum cs_status status = cs_reader_finish(&reader);
    if (status == CS_OK) {
        status = check_header(&header);
    }
    if (status == CS_OK) {
        *out_header = header;
        *out_body = body;
    }
    return status;
}

enum cs_status cs_inner_verify(struct cs_bytes inner,
                               const uint8_t device_key[static CS_SIGN_PUBLIC_SIZE])
{
    struct cs_inner_header header;
    struct cs_bytes body;
    enum cs_status status = cs_inner_split(inner, &header, &body);
    if (status != CS_OK) {
        return status;
    }
    uint8_t body_hash[CS_HASH_SIZE];
    cs_hash(BODY_LABEL, body, body_hash);
    if (memcmp(body_hash, header.body_hash, CS_HASH_SIZE) != 0) {
        return CS_FORGED;
    }
    return cs_sign_verify(device_key, SIGNATURE_LABEL,
                          cs_bytes_make(inner.data + CS_SIGNATURE_SIZE, HEADER_SIZE), inner.data);
}

enum cs_status cs_inner_hash(struct cs_bytes inner, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_inner_header header;
    struct cs_bytes body;
    enum cs_status status = cs_inner_split(inner, &header, &body);
    if (status == CS_OK) {
        cs_hash(HASH_LABEL, cs_bytes_make(inner.data + CS_SIGNATURE_SIZE, HEADER_SIZE), out);
    }
    return status;
}
