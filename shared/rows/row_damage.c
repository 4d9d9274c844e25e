/* Rows that cannot be read any more, see cs_row_remove_unreadable in row_table.h. */
#include "shared/rows/row_table_internal.h"

/* Keys as they stand, of any size: prefixed entity name ‖ prefixed id. */
struct unreadable {
    struct cs_row_tables *tables;
    struct cs_buffer keys;
    uint64_t count;
};

static enum cs_status try_row(struct unreadable *unreadable, struct cs_bytes name,
                              struct cs_bytes key)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_id_from_bytes(key, &id)
                                ? cs_row_load(unreadable->tables, name, &id, &arena, &row)
                                : CS_CORRUPT;
    cs_arena_release(&arena);
    if (status != CS_CORRUPT) {
        return status;
    }
    unreadable->count++;
    cs_buffer_append_prefixed(&unreadable->keys, name);
    cs_buffer_append_prefixed(&unreadable->keys, key);
    return unreadable->keys.status;
}

/* `sql` gives keys and, for the opaque ones, names. */
static enum cs_status try_rows(struct unreadable *unreadable, const char *sql, const char *name)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(unreadable->tables->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = try_row(unreadable,
                         name == NULL ? cs_column_bytes(statement, 1) : cs_bytes_of_text(name),
                         cs_column_bytes(statement, 0));
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status remove_key(struct cs_row_tables *tables, const char *sql, struct cs_bytes key,
                                 struct cs_bytes name)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(tables->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, key);
    cs_bind_text(statement, 2, name);
    return cs_statement_run(statement);
}

/* Removes what was noted; of a table, or of the opaque rows. */
static enum cs_status remove_noted(struct unreadable *unreadable, const char *sql)
{
    struct cs_reader reader;
    enum cs_status status = CS_OK;
    cs_reader_init(&reader, cs_buffer_bytes(&unreadable->keys));
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_bytes name = cs_read_prefixed(&reader);
        struct cs_bytes key = cs_read_prefixed(&reader);
        status =
            reader.status != CS_OK ? CS_CORRUPT : remove_key(unreadable->tables, sql, key, name);
    }
    cs_buffer_clear(&unreadable->keys);
    return status;
}

static enum cs_status clean_table(struct unreadable *unreadable, const char *name)
{
    struct cs_buffer select;
    struct cs_buffer remove;
    cs_buffer_init(&select, CS_KIBI);
    cs_buffer_init(&remove, CS_KIBI);
    cs_buffer_append_format(&select, "SELECT id FROM \"%s\"", name);
    cs_buffer_append_format(&remove, "DELETE FROM \"%s\" WHERE CAST(id AS BLOB) = ?1 AND ?2 <> ''",
                            name);
    const char *select_text = cs_buffer_text(&select);
    const char *remove_text = cs_buffer_text(&remove);
    enum cs_status status = select_text == NULL || remove_text == NULL
                                ? CS_NO_MEMORY
                                : try_rows(unreadable, select_text, name);
    if (status == CS_OK && unreadable->keys.size > 0) {
        status = remove_noted(unreadable, remove_text);
    }
    cs_buffer_release(&select);
    cs_buffer_release(&remove);
    return status;
}

enum cs_status cs_row_remove_unreadable(struct cs_row_tables *tables, uint64_t *out_removed)
{
    struct unreadable unreadable = {.tables = tables};
    enum cs_status status = CS_OK;
    cs_buffer_init(&unreadable.keys, SIZE_MAX / 2);
    for (size_t i = 0; status == CS_OK && i < tables->registry->entity_count; i++) {
        status = clean_table(&unreadable, tables->registry->entities[i]->name);
    }
    if (status == CS_OK) {
        status = try_rows(&unreadable, "SELECT id, entity FROM \"_opaque\"", NULL);
    }
    if (status == CS_OK) {
        status = remove_noted(
            &unreadable, "DELETE FROM \"_opaque\" WHERE CAST(id AS BLOB) = ?1 AND entity = ?2");
    }
    cs_buffer_release(&unreadable.keys);
    if (status == CS_OK) {
        *out_removed = unreadable.count;
    }
    return status;
}
