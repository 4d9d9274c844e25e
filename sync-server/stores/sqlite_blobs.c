/* The SQLite store: files of attachments, chunk by chunk; see blob_store.h. */
#include "sync-server/stores/blob_store.h"
#include "sync-server/stores/sqlite_store.h"

#include <string.h>

#define COLUMNS "number, log, stored, bytes, list, size, chunk_size, address"

/* The list is borrowed from the statement. */
static enum cs_status take_blob(struct cs_statement *statement, struct cs_stored_blob *out)
{
    struct cs_stored_blob blob = {.number = (uint64_t)cs_column_integer(statement, 0),
                                  .log = (uint64_t)cs_column_integer(statement, 1),
                                  .stored = (uint64_t)cs_column_integer(statement, 2),
                                  .bytes = (uint64_t)cs_column_integer(statement, 3),
                                  .list = cs_column_bytes(statement, 4),
                                  .size = (uint64_t)cs_column_integer(statement, 5),
                                  .chunk_size = (uint64_t)cs_column_integer(statement, 6)};
    struct cs_bytes address = cs_column_bytes(statement, 7);
    if (address.size != sizeof blob.address) {
        return CS_CORRUPT;
    }
    memcpy(blob.address, address.data, sizeof blob.address);
    *out = blob;
    return CS_OK;
}

static enum cs_status find(struct cs_store *store, const uint8_t address[static CS_HASH_SIZE],
                           struct cs_statement **out)
{
    enum cs_status status =
        cs_statement_get(store->database, "SELECT " COLUMNS " FROM _blob WHERE address = ?1", out);
    if (status == CS_OK) {
        cs_bind_bytes(*out, 1, cs_bytes_make(address, CS_HASH_SIZE));
        status = cs_statement_one(*out);
    }
    return status;
}

enum cs_status cs_store_blob(struct cs_store *store, const uint8_t address[static CS_HASH_SIZE],
                             struct cs_arena *arena, struct cs_stored_blob *out)
{
    struct cs_statement *statement;
    enum cs_status status = find(store, address, &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_stored_blob blob;
    status = take_blob(statement, &blob);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, blob.list, &blob.list);
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = blob;
    }
    return status;
}

enum cs_status cs_store_blobs(struct cs_store *store, cs_blob_visitor *visit, void *context)
{
    struct cs_statement *statement;
    bool more = true;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT " COLUMNS " FROM _blob ORDER BY number", &statement);
    if (status != CS_OK) {
        return status;
    }
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        struct cs_stored_blob blob;
        status = take_blob(statement, &blob);
        if (status == CS_OK) {
            status = visit(context, &blob);
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_store_blob_stored(struct cs_store *store,
                                    const uint8_t address[static CS_HASH_SIZE], uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = find(store, address, &statement);
    if (status == CS_NOT_FOUND) {
        *out = 0;
        return CS_OK;
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 2);
        cs_statement_done(statement);
    }
    return status;
}

/* What a device's files take goes up or down. */
static enum cs_status change_bytes(struct cs_store *store, uint64_t log, int64_t difference)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database,
        "INSERT INTO _blob_device (log, bytes) VALUES (?1, ?2) ON CONFLICT (log) DO UPDATE SET "
        "bytes = bytes + ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    cs_bind_integer(statement, 2, difference);
    return cs_statement_run(statement);
}

enum cs_status cs_store_add_blob(struct cs_store *store, struct cs_stored_blob *blob)
{
    struct cs_statement *statement;
    enum cs_status status = find(store, blob->address, &statement);
    if (status == CS_OK) {
        cs_statement_done(statement);
        return CS_EXISTS;
    }
    if (status == CS_NOT_FOUND) {
        status = cs_statement_get(store->database,
                                  "INSERT INTO _blob (address, log, stored, bytes, list, size, "
                                  "chunk_size) VALUES (?1, ?2, 0, 0, ?3, ?4, ?5) RETURNING number",
                                  &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_bind_bytes(statement, 1, cs_bytes_of_array(blob->address));
    cs_bind_integer(statement, 2, (int64_t)blob->log);
    cs_bind_bytes(statement, 3, blob->list);
    cs_bind_integer(statement, 4, (int64_t)blob->size);
    cs_bind_integer(statement, 5, (int64_t)blob->chunk_size);
    status = cs_statement_one(statement);
    uint64_t number = 0;
    if (status == CS_OK) {
        number = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
        status = change_bytes(store, blob->log, (int64_t)blob->list.size);
    }
    if (status == CS_OK) {
        blob->number = number;
        blob->stored = 0;
        blob->bytes = 0;
    }
    return status;
}

static enum cs_status put_counts(struct cs_store *store, const struct cs_stored_blob *blob)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "UPDATE _blob SET stored = ?2, bytes = ?3 WHERE number = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)blob->number);
    cs_bind_integer(statement, 2, (int64_t)blob->stored);
    cs_bind_integer(statement, 3, (int64_t)blob->bytes);
    return cs_statement_run(statement);
}

enum cs_status cs_store_add_chunk(struct cs_store *store, struct cs_stored_blob *blob,
                                  struct cs_bytes chunk)
{
    struct cs_statement *statement;
    struct cs_stored_blob grown = *blob;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT INTO _blob_chunk (blob, number, bytes) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)blob->number);
    cs_bind_integer(statement, 2, (int64_t)blob->stored);
    cs_bind_bytes(statement, 3, chunk);
    status = cs_statement_run(statement);
    grown.stored++;
    grown.bytes += chunk.size;
    if (status == CS_OK) {
        status = put_counts(store, &grown);
    }
    if (status == CS_OK) {
        status = change_bytes(store, blob->log, (int64_t)chunk.size);
    }
    if (status == CS_OK) {
        *blob = grown;
    }
    return status;
}

enum cs_status cs_store_chunk(struct cs_store *store, uint64_t blob, uint64_t index,
                              struct cs_arena *arena, struct cs_bytes *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT bytes FROM _blob_chunk WHERE blob = ?1 AND number = ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)blob);
    cs_bind_integer(statement, 2, (int64_t)index);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_column_bytes(statement, 0), out);
        cs_statement_done(statement);
    }
    return status;
}

static enum cs_status sum_from(struct cs_store *store, uint64_t blob, uint64_t from, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database,
                                             "SELECT coalesce(sum(length(bytes)), 0) FROM "
                                             "_blob_chunk WHERE blob = ?1 AND number >= ?2",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)blob);
    cs_bind_integer(statement, 2, (int64_t)from);
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

/* ?1: a blob, ?2: a chunk. */
static enum cs_status remove_from(struct cs_store *store, const char *sql, uint64_t blob,
                                  uint64_t from)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)blob);
    cs_bind_integer(statement, 2, (int64_t)from);
    return cs_statement_run(statement);
}

enum cs_status cs_store_cut_blob(struct cs_store *store, struct cs_stored_blob *blob,
                                 uint64_t stored)
{
    uint64_t removed = 0;
    struct cs_stored_blob left = *blob;
    enum cs_status status = sum_from(store, blob->number, stored, &removed);
    if (status == CS_OK) {
        status = remove_from(store, "DELETE FROM _blob_chunk WHERE blob = ?1 AND number >= ?2",
                             blob->number, stored);
    }
    left.stored = stored;
    left.bytes = removed < blob->bytes ? blob->bytes - removed : 0;
    uint64_t room = blob->bytes - left.bytes;
    /* An older program did not count its list. */
    room += stored == 0 && blob->chunk_size > 0 ? blob->list.size : 0;
    if (status == CS_OK) {
        status = stored > 0 ? put_counts(store, &left)
                            : remove_from(store, "DELETE FROM _blob WHERE number = ?1 AND ?2 = 0",
                                          blob->number, 0);
    }
    if (status == CS_OK) {
        status = change_bytes(store, blob->log, -(int64_t)room);
    }
    if (status == CS_OK) {
        *blob = left;
    }
    return status;
}

enum cs_status cs_store_blob_bytes(struct cs_store *store, uint64_t log, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT bytes FROM _blob_device WHERE log = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)log);
    status = cs_statement_one(statement);
    if (status == CS_NOT_FOUND) {
        *out = 0;
        return CS_OK;
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}
