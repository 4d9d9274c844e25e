/*
 * What a revoked device is answered instead of rows (PROTOCOL.md, chapter "Revoked"): that it was revoked, by whom and why, and
 * how far its log has been taken. Pure. Encoded as zstd(CBOR); what is decoded borrows from the arena only.
 */
#ifndef CS_WIRE_REVOKED_H
#define CS_WIRE_REVOKED_H

#include "shared/base/memory.h"
#include "shared/crypto/hash.h"

/* Bytes of a name and of a reason that travel; longer ones are cut by the writer. */
#define CS_REVOKED_TEXT_MAX ((size_t)4096)

struct cs_revoked_response {
    uint8_t incarnation[16];
    int64_t server_time_ms;
    int64_t revoked_ms; /* when the server took the revocation */
    uint64_t
        log_sequence; /* last change-set of this device that is on the server's disk, and its hash */
    uint8_t log_head[CS_HASH_SIZE];
    uint64_t
        last_sequence; /* last change-set before the revocation: later ones are held for review */
    bool full;         /* no more is taken before the office has reviewed what is there */
    struct cs_bytes revoked_by;
    struct cs_bytes reason;
};

/* CS_INVALID for numbers over 2^63 - 1 or a last change-set beyond the log; CS_TOO_LARGE for texts. */
enum cs_status cs_revoked_response_encode(const struct cs_revoked_response *response,
                                          struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_revoked_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_revoked_response *out) CS_MUST_USE;

#endif
