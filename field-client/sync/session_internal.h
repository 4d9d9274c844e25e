/* What session.c (requests) and session_receive.c (responses) share. */
#ifndef CS_SYNC_SESSION_INTERNAL_H
#define CS_SYNC_SESSION_INTERNAL_H

#include "field-client/sync/apply.h"

struct cs_sync_session {
    struct cs_replica *replica;
    struct cs_sync_result result;
    struct cs_sync_refusal refusals[CS_SYNC_REFUSALS_SHOWN_MAX];
    struct cs_arena arena; /* of refusal texts */
    enum cs_status failed; /* sticky */
    bool done;
    bool awaiting; /* a request is out */
    uint8_t request_hash[CS_HASH_SIZE];
    size_t sent_size;                /* of the last request; counted when it is answered */
    struct cs_apply_known known;     /* newest of what was applied or staged */
    struct cs_scope_cursor *cursors; /* for the next request */
    size_t cursor_count;
    uint64_t answered;    /* change-sets up to here were answered in this session */
    uint64_t resend_from; /* the server asked for everything from here on; 0 = it did not */
    int64_t staged_count;
    unsigned rounds;
    unsigned stalled; /* exchanges in a row that brought nothing on */
};

/* Forgets pages of a session that broke off. */
enum cs_status cs_staging_clear(struct cs_replica *replica) CS_MUST_USE;

#endif
