/*
 * The SQLite store: history; see history_store.h.
 *
 * An image is the row (shared/rows, one blob, prefixed), then until the end its heads: prefixed unit, log, counter, prefixed value.
 */
#include "shared/base/limits.h"
#include "sync-server/stores/history_store.h"
#include "sync-server/stores/sqlite_store.h"

#define REACH "history_from_ms"
/* Of a head in an image, beside its unit and value: two sizes, log, counter. */
#define HEAD_OVERHEAD ((size_t)24)
#define IMAGE_MAX (CS_PAGE_BYTES_MAX + CS_KIBI + CS_HISTORY_BYTES_TARGET)

/* A head that has no room any more is left out: what waits of a row can be sixteen mebibytes for each field, and neither may a change that can
 * not be noted hold up whoever makes it, nor each small one cost as much. */
static void put_head(const struct cs_stored_head *head, size_t heads_start, struct cs_buffer *out)
{
    size_t room = CS_HISTORY_BYTES_TARGET - (out->size - heads_start);
    if (head->unit.size + head->value.size + HEAD_OVERHEAD <= room) {
        cs_buffer_append_prefixed(out, head->unit);
        cs_buffer_append_u64(out, head->version.log);
        cs_buffer_append_u64(out, head->version.counter);
        cs_buffer_append_prefixed(out, head->value);
    }
}

static enum cs_status put_image(const struct cs_history_change *change, struct cs_buffer *out)
{
    struct cs_buffer row;
    cs_buffer_init(&row, CS_PAGE_BYTES_MAX);
    enum cs_status status = cs_stored_row_encode(&change->before, &row);
    if (status == CS_OK) {
        cs_buffer_append_prefixed(out, cs_buffer_bytes(&row));
        size_t heads_start = out->size;
        for (size_t i = 0; out->status == CS_OK && i < change->head_count; i++) {
            put_head(&change->heads[i], heads_start, out);
        }
        status = out->status;
    }
    cs_buffer_release(&row);
    return status;
}

static enum cs_status put_change(struct cs_store *store, const struct cs_history_change *change)
{
    struct cs_statement *statement = NULL;
    struct cs_buffer image;
    cs_buffer_init(&image, IMAGE_MAX);
    enum cs_status status = change->before.exists ? put_image(change, &image) : CS_OK;
    if (status == CS_OK) {
        status = cs_statement_get(store->database,
                                  "INSERT INTO _history (row, entity, since, at_ms, log, counter, "
                                  "image) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                                  &statement);
    }
    if (status == CS_OK) {
        cs_bind_bytes(statement, 1, cs_id_bytes(&change->before.id));
        cs_bind_text(statement, 2, change->before.name);
        cs_bind_integer(statement, 3, (int64_t)change->since);
        cs_bind_integer(statement, 4, change->at_ms);
        cs_bind_integer(statement, 5, (int64_t)change->author.log);
        cs_bind_integer(statement, 6, (int64_t)change->author.counter);
        cs_bind_bytes(statement, 7, cs_buffer_bytes(&image));
        status = cs_statement_run(statement);
    }
    cs_buffer_release(&image);
    return status;
}

enum cs_status cs_store_put_history(struct cs_store *store, const struct cs_history_change *changes,
                                    size_t count)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = put_change(store, &changes[i]);
    }
    return status;
}

#define CHANGE_COLUMNS "number, since, at_ms, log, counter, image"

static enum cs_status read_heads(struct cs_reader *reader, struct cs_arena *arena,
                                 struct cs_history_change *out)
{
    size_t capacity = 0;
    while (reader->rest.size > 0) {
        out->heads =
            cs_arena_grow(arena, out->heads, out->head_count, &capacity, sizeof *out->heads);
        if (out->heads == NULL) {
            return CS_NO_MEMORY;
        }
        struct cs_stored_head *head = &out->heads[out->head_count++];
        head->unit = cs_read_prefixed(reader);
        head->version.log = cs_read_u64(reader);
        head->version.counter = cs_read_u64(reader);
        head->value = cs_read_prefixed(reader);
        if (reader->status != CS_OK) {
            return CS_CORRUPT;
        }
    }
    return CS_OK;
}

static enum cs_status read_image(const struct cs_store *store, const struct cs_row_key *row,
                                 struct cs_bytes column, struct cs_arena *arena,
                                 struct cs_history_change *out)
{
    struct cs_bytes image;
    struct cs_reader reader;
    enum cs_status status = cs_arena_copy(arena, column, &image);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, image);
    struct cs_bytes blob = cs_read_prefixed(&reader);
    if (reader.status != CS_OK) {
        return CS_CORRUPT;
    }
    status =
        cs_stored_row_decode(store->registry, row->entity, &row->id, blob, arena, &out->before);
    return status != CS_OK ? status : read_heads(&reader, arena, out);
}

static enum cs_status read_change(const struct cs_store *store, struct cs_statement *statement,
                                  const struct cs_row_key *row, struct cs_arena *arena,
                                  struct cs_history_change *out)
{
    struct cs_history_change change = {
        .number = (uint64_t)cs_column_integer(statement, 0),
        .since = (uint64_t)cs_column_integer(statement, 1),
        .at_ms = cs_column_integer(statement, 2),
        .author = {(uint64_t)cs_column_integer(statement, 3),
                   (uint64_t)cs_column_integer(statement, 4)},
        .before = {.name = row->entity, .id = row->id},
    };
    struct cs_bytes image = cs_column_bytes(statement, 5);
    enum cs_status status = image.size == 0 ? CS_OK : read_image(store, row, image, arena, &change);
    if (status == CS_OK) {
        *out = change;
    }
    return status;
}

/* A statement about one row: ?1 its id, ?2 its entity, ?3 a number. */
static enum cs_status about(struct cs_store *store, const char *sql, const struct cs_row_key *row,
                            int64_t number, struct cs_statement **out)
{
    enum cs_status status = cs_statement_get(store->database, sql, out);
    if (status == CS_OK) {
        cs_bind_bytes(*out, 1, cs_id_bytes(&row->id));
        cs_bind_text(*out, 2, row->entity);
        cs_bind_integer(*out, 3, number);
    }
    return status;
}

enum cs_status cs_store_history(struct cs_store *store, const struct cs_row_key *row,
                                uint64_t before, size_t limit, struct cs_arena *arena,
                                struct cs_history_change **out, size_t *out_count)
{
    struct cs_statement *statement;
    bool all = before == 0 || before > INT64_MAX;
    enum cs_status status =
        about(store,
              "SELECT " CHANGE_COLUMNS " FROM _history WHERE row = ?1 AND entity = ?2 AND number "
              "< ?3 AND length(image) > 0 ORDER BY number DESC LIMIT ?4",
              row, all ? INT64_MAX : (int64_t)before, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 4, cs_store_limit(limit));
    struct cs_history_change *changes = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more) {
        changes = cs_arena_grow(arena, changes, count, &capacity, sizeof *changes);
        status = changes == NULL ? CS_NO_MEMORY
                                 : read_change(store, statement, row, arena, &changes[count++]);
        if (status != CS_OK) {
            break;
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = changes;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_store_history_before(struct cs_store *store, const struct cs_row_key *row,
                                       int64_t at_ms, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status = about(store,
                                  "SELECT number FROM _history WHERE row = ?1 AND entity = ?2 AND "
                                  "at_ms <= ?3 AND length(image) > 0 ORDER BY number DESC LIMIT 1",
                                  row, at_ms, &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    } else if (status == CS_NOT_FOUND) {
        *out = 0;
        status = CS_OK;
    }
    return status;
}

enum cs_status cs_store_history_after(struct cs_store *store, const struct cs_row_key *row,
                                      uint64_t number, struct cs_arena *arena,
                                      struct cs_history_change *out)
{
    struct cs_statement *statement;
    if (number > INT64_MAX) {
        return CS_NOT_FOUND;
    }
    enum cs_status status =
        about(store,
              "SELECT " CHANGE_COLUMNS " FROM _history WHERE row = ?1 AND entity = ?2 AND number "
              "> ?3 AND length(image) > 0 ORDER BY number LIMIT 1",
              row, (int64_t)number, &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        status = read_change(store, statement, row, arena, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_history_first(struct cs_store *store, const struct cs_row_key *row,
                                      uint64_t *out_since)
{
    struct cs_statement *statement;
    enum cs_status status = about(store,
                                  "SELECT since FROM _history WHERE row = ?1 AND entity = ?2 AND "
                                  "number > ?3 ORDER BY number LIMIT 1",
                                  row, 0, &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out_since = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_put_moment(struct cs_store *store, uint64_t position, int64_t at_ms)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "INSERT OR REPLACE INTO _moment (position, at_ms) VALUES (?1, ?2)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)position);
    cs_bind_integer(statement, 2, at_ms);
    return cs_statement_run(statement);
}

enum cs_status cs_store_moment(struct cs_store *store, uint64_t position, int64_t *out_ms)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        store->database, "SELECT at_ms FROM _moment WHERE position >= ?1 ORDER BY position LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, cs_store_limit(position));
    status = cs_statement_one(statement);
    if (status == CS_OK) {
        *out_ms = cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_store_history_reach(struct cs_store *store, int64_t *out_ms)
{
    struct cs_arena arena;
    struct cs_bytes bytes;
    struct cs_reader reader;
    cs_arena_init(&arena, CS_KIBI);
    enum cs_status status = cs_store_get(store, REACH, &arena, &bytes);
    if (status == CS_OK) {
        cs_reader_init(&reader, bytes);
        int64_t at_ms = (int64_t)cs_read_u64(&reader);
        status = cs_reader_finish(&reader) == CS_OK ? CS_OK : CS_CORRUPT;
        if (status == CS_OK) {
            *out_ms = at_ms;
        }
    } else if (status == CS_NOT_FOUND) {
        *out_ms = INT64_MIN;
        status = CS_OK;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_store_set_history_reach(struct cs_store *store, int64_t at_ms)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 8);
    cs_buffer_append_u64(&bytes, (uint64_t)at_ms);
    enum cs_status status =
        bytes.status != CS_OK ? bytes.status : cs_store_put(store, REACH, cs_buffer_bytes(&bytes));
    cs_buffer_release(&bytes);
    return status;
}

/* Keys of a table ascending, with their moments: *out_bound is the last one such that it and all before it are from before that moment, or
 * of those the one behind `limit`. CS_NOT_FOUND: not even the first one is. */
static enum cs_status find_bound(struct cs_store *store, const char *sql, int64_t before_ms,
                                 size_t limit, int64_t *out_bound)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(store->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, cs_store_limit(limit == SIZE_MAX ? limit : limit + 1));
    int64_t bound = 0;
    bool found = false;
    bool more = true;
    while ((status = cs_statement_step(statement, &more)) == CS_OK && more &&
           cs_column_integer(statement, 1) < before_ms) {
        bound = cs_column_integer(statement, 0);
        found = true;
    }
    cs_statement_done(statement);
    if (status == CS_OK && found) {
        *out_bound = bound;
    }
    return status != CS_OK ? status : found ? CS_OK : CS_NOT_FOUND;
}

static enum cs_status forget(struct cs_store *store, const char *select, const char *remove,
                             int64_t before_ms, size_t limit, uint64_t *out_removed)
{
    int64_t bound;
    struct cs_statement *statement;
    enum cs_status status = find_bound(store, select, before_ms, limit, &bound);
    if (status == CS_NOT_FOUND) {
        *out_removed = 0;
        return CS_OK;
    }
    if (status == CS_OK) {
        status = cs_statement_get(store->database, remove, &statement);
    }
    if (status == CS_OK) {
        cs_bind_integer(statement, 1, bound);
        status = cs_statement_run(statement);
    }
    if (status == CS_OK) {
        *out_removed = (uint64_t)cs_database_changes(store->database);
    }
    return status;
}

enum cs_status cs_store_forget_history(struct cs_store *store, int64_t before_ms, size_t limit,
                                       uint64_t *out_removed)
{
    return forget(store, "SELECT number, at_ms FROM _history ORDER BY number LIMIT ?1",
                  "DELETE FROM _history WHERE number < ?1", before_ms, limit, out_removed);
}

enum cs_status cs_store_forget_moments(struct cs_store *store, int64_t before_ms, size_t limit,
                                       uint64_t *out_removed)
{
    return forget(store, "SELECT position, at_ms FROM _moment ORDER BY position LIMIT ?1",
                  "DELETE FROM _moment WHERE position < ?1", before_ms, limit, out_removed);
}

enum cs_status cs_store_history_count(struct cs_store *store, uint64_t *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        cs_statement_get(store->database, "SELECT count(*) FROM _history", &statement);
    if (status == CS_OK) {
        status = cs_statement_one(statement);
    }
    if (status == CS_OK) {
        *out = (uint64_t)cs_column_integer(statement, 0);
        cs_statement_done(statement);
    }
    return status;
}
