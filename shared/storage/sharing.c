/* What an owner that lends the database to several users asks of it, see database.h. */
#include "shared/storage/database_internal.h"

bool cs_database_is_idle(const struct cs_database *database)
{
    bool idle = !database->in_transaction && !database->rollback_pending;
    for (const struct cs_statement *at = database->newest; idle && at != NULL; at = at->older) {
        idle = at->state == CS_STATEMENT_IDLE;
    }
    return idle;
}

void cs_database_release_memory(struct cs_database *database)
{
    (void)sqlite3_db_release_memory(database->handle); /* it has no error to tell */
}

/* Steps of SQLite's virtual machine between two questions: some milliseconds. */
#define STEPS_BETWEEN_QUESTIONS 20000

static int ask_whether_to_stop(void *context)
{
    const struct cs_database *database = context;
    return !database->controlling && database->stop(database->stop_context) ? 1 : 0;
}

void cs_database_set_stop(struct cs_database *database, bool (*stop)(void *context), void *context)
{
    database->stop = stop;
    database->stop_context = context;
    sqlite3_progress_handler(database->handle, STEPS_BETWEEN_QUESTIONS,
                             stop == NULL ? NULL : ask_whether_to_stop, database);
}

/*
 * Moving the log reads, decrypts, encrypts and writes each of its pages once more, and syncs twice: as long as the commit that made it. Whoever
 * waits for that commit need not wait for this. At 4,000 pages it is 16 MiB, and whoever is next waits a twentieth of a second.
 */
#define LOG_PAGES_LONG 1000
#define LOG_PAGES_MAX 4000

static void move_log(struct cs_database *database)
{
    int left = 0;
    int moved = 0;
    int code = sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &left,
                                         &moved);
    database->log_pages = code == SQLITE_OK ? left - moved : database->log_pages;
}

static int after_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct cs_database *database = context;
    (void)handle;
    (void)name;
    database->log_pages = pages;
    if (pages >= LOG_PAGES_MAX) {
        move_log(database);
    }
    return SQLITE_OK; /* what was committed is on disk */
}

void cs_database_watch_log(struct cs_database *database)
{
    if (database->mode == CS_DATABASE_REPLICA) {
        (void)sqlite3_wal_hook(database->handle, after_commit, database);
    }
}

void cs_database_shorten_log(struct cs_database *database)
{
    cs_require(cs_database_is_idle(database));
    if (database->log_pages >= LOG_PAGES_LONG) {
        move_log(database);
    }
}
