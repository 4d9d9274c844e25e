/* Collecting what the device is told about its push. */
#ifndef CS_SERVER_RECONCILE_PUSH_ANSWER_H
#define CS_SERVER_RECONCILE_PUSH_ANSWER_H

#include "sync-server/reconcile/context.h"

struct cs_push_answer {
    struct cs_push_result result;
    enum cs_outcome *outcomes; /* per transaction, in order */
    size_t outcome_count;
    size_t echo_next; /* where the echoes of the change-set being applied begin */
    struct cs_store *store;
    struct cs_arena *arena;
};

enum cs_status cs_push_answer_init(struct cs_push_answer *answer, struct cs_store *store,
                                   const struct cs_push_change_set *change_sets, size_t count,
                                   struct cs_arena *arena) CS_MUST_USE;
/*
 * One more transaction's outcome. Of a duplicate the device is told what became of the change that was taken: as long as that is
 * held, its author must not take it for settled, for the log that brought it may never hear of it again.
 */
enum cs_status cs_push_answer_add(struct cs_push_answer *answer,
                                  const struct cs_transaction *transaction,
                                  const struct cs_verdict *verdict) CS_MUST_USE;
/* A change-set that was applied before: its outcomes from the store, no echoes. */
enum cs_status cs_push_answer_again(struct cs_push_answer *answer, uint64_t log,
                                    const struct cs_transactions *transactions) CS_MUST_USE;
/* After the change-set was finished: one echo per operation of `transactions`. */
enum cs_status cs_push_answer_echo(struct cs_push_answer *answer, struct cs_reconcile *reconcile,
                                   const struct cs_transactions *transactions) CS_MUST_USE;

#endif
