/* Refusals that go together, see refusal_unit.h. */
#include "field-client/replica/refusal_unit.h"

#include "field-client/replica/edit_internal.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"

/* Rows of other devices with the same counter, looked through at most. */
#define REFUSAL_ROWS_MAX ((size_t)4096)

const struct cs_operation *cs_refused_operation(const struct cs_pending *pending)
{
    size_t count = pending->transaction.operation_count;
    size_t index = pending->refusal_operation < count ? pending->refusal_operation : 0;
    return count == 0 ? NULL : &pending->transaction.operations[index];
}

static bool is_same_row(const struct cs_operation *a, const struct cs_operation *b)
{
    return cs_id_equal(&a->row, &b->row) && cs_bytes_equal(a->entity, b->entity);
}

/* ---- What rests on what ---- */

/* The change is based on the earlier transaction, or refers to a row that it makes. */
static bool change_rests_on(const struct cs_field_change *change, uint64_t log,
                            const struct cs_pending *earlier)
{
    const struct cs_version version = {log, earlier->counter};
    bool rests = cs_versions_contain(change->base, &version);
    for (size_t i = 0; !rests && i < earlier->transaction.operation_count; i++) {
        const struct cs_operation *made = &earlier->transaction.operations[i];
        rests = made->kind == CS_OPERATION_INSERT && change->value.kind == CS_VALUE_BYTES &&
                cs_bytes_equal(change->value.bytes, cs_id_bytes(&made->row));
    }
    return rests;
}

static bool rests_on(const struct cs_transaction *transaction, uint64_t log,
                     const struct cs_pending *earlier)
{
    bool rests = false;
    for (size_t i = 0; !rests && i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        for (size_t j = 0; !rests && j < operation->change_count; j++) {
            rests = change_rests_on(&operation->changes[j], log, earlier);
        }
        for (size_t j = 0; !rests && j < earlier->transaction.operation_count; j++) {
            const struct cs_operation *made = &earlier->transaction.operations[j];
            rests = made->kind == CS_OPERATION_INSERT && is_same_row(made, operation);
        }
    }
    return rests;
}

/* ---- Loading ---- */

struct search {
    uint64_t log;
    uint64_t counter;
    struct cs_refusal_unit *unit;
    struct cs_problem *problem;
};

/* The visit's memory ends with it, so the transaction is taken along as bytes. */
static enum cs_status take(struct cs_refusal_unit *unit, const struct cs_pending *pending)
{
    if (unit->count == unit->capacity) {
        size_t capacity = unit->capacity == 0 ? 4 : unit->capacity * 2;
        struct cs_pending *grown = cs_resize(unit->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        unit->items = grown;
        unit->capacity = capacity;
    }
    struct cs_pending *item = &unit->items[unit->count];
    struct cs_buffer bytes;
    struct cs_bytes body;
    cs_buffer_init(&bytes, 2 * CS_CHANGE_SET_BODY_MAX);
    *item = *pending;
    enum cs_status status = cs_transaction_encode(&pending->transaction, &bytes);
    if (status == CS_OK) {
        status = cs_arena_copy(&unit->arena, cs_buffer_bytes(&bytes), &body);
    }
    cs_buffer_release(&bytes);
    if (status == CS_OK) {
        status = cs_transaction_decode(body, &unit->arena, &item->transaction);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&unit->arena, pending->refusal_text, &item->refusal_text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&unit->arena, pending->refusal_field, &item->refusal_field);
    }
    unit->count += status == CS_OK ? 1 : 0;
    return status;
}

static enum cs_status visit(void *context, const struct cs_pending *pending)
{
    struct search *search = context;
    struct cs_refusal_unit *unit = search->unit;
    bool belongs = pending->counter == search->counter;
    for (size_t i = 0; !belongs && pending->counter > search->counter && i < unit->count; i++) {
        belongs = rests_on(&pending->transaction, search->log, &unit->items[i]);
    }
    return belongs ? take(unit, pending) : CS_OK;
}

/* Does the unit's first transaction rest on this earlier one? */
static enum cs_status visit_earlier(void *context, const struct cs_pending *pending)
{
    struct search *search = context;
    if (pending->counter >= search->counter ||
        !rests_on(&search->unit->items[0].transaction, search->log, pending)) {
        return CS_OK;
    }
    return cs_problem_set(
        search->problem, CS_USAGE,
        "refusal %llu rests on refusal %llu: correct or dismiss that one, they go "
        "together",
        (unsigned long long)search->counter, (unsigned long long)pending->counter);
}

enum cs_status cs_refusal_unit_load(struct cs_replica *replica, uint64_t counter,
                                    struct cs_refusal_unit *out, struct cs_problem *problem)
{
    *out = (struct cs_refusal_unit){.count = 0};
    cs_arena_init(&out->arena, CS_MESSAGE_ARENA_MAX);
    struct search search = {cs_identity_log(replica->identity), counter, out, problem};
    enum cs_status status = cs_query_pending(replica, CS_PENDING_REFUSED, visit, &search);
    if (status == CS_OK && out->count == 0) {
        return cs_problem_set(problem, CS_NOT_FOUND, "there is no refusal %llu",
                              (unsigned long long)counter);
    }
    return status != CS_OK ? status
                           : cs_query_pending(replica, CS_PENDING_REFUSED, visit_earlier, &search);
}

void cs_refusal_unit_release(struct cs_refusal_unit *unit)
{
    cs_free(unit->items);
    cs_arena_release(&unit->arena);
}

/* ---- Making it again ---- */

struct repetition {
    struct cs_edit *edit;
    const struct cs_refusal_unit *unit;
    const struct cs_named_value *corrections;
    size_t correction_count;
    const struct cs_operation *faulty;
    struct cs_arena *arena;
    struct cs_problem *problem;
};

/*
 * One transaction changes a row once: what a later operation of the unit deletes is not changed before, and what the unit makes
 * and deletes is not made.
 */
static bool is_moot(const struct cs_refusal_unit *unit, size_t item, size_t index)
{
    const struct cs_operation *operation = &unit->items[item].transaction.operations[index];
    bool made = operation->kind == CS_OPERATION_INSERT;
    bool deleted_later = false;
    for (size_t i = 0; i < unit->count; i++) {
        const struct cs_transaction *transaction = &unit->items[i].transaction;
        for (size_t j = 0; j < transaction->operation_count; j++) {
            const struct cs_operation *other = &transaction->operations[j];
            bool later = i > item || (i == item && j > index);
            if (is_same_row(operation, other)) {
                made = made || (!later && other->kind == CS_OPERATION_INSERT);
                deleted_later = deleted_later || (later && other->kind == CS_OPERATION_DELETE);
            }
        }
    }
    return deleted_later || (made && operation->kind == CS_OPERATION_DELETE);
}

/* The operation's values with the corrections over those of the same name; the refused operation gets all of them. */
static enum cs_status corrected(const struct repetition *repetition,
                                const struct cs_operation *operation, struct cs_named_value **out,
                                size_t *out_count)
{
    size_t count = operation->change_count;
    struct cs_named_value *values = cs_arena_take_array(
        repetition->arena, count + repetition->correction_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] =
            (struct cs_named_value){operation->changes[i].field, operation->changes[i].value};
    }
    bool touches = repetition->faulty != NULL && is_same_row(operation, repetition->faulty);
    for (size_t i = 0; touches && i < repetition->correction_count; i++) {
        size_t at = 0;
        while (at < count && !cs_bytes_equal(values[at].name, repetition->corrections[i].name)) {
            at++;
        }
        if (at < count || operation == repetition->faulty) {
            values[at] = repetition->corrections[i];
            count += at == count ? 1 : 0;
        }
    }
    *out = values;
    *out_count = count;
    return CS_OK;
}

/* Everything a resolution had seen; what was refused with it is nothing that anybody can see. */
static enum cs_status seen_by(const struct repetition *repetition,
                              const struct cs_operation *operation, struct cs_versions *out)
{
    uint64_t log = cs_identity_log(repetition->edit->replica->identity);
    size_t count = 0;
    for (size_t i = 0; i < operation->change_count; i++) {
        count += operation->changes[i].base.count;
    }
    struct cs_version *items = cs_arena_take_array(repetition->arena, count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    *out = (struct cs_versions){items, 0};
    for (size_t i = 0; i < operation->change_count; i++) {
        for (size_t j = 0; j < operation->changes[i].base.count; j++) {
            const struct cs_version *version = &operation->changes[i].base.items[j];
            bool refused = false;
            for (size_t k = 0; k < repetition->unit->count; k++) {
                refused = refused || (version->log == log &&
                                      version->counter == repetition->unit->items[k].counter);
            }
            items[out->count] = *version;
            out->count += refused ? 0 : 1;
        }
    }
    return CS_OK;
}

static bool is_resolution(const struct cs_operation *operation)
{
    bool several = false;
    for (size_t i = 0; i < operation->change_count; i++) {
        several = several || operation->changes[i].base.count > 1;
    }
    return several;
}

static enum cs_status repeat(const struct repetition *repetition,
                             const struct cs_operation *operation)
{
    struct cs_edit *edit = repetition->edit;
    struct cs_problem *problem = repetition->problem;
    struct cs_bytes entity = operation->entity;
    const struct cs_id *row = &operation->row;
    struct cs_named_value *values;
    size_t count;
    struct cs_versions seen = {NULL, 0};
    enum cs_status status = corrected(repetition, operation, &values, &count);
    if (status == CS_OK) {
        status = seen_by(repetition, operation, &seen);
    }
    if (status != CS_OK) {
        return status;
    }
    if (cs_edit_is_keep(operation)) {
        return cs_edit_keep(edit, entity, row, seen, problem);
    }
    switch (operation->kind) {
    case CS_OPERATION_INSERT:
        return cs_edit_insert(edit, entity, row, values, count, NULL, problem);
    case CS_OPERATION_UPDATE:
        return is_resolution(operation)
                   ? cs_edit_update_seeing(edit, entity, row, values, count, seen, problem)
                   : cs_edit_update(edit, entity, row, values, count, problem);
    case CS_OPERATION_DELETE:
        return cs_edit_delete(edit, entity, row, problem);
    }
    return CS_CORRUPT;
}

static enum cs_status repeat_all(const struct repetition *repetition)
{
    const struct cs_refusal_unit *unit = repetition->unit;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < unit->count; i++) {
        const struct cs_transaction *transaction = &unit->items[i].transaction;
        for (size_t j = 0; status == CS_OK && j < transaction->operation_count; j++) {
            status = is_moot(unit, i, j) ? CS_OK : repeat(repetition, &transaction->operations[j]);
        }
    }
    return status;
}

/* ---- Off the list ---- */

/* The server's own row about this refusal, where it has come down already. */
static enum cs_status find_row(struct cs_replica *replica, uint64_t counter, struct cs_arena *arena,
                               struct cs_id *out, bool *out_found)
{
    struct cs_bytes entity = cs_bytes_of_text("refusal");
    struct cs_value value = cs_value_integer((int64_t)counter);
    struct cs_id *ids = NULL;
    size_t count = 0;
    *out_found = false;
    if (cs_registry_find(replica->registry, entity) == NULL) {
        return CS_OK;
    }
    enum cs_status status = cs_query_find(replica, entity, cs_bytes_of_text("counter"), &value,
                                          REFUSAL_ROWS_MAX, arena, &ids, &count, NULL);
    for (size_t i = 0; status == CS_OK && i < count && !*out_found; i++) {
        struct cs_stored_row row;
        struct cs_reader reader;
        status = cs_query_get(replica, entity, &ids[i], arena, &row, NULL);
        if (status == CS_OK) {
            int log = cs_entity_field_index(row.entity, cs_bytes_of_text("log"));
            cs_reader_init(&reader, log < 0 ? CS_BYTES_NONE : row.values[log].bytes);
            *out_found = cs_read_u64(&reader) == cs_identity_log(replica->identity) &&
                         reader.status == CS_OK;
            *out = ids[i];
        }
    }
    return status;
}

/* That row is marked too, so that the office sees it was looked after, and when. Not being allowed to is no failure. */
static enum cs_status mark_row(struct cs_edit *edit, uint64_t counter, enum cs_pending_state state,
                               struct cs_arena *arena)
{
    const struct cs_world *world = edit->replica->world;
    struct cs_id id;
    bool found = false;
    enum cs_status status = find_row(edit->replica, counter, arena, &id, &found);
    if (status != CS_OK || !found) {
        return status;
    }
    const char *name = state == CS_PENDING_CORRECTED ? "corrected" : "dismissed";
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("state"), cs_value_text(cs_bytes_of_text(name))},
        {cs_bytes_of_text("settled_at"),
         cs_value_integer(cs_instant_make(world->wall_ms(world->context),
                                          world->offset_minutes(world->context)))},
    };
    status = cs_edit_update(edit, cs_bytes_of_text("refusal"), &id, values, CS_COUNT(values), NULL);
    return cs_status_class(status) == CS_CLASS_CALLER ? CS_OK : status;
}

/* The marks are a transaction of their own: the correction stands or falls without them. */
static enum cs_status settle(struct cs_edit *edit, const struct cs_refusal_unit *unit,
                             enum cs_pending_state state, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < unit->count; i++) {
        status = cs_edit_settle_refusal(edit, unit->items[i].counter, state, problem);
    }
    if (status == CS_OK) {
        status = cs_edit_next_transaction(edit);
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    for (size_t i = 0; status == CS_OK && i < unit->count; i++) {
        status = mark_row(edit, unit->items[i].counter, state, &arena);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_refusal_unit_correct(struct cs_edit *edit, const struct cs_refusal_unit *unit,
                                       const struct cs_named_value *corrections, size_t count,
                                       struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    const struct repetition repetition = {
        .edit = edit,
        .unit = unit,
        .corrections = corrections,
        .correction_count = count,
        .faulty = cs_refused_operation(&unit->items[0]),
        .arena = &arena,
        .problem = problem,
    };
    enum cs_status status = repeat_all(&repetition);
    cs_arena_release(&arena);
    return status != CS_OK ? status : settle(edit, unit, CS_PENDING_CORRECTED, problem);
}

enum cs_status cs_refusal_unit_dismiss(struct cs_edit *edit, const struct cs_refusal_unit *unit,
                                       struct cs_problem *problem)
{
    return settle(edit, unit, CS_PENDING_DISMISSED, problem);
}
