/* What an edit says it had seen: is all of it here? */
#ifndef CS_SERVER_RECONCILE_BASES_H
#define CS_SERVER_RECONCILE_BASES_H

#include "sync-server/reconcile/context.h"

/* Where the change is that a version names: decided about here, waiting here, or not here, or not any more. The server's own
 * always are here. */
enum cs_whereabouts { CS_CHANGE_DECIDED, CS_CHANGE_WAITS, CS_CHANGE_AWAY };
enum cs_status cs_change_whereabouts(struct cs_reconcile *reconcile,
                                     const struct cs_version *version,
                                     enum cs_whereabouts *out) CS_MUST_USE;

/*
 * CS_OK when every version in `base` was applied; what the server made itself always is. CS_REFUSED with the verdict set: REFUSED when one was refused (refused with it,
 * corrected with it), HELD when one has not arrived or is held itself (its status then, so that
 * what rests on a change for a newer server waits as that does).
 * *out_base is the base by the names that stand in rows: a transaction that a device sent again under
 * another log (it joined again) counts as the one that was taken. It lives in the push's arena.
 */
enum cs_status cs_bases_check(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                              struct cs_bytes unit, struct cs_versions base,
                              const struct cs_edit *edit, struct cs_verdict *verdict,
                              struct cs_versions *out_base) CS_MUST_USE;

#endif
