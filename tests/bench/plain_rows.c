/* See plain_rows.h. Every failure ends the program: there is no figure without the whole way. */
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "tests/bench/plain_rows.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX 64
#define PATH_SIZE 512

struct plain_rows {
    char table[64];
    char *schema; /* all statements that make it */
    struct cs_arena arena;
    struct cs_value *values; /* row by row */
    size_t column_count;
    size_t count;
};

static void need(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "plain rows: %s failed\n", what);
        exit(1);
    }
}

const char *plain_rows_sqlite_version(void)
{
    return sqlite3_libversion();
}

/* ---- reading ---- */

static void read_schema(struct cs_database *database, struct plain_rows *rows)
{
    struct cs_statement *statement = NULL;
    struct cs_buffer schema;
    bool row = false;
    cs_buffer_init(&schema, CS_MEBI);
    need(cs_statement_get(
             database,
             "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY "
             "type DESC",
             &statement) == CS_OK,
         "reading the schema");
    cs_bind_text(statement, 1, cs_bytes_of_text(rows->table));
    while (cs_statement_step(statement, &row) == CS_OK && row) {
        struct cs_bytes sql = cs_column_bytes(statement, 0);
        cs_buffer_append(&schema, sql.data, sql.size);
        cs_buffer_append_text(&schema, ";");
    }
    cs_statement_done(statement);
    rows->schema = strndup((const char *)schema.data, schema.size);
    need(rows->schema != NULL && schema.size > 0, "reading the schema");
    cs_buffer_release(&schema);
}

static struct cs_value keep_value(struct plain_rows *rows, struct cs_value value)
{
    if (value.kind == CS_VALUE_TEXT || value.kind == CS_VALUE_BYTES) {
        need(cs_arena_copy(&rows->arena, value.bytes, &value.bytes) == CS_OK, "keeping a value");
    }
    return value;
}

static void read_all(struct cs_database *database, struct plain_rows *rows, const char *query)
{
    struct cs_statement *statement = NULL;
    size_t room = 0;
    bool row = false;
    need(cs_statement_get(database, query, &statement) == CS_OK, "reading the rows");
    while (cs_statement_step(statement, &row) == CS_OK && row) {
        rows->column_count = (size_t)cs_column_count(statement);
        if (rows->count == room) {
            room = room == 0 ? 1024 : 2 * room;
            rows->values = realloc(rows->values, room * rows->column_count * sizeof *rows->values);
            need(rows->values != NULL, "memory");
        }
        struct cs_value *values = rows->values + rows->count++ * rows->column_count;
        for (size_t i = 0; i < rows->column_count; i++) {
            values[i] = keep_value(rows, cs_column_value(statement, (int)i));
        }
    }
    cs_statement_done(statement);
    need(rows->count > 0 && rows->column_count <= COLUMNS_MAX, "reading the rows");
}

struct plain_rows *plain_rows_read(struct cs_database *database, const char *table)
{
    char query[128];
    struct plain_rows *rows = calloc(1, sizeof *rows);
    need(rows != NULL && strlen(table) < sizeof rows->table, "memory");
    cs_arena_init(&rows->arena, CS_MESSAGE_ARENA_MAX);
    memcpy(rows->table, table, strlen(table) + 1);
    read_schema(database, rows);
    (void)snprintf(query, sizeof query, "SELECT * FROM \"%s\"", table);
    read_all(database, rows, query);
    return rows;
}

void plain_rows_free(struct plain_rows *owned_rows)
{
    cs_arena_release(&owned_rows->arena);
    free(owned_rows->values);
    free(owned_rows->schema);
    free(owned_rows);
}

size_t plain_rows_count(const struct plain_rows *rows)
{
    return rows->count;
}

/* ---- writing ---- */

static void execute(sqlite3 *database, const char *sql)
{
    need(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

static sqlite3 *open_new(const struct plain_rows *rows, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    sqlite3 *database = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    need(access(path, F_OK) != 0, "a new file");
    need(sqlite3_open(path, &database) == SQLITE_OK, "opening");
    execute(database, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA "
                      "synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384");
    execute(database, rows->schema);
    return database;
}

static void close_and_remove(sqlite3 *database, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    need(sqlite3_close(database) == SQLITE_OK, "closing");
    need(unlink(path) == 0, "removing");
}

static sqlite3_stmt *prepare_insert(const struct plain_rows *rows, sqlite3 *database)
{
    char sql[512];
    sqlite3_stmt *statement = NULL;
    int length = snprintf(sql, sizeof sql, "INSERT INTO \"%s\" VALUES (?1", rows->table);
    for (size_t i = 2; i <= rows->column_count; i++) {
        length += snprintf(sql + length, sizeof sql - (size_t)length, ",?%zu", i);
    }
    (void)snprintf(sql + length, sizeof sql - (size_t)length, ")");
    need(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, sql);
    return statement;
}

static void bind(sqlite3_stmt *statement, int parameter, const struct cs_value *value)
{
    int size =
        value->kind == CS_VALUE_TEXT || value->kind == CS_VALUE_BYTES ? (int)value->bytes.size : 0;
    const char *data = size == 0 ? "" : (const char *)value->bytes.data;
    int code = SQLITE_OK;
    switch (value->kind) {
    case CS_VALUE_NULL:
        code = sqlite3_bind_null(statement, parameter);
        break;
    case CS_VALUE_INTEGER:
        code = sqlite3_bind_int64(statement, parameter, value->integer);
        break;
    case CS_VALUE_TEXT:
        code = sqlite3_bind_text(statement, parameter, data, size, SQLITE_STATIC);
        break;
    case CS_VALUE_BYTES:
        code = sqlite3_bind_blob(statement, parameter, data, size, SQLITE_STATIC);
        break;
    }
    need(code == SQLITE_OK, "binding");
}

static void insert_all(const struct plain_rows *rows, sqlite3 *database)
{
    execute(database, "BEGIN IMMEDIATE");
    sqlite3_stmt *statement = prepare_insert(rows, database);
    for (size_t row = 0; row < rows->count; row++) {
        for (size_t i = 0; i < rows->column_count; i++) {
            bind(statement, (int)i + 1, &rows->values[row * rows->column_count + i]);
        }
        need(sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK,
             "inserting");
    }
    (void)sqlite3_finalize(statement);
    execute(database, "COMMIT");
}

struct bench_span plain_rows_write(const struct plain_rows *rows, const char *folder)
{
    sqlite3 *database = open_new(rows, folder, "plain.db");
    struct bench_span begun = bench_begin();
    insert_all(rows, database);
    struct bench_span span = bench_end(begun);
    close_and_remove(database, folder, "plain.db");
    return span;
}

/* ---- the floor ---- */

static int no_conflict(void *context, int kind, sqlite3_changeset_iter *iterator)
{
    (void)context;
    (void)kind;
    (void)iterator;
    return SQLITE_CHANGESET_ABORT;
}

static sqlite3_int64 rows_in(sqlite3 *database)
{
    return sqlite3_total_changes(database);
}

static void apply(const struct plain_rows *rows, sqlite3 *database, int size, void *changeset)
{
    execute(database, "BEGIN IMMEDIATE");
    need(sqlite3changeset_apply(database, size, changeset, NULL, no_conflict, NULL) == SQLITE_OK,
         "applying");
    execute(database, "COMMIT");
    need(rows_in(database) >= (sqlite3_int64)rows->count, "applying all");
}

void plain_rows_floor(const struct plain_rows *rows, const char *folder, struct plain_floor *out)
{
    sqlite3_session *session = NULL;
    void *changeset = NULL;
    int size = 0;
    sqlite3 *from = open_new(rows, folder, "from.db");
    sqlite3 *server = open_new(rows, folder, "server.db");
    sqlite3 *to = open_new(rows, folder, "to.db");
    struct bench_span begun = bench_begin();
    need(sqlite3session_create(from, "main", &session) == SQLITE_OK &&
             sqlite3session_attach(session, rows->table) == SQLITE_OK,
         "a session");
    insert_all(rows, from);
    out->capture = bench_end(begun);
    begun = bench_begin();
    need(sqlite3session_changeset(session, &size, &changeset) == SQLITE_OK, "the changeset");
    out->changeset = bench_end(begun);
    out->changeset_size = (size_t)size;
    begun = bench_begin();
    apply(rows, server, size, changeset);
    apply(rows, to, size, changeset);
    out->apply = bench_end(begun);
    sqlite3_free(changeset);
    sqlite3session_delete(session);
    close_and_remove(from, folder, "from.db");
    close_and_remove(server, folder, "server.db");
    close_and_remove(to, folder, "to.db");
}
