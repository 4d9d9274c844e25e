/* Transactions that wait, see held.h. */
#include "sync-server/reconcile/held.h"

#include "sync-server/reconcile/operations.h"
#include "sync-server/reconcile/refusals.h"
#include "sync-server/reconcile/review.h"

#include <string.h>

/* Of all devices together, and of one. Those that wait for a base are tried again and again, hence fewer. */
#define HELD_COUNT_MAX ((size_t)20000)
#define HELD_BYTES_MAX (16 * CS_MEBI)
#define HELD_WAITING_PER_DEVICE_MAX ((size_t)1000)
#define HELD_NEWER_PER_DEVICE_MAX ((size_t)10000)
#define HELD_BYTES_PER_DEVICE_MAX (4 * CS_MEBI)
/* Rounds of trying again in one change-set; what is left is tried with the next one. */
#define ROUNDS_MAX 8

/* A row that a held transaction makes. */
struct cs_held_row {
    struct cs_id id;
    enum cs_status why; /* CS_OK: this place is empty */
};

static void count_in(struct cs_held *held, enum cs_status why, size_t bytes)
{
    held->own_waiting += why == CS_GAP ? 1 : 0;
    held->own_newer += why == CS_GAP ? 0 : 1;
    held->own_bytes += bytes;
}

enum cs_status cs_held_load(struct cs_reconcile *reconcile, uint64_t log, struct cs_held *out)
{
    *out = (struct cs_held){.count = 0};
    cs_arena_init(&out->arena, CS_MESSAGE_ARENA_MAX);
    reconcile->held = out;
    enum cs_status status = cs_store_held(reconcile->store, &out->arena, &out->items, &out->count);
    if (status != CS_OK) {
        return status;
    }
    out->gone = cs_arena_take_array(&out->arena, out->count, sizeof *out->gone);
    out->all_count = out->count;
    for (size_t i = 0; i < out->count; i++) {
        out->all_bytes += out->items[i].body.size;
        if (out->items[i].version.log == log) {
            count_in(out, out->items[i].status, out->items[i].body.size);
        }
    }
    return out->gone == NULL ? CS_NO_MEMORY : CS_OK;
}

enum cs_status cs_held_renew(struct cs_reconcile *reconcile, uint64_t log)
{
    struct cs_held *held = reconcile->held;
    cs_held_release(reconcile);
    return cs_held_load(reconcile, log, held);
}

void cs_held_release(struct cs_reconcile *reconcile)
{
    if (reconcile->held != NULL) {
        cs_arena_release(&reconcile->held->arena);
        reconcile->held = NULL;
    }
}

static struct cs_held_row *place_of(const struct cs_held *held, const struct cs_id *id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < CS_ID_SIZE; i++) {
        hash = (hash ^ id->bytes[i]) * 0x100000001b3u;
    }
    size_t at = (size_t)(hash ^ (hash >> 32)) & (held->row_capacity - 1);
    while (held->rows[at].why != CS_OK && !cs_id_equal(&held->rows[at].id, id)) {
        at = (at + 1) & (held->row_capacity - 1);
    }
    return &held->rows[at];
}

static enum cs_status grow(struct cs_held *held)
{
    struct cs_held old = *held;
    held->row_capacity = old.row_capacity == 0 ? 64 : 2 * old.row_capacity;
    held->rows = cs_arena_take_array(&held->arena, held->row_capacity, sizeof *held->rows);
    if (held->rows == NULL) {
        *held = old;
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < old.row_capacity; i++) {
        if (old.rows[i].why != CS_OK) {
            *place_of(held, &old.rows[i].id) = old.rows[i];
        }
    }
    return CS_OK;
}

static enum cs_status add_rows(struct cs_held *held, const struct cs_transaction *transaction,
                               enum cs_status why)
{
    for (size_t i = 0; i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        if (operation->kind != CS_OPERATION_INSERT) {
            continue;
        }
        if (2 * (held->row_count + 1) > held->row_capacity && grow(held) != CS_OK) {
            return CS_NO_MEMORY;
        }
        struct cs_held_row *place = place_of(held, &operation->row);
        held->row_count += place->why == CS_OK ? 1 : 0;
        *place = (struct cs_held_row){operation->row, why};
    }
    return CS_OK;
}

/* The rows of everything that waits in the store. */
static enum cs_status fill_rows(struct cs_held *held)
{
    enum cs_status status = grow(held);
    for (size_t i = 0; status == CS_OK && i < held->count; i++) {
        struct cs_arena arena;
        struct cs_transaction transaction;
        if (held->gone[i]) {
            continue;
        }
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = cs_transaction_decode(held->items[i].body, &arena, &transaction);
        if (status == CS_OK) {
            status = add_rows(held, &transaction, held->items[i].status);
        }
        cs_arena_release(&arena);
    }
    return status;
}

static void forget_rows(struct cs_held *held)
{
    held->rows = NULL;
    held->row_count = 0;
    held->row_capacity = 0;
}

enum cs_status cs_held_row(struct cs_reconcile *reconcile, const struct cs_id *id,
                           enum cs_status *out_why)
{
    struct cs_held *held = reconcile->held;
    *out_why = CS_OK;
    if (held == NULL || held->all_count == 0) {
        return CS_OK;
    }
    enum cs_status status = held->row_capacity == 0 ? fill_rows(held) : CS_OK;
    if (status == CS_OK) {
        *out_why = place_of(held, id)->why;
    }
    return status;
}

enum cs_status cs_transaction_put(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_verdict *verdict, struct cs_bytes body)
{
    struct cs_logged_transaction logged = {
        .version = edit->version,
        .claimed = edit->transaction->claimed,
        .received_ms = edit->received_ms,
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

static bool within_quota(const struct cs_held *held, enum cs_status why, size_t bytes)
{
    bool room = why == CS_GAP ? held->own_waiting < HELD_WAITING_PER_DEVICE_MAX
                              : held->own_newer < HELD_NEWER_PER_DEVICE_MAX;
    return room && held->all_count < HELD_COUNT_MAX &&
           bytes <= HELD_BYTES_PER_DEVICE_MAX - held->own_bytes &&
           bytes <= HELD_BYTES_MAX - held->all_bytes;
}

/* Encodes the body and counts it; refuses where that passes a quota. */
static enum cs_status hold(struct cs_held *held, const struct cs_edit *edit,
                           struct cs_verdict *verdict, struct cs_buffer *body)
{
    enum cs_status status = cs_transaction_encode(edit->transaction, body);
    bool too_large = status == CS_TOO_LARGE || status == CS_LIMIT;
    if (status != CS_OK && !too_large) {
        return status;
    }
    if (too_large || !within_quota(held, verdict->status, body->size)) {
        cs_buffer_clear(body);
        verdict->outcome = CS_OUTCOME_REFUSED;
        verdict->status = cs_problem_set(
            &verdict->problem, CS_LIMIT,
            verdict->status == CS_GAP
                ? "too many changes wait for others that have not arrived: send this again later"
                : "too many changes wait for a newer server: upgrade it, then send this again");
        return CS_OK;
    }
    held->all_count++;
    held->all_bytes += body->size;
    count_in(held, verdict->status, body->size);
    status = held->row_capacity == 0 ? fill_rows(held) : CS_OK;
    return status != CS_OK ? status : add_rows(held, edit->transaction, verdict->status);
}

enum cs_status cs_transaction_log(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_id *person, struct cs_verdict *verdict)
{
    struct cs_buffer body;
    cs_buffer_init(&body, CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = CS_OK;
    if (verdict->outcome == CS_OUTCOME_HELD) {
        status = hold(reconcile->held, edit, verdict, &body);
    }
    if (status == CS_OK && verdict->outcome == CS_OUTCOME_REFUSED) {
        status = cs_refusal_put(reconcile, edit, person, verdict);
    }
    if (status == CS_OK) {
        status = cs_transaction_put(reconcile, edit, verdict, cs_buffer_bytes(&body));
    }
    cs_buffer_release(&body);
    return status;
}

enum cs_status cs_mark_surprising(struct cs_reconcile *reconcile,
                                  const struct cs_transaction *transaction)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < transaction->operation_count; i++) {
        struct cs_working_row *row;
        status = cs_working_set_get(&reconcile->set, transaction->operations[i].entity,
                                    &transaction->operations[i].row, &row);
        if (status == CS_OK) {
            row->now.surprising = true;
        }
    }
    return status;
}

static bool has_room_to_wait(const struct cs_held *held, uint64_t log)
{
    size_t waiting = 0;
    for (size_t i = 0; i < held->count; i++) {
        waiting +=
            !held->gone[i] && held->items[i].status == CS_GAP && held->items[i].version.log == log
                ? 1
                : 0;
    }
    return waiting < HELD_WAITING_PER_DEVICE_MAX;
}

/*
 * It is held still. What a newer server understands may wait for a base like all others: then it is tried with every change-set from
 * now on, and not when the server starts again, which may be never. Beyond the quota it stays as it was.
 */
static enum cs_status wait_for_base(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                    const struct cs_verdict *verdict,
                                    struct cs_logged_transaction *item, bool *out_progress)
{
    if (verdict->status != CS_GAP || item->status == CS_GAP ||
        !has_room_to_wait(reconcile->held, item->version.log)) {
        return CS_OK;
    }
    enum cs_status status = cs_transaction_put(reconcile, edit, verdict, item->body);
    if (status == CS_OK) {
        item->status = CS_GAP;
        *out_progress = true;
    }
    return status;
}

static enum cs_status leave(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                            const struct cs_device *device, const struct cs_verdict *verdict)
{
    enum cs_status status = CS_OK;
    if (verdict->outcome == CS_OUTCOME_APPLIED) {
        status = cs_transaction_settle(reconcile, edit);
    }
    if (status != CS_OK) {
        return status;
    }
    status = verdict->outcome == CS_OUTCOME_REFUSED
                 ? cs_refusal_put(reconcile, edit, &device->person, verdict)
                 : cs_mark_surprising(reconcile, edit->transaction);
    return status != CS_OK ? status : cs_transaction_put(reconcile, edit, verdict, CS_BYTES_NONE);
}

/* Tries one; *out_progress becomes true if it waits no longer, or for something else. */
static enum cs_status retry_one(struct cs_reconcile *reconcile, size_t at, bool *out_progress)
{
    struct cs_logged_transaction *item = &reconcile->held->items[at];
    struct cs_transaction transaction;
    struct cs_device device;
    struct cs_verdict verdict;
    enum cs_status status = cs_transaction_decode(item->body, reconcile->arena, &transaction);
    if (status == CS_OK) {
        status =
            cs_store_device_by_log(reconcile->store, item->version.log, reconcile->arena, &device);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_edit edit = cs_edit_of_held(&transaction, &device, item);
    status = cs_transaction_apply(reconcile, &edit, &verdict);
    if (status != CS_OK) {
        return status;
    }
    if (verdict.outcome == CS_OUTCOME_HELD) {
        return wait_for_base(reconcile, &edit, &verdict, item, out_progress);
    }
    reconcile->held->gone[at] = *out_progress = true;
    return leave(reconcile, &edit, &device, &verdict);
}

enum cs_status cs_held_retry(struct cs_reconcile *reconcile, enum cs_held_which which)
{
    struct cs_held *held = reconcile->held;
    enum cs_status status = CS_OK;
    bool progress = true;
    for (unsigned round = 0; progress && round < ROUNDS_MAX; round++) {
        progress = false;
        for (size_t i = 0; status == CS_OK && i < held->count; i++) {
            bool due = !held->gone[i] && (which == CS_HELD_ALL || held->items[i].status == CS_GAP);
            if (due) {
                status = retry_one(reconcile, i, &progress);
            }
        }
        forget_rows(held);
    }
    return status;
}
