/* The SQLite store: scopes, the order of changes in each, and open projects; see store.h. */
#include "sync-server/stores/sqlite_store.h"

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
    status = cs_statement_one(statement);
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
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        int64_t kind = cs_column_integer(statement, 0);
        struct cs_scope_name name = {.kind = (uint8_t)kind};
        status = kind == name.kind ? cs_column_fixed(statement, 1, name.id.bytes, CS_ID_SIZE)
                                   : CS_CORRUPT;
        cs_statement_done(statement);
        if (status == CS_OK) {
            *out = name;
        }
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
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 0, out->sum, sizeof out->sum);
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
    status = cs_statement_run(statement);
    if (status == CS_OK && cs_database_changes(store->database) == 0) {
        status = CS_NOT_FOUND;
    }
    return status;
}

enum cs_status cs_store_put_scope_entry(struct cs_store *store, uint64_t scope,
                                        const struct cs_scope_entry *entry)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database,
                                             "INSERT INTO _scope_entry (scope, position, departed, "
                                             "entity, row, entered) "
                                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)entry->position);
    cs_bind_integer(statement, 3, entry->departed ? 1 : 0);
    cs_bind_text(statement, 4, entry->entity);
    cs_bind_bytes(statement, 5, cs_id_bytes(&entry->row));
    cs_bind_integer(statement, 6, (int64_t)entry->entered);
    return cs_statement_run(statement);
}

/* Runs a statement over scope, entity and row; ?4 is the position. */
static enum cs_status note_departed(struct cs_store *store, const char *sql, uint64_t scope,
                                    const struct cs_scope_entry *entry)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_text(statement, 2, entry->entity);
    cs_bind_bytes(statement, 3, cs_id_bytes(&entry->row));
    cs_bind_integer(statement, 4, (int64_t)entry->position);
    return cs_statement_run(statement);
}

enum cs_status cs_store_move_scope_entry(struct cs_store *store, uint64_t scope, uint64_t from,
                                         const struct cs_scope_entry *entry)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database,
                                             "UPDATE _scope_entry SET position = ?3, departed = ?4 "
                                             "WHERE scope = ?1 AND position = ?2",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)from);
    cs_bind_integer(statement, 3, (int64_t)entry->position);
    cs_bind_integer(statement, 4, entry->departed ? 1 : 0);
    status = cs_statement_run(statement);
    if (status == CS_OK && cs_database_changes(store->database) == 0) {
        status = cs_store_put_scope_entry(store, scope, entry);
    }
    if (status == CS_OK && entry->departed) {
        status = note_departed(store,
                               "INSERT OR REPLACE INTO _departed (scope, entity, row, position) "
                               "VALUES (?1, ?2, ?3, ?4)",
                               scope, entry);
    }
    return status;
}

enum cs_status cs_store_take_departed(struct cs_store *store, uint64_t scope,
                                      const struct cs_row_key *row, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT position FROM _departed WHERE row = ?3 AND entity = ?2 AND scope = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_text(statement, 2, row->entity);
    cs_bind_bytes(statement, 3, cs_id_bytes(&row->id));
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_scope_entry entry = {.entity = row->entity, .row = row->id};
    entry.position = (uint64_t)cs_column_integer(statement, 0);
    cs_statement_done(statement);
    status = note_departed(store,
                           "DELETE FROM _departed WHERE row = ?3 AND entity = ?2 AND scope = ?1 "
                           "AND position = ?4",
                           scope, &entry);
    if (status == CS_OK) {
        *out = entry.position;
    }
    return status;
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

static enum cs_status read_entry(struct cs_statement *statement, struct cs_arena *arena,
                                 struct cs_scope_entry *out)
{
    out->position = (uint64_t)cs_column_integer(statement, 0);
    out->departed = cs_column_integer(statement, 1) != 0;
    out->entered = (uint64_t)cs_column_integer(statement, 4);
    if (!cs_id_from_bytes(cs_column_bytes(statement, 3), &out->row)) {
        return CS_CORRUPT;
    }
    return cs_arena_copy(arena, cs_column_bytes(statement, 2), &out->entity);
}

enum cs_status cs_store_scope_entries(struct cs_store *store, uint64_t scope, uint64_t after,
                                      size_t limit, struct cs_arena *arena,
                                      struct cs_scope_entry **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT position, departed, entity, row, entered FROM _scope_entry "
                         "WHERE scope = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    cs_bind_integer(statement, 2, (int64_t)after);
    cs_bind_integer(statement, 3, cs_store_limit(limit));
    struct cs_scope_entry *entries = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        entries = cs_arena_grow(arena, entries, count, &capacity, sizeof *entries);
        status = entries == NULL ? CS_NO_MEMORY : read_entry(statement, arena, &entries[count++]);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = entries;
        *out_count = count;
    }
    return status;
}

static enum cs_status visit_scope_row(struct cs_store *store, struct cs_statement *statement,
                                      cs_scope_row_visitor *visit, void *context)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_scope_entry entry;
    struct cs_stored_row row = {.exists = false};
    enum cs_status status = read_entry(statement, &arena, &entry);
    if (status == CS_OK) {
        status = cs_row_load(store->rows, entry.entity, &entry.row, &arena, &row);
        if (status == CS_CORRUPT) {
            row = (struct cs_stored_row){.name = entry.entity, .id = entry.row};
            status = CS_OK;
        }
    }
    if (status == CS_OK) {
        status = visit(context, &entry, &row);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_store_scope_rows(struct cs_store *store, uint64_t scope,
                                   cs_scope_row_visitor *visit, void *context)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT position, departed, entity, row FROM _scope_entry "
                         "WHERE scope = ?1 AND departed = 0 ORDER BY position",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)scope);
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        status = visit_scope_row(store, statement, visit, context);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    return status;
}

/* Runs a statement over one person's scope and one project. */
static enum cs_status change_opened(struct cs_store *store, const char *sql, uint64_t person_scope,
                                    const struct cs_id *project)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)person_scope);
    cs_bind_bytes(statement, 2, cs_id_bytes(project));
    return cs_statement_run(statement);
}

enum cs_status cs_store_put_opened(struct cs_store *store, uint64_t person_scope,
                                   const struct cs_id *project)
{
    return change_opened(store, "INSERT OR REPLACE INTO _opened (scope, project) VALUES (?1, ?2)",
                         person_scope, project);
}

enum cs_status cs_store_remove_opened(struct cs_store *store, uint64_t person_scope,
                                      const struct cs_id *project)
{
    return change_opened(store, "DELETE FROM _opened WHERE scope = ?1 AND project = ?2",
                         person_scope, project);
}

enum cs_status cs_store_opened(struct cs_store *store, uint64_t person_scope, size_t limit,
                               struct cs_arena *arena, struct cs_id **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT project FROM _opened WHERE scope = ?1 ORDER BY project LIMIT ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)person_scope);
    cs_bind_integer(statement, 2, cs_store_limit(limit));
    struct cs_id *ids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        ids = cs_arena_grow(arena, ids, count, &capacity, sizeof *ids);
        if (ids == NULL) {
            status = CS_NO_MEMORY;
        } else if (!cs_id_from_bytes(cs_column_bytes(statement, 0), &ids[count++])) {
            status = CS_CORRUPT;
        }
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = ids;
        *out_count = count;
    }
    return status;
}
