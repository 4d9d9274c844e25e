/*
 * Files of attachments between a device and the server (PROTOCOL.md, chapter "Attachments"). Pure. Encoded as zstd(CBOR); what is decoded
 * borrows from the arena only.
 *
 * One request carries one chunk, so that a lost connection costs one chunk and no more. What the bytes of list and chunk are is not
 * known here: shared/attachment.
 */
#ifndef CS_WIRE_ATTACHMENT_MESSAGE_H
#define CS_WIRE_ATTACHMENT_MESSAGE_H

#include "shared/base/id.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/crypto/hash.h"

/* A list, and a chunk with its tag. */
#define CS_ATTACHMENT_LIST_BYTES_MAX (CS_ATTACHMENT_CHUNKS_MAX * CS_HASH_SIZE)
#define CS_ATTACHMENT_CHUNK_BYTES_MAX (CS_ATTACHMENT_CHUNK_MAX + CS_KIBI)

enum cs_attachment_step {
    CS_ATTACHMENT_ASK = 1, /* how much of these files does the server have? */
    CS_ATTACHMENT_SEND =
        2, /* chunk `index` of one file, with its list as long as the server has no chunk of it */
    CS_ATTACHMENT_FETCH = 3, /* chunk `index` of one file, and its list if `with_list` */
    CS_ATTACHMENT_DAMAGED =
        4, /* the server cannot give chunk `index` as it should be: it looks itself, and drops what is damaged */
};

struct cs_attachment_name {
    struct cs_id row; /* of entity attachment */
    uint8_t address[CS_HASH_SIZE];
};

struct cs_attachment_request {
    struct cs_attachment_name *names;
    size_t name_count;     /* of ASK 1 to CS_ATTACHMENT_NAMES_MAX, else 1 */
    uint64_t index;        /* ASK: 0 */
    struct cs_bytes list;  /* SEND; may be empty */
    struct cs_bytes chunk; /* SEND */
    enum cs_attachment_step step;
    bool with_list;
    uint8_t incarnation[16]; /* the server's, as last applied */
};

struct cs_attachment_response {
    uint8_t incarnation[16];
    uint64_t position; /* of the server */
    /* Per name: 0: there is no such attachment for this device; k > 0: the first k - 1 chunks are on the server's disk. */
    uint64_t *stored;
    size_t stored_count;
    struct cs_bytes list; /* FETCH; empty where it was not asked for, or the chunk is not there */
    struct cs_bytes chunk;
};

/* CS_INVALID, CS_TOO_LARGE for what could not be read. */
enum cs_status cs_attachment_request_encode(const struct cs_attachment_request *request,
                                            struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_attachment_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                            struct cs_attachment_request *out) CS_MUST_USE;
enum cs_status cs_attachment_response_encode(const struct cs_attachment_response *response,
                                             struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_attachment_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                             struct cs_attachment_response *out) CS_MUST_USE;

#endif
