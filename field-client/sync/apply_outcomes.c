/*
 * What became of the transactions this device sent: outcomes, refusals and echoes of one page, run
 * in step.
 *
 * What must stay true: every operation of every transaction in the outcomes takes exactly one place
 * among the echoes, also of transactions that were settled here before (a change-set sent again):
 * else later echoes would fall on wrong rows.
 */
#include "field-client/replica/outbox.h"
#include "field-client/replica/query.h"
#include "field-client/sync/apply.h"

/* Position in the runs of echoes; places beyond the end count as 0, "not confirmed this way". */
struct echoes {
    const struct cs_echo_run *runs;
    size_t run_count;
    uint64_t taken; /* of the first run */
};

static uint32_t next_echo(struct echoes *echoes)
{
    while (echoes->run_count > 0 && echoes->taken >= echoes->runs->count) {
        echoes->runs++;
        echoes->run_count--;
        echoes->taken = 0;
    }
    if (echoes->run_count == 0) {
        return 0;
    }
    echoes->taken++;
    return echoes->runs->scope_set_plus_one;
}

static bool all_taken(struct echoes *echoes)
{
    (void)next_echo(echoes);
    return echoes->run_count == 0;
}

/* A change-set sent again, decoded for the number of operations of its transactions. */
struct resent {
    struct cs_arena arena;
    uint64_t first_counter;
    struct cs_transactions transactions;
};

struct walk {
    struct cs_apply *apply;
    struct echoes echoes;
    struct resent resent;
    size_t refusal; /* where the search for the next one begins: they come in order */
};

static enum cs_status load_resent(struct walk *walk, uint64_t counter, size_t *out_operations)
{
    struct resent *resent = &walk->resent;
    if (counter < resent->first_counter ||
        counter - resent->first_counter >= resent->transactions.count) {
        cs_arena_release(&resent->arena);
        resent->transactions.count = 0;
        struct cs_outbox_entry entry;
        struct cs_inner_header header;
        struct cs_bytes body;
        enum cs_status status =
            cs_outbox_load_counter(walk->apply->replica, counter, &resent->arena, &entry);
        if (status == CS_OK && entry.inner.size == 0) {
            return CS_GAP; /* a backup has it, so that it was removed here: how many operations it had is not known any more */
        }
        if (status == CS_OK) {
            status = cs_inner_split(entry.inner, &header, &body);
        }
        if (status == CS_OK) {
            status = cs_body_decode(body, &resent->arena, &resent->transactions);
        }
        if (status != CS_OK) {
            return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
        }
        resent->first_counter = entry.first_counter;
        if (counter - resent->first_counter >= resent->transactions.count) {
            return CS_CORRUPT;
        }
    }
    *out_operations = resent->transactions.items[counter - resent->first_counter].operation_count;
    return CS_OK;
}

/* Settled before: only its places among the echoes are passed over. */
static enum cs_status pass_over(struct walk *walk, uint64_t counter)
{
    size_t operations = 0;
    enum cs_status status = load_resent(walk, counter, &operations);
    for (size_t i = 0; status == CS_OK && i < operations; i++) {
        (void)next_echo(&walk->echoes);
    }
    return status;
}

static enum cs_status remove_pending(struct cs_replica *replica, uint64_t counter)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(cs_replica_database(replica),
                                             "DELETE FROM _pending WHERE counter = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    return cs_statement_run(statement);
}

static enum cs_status apply_accepted(struct walk *walk, const struct cs_transaction *transaction)
{
    struct cs_apply *apply = walk->apply;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        uint32_t echo = next_echo(&walk->echoes);
        if (echo > apply->page->scope_set_count) {
            return CS_MALFORMED;
        }
        status = echo > 0 ? cs_applier_accept(&apply->applier, operation, transaction->counter,
                                              apply->scopes[echo - 1])
                          : cs_applier_lift(&apply->applier, operation->entity, &operation->row,
                                            transaction->counter);
    }
    return status != CS_OK ? status : remove_pending(apply->replica, transaction->counter);
}

/* The refusal of this transaction, or NULL. */
static const struct cs_refusal *find_refusal(struct walk *walk, uint64_t counter)
{
    const struct cs_sync_response *page = walk->apply->page;
    for (size_t i = 0; i < page->refusal_count; i++) {
        size_t place = (walk->refusal + i) % page->refusal_count;
        if (page->refusals[place].counter == counter) {
            walk->refusal = place + 1;
            return &page->refusals[place];
        }
    }
    return NULL;
}

static enum cs_status set_state(struct cs_replica *replica, uint64_t counter,
                                enum cs_pending_state state, const struct cs_refusal *refusal)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "UPDATE _pending SET state = ?2, refusal_status = ?3, refusal_text = ?4, "
                         "refusal_operation = ?5, refusal_field = ?6 WHERE counter = ?1",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    cs_bind_integer(statement, 2, state);
    if (refusal != NULL) {
        cs_bind_text(statement, 3, cs_bytes_of_text(cs_status_name(refusal->status)));
        cs_bind_text(statement, 4, refusal->text);
        cs_bind_integer(statement, 5, refusal->operation);
        cs_bind_text(statement, 6, refusal->field);
    }
    return cs_statement_run(statement);
}

/* Keeps the first ones for the result; the refusal list has them all. */
static enum cs_status note_refusal(struct cs_apply *apply, const struct cs_refusal *refusal)
{
    struct cs_sync_result *result = apply->result;
    result->refused++;
    if (result->refusal_count == CS_SYNC_REFUSALS_SHOWN_MAX) {
        return CS_OK;
    }
    struct cs_sync_refusal *item = &apply->refusals.items[result->refusal_count];
    enum cs_status status = cs_arena_copy(apply->refusals.arena, refusal->text, &item->text);
    item->counter = refusal->counter;
    item->status = refusal->status;
    result->refusal_count += status == CS_OK ? 1 : 0;
    return status;
}

static enum cs_status apply_refused(struct walk *walk, const struct cs_transaction *transaction)
{
    struct cs_apply *apply = walk->apply;
    struct cs_refusal unexplained = {.counter = transaction->counter,
                                     .status = CS_REFUSED,
                                     .text = cs_bytes_of_text("refused without a reason")};
    const struct cs_refusal *refusal = find_refusal(walk, transaction->counter);
    refusal = refusal == NULL ? &unexplained : refusal;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        (void)next_echo(&walk->echoes);
        status = cs_applier_lift(&apply->applier, operation->entity, &operation->row,
                                 transaction->counter);
    }
    if (status == CS_OK) {
        status = set_state(apply->replica, transaction->counter, CS_PENDING_REFUSED, refusal);
    }
    return status != CS_OK ? status : note_refusal(apply, refusal);
}

static enum cs_status apply_held(struct walk *walk, const struct cs_transaction *transaction)
{
    for (size_t i = 0; i < transaction->operation_count; i++) {
        (void)next_echo(&walk->echoes);
    }
    return set_state(walk->apply->replica, transaction->counter, CS_PENDING_HELD, NULL);
}

static enum cs_status apply_to(struct walk *walk, const struct cs_transaction *transaction,
                               enum cs_outcome outcome)
{
    switch ((int)outcome) {
    case CS_OUTCOME_APPLIED:
    case CS_OUTCOME_DUPLICATE:
        return apply_accepted(walk, transaction);
    case CS_OUTCOME_REFUSED:
        return apply_refused(walk, transaction);
    case CS_OUTCOME_HELD:
        return apply_held(walk, transaction);
    default:
        return CS_MALFORMED;
    }
}

static enum cs_status apply_outcome(struct walk *walk, uint64_t counter, enum cs_outcome outcome)
{
    struct cs_apply *apply = walk->apply;
    struct cs_pending_cache *cache = &apply->applier.cache;
    enum cs_status status = cs_pending_load(apply->replica, counter, cache);
    if (status != CS_OK) {
        return status;
    }
    if (!cache->found || cache->state == CS_PENDING_REFUSED) {
        return pass_over(walk, counter);
    }
    bool is_news = cache->state == CS_PENDING_PACKED;
    apply->result->pushed += is_news ? 1 : 0;
    apply->result->held += is_news && outcome == CS_OUTCOME_HELD ? 1 : 0;
    status = apply_to(walk, &cache->transaction, outcome);
    cs_pending_cache_forget(cache);
    return status;
}

/* How many transactions the runs cover; none that was never packed may be among them. */
static enum cs_status count_outcomes(struct cs_apply *apply, uint64_t *out)
{
    const struct cs_sync_response *page = apply->page;
    struct cs_outbox_head head;
    enum cs_status status = cs_outbox_head(apply->replica, &head);
    uint64_t count = 0;
    for (size_t i = 0; status == CS_OK && i < page->outcome_count; i++) {
        if (page->first_counter == 0 || page->first_counter > head.last_counter ||
            page->outcomes[i].count > head.last_counter - page->first_counter + 1 - count) {
            return CS_MALFORMED;
        }
        count += page->outcomes[i].count;
    }
    if (status == CS_OK) {
        *out = count;
    }
    return status;
}

enum cs_status cs_apply_outcomes(struct cs_apply *apply)
{
    const struct cs_sync_response *page = apply->page;
    uint64_t count = 0;
    enum cs_status status = count_outcomes(apply, &count);
    struct walk walk = {.apply = apply, .echoes = {page->echoes, page->echo_count, 0}};
    cs_arena_init(&walk.resent.arena, CS_MESSAGE_ARENA_MAX);
    uint64_t counter = page->first_counter;
    for (size_t i = 0; status == CS_OK && i < page->outcome_count; i++) {
        uint64_t end = counter + page->outcomes[i].count;
        while (status == CS_OK && counter < end) {
            status = apply_outcome(&walk, counter++, page->outcomes[i].outcome);
        }
    }
    if (status == CS_OK && !all_taken(&walk.echoes)) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK && count > 0) {
        status = cs_outbox_acknowledge(apply->replica, page->log_sequence, page->first_counter,
                                       page->first_counter + count - 1);
    }
    cs_arena_release(&walk.resent.arena);
    return status;
}
