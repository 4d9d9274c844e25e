/*
 * The command export: all live rows of an entity as CSV, in the form that import reads.
 *
 * The first column is the row's id, so that rows without natural key come back as themselves. References are written as natural keys where
 * that names exactly one row, else as ids.
 */
#include "field-client/commands/command_table.h"
#include "field-client/console/row_view.h"
#include "field-client/replica/query.h"
#include "shared/domain/value_text.h"
#include "shared/text/csv.h"

#define EXPORT_MAX (1024 * CS_MEBI)

struct export
{
    struct cs_command *command;
    struct cs_replica *replica;
    const struct cs_entity *entity;
    struct cs_buffer csv;
    struct cs_buffer cell;
    int64_t rows;
    bool incomplete; /* the replica's first sync has not ended */
};

static enum cs_status append_id(const struct cs_id *id, struct cs_buffer *out)
{
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(id, text);
    cs_buffer_append_text(out, text);
    return out->status;
}

/* The natural key of the row referred to, if typing it would find this row again. */
static enum cs_status append_key(struct export *export, const struct cs_entity *entity,
                                 const struct cs_id *id, struct cs_arena *arena)
{
    struct cs_bytes name = cs_bytes_of_text(entity->name);
    struct cs_stored_row row;
    enum cs_status status = cs_row_load(cs_replica_tables(export->replica), name, id, arena, &row);
    if (status != CS_OK) {
        return status;
    }
    int key = cs_entity_field_index(entity, cs_bytes_of_text(entity->natural_key));
    if (!row.exists || row.deleted || key < 0 || row.values[key].kind == CS_VALUE_NULL) {
        return append_id(id, &export->cell);
    }
    cs_value_format(&entity->fields[key], &row.values[key], &export->cell);
    struct cs_id found;
    struct cs_id parsed;
    struct cs_bytes text = cs_buffer_bytes(&export->cell);
    bool finds = export->cell.status == CS_OK && cs_id_parse(text, &parsed) != CS_OK &&
                 cs_query_resolve(export->replica, name, text, &found, NULL) == CS_OK &&
                 cs_id_equal(&found, id);
    if (!finds) {
        cs_buffer_clear(&export->cell);
        return append_id(id, &export->cell);
    }
    return CS_OK;
}

static enum cs_status format_cell(struct export *export, const struct cs_field *field,
                                  const struct cs_value *value)
{
    struct cs_id id;
    const struct cs_entity *entity = NULL;
    cs_buffer_clear(&export->cell);
    if (field->type == CS_FIELD_REFERENCE && value->kind == CS_VALUE_BYTES &&
        cs_id_from_bytes(value->bytes, &id)) {
        entity = cs_registry_find(export->command->registry, cs_bytes_of_text(field->references));
    }
    if (entity == NULL || entity->natural_key == NULL) {
        cs_value_format(field, value, &export->cell);
        return export->cell.status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = append_key(export, entity, &id, &arena);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status put_row(void *context, const struct cs_stored_row *row)
{
    struct export *export = context;
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_csv_put(&export->csv, cs_bytes_of_text(id));
    for (size_t i = 0; i < row->entity->field_count; i++) {
        enum cs_status status = format_cell(export, &row->entity->fields[i], &row->values[i]);
        if (status != CS_OK) {
            return status;
        }
        cs_csv_separator(&export->csv);
        cs_csv_put(&export->csv, cs_buffer_bytes(&export->cell));
    }
    cs_csv_end_record(&export->csv);
    export->rows++;
    return export->csv.status;
}

static enum cs_status make_csv(struct export *export)
{
    cs_csv_put(&export->csv, cs_bytes_of_text("id"));
    for (size_t i = 0; i < export->entity->field_count; i++) {
        cs_csv_separator(&export->csv);
        cs_csv_put(&export->csv, cs_bytes_of_text(export->entity->fields[i].name));
    }
    cs_csv_end_record(&export->csv);
    return cs_query_list(export->replica, cs_bytes_of_text(export->entity->name), NULL, 0, put_row,
                         export, &export->command->problem);
}

/* With --json the rows are said to be in the file, or stand in the answer as one text. */
static enum cs_status answer(struct export *export, const char *path)
{
    struct cs_command *command = export->command;
    struct cs_bytes csv = cs_buffer_bytes(&export->csv);
    enum cs_status status = path == NULL ? CS_OK : cs_command_write_file(command, path, csv);
    if (status != CS_OK) {
        return status;
    }
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "entity", cs_json_text(cs_bytes_of_text(export->entity->name)));
        cs_json_set(json, "rows", cs_json_integer(export->rows));
        cs_json_set(json, "incomplete", cs_json_boolean(export->incomplete));
        cs_json_set(json, path == NULL ? "csv" : "file",
                    cs_json_text(path == NULL ? csv : cs_bytes_of_text(path)));
        return cs_command_json(command, json);
    }
    if (path == NULL) {
        cs_command_print_bytes(command, csv);
    } else {
        cs_command_print(command, CS_WORDS(command, "%lld rows\n", "%lld 行\n"),
                         (long long)export->rows);
    }
    return CS_OK;
}

enum cs_status cs_command_export(struct cs_command *command)
{
    struct export export = {.command = command};
    enum cs_status status = cs_command_expect(command, 1, 2);
    if (status == CS_OK) {
        status = cs_command_entity(command, cs_command_argument(command, 0), &export.entity);
    }
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &export.replica);
    }
    if (status == CS_OK) {
        status = cs_view_incomplete(command, export.replica, &export.incomplete);
    }
    if (status != CS_OK) {
        return status;
    }
    bool named = command->argument_count > 1 && !cs_command_is_stream(command->arguments[1]);
    const char *path = named ? command->arguments[1] : NULL;
    cs_buffer_init(&export.csv, EXPORT_MAX);
    cs_buffer_init(&export.cell, 4 * CS_VALUE_MAX);
    status = make_csv(&export);
    if (status == CS_OK) {
        status = answer(&export, path);
    }
    cs_buffer_release(&export.csv);
    cs_buffer_release(&export.cell);
    return status;
}
