/*
 * Local edits, see edit.h: draft an operation, check it, write the view and the overlay, and at the
 * end of a transaction the pending one. Everything is one SQLite transaction from begin to commit.
 */
#include "field-client/replica/edit_internal.h"
#include "field-client/replica/edit_transaction.h"
#include "field-client/replica/overlay.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/merge/row_versions.h"

#include <string.h>

enum cs_status cs_edit_begin(struct cs_replica *replica, struct cs_edit **out)
{
    struct cs_edit *edit = cs_alloc_zero(1, sizeof *edit);
    if (edit == NULL) {
        return CS_NO_MEMORY;
    }
    edit->replica = replica;
    enum cs_status status = cs_database_begin(replica->database);
    if (status == CS_OK) {
        status = cs_edit_transaction_init(&edit->transaction, replica);
        if (status != CS_OK) {
            cs_database_rollback(replica->database);
        }
    }
    if (status != CS_OK) {
        cs_free(edit);
        return status;
    }
    *out = edit;
    return CS_OK;
}

static void destroy(struct cs_edit *edit)
{
    cs_edit_transaction_release(&edit->transaction);
    cs_free(edit);
}

void cs_edit_abort(struct cs_edit *owned_edit)
{
    if (owned_edit != NULL) {
        cs_database_rollback(owned_edit->replica->database);
        destroy(owned_edit);
    }
}

enum cs_status cs_edit_next_transaction(struct cs_edit *edit)
{
    if (edit->failed == CS_OK) {
        edit->failed = cs_edit_transaction_end(&edit->transaction);
    }
    return edit->failed;
}

size_t cs_edit_transaction_count(const struct cs_edit *edit)
{
    return edit->transaction.ended_count + (edit->transaction.operation_count > 0 ? 1 : 0);
}

enum cs_status cs_edit_commit(struct cs_edit *owned_edit)
{
    struct cs_database *database = owned_edit->replica->database;
    enum cs_status status = cs_edit_next_transaction(owned_edit);
    if (status == CS_OK) {
        status = cs_edit_transaction_save(&owned_edit->transaction);
    }
    if (status == CS_OK) {
        status = cs_database_commit(database);
    } else {
        cs_database_rollback(database);
    }
    destroy(owned_edit);
    return status;
}

enum cs_status cs_edit_conclude(struct cs_edit *edit, enum cs_status status)
{
    if (status != CS_OK && cs_status_class(status) != CS_CLASS_CALLER) {
        edit->failed = status;
    }
    return status;
}

/* Writes what an operation makes of the view, and that it lies over confirmed state. */
static enum cs_status write_view(struct cs_edit *edit, const struct cs_operation *operation,
                                 struct cs_arena *arena, struct cs_stored_row *row)
{
    struct cs_replica *replica = edit->replica;
    uint64_t counter = edit->transaction.counter;
    enum cs_status status = CS_OK;
    if (row->exists) {
        bool overlaid = false;
        status = cs_overlay_exists(replica, row->name, &row->id, &overlaid);
        if (status == CS_OK && !overlaid) {
            status = cs_covered_store(replica, row);
        }
    }
    if (status == CS_OK) {
        status = cs_overlay_add(replica, row->name, &row->id, counter);
    }
    struct cs_version version = {cs_identity_log(replica->identity), counter};
    if (status == CS_OK) {
        status = cs_overlay_predict(operation, version, arena, row);
    }
    return status != CS_OK ? status : cs_row_store(replica->tables, row);
}

enum cs_status cs_edit_write(struct cs_edit *edit, const struct cs_operation *operation,
                             struct cs_arena *arena, struct cs_stored_row *row)
{
    enum cs_status status = write_view(edit, operation, arena, row);
    if (status != CS_OK) {
        edit->failed = status;
    }
    return status;
}

/* The changes that a draft makes; values still belong to the caller. */
static enum cs_status make_changes(const struct cs_draft *draft, struct cs_operation *operation)
{
    operation->changes =
        cs_arena_take_array(draft->arena, draft->given_count, sizeof *operation->changes);
    if (operation->changes == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < draft->entity->field_count; i++) {
        if (draft->given[i]) {
            operation->changes[operation->change_count++] = (struct cs_field_change){
                .field = cs_bytes_of_text(draft->entity->fields[i].name),
                .value = draft->values[i],
            };
        }
    }
    return CS_OK;
}

static enum cs_status insert_in(struct cs_edit *edit, struct cs_arena *arena,
                                struct cs_bytes entity, const struct cs_named_value *values,
                                size_t count, const struct cs_id *id, bool drawn,
                                struct cs_problem *problem)
{
    struct cs_replica *replica = edit->replica;
    struct cs_draft draft = {.replica = replica, .arena = arena, .mode = CS_DRAFT_INSERT};
    enum cs_status status = cs_edit_entity(replica, entity, &draft.entity, problem);
    if (status == CS_OK) {
        status = cs_write_permitted(draft.entity, NULL, CS_WRITE_INSERT,
                                    cs_identity_roles(replica->identity), problem);
    }
    if (status == CS_OK) {
        status = cs_draft_fill(&draft, values, count, problem);
    }
    struct cs_stored_row row = {.entity = draft.entity, .id = *id};
    if (status == CS_OK) {
        row.name = cs_bytes_of_text(draft.entity->name);
    }
    if (status == CS_OK && !drawn) {
        status = cs_row_load(replica->tables, row.name, id, arena, &row);
    }
    if (status == CS_OK && row.exists) {
        return cs_problem_set(problem, CS_EXISTS, "there is already a %s with this id",
                              draft.entity->name);
    }
    if (status == CS_OK) {
        status = cs_draft_check(&draft, problem);
    }
    struct cs_operation operation = {.kind = CS_OPERATION_INSERT, .entity = row.name, .row = *id};
    if (status == CS_OK) {
        status = make_changes(&draft, &operation);
    }
    if (status == CS_OK) {
        status = cs_edit_transaction_add(&edit->transaction, &operation, problem);
    }
    return status != CS_OK ? status : cs_edit_write(edit, &operation, arena, &row);
}

enum cs_status cs_edit_insert(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              const struct cs_named_value *values, size_t count,
                              struct cs_id *out_id, struct cs_problem *problem)
{
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    struct cs_id row = id == NULL ? cs_replica_draw_id(edit->replica) : *id;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        insert_in(edit, &arena, entity, values, count, &row, id == NULL, problem);
    cs_arena_release(&arena);
    if (status == CS_OK && out_id != NULL) {
        *out_id = row;
    }
    return cs_edit_conclude(edit, status);
}

enum cs_status cs_edit_target(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_arena *arena, struct cs_stored_row *out,
                              struct cs_problem *problem)
{
    const struct cs_entity *known;
    enum cs_status status = cs_edit_entity(edit->replica, entity, &known, problem);
    if (status == CS_OK) {
        status = cs_row_load(edit->replica->tables, entity, id, arena, out);
    }
    if (status != CS_OK || (out->exists && !out->deleted)) {
        return status;
    }
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(id, text);
    return cs_problem_set(problem, CS_NOT_FOUND,
                          out->exists ? "%s %s was deleted" : "there is no %s %s", known->name,
                          text);
}

/*
 * What the author had seen of each field: the versions the view shows for its unit, and what a
 * resolution adds.
 */
static enum cs_status set_bases(const struct cs_draft *draft, const struct cs_stored_row *row,
                                struct cs_versions seen, struct cs_operation *operation)
{
    struct cs_row_versions versions;
    enum cs_status status = cs_row_versions_unpack(row->versions, draft->arena, &versions);
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        struct cs_field_change *change = &operation->changes[i];
        int index = cs_entity_field_index(draft->entity, change->field);
        size_t unit = cs_entity_unit(draft->entity, (size_t)index);
        change->base =
            cs_row_versions_of(&versions, cs_bytes_of_text(draft->entity->fields[unit].name));
        status = cs_edit_union(change->base, seen, draft->arena, &change->base);
    }
    return status;
}

static enum cs_status update_in(struct cs_edit *edit, struct cs_draft *draft,
                                struct cs_bytes entity, const struct cs_named_value *values,
                                size_t count, struct cs_versions seen, struct cs_problem *problem)
{
    struct cs_stored_row row;
    enum cs_status status = cs_edit_target(edit, entity, &draft->row, draft->arena, &row, problem);
    if (status == CS_OK) {
        draft->entity = row.entity;
        draft->before = row.values;
        status = cs_write_permitted(row.entity, NULL, CS_WRITE_UPDATE,
                                    cs_identity_roles(edit->replica->identity), problem);
    }
    if (status == CS_OK) {
        status = cs_draft_fill(draft, values, count, problem);
    }
    if (status != CS_OK || draft->given_count == 0) {
        return status;
    }
    struct cs_operation operation = {
        .kind = CS_OPERATION_UPDATE, .entity = row.name, .row = draft->row};
    status = cs_draft_check(draft, problem);
    if (status == CS_OK) {
        status = make_changes(draft, &operation);
    }
    if (status == CS_OK) {
        status = set_bases(draft, &row, seen, &operation);
    }
    if (status == CS_OK) {
        status = cs_edit_transaction_add(&edit->transaction, &operation, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    return cs_edit_write(edit, &operation, draft->arena, &row);
}

static enum cs_status update(struct cs_edit *edit, enum cs_draft_mode mode, struct cs_bytes entity,
                             const struct cs_id *id, const struct cs_named_value *values,
                             size_t count, struct cs_versions seen, struct cs_problem *problem)
{
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_draft draft = {.replica = edit->replica, .arena = &arena, .mode = mode, .row = *id};
    enum cs_status status = update_in(edit, &draft, entity, values, count, seen, problem);
    cs_arena_release(&arena);
    return cs_edit_conclude(edit, status);
}

enum cs_status cs_edit_update(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              const struct cs_named_value *values, size_t count,
                              struct cs_problem *problem)
{
    return update(edit, CS_DRAFT_UPDATE, entity, id, values, count, (struct cs_versions){NULL, 0},
                  problem);
}

enum cs_status cs_edit_update_seeing(struct cs_edit *edit, struct cs_bytes entity,
                                     const struct cs_id *id, const struct cs_named_value *values,
                                     size_t count, struct cs_versions seen,
                                     struct cs_problem *problem)
{
    return update(edit, CS_DRAFT_RESOLUTION, entity, id, values, count, seen, problem);
}

/* Runs a statement over one refused transaction. */
static enum cs_status run_over_refusal(struct cs_edit *edit, const char *sql, uint64_t counter,
                                       enum cs_pending_state state)
{
    const struct cs_world *world = edit->replica->world;
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(edit->replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    cs_bind_integer(statement, 2, CS_PENDING_REFUSED);
    if (state != CS_PENDING_REFUSED) {
        cs_bind_integer(statement, 3, state);
        cs_bind_integer(statement, 4, world->wall_ms(world->context));
    }
    return cs_statement_run(statement);
}

enum cs_status cs_edit_settle_refusal(struct cs_edit *edit, uint64_t counter,
                                      enum cs_pending_state state, struct cs_problem *problem)
{
    cs_require(state == CS_PENDING_CORRECTED || state == CS_PENDING_DISMISSED);
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    enum cs_status status = run_over_refusal(
        edit,
        "INSERT INTO _settled_refusal (counter, state, body, change_set, refusal_status, "
        "refusal_text, refusal_operation, refusal_field, settled_ms) SELECT counter, ?3, body, "
        "change_set, refusal_status, refusal_text, refusal_operation, refusal_field, ?4 "
        "FROM _pending WHERE counter = ?1 AND state = ?2",
        counter, state);
    if (status == CS_OK && cs_database_changes(edit->replica->database) == 0) {
        return cs_problem_set(problem, CS_NOT_FOUND, "there is no refusal %llu",
                              (unsigned long long)counter);
    }
    if (status == CS_OK) {
        status = run_over_refusal(edit, "DELETE FROM _pending WHERE counter = ?1 AND state = ?2",
                                  counter, CS_PENDING_REFUSED);
    }
    return cs_edit_conclude(edit, status);
}
