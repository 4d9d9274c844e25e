/* The command get. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/replica/query.h"
#include "shared/base/text.h"

/* Longer bytes are not shown but counted. */
#define BYTES_SHOWN_MAX ((size_t)64)
#define LINE_MAX_BYTES (4 * CS_MEBI)

static enum cs_status print_field(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_field *field, const struct cs_value *value,
                                  size_t width)
{
    const char *name = cs_view_field_name(command, field);
    struct cs_buffer text;
    cs_buffer_init(&text, LINE_MAX_BYTES);
    enum cs_status status = CS_OK;
    bool long_bytes = field->type == CS_FIELD_BYTES && value->kind == CS_VALUE_BYTES &&
                      value->bytes.size > BYTES_SHOWN_MAX;
    if (long_bytes) {
        cs_buffer_append_format(&text, "(%zu bytes)", value->bytes.size);
    } else {
        status = cs_view_value(command, replica, field, value, &text);
    }
    size_t columns = cs_utf8_columns(cs_bytes_of_text(name));
    cs_command_print(command, "%s:%*s ", name, (int)(width - columns), "");
    cs_command_print_safe(command, cs_buffer_bytes(&text));
    cs_command_print(command, "\n");
    cs_buffer_release(&text);
    return status;
}

static enum cs_status print_row(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_stored_row *row, bool unsent)
{
    size_t width = 2;
    for (size_t i = 0; i < row->entity->field_count; i++) {
        size_t columns =
            cs_utf8_columns(cs_bytes_of_text(cs_view_field_name(command, &row->entity->fields[i])));
        width = columns > width ? columns : width;
    }
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_command_print(command, "id:%*s %s\n", (int)width - 2, "", id);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        if (row->values[i].kind != CS_VALUE_NULL) {
            status = print_field(command, replica, &row->entity->fields[i], &row->values[i], width);
        }
    }
    if (unsent) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command,
                                          "(has changes that the server has not accepted yet)",
                                          "(有尚未被服务器接受的修改)"));
    }
    return status;
}

static enum cs_status answer_get(struct cs_command *command, struct cs_replica *replica,
                                 const struct cs_stored_row *row, bool unsent)
{
    if (!command->json) {
        return print_row(command, replica, row, unsent);
    }
    struct cs_json *json = NULL;
    enum cs_status status = cs_view_row_json(replica, row, CS_VIEW_ALL, &json);
    if (status != CS_OK) {
        return status;
    }
    cs_json_set(json, "_unsent", cs_json_boolean(unsent));
    return cs_command_json(command, json);
}

enum cs_status cs_command_get(struct cs_command *command)
{
    const struct cs_entity *entity;
    struct cs_replica *replica;
    struct cs_id id;
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status == CS_OK) {
        status = cs_command_row(command, entity, cs_command_argument(command, 1), &id);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_bytes name = cs_bytes_of_text(entity->name);
    bool unsent = false;
    status = cs_query_get(replica, name, &id, &arena, &row, &command->problem);
    if (status == CS_OK) {
        status = cs_query_is_unsent(replica, name, &id, &unsent);
    }
    if (status == CS_OK) {
        status = answer_get(command, replica, &row, unsent);
    }
    cs_arena_release(&arena);
    return status;
}
