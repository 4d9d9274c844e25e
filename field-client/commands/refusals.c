/*
 * The command refusals: transactions the server refused, their values kept for correction.
 *
 *   refusals · refusals show N · refusals correct N field=value… (also: retry) · refusals dismiss N · refusals export [FILE]
 */
#include "field-client/commands/refusals.h"
#include "field-client/commands/command_table.h"
#include "field-client/console/table.h"
#include "field-client/replica/edit.h"
#include "shared/base/text.h"
#include "shared/domain/value_text.h"

#include <string.h>

static const char *kind_name(enum cs_operation_kind kind)
{
    switch (kind) {
    case CS_OPERATION_INSERT:
        return "new";
    case CS_OPERATION_UPDATE:
        return "set";
    case CS_OPERATION_DELETE:
        return "delete";
    }
    return "";
}

static struct cs_json *value_json(const struct cs_entity *entity,
                                  const struct cs_field_change *change)
{
    static const struct cs_field unknown = {.name = "", .type = CS_FIELD_BYTES};
    int index = entity == NULL ? -1 : cs_entity_field_index(entity, change->field);
    return cs_view_value_json(index < 0 ? &unknown : &entity->fields[index], &change->value);
}

static struct cs_json *operation_json(const struct cs_registry *registry,
                                      const struct cs_operation *operation)
{
    const struct cs_entity *entity = cs_registry_find(registry, operation->entity);
    struct cs_json *json = cs_json_object();
    struct cs_json *values = cs_json_object();
    cs_json_set(json, "kind", cs_json_text(cs_bytes_of_text(kind_name(operation->kind))));
    cs_json_set(json, "entity", cs_json_text(operation->entity));
    cs_json_set(json, "id", cs_command_json_id(&operation->row));
    for (size_t i = 0; i < operation->change_count; i++) {
        char name[CS_NAME_MAX + 1] = "";
        struct cs_bytes field = operation->changes[i].field;
        memcpy(name, field.data, field.size < CS_NAME_MAX ? field.size : CS_NAME_MAX);
        cs_json_set(values, name, value_json(entity, &operation->changes[i]));
    }
    cs_json_set(json, "values", values);
    return json;
}

static struct cs_json *refusal_json(const struct cs_registry *registry,
                                    const struct cs_pending *pending)
{
    struct cs_json *json = cs_json_object();
    struct cs_json *operations = cs_json_array();
    cs_json_set(json, "number", cs_json_integer((int64_t)pending->counter));
    cs_json_set(json, "status",
                cs_json_text(cs_bytes_of_text(cs_status_name(pending->refusal_status))));
    cs_json_set(json, "text", cs_json_text(pending->refusal_text));
    cs_json_set(json, "operation", cs_json_integer(pending->refusal_operation));
    cs_json_set(json, "field", cs_json_text(pending->refusal_field));
    for (size_t i = 0; i < pending->transaction.operation_count; i++) {
        cs_json_append(operations, operation_json(registry, &pending->transaction.operations[i]));
    }
    cs_json_set(json, "operations", operations);
    return json;
}

/* ---- refusals ---- */

struct listing {
    struct cs_command *command;
    struct cs_json *list;
    struct cs_table table;
};

/* As much of an id as names a row to people. */
#define ROW_SHOWN ((size_t)13)

static void put_row(struct cs_table *table, const struct cs_operation *operation)
{
    char id[CS_ID_TEXT_SIZE] = "";
    if (operation != NULL) {
        cs_id_format(&operation->row, id);
    }
    cs_table_put(table, cs_bytes_make(id, operation == NULL ? 0 : ROW_SHOWN));
}

/* The value that was refused; of a transaction refused for another reason than a value, nothing. */
static void put_value(struct listing *listing, const struct cs_operation *operation,
                      struct cs_bytes field)
{
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    for (size_t i = 0; operation != NULL && i < operation->change_count; i++) {
        const struct cs_entity *entity =
            cs_registry_find(listing->command->registry, operation->entity);
        int index = entity == NULL ? -1 : cs_entity_field_index(entity, field);
        if (index >= 0 && cs_bytes_equal(operation->changes[i].field, field)) {
            cs_value_format(&entity->fields[index], &operation->changes[i].value, &text);
        }
    }
    cs_table_put(&listing->table, cs_buffer_bytes(&text));
    cs_buffer_release(&text);
}

static enum cs_status put_refusal(void *context, const struct cs_pending *pending)
{
    struct listing *listing = context;
    if (listing->command->json) {
        cs_json_append(listing->list, refusal_json(listing->command->registry, pending));
        return CS_OK;
    }
    char number[24];
    char at[CS_TIME_TEXT_MAX] = "";
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)pending->counter);
    const struct cs_operation *operation = cs_refused_operation(pending);
    cs_instant_format(pending->transaction.claimed, at);
    cs_table_put_text(&listing->table, number);
    cs_table_put_text(&listing->table, operation == NULL ? "" : kind_name(operation->kind));
    cs_table_put(&listing->table, operation == NULL ? CS_BYTES_NONE : operation->entity);
    put_row(&listing->table, operation);
    cs_table_put(&listing->table, pending->refusal_field);
    put_value(listing, operation, pending->refusal_field);
    cs_table_put_text(&listing->table, cs_status_name(pending->refusal_status));
    cs_table_put(&listing->table, pending->refusal_text);
    cs_table_put_text(&listing->table, at);
    return listing->table.text.status;
}

static enum cs_status list_refusals(struct cs_command *command, struct cs_replica *replica)
{
    static const char *const headings[][2] = {
        {"number", "编号"},  {"action", "操作"}, {"entity", "对象"},
        {"row", "数据编号"}, {"field", "字段"},  {"value", "值"},
        {"status", "状态"},  {"reason", "原因"}, {"typed at", "录入时间"}};
    struct listing listing = {.command = command};
    cs_table_init(&listing.table, CS_COUNT(headings));
    for (size_t i = 0; i < CS_COUNT(headings); i++) {
        cs_table_put_text(&listing.table, headings[i][command->chinese ? 1 : 0]);
    }
    listing.list = command->json ? cs_json_array() : NULL;
    enum cs_status status = cs_query_pending(replica, CS_PENDING_REFUSED, put_refusal, &listing);
    if (status != CS_OK) {
        cs_json_destroy(listing.list);
    } else if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "refusals", listing.list);
        status = cs_command_json(command, json);
    } else {
        if (cs_table_rows(&listing.table) == 0) {
            cs_command_print(command, "%s\n",
                             cs_command_words(command, "no refusals", "没有被拒绝的修改"));
        }
        status = cs_table_print(&listing.table, command);
    }
    cs_table_release(&listing.table);
    return status;
}

/* ---- show ---- */

static void print_change(struct cs_command *command, const struct cs_entity *entity,
                         const struct cs_field_change *change)
{
    int index = entity == NULL ? -1 : cs_entity_field_index(entity, change->field);
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_VALUE_MAX);
    cs_command_print(command, "    ");
    cs_command_print_safe(command, change->field);
    cs_command_print(command, "=");
    if (index >= 0) {
        cs_value_format(&entity->fields[index], &change->value, &text);
    }
    cs_command_print_safe(command, cs_buffer_bytes(&text));
    cs_command_print(command, "\n");
    cs_buffer_release(&text);
}

static void print_refusal(struct cs_command *command, const struct cs_pending *pending)
{
    cs_command_print(command, "#%llu %s: ", (unsigned long long)pending->counter,
                     cs_status_name(pending->refusal_status));
    cs_command_print_safe(command, pending->refusal_text);
    cs_command_print(command, "\n");
    for (size_t i = 0; i < pending->transaction.operation_count; i++) {
        const struct cs_operation *operation = &pending->transaction.operations[i];
        const struct cs_entity *entity = cs_registry_find(command->registry, operation->entity);
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&operation->row, id);
        cs_command_print(command, "  %s ", kind_name(operation->kind));
        cs_command_print_safe(command, operation->entity);
        cs_command_print(command, " %s\n", id);
        for (size_t j = 0; j < operation->change_count; j++) {
            print_change(command, entity, &operation->changes[j]);
        }
    }
}

static enum cs_status show(struct cs_command *command, const struct cs_refusal_unit *unit)
{
    if (command->json) {
        struct cs_json *json = refusal_json(command->registry, &unit->items[0]);
        struct cs_json *resting = cs_json_array();
        for (size_t i = 1; i < unit->count; i++) {
            cs_json_append(resting, cs_json_integer((int64_t)unit->items[i].counter));
        }
        cs_json_set(json, "resting", resting);
        return cs_command_json(command, json);
    }
    for (size_t i = 0; i < unit->count; i++) {
        if (i == 1) {
            cs_command_print(command, "%s\n",
                             cs_command_words(command, "refused with it, corrected with it:",
                                              "随之被拒绝,将一并更正:"));
        }
        print_refusal(command, &unit->items[i]);
    }
    return CS_OK;
}

/* ---- export ---- */

static const char *state_name(enum cs_pending_state state)
{
    return state == CS_PENDING_CORRECTED   ? "corrected"
           : state == CS_PENDING_DISMISSED ? "dismissed"
                                           : "open";
}

static enum cs_status export_one(void *context, const struct cs_pending *pending)
{
    struct listing *listing = context;
    struct cs_json *json = refusal_json(listing->command->registry, pending);
    char at[CS_TIME_TEXT_MAX] = "";
    cs_instant_format(pending->transaction.claimed, at);
    cs_json_set(json, "typed_at", cs_json_text(cs_bytes_of_text(at)));
    cs_json_set(json, "state", cs_json_text(cs_bytes_of_text(state_name(pending->state))));
    if (pending->settled_ms != 0) {
        cs_instant_format(cs_instant_make(pending->settled_ms, 0), at);
    }
    cs_json_set(json, "settled_at",
                pending->settled_ms == 0 ? cs_json_null() : cs_json_text(cs_bytes_of_text(at)));
    cs_json_append(listing->list, json);
    return CS_OK;
}

/* More than this is no list for people any more. */
#define EXPORT_MAX (1024 * CS_MEBI)

static enum cs_status write_export(struct cs_command *command, struct cs_json *owned_json)
{
    if (command->argument_count == 0 || cs_command_is_stream(command->arguments[0])) {
        return cs_command_json(command, owned_json);
    }
    struct cs_buffer text;
    cs_buffer_init(&text, EXPORT_MAX);
    size_t count = cs_json_count(cs_json_get(owned_json, "refusals"));
    enum cs_status status = owned_json == NULL ? CS_NO_MEMORY : cs_json_write(owned_json, 2, &text);
    cs_json_destroy(owned_json);
    if (status == CS_OK) {
        status = cs_command_write_file(command, command->arguments[0], cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    if (status == CS_OK && command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "file", cs_json_text(cs_bytes_of_text(command->arguments[0])));
        cs_json_set(json, "count", cs_json_integer((int64_t)count));
        return cs_command_json(command, json);
    }
    if (status == CS_OK) {
        cs_command_print(command, CS_WORDS(command, "%zu refusals\n", "%zu 项\n"), count);
    }
    return status;
}

/* Everything that was ever refused here, with its values: also what was corrected or put aside. */
static enum cs_status export_all(struct cs_command *command, struct cs_replica *replica)
{
    struct listing listing = {.command = command, .list = cs_json_array()};
    enum cs_status status = cs_query_pending(replica, CS_PENDING_REFUSED, export_one, &listing);
    if (status == CS_OK) {
        status = cs_query_settled(replica, export_one, &listing);
    }
    if (status != CS_OK) {
        cs_json_destroy(listing.list);
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "refusals", listing.list);
    return write_export(command, json);
}

/* ---- correct, dismiss ---- */

static enum cs_status answer(struct cs_command *command, const struct cs_refusal_unit *unit,
                             const char *key, const char *english, const char *chinese)
{
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "number", cs_json_integer((int64_t)unit->items[0].counter));
        cs_json_set(json, key, cs_json_boolean(true));
        cs_json_set(json, "count", cs_json_integer((int64_t)unit->count));
        return cs_command_json(command, json);
    }
    cs_command_print(command, "%s\n", cs_command_words(command, english, chinese));
    return CS_OK;
}

static bool is_correction(const char *action)
{
    return strcmp(action, "correct") == 0 || strcmp(action, "retry") == 0;
}

static enum cs_status act(struct cs_command *command, struct cs_replica *replica,
                          const char *action, const struct cs_refusal_unit *unit)
{
    bool correct = is_correction(action);
    enum cs_status status = correct ? cs_refused_correct(command, replica, unit, 1)
                                    : cs_refused_dismiss(command, replica, unit);
    if (status != CS_OK) {
        return status;
    }
    return correct ? answer(command, unit, strcmp(action, "retry") == 0 ? "retried" : "corrected",
                            "typed again: it goes out with the next sync",
                            "已重新录入,将在下次同步时发送")
                   : answer(command, unit, "dismissed", "dismissed", "已放弃");
}

static enum cs_status check_arguments(struct cs_command *command, const char *action,
                                      uint64_t *out_number)
{
    if (strcmp(action, "export") == 0) {
        return cs_command_expect(command, 0, 1);
    }
    if (strcmp(action, "show") != 0 && !is_correction(action) && strcmp(action, "dismiss") != 0) {
        return cs_command_usage(command, "\"%.60s\" is not show, correct, retry, dismiss or export",
                                action);
    }
    enum cs_status status = cs_command_expect(command, 1, is_correction(action) ? SIZE_MAX : 1);
    int64_t number = 0;
    if (status == CS_OK &&
        (cs_integer_parse(cs_command_argument(command, 0), &number) != CS_OK || number < 1)) {
        return cs_command_usage(command, "\"%.60s\" is not the number of a refusal",
                                command->arguments[0]);
    }
    *out_number = (uint64_t)number;
    return status;
}

static enum cs_status run_over_one(struct cs_command *command, struct cs_replica *replica,
                                   const char *action, uint64_t number)
{
    struct cs_refusal_unit unit;
    enum cs_status status = cs_refusal_unit_load(replica, number, &unit, &command->problem);
    bool is_show = strcmp(action, "show") == 0;
    if (status == CS_OK || (status == CS_USAGE && is_show)) {
        status = is_show ? show(command, &unit) : act(command, replica, action, &unit);
    }
    cs_refusal_unit_release(&unit);
    return status;
}

enum cs_status cs_command_refusals(struct cs_command *command)
{
    struct cs_replica *replica;
    const char *action = cs_command_shift(command);
    uint64_t number = 0;
    enum cs_status status = action == NULL ? CS_OK : check_arguments(command, action, &number);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    if (action == NULL) {
        return list_refusals(command, replica);
    }
    return strcmp(action, "export") == 0 ? export_all(command, replica)
                                         : run_over_one(command, replica, action, number);
}
