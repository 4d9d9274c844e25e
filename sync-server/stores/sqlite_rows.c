/* The SQLite store: rows, heads, scopes; see store.h. */
#include "sync-server/stores/sqlite_store.h"

#include <string.h>

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

#define HEADS_PER_ROW_MAX ((size_t)10000)

enum cs_status cs_store_heads(struct cs_store *store, const struct cs_row_key *row,
                              struct cs_arena *arena, struct cs_stored_head **out,
                              size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT unit, log, counter, value, count(*) OVER () FROM _head "
                         "WHERE row = ?1 AND entity = ?2 ORDER BY unit, log, counter",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
    cs_bind_text(statement, 2, row->entity);
    struct cs_stored_head *heads = NULL;
    size_t count = 0;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        if (heads == NULL) {
            heads =
                cs_arena_take_array(arena, (size_t)cs_column_integer(statement, 4), sizeof *heads);
            if (heads == NULL) {
                status = CS_NO_MEMORY;
                break;
            }
        }
        struct cs_stored_head *head = &heads[count++];
        head->version.log = (uint64_t)cs_column_integer(statement, 1);
        head->version.counter = (uint64_t)cs_column_integer(statement, 2);
        status = cs_arena_copy(arena, cs_column_bytes(statement, 0), &head->unit);
        if (status == CS_OK) {
            status = cs_arena_copy(arena, cs_column_bytes(statement, 3), &head->value);
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

static enum cs_status find_scope(struct cs_store *store, const struct cs_scope_name *name,
                                 uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT number FROM _scope WHERE kind = ?1 AND id = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, name->kind);
    cs_bind_bytes(statement, 2, cs_id_bytes(&name->id));
    status = cs_store_one(statement);
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_scope_number(struct cs_store *store, const struct cs_scope_name *name,
                                     bool create, uint64_t *out)
{
    enum cs_status status = find_scope(store, name, out);
    if (status != CS_NOT_FOUND || !create) {
        return status;
    }
    struct cs_statement *statement;
    status = cs_statement_get(store->database,
                              "INSERT INTO _scope (kind, id, digest) VALUES (?1, ?2, zeroblob(32))",
                              &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, name->kind);
    cs_bind_bytes(statement, 2, cs_id_bytes(&name->id));
    status = cs_statement_run(statement);
    return status != CS_OK ? status : find_scope(store, name, out);
}

enum cs_status cs_store_scope_name(struct cs_store *store, uint64_t number,
                                   struct cs_scope_name *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT kind, id FROM _scope WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    status = cs_store_one(statement);
    if (status == CS_OK) {
        struct cs_scope_name name = {.kind = (uint8_t)cs_column_integer(statement, 0)};
        status = cs_store_column_fixed(statement, 1, name.id.bytes, CS_ID_SIZE);
        cs_statement_done(statement);
        *out = name;
    }
    return status;
}

enum cs_status cs_store_scope_digest(struct cs_store *store, uint64_t number,
                                     struct cs_multiset *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT digest FROM _scope WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    status = cs_store_one(statement);
    if (status == CS_OK) {
        status = cs_store_column_fixed(statement, 0, out->sum, sizeof out->sum);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_scope_digest(struct cs_store *store, uint64_t number,
                                         const struct cs_multiset *digest)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "UPDATE _scope SET digest = ?2 WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    cs_bind_bytes(statement, 2, cs_bytes_of_array(digest->sum));
    return cs_statement_run(statement);
}

enum cs_status cs_store_put_scope_entry(struct cs_store *store, uint64_t scope,
                                        const struct cs_scope_entry *entry)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database,
                                             "INSERT INTO _scope_entry (scope, position, departed, "
                                             "entity, row) VALUES (?1, ?2, ?3, ?4, ?5)",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)entry->position);
    cs_bind_integer(statement, 3, entry->departed ? 1 : 0);
    cs_bind_text(statement, 4, entry->entity);
    cs_bind_bytes(statement, 5, cs_id_bytes(&entry->row));
    return cs_statement_run(statement);
}

enum cs_status cs_store_remove_scope_entry(struct cs_store *store, uint64_t scope,
                                           uint64_t position)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "DELETE FROM _scope_entry WHERE scope = ?1 AND position = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)position);
    return cs_statement_run(statement);
}

enum cs_status cs_store_scope_entries(struct cs_store *store, uint64_t scope, uint64_t after,
                                      size_t limit, struct cs_arena *arena,
                                      struct cs_scope_entry **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT position, departed, entity, row FROM _scope_entry "
                         "WHERE scope = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)after);
    cs_bind_integer(statement, 3, (int64_t)limit);
    struct cs_scope_entry *entries = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        if (count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            struct cs_scope_entry *grown = cs_arena_take_array(arena, capacity, sizeof *grown);
            if (grown == NULL) {
                status = CS_NO_MEMORY;
                break;
            }
            if (count > 0) {
                memcpy(grown, entries, count * sizeof *entries);
            }
            entries = grown;
        }
        struct cs_scope_entry *entry = &entries[count++];
        entry->position = (uint64_t)cs_column_integer(statement, 0);
        entry->departed = cs_column_integer(statement, 1) != 0;
        status = cs_arena_copy(arena, cs_column_bytes(statement, 2), &entry->entity);
        if (status == CS_OK && !cs_id_from_bytes(cs_column_bytes(statement, 3), &entry->row)) {
            status = CS_CORRUPT;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = entries;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_sum(struct cs_store *store, const struct cs_entity *entity,
                            size_t sum_field, const struct cs_row_filter *filters,
                            size_t filter_count, int64_t *out)
{
    struct cs_buffer sql;
    cs_buffer_init(&sql, 4 * CS_KIBI);
    cs_buffer_append_format(&sql, "SELECT coalesce(sum(\"%s\"), 0) FROM \"%s\" WHERE _deleted = 0",
                            entity->fields[sum_field].name, entity->name);
    for (size_t i = 0; i < filter_count; i++) {
        cs_buffer_append_format(&sql, " AND \"%s\" IS ?%zu",
                                entity->fields[filters[i].field_index].name, i + 1);
    }
    const char *text = cs_buffer_text(&sql);
    struct cs_statement *statement = NULL;
    enum cs_status status =
        text == NULL ? CS_NO_MEMORY : cs_statement_get(store->database, text, &statement);
    cs_buffer_release(&sql);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; i < filter_count; i++) {
        cs_bind_value(statement, (int)i + 1, &filters[i].value);
    }
    status = cs_store_one(statement);
    if (status == CS_OK) {
        *out = cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}
