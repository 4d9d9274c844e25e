/* The SQLite store: work held for review; see store.h. */
#include "sync-server/stores/sqlite_store.h"

enum cs_status cs_store_review_load(struct cs_store *store, uint64_t log,
                                    struct cs_store_review *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT count(*), coalesce(sum(length(body)), 0) FROM _transaction "
                         "WHERE outcome = 3 AND status = 'REVOKED' AND log = ?1",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = (struct cs_store_review){(uint64_t)cs_column_integer(statement, 0),
                                        (uint64_t)cs_column_integer(statement, 1)};
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_review_row(struct cs_store *store, const struct cs_id *row,
                                       const struct cs_version *version)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT OR REPLACE INTO _review_row (row, log, counter) VALUES (?1, ?2, ?3)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(row));
    cs_bind_integer(statement, 2, (int64_t)version->log);
    cs_bind_integer(statement, 3, (int64_t)version->counter);
    return cs_statement_run(statement);
}

enum cs_status cs_store_remove_review_rows(struct cs_store *store, const struct cs_version *version)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "DELETE FROM _review_row WHERE log = ?1 AND counter = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    return cs_statement_run(statement);
}

enum cs_status cs_store_review_row(struct cs_store *store, const struct cs_id *row, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT 1 FROM _review_row WHERE row = ?1 LIMIT 1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(row));
    bool found = false;
    status = cs_statement_step(statement, &found);
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}
