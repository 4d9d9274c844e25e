/* The commands new, set and delete: one local edit each, on disk when they return. */
#include "field-client/commands/assignments.h"
#include "field-client/commands/command_table.h"
#include "field-client/replica/edit.h"

/* Ends the edit one way or the other; *out_changed tells whether there was anything to keep. */
static enum cs_status conclude(struct cs_edit *owned_edit, enum cs_status status, bool *out_changed)
{
    if (status != CS_OK) {
        cs_edit_abort(owned_edit);
        return status;
    }
    *out_changed = cs_edit_transaction_count(owned_edit) > 0;
    return cs_edit_commit(owned_edit);
}

static struct cs_json *row_json(const struct cs_entity *entity, const struct cs_id *id)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(entity->name)));
    cs_json_set(json, "id", cs_command_json_id(id));
    return json;
}

enum cs_status cs_command_new(struct cs_command *command)
{
    const struct cs_entity *entity;
    struct cs_replica *replica;
    enum cs_status status = cs_command_expect(command, 1, SIZE_MAX);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &entity);
    }
    if (status == CS_OK) {
        status = cs_assignments_check(command, entity, 1);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value *values = NULL;
    size_t count = 0;
    struct cs_edit *edit = NULL;
    struct cs_id id;
    bool changed;
    status = cs_assignments_parse(command, replica, entity, 1, &arena, &values, &count);
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = cs_edit_insert(edit, cs_bytes_of_text(entity->name), NULL, values, count, &id,
                                &command->problem);
        status = conclude(edit, status, &changed);
    }
    cs_arena_release(&arena);
    if (status != CS_OK) {
        return status;
    }
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&id, text);
    if (command->json) {
        return cs_command_json(command, row_json(entity, &id));
    }
    cs_command_print(command, "%s\n", text);
    return CS_OK;
}

/* ENTITY ID of set and delete. */
static enum cs_status take_row(struct cs_command *command, const struct cs_entity *entity,
                               struct cs_replica **out_replica, struct cs_id *out_id)
{
    enum cs_status status = cs_command_open_replica(command, out_replica);
    return status != CS_OK
               ? status
               : cs_command_row(command, entity, cs_command_argument(command, 1), out_id);
}

static enum cs_status set_values(struct cs_command *command, struct cs_replica *replica,
                                 const struct cs_entity *entity, const struct cs_id *id,
                                 bool *out_changed)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value *values = NULL;
    size_t count = 0;
    struct cs_edit *edit = NULL;
    enum cs_status status =
        cs_assignments_parse(command, replica, entity, 2, &arena, &values, &count);
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = cs_edit_update(edit, cs_bytes_of_text(entity->name), id, values, count,
                                &command->problem);
        status = conclude(edit, status, out_changed);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_command_set(struct cs_command *command)
{
    const struct cs_entity *entity;
    struct cs_replica *replica;
    struct cs_id id;
    bool changed = false;
    enum cs_status status = cs_command_expect(command, 3, SIZE_MAX);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &entity);
    }
    if (status == CS_OK) {
        status = cs_assignments_check(command, entity, 2);
    }
    if (status == CS_OK) {
        status = take_row(command, entity, &replica, &id);
    }
    if (status == CS_OK) {
        status = set_values(command, replica, entity, &id, &changed);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = row_json(entity, &id);
        cs_json_set(json, "changed", cs_json_boolean(changed));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n",
                     changed ? cs_command_words(command, "changed", "已修改")
                             : cs_command_words(command, "nothing to change", "无需修改"));
    return CS_OK;
}

enum cs_status cs_command_delete(struct cs_command *command)
{
    const struct cs_entity *entity;
    struct cs_replica *replica;
    struct cs_edit *edit = NULL;
    struct cs_id id;
    bool changed;
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &entity);
    }
    if (status == CS_OK) {
        status = take_row(command, entity, &replica, &id);
    }
    if (status == CS_OK) {
        status = cs_edit_begin(replica, &edit);
    }
    if (status == CS_OK) {
        status = cs_edit_delete(edit, cs_bytes_of_text(entity->name), &id, &command->problem);
        status = conclude(edit, status, &changed);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = row_json(entity, &id);
        cs_json_set(json, "deleted", cs_json_boolean(true));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n", cs_command_words(command, "deleted", "已删除"));
    return CS_OK;
}
