/*
 * What the files of this folder share: the two structures, and how SQLite's codes become ours.
 *
 * Included by the sources of this folder only. A transaction that SQLite has ended by itself (disk full, I/O error) stays open in
 * our eyes, with the reason in `lost`, until the caller commits (and is told) or rolls back: otherwise whatever the
 * caller did next would be committed statement by statement.
 */
#ifndef CS_STORAGE_DATABASE_INTERNAL_H
#define CS_STORAGE_DATABASE_INTERNAL_H

#include "shared/storage/database.h"

#include <sqlite3.h>

/* Statements kept; beyond it the least recently used idle one goes. */
#define CS_STATEMENTS_MAX ((size_t)1024)
#define CS_STATEMENT_BUCKETS ((size_t)512)

/*
 * A file control of our own: a VFS that needs bytes at the end of each page answers with how many (int), before the file has any
 * page. The number is of the range that SQLite leaves to VFS implementations (above 100).
 */
#define CS_CONTROL_RESERVED_SIZE 0x43530001

enum cs_statement_state {
    CS_STATEMENT_IDLE,    /* in the cache, nobody's */
    CS_STATEMENT_HELD,    /* handed out, not yet stepped */
    CS_STATEMENT_STEPPED, /* between step and done */
};

struct cs_statement {
    struct cs_database *database;
    sqlite3_stmt *handle;
    enum cs_statement_state state;
    int bind_code; /* the first failure of a bind; shown by the next step */
    uint64_t hash;
    struct cs_statement *bucket_next;
    struct cs_statement *newer; /* by last use */
    struct cs_statement *older;
    char sql[];
};

/* Prepared once, so that ending a transaction needs no memory. */
enum cs_control {
    CS_CONTROL_BEGIN_WRITE,
    CS_CONTROL_BEGIN_READ,
    CS_CONTROL_SNAPSHOT,
    CS_CONTROL_COMMIT,
    CS_CONTROL_ROLLBACK,
    CS_CONTROL_SAVEPOINT,
    CS_CONTROL_RELEASE,
    CS_CONTROL_UNDO,
    CS_CONTROL_COUNT
};

struct cs_database {
    sqlite3 *handle;
    enum cs_database_mode mode;
    char *vfs; /* NULL = SQLite's default */
    sqlite3_stmt *control[CS_CONTROL_COUNT];
    bool in_transaction;
    bool rollback_pending; /* a rollback failed; nothing may run before it has succeeded */
    enum cs_status lost;   /* why the open transaction can no longer be committed */
    size_t savepoints;
    struct cs_statement *buckets[CS_STATEMENT_BUCKETS];
    struct cs_statement *newest;
    struct cs_statement *oldest;
    size_t statement_count;
    struct cs_database_work work;
    bool (*stop)(void *context);
    void *stop_context;
    bool controlling; /* a transaction is being begun or ended */
    int log_pages;    /* of a replica: in the log after the last commit */
    char error[256];
};

/* Steps a statement of the control table to its end. */
int cs_database_run_control(struct cs_database *database, enum cs_control control);
/* `os_error` is errno of the failed call, 0 if unknown. */
enum cs_status cs_sqlite_status(int code, int os_error);
/* Keeps the error's text, notices a lost transaction, translates. CS_OK for SQLITE_OK, ROW and DONE. */
enum cs_status cs_database_result(struct cs_database *database, int code);
/* CS_OK if statements may run now; otherwise why not. */
enum cs_status cs_database_ready(struct cs_database *database);
/* First column of the first row as text, cut to the array; "" without a row. */
int cs_sqlite_query_text(sqlite3 *handle, const char *sql, char *out, size_t out_size);
/* A replica's commits leave the log to cs_database_shorten_log, until it is too long. */
void cs_database_watch_log(struct cs_database *database);
/* Finalizes every cached statement. */
void cs_statements_release(struct cs_database *database);

/* A new empty file, mode 0600; CS_EXISTS if there is one. */
enum cs_status cs_file_create_private(const char *path);
/* SQLite reads "file:…" and ":memory:" as something else than a path: prevented by a leading "./". NULL: no memory. */
char *cs_sqlite_path(const char *path);

#endif
