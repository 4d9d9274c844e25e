/* Transactions that wait: for a base that has not arrived, or for a newer server. */
#ifndef CS_SERVER_RECONCILE_HELD_H
#define CS_SERVER_RECONCILE_HELD_H

#include "sync-server/reconcile/context.h"

struct cs_edit cs_edit_of(const struct cs_transaction *transaction, const struct cs_device *device,
                          const struct cs_push_clock *clock);

/* Writes what became of a transaction; held ones with their body. */
enum cs_status cs_transaction_log(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_verdict *verdict) CS_MUST_USE;
enum cs_status cs_held_count(struct cs_store *store, size_t *out) CS_MUST_USE;
/* Tries all that wait, again and again as long as one of them goes through. */
enum cs_status cs_held_retry(struct cs_reconcile *reconcile) CS_MUST_USE;

#endif
