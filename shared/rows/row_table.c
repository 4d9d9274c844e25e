/*
 * Rows in and out of the tables; see row_table.h. The tables themselves: row_schema.c.
 *
 * What must stay true: a statement is done on every way out, and nothing of a row is a view of a statement or of the caller's
 * bytes: all of it is in the arena.
 */
#include "shared/rows/row_table_internal.h"

#include "shared/base/planted.h"

#include <string.h>

/* Engine columns before the fields, in every SELECT and INSERT of this file. */
enum {
    COLUMN_ID,
    COLUMN_DELETED,
    COLUMN_VERSIONS,
    COLUMN_EXTRA,
    COLUMN_SCOPES,
    COLUMN_POSITION,
    COLUMN_FIELDS
};

static const char opaque_load[] =
    "SELECT id, _deleted, _versions, _extra, _scopes, _position, entity FROM \"_opaque\" "
    "WHERE id = ?1 AND entity = ?2";
static const char opaque_store[] =
    "INSERT OR REPLACE INTO \"_opaque\" (id, _deleted, _versions, _extra, _scopes, "
    "_position, entity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char opaque_remove[] = "DELETE FROM \"_opaque\" WHERE id = ?1 AND entity = ?2";
static const char opaque_scan[] =
    "SELECT id, _deleted, _versions, _extra, _scopes, _position, entity "
    "FROM \"_opaque\" ORDER BY entity, id";

_Static_assert(COLUMN_FIELDS == CS_ROW_ENGINE_COLUMNS, "one list of engine columns");

/* A packed column; anything but a blob is damage. */
static enum cs_status read_packed(struct cs_statement *statement, int column,
                                  struct cs_arena *arena, struct cs_bytes *out)
{
    struct cs_value value = cs_column_value(statement, column);
    return value.kind == CS_VALUE_BYTES ? cs_arena_copy(arena, value.bytes, out) : CS_CORRUPT;
}

/* Strictly ascending, as the hash and the writers of `extra` require. */
static bool is_ascending(const struct cs_named_value *fields, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (cs_bytes_compare(fields[i - 1].name, fields[i].name) >= 0) {
            return false;
        }
    }
    return true;
}

static enum cs_status read_engine(struct cs_statement *statement, struct cs_arena *arena,
                                  struct cs_stored_row *row)
{
    row->exists = true;
    row->deleted = cs_column_integer(statement, COLUMN_DELETED) != 0;
    row->position = (uint64_t)cs_column_integer(statement, COLUMN_POSITION);
    if (!cs_id_from_bytes(cs_column_bytes(statement, COLUMN_ID), &row->id)) {
        return CS_CORRUPT;
    }
    struct cs_bytes extra = CS_BYTES_NONE;
    enum cs_status status = read_packed(statement, COLUMN_VERSIONS, arena, &row->versions);
    if (status == CS_OK) {
        status = read_packed(statement, COLUMN_SCOPES, arena, &row->scopes);
    }
    if (status == CS_OK) {
        status = read_packed(statement, COLUMN_EXTRA, arena, &extra);
    }
    if (status == CS_OK) {
        status = cs_named_values_take(extra, arena, &row->extra, &row->extra_count);
    }
    if (status == CS_OK && !is_ascending(row->extra, row->extra_count)) {
        status = CS_CORRUPT;
    }
    return status;
}

/* A field that was not known when the row was stored stands in `extra`; known now, it belongs to the values. */
static enum cs_status place_known(struct cs_stored_row *row)
{
    size_t kept = 0;
    for (size_t i = 0; i < row->extra_count; i++) {
        int field = cs_entity_field_index(row->entity, row->extra[i].name);
        if (field < 0) {
            row->extra[kept++] = row->extra[i];
        } else if (row->values[field].kind != CS_VALUE_NULL) {
            return CS_CORRUPT; /* one field, two values */
        } else {
            row->values[field] = row->extra[i].value;
        }
    }
    row->extra_count = kept;
    return CS_OK;
}

static enum cs_status read_values(struct cs_statement *statement, struct cs_arena *arena,
                                  struct cs_stored_row *row)
{
    row->values = cs_arena_take_array(arena, row->entity->field_count, sizeof *row->values);
    enum cs_status status = row->values == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->entity->field_count; i++) {
        row->values[i] = cs_column_value(statement, COLUMN_FIELDS + (int)i);
        status = cs_arena_copy(arena, row->values[i].bytes, &row->values[i].bytes);
    }
    return status;
}

static enum cs_status read_row(struct cs_statement *statement, const struct cs_entity *entity,
                               struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row = {.entity = entity};
    enum cs_status status = read_engine(statement, arena, &row);
    if (status == CS_OK && entity == NULL) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, COLUMN_FIELDS), &row.name);
    } else if (status == CS_OK) {
        row.name = cs_bytes_of_text(entity->name);
        status = read_values(statement, arena, &row);
        if (status == CS_OK) {
            status = place_known(&row);
        }
    }
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

/* Ends a look-up whose parameters are bound. */
static enum cs_status load_bound(struct cs_statement *statement, const struct cs_entity *entity,
                                 struct cs_bytes name, const struct cs_id *id,
                                 struct cs_arena *arena, struct cs_stored_row *out)
{
    bool found = false;
    enum cs_status status = cs_statement_step(statement, &found);
    if (status == CS_OK && found) {
        status = read_row(statement, entity, arena, out);
    } else if (status == CS_OK) {
        struct cs_stored_row absent = {.entity = entity, .id = *id};
        if (entity == NULL) {
            status = cs_arena_copy(arena, name, &absent.name);
        } else {
            absent.name = cs_bytes_of_text(entity->name);
        }
        if (status == CS_OK) {
            *out = absent;
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_row_load_opaque(struct cs_row_tables *tables, struct cs_bytes name,
                                  const struct cs_id *id, struct cs_arena *arena,
                                  struct cs_stored_row *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, opaque_load, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    cs_bind_text(statement, 2, name);
    return load_bound(statement, NULL, name, id, arena, out);
}

enum cs_status cs_row_load(struct cs_row_tables *tables, struct cs_bytes name,
                           const struct cs_id *id, struct cs_arena *arena,
                           struct cs_stored_row *out)
{
    const struct cs_entity *entity = cs_registry_find(tables->registry, name);
    if (entity == NULL) {
        return cs_row_load_opaque(tables, name, id, arena, out);
    }
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database, cs_row_tables_sql(tables, entity)->load, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    return load_bound(statement, entity, name, id, arena, out);
}

/* ?1 … in the order of the columns. */
static void bind_row(struct cs_statement *statement, const struct cs_stored_row *row,
                     struct cs_bytes extra)
{
    cs_bind_bytes(statement, 1 + COLUMN_ID, cs_id_bytes(&row->id));
    cs_bind_integer(statement, 1 + COLUMN_DELETED, row->deleted ? 1 : 0);
    cs_bind_bytes(statement, 1 + COLUMN_VERSIONS, row->versions);
    cs_bind_bytes(statement, 1 + COLUMN_EXTRA, extra);
    cs_bind_bytes(statement, 1 + COLUMN_SCOPES, row->scopes);
    cs_bind_integer(statement, 1 + COLUMN_POSITION, (int64_t)row->position);
    if (row->entity == NULL) {
        cs_bind_text(statement, 1 + COLUMN_FIELDS, row->name);
        return;
    }
    for (size_t i = 0; i < row->entity->field_count; i++) {
        cs_bind_value(statement, 1 + COLUMN_FIELDS + (int)i, &row->values[i]);
    }
}

static enum cs_status run_store(struct cs_row_tables *tables, const char *sql,
                                const struct cs_stored_row *row, struct cs_bytes extra)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, sql, &statement);
    if (status == CS_OK) {
        bind_row(statement, row, extra);
        status = cs_statement_run(statement);
    }
    return status;
}

/* Fields with an index rarely change: their indexes are written only where they do. */
static enum cs_status store_known(struct cs_row_tables *tables, const struct cs_stored_row *row,
                                  struct cs_bytes extra)
{
    const struct cs_row_sql *sql = cs_row_tables_sql(tables, row->entity);
    enum cs_status status = run_store(tables, sql->store, row, extra);
    return status != CS_OK || cs_database_changes(tables->database) > 0
               ? status
               : run_store(tables, sql->replace, row, extra);
}

enum cs_status cs_row_store(struct cs_row_tables *tables, const struct cs_stored_row *row)
{
    struct cs_buffer extra;
    cs_buffer_init(&extra, CS_PAGE_BYTES_MAX);
    cs_named_values_put(row->extra, CS_PLANTED(DROP_UNKNOWN) ? 0 : row->extra_count, &extra);
    enum cs_status status = extra.status;
    if (status == CS_OK) {
        status = row->entity == NULL ? run_store(tables, opaque_store, row, cs_buffer_bytes(&extra))
                                     : store_known(tables, row, cs_buffer_bytes(&extra));
    }
    cs_buffer_release(&extra);
    return status;
}

enum cs_status cs_row_remove_opaque(struct cs_row_tables *tables, struct cs_bytes name,
                                    const struct cs_id *id)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, opaque_remove, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    cs_bind_text(statement, 2, name);
    return cs_statement_run(statement);
}

enum cs_status cs_row_remove(struct cs_row_tables *tables, struct cs_bytes name,
                             const struct cs_id *id)
{
    const struct cs_entity *entity = cs_registry_find(tables->registry, name);
    if (entity == NULL) {
        return cs_row_remove_opaque(tables, name, id);
    }
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database, cs_row_tables_sql(tables, entity)->remove, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    return cs_statement_run(statement);
}

/* Steps a statement to its end and hands each row to the visitor. */
static enum cs_status visit_rows(struct cs_statement *statement, const struct cs_entity *entity,
                                 cs_row_visitor *visit, void *context)
{
    bool more = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        struct cs_stored_row row;
        status = read_row(statement, entity, &arena, &row);
        if (status == CS_OK) {
            status = visit(context, &row);
        }
        cs_arena_release(&arena);
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_row_scan(struct cs_row_tables *tables, const struct cs_entity *entity,
                           const struct cs_row_filter *filters, size_t filter_count,
                           enum cs_row_filter_flags flags, cs_row_visitor *visit, void *context)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    cs_buffer_append_text(&sql, cs_row_tables_sql(tables, entity)->select);
    cs_buffer_append_text(&sql, flags == CS_ROWS_WITH_DELETED ? " WHERE 1" : " WHERE _deleted = 0");
    for (size_t i = 0; i < filter_count; i++) {
        cs_buffer_append_format(&sql, " AND \"%s\" IS ?%zu",
                                entity->fields[filters[i].field_index].name, i + 1);
    }
    cs_buffer_append_text(&sql, " ORDER BY id");
    const char *text = cs_buffer_text(&sql);
    struct cs_statement *statement = NULL;
    enum cs_status status =
        text == NULL ? CS_NO_MEMORY : cs_statement_get(tables->database, text, &statement);
    if (status == CS_OK) {
        for (size_t i = 0; i < filter_count; i++) {
            cs_bind_value(statement, (int)i + 1, &filters[i].value);
        }
        status = visit_rows(statement, entity, visit, context);
    }
    cs_buffer_release(&sql);
    return status;
}

enum cs_status cs_row_scan_all(struct cs_row_tables *tables, cs_row_visitor *visit, void *context)
{
    for (size_t i = 0; i < tables->registry->entity_count; i++) {
        enum cs_status status = cs_row_scan(tables, tables->registry->entities[i], NULL, 0,
                                            CS_ROWS_WITH_DELETED, visit, context);
        if (status != CS_OK) {
            return status;
        }
    }
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, opaque_scan, &statement);
    return status != CS_OK ? status : visit_rows(statement, NULL, visit, context);
}

enum cs_status cs_row_find(struct cs_row_tables *tables, const struct cs_entity *entity,
                           size_t field_index, const struct cs_value *value, size_t limit,
                           struct cs_arena *arena, struct cs_id **out_ids, size_t *out_count)
{
    return cs_row_find_flagged(tables, entity, field_index, value, CS_ROWS_LIVE, limit, arena,
                               out_ids, out_count);
}

enum cs_status cs_row_find_flagged(struct cs_row_tables *tables, const struct cs_entity *entity,
                                   size_t field_index, const struct cs_value *value,
                                   enum cs_row_filter_flags flags, size_t limit,
                                   struct cs_arena *arena, struct cs_id **out_ids,
                                   size_t *out_count)
{
    struct cs_statement *statement = NULL;
    struct cs_buffer sql;
    cs_buffer_init(&sql, CS_KIBI);
    cs_row_sql_find(entity, field_index, &sql);
    const char *text = cs_buffer_text(&sql);
    enum cs_status status =
        text == NULL ? CS_NO_MEMORY : cs_statement_get(tables->database, text, &statement);
    cs_buffer_release(&sql);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_value(statement, 1, value);
    cs_bind_integer(statement, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
    cs_bind_integer(statement, 3, flags == CS_ROWS_WITH_DELETED ? 1 : 0);
    struct cs_id *ids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 4 : capacity * 2;
            struct cs_id *grown = cs_arena_take_array(arena, capacity, sizeof *grown);
            if (grown == NULL) {
                status = CS_NO_MEMORY;
                break;
            }
            if (count > 0) {
                memcpy(grown, ids, count * sizeof *ids);
            }
            ids = grown;
        }
        status =
            cs_id_from_bytes(cs_column_bytes(statement, 0), &ids[count++]) ? CS_OK : CS_CORRUPT;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out_ids = ids;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_row_count(struct cs_row_tables *tables, const struct cs_entity *entity,
                            int64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database, cs_row_tables_sql(tables, entity)->count, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool more = false;
    status = cs_statement_step(statement, &more);
    int64_t count = status == CS_OK && more ? cs_column_integer(statement, 0) : 0;
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = count;
    }
    return status;
}
