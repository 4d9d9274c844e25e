/* Applying one transaction to the working set, or saying why not. */
#ifndef CS_SERVER_RECONCILE_OPERATIONS_H
#define CS_SERVER_RECONCILE_OPERATIONS_H

#include "sync-server/reconcile/context.h"

/*
 * CS_OK with verdict->outcome APPLIED, REFUSED or HELD; in the latter two the working set is as before. Other statuses are
 * failures of this machine. What happened on site is never refused for business reasons: refused is only what is
 * malformed or was never permitted, and what rests on something refused.
 */
enum cs_status cs_transaction_apply(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                    struct cs_verdict *out) CS_MUST_USE;

#endif
