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
