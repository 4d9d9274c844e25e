/* The SQLite store: change-sets and transactions; see store.h. */
#include "sync-server/stores/sqlite_store.h"

#include <string.h>

enum cs_status cs_store_append_change_set(struct cs_store *store, uint64_t log, uint64_t sequence,
                                          const uint8_t hash[static CS_HASH_SIZE],
                                          struct cs_bytes inner)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT INTO _change_set (log, sequence, hash, inner_bytes) VALUES (?1, ?2, ?3, ?4)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, (int64_t)sequence);
    cs_bind_bytes(statement, 3, cs_bytes_make(hash, CS_HASH_SIZE));
    cs_bind_bytes(statement, 4, inner);
    return cs_statement_run(statement);
}

enum cs_status cs_store_change_set_hash(struct cs_store *store, uint64_t log, uint64_t sequence,
                                        uint8_t out[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT hash FROM _change_set WHERE log = ?1 AND sequence = ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, (int64_t)sequence);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 0, out, CS_HASH_SIZE);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_change_sets(struct cs_store *store, cs_change_set_visitor *visit,
                                    void *context)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT log, sequence, hash, inner_bytes FROM _change_set ORDER BY log, sequence",
        &statement);
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        uint8_t hash[CS_HASH_SIZE];
        status = cs_column_fixed(statement, 2, hash, sizeof hash);
        if (status == CS_OK) {
            status = visit(context, (uint64_t)cs_column_integer(statement, 0),
                           (uint64_t)cs_column_integer(statement, 1), hash,
                           cs_column_bytes(statement, 3));
        }
    }
    cs_statement_done(statement);
    return status;
}

#define TRANSACTION_COLUMNS                                                                        \
    "log, counter, id, claimed, received_ms, effective_ms, fact, outcome, status, operation, "     \
    "field, text, body"

enum cs_status cs_store_put_transaction(struct cs_store *store,
                                        const struct cs_logged_transaction *transaction)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR REPLACE INTO _transaction (" TRANSACTION_COLUMNS
                         ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)transaction->version.log);
    cs_bind_integer(statement, 2, (int64_t)transaction->version.counter);
    cs_bind_bytes(statement, 3, cs_bytes_of_array(transaction->id));
    cs_bind_integer(statement, 4, transaction->claimed);
    cs_bind_integer(statement, 5, transaction->received_ms);
    cs_bind_integer(statement, 6, transaction->effective_ms);
    cs_bind_integer(statement, 7, transaction->fact ? 1 : 0);
    cs_bind_integer(statement, 8, transaction->outcome);
    cs_bind_text(statement, 9, cs_bytes_of_text(cs_status_name(transaction->status)));
    cs_bind_integer(statement, 10, transaction->operation);
    cs_bind_text(statement, 11, transaction->field);
    cs_bind_text(statement, 12, transaction->text);
    cs_bind_bytes(statement, 13, transaction->body);
    return cs_statement_run(statement);
}

static bool read_status(struct cs_bytes column, enum cs_status *out)
{
    char name[CS_NAME_MAX + 1] = {0};
    if (column.size == 0 || column.size >= sizeof name) {
        return false;
    }
    memcpy(name, column.data, column.size);
    return cs_status_from_name(name, out);
}

static enum cs_status read_transaction(struct cs_statement *statement, struct cs_arena *arena,
                                       struct cs_logged_transaction *out)
{
    struct cs_logged_transaction read = {
        .version = {(uint64_t)cs_column_integer(statement, 0),
                    (uint64_t)cs_column_integer(statement, 1)},
        .claimed = cs_column_integer(statement, 3),
        .received_ms = cs_column_integer(statement, 4),
        .effective_ms = cs_column_integer(statement, 5),
        .fact = cs_column_integer(statement, 6) != 0,
        .outcome = (enum cs_outcome)cs_column_integer(statement, 7),
        .operation = (uint32_t)cs_column_integer(statement, 9),
    };
    bool known_outcome = read.outcome >= CS_OUTCOME_APPLIED && read.outcome <= CS_OUTCOME_DUPLICATE;
    if (!known_outcome || !read_status(cs_column_bytes(statement, 8), &read.status)) {
        return CS_CORRUPT;
    }
    enum cs_status status = cs_column_fixed(statement, 2, read.id, sizeof read.id);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 10), &read.field);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 11), &read.text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 12), &read.body);
    }
    if (status == CS_OK) {
        *out = read;
    }
    return status;
}

enum cs_status cs_store_transaction(struct cs_store *store, const struct cs_version *version,
                                    struct cs_arena *arena, struct cs_logged_transaction *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database,
                                             "SELECT " TRANSACTION_COLUMNS
                                             " FROM _transaction WHERE log = ?1 AND counter = ?2",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)version->log);
    cs_bind_integer(statement, 2, (int64_t)version->counter);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_transaction(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_transaction_known(struct cs_store *store, const uint8_t id[static 16],
                                          bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT 1 FROM _transaction WHERE id = ?1 AND outcome IN (1, 3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, 16));
    bool found = false;
    status = cs_statement_step(statement, &found);
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

/* One transaction by its id. */
static enum cs_status transaction_with(struct cs_store *store, const char *query,
                                       const uint8_t id[static 16], struct cs_arena *arena,
                                       struct cs_logged_transaction *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, query, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, 16));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_transaction(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_transaction_taken(struct cs_store *store, const uint8_t id[static 16],
                                          struct cs_arena *arena, struct cs_logged_transaction *out)
{
    return transaction_with(store,
                            "SELECT " TRANSACTION_COLUMNS
                            " FROM _transaction WHERE id = ?1 AND outcome IN (1, 3) LIMIT 1",
                            id, arena, out);
}

enum cs_status cs_store_transaction_refused(struct cs_store *store, const uint8_t id[static 16],
                                            struct cs_arena *arena,
                                            struct cs_logged_transaction *out)
{
    return transaction_with(store,
                            "SELECT " TRANSACTION_COLUMNS
                            " FROM _transaction WHERE id = ?1 AND outcome = 2 "
                            "ORDER BY received_ms DESC, log, counter LIMIT 1",
                            id, arena, out);
}

/* Ascending as cs_version_compare has it: negative log ids, as SQLite sees them, come last. */
enum cs_status cs_store_transaction_names(struct cs_store *store, const uint8_t id[static 16],
                                          size_t limit, struct cs_arena *arena,
                                          struct cs_version **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "SELECT log, counter FROM _transaction WHERE id = ?1 AND outcome IN (1, 4) "
        "ORDER BY log < 0, log, counter LIMIT ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, 16));
    cs_bind_integer(statement, 2, cs_store_limit(limit));
    struct cs_version *names = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        names = cs_arena_grow(arena, names, count, &capacity, sizeof *names);
        if (names == NULL) {
            status = CS_NO_MEMORY;
            break;
        }
        names[count++] = (struct cs_version){(uint64_t)cs_column_integer(statement, 0),
                                             (uint64_t)cs_column_integer(statement, 1)};
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = names;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_held(struct cs_store *store, struct cs_arena *arena,
                             struct cs_logged_transaction **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "SELECT " TRANSACTION_COLUMNS " FROM _transaction WHERE outcome = 3 "
                         "AND status <> 'REVOKED' ORDER BY received_ms, log, counter",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_logged_transaction *held = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        held = cs_arena_grow(arena, held, count, &capacity, sizeof *held);
        status = held == NULL ? CS_NO_MEMORY : read_transaction(statement, arena, &held[count++]);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = held;
        *out_count = count;
    }
    return status;
}
