/*
 * Confirmed state made anew, when the server has gone back in time: what stood confirmed is put aside (`_recovered`), the
 * server's present state takes its place, and what that lacks stays aside until it can be offered or has come back.
 *
 * Used by field-client/sync. Unsent edits are not touched: they stay laid over whatever is confirmed.
 */
#ifndef CS_REPLICA_RENEWAL_H
#define CS_REPLICA_RENEWAL_H

#include "field-client/replica/confirmed.h"

/*
 * Puts all confirmed rows aside and forgets cursors and subscriptions, in the caller's transaction, between cs_applier_init and
 * the pages of the new state. Rows that the server makes itself are not kept.
 */
enum cs_status cs_renewal_begin(struct cs_applier *applier) CS_MUST_USE;
/* What came back as it was is not aside any more. *out_kept: how many rows are left. */
enum cs_status cs_renewal_settle(struct cs_replica *replica, uint64_t *out_kept) CS_MUST_USE;
/* How many rows are aside. */
enum cs_status cs_renewal_kept(struct cs_replica *replica, uint64_t *out) CS_MUST_USE;
/* Up to `limit` of them and about `size_max` bytes, in the arena, with scope set 0. */
enum cs_status cs_renewal_load(struct cs_replica *replica, size_t limit, size_t size_max,
                               struct cs_arena *arena, struct cs_row **out_rows,
                               size_t *out_count) CS_MUST_USE;
/* These were offered, and the server has answered for them. */
enum cs_status cs_renewal_forget(struct cs_replica *replica, const struct cs_row *rows,
                                 size_t count) CS_MUST_USE;

/*
 * The new incarnation that is being taken over: where the server's copy of the own log ended when it was first seen. Kept until
 * it has been taken over, so that the count is right after a session that broke off.
 */
enum cs_status cs_renewal_note_start(struct cs_replica *replica,
                                     const uint8_t incarnation[static 16], uint64_t log_sequence,
                                     uint64_t *out_first_sequence) CS_MUST_USE;
/* Has one begun that is not done? */
enum cs_status cs_renewal_begun(struct cs_replica *replica, bool *out) CS_MUST_USE;
/* Was the server known under this incarnation before another one? */
enum cs_status cs_renewal_was_left(struct cs_replica *replica, const uint8_t incarnation[static 16],
                                   bool *out) CS_MUST_USE;

/* The last time it happened, for people. */
struct cs_went_back {
    int64_t noticed_ms; /* 0 = never */
    uint64_t resent;    /* change-sets that the server had lost and got again */
    uint64_t kept;      /* rows that are still aside */
};
/* In the transaction that takes the new state over: `left` is the incarnation that ended. */
enum cs_status cs_renewal_note_done(struct cs_replica *replica, const uint8_t left[static 16],
                                    uint64_t resent) CS_MUST_USE;
enum cs_status cs_renewal_last(struct cs_replica *replica, struct cs_went_back *out) CS_MUST_USE;

#endif
