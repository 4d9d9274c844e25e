/*
 * Post-revocation work (design §6, §9): what a device signed and sent after its revocation is kept verbatim and held for
 * review, never dropped and never applied by itself. The office sees it as rows of `held_work` and as an exception; a `review` row,
 * signed, accepts or rejects each transaction. Accepting applies it through the ordinary merge; rejecting makes it a
 * refusal with its values. The first decision counts.
 */
#ifndef CS_RECONCILE_REVIEW_H
#define CS_RECONCILE_REVIEW_H

#include "sync-server/reconcile/context.h"
#include "sync-server/reconcile/push_answer.h"

/* Does so much of this device wait already that no more is taken? The rest stays on the device. */
enum cs_status cs_review_is_full(struct cs_store *store, uint64_t log, bool *out) CS_MUST_USE;
/* Holds all transactions of a change-set of reconcile->device, reports them, and finishes the change-set. */
enum cs_status cs_review_hold(struct cs_reconcile *reconcile,
                              const struct cs_transactions *transactions,
                              struct cs_push_answer *answer) CS_MUST_USE;

/*
 * Before an insert: CS_OK for other entities. Signature and chain; that it was signed by the device that sends it, which is not
 * revoked; that it names held work, not yet decided otherwise. Statuses that are not LOCAL refuse it.
 */
enum cs_status cs_review_check(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                               const struct cs_edit *edit, struct cs_problem *problem) CS_MUST_USE;
/* After a transaction was applied: what its revocations and reviews bring with them, and what it replaced that is away. */
enum cs_status cs_transaction_settle(struct cs_reconcile *reconcile,
                                     const struct cs_edit *edit) CS_MUST_USE;
/* Renews the exceptions of devices whose held work was decided about in this change-set. */
enum cs_status cs_review_report(struct cs_reconcile *reconcile) CS_MUST_USE;

#endif
