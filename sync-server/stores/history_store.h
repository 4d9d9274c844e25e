/*
 * The history of rows (design §12): what each row was before each change of it, and when. Part of the storage interface, see store.h.
 *
 * A change is named by a number that ascends in the order in which changes took effect and is used once. Making a row is no change of
 * it: it costs nothing here. When it was made follows from its first position and from the moments at which positions were given.
 */
#ifndef CS_SERVER_STORES_HISTORY_STORE_H
#define CS_SERVER_STORES_HISTORY_STORE_H

#include "sync-server/stores/store.h"

struct cs_history_change {
    uint64_t number; /* given by the store */
    int64_t at_ms;   /* the server's clock */
    /* Whose change it was; log 0: the server's own. */
    struct cs_version author;
    uint64_t since; /* position of the row before it */
    /* The row before it, and its heads that were not shown (store.h). exists = false: nothing but its scopes changed, and it was what it
     * is after the change. */
    struct cs_stored_row before;
    struct cs_stored_head *heads;
    /* What would take more than CS_HISTORY_BYTES_TARGET with those before it is not kept. */
    size_t head_count;
};

/* In the order in which they took effect. `before` has entity name and id in any case. Numbers are ignored. */
enum cs_status cs_store_put_history(struct cs_store *store, const struct cs_history_change *changes,
                                    size_t count) CS_MUST_USE;
/* The changes of a row with numbers below `before` (0: all), newest first, at most `limit`. These three leave those out that
 * changed nothing but scopes. */
enum cs_status cs_store_history(struct cs_store *store, const struct cs_row_key *row,
                                uint64_t before, size_t limit, struct cs_arena *arena,
                                struct cs_history_change **out, size_t *out_count) CS_MUST_USE;
/* The number of the last change of the row at or before this moment; 0: there is none. */
enum cs_status cs_store_history_before(struct cs_store *store, const struct cs_row_key *row,
                                       int64_t at_ms, uint64_t *out) CS_MUST_USE;
/* The first change of the row behind this number: it ended what the row was since. CS_NOT_FOUND: the row is so still. */
enum cs_status cs_store_history_after(struct cs_store *store, const struct cs_row_key *row,
                                      uint64_t number, struct cs_arena *arena,
                                      struct cs_history_change *out) CS_MUST_USE;
/* Position that the row had before the first change of any kind that is kept. CS_NOT_FOUND: none is kept. */
enum cs_status cs_store_history_first(struct cs_store *store, const struct cs_row_key *row,
                                      uint64_t *out_since) CS_MUST_USE;

/* Positions up to this one were given by then. */
enum cs_status cs_store_put_moment(struct cs_store *store, uint64_t position,
                                   int64_t at_ms) CS_MUST_USE;
/* When this position was given; at the latest. CS_NOT_FOUND: none was noted at or behind it. */
enum cs_status cs_store_moment(struct cs_store *store, uint64_t position,
                               int64_t *out_ms) CS_MUST_USE;

/* From when on every change is here; INT64_MIN: from the beginning. */
enum cs_status cs_store_history_reach(struct cs_store *store, int64_t *out_ms) CS_MUST_USE;
enum cs_status cs_store_set_history_reach(struct cs_store *store, int64_t at_ms) CS_MUST_USE;

/*
 * The first changes that are kept go, as far as all up to them were before this moment, but for the last of those; at most `limit`. So one
 * always stays, and no number is given twice. The same of moments: the one that stays says which positions were given before.
 */
enum cs_status cs_store_forget_history(struct cs_store *store, int64_t before_ms, size_t limit,
                                       uint64_t *out_removed) CS_MUST_USE;
enum cs_status cs_store_forget_moments(struct cs_store *store, int64_t before_ms, size_t limit,
                                       uint64_t *out_removed) CS_MUST_USE;
/* How many changes are kept. */
enum cs_status cs_store_history_count(struct cs_store *store, uint64_t *out) CS_MUST_USE;

#endif
