/*
 * Asking what a row was (PROTOCOL.md, chapter "History"). Pure. Encoded as zstd(CBOR); what is decoded lives in the arena only.
 */
#ifndef CS_WIRE_HISTORY_H
#define CS_WIRE_HISTORY_H

#include "shared/base/version.h"
#include "shared/wire/rows.h"

/* No moment: so before what is kept; so still. */
#define CS_HISTORY_LONG_SINCE INT64_MIN
#define CS_HISTORY_STILL INT64_MAX

struct cs_history_request {
    uint8_t incarnation[16];
    struct cs_bytes entity; /* name */
    struct cs_id row;
    /* The state at this moment alone; CS_HISTORY_STILL: all states, newest first, from the one that change `from` ended; 0: the present
     * one. */
    int64_t at_ms;
    uint64_t from;
};

struct cs_history_head {
    struct cs_bytes unit;
    struct cs_version version;
    struct cs_bytes value; /* of the unit, merge/row_digest.h */
};

struct cs_history_state {
    uint64_t number; /* of the change that it came of; 0: the row was made so */
    int64_t from_ms;
    int64_t until_ms;              /* exclusive */
    struct cs_version author;      /* log 0: the server, or (long since) not kept */
    int64_t claimed;               /* instant; 0: not known here */
    int64_t received_ms;           /* 0: not known here */
    struct cs_row row;             /* its scope_set is 0 */
    struct cs_history_head *heads; /* what waited for a decision */
    size_t head_count;
};

struct cs_history_response {
    uint8_t incarnation[16];
    int64_t
        reach_ms; /* from when on every change is kept; CS_HISTORY_LONG_SINCE: from the beginning */
    struct cs_history_state *states; /* newest first; all of one row */
    size_t state_count;
    uint64_t more; /* 0: that is all; otherwise where it goes on */
};

/* CS_INVALID, CS_TOO_LARGE for what could not be decoded. */
enum cs_status cs_history_request_encode(const struct cs_history_request *request,
                                         struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_history_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_history_request *out) CS_MUST_USE;
enum cs_status cs_history_response_encode(const struct cs_history_response *response,
                                          struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_history_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_history_response *out) CS_MUST_USE;

#endif
