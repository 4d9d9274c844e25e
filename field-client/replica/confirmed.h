/*
 * Changing confirmed state: the one place through which a server's answer reaches rows, so that
 * digests, overlay and view stay right together. Used by field-client/sync; edits never come here.
 *
 * All of it runs inside one database transaction of the caller, who rolls back on any failure and
 * then forgets the applier.
 */
#ifndef CS_REPLICA_CONFIRMED_H
#define CS_REPLICA_CONFIRMED_H

#include "field-client/replica/overlay.h"
#include "shared/wire/messages.h"

/*
 * A scope as this replica knows it. Its local number is its index in the applier's list + 1, for
 * good.
 */
struct cs_scope_state {
    struct cs_scope_name name;
    uint64_t cursor;
    struct cs_multiset digest; /* over confirmed rows in it */
    bool subscribed;
    bool changed; /* to be saved */
};

struct cs_applier {
    struct cs_replica *replica;
    struct cs_scope_state *scopes;
    size_t scope_count;
    size_t scope_capacity;
    struct cs_pending_cache cache;
    bool overlaid; /* something was, at the start */
};

/* Loads the scopes. Release also after a failure of init. */
enum cs_status cs_applier_init(struct cs_applier *applier, struct cs_replica *replica) CS_MUST_USE;
void cs_applier_release(struct cs_applier *applier);

/* Index of a scope, interned when it is new. */
enum cs_status cs_applier_scope(struct cs_applier *applier, const struct cs_scope_name *name,
                                size_t *out_index) CS_MUST_USE;

/*
 * Confirmed state `before` (as cs_confirmed_load gave it) becomes `after`, which has the same
 * entity and id; exists = false removes. Scopes are packed local numbers.
 */
enum cs_status cs_applier_put(struct cs_applier *applier, const struct cs_stored_row *before,
                              const struct cs_stored_row *after) CS_MUST_USE;
/*
 * Confirmed state := confirmed ⊕ operation, in these scopes; the transaction's overlay entry on
 * that row goes.
 */
enum cs_status cs_applier_accept(struct cs_applier *applier, const struct cs_operation *operation,
                                 uint64_t counter, struct cs_bytes scopes) CS_MUST_USE;
/* The transaction's overlay entry on that row goes, confirmed state stays. */
enum cs_status cs_applier_lift(struct cs_applier *applier, struct cs_bytes entity,
                               const struct cs_id *id, uint64_t counter) CS_MUST_USE;
/* The row is gone from confirmed state; unsent edits of it stay. */
enum cs_status cs_applier_depart(struct cs_applier *applier, struct cs_bytes entity,
                                 const struct cs_id *id, bool *out_departed) CS_MUST_USE;
/*
 * Held transactions whose version stands in this confirmed row have been applied by the server:
 * their entries on it go, and those left without any entry leave _pending.
 */
enum cs_status cs_applier_settle(struct cs_applier *applier,
                                 const struct cs_stored_row *row) CS_MUST_USE;
/* The subscription has ended: rows leave the scope, and those no other scope holds depart. */
enum cs_status cs_applier_lose_scope(struct cs_applier *applier, size_t index,
                                     uint64_t *departed) CS_MUST_USE;

/* The first half of finish: the view of dirty rows. */
enum cs_status cs_applier_recompute(struct cs_applier *applier) CS_MUST_USE;
/* Recomputes the view of rows whose overlay or confirmed state changed, and saves the scopes. */
enum cs_status cs_applier_finish(struct cs_applier *applier) CS_MUST_USE;
/* cs_scopes_digest over the subscribed scopes. */
enum cs_status cs_applier_digest(const struct cs_applier *applier,
                                 uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
