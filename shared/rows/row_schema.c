/*
 * The tables of a registry in a database: created, grown when the registry grew, cut back when an older program returns, compared
 * when they may not change.
 *
 * Called through cs_row_tables_create and cs_row_tables_attach (row_table.h). What must stay true: a value is found in the
 * column of its field as soon as the field is known, and no value stands where the program at hand does not look, so that
 * replacing a row never drops one. All of it is one transaction: a crash leaves the old tables or the new ones.
 *
 * Which registry the tables were last made for stands in _registry, with the schema's number of that moment, which SQLite changes with
 * every table, column or index made or dropped by whatever program: while both are as they were there is nothing to look for.
 */
#include "shared/rows/row_table_internal.h"

#include "shared/crypto/hash.h"

#include <string.h>

static const char opaque_table[] =
    "CREATE TABLE IF NOT EXISTS \"_opaque\" (entity TEXT NOT NULL, id BLOB NOT NULL, "
    "_deleted INTEGER NOT NULL, _versions BLOB NOT NULL, _extra BLOB NOT NULL, "
    "_scopes BLOB NOT NULL, _position INTEGER NOT NULL, PRIMARY KEY(entity, id)) "
    "WITHOUT ROWID";

static const char registry_table[] =
    "CREATE TABLE IF NOT EXISTS \"_registry\" (one INTEGER PRIMARY KEY CHECK (one = 1), "
    "texts BLOB NOT NULL, schema INTEGER NOT NULL)";

/* ---- Texts ---- */

static enum cs_status make_texts(struct cs_database *database, const struct cs_registry *registry,
                                 struct cs_row_tables **out)
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

const struct cs_row_sql *cs_row_tables_sql(const struct cs_row_tables *tables,
                                           const struct cs_entity *entity)
{
    size_t i = 0;
    while (i < tables->registry->entity_count && tables->registry->entities[i] != entity) {
        i++;
    }
    cs_require(i < tables->registry->entity_count);
    return &tables->sql[i];
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

/* ---- What a database was made for ---- */

static enum cs_status hash_texts(struct cs_row_tables *tables, uint8_t out[static CS_HASH_SIZE])
{
    size_t count = tables->registry->entity_count;
    struct cs_bytes *texts = cs_arena_take_array(&tables->arena, 2 * count, sizeof *texts);
    if (texts == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        texts[2 * i] = cs_bytes_of_text(tables->sql[i].create);
        texts[2 * i + 1] = cs_bytes_of_text(tables->sql[i].create_indexes);
    }
    cs_hash_parts("countersign row tables 1", texts, 2 * count, out);
    return CS_OK;
}

/* The first row of a query with at most one parameter, of text or bytes: its first column if there is a row, else `none`. */
static enum cs_status query_integer(struct cs_database *database, const char *sql,
                                    struct cs_bytes parameter, int64_t none, int64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    if (parameter.size > 0) {
        cs_bind_bytes(statement, 1, parameter);
    }
    bool row;
    status = cs_statement_step(statement, &row);
    if (status == CS_OK) {
        *out = row ? cs_column_integer(statement, 0) : none;
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status schema_number(struct cs_database *database, int64_t *out)
{
    return query_integer(database, "PRAGMA schema_version", CS_BYTES_NONE, 0, out);
}

/* Are the tables as they were made for exactly these texts? */
static enum cs_status is_made(struct cs_row_tables *tables, bool *out)
{
    uint8_t hash[CS_HASH_SIZE];
    int64_t recorded = 0;
    int64_t made_at = -1;
    int64_t now = 0;
    enum cs_status status = hash_texts(tables, hash);
    if (status == CS_OK) {
        status = query_integer(tables->database,
                               "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
                               "name = '_registry'",
                               CS_BYTES_NONE, 0, &recorded);
    }
    if (status == CS_OK && recorded > 0) {
        status =
            query_integer(tables->database, "SELECT schema FROM \"_registry\" WHERE texts = ?1",
                          cs_bytes_of_array(hash), -1, &made_at);
    }
    if (status == CS_OK && made_at >= 0) {
        status = schema_number(tables->database, &now);
    }
    if (status == CS_OK) {
        *out = made_at >= 0 && made_at == now;
    }
    return status;
}

static enum cs_status record_made(struct cs_row_tables *tables)
{
    uint8_t hash[CS_HASH_SIZE];
    int64_t now;
    struct cs_statement *statement;
    enum cs_status status = hash_texts(tables, hash);
    if (status == CS_OK) {
        status = cs_database_execute(tables->database, registry_table);
    }
    if (status == CS_OK) {
        status = schema_number(tables->database, &now);
    }
    if (status == CS_OK) {
        status =
            cs_statement_get(tables->database,
                             "INSERT OR REPLACE INTO \"_registry\" VALUES (1, ?1, ?2)", &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(hash));
    cs_bind_integer(statement, 2, now);
    return cs_statement_run(statement);
}

/* ---- What a database has ---- */

/* Columns that a table has. */
struct columns {
    bool *present; /* per field */
    size_t known;  /* fields that have one */
    size_t total;  /* with the engine's */
};

static enum cs_status read_columns(struct cs_row_tables *tables, const struct cs_entity *entity,
                                   struct columns *out)
{
    struct columns columns = {
        .present = cs_arena_take_array(&tables->arena, entity->field_count, sizeof(bool))};
    struct cs_statement *statement;
    enum cs_status status = columns.present == NULL ? CS_NO_MEMORY : CS_OK;
    if (status == CS_OK) {
        status = cs_statement_get(tables->database, "SELECT name FROM pragma_table_info(?1)",
                                  &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(entity->name));
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        int field = cs_entity_field_index(entity, cs_column_bytes(statement, 0));
        if (field >= 0) {
            columns.present[field] = true;
            columns.known++;
        }
        columns.total++;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = columns;
    }
    return status;
}

/* A column of no field was added by a newer program: what stands in it would be lost with the next replacement of its row. */
static bool has_foreign_column(const struct columns *columns)
{
    return columns->total > columns->known + CS_ROW_ENGINE_COLUMNS;
}

/* The name of a table of no entity, made by a newer program; empty if there is none. Tables of the engine and of SQLite itself are
 * not looked at. */
static enum cs_status foreign_table(const struct cs_row_tables *tables, struct cs_arena *arena,
                                    struct cs_bytes *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(tables->database,
                         "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                         "substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_'",
                         &statement);
    bool more = true;
    struct cs_bytes name = CS_BYTES_NONE;
    while (status == CS_OK && name.size == 0 &&
           (status = cs_statement_step(statement, &more)) == CS_OK && more) {
        if (cs_registry_find(tables->registry, cs_column_bytes(statement, 0)) == NULL) {
            status = cs_arena_copy(arena, cs_column_bytes(statement, 0), &name);
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = name;
    }
    return status;
}

static enum cs_status refuse_foreign_tables(const struct cs_row_tables *tables)
{
    struct cs_arena arena;
    struct cs_bytes name = CS_BYTES_NONE;
    cs_arena_init(&arena, 64 * CS_KIBI);
    enum cs_status status = foreign_table(tables, &arena, &name);
    if (status == CS_OK && name.size > 0) {
        status = CS_UNSUPPORTED;
    }
    cs_arena_release(&arena);
    return status;
}

/* Each becomes opaque, and is gone then. */
static enum cs_status withdraw_foreign_tables(struct cs_row_tables *tables)
{
    enum cs_status status = CS_OK;
    struct cs_bytes name = CS_BYTES_NONE;
    do {
        struct cs_arena arena;
        cs_arena_init(&arena, 64 * CS_KIBI);
        status = foreign_table(tables, &arena, &name);
        if (status == CS_OK && name.size > 0) {
            status = cs_row_withdraw_table(tables, name);
        }
        cs_arena_release(&arena);
    } while (status == CS_OK && name.size > 0);
    return status;
}

static enum cs_status check_tables(struct cs_row_tables *tables)
{
    enum cs_status status = refuse_foreign_tables(tables);
    for (size_t i = 0; status == CS_OK && i < tables->registry->entity_count; i++) {
        const struct cs_entity *entity = tables->registry->entities[i];
        struct columns columns;
        status = read_columns(tables, entity, &columns);
        if (status == CS_OK &&
            (columns.known < entity->field_count || has_foreign_column(&columns))) {
            status = CS_UNSUPPORTED;
        }
    }
    return status;
}

enum cs_status cs_row_tables_attach(struct cs_database *database,
                                    const struct cs_registry *registry, struct cs_row_tables **out)
{
    struct cs_row_tables *tables;
    enum cs_status status = make_texts(database, registry, &tables);
    if (status != CS_OK) {
        return status;
    }
    bool made = false;
    status = is_made(tables, &made);
    if (status == CS_OK && !made) {
        status = check_tables(tables);
    }
    if (status != CS_OK) {
        cs_row_tables_destroy(tables);
        return status;
    }
    *out = tables;
    return CS_OK;
}

/* ---- Growth ---- */

static enum cs_status add_column(struct cs_database *database, const struct cs_entity *entity,
                                 const struct cs_field *field)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, CS_KIBI);
    cs_buffer_append_format(&sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\"", entity->name,
                            field->name);
    const char *text = cs_buffer_text(&sql);
    enum cs_status status = text == NULL ? sql.status : cs_database_execute(database, text);
    cs_buffer_release(&sql);
    return status;
}

/* The first id after `id` (empty: of all) whose row has fields that were unknown when it was stored. */
static enum cs_status next_with_extra(struct cs_row_tables *tables, const char *sql,
                                      struct cs_bytes after, struct cs_id *id, bool *out_found)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, after);
    status = cs_statement_step(statement, out_found);
    if (status == CS_OK && *out_found && !cs_id_from_bytes(cs_column_bytes(statement, 0), id)) {
        status = CS_CORRUPT;
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status rewrite_row(struct cs_row_tables *tables, const struct cs_entity *entity,
                                  const struct cs_id *id)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    enum cs_status status = cs_row_load(tables, cs_bytes_of_text(entity->name), id, &arena, &row);
    if (status == CS_OK) {
        status = cs_row_store(tables, &row);
    }
    cs_arena_release(&arena);
    return status;
}

/* Values that waited in _extra go into their columns: a load places them, a store writes them there. */
static enum cs_status place_extras(struct cs_row_tables *tables, const struct cs_entity *entity)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, CS_KIBI);
    cs_buffer_append_format(
        &sql, "SELECT id FROM \"%s\" WHERE id > ?1 AND length(_extra) > 0 ORDER BY id LIMIT 1",
        entity->name);
    const char *text = cs_buffer_text(&sql);
    enum cs_status status = text == NULL ? sql.status : CS_OK;
    struct cs_bytes after = CS_BYTES_NONE;
    struct cs_id id;
    bool found = true;
    while (status == CS_OK) {
        struct cs_id next;
        status = next_with_extra(tables, text, after, &next, &found);
        if (status != CS_OK || !found) {
            break;
        }
        id = next;
        after = cs_id_bytes(&id);
        status = rewrite_row(tables, entity, &id);
    }
    cs_buffer_release(&sql);
    return status;
}

static enum cs_status grow_table(struct cs_row_tables *tables, const struct cs_entity *entity,
                                 const struct columns *columns)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < entity->field_count; i++) {
        if (!columns->present[i]) {
            status = add_column(tables->database, entity, &entity->fields[i]);
        }
    }
    return status != CS_OK ? status : place_extras(tables, entity);
}

static enum cs_status create_table(struct cs_row_tables *tables, const struct cs_entity *entity)
{
    const struct cs_row_sql *sql = cs_row_tables_sql(tables, entity);
    struct columns columns;
    enum cs_status status = read_columns(tables, entity, &columns);
    if (status != CS_OK) {
        return status;
    }
    if (columns.total == 0) {
        status = cs_database_execute(tables->database, sql->create);
    } else if (has_foreign_column(&columns)) {
        status = cs_row_withdraw_columns(tables, entity);
    }
    if (status == CS_OK && columns.total > 0 && columns.known < entity->field_count) {
        status = grow_table(tables, entity, &columns);
    }
    if (status == CS_OK && sql->create_indexes[0] != '\0') {
        status = cs_database_execute(tables->database, sql->create_indexes);
    }
    return status;
}

/* The first row of this entity that came before its entity was known. */
static enum cs_status next_opaque(struct cs_row_tables *tables, struct cs_bytes name,
                                  struct cs_arena *arena, struct cs_stored_row *out,
                                  bool *out_found)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        tables->database, "SELECT id FROM \"_opaque\" WHERE entity = ?1 ORDER BY id LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_id id = {{0}};
    cs_bind_text(statement, 1, name);
    status = cs_statement_step(statement, out_found);
    if (status == CS_OK && *out_found && !cs_id_from_bytes(cs_column_bytes(statement, 0), &id)) {
        status = CS_CORRUPT;
    }
    cs_statement_done(statement);
    return status != CS_OK || !*out_found ? status
                                          : cs_row_load_opaque(tables, name, &id, arena, out);
}

/* Out of _opaque, into its own table. */
static enum cs_status move_row(struct cs_row_tables *tables, const struct cs_stored_row *opaque,
                               struct cs_arena *arena)
{
    struct cs_stored_row row;
    enum cs_status status = cs_row_from_fields(tables->registry, opaque->name, opaque->extra,
                                               opaque->extra_count, arena, &row);
    if (status != CS_OK) {
        return status == CS_MALFORMED ? CS_CORRUPT : status;
    }
    row.id = opaque->id;
    row.exists = true;
    row.deleted = opaque->deleted;
    row.versions = opaque->versions;
    row.scopes = opaque->scopes;
    row.position = opaque->position;
    status = cs_row_store(tables, &row);
    return status != CS_OK ? status : cs_row_remove_opaque(tables, opaque->name, &row.id);
}

static enum cs_status move_opaque(struct cs_row_tables *tables, const struct cs_entity *entity)
{
    bool found = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK && found) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        struct cs_stored_row opaque;
        status = next_opaque(tables, cs_bytes_of_text(entity->name), &arena, &opaque, &found);
        if (status == CS_OK && found) {
            status = move_row(tables, &opaque, &arena);
        }
        cs_arena_release(&arena);
    }
    return status;
}

static enum cs_status create_all(struct cs_row_tables *tables)
{
    enum cs_status status = cs_database_execute(tables->database, opaque_table);
    if (status == CS_OK) {
        status = withdraw_foreign_tables(tables);
    }
    for (size_t i = 0; status == CS_OK && i < tables->registry->entity_count; i++) {
        status = create_table(tables, tables->registry->entities[i]);
        if (status == CS_OK) {
            status = move_opaque(tables, tables->registry->entities[i]);
        }
    }
    return status != CS_OK ? status : record_made(tables);
}

/* In the caller's transaction, or in one of its own. */
static enum cs_status create_in_transaction(struct cs_row_tables *tables)
{
    if (cs_database_in_transaction(tables->database)) {
        return create_all(tables);
    }
    enum cs_status status = cs_database_begin(tables->database);
    if (status == CS_OK) {
        status = create_all(tables);
        if (status == CS_OK) {
            status = cs_database_commit(tables->database);
        } else {
            cs_database_rollback(tables->database);
        }
    }
    return status;
}

enum cs_status cs_row_tables_create(struct cs_database *database,
                                    const struct cs_registry *registry, struct cs_row_tables **out)
{
    struct cs_row_tables *tables;
    enum cs_status status = make_texts(database, registry, &tables);
    if (status != CS_OK) {
        return status;
    }
    bool made = false;
    status = is_made(tables, &made);
    if (status == CS_OK && !made) {
        status = create_in_transaction(tables);
    }
    if (status != CS_OK) {
        cs_row_tables_destroy(tables);
        return status;
    }
    *out = tables;
    return CS_OK;
}
