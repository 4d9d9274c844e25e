/*
 * Counting anew what this replica holds: the sums of its scopes from its confirmed rows, beside those kept with every change.
 *
 * Used by field-client/sync/repair when a sync ends unequal or a day has passed, and by doctor. Reads every row.
 */
#ifndef CS_REPLICA_RECOUNT_H
#define CS_REPLICA_RECOUNT_H

#include "field-client/replica/confirmed.h"

/* Calls `visit` for every row of confirmed state, those under unsent edits too, until it returns other than CS_OK. */
enum cs_status cs_confirmed_scan(struct cs_replica *replica, cs_row_visitor *visit,
                                 void *context) CS_MUST_USE;

struct cs_recounted {
    uint64_t rows;
    uint64_t sums; /* subscribed scopes whose kept sum was not that of the rows */
    /* Rows that stood in no scope of this replica, whose list of scopes was damaged, or that could not be read at all. */
    uint64_t strays;
};
/*
 * Inside a transaction of the caller: puts the kept sums right, takes rows away that belong to no scope, and recomputes the view of
 * every row with unsent edits. Unsent edits stay as they are.
 */
enum cs_status cs_recount_mend(struct cs_replica *replica, struct cs_recounted *out) CS_MUST_USE;

#endif
