/* What session.c (requests) and session_receive.c (responses) share. */
#ifndef CS_SYNC_SESSION_INTERNAL_H
#define CS_SYNC_SESSION_INTERNAL_H

#include "field-client/replica/log_state.h"
#include "field-client/sync/apply.h"
#include "field-client/sync/repair.h"
#include "field-client/sync/staging.h"
#include "shared/wire/envelope.h"

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
    struct cs_log_state log;         /* likewise */
    struct cs_scope_cursor *cursors; /* for the next request */
    size_t cursor_count;
    uint64_t answered;    /* change-sets up to here were answered in this session */
    uint64_t resend_from; /* the server asked for everything from here on; 0 = it did not */
    struct cs_staging staging;
    struct cs_sync_watch watch;
    struct cs_scope_cursor *applied; /* cursors of what was applied before this session */
    size_t applied_count;
    bool pulled; /* a pull has ended in this session: its scopes are gained no more */
    unsigned rounds;
    unsigned stalled;                       /* exchanges in a row that brought nothing on */
    struct cs_repair_checkpoint checkpoint; /* of the last page */
    bool proved;                            /* what was left here has been compared with it */
    struct cs_repair *repair;               /* what differs is put right; NULL: nothing does */
};

/*
 * Where the next request starts: behind what is staged, else behind what was applied. At the beginning, and when staging was thrown
 * away.
 */
enum cs_status cs_session_start(struct cs_sync_session *session) CS_MUST_USE;
/* Tells the watcher what a page, which was staged or applied, brought. */
void cs_session_tell(struct cs_sync_session *session, const struct cs_sync_response *page);
/* Sets `done` if nothing is left to send. */
enum cs_status cs_session_check_done(struct cs_sync_session *session) CS_MUST_USE;
/*
 * The answer to a revoked device (receive_revoked.c): kept, and what the server has taken counts as sent. CS_OK as long as there is
 * more to send for review; then CS_REVOKED with a text for people.
 */
enum cs_status cs_session_receive_revoked(struct cs_sync_session *session, struct cs_bytes body,
                                          struct cs_problem *problem) CS_MUST_USE;

/* Counts a request durably and gives it its counter; then signs and seals it, and awaits the answer. */
enum cs_status cs_session_count(struct cs_sync_session *session, uint64_t *out_counter) CS_MUST_USE;
enum cs_status cs_session_seal(struct cs_sync_session *session, enum cs_message_kind kind,
                               uint64_t counter, struct cs_bytes body,
                               struct cs_buffer *out) CS_MUST_USE;

/* The last page is applied: what it left here is to be what the server has (session_repair.c). */
void cs_session_note_checkpoint(struct cs_sync_session *session,
                                const struct cs_sync_response *last);
/*
 * Something stored here cannot be read, so that a page cannot be applied: takes it out, to come again
 * by the repair. CS_CORRUPT: there was nothing of the kind.
 */
enum cs_status cs_session_clean(struct cs_sync_session *session) CS_MUST_USE;
/* When the sync is done: compares, and asks on as long as something differs. */
enum cs_status cs_session_repair_next(struct cs_sync_session *session,
                                      struct cs_buffer *out_request, bool *out_more) CS_MUST_USE;
enum cs_status cs_session_repair_receive(struct cs_sync_session *session, enum cs_message_kind kind,
                                         struct cs_bytes body,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
