/*
 * The command resolve: a person decides between the value that is shown and one that lost.
 *
 * The decision is an edit of the row itself that names the losing versions as seen, so that every replica comes to it alike; the conflict
 * row is closed by the server.
 */
#include "field-client/commands/command_table.h"
#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "shared/merge/row_digest.h"
#include "shared/merge/row_versions.h"

#include <string.h>

#define CONFLICT "conflict"
#define VERSION_SIZE 16

enum choice { CHOICE_CURRENT, CHOICE_OTHER, CHOICE_VALUE };

struct decision {
    struct cs_command *command;
    struct cs_replica *replica;
    struct cs_arena *arena;
    enum choice choice;
    const char *value; /* of CHOICE_VALUE */
    /* From the conflict row. */
    struct cs_id conflict;
    const struct cs_entity *entity;
    struct cs_id row;
    bool is_delete;
    struct cs_bytes field; /* name of the unit's first field, or "_deleted" */
    struct cs_versions seen;
    struct cs_bytes losing_value;
};

static enum cs_status parse_choice(struct cs_command *command, struct decision *decision)
{
    const char *text = command->arguments[1];
    if (strcmp(text, "current") == 0) {
        decision->choice = CHOICE_CURRENT;
    } else if (strcmp(text, "other") == 0) {
        decision->choice = CHOICE_OTHER;
    } else if (strncmp(text, "value=", 6) == 0) {
        decision->choice = CHOICE_VALUE;
        decision->value = text + 6;
    } else {
        return cs_command_usage(command, "\"%.60s\" is not a decision: current, other or value=…",
                                text);
    }
    return CS_OK;
}

static struct cs_bytes bytes_of(const struct cs_stored_row *row, const char *field)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(field));
    return index < 0 ? CS_BYTES_NONE : row->values[index].bytes;
}

static enum cs_status damaged(struct decision *decision, const char *field)
{
    return cs_problem_set(&decision->command->problem, CS_CORRUPT,
                          "the conflict's %s cannot be read", field);
}

static enum cs_status read_versions(struct decision *decision, struct cs_bytes packed)
{
    if (packed.size == 0 || packed.size % VERSION_SIZE != 0) {
        return damaged(decision, "losing_versions");
    }
    size_t count = packed.size / VERSION_SIZE;
    struct cs_version *items = cs_arena_take_array(decision->arena, count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    for (size_t i = 0; i < count; i++) {
        items[i].log = cs_read_u64(&reader);
        items[i].counter = cs_read_u64(&reader);
    }
    decision->seen = (struct cs_versions){items, count};
    return CS_OK;
}

static enum cs_status check_open(struct decision *decision, const struct cs_stored_row *conflict)
{
    if (cs_bytes_equal_text(bytes_of(conflict, "state"), "resolved")) {
        struct cs_bytes by = bytes_of(conflict, "resolved_by");
        return cs_problem_set(&decision->command->problem, CS_USED,
                              "this conflict is resolved already%s%.*s", by.size > 0 ? ", by " : "",
                              (int)by.size, by.size == 0 ? "" : (const char *)by.data);
    }
    return CS_OK;
}

static enum cs_status read_conflict(struct decision *decision)
{
    struct cs_command *command = decision->command;
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_get(decision->replica, cs_bytes_of_text(CONFLICT), &decision->conflict,
                     decision->arena, &row, &command->problem);
    if (status == CS_OK) {
        status = check_open(decision, &row);
    }
    if (status != CS_OK) {
        return status;
    }
    decision->entity = cs_registry_find(command->registry, bytes_of(&row, "entity"));
    decision->field = bytes_of(&row, "field");
    decision->is_delete = cs_bytes_equal_text(decision->field, CS_UNIT_DELETED);
    decision->losing_value = bytes_of(&row, "losing_value");
    if (decision->entity == NULL ||
        (!decision->is_delete && cs_entity_field_index(decision->entity, decision->field) < 0)) {
        return cs_problem_set(&command->problem, CS_UNSUPPORTED,
                              "the conflict is about something that this version does not know");
    }
    if (!cs_id_from_bytes(bytes_of(&row, "row"), &decision->row)) {
        return damaged(decision, "row");
    }
    return read_versions(decision, bytes_of(&row, "losing_versions"));
}

/* Fields of the unit the conflict is about, in order. */
static size_t unit_fields(const struct decision *decision, size_t out[CS_FIELDS_PER_ENTITY_MAX])
{
    int first = cs_entity_field_index(decision->entity, decision->field);
    size_t unit = cs_entity_unit(decision->entity, (size_t)first);
    size_t count = 0;
    for (size_t i = 0; i < decision->entity->field_count; i++) {
        if (cs_entity_unit(decision->entity, i) == unit) {
            out[count++] = i;
        }
    }
    return count;
}

static enum cs_status current_values(struct decision *decision, const size_t *fields, size_t count,
                                     struct cs_value *out)
{
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_get(decision->replica, cs_bytes_of_text(decision->entity->name), &decision->row,
                     decision->arena, &row, &decision->command->problem);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        out[i] = row.values[fields[i]];
    }
    return status;
}

static enum cs_status typed_value(struct decision *decision, size_t count, struct cs_value *out)
{
    struct cs_named_value value;
    if (count != 1) {
        return cs_command_usage(decision->command,
                                "these fields move together: take current or other, then use set");
    }
    enum cs_status status = cs_edit_parse(
        decision->replica, cs_bytes_of_text(decision->entity->name), decision->field,
        cs_bytes_of_text(decision->value), decision->arena, &value, &decision->command->problem);
    if (status == CS_OK) {
        out[0] = value.value;
    }
    return status;
}

static enum cs_status decided_values(struct decision *decision, const size_t *fields, size_t count,
                                     struct cs_value *out)
{
    switch (decision->choice) {
    case CHOICE_CURRENT:
        return current_values(decision, fields, count, out);
    case CHOICE_OTHER:
        return cs_unit_value_decode(decision->losing_value, out, count) == CS_OK
                   ? CS_OK
                   : damaged(decision, "losing_value");
    case CHOICE_VALUE:
        return typed_value(decision, count, out);
    }
    return CS_USAGE;
}

static enum cs_status edit_values(struct decision *decision, struct cs_edit *edit)
{
    size_t fields[CS_FIELDS_PER_ENTITY_MAX];
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    struct cs_named_value named[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = unit_fields(decision, fields);
    enum cs_status status = decided_values(decision, fields, count, values);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        named[i].name = cs_bytes_of_text(decision->entity->fields[fields[i]].name);
        named[i].value = values[i];
    }
    return status != CS_OK ? status
                           : cs_edit_update_seeing(edit, cs_bytes_of_text(decision->entity->name),
                                                   &decision->row, named, count, decision->seen,
                                                   &decision->command->problem);
}

static enum cs_status edit_delete(struct decision *decision, struct cs_edit *edit)
{
    struct cs_bytes entity = cs_bytes_of_text(decision->entity->name);
    struct cs_problem *problem = &decision->command->problem;
    switch (decision->choice) {
    case CHOICE_CURRENT:
        return cs_edit_keep(edit, entity, &decision->row, decision->seen, problem);
    case CHOICE_OTHER:
        return cs_edit_delete(edit, entity, &decision->row, problem);
    case CHOICE_VALUE:
        break;
    }
    return cs_command_usage(
        decision->command, "somebody wanted to delete the row: current keeps it, other deletes it");
}

static enum cs_status carry_out(struct decision *decision)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(decision->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = decision->is_delete ? edit_delete(decision, edit) : edit_values(decision, edit);
    if (status != CS_OK) {
        cs_edit_abort(edit);
        return status;
    }
    return cs_edit_commit(edit);
}

static enum cs_status answer(const struct decision *decision)
{
    struct cs_command *command = decision->command;
    if (!command->json) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "decided; the conflict closes at the next sync",
                                          "已决定;下次同步后冲突关闭"));
        return CS_OK;
    }
    static const char *const choices[] = {"current", "other", "value"};
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "conflict", cs_command_json_id(&decision->conflict));
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(decision->entity->name)));
    cs_json_set(json, "row", cs_command_json_id(&decision->row));
    cs_json_set(json, "field", cs_json_text(decision->field));
    cs_json_set(json, "choice", cs_json_text(cs_bytes_of_text(choices[decision->choice])));
    return cs_command_json(command, json);
}

enum cs_status cs_command_resolve(struct cs_command *command)
{
    struct cs_arena arena;
    struct decision decision = {.command = command, .arena = &arena};
    const struct cs_entity *entity;
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = parse_choice(command, &decision);
    }
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_bytes_of_text(CONFLICT), &entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &decision.replica);
    }
    if (status == CS_OK) {
        status =
            cs_command_row(command, entity, cs_command_argument(command, 0), &decision.conflict);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    status = read_conflict(&decision);
    if (status == CS_OK) {
        status = carry_out(&decision);
    }
    if (status == CS_OK) {
        status = answer(&decision);
    }
    cs_arena_release(&arena);
    return status;
}
