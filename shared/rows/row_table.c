/*
 * SQL texts and tables made from descriptors, and single rows in and out of them; see row_table.h.
 */
#include "shared/rows/row_table.h"

#include "shared/rows/sql_text.h"

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

struct cs_row_tables {
    struct cs_database *database;
    const struct cs_registry *registry;
    struct cs_arena arena;
    struct cs_row_sql *sql; /* per entity, in the registry's order; one more for _opaque */
};

static const char opaque_table[] =
    "CREATE TABLE IF NOT EXISTS \"_opaque\" (entity TEXT NOT NULL, id BLOB NOT NULL, "
    "_deleted INTEGER NOT NULL, _versions BLOB NOT NULL, _extra BLOB NOT NULL, "
    "_scopes BLOB NOT NULL, _position INTEGER NOT NULL, PRIMARY KEY(entity, id)) "
    "WITHOUT ROWID";
static const char opaque_load[] =
    "SELECT id, _deleted, _versions, _extra, _scopes, _position FROM \"_opaque\" "
    "WHERE id = ?1 AND entity = ?2";
static const char opaque_store[] =
    "INSERT OR REPLACE INTO \"_opaque\" (id, _deleted, _versions, _extra, _scopes, "
    "_position, entity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char opaque_remove[] = "DELETE FROM \"_opaque\" WHERE id = ?1 AND entity = ?2";
static const char opaque_scan[] =
    "SELECT id, _deleted, _versions, _extra, _scopes, _position, entity "
    "FROM \"_opaque\" ORDER BY entity, id";

static const struct cs_row_sql *sql_of(const struct cs_row_tables *tables,
                                       const struct cs_entity *entity)
{
    for (size_t i = 0; i < tables->registry->entity_count; i++) {
        if (tables->registry->entities[i] == entity) {
            return &tables->sql[i];
        }
    }
    cs_require(entity == NULL);
    return NULL;
}

enum cs_status cs_row_tables_attach(struct cs_database *database,
                                    const struct cs_registry *registry, struct cs_row_tables **out)
{
    struct cs_row_tables *tables = cs_alloc_zero(1, sizeof *tables);
    if (tables == NULL) {
        return CS_NO_MEMORY;
    }
    tables->database = database;
    tables->registry = registry;
    cs_arena_init(&tables->arena, CS_MESSAGE_ARENA_MAX);
    tables->sql = cs_arena_take_array(&tables->arena, registry->entity_count, sizeof *tables->sql);
    enum cs_status status = tables->sql == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < registry->entity_count; i++) {
        status = cs_row_sql_make(registry->entities[i], &tables->arena, &tables->sql[i]);
    }
    if (status != CS_OK) {
        cs_row_tables_destroy(tables);
        return status;
    }
    *out = tables;
    return CS_OK;
}

void cs_row_tables_destroy(struct cs_row_tables *tables)
{
    if (tables != NULL) {
        cs_arena_release(&tables->arena);
        cs_free(tables);
    }
}

const struct cs_registry *cs_row_tables_registry(const struct cs_row_tables *tables)
{
    return tables->registry;
}

struct cs_database *cs_row_tables_database(const struct cs_row_tables *tables)
{
    return tables->database;
}

/* Does the table have this column? Asked of SQLite's own catalogue. */
static enum cs_status has_column(struct cs_database *database, const char *table,
                                 const char *column, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        database, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(table));
    cs_bind_text(statement, 2, cs_bytes_of_text(column));
    status = cs_statement_step(statement, out);
    cs_statement_done(statement);
    return status;
}

static enum cs_status add_missing_columns(struct cs_database *database,
                                          const struct cs_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        bool present = false;
        enum cs_status status =
            has_column(database, entity->name, entity->fields[i].name, &present);
        if (status == CS_OK && !present) {
            struct cs_buffer sql;
            cs_buffer_init(&sql, 512);
            cs_buffer_append_format(&sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\"", entity->name,
                                    entity->fields[i].name);
            const char *text = cs_buffer_text(&sql);
            status = text == NULL ? CS_NO_MEMORY : cs_database_execute(database, text);
            cs_buffer_release(&sql);
        }
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status create_table(struct cs_row_tables *tables, size_t index)
{
    const struct cs_entity *entity = tables->registry->entities[index];
    enum cs_status status = cs_database_execute(tables->database, tables->sql[index].create);
    if (status == CS_OK) {
        status = add_missing_columns(tables->database, entity);
    }
    if (status == CS_OK && tables->sql[index].create_indexes[0] != '\0') {
        status = cs_database_execute(tables->database, tables->sql[index].create_indexes);
    }
    return status;
}

/* Binds an engine's columns and hands back through the same order in read_engine. */
static enum cs_status read_engine(struct cs_statement *statement, struct cs_arena *arena,
                                  struct cs_stored_row *row)
{
    row->exists = true;
    row->deleted = cs_column_integer(statement, COLUMN_DELETED) != 0;
    row->position = (uint64_t)cs_column_integer(statement, COLUMN_POSITION);
    if (!cs_id_from_bytes(cs_column_bytes(statement, COLUMN_ID), &row->id)) {
        return CS_CORRUPT;
    }
    enum cs_status status =
        cs_arena_copy(arena, cs_column_bytes(statement, COLUMN_VERSIONS), &row->versions);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, COLUMN_SCOPES), &row->scopes);
    }
    struct cs_bytes extra = CS_BYTES_NONE;
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, COLUMN_EXTRA), &extra);
    }
    if (status == CS_OK) {
        status = cs_named_values_take(extra, arena, &row->extra, &row->extra_count);
    }
    return status;
}

static enum cs_status read_row(struct cs_statement *statement, const struct cs_entity *entity,
                               struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row = {.entity = entity};
    enum cs_status status = CS_OK;
    if (entity != NULL) {
        row.name = cs_bytes_of_text(entity->name);
        row.values = cs_arena_take_array(arena, entity->field_count, sizeof *row.values);
        status = row.values == NULL ? CS_NO_MEMORY : CS_OK;
    } else {
        status = cs_arena_copy(arena, cs_column_bytes(statement, COLUMN_FIELDS), &row.name);
    }
    for (size_t i = 0; status == CS_OK && entity != NULL && i < entity->field_count; i++) {
        row.values[i] = cs_column_value(statement, COLUMN_FIELDS + (int)i);
        status = cs_arena_copy(arena, row.values[i].bytes, &row.values[i].bytes);
    }
    if (status == CS_OK) {
        status = read_engine(statement, arena, &row);
    }
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

enum cs_status cs_row_load(struct cs_row_tables *tables, struct cs_bytes name,
                           const struct cs_id *id, struct cs_arena *arena,
                           struct cs_stored_row *out)
{
    const struct cs_entity *entity = cs_registry_find(tables->registry, name);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        tables->database, entity == NULL ? opaque_load : sql_of(tables, entity)->load, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    if (entity == NULL) {
        cs_bind_text(statement, 2, name);
    }
    struct cs_stored_row row = {.entity = entity, .name = name, .id = *id};
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK && found && entity == NULL) {
        status = read_engine(statement, arena, &row);
    } else if (status == CS_OK && found) {
        status = read_row(statement, entity, arena, &row);
    } else if (status == CS_OK && entity != NULL) {
        row.name = cs_bytes_of_text(entity->name);
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

enum cs_status cs_row_store(struct cs_row_tables *tables, const struct cs_stored_row *row)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        tables->database, row->entity == NULL ? opaque_store : sql_of(tables, row->entity)->store,
        &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer extra;
    cs_buffer_init(&extra, CS_PAGE_BYTES_MAX);
    cs_named_values_put(row->extra, row->extra_count, &extra);
    cs_bind_bytes(statement, 1 + COLUMN_ID, cs_id_bytes(&row->id));
    cs_bind_integer(statement, 1 + COLUMN_DELETED, row->deleted ? 1 : 0);
    cs_bind_bytes(statement, 1 + COLUMN_VERSIONS, row->versions);
    cs_bind_bytes(statement, 1 + COLUMN_EXTRA, cs_buffer_bytes(&extra));
    cs_bind_bytes(statement, 1 + COLUMN_SCOPES, row->scopes);
    cs_bind_integer(statement, 1 + COLUMN_POSITION, (int64_t)row->position);
    if (row->entity == NULL) {
        cs_bind_text(statement, 1 + COLUMN_FIELDS, row->name);
    }
    for (size_t i = 0; row->entity != NULL && i < row->entity->field_count; i++) {
        cs_bind_value(statement, 1 + COLUMN_FIELDS + (int)i, &row->values[i]);
    }
    status = cs_statement_run(statement);
    status = extra.status != CS_OK ? extra.status : status;
    cs_buffer_release(&extra);
    return status;
}

enum cs_status cs_row_remove(struct cs_row_tables *tables, struct cs_bytes name,
                             const struct cs_id *id)
{
    const struct cs_entity *entity = cs_registry_find(tables->registry, name);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        tables->database, entity == NULL ? opaque_remove : sql_of(tables, entity)->remove,
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(id));
    if (entity == NULL) {
        cs_bind_text(statement, 2, name);
    }
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
    cs_buffer_append_text(&sql, sql_of(tables, entity)->select);
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
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database, sql_of(tables, entity)->find[field_index], &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_value(statement, 1, value);
    cs_bind_integer(statement, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
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
        cs_statement_get(tables->database, sql_of(tables, entity)->count, &statement);
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

/* Rows that came before their entity was known go into its table now. */
static enum cs_status move_opaque(struct cs_row_tables *tables, struct cs_arena *arena,
                                  bool *out_moved)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, opaque_scan, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool more = true;
    bool found = false;
    struct cs_stored_row opaque;
    while (status == CS_OK && !found) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = read_row(statement, NULL, arena, &opaque);
        found = status == CS_OK && cs_registry_find(tables->registry, opaque.name) != NULL;
    }
    cs_statement_done(statement);
    *out_moved = found;
    if (status != CS_OK || !found) {
        return status;
    }
    struct cs_stored_row row;
    status = cs_row_from_fields(tables->registry, opaque.name, opaque.extra, opaque.extra_count,
                                arena, &row);
    if (status != CS_OK) {
        return status;
    }
    row.id = opaque.id;
    row.exists = true;
    row.deleted = opaque.deleted;
    row.versions = opaque.versions;
    row.scopes = opaque.scopes;
    row.position = opaque.position;
    status = cs_row_store(tables, &row);
    if (status != CS_OK) {
        return status;
    }
    status = cs_statement_get(tables->database, opaque_remove, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&row.id));
    cs_bind_text(statement, 2, row.name);
    return cs_statement_run(statement);
}

enum cs_status cs_row_tables_create(struct cs_database *database,
                                    const struct cs_registry *registry, struct cs_row_tables **out)
{
    struct cs_row_tables *tables;
    enum cs_status status = cs_row_tables_attach(database, registry, &tables);
    if (status != CS_OK) {
        return status;
    }
    status = cs_database_execute(database, opaque_table);
    for (size_t i = 0; status == CS_OK && i < registry->entity_count; i++) {
        status = create_table(tables, i);
    }
    bool moved = true;
    while (status == CS_OK && moved) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = move_opaque(tables, &arena, &moved);
        cs_arena_release(&arena);
    }
    if (status != CS_OK) {
        cs_row_tables_destroy(tables);
        return status;
    }
    *out = tables;
    return CS_OK;
}
