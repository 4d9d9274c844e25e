/* The multiset digests of scopes, kept in memory while a change-set is reconciled. */
#ifndef CS_SERVER_RECONCILE_DIGESTS_H
#define CS_SERVER_RECONCILE_DIGESTS_H

#include "sync-server/reconcile/context.h"

/* Adds or takes away the row's hash in each of its scopes. */
enum cs_status cs_digests_add(struct cs_reconcile *reconcile,
                              const struct cs_stored_row *row) CS_MUST_USE;
enum cs_status cs_digests_subtract(struct cs_reconcile *reconcile,
                                   const struct cs_stored_row *row) CS_MUST_USE;
/* Writes what changed to the store. */
enum cs_status cs_digests_save(struct cs_reconcile *reconcile) CS_MUST_USE;

#endif
