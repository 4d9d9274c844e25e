/* Rows as people and programs see them, see row_view.h. */
#include "field-client/console/row_view.h"

#include "field-client/replica/query.h"
#include "shared/domain/choices.h"
#include "shared/domain/value_text.h"

const char *cs_view_field_name(const struct cs_command *command, const struct cs_field *field)
{
    return command->chinese && field->label_zh != NULL ? field->label_zh : field->name;
}

const char *cs_view_entity_name(const struct cs_command *command, const struct cs_entity *entity)
{
    return command->chinese && entity->label_zh != NULL ? entity->label_zh : entity->name;
}

/* The row a reference means; false for what is no reference, or to an entity of a newer schema. */
static bool referred(struct cs_replica *replica, const struct cs_field *field,
                     const struct cs_value *value, const struct cs_entity **out_entity,
                     struct cs_id *out_id)
{
    if (field->type != CS_FIELD_REFERENCE || value->kind != CS_VALUE_BYTES ||
        !cs_id_from_bytes(value->bytes, out_id)) {
        return false;
    }
    *out_entity =
        cs_registry_find(cs_replica_registry(replica), cs_bytes_of_text(field->references));
    return *out_entity != NULL;
}

enum cs_status cs_view_value(struct cs_command *command, struct cs_replica *replica,
                             const struct cs_field *field, const struct cs_value *value,
                             struct cs_buffer *out)
{
    const struct cs_entity *entity;
    struct cs_id id;
    if (referred(replica, field, value, &entity, &id)) {
        return cs_query_label(replica, entity, &id, out);
    }
    if (command->chinese && field->type == CS_FIELD_CHOICE && value->kind == CS_VALUE_TEXT) {
        int index = cs_choices_find(field->choices, value->bytes);
        struct cs_bytes name =
            index < 0 ? CS_BYTES_NONE : cs_choices_at(field->choices_zh, (size_t)index);
        cs_buffer_append_bytes(out, name.size > 0 ? name : value->bytes);
        return out->status;
    }
    cs_value_format(field, value, out);
    return out->status;
}

static struct cs_json *formatted(const struct cs_field *field, const struct cs_value *value)
{
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    cs_value_format(field, value, &text);
    struct cs_json *json = text.status == CS_OK ? cs_json_text(cs_buffer_bytes(&text)) : NULL;
    cs_buffer_release(&text);
    return json;
}

struct cs_json *cs_view_value_json(const struct cs_field *field, const struct cs_value *value)
{
    switch (value->kind) {
    case CS_VALUE_NULL:
        return cs_json_null();
    case CS_VALUE_INTEGER:
        if (field->type == CS_FIELD_BOOLEAN) {
            return cs_json_boolean(value->integer != 0);
        }
        return field->type == CS_FIELD_DATE || field->type == CS_FIELD_INSTANT
                   ? formatted(field, value)
                   : cs_json_integer(value->integer);
    case CS_VALUE_TEXT:
        return cs_json_text(value->bytes);
    case CS_VALUE_BYTES:
        return formatted(field, value);
    }
    return NULL;
}

static enum cs_status put_label(struct cs_replica *replica, const struct cs_field *field,
                                const struct cs_value *value, struct cs_json *labels)
{
    const struct cs_entity *entity;
    struct cs_id id;
    if (!referred(replica, field, value, &entity, &id)) {
        return CS_OK;
    }
    struct cs_buffer label;
    cs_buffer_init(&label, 4 * CS_VALUE_MAX);
    enum cs_status status = cs_query_label(replica, entity, &id, &label);
    if (status == CS_OK) {
        cs_json_set(labels, field->name, cs_json_text(cs_buffer_bytes(&label)));
    }
    cs_buffer_release(&label);
    return status;
}

enum cs_status cs_view_row_json(struct cs_replica *replica, const struct cs_stored_row *row,
                                enum cs_view_fields fields, struct cs_json **out)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *labels = cs_json_object();
    enum cs_status status = CS_OK;
    cs_json_set(json, "id", cs_command_json_id(&row->id));
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        const struct cs_field *field = &row->entity->fields[i];
        if (fields == CS_VIEW_LISTED && (field->flags & CS_FIELD_HIDDEN) != 0) {
            continue;
        }
        cs_json_set(json, field->name, cs_view_value_json(field, &row->values[i]));
        status = put_label(replica, field, &row->values[i], labels);
    }
    cs_json_set(json, "labels", labels);
    if (status == CS_OK && json == NULL) {
        status = CS_NO_MEMORY;
    }
    if (status == CS_OK) {
        *out = json;
    } else {
        cs_json_destroy(json);
    }
    return status;
}

struct cs_json *cs_view_roles_json(cs_roles roles)
{
    struct cs_json *list = cs_json_array();
    for (int i = 0; i < CS_ROLE_COUNT; i++) {
        if ((roles >> i & 1) != 0) {
            cs_json_append(list,
                           cs_json_text(cs_bytes_of_text(cs_role_name((enum cs_role_index)i))));
        }
    }
    return list;
}

enum cs_status cs_view_incomplete(struct cs_command *command, struct cs_replica *replica, bool *out)
{
    struct cs_first_sync first;
    enum cs_status status = cs_query_first_sync(replica, &first);
    if (status != CS_OK) {
        return status;
    }
    if (!first.done && !command->json) {
        cs_command_note(
            command, "%s",
            cs_command_words(command, "INCOMPLETE: the first sync has not ended, rows are missing",
                             "数据不完整:首次同步尚未完成,缺少部分数据"));
    }
    *out = !first.done;
    return CS_OK;
}
