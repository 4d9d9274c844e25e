/*
 * Revoking a device (design §9): is it permitted, and what it does.
 *
 * Order is by position in the log, never by time: a revocation is what it is from the moment its transaction is applied, and
 * the device's row says then after which change-set, hash and transaction. What the device sends later is held (review.h).
 */
#ifndef CS_RECONCILE_REVOCATION_H
#define CS_RECONCILE_REVOCATION_H

#include "sync-server/reconcile/context.h"

/*
 * Before an insert: CS_OK for other entities. Signature, chains, right; that the revoker is known and not revoked itself; that
 * it is not the last device of an owner; that it is the only operation of its transaction. Statuses that are not LOCAL refuse.
 */
enum cs_status cs_revocation_check(struct cs_reconcile *reconcile,
                                   const struct cs_operation *operation, const struct cs_edit *edit,
                                   struct cs_problem *problem) CS_MUST_USE;
/* After its transaction was applied. A device that is revoked already stays as it is: the first revocation counts. */
enum cs_status cs_revocation_take(struct cs_reconcile *reconcile,
                                  const struct cs_operation *operation) CS_MUST_USE;

/* The fields of an insert by name, in the arena. CS_NO_MEMORY. */
enum cs_status cs_operation_values(struct cs_reconcile *reconcile,
                                   const struct cs_operation *operation,
                                   struct cs_named_value **out) CS_MUST_USE;
/* The organisation's id, as it was pinned. */
enum cs_status cs_reconcile_organisation(struct cs_reconcile *reconcile,
                                         uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
/* Is the device that signed known here, and was it not revoked before? CS_UNKNOWN_DEVICE, CS_DENIED. */
enum cs_status cs_signer_check(struct cs_reconcile *reconcile,
                               const uint8_t certificate[static CS_HASH_SIZE],
                               struct cs_problem *problem) CS_MUST_USE;

#endif
