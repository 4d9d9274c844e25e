/* The SQLite store: opening, batches, small values; see store.h. */
#include "sync-server/stores/sqlite_store.h"

#include <string.h>

static enum cs_status read_version(struct cs_store *store, int64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, "PRAGMA user_version", &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

/* A reader changes nothing, so it can only use a database of exactly its version. */
static enum cs_status check_version(struct cs_store *store, struct cs_problem *problem)
{
    int64_t known = (int64_t)cs_store_migration_count;
    int64_t version;
    enum cs_status status = read_version(store, &version);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the database cannot be read: %s",
                              cs_status_text(status));
    }
    if (version == known) {
        return CS_OK;
    }
    return cs_problem_set(problem, CS_UNSUPPORTED,
                          "the database is of version %lld, this program reads version %lld: %s",
                          (long long)version, (long long)known,
                          version < known ? "start the server once, it upgrades"
                                          : "install the newer program");
}

/* The registry's tables, over an open database. */
static enum cs_status open_rows(struct cs_store *store, struct cs_problem *problem)
{
    enum cs_status status =
        store->mode == CS_STORE_WRITER
            ? cs_row_tables_create(store->database, store->registry, &store->rows)
            : cs_row_tables_attach(store->database, store->registry, &store->rows);
    if (status == CS_UNSUPPORTED) {
        return cs_problem_set(problem, status,
                              "the tables of the database are not those of this program's version");
    }
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(problem, status, "the tables of the database cannot be used: %s",
                                cs_status_text(status));
}

enum cs_status cs_store_open(const struct cs_world *world, const char *path,
                             enum cs_store_mode mode, const struct cs_registry *registry,
                             struct cs_store **out, struct cs_problem *problem)
{
    struct cs_store *store = cs_alloc_zero(1, sizeof *store);
    if (store == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "%s", cs_status_text(CS_NO_MEMORY));
    }
    store->registry = registry;
    store->mode = mode;
    bool writer = mode == CS_STORE_WRITER;
    enum cs_status status = cs_database_open(
        world, path, writer ? CS_DATABASE_WRITER : CS_DATABASE_READER, &store->database, problem);
    if (status == CS_OK) {
        status = writer ? cs_database_migrate(store->database, cs_store_migrations,
                                              cs_store_migration_count, NULL, problem)
                        : check_version(store, problem);
    }
    if (status == CS_OK) {
        status = open_rows(store, problem);
    }
    if (status != CS_OK) {
        cs_store_close(store);
        return status;
    }
    *out = store;
    return CS_OK;
}

void cs_store_close(struct cs_store *store)
{
    if (store != NULL) {
        cs_row_tables_destroy(store->rows);
        cs_database_close(store->database);
        cs_free(store);
    }
}

const struct cs_registry *cs_store_registry(const struct cs_store *store)
{
    return store->registry;
}

struct cs_row_tables *cs_store_rows(struct cs_store *store)
{
    return store->rows;
}

enum cs_status cs_store_begin(struct cs_store *store)
{
    return store->mode == CS_STORE_READER ? cs_database_begin_read(store->database)
                                          : cs_database_begin(store->database);
}

enum cs_status cs_store_commit(struct cs_store *store)
{
    return cs_database_commit(store->database);
}

void cs_store_rollback(struct cs_store *store)
{
    cs_database_rollback(store->database);
}

enum cs_status cs_store_savepoint(struct cs_store *store)
{
    return cs_database_savepoint(store->database);
}

enum cs_status cs_store_release(struct cs_store *store)
{
    return cs_database_release(store->database);
}

void cs_store_undo(struct cs_store *store)
{
    cs_database_undo(store->database);
}

enum cs_status cs_store_check(struct cs_store *store, struct cs_problem *problem)
{
    return cs_database_check(store->database, problem);
}

enum cs_status cs_store_copy(struct cs_store *store, const char *path, struct cs_problem *problem)
{
    return cs_database_copy(store->database, path, problem);
}

int64_t cs_store_limit(size_t limit)
{
    return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

enum cs_status cs_store_get(struct cs_store *store, const char *key, struct cs_arena *arena,
                            struct cs_bytes *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT value FROM _meta WHERE key = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(key));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 0), out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put(struct cs_store *store, const char *key, struct cs_bytes value)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT OR REPLACE INTO _meta (key, value) VALUES (?1, ?2)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, cs_bytes_of_text(key));
    cs_bind_bytes(statement, 2, value);
    return cs_statement_run(statement);
}

enum cs_status cs_store_position(struct cs_store *store, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT value FROM _meta WHERE key = 'position'", &statement);
    if (status != CS_OK) {
        return status;
    }
    status = cs_statement_one(statement);
    if (status == CS_NOT_FOUND) {
        *out = 0;
        return CS_OK;
    }
    if (status == CS_OK) {
        uint8_t bytes[8];
        status = cs_column_fixed(statement, 0, bytes, sizeof bytes);
        cs_statement_done(statement);
        if (status == CS_OK) {
            struct cs_reader reader;
            cs_reader_init(&reader, cs_bytes_of_array(bytes));
            *out = cs_read_u64(&reader);
        }
    }
    return status;
}

enum cs_status cs_store_set_position(struct cs_store *store, uint64_t position)
{
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 8);
    cs_buffer_append_u64(&buffer, position);
    enum cs_status status = buffer.status;
    if (status == CS_OK) {
        status = cs_store_put(store, "position", cs_buffer_bytes(&buffer));
    }
    cs_buffer_release(&buffer);
    return status;
}
