/* What session.c (requests) and session_receive.c (responses) share. */
#ifndef CS_SYNC_SESSION_INTERNAL_H
#define CS_SYNC_SESSION_INTERNAL_H

#include "field-client/replica/log_state.h"
#include "field-client/sync/apply.h"
#include "field-client/sync/device_request.h"
#include "field-client/sync/repair.h"
#include "field-client/sync/staging.h"
#include "shared/wire/envelope.h"

/* What the session is at; all but SYNC concern a server that went back in time (session_recover.c). */
enum cs_session_phase {
    CS_SESSION_SYNC,  /* push and pull */
    CS_SESSION_OFFER, /* rows that it lost are offered before the sync */
    CS_SESSION_ASK, /* it is behind what it had said before: under which incarnation does it go on? */
    CS_SESSION_RESEND, /* change-sets that it lost */
    CS_SESSION_RENEW,  /* its whole present state is pulled */
};

struct cs_sync_session {
    struct cs_replica *replica;
    enum cs_session_phase phase;
    bool noticed;              /* it went back, in this session; once is enough */
    uint8_t left[16];          /* RENEW: the incarnation that ended */
    uint8_t renewed[16];       /* RESEND, RENEW: the one that it goes on under */
    uint64_t first_sequence;   /* where its copy of the own log ended when that was first seen */
    uint64_t confirmed_before; /* the own log's last change-set that it had confirmed */
    struct cs_arena offer_arena;
    struct cs_bytes opened; /* the answer at hand, with the server's signature */
    struct cs_row *offered; /* OFFER: in the request that is out */
    size_t offered_count;
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
/* Current keys of the server, if the page has them; kept in the identity file at once. Also for a bundle. */
enum cs_status cs_session_take_statement(struct cs_replica *replica,
                                         const struct cs_sync_response *page,
                                         struct cs_problem *problem) CS_MUST_USE;
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
/* Rows put aside are offered first, if there are any that did not come back by themselves. */
enum cs_status cs_session_begin_offer(struct cs_sync_session *session) CS_MUST_USE;
void cs_session_release_offer(struct cs_sync_session *session);
/* The server is not where it had been: CS_OK and the session asks; otherwise `status`. */
enum cs_status cs_session_notice(struct cs_sync_session *session, enum cs_status status,
                                 struct cs_problem *problem) CS_MUST_USE;
/* The request of phases ASK and OFFER, and its answer. */
enum cs_status cs_session_build_recover(struct cs_sync_session *session, uint64_t counter,
                                        struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_session_receive_recover(struct cs_sync_session *session, struct cs_bytes body,
                                          struct cs_problem *problem) CS_MUST_USE;
/*
 * CS_ROLLED_BACK, noted and in words, when the server lacks change-sets from `first` on that were removed here because it had said that
 * a verified backup has them.
 */
enum cs_status cs_session_check_kept(struct cs_sync_session *session, uint64_t first,
                                     struct cs_problem *problem) CS_MUST_USE;
/* A page that answers what was sent again. */
enum cs_status cs_session_check_resent(const struct cs_sync_session *session,
                                       const struct cs_sync_response *page,
                                       struct cs_problem *problem) CS_MUST_USE;
/* All is sent again: from here on the session pulls everything. */
void cs_session_begin_renewal(struct cs_sync_session *session);
/* In the transaction that applies the new state, after it. */
enum cs_status cs_session_end_renewal(struct cs_sync_session *session,
                                      struct cs_sync_result *result) CS_MUST_USE;
/* Pages of a renewal that broke off are worth nothing: it begins anew when the server is asked again. */
enum cs_status cs_session_forget_renewal(struct cs_sync_session *session) CS_MUST_USE;
/*
 * In the transaction that applies the last page: the answer at hand is kept, for a server that may go back behind it. A long one is
 * not: then an earlier one stays, and the next sync without news leaves a short one.
 */
enum cs_status cs_session_keep_proof(struct cs_sync_session *session) CS_MUST_USE;

/* Signs and seals a request that was counted (cs_device_request_count), and awaits the answer. */
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
