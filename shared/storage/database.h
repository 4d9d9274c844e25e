/*
 * SQLite behind one small interface: databases, cached statements, transactions, migrations.
 *
 * The only folder that includes <sqlite3.h>. A database belongs to one thread at a time. Statements are cached by
 * their text and owned by the database: never freed by callers.
 */
#ifndef CS_STORAGE_DATABASE_H
#define CS_STORAGE_DATABASE_H

#include "shared/base/value.h"
#include "shared/base/world.h"

struct cs_database;
struct cs_statement;

enum cs_database_mode {
    CS_DATABASE_REPLICA, /* a laptop's: WAL in exclusive locking mode, one connection, synchronous=FULL */
    CS_DATABASE_WRITER, /* the server's one writing and checkpointing connection: WAL, synchronous=FULL */
    CS_DATABASE_READER, /* beside it: query_only, never checkpoints */
    CS_DATABASE_FORMER, /* a replica that is given up for another: as one, but its log stays when it is closed */
};

/*
 * Opens or (not for READER) creates the file, mode 0600. Forces temp_store=MEMORY, mmap_size=0, trusted_schema=OFF,
 * ATTACH and extensions refused; in a replica, that deleted bytes are overwritten; checks that the journal mode returned is WAL and refuses otherwise (CS_IO). A database
 * that stays in use by another process is CS_BUSY, after 2 s (replica) or 5 s; a file that is not a database is CS_CORRUPT.
 */
enum cs_status cs_database_open(const struct cs_world *world, const char *path,
                                enum cs_database_mode mode, struct cs_database **out,
                                struct cs_problem *problem) CS_MUST_USE;
/* NULL is accepted. Everything still uncommitted is rolled back. */
void cs_database_close(struct cs_database *database);

/* Runs one or several statements without results. */
enum cs_status cs_database_execute(struct cs_database *database, const char *sql) CS_MUST_USE;
/* Text of the last SQLite error, for logs; without bound values. Borrowed until the next call. */
const char *cs_database_error(const struct cs_database *database);

/* Transactions. Begin takes the write lock at once. Nothing nests but savepoints. */
enum cs_status cs_database_begin(struct cs_database *database) CS_MUST_USE;
/* A reader's snapshot. */
enum cs_status cs_database_begin_read(struct cs_database *database) CS_MUST_USE;
/* CS_OK only when the data is on disk. On failure the transaction is rolled back. */
enum cs_status cs_database_commit(struct cs_database *database) CS_MUST_USE;
/* Does nothing where no transaction is open, so that it may follow a failed commit. */
void cs_database_rollback(struct cs_database *database);
enum cs_status cs_database_savepoint(struct cs_database *database) CS_MUST_USE;
enum cs_status cs_database_release(struct cs_database *database) CS_MUST_USE;
/* Undoes everything since the savepoint and ends it. */
void cs_database_undo(struct cs_database *database);
bool cs_database_in_transaction(const struct cs_database *database);
/* Rows changed by the last statement. */
int64_t cs_database_changes(const struct cs_database *database);
/* Rows that were changed since it was opened; it never falls. */
uint64_t cs_database_total_changes(const struct cs_database *database);
/* Neither a transaction nor a statement between step and done: another one may use it now. */
bool cs_database_is_idle(const struct cs_database *database);
/*
 * Of a replica: moves a log that has become long into the database, while nobody waits. A commit does so only when nobody has for too long.
 * What fails stays in the log. Nothing may be open.
 */
void cs_database_shorten_log(struct cs_database *database);
/* Gives back the memory of pages that are kept in case they are read again. */
void cs_database_release_memory(struct cs_database *database);
/*
 * `stop` is asked now and then while statements run, on their thread; when it says true, the one that runs gives CS_INTERRUPTED (and a
 * transaction that it was changing is lost, as with a full disk). NULL: nobody is asked any more. A commit is never broken off.
 */
void cs_database_set_stop(struct cs_database *database, bool (*stop)(void *context), void *context);

/*
 * The cached statement for this text, reset and with all parameters NULL. Asking for a text whose statement is
 * still between step and done is a broken invariant (cs_require): finish one use before the next.
 */
enum cs_status cs_statement_get(struct cs_database *database, const char *sql,
                                struct cs_statement **out) CS_MUST_USE;
/* Parameters count from 1. Bytes and text must stay valid until cs_statement_done. Failures show at the next step. */
void cs_bind_integer(struct cs_statement *statement, int parameter, int64_t value);
void cs_bind_text(struct cs_statement *statement, int parameter, struct cs_bytes text);
void cs_bind_bytes(struct cs_statement *statement, int parameter, struct cs_bytes bytes);
void cs_bind_null(struct cs_statement *statement, int parameter);
void cs_bind_value(struct cs_statement *statement, int parameter, const struct cs_value *value);
/* *out_row tells whether there is a row to read. On failure the statement is done. */
enum cs_status cs_statement_step(struct cs_statement *statement, bool *out_row) CS_MUST_USE;
/* One row of a query that gives at most one; CS_NOT_FOUND: there is none, and the statement is done. */
enum cs_status cs_statement_one(struct cs_statement *statement) CS_MUST_USE;
/* Columns count from 0. Views stay valid until the next step or done. */
int64_t cs_column_integer(struct cs_statement *statement, int column);
struct cs_bytes cs_column_bytes(struct cs_statement *statement,
                                int column); /* of TEXT and BLOB; empty for NULL */
struct cs_value cs_column_value(struct cs_statement *statement,
                                int column); /* kind from the storage class */
/* Copies a column of this size, which is not 0; CS_CORRUPT for another one, and for NULL. */
enum cs_status cs_column_fixed(struct cs_statement *statement, int column, uint8_t *out,
                               size_t size) CS_MUST_USE;
bool cs_column_is_null(struct cs_statement *statement, int column);
int cs_column_count(struct cs_statement *statement);
/* Ends this use; NULL is accepted. The statement stays cached. */
void cs_statement_done(struct cs_statement *statement);
/* Step to the end for statements without results, then done. */
enum cs_status cs_statement_run(struct cs_statement *statement) CS_MUST_USE;

/* What this connection's statements have cost so far, for measuring. */
struct cs_database_work {
    uint64_t statements; /* run */
    uint64_t rows;       /* that they gave */
    uint64_t
        steps; /* of SQLite's virtual machine: what was looked at shows here, whether it was given or not */
};
struct cs_database_work cs_database_work(const struct cs_database *database);

/*
 * Migrations: step i brings user_version from i to i + 1; each runs in a transaction of its own with the change of
 * user_version. A database of a newer version is CS_UNSUPPORTED.
 */
struct cs_migration {
    enum cs_status (*apply)(struct cs_database *database, void *context);
};
enum cs_status cs_database_migrate(struct cs_database *database,
                                   const struct cs_migration *migrations, size_t count,
                                   void *context, struct cs_problem *problem) CS_MUST_USE;

/* "ok" check of the whole file: CS_CORRUPT if SQLite's integrity_check finds anything; its first line in `problem`. */
enum cs_status cs_database_check(struct cs_database *database,
                                 struct cs_problem *problem) CS_MUST_USE;
/*
 * Moves all of the WAL into the database and empties it: what was deleted and committed in a replica is in neither file any more. Only
 * outside of transactions and statements. CS_BUSY; CS_DISK_FULL, CS_IO, …: both are as they were, or some of it was moved.
 */
enum cs_status cs_database_cut_log(struct cs_database *database) CS_MUST_USE;
/* A consistent copy of the open database into a new file `path` (must not exist), synced to disk. */
enum cs_status cs_database_copy(struct cs_database *database, const char *path,
                                struct cs_problem *problem) CS_MUST_USE;

#endif
