/* The SQLite store: leaves and nodes of the evidence log; see store.h. */
#include "sync-server/stores/sqlite_store.h"

/* A count or number that a query gives in its one row. */
static enum cs_status one_number(struct cs_store *store, const char *sql, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_log_size(struct cs_store *store, uint64_t *out)
{
    return one_number(store, "SELECT coalesce(max(number) + 1, 0) FROM _leaf", out);
}

enum cs_status cs_store_put_leaf(struct cs_store *store, uint64_t number, struct cs_bytes leaf)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT INTO _leaf (number, leaf) VALUES (?1, ?2)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    cs_bind_bytes(statement, 2, leaf);
    return cs_statement_run(statement);
}

enum cs_status cs_store_leaf(struct cs_store *store, uint64_t number, struct cs_buffer *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT leaf FROM _leaf WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)number);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_column_bytes(statement, 0));
        status = out->status;
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_leaf_number(struct cs_store *store, struct cs_bytes leaf, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT number FROM _leaf WHERE leaf = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, leaf);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_log_node(struct cs_store *store, unsigned level, uint64_t number,
                                     const uint8_t hash[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT INTO _log_node (level, number, hash) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, level);
    cs_bind_integer(statement, 2, (int64_t)number);
    cs_bind_bytes(statement, 3, cs_bytes_make(hash, CS_HASH_SIZE));
    return cs_statement_run(statement);
}

enum cs_status cs_store_log_node(struct cs_store *store, unsigned level, uint64_t number,
                                 uint8_t out[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT hash FROM _log_node WHERE level = ?1 AND number = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, level);
    cs_bind_integer(statement, 2, (int64_t)number);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 0, out, CS_HASH_SIZE);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_log_node_count(struct cs_store *store, uint64_t *out)
{
    return one_number(store, "SELECT count(*) FROM _log_node", out);
}

enum cs_status cs_store_leaves(struct cs_store *store, cs_leaf_visitor *visit, void *context)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT number, leaf FROM _leaf ORDER BY number", &statement);
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = visit(context, (uint64_t)cs_column_integer(statement, 0),
                       cs_column_bytes(statement, 1));
    }
    cs_statement_done(statement);
    return status;
}
