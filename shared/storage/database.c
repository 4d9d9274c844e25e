/*
 * Databases: opening with every safety on, closing, and what every use of one goes through.
 *
 * Called by the replica and by the server's stores. What must stay true: a setting that is needed for safety is read back,
 * and a database that does not have it is not opened.
 */
#include "shared/storage/database_internal.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The server's connections wait this long for each other, and a command on a replica for the command that is on it. */
#define BUSY_TIMEOUT_MS 5000
#define REPLICA_BUSY_TIMEOUT_MS 2000

#define IN_REPLICA (1u << CS_DATABASE_REPLICA | 1u << CS_DATABASE_FORMER)
#define IN_WRITER (1u << CS_DATABASE_WRITER)
#define IN_READER (1u << CS_DATABASE_READER)
#define IN_ALL (IN_REPLICA | IN_WRITER | IN_READER)

static const char *const control_sql[CS_CONTROL_COUNT] = {
    [CS_CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [CS_CONTROL_BEGIN_READ] = "BEGIN",
    [CS_CONTROL_SNAPSHOT] = "SELECT 1 FROM sqlite_schema LIMIT 1",
    [CS_CONTROL_COMMIT] = "COMMIT",
    [CS_CONTROL_ROLLBACK] = "ROLLBACK",
    [CS_CONTROL_SAVEPOINT] = "SAVEPOINT cs",
    [CS_CONTROL_RELEASE] = "RELEASE cs",
    [CS_CONTROL_UNDO] = "ROLLBACK TO cs",
};

/*
 * Run in this order. `expected` is compared with the first value returned; "" accepts what comes. The locking mode
 * comes before the journal mode: only then is the WAL index kept in memory and the file locked for good.
 */
static const struct {
    unsigned modes;
    const char *sql;
    const char *expected;
} settings[] = {
    {IN_ALL, "PRAGMA temp_store=MEMORY", ""},
    {IN_ALL, "PRAGMA temp_store", "2"},
    {IN_ALL, "PRAGMA mmap_size=0", ""},
    {IN_ALL, "PRAGMA trusted_schema=OFF", ""},
    {IN_ALL, "PRAGMA trusted_schema", "0"},
    {IN_ALL, "PRAGMA cell_size_check=ON", ""},
    {IN_ALL, "PRAGMA foreign_keys=OFF", ""},
    {IN_REPLICA, "PRAGMA secure_delete=ON", "1"},
    {IN_REPLICA, "PRAGMA locking_mode=EXCLUSIVE", "exclusive"},
    {IN_REPLICA | IN_WRITER, "PRAGMA journal_mode=WAL", "wal"},
    /* Kibibytes, taken as they are needed: in an encrypted database each page that is read again is decrypted again. Reads the schema. */
    {IN_REPLICA, "PRAGMA cache_size=-16384", ""},
    {IN_REPLICA, "PRAGMA cache_size", "-16384"},
    {IN_READER, "PRAGMA journal_mode", "wal"},
    {IN_READER, "PRAGMA query_only=ON", ""},
    {IN_READER, "PRAGMA query_only", "1"},
    {IN_READER, "PRAGMA wal_autocheckpoint=0", "0"},
    {IN_ALL, "PRAGMA synchronous=FULL", ""},
    {IN_ALL, "PRAGMA synchronous", "2"},
    {IN_ALL, "PRAGMA encoding", "UTF-8"},
};

enum cs_status cs_file_create_private(const char *path)
{
    /*
     * O_EXCL also because an existing file must not be opened here: closing any descriptor of a file drops all locks
     * that this process holds on it, those of an open SQLite connection included.
     */
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
        (void)close(descriptor);
        return CS_OK;
    }
    switch (errno) {
    case EEXIST:
        return CS_EXISTS;
    case ENOENT:
    case ENOTDIR:
        return CS_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return CS_DISK_FULL;
    case ENOMEM:
        return CS_NO_MEMORY;
    default:
        return CS_IO;
    }
}

char *cs_sqlite_path(const char *path)
{
    const char *prefix = path[0] == '/' ? "" : "./";
    size_t size = strlen(prefix) + strlen(path) + 1;
    char *copy = cs_alloc(size);
    if (copy != NULL) {
        (void)snprintf(copy, size, "%s%s", prefix, path);
    }
    return copy;
}

int cs_sqlite_query_text(sqlite3 *handle, const char *sql, char *out, size_t out_size)
{
    out[0] = '\0';
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            const unsigned char *text = sqlite3_column_text(statement, 0);
            (void)snprintf(out, out_size, "%s", text == NULL ? "" : (const char *)text);
            code = SQLITE_OK;
        } else if (code == SQLITE_DONE) {
            code = SQLITE_OK;
        }
    }
    int end_code = sqlite3_finalize(statement);
    return code == SQLITE_OK ? end_code : code;
}

static void keep_error(struct cs_database *database)
{
    const char *text = sqlite3_errmsg(database->handle);
    size_t size = strlen(text);
    if (size >= sizeof database->error) {
        size = cs_utf8_cut(text, sizeof database->error - 1);
    }
    memcpy(database->error, text, size);
    database->error[size] = '\0';
}

enum cs_status cs_database_result(struct cs_database *database, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        return CS_OK;
    }
    /* Not sqlite3_system_errno: a failed commit does not set it. */
    enum cs_status status = cs_sqlite_status(code, errno);
    keep_error(database);
    if (database->in_transaction && database->lost == CS_OK &&
        sqlite3_get_autocommit(database->handle) != 0) {
        database->lost = status;
    }
    return status;
}

/* Hardening that is not a pragma. */
static int restrict_connection(sqlite3 *handle, enum cs_database_mode mode)
{
    static const int switches[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0}, /* a misspelt "column" is an error, not a text */
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    for (size_t i = 0; i < CS_COUNT(switches); i++) {
        int code = sqlite3_db_config(handle, switches[i][0], switches[i][1], (int *)NULL);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    (void)sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_extended_result_codes(handle, 1);
    bool replica = (1u << mode & IN_REPLICA) != 0;
    int code = sqlite3_busy_timeout(handle, replica ? REPLICA_BUSY_TIMEOUT_MS : BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK && (mode == CS_DATABASE_READER || mode == CS_DATABASE_FORMER)) {
        code = sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    }
    return code;
}

static enum cs_status apply_settings(struct cs_database *database, struct cs_problem *problem)
{
    if (sqlite3_compileoption_used("TEMP_STORE=0")) {
        return cs_problem_set(problem, CS_IO, "this SQLite always writes temporary files");
    }
    for (size_t i = 0; i < CS_COUNT(settings); i++) {
        if ((settings[i].modes & 1u << database->mode) == 0) {
            continue;
        }
        char value[32];
        int code = cs_sqlite_query_text(database->handle, settings[i].sql, value, sizeof value);
        if (code != SQLITE_OK) {
            return cs_database_result(database, code);
        }
        if (settings[i].expected[0] != '\0' && strcmp(value, settings[i].expected) != 0) {
            return cs_problem_set(problem, CS_IO, "the database cannot be used safely: %s is %s",
                                  settings[i].sql, value);
        }
    }
    return CS_OK;
}

static enum cs_status prepare_control(struct cs_database *database)
{
    for (size_t i = 0; i < CS_CONTROL_COUNT; i++) {
        int code = sqlite3_prepare_v3(database->handle, control_sql[i], -1,
                                      SQLITE_PREPARE_PERSISTENT, &database->control[i], NULL);
        if (code != SQLITE_OK) {
            return cs_database_result(database, code);
        }
    }
    return CS_OK;
}

int cs_database_run_control(struct cs_database *database, enum cs_control control)
{
    errno = 0;
    database->controlling = true;
    int code = sqlite3_step(database->control[control]);
    int reset_code = sqlite3_reset(database->control[control]);
    database->controlling = false;
    return reset_code != SQLITE_OK ? reset_code : code;
}

static enum cs_status open_handle(struct cs_database *database, const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (database->mode != CS_DATABASE_READER) {
        flags |= SQLITE_OPEN_CREATE;
        /* A VFS named by the world makes its own files, which need not be files of this machine. */
        enum cs_status status = database->vfs == NULL ? cs_file_create_private(path) : CS_OK;
        if (status != CS_OK && status != CS_EXISTS) {
            return status;
        }
    }
    errno = 0;
    int code = sqlite3_open_v2(path, &database->handle, flags, database->vfs);
    if (database->handle == NULL) {
        return CS_NO_MEMORY;
    }
    if ((code & 0xff) == SQLITE_CANTOPEN && sqlite3_system_errno(database->handle) == ENOENT) {
        return CS_NOT_FOUND;
    }
    return cs_database_result(database, code);
}

/* The VFS may want a part of every page for itself; a file that has pages keeps what it was made with. */
static enum cs_status reserve_bytes(struct cs_database *database)
{
    int reserved = 0;
    int code = sqlite3_file_control(database->handle, "main", CS_CONTROL_RESERVED_SIZE, &reserved);
    if (code == SQLITE_OK) {
        code =
            sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    }
    return code == SQLITE_NOTFOUND ? CS_OK : cs_database_result(database, code);
}

static enum cs_status set_up(struct cs_database *database, const char *path,
                             struct cs_problem *problem)
{
    enum cs_status status = open_handle(database, path);
    if (status == CS_OK) {
        status =
            cs_database_result(database, restrict_connection(database->handle, database->mode));
    }
    if (status == CS_OK) {
        status = reserve_bytes(database);
    }
    if (status == CS_OK) {
        status = apply_settings(database, problem);
    }
    if (status == CS_OK) {
        cs_database_watch_log(database);
        status = prepare_control(database);
    }
    if (status == CS_OK) {
        /* Takes a replica's lock for good, and reads the schema. */
        int code = cs_database_run_control(database, CS_CONTROL_SNAPSHOT);
        status = cs_database_result(database, code);
    }
    return status;
}

static enum cs_status open_problem(struct cs_problem *problem, enum cs_status status,
                                   const char *path)
{
    switch ((int)status) {
    case CS_BUSY:
        return cs_problem_set(problem, status, "%s is in use by another countersign process", path);
    case CS_CORRUPT:
        return cs_problem_set(problem, status, "%s is damaged or not a database", path);
    case CS_NOT_FOUND:
        return cs_problem_set(problem, status, "%s does not exist", path);
    default:
        return cs_problem_set(problem, status, "%s cannot be opened: %s", path,
                              cs_status_text(status));
    }
}

enum cs_status cs_database_open(const struct cs_world *world, const char *path,
                                enum cs_database_mode mode, struct cs_database **out,
                                struct cs_problem *problem)
{
    *out = NULL;
    struct cs_problem detail = {""};
    enum cs_status status = CS_NO_MEMORY;
    char *sqlite_path = cs_sqlite_path(path);
    struct cs_database *database = cs_alloc_zero(1, sizeof *database);
    if (sqlite_path == NULL || database == NULL) {
        goto out;
    }
    database->mode = mode;
    if (world->sqlite_vfs != NULL) {
        size_t size = strlen(world->sqlite_vfs) + 1;
        database->vfs = cs_alloc(size);
        if (database->vfs == NULL) {
            goto out;
        }
        memcpy(database->vfs, world->sqlite_vfs, size);
    }
    status = set_up(database, sqlite_path, &detail);
    if (status == CS_OK) {
        *out = database;
        database = NULL;
    }
out:
    cs_database_close(database);
    cs_free(sqlite_path);
    if (status != CS_OK && detail.text[0] != '\0') {
        return cs_problem_set(problem, status, "%s: %s", path, detail.text);
    }
    return status == CS_OK ? CS_OK : open_problem(problem, status, path);
}

void cs_database_close(struct cs_database *database)
{
    if (database == NULL) {
        return;
    }
    cs_statements_release(database);
    for (size_t i = 0; i < CS_CONTROL_COUNT; i++) {
        (void)sqlite3_finalize(database->control[i]);
    }
    /* Fails only if a statement or a backup was left open. */
    int code = sqlite3_close(database->handle);
    cs_require(code == SQLITE_OK);
    cs_free(database->vfs);
    cs_free(database);
}

enum cs_status cs_database_execute(struct cs_database *database, const char *sql)
{
    enum cs_status status = cs_database_ready(database);
    if (status != CS_OK) {
        return status;
    }
    return cs_database_result(database, sqlite3_exec(database->handle, sql, NULL, NULL, NULL));
}

const char *cs_database_error(const struct cs_database *database)
{
    return database->error;
}

int64_t cs_database_changes(const struct cs_database *database)
{
    return sqlite3_changes64(database->handle);
}

uint64_t cs_database_total_changes(const struct cs_database *database)
{
    return (uint64_t)sqlite3_total_changes64(database->handle);
}
