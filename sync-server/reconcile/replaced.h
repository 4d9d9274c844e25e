/*
 * Changes that were replaced while they were away.
 *
 * A row that a device brings back to a server that went back in time (recovered_rows.h) carries versions whose change-sets are still on
 * their authors' laptops. Who edits such a row names them as seen, and replaces them. When one comes after all, it must not stand
 * beside what replaced it: that it has been seen is remembered until then, of exactly the versions that an edit named.
 */
#ifndef CS_SERVER_RECONCILE_REPLACED_H
#define CS_SERVER_RECONCILE_REPLACED_H

#include "sync-server/reconcile/context.h"

/* After a transaction was applied: of what it named as seen, what is not here yet; and itself is here now. */
enum cs_status cs_replaced_note(struct cs_reconcile *reconcile,
                                const struct cs_edit *edit) CS_MUST_USE;
/* Did somebody replace this change of the unit before it came? */
enum cs_status cs_replaced_before(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                  struct cs_bytes unit, const struct cs_version *version,
                                  bool *out) CS_MUST_USE;

#endif
