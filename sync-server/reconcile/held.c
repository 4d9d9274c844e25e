/* Transactions that wait, see held.h. */
#include "sync-server/reconcile/held.h"

#include "sync-server/reconcile/operations.h"
#include "sync-server/reconcile/refusals.h"

#include <string.h>

static enum cs_status log_with_body(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                    const struct cs_verdict *verdict, struct cs_bytes body,
                                    int64_t received_ms)
{
    struct cs_logged_transaction logged = {
        .version = edit->version,
        .claimed = edit->transaction->claimed,
        .received_ms = received_ms,
        .effective_ms = edit->effective_ms,
        .fact = edit->fact,
        .outcome = verdict->outcome,
        .status = verdict->status,
        .operation = verdict->operation,
        .field = verdict->field,
        .text = cs_bytes_of_text(verdict->problem.text),
        .body = body,
    };
    memcpy(logged.id, edit->transaction->id, sizeof logged.id);
    return cs_store_put_transaction(reconcile->store, &logged);
}

enum cs_status cs_transaction_log(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_verdict *verdict)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = CS_OK;
    if (verdict->outcome == CS_OUTCOME_HELD) {
        status = cs_transaction_encode(edit->transaction, &body);
    }
    if (status == CS_OK) {
        status = log_with_body(reconcile, edit, verdict, cs_buffer_bytes(&body),
                               reconcile->clock->now_ms);
    }
    cs_buffer_release(&body);
    return status;
}

enum cs_status cs_held_count(struct cs_store *store, size_t *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_logged_transaction *held;
    enum cs_status status = cs_store_held(store, &arena, &held, out);
    cs_arena_release(&arena);
    return status;
}

/* Tries one; *out_moved tells whether it waits no longer. */
static enum cs_status retry_one(struct cs_reconcile *reconcile,
                                const struct cs_logged_transaction *held, bool *out_moved)
{
    struct cs_transaction transaction;
    struct cs_device device;
    struct cs_verdict verdict;
    enum cs_status status = cs_transaction_decode(held->body, reconcile->arena, &transaction);
    if (status == CS_OK) {
        status =
            cs_store_device_by_log(reconcile->store, held->version.log, reconcile->arena, &device);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_edit edit = cs_edit_of(&transaction, &device, reconcile->clock);
    edit.effective_ms = held->effective_ms;
    status = cs_transaction_apply(reconcile, &edit, &verdict);
    *out_moved = status == CS_OK && verdict.outcome != CS_OUTCOME_HELD;
    if (status == CS_OK && verdict.outcome == CS_OUTCOME_REFUSED) {
        status = cs_refusal_put(reconcile, &edit, &device.person, &verdict);
    }
    if (status == CS_OK && *out_moved) {
        status = log_with_body(reconcile, &edit, &verdict, CS_BYTES_NONE, held->received_ms);
    }
    return status;
}

enum cs_status cs_held_retry(struct cs_reconcile *reconcile)
{
    bool progress = true;
    while (progress) {
        progress = false;
        struct cs_logged_transaction *held;
        size_t count;
        enum cs_status status = cs_store_held(reconcile->store, reconcile->arena, &held, &count);
        for (size_t i = 0; status == CS_OK && i < count; i++) {
            bool moved = false;
            status = retry_one(reconcile, &held[i], &moved);
            progress = progress || moved;
        }
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}
