/* The SQLite store: devices that use bundles; see bundle_store.h. Cursors stand in the form of a sync request without change-sets. */
#include "shared/base/limits.h"
#include "sync-server/stores/bundle_store.h"
#include "sync-server/stores/sqlite_store.h"

static enum cs_status take_request(struct cs_statement *statement, int column,
                                   struct cs_arena *arena, struct cs_sync_request *out)
{
    struct cs_bytes bytes;
    enum cs_status status = cs_arena_copy(arena, cs_column_bytes(statement, column), &bytes);
    if (status == CS_OK) {
        status = cs_sync_request_decode(bytes, arena, out);
    }
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

enum cs_status cs_store_bundle_device(struct cs_store *store, uint64_t log, struct cs_arena *arena,
                                      struct cs_bundle_device *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT counter, first_counter, known, told FROM _bundle WHERE log = ?1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    status = cs_statement_one(statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_sync_request told = {.cursor_count = 0};
    struct cs_bundle_device device = {
        .log = log,
        .counter = (uint64_t)cs_column_integer(statement, 0),
        .first_counter = (uint64_t)cs_column_integer(statement, 1),
    };
    status = take_request(statement, 2, arena, &device.known);
    if (status == CS_OK) {
        status = take_request(statement, 3, arena, &told);
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        device.told = told.cursors;
        device.told_count = told.cursor_count;
        *out = device;
    }
    return status;
}

static enum cs_status write(struct cs_store *store, const struct cs_bundle_device *device,
                            struct cs_bytes known, struct cs_bytes told)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database,
                         "INSERT OR REPLACE INTO _bundle (log, counter, first_counter, known, "
                         "told) VALUES (?1, ?2, ?3, ?4, ?5)",
                         &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)device->log);
    cs_bind_integer(statement, 2, (int64_t)device->counter);
    cs_bind_integer(statement, 3, (int64_t)device->first_counter);
    cs_bind_bytes(statement, 4, known);
    cs_bind_bytes(statement, 5, told);
    return cs_statement_run(statement);
}

enum cs_status cs_store_put_bundle_device(struct cs_store *store,
                                          const struct cs_bundle_device *device)
{
    struct cs_buffer known;
    struct cs_buffer told;
    struct cs_sync_request position = device->known;
    struct cs_sync_request exported = {.cursors = device->told, .cursor_count = device->told_count};
    position.inners = NULL;
    position.inner_count = 0;
    cs_buffer_init(&known, CS_REQUEST_MAX);
    cs_buffer_init(&told, CS_REQUEST_MAX);
    enum cs_status status = cs_sync_request_encode(&position, &known);
    if (status == CS_OK) {
        status = cs_sync_request_encode(&exported, &told);
    }
    if (status == CS_OK) {
        status = write(store, device, cs_buffer_bytes(&known), cs_buffer_bytes(&told));
    }
    cs_buffer_release(&known);
    cs_buffer_release(&told);
    return status;
}
