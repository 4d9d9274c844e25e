/*
 * Local edits that are about a whole row: deleting it, keeping one that somebody else wanted to
 * delete, having one back; see edit.h.
 */
#include "field-client/replica/edit_internal.h"
#include "field-client/replica/replica_internal.h"
#include "shared/merge/row_versions.h"

static enum cs_status delete_in(struct cs_edit *edit, struct cs_arena *arena,
                                struct cs_bytes entity, const struct cs_id *id,
                                struct cs_problem *problem)
{
    struct cs_stored_row row;
    enum cs_status status = cs_edit_target(edit, entity, id, arena, &row, problem);
    if (status == CS_OK) {
        status = cs_write_permitted(row.entity, NULL, CS_WRITE_DELETE,
                                    cs_identity_roles(edit->replica->identity), problem);
    }
    struct cs_operation *earlier = NULL;
    if (status == CS_OK) {
        status = cs_edit_transaction_find(&edit->transaction, row.name, id, &earlier);
    }
    if (status != CS_OK) {
        return status;
    }
    if (earlier != NULL) {
        return cs_problem_set(problem, CS_USAGE, "a %s cannot be changed and deleted in one action",
                              row.entity->name);
    }
    struct cs_operation operation = {.kind = CS_OPERATION_DELETE, .entity = row.name, .row = *id};
    cs_row_versions_hash(row.versions, operation.seen);
    status = cs_edit_transaction_add(&edit->transaction, &operation, problem);
    return status != CS_OK ? status : cs_edit_write(edit, &operation, arena, &row);
}

enum cs_status cs_edit_delete(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_problem *problem)
{
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = delete_in(edit, &arena, entity, id, problem);
    cs_arena_release(&arena);
    return cs_edit_conclude(edit, status);
}

/* Takes the deletes of `seen` away, which a person has looked at. */
static enum cs_status write_keep(struct cs_edit *edit, struct cs_arena *arena,
                                 struct cs_stored_row *row, struct cs_versions seen,
                                 struct cs_problem *problem)
{
    enum cs_status status = cs_write_permitted(row->entity, NULL, CS_WRITE_DELETE,
                                               cs_identity_roles(edit->replica->identity), problem);
    struct cs_field_change change = {.field = cs_bytes_of_text(CS_UNIT_DELETED),
                                     .value = cs_value_integer(0)};
    if (status == CS_OK) {
        status = cs_edit_union((struct cs_versions){NULL, 0}, seen, arena, &change.base);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_operation operation = {.kind = CS_OPERATION_UPDATE,
                                     .entity = row->name,
                                     .row = row->id,
                                     .changes = &change,
                                     .change_count = 1};
    status = cs_edit_transaction_add(&edit->transaction, &operation, problem);
    return status != CS_OK ? status : cs_edit_write(edit, &operation, arena, row);
}

enum cs_status cs_edit_keep(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                            struct cs_versions seen, struct cs_problem *problem)
{
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_edit_target(edit, entity, id, &arena, &row, problem);
    if (status == CS_OK) {
        status = write_keep(edit, &arena, &row, seen, problem);
    }
    cs_arena_release(&arena);
    return cs_edit_conclude(edit, status);
}

static enum cs_status revive_in(struct cs_edit *edit, struct cs_arena *arena,
                                struct cs_bytes entity, const struct cs_id *id,
                                struct cs_problem *problem)
{
    const struct cs_entity *known;
    struct cs_stored_row row;
    struct cs_row_versions versions;
    enum cs_status status = cs_edit_entity(edit->replica, entity, &known, problem);
    if (status == CS_OK) {
        status = cs_row_load(edit->replica->tables, entity, id, arena, &row);
    }
    if (status == CS_OK && (!row.exists || !row.deleted)) {
        return cs_problem_set(problem, row.exists ? CS_INVALID : CS_NOT_FOUND,
                              row.exists ? "this %s is not deleted" : "there is no such %s here",
                              known->name);
    }
    if (status == CS_OK) {
        status = cs_row_versions_unpack(row.versions, arena, &versions);
    }
    return status != CS_OK
               ? status
               : write_keep(edit, arena, &row,
                            cs_row_versions_of(&versions, cs_bytes_of_text(CS_UNIT_DELETED)),
                            problem);
}

enum cs_status cs_edit_revive(struct cs_edit *edit, struct cs_bytes entity, const struct cs_id *id,
                              struct cs_problem *problem)
{
    if (edit->failed != CS_OK) {
        return edit->failed;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = revive_in(edit, &arena, entity, id, problem);
    cs_arena_release(&arena);
    return cs_edit_conclude(edit, status);
}
