/* The SQLite store: devices and their requests; see store.h. */
#include "sync-server/stores/sqlite_store.h"

#define DEVICE_COLUMNS                                                                             \
    "certificate, log, invite, person, person_name, device_name, roles, sign_key, seal_key, "      \
    "chain, state, joined_ms, "                                                                    \
    "seen_ms, sequence, head, counter, request_counter, joined_position, revoked_position, "       \
    "revoked_ms, revoked_sequence, revoked_head, revoked_counter, revocation"

/* Reads the columns of DEVICE_COLUMNS. */
static enum cs_status read_device(struct cs_statement *statement, struct cs_arena *arena,
                                  struct cs_device *out)
{
    struct cs_device device = {
        .log = (uint64_t)cs_column_integer(statement, 1),
        .roles = (cs_roles)cs_column_integer(statement, 6),
        .state = (enum cs_device_state)cs_column_integer(statement, 10),
        .joined_ms = cs_column_integer(statement, 11),
        .seen_ms = cs_column_integer(statement, 12),
        .sequence = (uint64_t)cs_column_integer(statement, 13),
        .counter = (uint64_t)cs_column_integer(statement, 15),
        .request_counter = (uint64_t)cs_column_integer(statement, 16),
        .joined_position = (uint64_t)cs_column_integer(statement, 17),
        .revoked = {.position = (uint64_t)cs_column_integer(statement, 18),
                    .at_ms = cs_column_integer(statement, 19),
                    .sequence = (uint64_t)cs_column_integer(statement, 20),
                    .counter = (uint64_t)cs_column_integer(statement, 22)},
    };
    const struct {
        int column;
        uint8_t *place;
        size_t size;
    } fixed[] = {
        {0, device.certificate, CS_HASH_SIZE},        {2, device.invite, CS_HASH_SIZE},
        {3, device.person.bytes, CS_ID_SIZE},         {7, device.sign_key, sizeof device.sign_key},
        {8, device.seal_key, sizeof device.seal_key}, {14, device.head, CS_HASH_SIZE},
        {21, device.revoked.head, CS_HASH_SIZE},      {23, device.revoked.row.bytes, CS_ID_SIZE},
    };
    bool known_state = device.state >= CS_DEVICE_ACTIVE && device.state <= CS_DEVICE_REVOKED;
    enum cs_status status = known_state ? CS_OK : CS_CORRUPT;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(fixed); i++) {
        status = cs_column_fixed(statement, fixed[i].column, fixed[i].place, fixed[i].size);
    }
    const struct {
        int column;
        struct cs_bytes *place;
    } texts[] = {{4, &device.person_name}, {5, &device.device_name}, {9, &device.chain}};
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(texts); i++) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, texts[i].column), texts[i].place);
    }
    if (status == CS_OK) {
        *out = device;
    }
    return status;
}

/* Ends a look-up of one device whose parameters are bound. */
static enum cs_status one_device(struct cs_statement *statement, struct cs_arena *arena,
                                 struct cs_device *out)
{
    enum cs_status status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = read_device(statement, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_device(struct cs_store *store,
                               const uint8_t certificate[static CS_HASH_SIZE],
                               struct cs_arena *arena, struct cs_device *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " DEVICE_COLUMNS " FROM _device WHERE certificate = ?1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(certificate, CS_HASH_SIZE));
    return one_device(statement, arena, out);
}

enum cs_status cs_store_device_by_log(struct cs_store *store, uint64_t log, struct cs_arena *arena,
                                      struct cs_device *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " DEVICE_COLUMNS " FROM _device WHERE log = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    return one_device(statement, arena, out);
}

enum cs_status cs_store_device_by_invite(struct cs_store *store,
                                         const uint8_t invite[static CS_HASH_SIZE],
                                         struct cs_arena *arena, struct cs_device *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " DEVICE_COLUMNS " FROM _device WHERE invite = ?1 LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_make(invite, CS_HASH_SIZE));
    return one_device(statement, arena, out);
}

enum cs_status cs_store_devices(struct cs_store *store, struct cs_arena *arena,
                                struct cs_device **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " DEVICE_COLUMNS " FROM _device ORDER BY joined_ms, log",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_device *devices = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        devices = cs_arena_grow(arena, devices, count, &capacity, sizeof *devices);
        status = devices == NULL ? CS_NO_MEMORY : read_device(statement, arena, &devices[count++]);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = devices;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_put_device(struct cs_store *store, const struct cs_device *device)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR REPLACE INTO _device (" DEVICE_COLUMNS
                         ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
                         "?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(device->certificate));
    cs_bind_integer(statement, 2, (int64_t)device->log);
    cs_bind_bytes(statement, 3, cs_bytes_of_array(device->invite));
    cs_bind_bytes(statement, 4, cs_id_bytes(&device->person));
    cs_bind_text(statement, 5, device->person_name);
    cs_bind_text(statement, 6, device->device_name);
    cs_bind_integer(statement, 7, device->roles);
    cs_bind_bytes(statement, 8, cs_bytes_of_array(device->sign_key));
    cs_bind_bytes(statement, 9, cs_bytes_of_array(device->seal_key));
    cs_bind_bytes(statement, 10, device->chain);
    cs_bind_integer(statement, 11, device->state);
    cs_bind_integer(statement, 12, device->joined_ms);
    cs_bind_integer(statement, 13, device->seen_ms);
    cs_bind_integer(statement, 14, (int64_t)device->sequence);
    cs_bind_bytes(statement, 15, cs_bytes_of_array(device->head));
    cs_bind_integer(statement, 16, (int64_t)device->counter);
    cs_bind_integer(statement, 17, (int64_t)device->request_counter);
    cs_bind_integer(statement, 18, (int64_t)device->joined_position);
    cs_bind_integer(statement, 19, (int64_t)device->revoked.position);
    cs_bind_integer(statement, 20, device->revoked.at_ms);
    cs_bind_integer(statement, 21, (int64_t)device->revoked.sequence);
    cs_bind_bytes(statement, 22, cs_bytes_of_array(device->revoked.head));
    cs_bind_integer(statement, 23, (int64_t)device->revoked.counter);
    cs_bind_bytes(statement, 24, cs_id_bytes(&device->revoked.row));
    return cs_statement_run(statement);
}

enum cs_status cs_store_request(struct cs_store *store, uint64_t log, uint64_t counter,
                                uint8_t out_hash[static CS_HASH_SIZE])
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT hash FROM _request WHERE log = ?1 AND counter = ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, (int64_t)counter);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_column_fixed(statement, 0, out_hash, CS_HASH_SIZE);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_request(struct cs_store *store, uint64_t log, uint64_t counter,
                                    const uint8_t hash[static CS_HASH_SIZE], uint64_t keep)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT OR REPLACE INTO _request (log, counter, hash) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, (int64_t)counter);
    cs_bind_bytes(statement, 3, cs_bytes_make(hash, CS_HASH_SIZE));
    status = cs_statement_run(statement);
    if (status != CS_OK || counter <= keep) {
        return status;
    }
    status = cs_statement_get(store->database,
                              "DELETE FROM _request WHERE log = ?1 AND counter <= ?2", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, (int64_t)(counter - keep));
    return cs_statement_run(statement);
}
