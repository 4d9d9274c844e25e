/* Scopes of confirmed state: interned, counted, lost, saved; see confirmed.h. */
#include "field-client/replica/confirmed.h"

#include "field-client/replica/replica_internal.h"

#include <stdlib.h>
#include <string.h>

static enum cs_status append(struct cs_applier *applier, const struct cs_scope_state *state)
{
    if (applier->scope_count == applier->scope_capacity) {
        size_t capacity = applier->scope_capacity == 0 ? 16 : applier->scope_capacity * 2;
        struct cs_scope_state *grown = cs_resize(applier->scopes, capacity * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        applier->scopes = grown;
        applier->scope_capacity = capacity;
    }
    applier->scopes[applier->scope_count++] = *state;
    return CS_OK;
}

/*
 * Columns: number, kind, id, cursor, digest, subscribed. Numbers are dense, as rows of _scope are
 * never removed.
 */
static enum cs_status read_scope(struct cs_applier *applier, struct cs_statement *statement)
{
    struct cs_bytes digest = cs_column_bytes(statement, 4);
    struct cs_scope_state state = {
        .name.kind = (uint8_t)cs_column_integer(statement, 1),
        .cursor = (uint64_t)cs_column_integer(statement, 3),
        .subscribed = cs_column_integer(statement, 5) != 0,
    };
    if ((uint64_t)cs_column_integer(statement, 0) != applier->scope_count + 1 ||
        digest.size != CS_HASH_SIZE ||
        !cs_id_from_bytes(cs_column_bytes(statement, 2), &state.name.id)) {
        return CS_CORRUPT;
    }
    memcpy(state.digest.sum, digest.data, CS_HASH_SIZE);
    return append(applier, &state);
}

enum cs_status cs_applier_init(struct cs_applier *applier, struct cs_replica *replica)
{
    *applier = (struct cs_applier){.replica = replica};
    cs_pending_cache_init(&applier->cache);
    struct cs_statement *statement;
    enum cs_status status = cs_overlay_any(replica, &applier->overlaid);
    if (status == CS_OK) {
        status = cs_statement_get(
            replica->database,
            "SELECT number, kind, id, cursor, digest, subscribed FROM _scope ORDER BY number",
            &statement);
    }
    if (status != CS_OK) {
        return status;
    }
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = read_scope(applier, statement);
    }
    cs_statement_done(statement);
    return status;
}

void cs_applier_release(struct cs_applier *applier)
{
    cs_pending_cache_release(&applier->cache);
    cs_free(applier->scopes);
    *applier = (struct cs_applier){.replica = NULL};
}

enum cs_status cs_applier_scope(struct cs_applier *applier, const struct cs_scope_name *name,
                                size_t *out_index)
{
    for (size_t i = 0; i < applier->scope_count; i++) {
        if (cs_scope_name_compare(&applier->scopes[i].name, name) == 0) {
            *out_index = i;
            return CS_OK;
        }
    }
    struct cs_scope_state state = {.name = *name, .changed = true};
    enum cs_status status = append(applier, &state);
    if (status == CS_OK) {
        *out_index = applier->scope_count - 1;
    }
    return status;
}

static enum cs_status save_scope(struct cs_applier *applier, size_t index)
{
    struct cs_scope_state *state = &applier->scopes[index];
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        applier->replica->database,
        "INSERT OR REPLACE INTO _scope (number, kind, id, cursor, digest, subscribed) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)index + 1);
    cs_bind_integer(statement, 2, state->name.kind);
    cs_bind_bytes(statement, 3, cs_id_bytes(&state->name.id));
    cs_bind_integer(statement, 4, (int64_t)state->cursor);
    cs_bind_bytes(statement, 5, cs_bytes_of_array(state->digest.sum));
    cs_bind_integer(statement, 6, state->subscribed ? 1 : 0);
    state->changed = false;
    return cs_statement_run(statement);
}

enum cs_status cs_applier_finish(struct cs_applier *applier)
{
    enum cs_status status = cs_applier_recompute(applier);
    for (size_t i = 0; status == CS_OK && i < applier->scope_count; i++) {
        if (applier->scopes[i].changed) {
            status = save_scope(applier, i);
        }
    }
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return cs_scope_name_compare(&((const struct cs_scope_digest *)a)->scope,
                                 &((const struct cs_scope_digest *)b)->scope);
}

enum cs_status cs_applier_digest(const struct cs_applier *applier, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_scope_digest *digests = cs_alloc_zero(applier->scope_count, sizeof *digests);
    if (digests == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < applier->scope_count; i++) {
        if (applier->scopes[i].subscribed) {
            digests[count++] =
                (struct cs_scope_digest){applier->scopes[i].name, applier->scopes[i].digest};
        }
    }
    qsort(digests, count, sizeof *digests, compare_names);
    cs_scopes_digest(digests, count, out);
    cs_free(digests);
    return CS_OK;
}

/* Rows found in a scope: gathered first, since a table must not change under a scan of it. */
struct members {
    uint64_t number;
    struct cs_buffer keys; /* prefixed entity name ‖ id, one after the other */
};

static enum cs_status note_member(void *context, const struct cs_stored_row *row)
{
    struct members *members = context;
    if (cs_scope_numbers_contain(row->scopes, members->number)) {
        cs_buffer_append_prefixed(&members->keys, row->name);
        cs_buffer_append(&members->keys, row->id.bytes, CS_ID_SIZE);
    }
    return members->keys.status;
}

/* Confirmed rows under the overlay: the view's copy of their scopes may be out of date. */
static enum cs_status note_covered(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    struct cs_buffer *keys = context;
    cs_buffer_append_prefixed(keys, entity);
    cs_buffer_append_bytes(keys, key);
    return keys->status;
}

static enum cs_status leave(struct cs_applier *applier, struct cs_bytes entity,
                            const struct cs_id *id, uint64_t number, uint64_t *departed)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row before;
    enum cs_status status = cs_confirmed_load(applier->replica, entity, id, &arena, &before);
    if (status == CS_OK && before.exists && cs_scope_numbers_contain(before.scopes, number)) {
        struct cs_stored_row after = before;
        status = cs_scope_numbers_without(before.scopes, number, &arena, &after.scopes);
        if (status == CS_OK) {
            after.exists = after.scopes.size > 0;
            *departed += after.exists ? 0 : 1;
            status = cs_applier_put(applier, &before, &after);
        }
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_applier_lose_scope(struct cs_applier *applier, size_t index, uint64_t *departed)
{
    struct members members = {.number = index + 1};
    cs_buffer_init(&members.keys, SIZE_MAX / 2);
    enum cs_status status = cs_row_scan_all(applier->replica->tables, note_member, &members);
    if (status == CS_OK) {
        status = cs_covered_each(applier->replica, note_covered, &members.keys);
    }
    struct cs_reader reader;
    cs_reader_init(&reader, cs_buffer_bytes(&members.keys));
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_bytes entity = cs_read_prefixed(&reader);
        struct cs_id id;
        cs_read_copy(&reader, id.bytes, CS_ID_SIZE);
        status = reader.status != CS_OK ? CS_CORRUPT
                                        : leave(applier, entity, &id, members.number, departed);
    }
    cs_buffer_release(&members.keys);
    if (status == CS_OK) {
        struct cs_scope_state *state = &applier->scopes[index];
        state->subscribed = false;
        state->cursor = 0;
        state->changed = true;
    }
    return status;
}
