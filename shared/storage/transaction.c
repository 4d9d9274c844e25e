/*
 * Transactions and savepoints.
 *
 * What must stay true: CS_OK from a commit means synced to disk; after a failed commit or a rollback no transaction is
 * open and nothing of it can be committed later.
 */
#include "shared/storage/database_internal.h"

#include <errno.h>

static enum cs_status control_status(struct cs_database *database, enum cs_control control)
{
    return cs_database_result(database, cs_database_run_control(database, control));
}

static void roll_back(struct cs_database *database)
{
    database->in_transaction = false;
    database->savepoints = 0;
    database->lost = CS_OK;
    if (sqlite3_get_autocommit(database->handle) == 0) {
        (void)cs_database_run_control(database, CS_CONTROL_ROLLBACK);
    }
    database->rollback_pending = sqlite3_get_autocommit(database->handle) == 0;
}

enum cs_status cs_database_ready(struct cs_database *database)
{
    errno = 0; /* so that what cs_database_result finds there is of the call that comes next */
    if (database->rollback_pending) {
        roll_back(database);
        return database->rollback_pending ? CS_NO_MEMORY : CS_OK;
    }
    return database->lost;
}

enum cs_status cs_database_begin(struct cs_database *database)
{
    cs_require(!database->in_transaction && database->mode != CS_DATABASE_READER);
    enum cs_status status = cs_database_ready(database);
    if (status == CS_OK) {
        status = control_status(database, CS_CONTROL_BEGIN_WRITE);
    }
    database->in_transaction = status == CS_OK;
    return status;
}

enum cs_status cs_database_begin_read(struct cs_database *database)
{
    cs_require(!database->in_transaction);
    enum cs_status status = cs_database_ready(database);
    if (status == CS_OK) {
        status = control_status(database, CS_CONTROL_BEGIN_READ);
    }
    if (status != CS_OK) {
        return status;
    }
    /* BEGIN alone takes no snapshot; the first read does. */
    status = control_status(database, CS_CONTROL_SNAPSHOT);
    database->in_transaction = status == CS_OK;
    if (status != CS_OK) {
        roll_back(database);
    }
    return status;
}

enum cs_status cs_database_commit(struct cs_database *database)
{
    cs_require(database->in_transaction && database->savepoints == 0);
    enum cs_status status = database->lost;
    if (status == CS_OK) {
        status = control_status(database, CS_CONTROL_COMMIT);
    }
    if (status != CS_OK) {
        roll_back(database);
    }
    database->in_transaction = false;
    return status;
}

void cs_database_rollback(struct cs_database *database)
{
    if (database->in_transaction) {
        roll_back(database);
    }
}

enum cs_status cs_database_savepoint(struct cs_database *database)
{
    cs_require(database->in_transaction);
    enum cs_status status = database->lost;
    if (status == CS_OK) {
        status = control_status(database, CS_CONTROL_SAVEPOINT);
    }
    database->savepoints += status == CS_OK ? 1 : 0;
    return status;
}

/* A savepoint that cannot be ended makes the transaction one that cannot be committed. */
static enum cs_status end_savepoint(struct cs_database *database, bool undo)
{
    cs_require(database->in_transaction && database->savepoints > 0);
    database->savepoints--;
    enum cs_status status = database->lost;
    if (status == CS_OK && undo) {
        status = control_status(database, CS_CONTROL_UNDO);
    }
    if (status == CS_OK) {
        status = control_status(database, CS_CONTROL_RELEASE);
    }
    database->lost = status;
    return status;
}

enum cs_status cs_database_release(struct cs_database *database)
{
    return end_savepoint(database, false);
}

void cs_database_undo(struct cs_database *database)
{
    (void)end_savepoint(database, true);
}

bool cs_database_in_transaction(const struct cs_database *database)
{
    return database->in_transaction;
}
