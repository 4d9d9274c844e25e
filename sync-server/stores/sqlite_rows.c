/* The SQLite store: rows and heads; see store.h. */
#include "sync-server/stores/sqlite_store.h"

enum cs_status cs_store_load_rows(struct cs_store *store, const struct cs_row_key *keys,
                                  size_t count, struct cs_arena *arena, struct cs_stored_row *out)
{
    for (size_t i = 0; i < count; i++) {
        enum cs_status status =
            cs_row_load(store->rows, keys[i].entity, &keys[i].id, arena, &out[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

enum cs_status cs_store_save_rows(struct cs_store *store, const struct cs_stored_row *rows,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum cs_status status = cs_row_store(store->rows, &rows[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status read_head(struct cs_statement *statement, struct cs_arena *arena,
                                struct cs_stored_head *out)
{
    out->version.log = (uint64_t)cs_column_integer(statement, 1);
    out->version.counter = (uint64_t)cs_column_integer(statement, 2);
    enum cs_status status = cs_arena_copy(arena, cs_column_bytes(statement, 0), &out->unit);
    return status != CS_OK ? status
                           : cs_arena_copy(arena, cs_column_bytes(statement, 3), &out->value);
}

enum cs_status cs_store_heads(struct cs_store *store, const struct cs_row_key *row,
                              struct cs_arena *arena, struct cs_stored_head **out,
                              size_t *out_count)
{
    struct cs_statement *statement;
    /* Log ids are unsigned but stored as signed integers: those of the upper half come last, as in cs_version_compare. */
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT unit, log, counter, value FROM _head "
                         "WHERE row = ?1 AND entity = ?2 ORDER BY unit, log < 0, log, counter",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
    cs_bind_text(statement, 2, row->entity);
    struct cs_stored_head *heads = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        heads = cs_arena_grow(arena, heads, count, &capacity, sizeof *heads);
        status = heads == NULL ? CS_NO_MEMORY : read_head(statement, arena, &heads[count++]);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = heads;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_put_heads(struct cs_store *store, const struct cs_row_key *row,
                                  const struct cs_stored_head *heads, size_t count)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "DELETE FROM _head WHERE row = ?1 AND entity = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
    cs_bind_text(statement, 2, row->entity);
    status = cs_statement_run(statement);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = cs_statement_get(store->database,
                                  "INSERT INTO _head (row, entity, unit, log, counter, value) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                  &statement);
        if (status != CS_OK) {
            break;
        }
        cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
        cs_bind_text(statement, 2, row->entity);
        cs_bind_text(statement, 3, heads[i].unit);
        cs_bind_integer(statement, 4, (int64_t)heads[i].version.log);
        cs_bind_integer(statement, 5, (int64_t)heads[i].version.counter);
        cs_bind_bytes(statement, 6, heads[i].value);
        status = cs_statement_run(statement);
    }
    return status;
}

enum cs_status cs_store_sum(struct cs_store *store, const struct cs_entity *entity,
                            size_t sum_field, const struct cs_row_filter *filters,
                            size_t filter_count, int64_t *out)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    cs_buffer_append_format(&sql, "SELECT coalesce(sum(\"%s\"), 0) FROM \"%s\" WHERE _deleted = 0",
                            entity->fields[sum_field].name, entity->name);
    for (size_t i = 0; i < filter_count; i++) {
        cs_buffer_append_format(&sql, " AND \"%s\" IS ?%zu",
                                entity->fields[filters[i].field_index].name, i + 1);
    }
    const char *text = cs_buffer_text(&sql);
    struct cs_statement *statement = NULL;
    enum cs_status status =
        text == NULL ? sql.status : cs_statement_get(store->database, text, &statement);
    cs_buffer_release(&sql);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; i < filter_count; i++) {
        cs_bind_value(statement, (int)i + 1, &filters[i].value);
    }
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    /* The statement is sound, so all it can complain about when it runs is a sum that passes 64 bits. */
    return status == CS_USAGE ? CS_TOO_LARGE : status;
}
