/*
 * The replica's engine tables.
 *
 *   _meta     small facts, meta.h
 * _pending  transactions that the server has not accepted: state of enum cs_pending_state, body as
 * cs_transaction_encode
 * _overlay  which of them touch which row (waiting, packed and held ones; refused ones are off the
 * view)
 * _covered  confirmed state of rows under the overlay, only where the row exists in confirmed state
 *   _dirty    rows whose view must be recomputed; empty outside a transaction
 *   _outbox   change-sets as first sent; the bytes go when a backup has them, the hash stays
 *   _scope    scopes interned to small numbers, their cursors and digests
 *   _staged   pages of a pull that is not complete
 *   _former_outbox  change-sets of logs that this laptop wrote before it joined again, see outbox_kept.c
 *   _settled_refusal  refused transactions that were corrected or put aside, for good
 *   _vault, _vault_record, _vault_queue, _vault_recovery, _vault_finding  see vault_records.h
 *   _vault_key  see vault_keys.h
 *   _vault_lease  leases of this device and their keys, kept_leases.h
 *   _attachment  files of attachments, kept_attachments.h
 *   _draft  forms that were not recorded yet, drafts.h
 *   _recovered  rows that stood confirmed before the server went back in time and that it lacks now
 *
 * Called by cs_replica_open. A change of these tables is a further migration, never an edit of an
 * old one.
 */
#include "field-client/replica/replica_internal.h"

static const char tables_1[] =
    "CREATE TABLE _meta (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _pending (counter INTEGER PRIMARY KEY, state INTEGER NOT NULL, "
    "body BLOB NOT NULL, change_set INTEGER, refusal_status TEXT, refusal_text TEXT, "
    "refusal_operation INTEGER, refusal_field TEXT);"
    "CREATE TABLE _overlay (entity TEXT NOT NULL, row BLOB NOT NULL, counter INTEGER NOT NULL, "
    "PRIMARY KEY (entity, row, counter)) WITHOUT ROWID;"
    "CREATE TABLE _covered (entity TEXT NOT NULL, row BLOB NOT NULL, image BLOB NOT NULL, "
    "PRIMARY KEY (entity, row)) WITHOUT ROWID;"
    "CREATE TABLE _dirty (entity TEXT NOT NULL, row BLOB NOT NULL, "
    "PRIMARY KEY (entity, row)) WITHOUT ROWID;"
    "CREATE TABLE _outbox (sequence INTEGER PRIMARY KEY, first_counter INTEGER NOT NULL, "
    "last_counter INTEGER NOT NULL, acknowledged INTEGER NOT NULL, hash BLOB NOT NULL, "
    "\"inner\" BLOB NOT NULL);"
    "CREATE INDEX _outbox_unacknowledged ON _outbox (sequence) WHERE acknowledged = 0;"
    "CREATE INDEX _outbox_counter ON _outbox (last_counter);"
    "CREATE TABLE _scope (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, "
    "cursor INTEGER NOT NULL, digest BLOB NOT NULL, subscribed INTEGER NOT NULL, "
    "UNIQUE (kind, id));"
    "CREATE TABLE _staged (number INTEGER PRIMARY KEY, page BLOB NOT NULL);";

static const char former_tables[] =
    "CREATE TABLE _former_outbox (certificate BLOB NOT NULL, sequence INTEGER NOT NULL, "
    "acknowledged INTEGER NOT NULL, \"inner\" BLOB NOT NULL, "
    "PRIMARY KEY (certificate, sequence));";

static const char recovered_tables[] =
    "CREATE TABLE _recovered (entity TEXT NOT NULL, row BLOB NOT NULL, image BLOB NOT NULL, "
    "PRIMARY KEY (entity, row)) WITHOUT ROWID;";

static enum cs_status make_recovered_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, recovered_tables);
}

static enum cs_status make_former_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, former_tables);
}

static enum cs_status make_tables_1(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, tables_1);
}

/* Pages outlive the session that fetched them: who fetched them, when, and what they answered. Pages staged before are fetched
 * again. */
static const char staged_table[] =
    "DROP TABLE _staged;"
    "CREATE TABLE _staged (number INTEGER PRIMARY KEY, page BLOB NOT NULL, certificate BLOB NOT "
    "NULL, "
    "position INTEGER NOT NULL, answered INTEGER NOT NULL, row_count INTEGER NOT NULL);";

static enum cs_status make_staged_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, staged_table);
}

/* Refusals off the list: what was typed is never lost, also when it was put aside. */
static const char settled_table[] =
    "CREATE TABLE _settled_refusal (number INTEGER PRIMARY KEY, counter INTEGER NOT NULL, "
    "state INTEGER NOT NULL, body BLOB NOT NULL, change_set INTEGER, refusal_status TEXT, "
    "refusal_text TEXT, refusal_operation INTEGER, refusal_field TEXT, "
    "settled_ms INTEGER NOT NULL);";

static enum cs_status make_settled_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, settled_table);
}

/* Vaults: verified records as they were signed, what is to be sent, and what was found wrong. */
static const char vault_tables[] =
    "CREATE TABLE _vault_record (id BLOB PRIMARY KEY, vault BLOB NOT NULL, feed INTEGER NOT NULL, "
    "kind INTEGER NOT NULL, position INTEGER NOT NULL, log_position INTEGER NOT NULL, logged_ms "
    "INTEGER NOT NULL, own INTEGER NOT NULL, confirmed INTEGER NOT NULL, item BLOB NOT NULL, field "
    "TEXT NOT NULL, version BLOB NOT NULL, request BLOB NOT NULL, record BLOB NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE INDEX _vault_record_item ON _vault_record (vault, kind, item, field, feed);"
    "CREATE INDEX _vault_record_version ON _vault_record (vault, kind, version, feed);"
    "CREATE INDEX _vault_record_request ON _vault_record (vault, kind, request, feed);"
    "CREATE INDEX _vault_record_log ON _vault_record (vault, log_position, feed) WHERE kind < 4;"
    "CREATE TABLE _vault (vault BLOB PRIMARY KEY, level INTEGER NOT NULL, through INTEGER NOT "
    "NULL, length INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _vault_queue (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, record BLOB "
    "NOT NULL, status TEXT, text TEXT);"
    "CREATE TABLE _vault_recovery (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, statement "
    "BLOB NOT NULL);"
    "CREATE TABLE _vault_finding (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, vault BLOB "
    "NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (vault, status, text));";

static enum cs_status make_vault_tables(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, vault_tables);
}

/* Keys of requests whose answer comes later than the program that asked lives. */
static const char key_table[] =
    "CREATE TABLE _vault_key (number INTEGER PRIMARY KEY, record BLOB NOT NULL UNIQUE, vault BLOB "
    "NOT NULL, kind INTEGER NOT NULL, sealed BLOB NOT NULL);";

static enum cs_status make_key_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, key_table);
}

/* Leases of this device; cleared: no byte of a key that was taken away is left in the files. */
static const char lease_table[] =
    "CREATE TABLE _vault_lease (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, vault BLOB "
    "NOT NULL, certificate BLOB NOT NULL, taken_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, "
    "ended INTEGER NOT NULL, ended_ms INTEGER NOT NULL, reported INTEGER NOT NULL, cleared INTEGER "
    "NOT NULL DEFAULT 1);"
    "CREATE INDEX _vault_lease_open ON _vault_lease (number) WHERE reported = 0;"
    "CREATE INDEX _vault_lease_unclear ON _vault_lease (number) WHERE cleared = 0;";

static enum cs_status make_lease_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, lease_table);
}

/* What this device worked out of its vaults, sealed for itself; and the records of one kind in their order. */
static const char memory_table[] =
    "CREATE TABLE _vault_memory (vault BLOB NOT NULL, kind INTEGER NOT NULL, sealed BLOB NOT NULL, "
    "PRIMARY KEY (vault, kind)) WITHOUT ROWID;"
    "CREATE INDEX _vault_record_feed ON _vault_record (vault, kind, feed);";

static enum cs_status make_memory_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, memory_table);
}

/* Alarms among the findings, by the record that raised them; and what was asked, by when, since only what is recent can be approved. */
static const char alarm_columns[] =
    "ALTER TABLE _vault_finding ADD COLUMN record BLOB;"
    "CREATE INDEX _vault_record_asked ON _vault_record (vault, kind, logged_ms) WHERE kind >= 9;";

static enum cs_status make_alarm_columns(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, alarm_columns);
}

/* Files of attachments: which are here, which the server has, which are wanted. The indexes are what a sync and the quota look at. */
static const char attachment_table[] =
    "CREATE TABLE _attachment (address BLOB PRIMARY KEY, row BLOB NOT NULL, bytes INTEGER NOT "
    "NULL, held INTEGER NOT NULL, wanted INTEGER NOT NULL, confirmed INTEGER NOT NULL, "
    "confirmed_position INTEGER NOT NULL, asked_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, "
    "trouble TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX _attachment_to_send ON _attachment (address, bytes) WHERE held = 1 AND "
    "confirmed = 0;"
    "CREATE INDEX _attachment_wanted ON _attachment (address) WHERE wanted = 1;"
    "CREATE INDEX _attachment_held ON _attachment (bytes) WHERE held = 1;"
    "CREATE INDEX _attachment_used ON _attachment (used_ms, address) WHERE held = 1 AND confirmed "
    "= 1;"
    "CREATE INDEX _attachment_asked ON _attachment (asked_ms) WHERE held = 1 AND confirmed = 1;";

static enum cs_status make_attachment_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, attachment_table);
}

/* Of this laptop alone. */
static const char draft_table[] = "CREATE TABLE _draft (key TEXT PRIMARY KEY NOT NULL, changed_ms "
                                  "INTEGER NOT NULL, content BLOB NOT NULL) WITHOUT ROWID;";

static enum cs_status make_draft_table(struct cs_database *database, void *context)
{
    (void)context;
    return cs_database_execute(database, draft_table);
}

enum cs_status cs_replica_schema(struct cs_database *database, struct cs_problem *problem)
{
    static const struct cs_migration migrations[] = {
        {make_tables_1},      {make_former_tables},    {make_staged_table},
        {make_settled_table}, {make_recovered_tables}, {make_vault_tables},
        {make_key_table},     {make_lease_table},      {make_memory_table},
        {make_alarm_columns}, {make_attachment_table}, {make_draft_table}};
    return cs_database_migrate(database, migrations, CS_COUNT(migrations), NULL, problem);
}
