/*
 * Applying pages of a response to the replica. Used by session.c, inside one database transaction
 * from init to finish; whoever fails rolls back, and nothing of any page was applied.
 */
#ifndef CS_SYNC_APPLY_H
#define CS_SYNC_APPLY_H

#include "field-client/replica/confirmed.h"
#include "field-client/sync/session.h"

/* Where refusals are gathered for the result. */
struct cs_apply_refusals {
    struct cs_arena *arena;
    struct cs_sync_refusal *items; /* CS_SYNC_REFUSALS_SHOWN_MAX */
};

struct cs_apply {
    struct cs_replica *replica;
    struct cs_applier applier;
    struct cs_sync_result *result; /* counted up; the caller forgets it on failure */
    struct cs_apply_refusals refusals;
    /* Of the page at hand. */
    struct cs_arena arena;
    const struct cs_sync_response *page;
    size_t *scope_indexes;   /* per cursor of the page */
    struct cs_bytes *scopes; /* per scope set of the page: packed local numbers */
};

enum cs_status cs_apply_init(struct cs_apply *apply, struct cs_replica *replica,
                             struct cs_sync_result *result,
                             struct cs_apply_refusals refusals) CS_MUST_USE;
/* Also after a failure. */
void cs_apply_release(struct cs_apply *apply);
/* Pages in the order they came. CS_MALFORMED, CS_FORGED (naming the device), CS_FORKED, … */
enum cs_status cs_apply_page(struct cs_apply *apply, const struct cs_sync_response *page,
                             struct cs_problem *problem) CS_MUST_USE;
/*
 * After the last: view and scopes are brought up to date, digests compared, what the server is at
 * is remembered.
 */
enum cs_status cs_apply_finish(struct cs_apply *apply,
                               const struct cs_sync_response *last) CS_MUST_USE;

/*
 * Rows and departures that a repair brings (repair.h), of a page whose cursors only name the scopes: applied and the view brought up to
 * date; cursors, outcomes and what the server is at stay as they are.
 */
enum cs_status cs_apply_repair(struct cs_apply *apply, const struct cs_sync_response *page,
                               struct cs_problem *problem) CS_MUST_USE;

/* Parts of cs_apply_page (apply_rows.c, apply_outcomes.c). */
enum cs_status cs_apply_outcomes(struct cs_apply *apply) CS_MUST_USE;
enum cs_status cs_apply_rows(struct cs_apply *apply, struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_apply_departures(struct cs_apply *apply) CS_MUST_USE;

/*
 * Rows about trust, before they are believed (check_trust.c): a device's certificate, and that none above it was revoked before it
 * joined; the signature, chains and right of a revocation or review. CS_FORGED, naming the row; nothing is applied then.
 */
enum cs_status cs_apply_check_trust(struct cs_replica *replica, const struct cs_row *row,
                                    struct cs_problem *problem) CS_MUST_USE;

/*
 * What can be checked before anything is staged or applied: incarnation and position against those
 * last seen, and the server's view of the own log against the outbox. CS_ROLLED_BACK, CS_FORKED.
 */
struct cs_apply_known {
    uint8_t incarnation[16]; /* zero = none yet */
    uint64_t position;
};
enum cs_status cs_apply_check(struct cs_replica *replica, const struct cs_apply_known *known,
                              const struct cs_sync_response *page,
                              struct cs_problem *problem) CS_MUST_USE;

#endif
