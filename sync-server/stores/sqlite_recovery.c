/* The SQLite store: incarnations, devices that have to come back, and what is missing until then; see store.h. */
#include "sync-server/stores/sqlite_store.h"

#include <string.h>

/* Does this statement, which has no parameters left to bind, find anything? */
static enum cs_status finds_any(struct cs_statement *statement, bool *out)
{
    bool found = false;
    enum cs_status status = cs_statement_step(statement, &found);
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_store_put_incarnation(struct cs_store *store,
                                        const struct cs_incarnation *incarnation)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR REPLACE INTO _incarnation (incarnation, position, ended_ms, "
                         "witness, witness_position) VALUES (?1, ?2, ?3, ?4, ?5)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(incarnation->id));
    cs_bind_integer(statement, 2, (int64_t)incarnation->position);
    cs_bind_integer(statement, 3, incarnation->ended_ms);
    cs_bind_integer(statement, 4, (int64_t)incarnation->witness);
    cs_bind_integer(statement, 5, (int64_t)incarnation->witness_position);
    return cs_statement_run(statement);
}

enum cs_status cs_store_incarnation(struct cs_store *store, const uint8_t id[static 16],
                                    struct cs_incarnation *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT position, ended_ms, witness, witness_position FROM _incarnation "
                         "WHERE incarnation = ?1",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, 16));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = (struct cs_incarnation){
            .position = (uint64_t)cs_column_integer(statement, 0),
            .ended_ms = cs_column_integer(statement, 1),
            .witness = (uint64_t)cs_column_integer(statement, 2),
            .witness_position = (uint64_t)cs_column_integer(statement, 3),
        };
        memcpy(out->id, id, sizeof out->id);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_returning(struct cs_store *store, const struct cs_returning *returning)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR REPLACE INTO _returning (log, sequence, named, awaited) "
                         "VALUES (?1, ?2, ?3, ?4)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)returning->log);
    cs_bind_integer(statement, 2, (int64_t)returning->sequence);
    cs_bind_integer(statement, 3, (int64_t)returning->named);
    cs_bind_integer(statement, 4, returning->awaited ? 1 : 0);
    return cs_statement_run(statement);
}

enum cs_status cs_store_returning(struct cs_store *store, uint64_t log, struct cs_returning *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT sequence, named, awaited FROM _returning WHERE log = ?1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = (struct cs_returning){
            .log = log,
            .sequence = (uint64_t)cs_column_integer(statement, 0),
            .named = (uint64_t)cs_column_integer(statement, 1),
            .awaited = cs_column_integer(statement, 2) != 0,
        };
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_awaits_any(struct cs_store *store, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT 1 FROM _returning WHERE awaited = 1 LIMIT 1", &statement);
    return status != CS_OK ? status : finds_any(statement, out);
}

enum cs_status cs_store_put_lost_version(struct cs_store *store, const struct cs_version *version,
                                         const struct cs_row_key *row)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT OR IGNORE INTO _lost_version (log, counter, entity, row) VALUES (?1, ?2, ?3, ?4)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    cs_bind_text(statement, 3, row->entity);
    cs_bind_bytes(statement, 4, cs_id_bytes(&row->id));
    return cs_statement_run(statement);
}

enum cs_status cs_store_lost_any(struct cs_store *store, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT 1 FROM _lost_version LIMIT 1", &statement);
    return status != CS_OK ? status : finds_any(statement, out);
}

static enum cs_status read_key(struct cs_statement *statement, struct cs_arena *arena,
                               struct cs_row_key *out)
{
    if (!cs_id_from_bytes(cs_column_bytes(statement, 1), &out->id)) {
        return CS_CORRUPT;
    }
    return cs_arena_copy(arena, cs_column_bytes(statement, 0), &out->entity);
}

static enum cs_status read_lost(struct cs_store *store, const struct cs_version *version,
                                struct cs_arena *arena, struct cs_row_key **out_rows,
                                size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_row_key *rows = NULL;
    size_t capacity = 0;
    size_t count = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT entity, row FROM _lost_version WHERE log = ?1 AND counter = ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    status = cs_statement_step(statement, &more);
    while (status == CS_OK && more) {
        rows = cs_arena_grow(arena, rows, count, &capacity, sizeof *rows);
        status = rows == NULL ? CS_NO_MEMORY : read_key(statement, arena, &rows[count]);
        if (status == CS_OK) {
            count++;
            status = cs_statement_step(statement, &more);
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out_rows = rows;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_take_lost_version(struct cs_store *store, const struct cs_version *version,
                                          struct cs_arena *arena, struct cs_row_key **out_rows,
                                          size_t *out_count)
{
    struct cs_row_key *rows;
    size_t count;
    struct cs_statement *statement;
    enum cs_status status = read_lost(store, version, arena, &rows, &count);
    if (status == CS_OK && count > 0) {
        status = cs_statement_get(store->database,
                                  "DELETE FROM _lost_version WHERE log = ?1 AND counter = ?2",
                                  &statement);
        if (status == CS_OK) {
            cs_bind_integer(statement, 1, (int64_t)version->log);
            cs_bind_integer(statement, 2, (int64_t)version->counter);
            status = cs_statement_run(statement);
        }
    }
    if (status == CS_OK) {
        *out_rows = rows;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_row_lacks(struct cs_store *store, const struct cs_row_key *row, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT 1 FROM _lost_version WHERE row = ?1 AND entity = ?2 LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(&row->id));
    cs_bind_text(statement, 2, row->entity);
    return finds_any(statement, out);
}

static void bind_replaced(struct cs_statement *statement, const struct cs_version *version,
                          const struct cs_row_key *row, struct cs_bytes unit)
{
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    cs_bind_text(statement, 3, row->entity);
    cs_bind_bytes(statement, 4, cs_id_bytes(&row->id));
    cs_bind_text(statement, 5, unit);
}

enum cs_status cs_store_put_replaced(struct cs_store *store, const struct cs_version *version,
                                     const struct cs_row_key *row, struct cs_bytes unit)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR IGNORE INTO _replaced_version (log, counter, entity, row, "
                         "unit) VALUES (?1, ?2, ?3, ?4, ?5)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    bind_replaced(statement, version, row, unit);
    return cs_statement_run(statement);
}

enum cs_status cs_store_replaced_any(struct cs_store *store, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT 1 FROM _replaced_version LIMIT 1", &statement);
    return status != CS_OK ? status : finds_any(statement, out);
}

enum cs_status cs_store_is_replaced(struct cs_store *store, const struct cs_version *version,
                                    const struct cs_row_key *row, struct cs_bytes unit, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT 1 FROM _replaced_version WHERE log = ?1 AND counter = ?2 AND entity = ?3 AND row = "
        "?4 AND unit = ?5",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    bind_replaced(statement, version, row, unit);
    return finds_any(statement, out);
}

enum cs_status cs_store_remove_replaced(struct cs_store *store, const struct cs_version *version)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "DELETE FROM _replaced_version WHERE log = ?1 AND counter = ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    return cs_statement_run(statement);
}
