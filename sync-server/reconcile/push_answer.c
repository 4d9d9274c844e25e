/* Collecting the answer to a push, see push_answer.h. */
#include "sync-server/reconcile/push_answer.h"

#include "shared/base/planted.h"

enum cs_status cs_push_answer_init(struct cs_push_answer *answer, struct cs_store *store,
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
    *answer = (struct cs_push_answer){.store = store, .arena = arena};
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

static void add_refusal(struct cs_push_answer *answer, const struct cs_refusal *refusal)
{
    answer->result.refusals[answer->result.refusal_count++] = *refusal;
}

static enum cs_status refusal_of(struct cs_push_answer *answer, uint64_t counter,
                                 const struct cs_verdict *verdict)
{
    struct cs_refusal refusal = {
        .counter = counter, .status = verdict->status, .operation = verdict->operation};
    enum cs_status status = cs_arena_copy(answer->arena, verdict->field, &refusal.field);
    if (status == CS_OK) {
        status =
            cs_arena_copy(answer->arena, cs_bytes_of_text(verdict->problem.text), &refusal.text);
    }
    if (status == CS_OK) {
        add_refusal(answer, &refusal);
    }
    return status;
}

/* What became of the change that a duplicate repeats. It was applied or held then; a held one may have been refused since. */
static enum cs_status find_repeated(struct cs_push_answer *answer, const uint8_t id[static 16],
                                    struct cs_logged_transaction *out)
{
    enum cs_status status = cs_store_transaction_taken(answer->store, id, answer->arena, out);
    if (status == CS_NOT_FOUND) {
        status = cs_store_transaction_refused(answer->store, id, answer->arena, out);
    }
    return status == CS_NOT_FOUND ? CS_CORRUPT : status;
}

enum cs_status cs_push_answer_add(struct cs_push_answer *answer,
                                  const struct cs_transaction *transaction,
                                  const struct cs_verdict *verdict)
{
    enum cs_outcome outcome = verdict->outcome;
    enum cs_status status = CS_OK;
    if (outcome == CS_OUTCOME_DUPLICATE) {
        struct cs_logged_transaction repeated;
        status = find_repeated(answer, transaction->id, &repeated);
        outcome = status == CS_OK && repeated.outcome == CS_OUTCOME_HELD ? CS_OUTCOME_HELD
                                                                         : CS_OUTCOME_DUPLICATE;
    }
    if (status != CS_OK) {
        return status;
    }
    add_outcome(answer, outcome);
    answer->result.echo_count += transaction->operation_count;
    return outcome == CS_OUTCOME_REFUSED ? refusal_of(answer, transaction->counter, verdict)
                                         : CS_OK;
}

static enum cs_status add_again(struct cs_push_answer *answer, const struct cs_version *version)
{
    struct cs_logged_transaction logged = {.outcome = CS_OUTCOME_APPLIED};
    enum cs_status status = cs_store_transaction(answer->store, version, answer->arena, &logged);
    enum cs_outcome outcome = logged.outcome;
    if (status == CS_OK && outcome == CS_OUTCOME_DUPLICATE) {
        status = find_repeated(answer, logged.id, &logged);
        outcome = logged.outcome == CS_OUTCOME_APPLIED ? CS_OUTCOME_DUPLICATE : logged.outcome;
    }
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    add_outcome(answer, CS_PLANTED(FRESH_OUTCOME) ? CS_OUTCOME_APPLIED : outcome);
    if (outcome == CS_OUTCOME_REFUSED) {
        add_refusal(answer, &(struct cs_refusal){version->counter, logged.status, logged.operation,
                                                 logged.field, logged.text});
    }
    return CS_OK;
}

enum cs_status cs_push_answer_again(struct cs_push_answer *answer, uint64_t log,
                                    const struct cs_transactions *transactions)
{
    for (size_t i = 0; i < transactions->count; i++) {
        const struct cs_version version = {log, transactions->items[i].counter};
        enum cs_status status = add_again(answer, &version);
        if (status != CS_OK) {
            return status;
        }
        answer->result.echo_count += transactions->items[i].operation_count;
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
