/* Refusal rows: what was refused, why, and the values, so that it can be corrected (pitfalls: one bad row). */
#ifndef CS_SERVER_RECONCILE_REFUSALS_H
#define CS_SERVER_RECONCILE_REFUSALS_H

#include "sync-server/reconcile/context.h"

/* JSON of all operations of a transaction, in the arena; of one too large for it, an empty list. */
enum cs_status cs_operations_text(struct cs_reconcile *reconcile,
                                  const struct cs_transaction *transaction,
                                  struct cs_value *out) CS_MUST_USE;
enum cs_status cs_refusal_put(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                              const struct cs_id *person,
                              const struct cs_verdict *verdict) CS_MUST_USE;

#endif
