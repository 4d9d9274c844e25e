/* The command entities: what there is to record, from the descriptors. Needs no passphrase. */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "shared/domain/choices.h"

static const char *type_name(enum cs_field_type type)
{
    static const char *const names[] = {
        [CS_FIELD_TEXT] = "text",     [CS_FIELD_INTEGER] = "integer",
        [CS_FIELD_MONEY] = "cents",   [CS_FIELD_BOOLEAN] = "boolean",
        [CS_FIELD_DATE] = "date",     [CS_FIELD_INSTANT] = "instant",
        [CS_FIELD_CHOICE] = "choice", [CS_FIELD_REFERENCE] = "reference",
        [CS_FIELD_BYTES] = "bytes",
    };
    return names[type];
}

static const char *kind_name(enum cs_entity_kind kind)
{
    static const char *const names[] = {[CS_ENTITY_ORDINARY] = "ordinary",
                                        [CS_ENTITY_EVIDENCE] = "evidence",
                                        [CS_ENTITY_COMPUTED] = "computed"};
    return names[kind];
}

static struct cs_json *text_json(const char *text)
{
    return text == NULL ? cs_json_null() : cs_json_text(cs_bytes_of_text(text));
}

/* Where the descriptor has none, the name as words. */
static struct cs_json *choice_en_json(const struct cs_field *field, size_t index)
{
    struct cs_bytes label = cs_choices_at(field->choices_en, index);
    char words[CS_NAME_MAX + 1];
    if (label.size > 0) {
        return cs_json_text(label);
    }
    label = cs_choices_at(field->choices, index);
    cs_require(label.size < sizeof words);
    for (size_t i = 0; i < label.size; i++) {
        words[i] = label.data[i] == '_' ? ' ' : (char)label.data[i];
    }
    return cs_json_text(cs_bytes_make(words, label.size));
}

static struct cs_json *choices_json(const struct cs_field *field)
{
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < cs_choices_count(field->choices); i++) {
        struct cs_json *choice = cs_json_object();
        cs_json_set(choice, "name", cs_json_text(cs_choices_at(field->choices, i)));
        cs_json_set(choice, "label_zh", cs_json_text(cs_choices_at(field->choices_zh, i)));
        cs_json_set(choice, "label_en", choice_en_json(field, i));
        cs_json_append(list, choice);
    }
    return list;
}

static bool has_flag(const struct cs_field *field, unsigned flag)
{
    return (field->flags & flag) != 0;
}

/* Where and how a form or a list shows it. */
static void put_uses(struct cs_json *json, const struct cs_entity *entity, size_t index)
{
    const struct cs_field *field = &entity->fields[index];
    bool sized = field->type == CS_FIELD_TEXT || field->type == CS_FIELD_BYTES;
    bool bounded = field->minimum != 0 || field->maximum != 0;
    cs_json_set(json, "hidden", cs_json_boolean(has_flag(field, CS_FIELD_HIDDEN)));
    cs_json_set(json, "listed", cs_json_boolean(cs_field_is_listed(field)));
    cs_json_set(json, "label", cs_json_boolean(index == cs_entity_label_field(entity)));
    cs_json_set(json, "search", cs_json_boolean(has_flag(field, CS_FIELD_SEARCH)));
    cs_json_set(json, "size_max",
                sized ? cs_json_integer((int64_t)cs_field_size_max(field)) : cs_json_null());
    cs_json_set(json, "minimum", bounded ? cs_json_integer(field->minimum) : cs_json_null());
    cs_json_set(json, "maximum", bounded ? cs_json_integer(field->maximum) : cs_json_null());
}

static struct cs_json *field_json(const struct cs_entity *entity, size_t index)
{
    const struct cs_field *field = &entity->fields[index];
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "name", text_json(field->name));
    cs_json_set(json, "label_zh", text_json(field->label_zh));
    cs_json_set(json, "label_en", text_json(field->label_en));
    cs_json_set(json, "type", text_json(type_name(field->type)));
    cs_json_set(json, "required", cs_json_boolean(has_flag(field, CS_FIELD_REQUIRED)));
    cs_json_set(json, "computed", cs_json_boolean(field->policy == CS_MERGE_COMPUTED));
    cs_json_set(json, "once", cs_json_boolean(field->policy == CS_MERGE_ONCE));
    cs_json_set(json, "writers", cs_view_roles_json(field->writers));
    cs_json_set(json, "references", text_json(field->references));
    cs_json_set(json, "choices", choices_json(field));
    put_uses(json, entity, index);
    return json;
}

static struct cs_json *entity_json(const struct cs_entity *entity)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *fields = cs_json_array();
    cs_json_set(json, "name", text_json(entity->name));
    cs_json_set(json, "label_zh", text_json(entity->label_zh));
    cs_json_set(json, "label_en", text_json(entity->label_en));
    cs_json_set(json, "kind", text_json(kind_name(entity->kind)));
    cs_json_set(json, "natural_key", text_json(entity->natural_key));
    cs_json_set(json, "clause", text_json(entity->clause));
    cs_json_set(json, "creators", cs_view_roles_json(entity->creators));
    cs_json_set(json, "deleters", cs_view_roles_json(entity->deleters));
    for (size_t i = 0; i < entity->field_count; i++) {
        cs_json_append(fields, field_json(entity, i));
    }
    cs_json_set(json, "fields", fields);
    return json;
}

static enum cs_status answer_json(struct cs_command *command, const struct cs_entity *only)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    for (size_t i = 0; i < command->registry->entity_count; i++) {
        const struct cs_entity *entity = command->registry->entities[i];
        if (only == NULL || only == entity) {
            cs_json_append(list, entity_json(entity));
        }
    }
    cs_json_set(json, "entities", list);
    return cs_command_json(command, json);
}

static void put_texts(struct cs_table *table, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cs_table_put_text(table, texts[i] == NULL ? "" : texts[i]);
    }
}

static enum cs_status print_entities(struct cs_command *command)
{
    static const char *const headings[] = {"entity", "中文", "English", "key", "kind"};
    struct cs_table table;
    cs_table_init(&table, CS_COUNT(headings));
    put_texts(&table, headings, CS_COUNT(headings));
    for (size_t i = 0; i < command->registry->entity_count; i++) {
        const struct cs_entity *entity = command->registry->entities[i];
        const char *const texts[] = {entity->name, entity->label_zh, entity->label_en,
                                     entity->natural_key, kind_name(entity->kind)};
        put_texts(&table, texts, CS_COUNT(texts));
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

static enum cs_status print_fields(struct cs_command *command, const struct cs_entity *entity)
{
    static const char *const headings[] = {
        "field", "中文", "English", "type", "refers to or one of", "remarks"};
    struct cs_table table;
    cs_table_init(&table, CS_COUNT(headings));
    put_texts(&table, headings, CS_COUNT(headings));
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct cs_field *field = &entity->fields[i];
        const char *remark = (field->flags & CS_FIELD_REQUIRED) != 0 ? "required"
                             : field->policy == CS_MERGE_COMPUTED    ? "computed"
                             : field->policy == CS_MERGE_ONCE        ? "set once"
                                                                     : "";
        const char *const texts[] = {field->name,
                                     field->label_zh,
                                     field->label_en,
                                     type_name(field->type),
                                     field->references != NULL ? field->references : field->choices,
                                     remark};
        put_texts(&table, texts, CS_COUNT(texts));
    }
    enum cs_status status = cs_table_print(&table, command);
    cs_table_release(&table);
    return status;
}

enum cs_status cs_command_entities(struct cs_command *command)
{
    const struct cs_entity *only = NULL;
    enum cs_status status = cs_command_expect(command, 0, 1);
    if (status == CS_OK && command->argument_count == 1) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &only);
    }
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        return answer_json(command, only);
    }
    return only == NULL ? print_entities(command) : print_fields(command, only);
}
