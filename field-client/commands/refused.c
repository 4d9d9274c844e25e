/* One refused transaction, see refusals.h. */
#include "field-client/commands/assignments.h"
#include "field-client/commands/refusals.h"
#include "field-client/replica/edit.h"

#include <string.h>

const struct cs_operation *cs_refused_operation(const struct cs_pending *pending)
{
    size_t count = pending->transaction.operation_count;
    size_t index = pending->refusal_operation < count ? pending->refusal_operation : 0;
    return count == 0 ? NULL : &pending->transaction.operations[index];
}

/* Rows of other devices with the same counter, looked through at most. */
#define REFUSAL_ROWS_MAX ((size_t)4096)

struct search {
    uint64_t number;
    struct cs_refused *out;
    bool found;
};

/* The visit's memory ends with it, so the transaction is taken along as bytes. */
static enum cs_status keep(void *context, const struct cs_pending *pending)
{
    struct search *search = context;
    if (pending->counter != search->number) {
        return CS_OK;
    }
    struct cs_refused *out = search->out;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 2 * CS_CHANGE_SET_BODY_MAX);
    out->pending = *pending;
    enum cs_status status = cs_transaction_encode(&pending->transaction, &bytes);
    if (status == CS_OK) {
        status =
            cs_transaction_decode(cs_buffer_bytes(&bytes), &out->arena, &out->pending.transaction);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&out->arena, pending->refusal_text, &out->pending.refusal_text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&out->arena, pending->refusal_field, &out->pending.refusal_field);
    }
    cs_buffer_release(&bytes);
    search->found = status == CS_OK;
    return status;
}

enum cs_status cs_refused_load(struct cs_command *command, struct cs_replica *replica,
                               uint64_t number, struct cs_refused *out)
{
    struct search search = {number, out, false};
    cs_arena_init(&out->arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_query_pending(replica, CS_PENDING_REFUSED, keep, &search);
    if (status == CS_OK && !search.found) {
        status = cs_problem_set(&command->problem, CS_NOT_FOUND, "there is no refusal %llu",
                                (unsigned long long)number);
    }
    if (status != CS_OK) {
        cs_arena_release(&out->arena);
    }
    return status;
}

void cs_refused_release(struct cs_refused *refused)
{
    cs_arena_release(&refused->arena);
}

/* The values of an operation, with corrections over those of the same name. */
static enum cs_status corrected(const struct cs_operation *operation,
                                const struct cs_named_value *corrections, size_t correction_count,
                                struct cs_arena *arena, struct cs_named_value **out,
                                size_t *out_count)
{
    size_t count = 0;
    struct cs_named_value *values =
        cs_arena_take_array(arena, operation->change_count + correction_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        values[count++] =
            (struct cs_named_value){operation->changes[i].field, operation->changes[i].value};
    }
    for (size_t i = 0; i < correction_count; i++) {
        size_t at = 0;
        while (at < count && !cs_bytes_equal(values[at].name, corrections[i].name)) {
            at++;
        }
        values[at] = corrections[i];
        count += at == count ? 1 : 0;
    }
    *out = values;
    *out_count = count;
    return CS_OK;
}

static enum cs_status repeat(struct cs_edit *edit, const struct cs_operation *operation,
                             const struct cs_named_value *values, size_t count,
                             struct cs_problem *problem)
{
    switch (operation->kind) {
    case CS_OPERATION_INSERT:
        return cs_edit_insert(edit, operation->entity, &operation->row, values, count, NULL,
                              problem);
    case CS_OPERATION_UPDATE:
        return cs_edit_update(edit, operation->entity, &operation->row, values, count, problem);
    case CS_OPERATION_DELETE:
        return cs_edit_delete(edit, operation->entity, &operation->row, problem);
    }
    return CS_CORRUPT;
}

/* The server's own row about this refusal, where it has come down already. */
static enum cs_status find_refusal_row(struct cs_replica *replica, uint64_t counter,
                                       struct cs_arena *arena, struct cs_id *out, bool *out_found)
{
    struct cs_bytes entity = cs_bytes_of_text("refusal");
    struct cs_value value = cs_value_integer((int64_t)counter);
    struct cs_id *ids = NULL;
    size_t count = 0;
    *out_found = false;
    if (cs_registry_find(cs_replica_registry(replica), entity) == NULL) {
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
            *out_found = cs_read_u64(&reader) == cs_identity_log(cs_replica_identity(replica)) &&
                         reader.status == CS_OK;
            *out = ids[i];
        }
    }
    return status;
}

/* That row is marked too, so that the office sees it was looked after. Not being allowed to is no failure. */
static enum cs_status mark_row(struct cs_edit *edit, struct cs_replica *replica, uint64_t counter,
                               const char *state, struct cs_arena *arena)
{
    struct cs_id id;
    bool found = false;
    enum cs_status status = find_refusal_row(replica, counter, arena, &id, &found);
    if (status != CS_OK || !found) {
        return status;
    }
    struct cs_named_value value = {cs_bytes_of_text("state"),
                                   cs_value_text(cs_bytes_of_text(state))};
    status = cs_edit_update(edit, cs_bytes_of_text("refusal"), &id, &value, 1, NULL);
    return cs_status_class(status) == CS_CLASS_CALLER ? CS_OK : status;
}

static enum cs_status finish(struct cs_edit *owned_edit, struct cs_command *command,
                             struct cs_replica *replica, const struct cs_refused *refused,
                             const char *state, enum cs_status status)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    uint64_t counter = refused->pending.counter;
    if (status == CS_OK) {
        status = cs_edit_forget_refusal(owned_edit, counter, &command->problem);
    }
    if (status == CS_OK) {
        status = cs_edit_next_transaction(owned_edit);
    }
    if (status == CS_OK) {
        status = mark_row(owned_edit, replica, counter, state, &arena);
    }
    cs_arena_release(&arena);
    if (status != CS_OK) {
        cs_edit_abort(owned_edit);
        return status;
    }
    return cs_edit_commit(owned_edit);
}

static enum cs_status repeat_all(struct cs_command *command, struct cs_edit *edit,
                                 const struct cs_refused *refused,
                                 const struct cs_named_value *corrections, size_t correction_count,
                                 struct cs_arena *arena)
{
    const struct cs_transaction *transaction = &refused->pending.transaction;
    const struct cs_operation *faulty = cs_refused_operation(&refused->pending);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        struct cs_named_value *values = NULL;
        size_t count = 0;
        status = corrected(operation, corrections, operation == faulty ? correction_count : 0,
                           arena, &values, &count);
        if (status == CS_OK) {
            status = repeat(edit, operation, values, count, &command->problem);
        }
    }
    return status;
}

enum cs_status cs_refused_retry(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_refused *refused, size_t first)
{
    const struct cs_operation *faulty = cs_refused_operation(&refused->pending);
    const struct cs_entity *entity;
    struct cs_named_value *corrections = NULL;
    size_t count = 0;
    struct cs_edit *edit = NULL;
    struct cs_arena arena;
    if (faulty == NULL) {
        return cs_problem_set(&command->problem, CS_INVALID, "the refusal holds nothing to retry");
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_command_entity(command, faulty->entity, &entity);
    if (status == CS_OK) {
        status = cs_assignments_check(command, entity, first);
    }
    if (status == CS_OK) {
        status =
            cs_assignments_parse(command, replica, entity, first, &arena, &corrections, &count);
    }
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = repeat_all(command, edit, refused, corrections, count, &arena);
        status = finish(edit, command, replica, refused, "corrected", status);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_refused_dismiss(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_refused *refused)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(replica, &edit);
    return status != CS_OK ? status : finish(edit, command, replica, refused, "dismissed", CS_OK);
}
