/*
 * Whether an edit may be made: what validation says of values and rights, and what only the view
 * can say: that references exist and that a natural key is free. Called by edit.c before anything
 * is written.
 */
#include "field-client/replica/edit_internal.h"
#include "field-client/replica/replica_internal.h"

#include <stdio.h>

static enum cs_status place(struct cs_draft *draft, const struct cs_named_value *value,
                            struct cs_problem *problem)
{
    size_t index = 0;
    enum cs_status status = cs_edit_field(draft->entity, value->name, &index, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_field *field = &draft->entity->fields[index];
    if (draft->given[index]) {
        return cs_problem_set(problem, CS_INVALID, "%s.%s is named twice", draft->entity->name,
                              field->name);
    }
    enum cs_write_kind kind = draft->mode == CS_DRAFT_INSERT ? CS_WRITE_INSERT : CS_WRITE_UPDATE;
    cs_roles roles = cs_identity_roles(draft->replica->identity);
    status = cs_write_permitted(draft->entity, field, kind, roles, problem);
    if (status == CS_OK) {
        status = cs_value_check(draft->entity, field, &value->value, problem);
    }
    if (status == CS_OK) {
        draft->values[index] = value->value;
        draft->given[index] = true;
        draft->given_count++;
    }
    return status;
}

/* Values that stay as they are need no operation; a resolution says them on purpose. */
static enum cs_status drop_unchanged(struct cs_draft *draft, struct cs_problem *problem)
{
    for (size_t i = 0; i < draft->entity->field_count; i++) {
        const struct cs_field *field = &draft->entity->fields[i];
        struct cs_value before = draft->before == NULL ? CS_NULL : draft->before[i];
        if (!draft->given[i] || draft->mode == CS_DRAFT_RESOLUTION) {
            continue;
        }
        if (cs_value_equal(&before, &draft->values[i])) {
            draft->given[i] = false;
            draft->given_count--;
        } else if (field->policy == CS_MERGE_ONCE && before.kind != CS_VALUE_NULL) {
            return cs_problem_set(problem, CS_DENIED,
                                  "%s.%s is set once and cannot be changed afterwards",
                                  draft->entity->name, field->name);
        }
    }
    return CS_OK;
}

/* Fields of a group move together, so an update of one names them all. */
static void complete_groups(struct cs_draft *draft)
{
    for (size_t i = 0; i < draft->entity->field_count; i++) {
        uint8_t group = draft->entity->fields[i].group;
        for (size_t j = 0; draft->given[i] && group != 0 && j < draft->entity->field_count; j++) {
            if (draft->entity->fields[j].group == group && !draft->given[j]) {
                draft->given[j] = true;
                draft->given_count++;
            }
        }
    }
}

enum cs_status cs_draft_fill(struct cs_draft *draft, const struct cs_named_value *values,
                             size_t count, struct cs_problem *problem)
{
    size_t field_count = draft->entity->field_count;
    draft->values = cs_arena_take_array(draft->arena, field_count, sizeof *draft->values);
    draft->given = cs_arena_take_array(draft->arena, field_count, sizeof *draft->given);
    if (draft->values == NULL || draft->given == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < field_count; i++) {
        draft->values[i] = draft->before == NULL ? CS_NULL : draft->before[i];
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = place(draft, &values[i], problem);
    }
    if (status == CS_OK) {
        status = drop_unchanged(draft, problem);
    }
    if (status == CS_OK && draft->mode != CS_DRAFT_INSERT) {
        complete_groups(draft);
    }
    return status;
}

/* Rows that lack a required field since it became required can still be edited elsewhere. */
static bool clears_required(const struct cs_draft *draft)
{
    for (size_t i = 0; i < draft->entity->field_count; i++) {
        if (draft->given[i] && draft->values[i].kind == CS_VALUE_NULL &&
            (draft->entity->fields[i].flags & CS_FIELD_REQUIRED) != 0) {
            return true;
        }
    }
    return false;
}

static enum cs_status check_row(const struct cs_draft *draft, struct cs_problem *problem)
{
    const struct cs_entity *entity = draft->entity;
    enum cs_status status = CS_OK;
    if (draft->mode == CS_DRAFT_INSERT || clears_required(draft)) {
        status = cs_row_complete(entity, draft->values, problem);
    }
    /*
     * A row that merging left inconsistent must stay editable: only a rule this edit breaks refuses
     * it.
     */
    bool broken_before =
        draft->before != NULL && cs_row_consistent(entity, draft->before, NULL) != CS_OK;
    if (status == CS_OK && !broken_before) {
        status = cs_row_consistent(entity, draft->values, problem);
    }
    return status;
}

enum cs_status cs_edit_row_alive(struct cs_replica *replica, const char *entity,
                                 const struct cs_id *id, bool *out)
{
    char sql[CS_NAME_MAX + 64];
    (void)snprintf(sql, sizeof sql, "SELECT 1 FROM \"%s\" WHERE id = ?1 AND _deleted = 0", entity);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status == CS_OK) {
        cs_bind_bytes(statement, 1, cs_id_bytes(id));
        status = cs_statement_step(statement, out);
        cs_statement_done(statement);
    }
    return status;
}

static enum cs_status check_reference(const struct cs_draft *draft, size_t index,
                                      struct cs_problem *problem)
{
    const struct cs_field *field = &draft->entity->fields[index];
    struct cs_id id;
    if (!cs_id_from_bytes(draft->values[index].bytes, &id)) {
        return cs_problem_set(problem, CS_INVALID, "%s.%s: an id has 16 bytes", draft->entity->name,
                              field->name);
    }
    bool alive = false;
    enum cs_status status = CS_OK;
    if (cs_registry_find(draft->replica->registry, cs_bytes_of_text(field->references)) != NULL) {
        status = cs_edit_row_alive(draft->replica, field->references, &id, &alive);
    }
    if (status == CS_OK && !alive) {
        char text[CS_ID_TEXT_SIZE];
        cs_id_format(&id, text);
        return cs_problem_set(problem, CS_MISSING_REFERENCE, "%s.%s: there is no %s %s",
                              draft->entity->name, field->name, field->references, text);
    }
    return status;
}

static enum cs_status check_references(const struct cs_draft *draft, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < draft->entity->field_count; i++) {
        const struct cs_field *field = &draft->entity->fields[i];
        bool changed = draft->given[i] && (draft->before == NULL ||
                                           !cs_value_equal(&draft->before[i], &draft->values[i]));
        if (changed && field->type == CS_FIELD_REFERENCE && field->references != NULL &&
            draft->values[i].kind == CS_VALUE_BYTES) {
            status = check_reference(draft, i, problem);
        }
    }
    return status;
}

static enum cs_status check_natural_key(const struct cs_draft *draft, struct cs_problem *problem)
{
    const struct cs_entity *entity = draft->entity;
    if (entity->natural_key == NULL) {
        return CS_OK;
    }
    size_t index = (size_t)cs_entity_field_index(entity, cs_bytes_of_text(entity->natural_key));
    const struct cs_value *value = &draft->values[index];
    bool changed = draft->given[index] &&
                   (draft->before == NULL || !cs_value_equal(&draft->before[index], value));
    if (!changed || value->kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    struct cs_id *ids = NULL;
    size_t count = 0;
    enum cs_status status =
        cs_row_find(draft->replica->tables, entity, index, value, 2, draft->arena, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (draft->before == NULL || !cs_id_equal(&ids[i], &draft->row)) {
            char text[CS_ID_TEXT_SIZE];
            cs_id_format(&ids[i], text);
            return cs_problem_set(problem, CS_EXISTS, "there is already a %s with this %s: %s",
                                  entity->name, entity->natural_key, text);
        }
    }
    return status;
}

enum cs_status cs_draft_check(const struct cs_draft *draft, struct cs_problem *problem)
{
    enum cs_status status = check_row(draft, problem);
    if (status == CS_OK) {
        status = check_references(draft, problem);
    }
    return status != CS_OK ? status : check_natural_key(draft, problem);
}
