/*
 * Statements: the cache by text, binding, stepping, columns.
 *
 * A use runs from get to done. Whoever keeps a statement beyond done may find it evicted, so every call outside a use is
 * a broken invariant. Nothing bound is copied, hence nothing stays bound after done.
 */
#include "shared/storage/database_internal.h"

#include "shared/base/memory.h"

#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* By words: texts are long, and asked for at every use. They are the program's own, so no one can aim at collisions. */
static uint64_t hash_text(const char *text, size_t size)
{
    uint64_t hash = size;
    uint64_t word;
    for (; size >= sizeof word; text += sizeof word, size -= sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, text, size);
    return mix(hash, word);
}

static struct cs_statement **bucket_of(struct cs_database *database, uint64_t hash)
{
    return &database->buckets[hash % CS_STATEMENT_BUCKETS];
}

static void unlink_use(struct cs_statement *statement)
{
    struct cs_database *database = statement->database;
    *(statement->newer != NULL ? &statement->newer->older : &database->newest) = statement->older;
    *(statement->older != NULL ? &statement->older->newer : &database->oldest) = statement->newer;
}

static void link_newest(struct cs_statement *statement)
{
    struct cs_database *database = statement->database;
    statement->newer = NULL;
    statement->older = database->newest;
    *(database->newest != NULL ? &database->newest->newer : &database->oldest) = statement;
    database->newest = statement;
}

static void remove_statement(struct cs_statement *statement)
{
    struct cs_statement **link = bucket_of(statement->database, statement->hash);
    while (*link != statement) {
        link = &(*link)->bucket_next;
    }
    *link = statement->bucket_next;
    unlink_use(statement);
    statement->database->statement_count--;
    (void)sqlite3_finalize(statement->handle);
    cs_free(statement);
}

void cs_statements_release(struct cs_database *database)
{
    while (database->oldest != NULL) {
        remove_statement(database->oldest);
    }
}

/* Makes room for one more; where all are in use the cache grows instead. */
static void evict(struct cs_database *database)
{
    struct cs_statement *statement = database->oldest;
    while (database->statement_count >= CS_STATEMENTS_MAX && statement != NULL) {
        struct cs_statement *newer = statement->newer;
        if (statement->state == CS_STATEMENT_IDLE) {
            remove_statement(statement);
        }
        statement = newer;
    }
}

static struct cs_statement *find(struct cs_database *database, const char *sql, uint64_t hash)
{
    struct cs_statement *statement = *bucket_of(database, hash);
    while (statement != NULL && (statement->hash != hash || strcmp(statement->sql, sql) != 0)) {
        statement = statement->bucket_next;
    }
    return statement;
}

static bool only_blanks(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

/* Text that holds no statement, or more than one, is refused: the rest would silently not run. */
static enum cs_status prepare(struct cs_database *database, const char *sql, sqlite3_stmt **out)
{
    const char *tail = NULL;
    int code = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out, &tail);
    if (code != SQLITE_OK) {
        return cs_database_result(database, code);
    }
    if (*out != NULL && only_blanks(tail)) {
        return CS_OK;
    }
    (void)sqlite3_finalize(*out);
    *out = NULL;
    return CS_USAGE;
}

static enum cs_status add(struct cs_database *database, const char *sql, size_t size, uint64_t hash,
                          struct cs_statement **out)
{
    evict(database);
    struct cs_statement *statement = cs_alloc_zero(1, sizeof *statement + size + 1);
    if (statement == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = prepare(database, sql, &statement->handle);
    if (status != CS_OK) {
        cs_free(statement);
        return status;
    }
    statement->database = database;
    statement->hash = hash;
    memcpy(statement->sql, sql, size + 1);
    struct cs_statement **bucket = bucket_of(database, hash);
    statement->bucket_next = *bucket;
    *bucket = statement;
    link_newest(statement);
    database->statement_count++;
    *out = statement;
    return CS_OK;
}

enum cs_status cs_statement_get(struct cs_database *database, const char *sql,
                                struct cs_statement **out)
{
    *out = NULL;
    enum cs_status status = cs_database_ready(database);
    if (status != CS_OK) {
        return status;
    }
    size_t size = strlen(sql);
    uint64_t hash = hash_text(sql, size);
    struct cs_statement *statement = find(database, sql, hash);
    if (statement == NULL) {
        status = add(database, sql, size, hash, &statement);
        if (status != CS_OK) {
            return status;
        }
    } else {
        cs_require(statement->state != CS_STATEMENT_STEPPED);
        cs_statement_done(statement);
        unlink_use(statement);
        link_newest(statement);
    }
    statement->state = CS_STATEMENT_HELD;
    *out = statement;
    return CS_OK;
}

static void bound(struct cs_statement *statement, int code)
{
    cs_require(statement->state == CS_STATEMENT_HELD);
    if (code != SQLITE_OK && statement->bind_code == SQLITE_OK) {
        statement->bind_code = code;
    }
}

void cs_bind_integer(struct cs_statement *statement, int parameter, int64_t value)
{
    bound(statement, sqlite3_bind_int64(statement->handle, parameter, value));
}

/* SQLite binds NULL for a NULL pointer; an empty view is an empty value. */
static const void *data_of(struct cs_bytes bytes)
{
    return bytes.data == NULL ? "" : (const void *)bytes.data;
}

void cs_bind_text(struct cs_statement *statement, int parameter, struct cs_bytes text)
{
    bound(statement, sqlite3_bind_text64(statement->handle, parameter, data_of(text), text.size,
                                         SQLITE_STATIC, SQLITE_UTF8));
}

void cs_bind_bytes(struct cs_statement *statement, int parameter, struct cs_bytes bytes)
{
    bound(statement, sqlite3_bind_blob64(statement->handle, parameter, data_of(bytes), bytes.size,
                                         SQLITE_STATIC));
}

void cs_bind_null(struct cs_statement *statement, int parameter)
{
    bound(statement, sqlite3_bind_null(statement->handle, parameter));
}

void cs_bind_value(struct cs_statement *statement, int parameter, const struct cs_value *value)
{
    switch (value->kind) {
    case CS_VALUE_NULL:
        cs_bind_null(statement, parameter);
        break;
    case CS_VALUE_INTEGER:
        cs_bind_integer(statement, parameter, value->integer);
        break;
    case CS_VALUE_TEXT:
        cs_bind_text(statement, parameter, value->bytes);
        break;
    case CS_VALUE_BYTES:
        cs_bind_bytes(statement, parameter, value->bytes);
        break;
    }
}

enum cs_status cs_statement_step(struct cs_statement *statement, bool *out_row)
{
    cs_require(statement->state != CS_STATEMENT_IDLE);
    struct cs_database *database = statement->database;
    enum cs_status status = cs_database_ready(database);
    if (status == CS_OK && statement->bind_code != SQLITE_OK) {
        status = cs_sqlite_status(statement->bind_code, 0);
    }
    if (status == CS_OK) {
        statement->state = CS_STATEMENT_STEPPED;
        int code = sqlite3_step(statement->handle);
        status = cs_database_result(database, code);
        if (status == CS_OK) {
            *out_row = code == SQLITE_ROW;
            database->work.rows += code == SQLITE_ROW ? 1 : 0;
            return CS_OK;
        }
    }
    cs_statement_done(statement);
    return status;
}

int64_t cs_column_integer(struct cs_statement *statement, int column)
{
    cs_require(statement->state == CS_STATEMENT_STEPPED);
    return sqlite3_column_int64(statement->handle, column);
}

struct cs_bytes cs_column_bytes(struct cs_statement *statement, int column)
{
    cs_require(statement->state == CS_STATEMENT_STEPPED);
    int type = sqlite3_column_type(statement->handle, column);
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
        return CS_BYTES_NONE;
    }
    /* As a blob also for text: no end mark is needed, so that this allocates nothing and cannot fail. */
    const void *data = sqlite3_column_blob(statement->handle, column);
    int size = sqlite3_column_bytes(statement->handle, column);
    return cs_bytes_make(data, (size_t)size);
}

struct cs_value cs_column_value(struct cs_statement *statement, int column)
{
    cs_require(statement->state == CS_STATEMENT_STEPPED);
    switch (sqlite3_column_type(statement->handle, column)) {
    case SQLITE_TEXT:
        return cs_value_text(cs_column_bytes(statement, column));
    case SQLITE_BLOB:
        return cs_value_bytes(cs_column_bytes(statement, column));
    case SQLITE_NULL:
        return CS_NULL;
    default: /* we store no fractions; one that an expression made is cut to its integer */
        return cs_value_integer(sqlite3_column_int64(statement->handle, column));
    }
}

bool cs_column_is_null(struct cs_statement *statement, int column)
{
    cs_require(statement->state == CS_STATEMENT_STEPPED);
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int cs_column_count(struct cs_statement *statement)
{
    return sqlite3_column_count(statement->handle);
}

void cs_statement_done(struct cs_statement *statement)
{
    if (statement == NULL) {
        return;
    }
    if (statement->state == CS_STATEMENT_STEPPED) {
        int steps = sqlite3_stmt_status(statement->handle, SQLITE_STMTSTATUS_VM_STEP, 1);
        statement->database->work.statements++;
        statement->database->work.steps += steps > 0 ? (uint64_t)steps : 0;
    }
    (void)sqlite3_reset(statement->handle); /* repeats the step's failure, which was reported */
    (void)sqlite3_clear_bindings(statement->handle);
    statement->bind_code = SQLITE_OK;
    statement->state = CS_STATEMENT_IDLE;
}

struct cs_database_work cs_database_work(const struct cs_database *database)
{
    return database->work;
}

enum cs_status cs_statement_run(struct cs_statement *statement)
{
    bool row = true;
    enum cs_status status = CS_OK;
    while (status == CS_OK && row) {
        status = cs_statement_step(statement, &row);
    }
    if (status == CS_OK) {
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_statement_one(struct cs_statement *statement)
{
    bool found = false;
    enum cs_status status = cs_statement_step(statement, &found);
    if (status == CS_OK && !found) {
        cs_statement_done(statement);
        return CS_NOT_FOUND;
    }
    return status;
}

enum cs_status cs_column_fixed(struct cs_statement *statement, int column, uint8_t *out,
                               size_t size)
{
    struct cs_bytes bytes = cs_column_bytes(statement, column);
    if (bytes.data == NULL || bytes.size != size) {
        return CS_CORRUPT;
    }
    memcpy(out, bytes.data, size);
    return CS_OK;
}
