/* Collecting the answer to a push, see push_answer.h. */
#include "sync-server/reconcile/push_answer.h"

#include "shared/base/planted.h"

enum cs_status cs_push_answer_init(struct cs_push_answer *answer,
                                   const struct cs_push_change_set *change_sets, size_t count,
                                   struct cs_arena *arena)
{
    size_t transactions = 0;
    size_t operations = 0;
    for (size_t i = 0; i < count; i++) {
        transactions += change_sets[i].transactions.count;
        for (size_t j = 0; j < change_sets[i].transactions.count; j++) {
            operations += change_sets[i].transactions.items[j].operation_count;
        }
    }
    *answer = (struct cs_push_answer){.arena = arena};
    answer->outcomes = cs_arena_take_array(arena, transactions, sizeof *answer->outcomes);
    answer->result.outcomes =
        cs_arena_take_array(arena, transactions, sizeof *answer->result.outcomes);
    answer->result.refusals =
        cs_arena_take_array(arena, transactions, sizeof *answer->result.refusals);
    answer->result.echoes = cs_arena_take_array(arena, operations, sizeof *answer->result.echoes);
    if (count > 0 && change_sets[0].transactions.count > 0) {
        answer->result.first_counter = change_sets[0].transactions.items[0].counter;
    }
    bool failed = answer->outcomes == NULL || answer->result.outcomes == NULL ||
                  answer->result.refusals == NULL || answer->result.echoes == NULL;
    return failed ? CS_NO_MEMORY : CS_OK;
}

static void add_outcome(struct cs_push_answer *answer, enum cs_outcome outcome)
{
    struct cs_push_result *result = &answer->result;
    answer->outcomes[answer->outcome_count++] = outcome;
    if (result->outcome_count > 0 &&
        result->outcomes[result->outcome_count - 1].outcome == outcome) {
        result->outcomes[result->outcome_count - 1].count++;
    } else {
        result->outcomes[result->outcome_count++] = (struct cs_outcome_run){outcome, 1};
    }
}

enum cs_status cs_push_answer_add(struct cs_push_answer *answer,
                                  const struct cs_transaction *transaction,
                                  const struct cs_verdict *verdict)
{
    add_outcome(answer, verdict->outcome);
    answer->result.echo_count += transaction->operation_count;
    if (verdict->outcome != CS_OUTCOME_REFUSED) {
        return CS_OK;
    }
    struct cs_refusal refusal = {.counter = transaction->counter,
                                 .status = verdict->status,
                                 .operation = verdict->operation};
    enum cs_status status = cs_arena_copy(answer->arena, verdict->field, &refusal.field);
    if (status == CS_OK) {
        status =
            cs_arena_copy(answer->arena, cs_bytes_of_text(verdict->problem.text), &refusal.text);
    }
    if (status == CS_OK) {
        answer->result.refusals[answer->result.refusal_count++] = refusal;
    }
    return status;
}

enum cs_status cs_push_answer_again(struct cs_push_answer *answer, struct cs_store *store,
                                    uint64_t log, const struct cs_transactions *transactions)
{
    for (size_t i = 0; i < transactions->count; i++) {
        const struct cs_version version = {log, transactions->items[i].counter};
        struct cs_logged_transaction logged;
        enum cs_status status = cs_store_transaction(store, &version, answer->arena, &logged);
        if (status != CS_OK) {
            return status == CS_NOT_FOUND ? CS_CORRUPT : status;
        }
        add_outcome(answer, CS_PLANTED(FRESH_OUTCOME) ? CS_OUTCOME_APPLIED : logged.outcome);
        answer->result.echo_count += transactions->items[i].operation_count;
        if (logged.outcome == CS_OUTCOME_REFUSED) {
            answer->result.refusals[answer->result.refusal_count++] = (struct cs_refusal){
                version.counter, logged.status, logged.operation, logged.field, logged.text};
        }
    }
    answer->echo_next = answer->result.echo_count;
    return CS_OK;
}

static enum cs_status echo_of(struct cs_reconcile *reconcile, const struct cs_operation *operation,
                              struct cs_push_echo *out)
{
    struct cs_working_row *row;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, operation->entity, &operation->row, &row);
    if (status == CS_OK) {
        *out = (struct cs_push_echo){
            .plain = !row->now.surprising && row->now.row.exists,
            .position_before = row->loaded_position,
            .position = row->now.row.position,
            .scopes = row->now.row.scopes,
            .scopes_before = row->loaded_scopes,
            .key = {row->now.row.name, row->now.row.id},
        };
    }
    return status;
}

enum cs_status cs_push_answer_echo(struct cs_push_answer *answer, struct cs_reconcile *reconcile,
                                   const struct cs_transactions *transactions)
{
    size_t first = answer->outcome_count - transactions->count;
    for (size_t i = 0; i < transactions->count; i++) {
        const struct cs_transaction *transaction = &transactions->items[i];
        for (size_t j = 0; j < transaction->operation_count; j++) {
            struct cs_push_echo *echo = &answer->result.echoes[answer->echo_next++];
            if (answer->outcomes[first + i] != CS_OUTCOME_APPLIED) {
                continue;
            }
            enum cs_status status = echo_of(reconcile, &transaction->operations[j], echo);
            if (status != CS_OK) {
                return status;
            }
        }
    }
    return CS_OK;
}
