/* Sealed results, see vault_memory.h. */
#include "field-client/replica/vault_memory.h"

#include "shared/storage/database.h"

enum cs_status cs_kept_memory_put(struct cs_replica *replica, const struct cs_id *vault,
                                  int64_t kind, struct cs_bytes sealed)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "INSERT OR REPLACE INTO _vault_memory (vault, kind, sealed) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    cs_bind_bytes(statement, 3, sealed);
    return cs_statement_run(statement);
}

enum cs_status cs_kept_memory_get(struct cs_replica *replica, const struct cs_id *vault,
                                  int64_t kind, struct cs_buffer *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT sealed FROM _vault_memory WHERE vault = ?1 AND kind = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_id_bytes(vault));
    cs_bind_integer(statement, 2, kind);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_column_bytes(statement, 0));
        status = out->status;
        cs_statement_done(statement);
    }
    return status;
}
