/* Sealed keys of requests that wait, see vault_keys.h. */
#include "field-client/replica/vault_keys.h"

#include "shared/storage/database.h"

enum cs_status cs_sealed_key_put(struct cs_replica *replica, const struct cs_sealed_key *key)
{
    struct cs_database *database = cs_replica_database(replica);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        database,
        "INSERT OR IGNORE INTO _vault_key (record, vault, kind, sealed) VALUES (?1, ?2, ?3, ?4)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(key->record));
    cs_bind_bytes(statement, 2, cs_id_bytes(&key->vault));
    cs_bind_integer(statement, 3, key->kind);
    cs_bind_bytes(statement, 4, key->sealed);
    status = cs_statement_run(statement);
    return status == CS_OK && cs_database_changes(database) == 0 ? CS_EXISTS : status;
}

static enum cs_status read_key(struct cs_statement *statement, struct cs_arena *arena,
                               struct cs_sealed_key *out)
{
    struct cs_sealed_key found = {.kind = cs_column_integer(statement, 2)};
    enum cs_status status = cs_column_fixed(statement, 0, found.record, sizeof found.record);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 1, found.vault.bytes, CS_ID_SIZE);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 3), &found.sealed);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_sealed_key_get(struct cs_replica *replica,
                                 const uint8_t record[static CS_HASH_SIZE], struct cs_arena *arena,
                                 struct cs_sealed_key *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        cs_replica_database(replica),
        "SELECT record, vault, kind, sealed FROM _vault_key WHERE record = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(record, CS_HASH_SIZE));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_key(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_sealed_keys(struct cs_replica *replica, int64_t kind, struct cs_arena *arena,
                              struct cs_sealed_key **out, size_t *out_count)
{
    struct cs_statement *statement;
    struct cs_sealed_key *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    enum cs_status status = cs_statement_get(cs_replica_database(replica),
                                             "SELECT record, vault, kind, sealed FROM _vault_key "
                                             "WHERE kind = ?1 ORDER BY number",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, kind);
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        list = cs_arena_grow(arena, list, count, &capacity, sizeof *list);
        status = list == NULL ? CS_NO_MEMORY : read_key(statement, arena, &list[count]);
        count += status == CS_OK ? 1 : 0;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = list;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_sealed_key_remove(struct cs_replica *replica,
                                    const uint8_t record[static CS_HASH_SIZE])
{
    struct cs_database *database = cs_replica_database(replica);
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(database, "DELETE FROM _vault_key WHERE record = ?1", &statement);
    if (status == CS_OK) {
        cs_bind_bytes(statement, 1, cs_bytes_make(record, CS_HASH_SIZE));
        status = cs_statement_run(statement);
    }
    return status == CS_OK && cs_database_changes(database) == 0 ? CS_NOT_FOUND : status;
}

enum cs_status cs_sealed_key_destroy(struct cs_replica *replica,
                                     const uint8_t record[static CS_HASH_SIZE])
{
    struct cs_database *database = cs_replica_database(replica);
    cs_require(!cs_database_in_transaction(database));
    enum cs_status status = cs_sealed_key_remove(replica, record);
    /* The journal still has the page as it was. */
    return status != CS_OK ? status : cs_database_cut_log(database);
}
