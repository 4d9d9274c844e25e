/* visit list and visit show. */
#include "field-client/commands/visit_command.h"
#include "field-client/console/row_view.h"
#include "field-client/console/table.h"
#include "field-client/replica/query.h"

#define TEXT_MAX_BYTES (4 * CS_MEBI)

static const char *const listed[] = {"work_order", "arrived_at", "result", "status"};

static const struct cs_entity *entity_of(const struct cs_command *command, const char *name)
{
    const struct cs_entity *entity = cs_registry_find(command->registry, cs_bytes_of_text(name));
    cs_require(entity != NULL);
    return entity;
}

/* Fields of a row into the table's next cells. */
static enum cs_status put_cells(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_stored_row *row, const char *const *names,
                                size_t count, struct cs_table *table)
{
    struct cs_buffer text;
    cs_buffer_init(&text, TEXT_MAX_BYTES);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        int index = cs_entity_field_index(row->entity, cs_bytes_of_text(names[i]));
        cs_buffer_clear(&text);
        if (index >= 0) {
            status = cs_view_value(command, replica, &row->entity->fields[index],
                                   &row->values[index], &text);
        }
        cs_table_put(table, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    return status;
}

static void put_heading(struct cs_command *command, const struct cs_entity *entity,
                        const char *const *names, size_t count, struct cs_table *table)
{
    for (size_t i = 0; i < count; i++) {
        int index = cs_entity_field_index(entity, cs_bytes_of_text(names[i]));
        cs_table_put_text(table, index < 0 ? names[i]
                                           : cs_view_field_name(command, &entity->fields[index]));
    }
}

static enum cs_status print_rows(struct cs_command *command, struct cs_replica *replica,
                                 const struct cs_entity *entity, const char *const *names,
                                 size_t name_count, const struct cs_id *ids, size_t count)
{
    struct cs_table table;
    cs_table_init(&table, name_count + 1);
    cs_table_put_text(&table, "id");
    put_heading(command, entity, names, name_count, &table);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&ids[i], id);
        cs_table_put_text(&table, id);
        status = cs_query_get(replica, cs_bytes_of_text(entity->name), &ids[i], &arena, &row,
                              &command->problem);
        if (status == CS_OK) {
            status = put_cells(command, replica, &row, names, name_count, &table);
        }
    }
    if (status == CS_OK) {
        status = cs_table_print(&table, command);
    }
    cs_arena_release(&arena);
    cs_table_release(&table);
    return status;
}

static enum cs_status rows_json(struct cs_command *command, struct cs_replica *replica,
                                const struct cs_entity *entity, const struct cs_id *ids,
                                size_t count, struct cs_json **out)
{
    struct cs_json *list = cs_json_array();
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        struct cs_json *json = NULL;
        status = cs_query_get(replica, cs_bytes_of_text(entity->name), &ids[i], &arena, &row,
                              &command->problem);
        if (status == CS_OK) {
            status = cs_view_row_json(replica, &row, CS_VIEW_LISTED, &json);
        }
        if (status == CS_OK) {
            cs_json_append(list, json);
        }
    }
    cs_arena_release(&arena);
    if (status != CS_OK) {
        cs_json_destroy(list);
        return status;
    }
    *out = list;
    return CS_OK;
}

static enum cs_status answer_list(struct cs_command *command, struct cs_replica *replica,
                                  const struct cs_id *ids, size_t count)
{
    const struct cs_entity *visit = entity_of(command, "visit");
    if (!command->json) {
        if (count == 0) {
            cs_command_note(
                command, "%s",
                cs_command_words(command, "no visit of yours is open", "没有未完成的上门服务"));
        }
        return print_rows(command, replica, visit, listed, CS_COUNT(listed), ids, count);
    }
    struct cs_json *rows = NULL;
    enum cs_status status = rows_json(command, replica, visit, ids, count, &rows);
    if (status != CS_OK) {
        return status;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text("visit")));
    cs_json_set(json, "rows", rows);
    return cs_command_json(command, json);
}

enum cs_status cs_visit_command_list(struct cs_command *command)
{
    struct cs_replica *replica;
    enum cs_status status = cs_command_expect(command, 0, 0);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id *ids = NULL;
    size_t count = 0;
    status = cs_visit_list_open(replica, &arena, &ids, &count);
    if (status == CS_OK) {
        status = answer_list(command, replica, ids, count);
    }
    cs_arena_release(&arena);
    return status;
}

/* A visit with what hangs on it. */
struct shown {
    struct cs_stored_row row;
    struct cs_id *parts;
    size_t part_count;
    struct cs_id receipt;
    bool has_receipt;
    struct cs_bytes receipt_number;
};

static enum cs_status load_shown(struct cs_command *command, struct cs_replica *replica,
                                 const struct cs_id *id, struct cs_arena *arena,
                                 struct shown *shown)
{
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("visit"), id, arena, &shown->row, &command->problem);
    if (status == CS_OK) {
        status = cs_visit_list_parts(replica, id, arena, &shown->parts, &shown->part_count);
    }
    if (status == CS_OK) {
        status = cs_visit_receipt(replica, id, &shown->receipt, &shown->has_receipt);
    }
    if (status != CS_OK || !shown->has_receipt) {
        return status;
    }
    struct cs_buffer label;
    cs_buffer_init(&label, CS_KIBI);
    status = cs_query_label(replica, entity_of(command, "receipt"), &shown->receipt, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_buffer_bytes(&label), &shown->receipt_number);
    }
    cs_buffer_release(&label);
    return status;
}

static enum cs_status show_json(struct cs_command *command, struct cs_replica *replica,
                                const struct shown *shown)
{
    struct cs_json *json = NULL;
    struct cs_json *parts = NULL;
    enum cs_status status = cs_view_row_json(replica, &shown->row, CS_VIEW_ALL, &json);
    if (status == CS_OK) {
        status = rows_json(command, replica, entity_of(command, "stock_movement"), shown->parts,
                           shown->part_count, &parts);
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    cs_json_set(json, "parts", parts);
    cs_json_set(json, "receipt",
                shown->has_receipt ? cs_json_text(shown->receipt_number) : cs_json_null());
    return cs_command_json(command, json);
}

static enum cs_status show_text(struct cs_command *command, struct cs_replica *replica,
                                const struct shown *shown)
{
    static const char *const part_fields[] = {"part", "quantity", "serial", "reason"};
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&shown->row.id, id);
    cs_command_print(command, "%s %s\n", cs_view_entity_name(command, shown->row.entity), id);
    struct cs_buffer text;
    cs_buffer_init(&text, TEXT_MAX_BYTES);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < shown->row.entity->field_count; i++) {
        const struct cs_field *field = &shown->row.entity->fields[i];
        if (shown->row.values[i].kind != CS_VALUE_NULL) {
            cs_buffer_clear(&text);
            status = cs_view_value(command, replica, field, &shown->row.values[i], &text);
            cs_command_print(command, "%s: ", cs_view_field_name(command, field));
            cs_command_print_safe(command, cs_buffer_bytes(&text));
            cs_command_print(command, "\n");
        }
    }
    cs_buffer_release(&text);
    if (shown->has_receipt) {
        cs_command_print(command, "%s: ", cs_command_words(command, "receipt", "服务回执单"));
        cs_command_print_safe(command, shown->receipt_number);
        cs_command_print(command, "\n");
    }
    return status != CS_OK
               ? status
               : print_rows(command, replica, entity_of(command, "stock_movement"), part_fields,
                            CS_COUNT(part_fields), shown->parts, shown->part_count);
}

enum cs_status cs_visit_command_show(struct cs_command *command)
{
    struct cs_replica *replica;
    struct cs_id id;
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status == CS_OK) {
        status = cs_visit_argument(command, &replica, &id);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct shown shown = {.part_count = 0};
    status = load_shown(command, replica, &id, &arena, &shown);
    if (status == CS_OK) {
        status = command->json ? show_json(command, replica, &shown)
                               : show_text(command, replica, &shown);
    }
    cs_arena_release(&arena);
    return status;
}
