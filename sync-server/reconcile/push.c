/* Reconciling one push, see push.h. */
#include "sync-server/reconcile/push.h"

#include "shared/base/planted.h"
#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"
#include "sync-server/reconcile/held.h"
#include "sync-server/reconcile/operations.h"
#include "sync-server/reconcile/push_answer.h"
#include "sync-server/reconcile/recovered_rows.h"
#include "sync-server/reconcile/review.h"

#include <string.h>

/* Claimed times ahead of receipt by more than this are reported (design §6), milliseconds. */
#define CLOCK_AHEAD_MAX_MS ((int64_t)5 * 60 * 1000)

struct cs_edit cs_edit_of(const struct cs_transaction *transaction, const struct cs_device *device,
                          const struct cs_push_clock *clock)
{
    int64_t claimed_ms = cs_instant_utc_ms(transaction->claimed);
    return (struct cs_edit){
        .transaction = transaction,
        .version = {device->log, transaction->counter},
        .effective_ms = claimed_ms < clock->now_ms ? claimed_ms : clock->now_ms,
        .received_ms = clock->now_ms,
        .fact = (device->roles & CS_ROLE(TECHNICIAN)) != 0,
        .roles = device->roles,
    };
}

struct cs_edit cs_edit_of_held(const struct cs_transaction *transaction,
                               const struct cs_device *device,
                               const struct cs_logged_transaction *held)
{
    const struct cs_push_clock then = {.now_ms = held->received_ms};
    struct cs_edit edit = cs_edit_of(transaction, device, &then);
    edit.effective_ms = held->effective_ms;
    return edit;
}

static enum cs_status apply_one(struct cs_reconcile *reconcile,
                                const struct cs_transaction *transaction,
                                const struct cs_device *device, struct cs_push_answer *answer)
{
    struct cs_edit edit = cs_edit_of(transaction, device, reconcile->clock);
    struct cs_verdict verdict = {.outcome = CS_OUTCOME_DUPLICATE};
    bool known;
    enum cs_status status = cs_store_transaction_known(reconcile->store, transaction->id, &known);
    if (status == CS_OK && !known) {
        status = cs_transaction_apply(reconcile, &edit, &verdict);
    }
    if (status == CS_OK && verdict.outcome == CS_OUTCOME_APPLIED) {
        status = cs_transaction_settle(reconcile, &edit);
    }
    if (status == CS_OK) {
        status = cs_transaction_log(reconcile, &edit, &device->person, &verdict);
    }
    return status != CS_OK ? status : cs_push_answer_add(answer, transaction, &verdict);
}

static bool is_anomaly(const struct cs_transaction *transaction, const struct cs_push_clock *clock)
{
    int64_t claimed_ms = cs_instant_utc_ms(transaction->claimed);
    return claimed_ms > clock->now_ms + CLOCK_AHEAD_MAX_MS ||
           claimed_ms < clock->organisation_since_ms;
}

/* A device whose clock is wrong is an exception until it sends a change-set with a right one. */
static enum cs_status judge_clock(struct cs_reconcile *reconcile, const struct cs_device *device,
                                  const struct cs_transactions *transactions)
{
    const struct cs_transaction *anomaly = NULL;
    for (size_t i = 0; i < transactions->count && anomaly == NULL; i++) {
        anomaly =
            is_anomaly(&transactions->items[i], reconcile->clock) ? &transactions->items[i] : NULL;
    }
    struct cs_id id;
    cs_directory_row_id(device->certificate, &id);
    struct cs_working_row *row;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text("device"), &id, &row);
    if (status != CS_OK) {
        return status;
    }
    struct cs_finding finding = {
        .kind = "clock_anomaly", .subject = &row->now.row, .holds = anomaly != NULL};
    char claimed[CS_TIME_TEXT_MAX] = "";
    if (anomaly != NULL) {
        cs_instant_format(anomaly->claimed, claimed);
    }
    status = cs_computed_text(reconcile->arena, &finding.detail,
                              "the clock of this device said %s: check date and time zone on it",
                              claimed);
    return status != CS_OK ? status : cs_exception_set(reconcile, &finding);
}

static enum cs_status preload(struct cs_reconcile *reconcile,
                              const struct cs_transactions *transactions)
{
    size_t count = 0;
    for (size_t i = 0; i < transactions->count; i++) {
        count += transactions->items[i].operation_count;
    }
    struct cs_row_key *keys = cs_arena_take_array(reconcile->arena, count, sizeof *keys);
    if (keys == NULL) {
        return CS_NO_MEMORY;
    }
    count = 0;
    for (size_t i = 0; i < transactions->count; i++) {
        for (size_t j = 0; j < transactions->items[i].operation_count; j++) {
            const struct cs_operation *operation = &transactions->items[i].operations[j];
            if (cs_registry_find(reconcile->registry, operation->entity) != NULL) {
                keys[count++] = (struct cs_row_key){operation->entity, operation->row};
            }
        }
    }
    return cs_working_set_preload(&reconcile->set, keys, count);
}

static enum cs_status apply_all(struct cs_reconcile *reconcile, const struct cs_device *device,
                                const struct cs_transactions *transactions,
                                struct cs_push_answer *answer)
{
    enum cs_status status = preload(reconcile, transactions);
    for (size_t i = 0; status == CS_OK && i < transactions->count; i++) {
        status = apply_one(reconcile, &transactions->items[i], device, answer);
    }
    /* What was accepted before what it rests on was decided about waits since just now. */
    if (status == CS_OK && reconcile->reviewed != NULL) {
        status = cs_held_renew(reconcile, device->log);
    }
    if (status == CS_OK) {
        status = cs_held_retry(reconcile, CS_HELD_WAITING);
    }
    if (status == CS_OK) {
        status = cs_recovered_rows_returned(reconcile, device->log, transactions);
    }
    if (status == CS_OK) {
        status = cs_review_report(reconcile);
    }
    if (status == CS_OK) {
        status = judge_clock(reconcile, device, transactions);
    }
    if (status == CS_OK) {
        status = cs_reconcile_finish(reconcile);
    }
    return status != CS_OK ? status : cs_push_answer_echo(answer, reconcile, transactions);
}

static enum cs_status begin(struct cs_reconcile *reconcile, struct cs_store *store,
                            const struct cs_push_clock *clock, struct cs_arena *arena,
                            size_t expected)
{
    *reconcile = (struct cs_reconcile){
        .store = store, .registry = cs_store_registry(store), .arena = arena, .clock = clock};
    enum cs_status status = cs_store_position(store, &reconcile->position);
    return status != CS_OK ? status : cs_working_set_init(&reconcile->set, store, arena, expected);
}

static enum cs_status apply_change_set(struct cs_store *store, const struct cs_push_clock *clock,
                                       struct cs_device *device,
                                       const struct cs_push_change_set *change_set,
                                       struct cs_arena *arena, struct cs_push_answer *answer)
{
    struct cs_reconcile reconcile;
    struct cs_held held;
    enum cs_status status = begin(&reconcile, store, clock, arena, change_set->transactions.count);
    reconcile.device = device;
    if (status == CS_OK) {
        status = cs_held_load(&reconcile, device->log, &held);
    }
    if (status == CS_OK && device->state == CS_DEVICE_REVOKED && !CS_PLANTED(APPLY_REVOKED)) {
        status = cs_review_hold(&reconcile, &change_set->transactions, answer);
        cs_held_release(&reconcile);
        return status;
    }
    if (status == CS_OK) {
        status = apply_all(&reconcile, device, &change_set->transactions, answer);
    }
    cs_held_release(&reconcile);
    return status;
}

enum cs_status cs_push_wake(struct cs_store *store, const struct cs_push_clock *clock,
                            struct cs_arena *arena)
{
    struct cs_reconcile reconcile;
    struct cs_held held;
    enum cs_status status = begin(&reconcile, store, clock, arena, 1);
    if (status == CS_OK) {
        status = cs_held_load(&reconcile, CS_LOG_SERVER, &held);
    }
    if (status == CS_OK && held.count > 0) {
        status = cs_held_retry(&reconcile, CS_HELD_ALL);
        if (status == CS_OK) {
            status = cs_reconcile_finish(&reconcile);
        }
    }
    cs_held_release(&reconcile);
    return status;
}

/* The chain: same sequence, other bytes, or another past, means that the device exists twice. */
static enum cs_status check_chain(struct cs_store *store, const struct cs_device *device,
                                  const struct cs_push_change_set *change_set, bool *out_known)
{
    uint64_t sequence = change_set->header.sequence;
    *out_known = sequence <= device->sequence;
    if (*out_known) {
        uint8_t hash[CS_HASH_SIZE];
        enum cs_status status = cs_store_change_set_hash(store, device->log, sequence, hash);
        if (status != CS_OK) {
            return status == CS_NOT_FOUND ? CS_MALFORMED : status;
        }
        return memcmp(hash, change_set->hash, CS_HASH_SIZE) == 0 ? CS_OK : CS_FORKED;
    }
    if (sequence != device->sequence + 1 && !CS_PLANTED(ACCEPT_GAP)) {
        return CS_GAP;
    }
    bool linked = memcmp(change_set->header.previous, device->head, CS_HASH_SIZE) == 0 ||
                  CS_PLANTED(IGNORE_PREVIOUS_HASH);
    if (!linked && !CS_PLANTED(ACCEPT_GAP)) {
        return CS_FORKED;
    }
    bool continues = change_set->header.first_counter == device->counter + 1 &&
                     change_set->header.transaction_count == change_set->transactions.count &&
                     change_set->transactions.count > 0 &&
                     change_set->transactions.items[0].counter == change_set->header.first_counter;
    return continues ? CS_OK : CS_MALFORMED;
}

/* Judges all chains before anything is applied. *out_count: how many, from the first on, may be taken; with CS_GAP too. */
static enum cs_status check_chains(struct cs_store *store, const struct cs_device *device,
                                   const struct cs_push_change_set *change_sets, size_t count,
                                   size_t *out_count)
{
    struct cs_device then = *device;
    enum cs_status status = CS_OK;
    for (*out_count = 0; *out_count < count; ++*out_count) {
        const struct cs_push_change_set *change_set = &change_sets[*out_count];
        bool known = false;
        status = check_chain(store, &then, change_set, &known);
        if (status != CS_OK) {
            break;
        }
        if (!known) {
            then.sequence = change_set->header.sequence;
            then.counter += change_set->transactions.count;
            memcpy(then.head, change_set->hash, CS_HASH_SIZE);
        }
    }
    return status;
}

static enum cs_status take(struct cs_store *store, const struct cs_push_clock *clock,
                           struct cs_device *device, const struct cs_push_change_set *change_set,
                           struct cs_arena *arena, struct cs_push_answer *answer)
{
    if (change_set->header.sequence <= device->sequence) {
        return cs_push_answer_again(answer, device->log, &change_set->transactions);
    }
    device->sequence = change_set->header.sequence;
    device->counter += change_set->transactions.count;
    memcpy(device->head, change_set->hash, CS_HASH_SIZE);
    enum cs_status status = cs_store_append_change_set(store, device->log, device->sequence,
                                                       change_set->hash, change_set->inner);
    if (status == CS_OK) {
        status = apply_change_set(store, clock, device, change_set, arena, answer);
    }
    struct cs_leaf leaf;
    cs_leaf_change_set(device->log, device->sequence, device->head, &leaf);
    if (CS_PLANTED(HELD_UNLOGGED) && device->state == CS_DEVICE_REVOKED) {
        return status;
    }
    return status != CS_OK ? status : cs_evidence_log_enter(store, &leaf);
}

/* Of a revoked device more than so much is not taken before somebody has reviewed what waits: the rest stays on it. */
static enum cs_status check_room(struct cs_store *store, const struct cs_device *device,
                                 const struct cs_push_change_set *change_set, bool *out_full)
{
    return device->state == CS_DEVICE_REVOKED && change_set->header.sequence > device->sequence
               ? cs_review_is_full(store, device->log, out_full)
               : CS_OK;
}

enum cs_status cs_push_apply(struct cs_store *store, const struct cs_push_clock *clock,
                             struct cs_device *device, const struct cs_push_change_set *change_sets,
                             size_t count, struct cs_arena *arena, struct cs_push_result *out)
{
    size_t taken;
    struct cs_push_answer answer;
    enum cs_status chain = check_chains(store, device, change_sets, count, &taken);
    if (chain != CS_OK && chain != CS_GAP) {
        return chain;
    }
    enum cs_status status = cs_push_answer_init(&answer, store, change_sets, taken, arena);
    for (size_t i = 0; status == CS_OK && i < taken; i++) {
        status = check_room(store, device, &change_sets[i], &answer.result.review_is_full);
        if (status != CS_OK || answer.result.review_is_full) {
            break;
        }
        status = take(store, clock, device, &change_sets[i], arena, &answer);
    }
    if (status == CS_OK) {
        status = cs_store_put_device(store, device);
    }
    if (status != CS_OK) {
        return status;
    }
    answer.result.expected_sequence = device->sequence + 1;
    *out = answer.result;
    return chain;
}
