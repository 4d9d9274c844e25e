/*
 * A database that a newer program has grown, opened by this one: what it does not know becomes opaque again. Columns of unknown
 * fields go into `_extra`, tables of unknown entities into `_opaque`; the newer program takes them back when it returns.
 *
 * Called by row_schema.c only, inside its transaction. What must stay true: every value is kept with its kind, so that the hash of
 * a row stays what it was; and what is no table or column of an entity is refused, not touched.
 */
#include "shared/rows/row_table_internal.h"

#include <string.h>

#define ENGINE_COLUMNS "id, _deleted, _versions, _extra, _scopes, _position"

/* Columns of a table that this registry has no field for. */
struct unknown {
    const char *table;
    const char *names[CS_FIELDS_PER_ENTITY_MAX];
    size_t count;
    size_t engine; /* the engine's own columns found */
};

/* Names that descriptors may have; they go into SQL. */
static bool is_name(struct cs_bytes name)
{
    bool good = name.size > 0 && name.size <= CS_NAME_MAX && name.data[0] != '_';
    for (size_t i = 0; good && i < name.size; i++) {
        uint8_t byte = name.data[i];
        good = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
    }
    return good;
}

static bool is_engine_column(struct cs_bytes name)
{
    static const char *const columns[CS_ROW_ENGINE_COLUMNS] = {"id",     "_deleted", "_versions",
                                                               "_extra", "_scopes",  "_position"};
    bool found = false;
    for (size_t i = 0; !found && i < CS_COUNT(columns); i++) {
        found = cs_bytes_equal_text(name, columns[i]);
    }
    return found;
}

static enum cs_status note_column(struct unknown *unknown, const struct cs_entity *entity,
                                  struct cs_bytes name, struct cs_arena *arena)
{
    if (is_engine_column(name)) {
        unknown->engine++;
        return CS_OK;
    }
    if (entity != NULL && cs_entity_field_index(entity, name) >= 0) {
        return CS_OK;
    }
    if (!is_name(name) || unknown->count == CS_COUNT(unknown->names)) {
        return CS_UNSUPPORTED;
    }
    char *copy = cs_arena_text(arena, name);
    if (copy == NULL) {
        return CS_NO_MEMORY;
    }
    unknown->names[unknown->count++] = copy;
    return CS_OK;
}

/* `entity` NULL: the whole table is unknown. */
static enum cs_status read_unknown(struct cs_row_tables *tables, const struct cs_entity *entity,
                                   struct unknown *unknown, struct cs_arena *arena)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database, "SELECT name FROM pragma_table_info(?1)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(unknown->table));
    bool more = true;
    while (status == CS_OK && (status = cs_statement_step(statement, &more)) == CS_OK && more) {
        status = note_column(unknown, entity, cs_column_bytes(statement, 0), arena);
    }
    cs_statement_done(statement);
    return status == CS_OK && unknown->engine != CS_ROW_ENGINE_COLUMNS ? CS_UNSUPPORTED : status;
}

/* ---- One row ---- */

/* Keeps the list ascending by name; it has room. */
static enum cs_status insert_extra(struct cs_stored_row *row, struct cs_named_value field)
{
    size_t place = row->extra_count;
    while (place > 0 && cs_bytes_compare(row->extra[place - 1].name, field.name) > 0) {
        row->extra[place] = row->extra[place - 1];
        place--;
    }
    if (place > 0 && cs_bytes_equal(row->extra[place - 1].name, field.name)) {
        return CS_CORRUPT; /* one field, two values */
    }
    row->extra[place] = field;
    row->extra_count++;
    return CS_OK;
}

/* The statement's row, with the unknown columns among its extra fields. Views of the statement. */
static enum cs_status read_row(struct cs_statement *statement, const struct unknown *unknown,
                               struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row = {.name = cs_bytes_of_text(unknown->table), .exists = true};
    struct cs_named_value *stored;
    size_t stored_count;
    enum cs_status status =
        cs_id_from_bytes(cs_column_bytes(statement, 0), &row.id) ? CS_OK : CS_CORRUPT;
    if (status == CS_OK) {
        status = cs_named_values_take(cs_column_bytes(statement, 3), arena, &stored, &stored_count);
    }
    if (status != CS_OK) {
        return status;
    }
    row.deleted = cs_column_integer(statement, 1) != 0;
    row.versions = cs_column_bytes(statement, 2);
    row.scopes = cs_column_bytes(statement, 4);
    row.position = (uint64_t)cs_column_integer(statement, 5);
    row.extra = cs_arena_take_array(arena, stored_count + unknown->count, sizeof *row.extra);
    if (row.extra == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < stored_count; i++) {
        status = insert_extra(&row, stored[i]);
    }
    for (size_t i = 0; status == CS_OK && i < unknown->count; i++) {
        struct cs_value value = cs_column_value(statement, CS_ROW_ENGINE_COLUMNS + (int)i);
        if (value.kind != CS_VALUE_NULL) {
            status = insert_extra(
                &row, (struct cs_named_value){cs_bytes_of_text(unknown->names[i]), value});
        }
    }
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

/* Only `_extra` changes: the columns that are known stay as they are. */
static enum cs_status write_extra(struct cs_row_tables *tables, const struct cs_stored_row *row,
                                  const char *sql)
{
    struct cs_buffer extra;
    cs_buffer_init(&extra, CS_PAGE_BYTES_MAX);
    cs_named_values_put(row->extra, row->extra_count, &extra);
    struct cs_statement *statement;
    enum cs_status status = extra.status;
    if (status == CS_OK) {
        status = cs_statement_get(tables->database, sql, &statement);
    }
    if (status == CS_OK) {
        cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
        cs_bind_bytes(statement, 2, cs_buffer_bytes(&extra));
        status = cs_statement_run(statement);
    }
    cs_buffer_release(&extra);
    return status;
}

/* ---- One table ---- */

static const char *select_text(const struct unknown *unknown, bool whole, struct cs_arena *arena)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    cs_buffer_append_text(&sql, "SELECT " ENGINE_COLUMNS);
    for (size_t i = 0; i < unknown->count; i++) {
        cs_buffer_append_format(&sql, ", \"%s\"", unknown->names[i]);
    }
    cs_buffer_append_format(&sql, " FROM \"%s\" WHERE id > ?1 AND (%d", unknown->table, whole);
    for (size_t i = 0; i < unknown->count; i++) {
        cs_buffer_append_format(&sql, " OR \"%s\" IS NOT NULL", unknown->names[i]);
    }
    cs_buffer_append_text(&sql, ") ORDER BY id LIMIT 1");
    const char *text = sql.status == CS_OK ? cs_arena_text(arena, cs_buffer_bytes(&sql)) : NULL;
    cs_buffer_release(&sql);
    return text;
}

static const char *update_text(const struct unknown *unknown, struct cs_arena *arena)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, CS_KIBI);
    cs_buffer_append_format(&sql, "UPDATE \"%s\" SET _extra = ?2 WHERE id = ?1", unknown->table);
    const char *text = sql.status == CS_OK ? cs_arena_text(arena, cs_buffer_bytes(&sql)) : NULL;
    cs_buffer_release(&sql);
    return text;
}

/* The next row after `after` is kept as opaque; *out_found false at the end. `update` NULL: as a whole, in _opaque. */
static enum cs_status keep_next(struct cs_row_tables *tables, const struct unknown *unknown,
                                const char *select, const char *update, struct cs_bytes after,
                                struct cs_id *out_id, bool *out_found)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, select, &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_stored_row copy;
    cs_bind_bytes(statement, 1, after);
    status = cs_statement_step(statement, out_found);
    if (status == CS_OK && *out_found) {
        status = read_row(statement, unknown, &arena, &row);
        if (status == CS_OK) {
            status = cs_stored_row_copy(&row, &arena, &copy);
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK && *out_found) {
        *out_id = copy.id;
        status = update == NULL ? cs_row_store(tables, &copy) : write_extra(tables, &copy, update);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status keep_rows(struct cs_row_tables *tables, const struct unknown *unknown,
                                const struct cs_entity *entity, struct cs_arena *arena)
{
    const char *select = select_text(unknown, entity == NULL, arena);
    const char *update = entity == NULL ? NULL : update_text(unknown, arena);
    if (select == NULL || (entity != NULL && update == NULL)) {
        return CS_NO_MEMORY;
    }
    struct cs_id id;
    struct cs_bytes after = CS_BYTES_NONE;
    bool found = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK && found) {
        struct cs_id next;
        status = keep_next(tables, unknown, select, update, after, &next, &found);
        if (status == CS_OK && found) {
            id = next;
            after = cs_id_bytes(&id);
        }
    }
    return status;
}

static enum cs_status drop(struct cs_row_tables *tables, const struct unknown *unknown,
                           const struct cs_entity *entity)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    if (entity == NULL) {
        cs_buffer_append_format(&sql, "DROP TABLE \"%s\"", unknown->table);
    }
    for (size_t i = 0; entity != NULL && i < unknown->count; i++) {
        cs_buffer_append_format(&sql,
                                "DROP INDEX IF EXISTS \"%s.%s\";"
                                "ALTER TABLE \"%s\" DROP COLUMN \"%s\";",
                                unknown->table, unknown->names[i], unknown->table,
                                unknown->names[i]);
    }
    const char *text = cs_buffer_text(&sql);
    enum cs_status status =
        text == NULL ? CS_NO_MEMORY : cs_database_execute(tables->database, text);
    cs_buffer_release(&sql);
    return status;
}

static enum cs_status withdraw(struct cs_row_tables *tables, const char *table,
                               const struct cs_entity *entity)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct unknown unknown = {.table = table};
    enum cs_status status = read_unknown(tables, entity, &unknown, &arena);
    if (status == CS_OK) {
        status = keep_rows(tables, &unknown, entity, &arena);
    }
    if (status == CS_OK) {
        status = drop(tables, &unknown, entity);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_row_withdraw_columns(struct cs_row_tables *tables, const struct cs_entity *entity)
{
    return withdraw(tables, entity->name, entity);
}

enum cs_status cs_row_withdraw_table(struct cs_row_tables *tables, struct cs_bytes name)
{
    if (!is_name(name)) {
        return CS_UNSUPPORTED;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_KIBI);
    const char *table = cs_arena_text(&arena, name);
    enum cs_status status = table == NULL ? CS_NO_MEMORY : withdraw(tables, table, NULL);
    cs_arena_release(&arena);
    return status;
}
