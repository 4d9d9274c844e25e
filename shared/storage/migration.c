/*
 * Migrations: PRAGMA user_version counts the steps done; each step and its count are one transaction.
 *
 * So a crash or a failure leaves a database of some version, never one between two.
 */
#include "shared/storage/database_internal.h"

#include <limits.h>
#include <stdio.h>

static enum cs_status read_version(struct cs_database *database, size_t *out)
{
    struct cs_statement *statement = NULL;
    enum cs_status status = cs_statement_get(database, "PRAGMA user_version", &statement);
    bool row = false;
    if (status == CS_OK) {
        status = cs_statement_step(statement, &row);
    }
    if (status != CS_OK) {
        return status;
    }
    int64_t version = row ? cs_column_integer(statement, 0) : -1;
    cs_statement_done(statement);
    if (version < 0) {
        return CS_CORRUPT;
    }
    *out = (size_t)version;
    return CS_OK;
}

static enum cs_status write_version(struct cs_database *database, size_t version)
{
    char sql[64];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %zu", version);
    return cs_database_execute(database, sql);
}

/* One step; the version is read again under the write lock, since another process may have been faster. */
static enum cs_status migrate_once(struct cs_database *database,
                                   const struct cs_migration *migrations, size_t count,
                                   void *context, size_t *version)
{
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = read_version(database, version);
    if (status == CS_OK && *version < count) {
        status = migrations[*version].apply(database, context);
        if (status == CS_OK) {
            status = write_version(database, *version + 1);
        }
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    *version += status == CS_OK && *version < count ? 1 : 0;
    return status;
}

enum cs_status cs_database_migrate(struct cs_database *database,
                                   const struct cs_migration *migrations, size_t count,
                                   void *context, struct cs_problem *problem)
{
    cs_require(!cs_database_in_transaction(database) && count <= INT_MAX);
    size_t version = 0;
    enum cs_status status = read_version(database, &version);
    while (status == CS_OK && version < count) {
        status = migrate_once(database, migrations, count, context, &version);
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "upgrading the database from version %zu failed: %s",
                              version, cs_status_text(status));
    }
    if (version > count) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the database is of version %zu, this program knows versions up to "
                              "%zu: install the newer program",
                              version, count);
    }
    return CS_OK;
}
