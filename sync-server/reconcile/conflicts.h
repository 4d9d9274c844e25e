/* Conflict rows: what lost, kept for a person to decide (design §6). */
#ifndef CS_SERVER_RECONCILE_CONFLICTS_H
#define CS_SERVER_RECONCILE_CONFLICTS_H

#include "sync-server/reconcile/context.h"

/*
 * Brings the conflict rows of one row in line with its heads: one open conflict per losing alternative, named by (entity,
 * row, unit, its greatest version); those that are gone are resolved by the author of the row's last change.
 */
enum cs_status cs_conflicts_update(struct cs_reconcile *reconcile,
                                   struct cs_working_row *row) CS_MUST_USE;
/* Did this version ever lose, and wait for a decision: now, earlier in this push, or as far as conflict rows tell? */
enum cs_status cs_conflict_was(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                               struct cs_bytes unit, const struct cs_version *version,
                               bool *out) CS_MUST_USE;
/* Ids of the conflicts that are open while the row is as it is now; in the arena. */
enum cs_status cs_conflicts_of(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                               struct cs_id **out_ids, size_t *out_count) CS_MUST_USE;

#endif
