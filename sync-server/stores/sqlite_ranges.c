/* The SQLite store: rows by a span of time, and the neighbours of a text; see store.h. */
#include "sync-server/stores/sqlite_store.h"

static enum cs_status prepare(struct cs_store *store, struct cs_buffer *sql,
                              struct cs_statement **out)
{
    const char *text = cs_buffer_text(sql);
    enum cs_status status =
        text == NULL ? sql->status : cs_statement_get(store->database, text, out);
    cs_buffer_release(sql);
    return status;
}

static enum cs_status read_ids(struct cs_statement *statement, struct cs_arena *arena,
                               struct cs_id **out_ids, size_t *out_count)
{
    struct cs_id *ids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        ids = cs_arena_grow(arena, ids, count, &capacity, sizeof *ids);
        if (ids == NULL) {
            status = CS_NO_MEMORY;
            break;
        }
        if (!cs_id_from_bytes(cs_column_bytes(statement, 0), &ids[count++])) {
            status = CS_CORRUPT;
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out_ids = ids;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_find_span(struct cs_store *store, const struct cs_entity *entity,
                                  const struct cs_row_filter *filter, struct cs_row_span span,
                                  int64_t before, int64_t after, size_t limit,
                                  struct cs_arena *arena, struct cs_id **out_ids, size_t *out_count)
{
    struct cs_buffer sql;
    struct cs_statement *statement = NULL;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    cs_buffer_append_format(&sql,
                            "SELECT id FROM \"%s\" WHERE \"%s\" IS ?1 AND \"%s\" < ?2 AND "
                            "\"%s\" > ?3 AND _deleted = 0 ORDER BY id LIMIT ?4",
                            entity->name, entity->fields[filter->field_index].name,
                            entity->fields[span.start_field].name,
                            entity->fields[span.end_field].name);
    enum cs_status status = prepare(store, &sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_value(statement, 1, &filter->value);
    cs_bind_integer(statement, 2, before);
    cs_bind_integer(statement, 3, after);
    cs_bind_integer(statement, 4, cs_store_limit(limit));
    return read_ids(statement, arena, out_ids, out_count);
}

enum cs_status cs_store_nearest(struct cs_store *store, const struct cs_entity *entity,
                                size_t field, struct cs_bytes prefix, struct cs_bytes text,
                                enum cs_store_direction direction, struct cs_arena *arena,
                                struct cs_bytes *out)
{
    bool below = direction == CS_STORE_BELOW;
    const char *name = entity->fields[field].name;
    struct cs_buffer sql;
    struct cs_statement *statement = NULL;
    cs_buffer_init(&sql, 64 * CS_KIBI);
    /* The first condition walks the index; what does not begin with the prefix ends the walk at its first row. */
    cs_buffer_append_format(&sql,
                            "SELECT \"%s\", substr(CAST(\"%s\" AS BLOB), 1, ?3) = ?4 FROM \"%s\" "
                            "WHERE \"%s\" %s ?1 AND (length(CAST(\"%s\" AS BLOB)) = ?2 OR "
                            "substr(CAST(\"%s\" AS BLOB), 1, ?3) <> ?4) AND _deleted = 0 "
                            "ORDER BY \"%s\" %s LIMIT 1",
                            name, name, entity->name, name, below ? "<" : ">", name, name, name,
                            below ? "DESC" : "ASC");
    enum cs_status status = prepare(store, &sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, text);
    cs_bind_integer(statement, 2, (int64_t)text.size);
    cs_bind_integer(statement, 3, (int64_t)prefix.size);
    cs_bind_bytes(statement, 4, prefix);
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    status = cs_column_integer(statement, 1) == 0
                 ? CS_NOT_FOUND
                 : cs_arena_copy(arena, cs_column_bytes(statement, 0), out);
    cs_statement_done(statement);
    return status;
}
