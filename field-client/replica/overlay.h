/*
 * The overlay: unsent edits laid over confirmed state. Used by edit.c, confirmed.c and doctor.c.
 */
#ifndef CS_REPLICA_OVERLAY_H
#define CS_REPLICA_OVERLAY_H

#include "field-client/replica/replica.h"
#include "shared/wire/change_set.h"

/* Is the row touched by any transaction still overlaid? */
enum cs_status cs_overlay_exists(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, bool *out) CS_MUST_USE;
enum cs_status cs_overlay_add(struct cs_replica *replica, struct cs_bytes entity,
                              const struct cs_id *id, uint64_t counter) CS_MUST_USE;
enum cs_status cs_overlay_remove(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, uint64_t counter) CS_MUST_USE;
/* Does this transaction touch the row? */
enum cs_status cs_overlay_has(struct cs_replica *replica, struct cs_bytes entity,
                              const struct cs_id *id, uint64_t counter, bool *out) CS_MUST_USE;
/* Calls `visit` with entity name and key (an id, unless the database is damaged) of every overlaid row, as views, until it fails. */
typedef enum cs_status cs_overlay_visitor(void *context, struct cs_bytes entity,
                                          struct cs_bytes key);
enum cs_status cs_overlay_each(struct cs_replica *replica, cs_overlay_visitor *visit,
                               void *context) CS_MUST_USE;
/* Is anything overlaid at all? */
enum cs_status cs_overlay_any(struct cs_replica *replica, bool *out) CS_MUST_USE;

/* The image under the overlay; exists = false if there is none. */
enum cs_status cs_covered_load(struct cs_replica *replica, struct cs_bytes entity,
                               const struct cs_id *id, struct cs_arena *arena,
                               struct cs_stored_row *out) CS_MUST_USE;
/* Calls `visit` with entity name and key (an id, unless the database is damaged) of every image, as views, until it fails. */
enum cs_status cs_covered_each(struct cs_replica *replica, cs_overlay_visitor *visit,
                               void *context) CS_MUST_USE;
enum cs_status cs_covered_store(struct cs_replica *replica,
                                const struct cs_stored_row *row) CS_MUST_USE;
enum cs_status cs_covered_remove(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id) CS_MUST_USE;

/* Confirmed state of a row, overlaid or not. */
enum cs_status cs_confirmed_load(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, struct cs_arena *arena,
                                 struct cs_stored_row *out) CS_MUST_USE;

/*
 * row := row ⊕ operation, as its author saw it: values, and the operation's version for every unit
 * it names. An update of a row that does not exist leaves it so; an update of a deleted row revives
 * it; an insert of a row that is there changes nothing. New lists live in the arena; values are
 * borrowed from the operation. `row` must have writable values and `extra` of its own
 * (cs_stored_row_copy or loaded).
 */
enum cs_status cs_overlay_predict(const struct cs_operation *operation, struct cs_version version,
                                  struct cs_arena *arena, struct cs_stored_row *row) CS_MUST_USE;

/*
 * The last pending transaction decoded, kept so that a big one is not decoded for every row it
 * touches.
 */
struct cs_pending_cache {
    struct cs_arena arena;
    uint64_t counter; /* 0 = none */
    bool found;
    int state;
    struct cs_transaction transaction;
    const struct cs_operation *
        *by_row; /* its operations, sorted by row; made when first asked for */
};
void cs_pending_cache_init(struct cs_pending_cache *cache);
void cs_pending_cache_release(struct cs_pending_cache *cache);
/* The transaction's row of _pending has changed: the cache must not answer for it any more. */
void cs_pending_cache_forget(struct cs_pending_cache *cache);
/* cache->found false if there is no such transaction. CS_CORRUPT if its body does not decode. */
enum cs_status cs_pending_load(struct cs_replica *replica, uint64_t counter,
                               struct cs_pending_cache *cache) CS_MUST_USE;

/*
 * What the view of an overlaid row must be: confirmed ⊕ its overlaid transactions in counter order.
 * exists = false where only updates of an absent row are left: the view then stays as it is.
 * Borrows nothing from the cache.
 */
enum cs_status cs_overlay_expected(struct cs_replica *replica, struct cs_pending_cache *cache,
                                   struct cs_bytes entity, const struct cs_id *id,
                                   struct cs_arena *arena, struct cs_stored_row *out) CS_MUST_USE;

#endif
