/* The overlay's tables and the transactions in them, see overlay.h. */
#include "field-client/replica/overlay.h"

#include "field-client/replica/replica_internal.h"

#include <stdlib.h>

/* A statement over (entity, row) in parameters 1 and 2. */
static enum cs_status get_for_row(struct cs_replica *replica, const char *sql,
                                  struct cs_bytes entity, const struct cs_id *id,
                                  struct cs_statement **out)
{
    enum cs_status status = cs_statement_get(replica->database, sql, out);
    if (status == CS_OK) {
        cs_bind_text(*out, 1, entity);
        cs_bind_bytes(*out, 2, cs_id_bytes(id));
    }
    return status;
}

enum cs_status cs_overlay_exists(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        get_for_row(replica, "SELECT 1 FROM _overlay WHERE entity = ?1 AND row = ?2 LIMIT 1",
                    entity, id, &statement);
    if (status == CS_OK) {
        status = cs_statement_step(statement, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_overlay_has(struct cs_replica *replica, struct cs_bytes entity,
                              const struct cs_id *id, uint64_t counter, bool *out)
{
    struct cs_statement *statement;
    enum cs_status status = get_for_row(
        replica, "SELECT 1 FROM _overlay WHERE entity = ?1 AND row = ?2 AND counter = ?3", entity,
        id, &statement);
    if (status == CS_OK) {
        cs_bind_integer(statement, 3, (int64_t)counter);
        status = cs_statement_step(statement, out);
        cs_statement_done(statement);
    }
    return status;
}

enum cs_status cs_overlay_any(struct cs_replica *replica, bool *out)
{
    int64_t any = 0;
    enum cs_status status = cs_replica_ask_integer(replica, "SELECT 1 FROM _overlay LIMIT 1", &any);
    if (status == CS_OK) {
        *out = any != 0;
    }
    return status;
}

enum cs_status cs_overlay_add(struct cs_replica *replica, struct cs_bytes entity,
                              const struct cs_id *id, uint64_t counter)
{
    struct cs_statement *statement;
    enum cs_status status = get_for_row(
        replica, "INSERT OR IGNORE INTO _overlay VALUES (?1, ?2, ?3)", entity, id, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 3, (int64_t)counter);
    return cs_statement_run(statement);
}

enum cs_status cs_overlay_remove(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, uint64_t counter)
{
    struct cs_statement *statement;
    enum cs_status status =
        get_for_row(replica, "DELETE FROM _overlay WHERE entity = ?1 AND row = ?2 AND counter = ?3",
                    entity, id, &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 3, (int64_t)counter);
    return cs_statement_run(statement);
}

/* Calls `visit` for every (entity, row) that a query gives. */
static enum cs_status each_row(struct cs_replica *replica, const char *sql,
                               cs_overlay_visitor *visit, void *context)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database, sql, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = visit(context, cs_column_bytes(statement, 0), cs_column_bytes(statement, 1));
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_overlay_each(struct cs_replica *replica, cs_overlay_visitor *visit, void *context)
{
    return each_row(replica, "SELECT DISTINCT entity, row FROM _overlay", visit, context);
}

enum cs_status cs_covered_each(struct cs_replica *replica, cs_overlay_visitor *visit, void *context)
{
    return each_row(replica, "SELECT entity, row FROM _covered", visit, context);
}

enum cs_status cs_covered_load(struct cs_replica *replica, struct cs_bytes entity,
                               const struct cs_id *id, struct cs_arena *arena,
                               struct cs_stored_row *out)
{
    struct cs_statement *statement;
    enum cs_status status =
        get_for_row(replica, "SELECT image FROM _covered WHERE entity = ?1 AND row = ?2", entity,
                    id, &statement);
    if (status != CS_OK) {
        return status;
    }
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK && found) {
        status = cs_stored_row_decode(replica->registry, entity, id, cs_column_bytes(statement, 0),
                                      arena, out);
    } else if (status == CS_OK) {
        struct cs_stored_row absent;
        status = cs_row_from_fields(replica->registry, entity, NULL, 0, arena, &absent);
        if (status == CS_OK) {
            absent.id = *id;
            *out = absent;
        }
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_covered_store(struct cs_replica *replica, const struct cs_stored_row *row)
{
    struct cs_buffer image;
    cs_buffer_init(&image, CS_PAGE_BYTES_MAX);
    struct cs_statement *statement;
    enum cs_status status = cs_stored_row_encode(row, &image);
    if (status == CS_OK) {
        status = get_for_row(replica, "INSERT OR REPLACE INTO _covered VALUES (?1, ?2, ?3)",
                             row->name, &row->id, &statement);
    }
    if (status == CS_OK) {
        cs_bind_bytes(statement, 3, cs_buffer_bytes(&image));
        status = cs_statement_run(statement);
    }
    cs_buffer_release(&image);
    return status;
}

enum cs_status cs_covered_remove(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id)
{
    struct cs_statement *statement;
    enum cs_status status = get_for_row(
        replica, "DELETE FROM _covered WHERE entity = ?1 AND row = ?2", entity, id, &statement);
    return status != CS_OK ? status : cs_statement_run(statement);
}

enum cs_status cs_confirmed_load(struct cs_replica *replica, struct cs_bytes entity,
                                 const struct cs_id *id, struct cs_arena *arena,
                                 struct cs_stored_row *out)
{
    bool overlaid = false;
    enum cs_status status = cs_overlay_exists(replica, entity, id, &overlaid);
    if (status != CS_OK) {
        return status;
    }
    return overlaid ? cs_covered_load(replica, entity, id, arena, out)
                    : cs_row_load(replica->tables, entity, id, arena, out);
}

void cs_pending_cache_init(struct cs_pending_cache *cache)
{
    *cache = (struct cs_pending_cache){.counter = 0};
    cs_arena_init(&cache->arena, CS_MESSAGE_ARENA_MAX);
}

void cs_pending_cache_release(struct cs_pending_cache *cache)
{
    cs_arena_release(&cache->arena);
    cs_pending_cache_init(cache);
}

void cs_pending_cache_forget(struct cs_pending_cache *cache)
{
    cache->counter = 0;
}

enum cs_status cs_pending_load(struct cs_replica *replica, uint64_t counter,
                               struct cs_pending_cache *cache)
{
    if (cache->counter == counter) {
        return CS_OK;
    }
    cs_pending_cache_release(cache);
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "SELECT state, body FROM _pending WHERE counter = ?1", &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    bool found = false;
    struct cs_bytes body = CS_BYTES_NONE;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK && found) {
        cache->state = (int)cs_column_integer(statement, 0);
        status = cs_arena_copy(&cache->arena, cs_column_bytes(statement, 1), &body);
    }
    if (status == CS_OK && found) {
        status = cs_transaction_decode(body, &cache->arena, &cache->transaction);
        status = status == CS_OK || status == CS_NO_MEMORY ? status : CS_CORRUPT;
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        cache->found = found;
        cache->counter = counter;
    }
    return status;
}

/* Counters of the transactions over a row, ascending. */
static enum cs_status overlay_counters(struct cs_replica *replica, struct cs_bytes entity,
                                       const struct cs_id *id, struct cs_arena *arena,
                                       uint64_t **out, size_t *out_count)
{
    struct cs_statement *statement;
    enum cs_status status = get_for_row(
        replica, "SELECT counter FROM _overlay WHERE entity = ?1 AND row = ?2 ORDER BY counter",
        entity, id, &statement);
    struct cs_buffer counters;
    cs_buffer_init(&counters, SIZE_MAX / 2);
    bool more = status == CS_OK;
    while (status == CS_OK && more) {
        status = cs_statement_step(statement, &more);
        if (status == CS_OK && more) {
            uint64_t counter = (uint64_t)cs_column_integer(statement, 0);
            cs_buffer_append(&counters, &counter, sizeof counter);
            status = counters.status;
            if (status != CS_OK) {
                cs_statement_done(statement);
            }
        }
    }
    struct cs_bytes copy = CS_BYTES_NONE;
    if (status == CS_OK) {
        cs_statement_done(statement);
        status = cs_arena_copy(arena, cs_buffer_bytes(&counters), &copy);
    }
    cs_buffer_release(&counters);
    if (status == CS_OK) {
        *out_count = copy.size / sizeof **out;
        *out = (uint64_t *)(void *)(uintptr_t)copy.data; /* arena blocks are aligned for any type */
    }
    return status;
}

/* By row; two operations on one row stay in their order, as the list is one array. */
static int compare_rows(const void *a, const void *b)
{
    const struct cs_operation *first = *(const struct cs_operation *const *)a;
    const struct cs_operation *second = *(const struct cs_operation *const *)b;
    int order = cs_id_compare(&first->row, &second->row);
    return order != 0 ? order : (first > second) - (first < second);
}

/* A large transaction lies over as many rows, and must not be walked for each of them. */
static enum cs_status sort_operations(struct cs_pending_cache *cache)
{
    const struct cs_transaction *transaction = &cache->transaction;
    if (cache->by_row != NULL) {
        return CS_OK;
    }
    cache->by_row =
        cs_arena_take_array(&cache->arena, transaction->operation_count, sizeof *cache->by_row);
    if (cache->by_row == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < transaction->operation_count; i++) {
        cache->by_row[i] = &transaction->operations[i];
    }
    qsort(cache->by_row, transaction->operation_count, sizeof *cache->by_row, compare_rows);
    return CS_OK;
}

/* Place of the first operation on this row. */
static size_t find_row(const struct cs_pending_cache *cache, const struct cs_id *id)
{
    size_t low = 0;
    size_t high = cache->transaction.operation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cs_id_compare(&cache->by_row[middle]->row, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Row ⊕ what the cached transaction does to it. */
static enum cs_status predict_all(struct cs_pending_cache *cache, uint64_t log,
                                  struct cs_arena *arena, struct cs_stored_row *row)
{
    struct cs_version version = {log, cache->transaction.counter};
    enum cs_status status = sort_operations(cache);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = find_row(cache, &row->id); status == CS_OK; i++) {
        if (i == cache->transaction.operation_count ||
            !cs_id_equal(&cache->by_row[i]->row, &row->id)) {
            break;
        }
        if (cs_bytes_equal(cache->by_row[i]->entity, row->name)) {
            status = cs_overlay_predict(cache->by_row[i], version, arena, row);
        }
    }
    return status;
}

enum cs_status cs_overlay_expected(struct cs_replica *replica, struct cs_pending_cache *cache,
                                   struct cs_bytes entity, const struct cs_id *id,
                                   struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row;
    uint64_t *counters = NULL;
    size_t count = 0;
    enum cs_status status = cs_covered_load(replica, entity, id, arena, &row);
    if (status == CS_OK) {
        status = overlay_counters(replica, entity, id, arena, &counters, &count);
    }
    uint64_t log = cs_identity_log(replica->identity);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = cs_pending_load(replica, counters[i], cache);
        if (status == CS_OK && !cache->found) {
            status = CS_CORRUPT;
        }
        if (status == CS_OK) {
            status = predict_all(cache, log, arena, &row);
        }
        /* The values point into the cache, which the next transaction replaces. */
        if (status == CS_OK) {
            status = cs_stored_row_copy(&row, arena, &row);
        }
    }
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}
