/* Leases of this device and their keys, see kept_leases.h. */
#include "field-client/replica/kept_leases.h"

#include "field-client/replica/vault_keys.h"
#include "shared/storage/database.h"

#include <string.h>

#define COLUMNS "id, vault, certificate, taken_ms, expires_ms, ended, ended_ms, reported"

enum cs_status cs_kept_lease_put(struct cs_replica *replica, const struct cs_kept_lease *lease)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(cs_replica_database(replica),
                         "INSERT INTO _vault_lease (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                         "?7, ?8)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(lease->id));
    cs_bind_bytes(statement, 2, cs_id_bytes(&lease->vault));
    cs_bind_bytes(statement, 3, cs_bytes_of_array(lease->certificate));
    cs_bind_integer(statement, 4, lease->taken_ms);
    cs_bind_integer(statement, 5, lease->expires_ms);
    cs_bind_integer(statement, 6, lease->end);
    cs_bind_integer(statement, 7, lease->ended_ms);
    cs_bind_integer(statement, 8, lease->reported ? 1 : 0);
    return cs_statement_run(statement);
}

static enum cs_status read_lease(struct cs_statement *statement, struct cs_kept_lease *out)
{
    struct cs_kept_lease lease = {
        .taken_ms = cs_column_integer(statement, 3),
        .expires_ms = cs_column_integer(statement, 4),
        .end = cs_column_integer(statement, 5),
        .ended_ms = cs_column_integer(statement, 6),
        .reported = cs_column_integer(statement, 7) != 0,
    };
    enum cs_status status = cs_column_fixed(statement, 0, lease.id, sizeof lease.id);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 1, lease.vault.bytes, CS_ID_SIZE);
    }
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 2, lease.certificate, sizeof lease.certificate);
    }
    if (status == CS_OK) {
        *out = lease;
    }
    return status;
}

enum cs_status cs_kept_leases(struct cs_replica *replica, bool all, struct cs_arena *arena,
                              struct cs_kept_lease **out, size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_kept_lease *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        all ? "SELECT " COLUMNS " FROM _vault_lease ORDER BY number"
            : "SELECT " COLUMNS " FROM _vault_lease WHERE reported = 0 ORDER BY number",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : read_lease(statement, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

static enum cs_status run_with_id(struct cs_replica *replica, const char *sql, const uint8_t *id,
                                  int64_t end, int64_t ended_ms)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(cs_replica_database(replica), sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(id, CS_HASH_SIZE));
    if (end != 0) {
        cs_bind_integer(statement, 2, end);
        cs_bind_integer(statement, 3, ended_ms);
    }
    return cs_statement_run(statement);
}

enum cs_status cs_kept_lease_end(struct cs_replica *replica, const uint8_t id[static CS_HASH_SIZE],
                                 int64_t end, int64_t ended_ms)
{
    cs_require(end != 0);
    enum cs_status status = cs_sealed_key_remove(replica, id);
    if (status == CS_NOT_FOUND) {
        return CS_OK; /* it had ended */
    }
    return status != CS_OK
               ? status
               : run_with_id(replica,
                             "UPDATE _vault_lease SET cleared = 0, ended = ?2, ended_ms = ?3 "
                             "WHERE id = ?1 AND ended = 0",
                             id, end, ended_ms);
}

enum cs_status cs_kept_lease_reported(struct cs_replica *replica,
                                      const uint8_t id[static CS_HASH_SIZE])
{
    return run_with_id(replica, "UPDATE _vault_lease SET reported = 1 WHERE id = ?1", id, 0, 0);
}

/* Deleted bytes are overwritten in their pages (database.h); so what is left is in the WAL, until that is cut. */
enum cs_status cs_kept_leases_clear(struct cs_replica *replica)
{
    struct cs_database *database = cs_replica_database(replica);
    struct cs_statement *statement;
    bool found = false;
    enum cs_status status = cs_statement_get(
        database, "SELECT 1 FROM _vault_lease WHERE cleared = 0 LIMIT 1", &statement);
    if (status != CS_OK) {
        return status;
    }
    status = cs_statement_step(statement, &found);
    cs_statement_done(statement);
    if (status != CS_OK || !found) {
        return status;
    }
    status = cs_database_cut_log(database);
    return status != CS_OK ? status
                           : cs_database_execute(database, "UPDATE _vault_lease SET cleared = 1 "
                                                           "WHERE cleared = 0");
}
