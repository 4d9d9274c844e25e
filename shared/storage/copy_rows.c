/* Copying by statements, and comparing what arrived; see copy_rows.h. */
#include "shared/storage/copy_rows.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/storage/database_internal.h"

#include <stdio.h>
#include <string.h>

/* What one commit holds, so that the log of the target stays small. */
#define COMMIT_BYTES ((size_t)4 * 1024 * 1024)
#define COMMIT_ROWS 8192
/* Steps between two words about progress. */
#define TELL_EVERY 1024
/* A row is copied, and compared. */
#define STEPS_PER_ROW 2
#define SQL_MAX ((size_t)16 * 1024)

struct work {
    struct cs_database *source;
    struct cs_database *target;
    const struct cs_progress *progress;
    uint64_t done;
    uint64_t total;
    size_t bytes; /* since the last commit */
    size_t rows;
};

struct table {
    char name[CS_NAME_MAX + 1];
    bool has_rowid;
};

static enum cs_status prepare(struct cs_database *database, const char *sql, sqlite3_stmt **out)
{
    return cs_database_result(database, sqlite3_prepare_v2(database->handle, sql, -1, out, NULL));
}

static void step_done(struct work *work)
{
    work->done++;
    if (work->progress != NULL && work->progress->tell != NULL && work->done % TELL_EVERY == 0) {
        work->progress->tell(work->progress->context, work->done, work->total);
    }
}

/* SQLite's quoting of names: "…" with " doubled. Names of ours need none; those of anybody are not taken. */
static bool plain_name(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) <= CS_NAME_MAX &&
           strchr(name, '"') == NULL;
}

/* The row id has a name of its own unless a column takes it, which none of ours does. */
static enum cs_status read_all(struct cs_database *database, const struct table *table,
                               sqlite3_stmt **out)
{
    char sql[CS_NAME_MAX + 96];
    /* Without indexes both databases give the same order. */
    (void)snprintf(sql, sizeof sql, "SELECT %s* FROM \"%s\" NOT INDEXED%s",
                   table->has_rowid ? "_rowid_, " : "", table->name,
                   table->has_rowid ? " ORDER BY _rowid_" : "");
    return prepare(database, sql, out);
}

static enum cs_status write_one(struct work *work, const struct table *table, sqlite3_stmt *rows,
                                sqlite3_stmt **out)
{
    struct cs_buffer sql;
    int count = sqlite3_column_count(rows);
    cs_buffer_init(&sql, SQL_MAX);
    cs_buffer_append_format(&sql, "INSERT INTO \"%s\" (", table->name);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(rows, i);
        bool row_id = i == 0 && table->has_rowid;
        if (!row_id && !plain_name(name)) {
            cs_buffer_release(&sql);
            return name == NULL ? CS_NO_MEMORY : CS_UNSUPPORTED;
        }
        cs_buffer_append_format(&sql, "%s\"%s\"", i == 0 ? "" : ", ", row_id ? "_rowid_" : name);
    }
    cs_buffer_append_text(&sql, ") VALUES (");
    for (int i = 0; i < count; i++) {
        cs_buffer_append_text(&sql, i == 0 ? "?" : ", ?");
    }
    cs_buffer_append_text(&sql, ")");
    const char *text = cs_buffer_text(&sql);
    enum cs_status status = text == NULL ? sql.status : prepare(work->target, text, out);
    cs_buffer_release(&sql);
    return status;
}

static enum cs_status commit_some(struct work *work)
{
    if (work->bytes < COMMIT_BYTES && work->rows < COMMIT_ROWS) {
        return CS_OK;
    }
    work->bytes = work->rows = 0;
    enum cs_status status = cs_database_commit(work->target);
    return status != CS_OK ? status : cs_database_begin(work->target);
}

static enum cs_status copy_row(struct work *work, sqlite3_stmt *from, sqlite3_stmt *to)
{
    int code = SQLITE_OK;
    for (int i = 0; code == SQLITE_OK && i < sqlite3_column_count(from); i++) {
        sqlite3_value *value = sqlite3_column_value(from, i);
        int type = sqlite3_value_type(value);
        code = sqlite3_bind_value(to, i + 1, value);
        work->bytes += type == SQLITE_TEXT || type == SQLITE_BLOB
                           ? (size_t)sqlite3_value_bytes(value)
                           : sizeof(int64_t);
    }
    if (code == SQLITE_OK) {
        (void)sqlite3_step(to);
        code = sqlite3_reset(to);
    }
    (void)sqlite3_clear_bindings(to);
    work->rows++;
    step_done(work);
    enum cs_status status = cs_database_result(work->target, code);
    return status != CS_OK ? status : commit_some(work);
}

static enum cs_status copy_table(struct work *work, const struct table *table)
{
    sqlite3_stmt *from = NULL;
    sqlite3_stmt *to = NULL;
    int code = SQLITE_DONE;
    enum cs_status status = read_all(work->source, table, &from);
    if (status == CS_OK) {
        status = write_one(work, table, from, &to);
    }
    while (status == CS_OK && (code = sqlite3_step(from)) == SQLITE_ROW) {
        status = copy_row(work, from, to);
    }
    if (status == CS_OK) {
        status = cs_database_result(work->source, code);
    }
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(to);
    return status;
}

/* Not the number: -0.0 is another value than 0.0. */
static uint64_t bits_of(double number)
{
    uint64_t bits = 0;
    _Static_assert(sizeof bits == sizeof number, "a double is 8 bytes");
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    int type = sqlite3_column_type(a, column);
    if (type != sqlite3_column_type(b, column)) {
        return false;
    }
    if (type == SQLITE_INTEGER) {
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    }
    if (type == SQLITE_FLOAT) {
        return bits_of(sqlite3_column_double(a, column)) ==
               bits_of(sqlite3_column_double(b, column));
    }
    const void *left = sqlite3_column_blob(a, column);
    const void *right = sqlite3_column_blob(b, column);
    int size = sqlite3_column_bytes(a, column);
    return size == sqlite3_column_bytes(b, column) &&
           (size == 0 || (left != NULL && right != NULL && memcmp(left, right, (size_t)size) == 0));
}

static bool same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
    int count = sqlite3_column_count(a);
    if (count != sqlite3_column_count(b)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!same_value(a, b, i)) {
            return false;
        }
    }
    return true;
}

static enum cs_status compare_table(struct work *work, const struct table *table)
{
    sqlite3_stmt *a = NULL;
    sqlite3_stmt *b = NULL;
    enum cs_status status = read_all(work->source, table, &a);
    if (status == CS_OK) {
        status = read_all(work->target, table, &b);
    }
    for (bool more = true; status == CS_OK && more;) {
        int left = sqlite3_step(a);
        int right = sqlite3_step(b);
        more = left == SQLITE_ROW;
        status = cs_database_result(work->source, left);
        if (status == CS_OK) {
            status = cs_database_result(work->target, right);
        }
        if (status == CS_OK && (left != right || (more && !same_row(a, b)))) {
            status = CS_CORRUPT;
        }
        step_done(work);
    }
    (void)sqlite3_finalize(a);
    (void)sqlite3_finalize(b);
    return status;
}

static enum cs_status count_table(struct work *work, const struct table *table)
{
    char sql[CS_NAME_MAX + 64];
    sqlite3_stmt *statement = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", table->name);
    enum cs_status status = prepare(work->source, sql, &statement);
    if (status == CS_OK) {
        status = cs_database_result(work->source, sqlite3_step(statement));
    }
    if (status == CS_OK) {
        work->total += STEPS_PER_ROW * (uint64_t)sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

static enum cs_status make_table(struct work *work, const struct table *table)
{
    sqlite3_stmt *statement = NULL;
    enum cs_status status =
        prepare(work->source, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                &statement);
    if (status == CS_OK) {
        (void)sqlite3_bind_text(statement, 1, table->name, -1, SQLITE_STATIC);
        status = cs_database_result(work->source, sqlite3_step(statement));
    }
    const char *sql = status == CS_OK ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (status == CS_OK) {
        status = sql == NULL ? CS_NO_MEMORY : cs_database_execute(work->target, sql);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* For every table, in the order in which they were made. */
static enum cs_status
each_table(struct work *work, enum cs_status (*act)(struct work *work, const struct table *table))
{
    sqlite3_stmt *names = NULL;
    int code = SQLITE_DONE;
    enum cs_status status =
        prepare(work->source,
                "SELECT s.name, l.wr FROM sqlite_schema s JOIN pragma_table_list(s.name) l "
                "WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND l.schema "
                "= 'main' ORDER BY s.rowid",
                &names);
    while (status == CS_OK && (code = sqlite3_step(names)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(names, 0);
        struct table table = {.has_rowid = sqlite3_column_int(names, 1) == 0};
        if (!plain_name(name)) {
            status = name == NULL ? CS_NO_MEMORY : CS_UNSUPPORTED;
        } else {
            memcpy(table.name, name, strlen(name) + 1);
            status = act(work, &table);
        }
    }
    if (status == CS_OK) {
        status = cs_database_result(work->source, code);
    }
    (void)sqlite3_finalize(names);
    return status;
}

/* Triggers and views would act on their own, virtual tables have tables of theirs, and row counters are not copied. */
static enum cs_status check_kinds(struct work *work)
{
    sqlite3_stmt *statement = NULL;
    enum cs_status status = prepare(
        work->source,
        "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR sql LIKE "
        "'CREATE VIRTUAL %' OR name = 'sqlite_sequence'",
        &statement);
    if (status == CS_OK) {
        status = cs_database_result(work->source, sqlite3_step(statement));
    }
    if (status == CS_OK && sqlite3_column_int(statement, 0) != 0) {
        status = CS_UNSUPPORTED;
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* After the rows, which is quicker. Indexes that a table makes for itself have no text. */
static enum cs_status make_indexes(struct work *work)
{
    sqlite3_stmt *texts = NULL;
    int code = SQLITE_DONE;
    enum cs_status status = prepare(
        work->source,
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid",
        &texts);
    while (status == CS_OK && (code = sqlite3_step(texts)) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(texts, 0);
        status = sql == NULL ? CS_NO_MEMORY : cs_database_execute(work->target, sql);
    }
    if (status == CS_OK) {
        status = cs_database_result(work->source, code);
    }
    (void)sqlite3_finalize(texts);
    return status;
}

static enum cs_status copy_version(struct work *work)
{
    char version[32];
    char sql[96];
    int code =
        cs_sqlite_query_text(work->source->handle, "PRAGMA user_version", version, sizeof version);
    if (code != SQLITE_OK) {
        return cs_database_result(work->source, code);
    }
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %s", version);
    return cs_database_execute(work->target, sql);
}

static enum cs_status copy_all(struct work *work)
{
    enum cs_status status = cs_database_begin(work->target);
    if (status == CS_OK) {
        status = each_table(work, make_table);
    }
    if (status == CS_OK) {
        status = each_table(work, copy_table);
    }
    if (status == CS_OK) {
        status = make_indexes(work);
    }
    if (status == CS_OK) {
        status = copy_version(work);
    }
    if (status != CS_OK) {
        cs_database_rollback(work->target);
        return status;
    }
    return cs_database_commit(work->target);
}

enum cs_status cs_database_copy_rows(struct cs_database *source, struct cs_database *target,
                                     const struct cs_progress *progress)
{
    struct work work = {.source = source, .target = target, .progress = progress};
    enum cs_status status = cs_database_ready(source);
    if (status == CS_OK) {
        status = cs_database_ready(target);
    }
    if (status == CS_OK) {
        status = check_kinds(&work);
    }
    if (status == CS_OK) {
        status = each_table(&work, count_table);
    }
    if (status == CS_OK) {
        status = copy_all(&work);
    }
    return status != CS_OK ? status : each_table(&work, compare_table);
}
