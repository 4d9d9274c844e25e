/*
 * One sync with the server: a state machine, bytes in, bytes out.
 *
 * cs_sync_begin → loop { cs_sync_next → exchange → cs_sync_receive } until *out_more is false →
 * cs_sync_end
 *
 * What cannot be answered (network gone, response lost) is simply not received: end the session;
 * everything is as it was, and the next session tries again. Used by the sync command, by tests and
 * simulations, and by bundles.
 *
 * A server that is behind what it had said before has gone back in time. If it owns up to that (a new incarnation, begun by
 * command or because this device shows what it had signed) it gets again what it lost, and its state is taken over whole; else
 * the session fails with CS_ROLLED_BACK.
 *
 * What must stay true: what people see moves from checkpoint to checkpoint: pages before the last
 * are staged, and all of them are applied in one local transaction with cursors, acknowledgements
 * and digests, or not at all. Staged pages are kept over sessions (staging.h), so that a pull that is
 * interrupted anywhere is never fetched again but for the page that was on its way.
 */
#ifndef CS_SYNC_SESSION_H
#define CS_SYNC_SESSION_H

#include "field-client/replica/replica.h"

/* Exchanges in one session at most. */
#define CS_SYNC_ROUNDS_MAX 10000
/* Refusal texts kept in a result at most; all of them are in the refusal list (query.h). */
#define CS_SYNC_REFUSALS_SHOWN_MAX ((size_t)100)

enum cs_sync_digest {
    CS_SYNC_DIGEST_UNKNOWN, /* the last page was not reached */
    CS_SYNC_DIGEST_EQUAL,   /* at the end, also after a repair */
    CS_SYNC_DIGEST_UNEQUAL,
};
struct cs_sync_refusal {
    uint64_t counter;
    enum cs_status status;
    struct cs_bytes text;
};
struct cs_sync_result {
    uint64_t
        pushed; /* transactions whose outcome arrived: applied, duplicates, refused and held ones */
    uint64_t refused;  /* of them, or held before */
    uint64_t held;     /* of them */
    uint64_t pulled;   /* rows received */
    uint64_t departed; /* rows that left this device */
    int64_t conflicts; /* open conflict rows in the view, at the end */
    uint64_t bytes_up; /* whole requests and responses, before TLS */
    uint64_t bytes_down;
    uint64_t round_trips;
    bool went_back;  /* the server had lost what it had confirmed: its state was taken over anew */
    uint64_t resent; /* then: change-sets that it had lost and got again */
    uint64_t kept;   /* then: rows that it lacks; kept aside, and offered by later syncs */
    uint64_t returned; /* rows offered that it had lost and took */
    uint64_t reported; /* rows offered that it has in an older state: the office was told */
    enum cs_sync_digest digest;
    /* Rows of confirmed state that differed from the server's and were put right or taken away; see repair.h. */
    uint64_t repaired;
    uint64_t sums_mended;     /* own sums that were wrong against the own rows */
    const char *unequal_text; /* UNEQUAL: why it was not put right, for people; may be empty */
    const struct cs_sync_refusal *refusals;
    size_t refusal_count; /* ≤ CS_SYNC_REFUSALS_SHOWN_MAX */
};

/* How far a sync has come, told after every page. */
struct cs_sync_progress {
    uint64_t pages;         /* of this pull, those that an earlier session fetched too */
    uint64_t rows;          /* in them, those that leave included */
    uint64_t rows_expected; /* about how many it will be in all, never less than `rows` */
    uint64_t bytes;         /* received in this session */
};
typedef void cs_sync_watcher(void *context, const struct cs_sync_progress *progress);
struct cs_sync_watch {
    cs_sync_watcher *tell; /* NULL: nobody watches */
    void *context;
};

struct cs_sync_session; /* opaque */

/* Goes on behind the pages that an earlier session staged. Borrows the replica until end. */
enum cs_status cs_sync_begin(struct cs_replica *replica, struct cs_sync_session **out) CS_MUST_USE;
/*
 * The next request, appended to `out_request`, which should take CS_REQUEST_MAX; *out_more false:
 * nothing to send, the sync is complete and nothing was appended. Packs, and counts the request
 * durably, before it returns. Calling it again without receive is a retry with a new counter.
 * CS_LIMIT: no progress, or too many rounds.
 */
enum cs_status cs_sync_next(struct cs_sync_session *session, struct cs_buffer *out_request,
                            bool *out_more, struct cs_problem *problem) CS_MUST_USE;
/*
 * Opens, verifies and applies (or stages) the response to the last request. On failure nothing of
 * it was applied and the session is over: further calls return the same status. CS_FORGED,
 * CS_WRONG_SERVER, CS_MALFORMED, CS_ROLLED_BACK, CS_FORKED, or what the server answered (SUSPENDED,
 * UNKNOWN_DEVICE, …) with its text. CS_REVOKED: what was to be sent has been taken for review; no rows come any more. A GAP is answered by resending and is no failure.
 */
enum cs_status cs_sync_receive(struct cs_sync_session *session, struct cs_bytes response,
                               struct cs_problem *problem) CS_MUST_USE;
/* Borrowed; valid until end. */
const struct cs_sync_result *cs_sync_result(const struct cs_sync_session *session);
/* NULL is accepted. */
void cs_sync_end(struct cs_sync_session *owned_session);

/*
 * The loop over world->exchange with the identity's peer. The session is handed out in any case
 * where it could be begun, for its result: what was applied before a failure stays applied. The
 * caller ends it.
 */
enum cs_status cs_sync_run(struct cs_replica *replica, struct cs_sync_session **out,
                           struct cs_problem *problem) CS_MUST_USE;
/* The same, telling `watch` after every page. */
enum cs_status cs_sync_run_watched(struct cs_replica *replica, const struct cs_sync_watch *watch,
                                   struct cs_sync_session **out,
                                   struct cs_problem *problem) CS_MUST_USE;

#endif
