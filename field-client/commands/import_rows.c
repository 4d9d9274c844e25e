/* One row of a CSV file into the replica, see import_rows.h. */
#include "field-client/commands/import_rows.h"

#include "field-client/replica/query.h"

#include <string.h>

static bool is_label(const char *label, struct cs_bytes text)
{
    return label != NULL && cs_bytes_equal_text(text, label);
}

/* By name first: a label may be another field's name. */
static enum cs_status find_column(struct cs_import *import, struct cs_bytes text, size_t *out)
{
    const struct cs_entity *entity = import->entity;
    int index = cs_entity_field_index(entity, text);
    for (size_t i = 0; index < 0 && i < entity->field_count; i++) {
        if (is_label(entity->fields[i].label_zh, text) ||
            is_label(entity->fields[i].label_en, text)) {
            index = (int)i;
        }
    }
    if (index < 0 && cs_bytes_equal_text(text, "id")) {
        *out = CS_IMPORT_ID_COLUMN;
        return CS_OK;
    }
    if (index < 0) {
        return cs_command_field(import->command, entity, text, out);
    }
    *out = (size_t)index;
    return CS_OK;
}

enum cs_status cs_import_heading(struct cs_import *import, const struct cs_csv_record *heading)
{
    for (size_t i = 0; i < heading->count; i++) {
        size_t column;
        enum cs_status status = find_column(import, cs_csv_trimmed(heading->fields[i]), &column);
        if (status != CS_OK) {
            return status;
        }
        for (size_t j = 0; j < i; j++) {
            if (import->columns[j] == column) {
                import->command->exit_code = CS_EXIT_USAGE;
                return cs_problem_set(&import->command->problem, CS_INVALID,
                                      "columns %zu and %zu of the file are the same field", j + 1,
                                      i + 1);
            }
        }
        import->columns[i] = column;
    }
    import->column_count = heading->count;
    return CS_OK;
}

/* A row of the file, parsed; lives in the arena of one row. */
struct parsed {
    struct cs_arena *arena;
    bool has_id;
    struct cs_id id;
    struct cs_named_value *values;
    size_t count;
    const struct cs_value *key; /* value of the natural key, NULL = none */
};

static enum cs_status parse_id(struct cs_bytes text, struct parsed *parsed,
                               struct cs_problem *problem)
{
    parsed->has_id = text.size > 0;
    if (text.size > 0 && cs_id_parse(text, &parsed->id) != CS_OK) {
        return cs_problem_set(problem, CS_INVALID, "\"%.*s\" is not an id",
                              (int)(text.size < 40 ? text.size : 40), (const char *)text.data);
    }
    return CS_OK;
}

static enum cs_status parse_row(struct cs_import *import, const struct cs_csv_record *record,
                                struct parsed *parsed, struct cs_problem *problem)
{
    const struct cs_entity *entity = import->entity;
    struct cs_bytes name = cs_bytes_of_text(entity->name);
    parsed->values = cs_arena_take_array(parsed->arena, record->count, sizeof *parsed->values);
    if (parsed->values == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < record->count; i++) {
        if (import->columns[i] == CS_IMPORT_ID_COLUMN) {
            status = parse_id(cs_csv_trimmed(record->fields[i]), parsed, problem);
            continue;
        }
        const char *field = entity->fields[import->columns[i]].name;
        struct cs_named_value *value = &parsed->values[parsed->count];
        status = cs_edit_parse(import->replica, name, cs_bytes_of_text(field), record->fields[i],
                               parsed->arena, value, problem);
        if (status == CS_OK && value->value.kind != CS_VALUE_NULL && entity->natural_key != NULL &&
            strcmp(field, entity->natural_key) == 0) {
            parsed->key = &value->value;
        }
        parsed->count++;
    }
    return status;
}

/* ---- matching ---- */

static enum cs_status add_content(void *context, const struct cs_stored_row *row)
{
    struct cs_import *import = context;
    struct cs_value values[CS_CSV_COLUMNS_MAX];
    size_t count = 0;
    if (row->entity->natural_key != NULL) {
        int key = cs_entity_field_index(row->entity, cs_bytes_of_text(row->entity->natural_key));
        if (key >= 0 && row->values[key].kind != CS_VALUE_NULL) {
            return CS_OK;
        }
    }
    for (size_t i = 0; i < import->column_count; i++) {
        if (import->columns[i] != CS_IMPORT_ID_COLUMN) {
            values[count++] = row->values[import->columns[i]];
        }
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_content_hash(values, count, hash);
    return status != CS_OK ? status : cs_content_index_add(&import->contents, hash);
}

/* Read when the first row needs it: before that row is inserted, so it never finds itself. */
static enum cs_status know_contents(struct cs_import *import)
{
    if (import->contents_known) {
        return CS_OK;
    }
    import->contents_known = true;
    return cs_query_list(import->replica, cs_bytes_of_text(import->entity->name), NULL, 0,
                         add_content, import, NULL);
}

static enum cs_status match_content(struct cs_import *import, const struct parsed *parsed,
                                    bool *out_same)
{
    struct cs_value values[CS_CSV_COLUMNS_MAX];
    for (size_t i = 0; i < parsed->count; i++) {
        values[i] = parsed->values[i].value;
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = know_contents(import);
    if (status == CS_OK) {
        status = cs_content_hash(values, parsed->count, hash);
    }
    if (status == CS_OK) {
        *out_same = cs_content_index_take(&import->contents, hash);
    }
    return status;
}

/* The live row that id or natural key name. */
static enum cs_status match_named(struct cs_import *import, const struct parsed *parsed,
                                  struct cs_stored_row *out, struct cs_problem *problem)
{
    struct cs_bytes name = cs_bytes_of_text(import->entity->name);
    struct cs_row_tables *tables = cs_replica_tables(import->replica);
    enum cs_status status = CS_OK;
    if (parsed->has_id) {
        status = cs_row_load(tables, name, &parsed->id, parsed->arena, out);
        if (status == CS_OK && out->deleted) {
            return cs_problem_set(problem, CS_NOT_FOUND, "the row with this id was deleted");
        }
        if (status != CS_OK || out->exists) {
            return status;
        }
    }
    out->exists = false;
    if (parsed->key == NULL) {
        return CS_OK;
    }
    struct cs_id *ids = NULL;
    size_t count = 0;
    status = cs_query_find(import->replica, name, cs_bytes_of_text(import->entity->natural_key),
                           parsed->key, 2, parsed->arena, &ids, &count, problem);
    if (status == CS_OK && count > 1) {
        return cs_problem_set(problem, CS_EXISTS, "several rows have this %s: give the id",
                              import->entity->natural_key);
    }
    return status != CS_OK || count == 0 ? status
                                         : cs_row_load(tables, name, &ids[0], parsed->arena, out);
}

/* ---- writing ---- */

static enum cs_status update(struct cs_import *import, const struct parsed *parsed,
                             const struct cs_stored_row *row, enum cs_import_outcome *out,
                             struct cs_problem *problem)
{
    size_t changed = 0;
    for (size_t i = 0; i < parsed->count; i++) {
        int index = cs_entity_field_index(import->entity, parsed->values[i].name);
        if (!cs_value_equal(&row->values[index], &parsed->values[i].value)) {
            parsed->values[changed++] = parsed->values[i];
        }
    }
    if (changed == 0) {
        *out = CS_IMPORT_UNCHANGED;
        return CS_OK;
    }
    enum cs_status status = cs_edit_update(import->edit, cs_bytes_of_text(import->entity->name),
                                           &row->id, parsed->values, changed, problem);
    if (status == CS_OK) {
        *out = CS_IMPORT_UPDATED;
    }
    return status;
}

static enum cs_status insert(struct cs_import *import, const struct parsed *parsed,
                             enum cs_import_outcome *out, struct cs_problem *problem)
{
    size_t given = 0;
    for (size_t i = 0; i < parsed->count; i++) {
        if (parsed->values[i].value.kind != CS_VALUE_NULL) {
            parsed->values[given++] = parsed->values[i];
        }
    }
    enum cs_status status =
        cs_edit_insert(import->edit, cs_bytes_of_text(import->entity->name),
                       parsed->has_id ? &parsed->id : NULL, parsed->values, given, NULL, problem);
    if (status == CS_OK) {
        *out = CS_IMPORT_INSERTED;
    }
    return status;
}

static enum cs_status place(struct cs_import *import, const struct parsed *parsed,
                            enum cs_import_outcome *out, struct cs_problem *problem)
{
    struct cs_stored_row row = {.exists = false};
    enum cs_status status = match_named(import, parsed, &row, problem);
    if (status != CS_OK) {
        return status;
    }
    if (row.exists) {
        return update(import, parsed, &row, out, problem);
    }
    bool same = false;
    if (!parsed->has_id && parsed->key == NULL) {
        status = match_content(import, parsed, &same);
    }
    if (status == CS_OK && same) {
        *out = CS_IMPORT_UNCHANGED;
        return CS_OK;
    }
    return status != CS_OK ? status : insert(import, parsed, out, problem);
}

enum cs_status cs_import_row(struct cs_import *import, const struct cs_csv_record *record,
                             enum cs_import_outcome *out, struct cs_problem *problem)
{
    if (record->count != import->column_count) {
        return cs_problem_set(problem, CS_INVALID, "%zu columns, but the heading has %zu",
                              record->count, import->column_count);
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct parsed parsed = {.arena = &arena};
    enum cs_status status = parse_row(import, record, &parsed, problem);
    if (status == CS_OK) {
        status = place(import, &parsed, out, problem);
    }
    cs_arena_release(&arena);
    return status;
}
