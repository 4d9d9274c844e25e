/*
 * The working set of one push: rows loaded once, changed in memory, undone per transaction, saved at the end.
 *
 * Everything lives in the arena of the push. Row states are replaced, never changed in place, so that undoing is
 * putting the old state back.
 */
#ifndef CS_SERVER_RECONCILE_WORKING_SET_H
#define CS_SERVER_RECONCILE_WORKING_SET_H

#include "sync-server/stores/store.h"

struct cs_working_state {
    struct cs_stored_row row;
    struct cs_stored_head *heads; /* not shown, see store.h */
    size_t head_count;
    bool changed; /* fields, versions or deletion differ from the store */
    bool heads_changed;
    bool surprising; /* the result differs from what the author of a change could predict */
    struct cs_version last_author; /* of the last change in this push */
};

/* A value that lost, waited for a decision, and has been decided about in this push. */
struct cs_decided {
    struct cs_bytes unit;
    struct cs_version version;
    const struct cs_decided *next;
};

/* A state between two transactions of one change-set, for the history. */
struct cs_passed {
    struct cs_working_state state;
    const struct cs_passed *earlier;
};

struct cs_working_row {
    struct cs_working_state now;
    const struct cs_passed *passed;        /* since `before`; the latest first */
    const struct cs_working_state *marked; /* while a transaction is kept: what it was before it */
    struct cs_stored_row before;           /* as in the store when it was loaded */
    struct cs_stored_head *before_heads;
    size_t before_head_count;
    uint64_t loaded_position; /* of the row when this push first met it; 0: there was none */
    struct cs_bytes loaded_scopes;
    const struct cs_decided *decided; /* stays when a transaction is undone: waited they had */
    bool saved;                       /* `now` has been finished: position, scopes, digests */
    unsigned agenda;                  /* the list of scopes.c that it was put on last */
    struct cs_working_row *next_in_bucket;
    struct cs_working_row *next; /* all rows, in order of loading */
};

struct cs_working_set {
    struct cs_store *store;
    struct cs_arena *arena;
    struct cs_working_row **buckets;
    size_t bucket_count;
    size_t count;
    struct cs_working_row *first;
    struct cs_working_row **last;
    struct cs_working_undo *journal;
    bool journaling;
};

/* `expected` rows; borrows store and arena. */
enum cs_status cs_working_set_init(struct cs_working_set *set, struct cs_store *store,
                                   struct cs_arena *arena, size_t expected) CS_MUST_USE;
/* The row, loaded if need be (exists = false if there is none). Pointers stay valid as long as the set. */
enum cs_status cs_working_set_get(struct cs_working_set *set, struct cs_bytes entity,
                                  const struct cs_id *id, struct cs_working_row **out) CS_MUST_USE;
/* Loads many at once, those that are not there yet. */
enum cs_status cs_working_set_preload(struct cs_working_set *set, const struct cs_row_key *keys,
                                      size_t count) CS_MUST_USE;
/* Must be called before `now` of a row is changed: notes its state for undo. */
enum cs_status cs_working_set_touch(struct cs_working_set *set,
                                    struct cs_working_row *row) CS_MUST_USE;
/* From here on changes can be undone; keep or undo ends it. Keeping notes what earlier transactions had made of the rows. */
void cs_working_set_mark(struct cs_working_set *set);
enum cs_status cs_working_set_keep(struct cs_working_set *set) CS_MUST_USE;
void cs_working_set_undo(struct cs_working_set *set);

#endif
