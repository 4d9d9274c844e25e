/* Records to be sent, recovery keys, and what was found wrong; see vault_records.h. */
#include "field-client/replica/vault_records.h"

#include "shared/base/text.h"

#include <string.h>

static enum cs_status status_named(struct cs_statement *statement, int column)
{
    char name[CS_NAME_MAX + 1] = "";
    enum cs_status status = CS_OK;
    struct cs_bytes text = cs_column_bytes(statement, column);
    if (text.size == 0 || text.size > CS_NAME_MAX) {
        return CS_OK;
    }
    memcpy(name, text.data, text.size);
    return cs_status_from_name(name, &status) ? status : CS_REFUSED;
}

/* ---- the queue ---- */

enum cs_status cs_queued_record_put(struct cs_replica *replica,
                                    const uint8_t id[static CS_HASH_SIZE], struct cs_bytes record)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "INSERT OR IGNORE INTO _vault_queue (id, record) VALUES (?1, ?2)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    cs_bind_bytes(statement, 2, record);
    return cs_statement_run(statement);
}

static enum cs_status keep_queued(struct cs_statement *statement, struct cs_arena *arena,
                                  struct cs_queued_record *out)
{
    struct cs_queued_record found = {.number = cs_column_integer(statement, 0),
                                     .status = status_named(statement, 3)};
    enum cs_status status = cs_column_fixed(statement, 1, found.id, sizeof found.id);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 2), &found.record);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 4), &found.text);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_queued_record_get(struct cs_replica *replica,
                                    const uint8_t id[static CS_HASH_SIZE], struct cs_arena *arena,
                                    struct cs_queued_record *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT number, id, record, status, text FROM _vault_queue WHERE id = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = keep_queued(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_queued_records(struct cs_replica *replica, bool refused, size_t limit,
                                 struct cs_arena *arena, struct cs_queued_record **out,
                                 size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "SELECT number, id, record, status, text FROM _vault_queue WHERE (status "
                         "IS NOT NULL) = ?1 ORDER BY number LIMIT ?2",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, refused ? 1 : 0);
    cs_bind_integer(statement, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : keep_queued(statement, arena, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_queued_records_try_again(struct cs_replica *replica)
{
    return cs_database_execute(
        cs_replica_database(replica),
        "UPDATE _vault_queue SET status = NULL, text = NULL WHERE status IN ('OUTDATED', "
        "'NOT_FOUND') AND id IN (SELECT id FROM _vault_record WHERE own = 1 AND confirmed = 0);");
}

enum cs_status cs_queued_record_remove(struct cs_replica *replica,
                                       const uint8_t id[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(cs_replica_database(replica),
                                             "DELETE FROM _vault_queue WHERE id = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    return cs_statement_run(statement);
}

enum cs_status cs_queued_record_refuse(struct cs_replica *replica,
                                       const uint8_t id[static CS_HASH_SIZE], enum cs_status status,
                                       struct cs_bytes text)
{
    struct cs_statement *statement;
    enum cs_status result = cs_statement_get(
        cs_replica_database(replica),
        "UPDATE _vault_queue SET status = ?2, text = ?3 WHERE id = ?1", &statement);
    if (result != CS_OK) {
        return result;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    cs_bind_text(statement, 2, cs_bytes_of_text(cs_status_name(status)));
    cs_bind_text(statement, 3, text);
    return cs_statement_run(statement);
}

/* ---- recovery keys ---- */

enum cs_status cs_kept_recovery_put(struct cs_replica *replica,
                                    const struct cs_kept_recovery *recovery)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "INSERT INTO _vault_recovery (number, id, statement) VALUES (?1, ?2, ?3)", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)recovery->number);
    cs_bind_bytes(statement, 2, cs_bytes_of_array(recovery->id));
    cs_bind_bytes(statement, 3, recovery->statement);
    return cs_statement_run(statement);
}

enum cs_status cs_kept_recovery_get(struct cs_replica *replica, const uint8_t *id,
                                    struct cs_arena *arena, struct cs_kept_recovery *out)
{
    struct cs_statement *statement;
    const char *sql = id == NULL ? "SELECT number, id, statement FROM _vault_recovery ORDER BY "
                                   "number DESC LIMIT 1"
                                 : "SELECT number, id, statement FROM _vault_recovery WHERE id = "
                                   "?1";
    struct cs_kept_recovery found = {.number = 0};
    enum cs_status status = cs_statement_get(cs_replica_database(replica), sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    if (id != NULL) {
        cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    }
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    found.number = (uint64_t)cs_column_integer(statement, 0);
    status = cs_column_fixed(statement, 1, found.id, sizeof found.id);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 2), &found.statement);
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

/* ---- findings ---- */

/* `record` is empty but for an alarm. */
static enum cs_status put_finding(struct cs_replica *replica, const struct cs_id *vault,
                                  enum cs_status status, struct cs_bytes text,
                                  struct cs_bytes record)
{
    const struct cs_world *world = cs_replica_world(replica);
    struct cs_statement *statement;
    enum cs_status result =
        cs_statement_get(cs_replica_database(replica),
                         "INSERT OR IGNORE INTO _vault_finding (at_ms, vault, status, text, "
                         "record) VALUES (?1, ?2, ?3, ?4, nullif(?5, x''))",
                         &statement);
    if (result != CS_OK) {
        return result;
    }
    cs_bind_integer(statement, 1, world->wall_ms(world->context));
    cs_bind_bytes(statement, 2, cs_id_bytes(vault));
    cs_bind_text(statement, 3, cs_bytes_of_text(cs_status_name(status)));
    cs_bind_text(statement, 4, text);
    cs_bind_bytes(statement, 5, record);
    return cs_statement_run(statement);
}

enum cs_status cs_vault_finding_put(struct cs_replica *replica, const struct cs_id *vault,
                                    enum cs_status status, struct cs_bytes text)
{
    return put_finding(replica, vault, status, text, CS_BYTES_NONE);
}

enum cs_status cs_vault_alarm_put(struct cs_replica *replica, const struct cs_id *vault,
                                  const uint8_t record[static CS_HASH_SIZE])
{
    struct cs_bytes bytes = cs_bytes_make(record, CS_HASH_SIZE);
    char id[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(bytes, id);
    return put_finding(replica, vault, CS_LOCKED, cs_bytes_of_text(id), bytes);
}

static enum cs_status keep_finding(struct cs_statement *statement, struct cs_arena *arena,
                                   struct cs_vault_finding *out)
{
    out->number = cs_column_integer(statement, 0);
    out->at_ms = cs_column_integer(statement, 1);
    out->status = status_named(statement, 3);
    out->alarm = !cs_column_is_null(statement, 5);
    enum cs_status status = cs_column_fixed(statement, 2, out->vault.bytes, CS_ID_SIZE);
    if (status == CS_OK && out->alarm) {
        status = cs_column_fixed(statement, 5, out->record, sizeof out->record);
    }
    return status != CS_OK ? status
                           : cs_arena_copy(arena, cs_column_bytes(statement, 4), &out->text);
}

enum cs_status cs_vault_findings(struct cs_replica *replica, struct cs_arena *arena,
                                 struct cs_vault_finding **out, size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_vault_finding *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT number, at_ms, vault, status, text, record FROM _vault_finding ORDER BY number",
        &statement);
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : keep_finding(statement, arena, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_vault_finding_remove(struct cs_replica *replica, int64_t number)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica), "DELETE FROM _vault_finding WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, number);
    return cs_statement_run(statement);
}
