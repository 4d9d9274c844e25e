/*
 * Engine tables of the server's database. Entity tables come from descriptors (shared/rows).
 *
 * Log ids are 64 bits and stored as SQLite's signed integers, bit for bit.
 */
#include "sync-server/stores/history_store.h"
#include "sync-server/stores/sqlite_store.h"

static const char version_1[] =
    "CREATE TABLE _meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _device (certificate BLOB PRIMARY KEY, log INTEGER NOT NULL UNIQUE, invite BLOB "
    "NOT NULL, "
    " person BLOB NOT NULL, person_name TEXT NOT NULL, device_name TEXT NOT NULL, roles INTEGER "
    "NOT NULL, "
    " sign_key BLOB NOT NULL, seal_key BLOB NOT NULL, chain BLOB NOT NULL, state INTEGER NOT NULL, "
    " joined_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, sequence INTEGER NOT NULL, head BLOB "
    "NOT NULL, "
    " counter INTEGER NOT NULL, request_counter INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX _device_invite ON _device (invite);"
    "CREATE TABLE _request (log INTEGER NOT NULL, counter INTEGER NOT NULL, hash BLOB NOT NULL, "
    " PRIMARY KEY (log, counter)) WITHOUT ROWID;"
    "CREATE TABLE _change_set (log INTEGER NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT "
    "NULL, "
    " inner_bytes BLOB NOT NULL, PRIMARY KEY (log, sequence));"
    "CREATE TABLE _transaction (log INTEGER NOT NULL, counter INTEGER NOT NULL, id BLOB NOT NULL, "
    " claimed INTEGER NOT NULL, received_ms INTEGER NOT NULL, effective_ms INTEGER NOT NULL, fact "
    "INTEGER NOT NULL, "
    " outcome INTEGER NOT NULL, status TEXT NOT NULL, operation INTEGER NOT NULL, field TEXT NOT "
    "NULL, "
    " text TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (log, counter)) WITHOUT ROWID;"
    "CREATE INDEX _transaction_id ON _transaction (id);"
    "CREATE INDEX _transaction_held ON _transaction (received_ms, log, counter) WHERE outcome = 3;"
    "CREATE TABLE _head (entity TEXT NOT NULL, row BLOB NOT NULL, unit TEXT NOT NULL, log INTEGER "
    "NOT NULL, "
    " counter INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (row, entity, unit, log, "
    "counter)) WITHOUT ROWID;"
    "CREATE TABLE _scope (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, "
    "digest BLOB NOT NULL, "
    " UNIQUE (kind, id));"
    "CREATE TABLE _scope_entry (scope INTEGER NOT NULL, position INTEGER NOT NULL, departed "
    "INTEGER NOT NULL, "
    " entity TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (scope, position)) WITHOUT ROWID;"
    "CREATE TABLE _opened (scope INTEGER NOT NULL, project BLOB NOT NULL, PRIMARY KEY (scope, "
    "project)) WITHOUT ROWID;";

static enum cs_status create_version_1(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, version_1);
}

/* The evidence log. Leaves are unique, so that nothing is entered twice. */
static const char version_2[] =
    "CREATE TABLE _leaf (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL UNIQUE);"
    "CREATE TABLE _log_node (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, "
    " PRIMARY KEY (level, number)) WITHOUT ROWID;";

static enum cs_status create_version_2(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, version_2);
}

/* When a row entered a scope, so that its departure is told to those alone who had it; and where the departure of a row stands,
 * so that its return replaces it. */
static const char version_3[] =
    "ALTER TABLE _scope_entry ADD COLUMN entered INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE _departed (row BLOB NOT NULL, entity TEXT NOT NULL, scope INTEGER NOT NULL, "
    " position INTEGER NOT NULL, PRIMARY KEY (row, entity, scope)) WITHOUT ROWID;"
    "INSERT OR REPLACE INTO _departed (row, entity, scope, position) SELECT row, entity, scope, "
    " position FROM _scope_entry WHERE departed = 1 ORDER BY position;";

static enum cs_status create_version_3(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, version_3);
}

/* Revocation: what was fixed of a revoked device, and work held for review, which is never tried again by itself. */
static const char revocation[] =
    "ALTER TABLE _device ADD COLUMN joined_position INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _device ADD COLUMN revoked_position INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _device ADD COLUMN revoked_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _device ADD COLUMN revoked_sequence INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _device ADD COLUMN revoked_head BLOB NOT NULL DEFAULT "
    "X'0000000000000000000000000000000000000000000000000000000000000000';"
    "ALTER TABLE _device ADD COLUMN revoked_counter INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _device ADD COLUMN revocation BLOB NOT NULL DEFAULT "
    "X'00000000000000000000000000000000';"
    "DROP INDEX _transaction_held;"
    "CREATE INDEX _transaction_held ON _transaction (received_ms, log, counter) WHERE outcome = 3 "
    "AND status <> 'REVOKED';"
    "CREATE INDEX _transaction_review ON _transaction (log, counter) WHERE outcome = 3 AND status "
    "= 'REVOKED';"
    "CREATE TABLE _review_row (row BLOB NOT NULL, log INTEGER NOT NULL, counter INTEGER NOT NULL, "
    " PRIMARY KEY (row, log, counter)) WITHOUT ROWID;"
    "CREATE INDEX _review_row_version ON _review_row (log, counter);";

static enum cs_status add_revocation(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, revocation);
}

static const char recovery_tables[] =
    "CREATE TABLE _incarnation (incarnation BLOB PRIMARY KEY, position INTEGER NOT NULL, ended_ms "
    "INTEGER NOT NULL, witness INTEGER NOT NULL, witness_position INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _returning (log INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, named INTEGER "
    "NOT NULL, awaited INTEGER NOT NULL);"
    "CREATE INDEX _returning_awaited ON _returning (log) WHERE awaited = 1;";

static enum cs_status create_recovery_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, recovery_tables);
}

/* Changes that a row kept by a device rests on, and that have not come back yet. */
static const char lost_versions[] =
    "CREATE TABLE _lost_version (log INTEGER NOT NULL, counter INTEGER NOT NULL, entity TEXT NOT "
    "NULL, row BLOB NOT NULL, PRIMARY KEY (log, counter, row, entity)) WITHOUT ROWID;"
    "CREATE INDEX _lost_version_row ON _lost_version (row, entity);";

static enum cs_status create_lost_versions(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, lost_versions);
}

/* What was seen, and replaced, of changes that have not come back yet. */
static const char replaced_versions[] =
    "CREATE TABLE _replaced_version (log INTEGER NOT NULL, counter INTEGER NOT NULL, entity TEXT "
    "NOT NULL, row BLOB NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (log, counter, row, entity, "
    "unit)) WITHOUT ROWID;";

static enum cs_status create_replaced_versions(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, replaced_versions);
}

/* Vaults: records as they were signed, in the order of one feed; how long each vault's log is; who is let in. */
static const char vault_tables[] =
    "CREATE TABLE _vault_record (feed INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, vault BLOB NOT "
    "NULL, kind INTEGER NOT NULL, position INTEGER NOT NULL, log_position INTEGER NOT NULL, "
    "logged_ms INTEGER NOT NULL, about BLOB NOT NULL, item BLOB NOT NULL, field TEXT NOT NULL, "
    "version BLOB NOT NULL, request BLOB NOT NULL, record BLOB NOT NULL);"
    "CREATE INDEX _vault_record_vault ON _vault_record (vault, feed);"
    "CREATE INDEX _vault_record_item ON _vault_record (vault, item, kind, field, feed);"
    "CREATE INDEX _vault_record_version ON _vault_record (vault, version, kind, feed);"
    "CREATE INDEX _vault_record_request ON _vault_record (vault, request, kind, feed);"
    "CREATE INDEX _vault_record_moment ON _vault_record (vault, logged_ms);"
    "CREATE TABLE _vault (vault BLOB PRIMARY KEY, length INTEGER NOT NULL, head BLOB NOT NULL, "
    "newest INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _vault_member (person BLOB NOT NULL, vault BLOB NOT NULL, certificate BLOB NOT "
    "NULL, rights INTEGER NOT NULL, expires_ms INTEGER NOT NULL, ended INTEGER NOT NULL, "
    "PRIMARY KEY (person, vault, certificate)) WITHOUT ROWID;"
    "CREATE TABLE _vault_recovery (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, statement "
    "BLOB NOT NULL);";

static enum cs_status create_vault_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, vault_tables);
}

/* A project has one vault. The item of a creation (kind 0) is its project. */
static const char vault_projects[] =
    "CREATE UNIQUE INDEX _vault_record_project ON _vault_record (item) WHERE kind = 0;";

static enum cs_status create_vault_projects(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, vault_projects);
}

/* What rows were before each change, and when positions were given. A database that is older than its history has one from the last
 * thing that it took. */
static const char history_tables[] =
    "CREATE TABLE _history (number INTEGER PRIMARY KEY, row BLOB NOT NULL, entity TEXT NOT NULL, "
    "since INTEGER NOT NULL, at_ms INTEGER NOT NULL, log INTEGER NOT NULL, counter INTEGER NOT "
    "NULL, image BLOB NOT NULL);"
    "CREATE INDEX _history_row ON _history (row, number);"
    "CREATE TABLE _moment (position INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);";

/* The time up to which everything is as it is now, and the last position, of a database that took anything. */
static enum cs_status begin_history(struct cs_database *database)
{
    struct cs_statement *statement;
    struct cs_reader reader;
    uint8_t position[8];
    enum cs_status status = cs_statement_get(
        database,
        "SELECT value, (SELECT max(received_ms) FROM _transaction) FROM _meta WHERE key = "
        "'position'",
        &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status != CS_OK) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    int64_t at_ms = cs_column_integer(statement, 1);
    status = cs_column_fixed(statement, 0, position, sizeof position);
    cs_statement_done(statement);
    struct cs_store store = {.database = database};
    if (status == CS_OK) {
        cs_reader_init(&reader, cs_bytes_of_array(position));
        status = cs_store_put_moment(&store, cs_read_u64(&reader), at_ms);
    }
    return status != CS_OK ? status : cs_store_set_history_reach(&store, at_ms);
}

static enum cs_status create_history_tables(struct cs_database *database, void *context)
{
    (void)context;
    enum cs_status status = cs_database_execute(database, history_tables);
    return status != CS_OK ? status : begin_history(database);
}

/* Devices that use bundles. */
static const char bundles[] = "CREATE TABLE _bundle (log INTEGER PRIMARY KEY, counter INTEGER NOT "
                              "NULL, first_counter INTEGER "
                              "NOT NULL, known BLOB NOT NULL, told BLOB NOT NULL);";

static enum cs_status create_bundles(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, bundles);
}

/* Files of attachments, chunk by chunk, and what those of each device take. */
static const char blob_tables[] =
    "CREATE TABLE _blob (number INTEGER PRIMARY KEY, address BLOB NOT NULL UNIQUE, log INTEGER NOT "
    "NULL, stored INTEGER NOT NULL, bytes INTEGER NOT NULL, list BLOB NOT NULL);"
    "CREATE TABLE _blob_chunk (blob INTEGER NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT "
    "NULL, PRIMARY KEY (blob, number));"
    "CREATE TABLE _blob_device (log INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);";

static enum cs_status create_blob_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, blob_tables);
}

/* What the address of a file was made of beside its list. */
static const char blob_forms[] =
    "ALTER TABLE _blob ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _blob ADD COLUMN chunk_size INTEGER NOT NULL DEFAULT 0;";

static enum cs_status add_blob_forms(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, blob_forms);
}

const struct cs_migration cs_store_migrations[] = {{create_version_1},
                                                   {create_version_2},
                                                   {create_version_3},
                                                   {add_revocation},
                                                   {create_recovery_tables},
                                                   {create_lost_versions},
                                                   {create_replaced_versions},
                                                   {create_vault_tables},
                                                   {create_vault_projects},
                                                   {create_history_tables},
                                                   {create_bundles},
                                                   {create_blob_tables},
                                                   {add_blob_forms}};
const size_t cs_store_migration_count = CS_COUNT(cs_store_migrations);
