/*
 * Two rows that are one: what refers to the dropped row is pointed to the kept one, the dropped row is deleted, and row_merge says
 * which stands for which (design §4: two rows with one natural key).
 *
 * One transaction of ordinary operations, so it meets the edits of others as any edit does: a reference made elsewhere meanwhile, or
 * an edit of the dropped row, shows as an exception whose action is the same merge again. References that are written once (a
 * ledger's, a visit's) stay and are counted for the kept row. Used by the command merge.
 */
#ifndef CS_REPLICA_MERGE_ROWS_H
#define CS_REPLICA_MERGE_ROWS_H

#include "field-client/replica/edit.h"

struct cs_merge_rows {
    const struct cs_entity *entity;
    struct cs_id kept;
    struct cs_id dropped;
    bool take
        [CS_FIELDS_PER_ENTITY_MAX]; /* fields whose value the kept row takes from the dropped one */
};

struct cs_merged_rows {
    struct cs_stored_row kept, dropped; /* as they were; in the arena */
    bool was_deleted;                   /* the dropped row was: by a merge before, or by itself */
    size_t rewritten;                   /* references that point to the kept row now */
    size_t left;                        /* that stay: written once, or not this person's to write */
};

/* Do the two rows differ in this field? */
bool cs_merge_differs(const struct cs_merged_rows *merged, size_t field);

/*
 * The row that is to be dropped: as cs_query_resolve, but also one that was deleted, by its id or a unique beginning of at least
 * four digits. CS_NOT_FOUND, CS_EXISTS.
 */
enum cs_status cs_merge_find_dropped(struct cs_replica *replica, const struct cs_entity *entity,
                                     struct cs_bytes text, struct cs_id *out,
                                     struct cs_problem *problem) CS_MUST_USE;
/*
 * CS_INVALID: one row, or rows that are never deleted; CS_NOT_FOUND; CS_DENIED: not this person's to delete, or to take a value;
 * CS_TOO_LARGE: more references than one transaction holds. Nothing was changed then.
 */
enum cs_status cs_merge_rows(struct cs_replica *replica, const struct cs_merge_rows *merge,
                             struct cs_arena *arena, struct cs_merged_rows *out,
                             struct cs_problem *problem) CS_MUST_USE;

#endif
