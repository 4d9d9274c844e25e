/*
 * Recovering: what a device and a server say to each other when the server went back in time
 * (PROTOCOL.md, chapter "Recover"). Pure.
 */
#ifndef CS_WIRE_RECOVER_H
#define CS_WIRE_RECOVER_H

#include "shared/wire/messages.h"

/* Largest proof that a request carries and a device keeps. */
#define CS_RECOVER_PROOF_MAX (16 * CS_KIBI)

struct cs_recover_request {
    uint8_t incarnation[16]; /* the server's, as last applied by the device */
    uint64_t acknowledged;   /* last change-set of the device's log that it confirmed; 0 = none */
    /* What the server had signed: its last checkpoint (shared/evidence), and the last answer to a sync of this device, as
     * cs_response_verify takes it. Empty: none. */
    struct cs_bytes checkpoint;
    struct cs_bytes answer;
    /* Confirmed rows that the server may have lost; versions as they stood here. Scope sets are 0. */
    struct cs_row *rows;
    size_t row_count; /* ≤ CS_PAGE_ROWS_MAX */
};

struct cs_recover_response {
    uint8_t incarnation[16]; /* the server's, after this */
    uint64_t log_sequence;   /* of the device's log: last change-set on the server's disk */
    uint8_t log_head[CS_HASH_SIZE];
    uint64_t taken; /* of the rows: those that the server did not have at all */
    uint64_t older; /* those that it has in an older state: reported to the office, not taken */
};

enum cs_status cs_recover_request_encode(const struct cs_recover_request *request,
                                         struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_recover_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_recover_request *out) CS_MUST_USE;
enum cs_status cs_recover_response_encode(const struct cs_recover_response *response,
                                          struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_recover_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_recover_response *out) CS_MUST_USE;

#endif
