/* Confirmed state made anew, see renewal.h. */
#include "field-client/replica/renewal.h"

#include "field-client/replica/replica_internal.h"

#include <string.h>

static enum cs_status bind_row(struct cs_replica *replica, const char *sql, struct cs_bytes entity,
                               struct cs_bytes id, struct cs_statement **out)
{
    enum cs_status status = cs_statement_get(replica->database, sql, out);
    if (status == CS_OK) {
        cs_bind_text(*out, 1, entity);
        cs_bind_bytes(*out, 2, id);
    }
    return status;
}

static enum cs_status put_aside(struct cs_replica *replica, const struct cs_stored_row *row)
{
    if (row->entity != NULL && row->entity->kind == CS_ENTITY_COMPUTED) {
        return CS_OK;
    }
    struct cs_buffer image;
    struct cs_statement *statement;
    cs_buffer_init(&image, CS_PAGE_BYTES_MAX);
    enum cs_status status = cs_stored_row_encode(row, &image);
    if (status == CS_OK) {
        status = bind_row(replica, "INSERT OR REPLACE INTO _recovered VALUES (?1, ?2, ?3)",
                          row->name, cs_id_bytes(&row->id), &statement);
    }
    if (status == CS_OK) {
        cs_bind_bytes(statement, 3, cs_buffer_bytes(&image));
        status = cs_statement_run(statement);
    }
    cs_buffer_release(&image);
    return status;
}

static enum cs_status note_key(void *context, const struct cs_stored_row *row)
{
    struct cs_buffer *keys = context;
    cs_buffer_append_prefixed(keys, row->name);
    cs_buffer_append(keys, row->id.bytes, CS_ID_SIZE);
    return keys->status;
}

/* Confirmed rows under the overlay that the view may not show. */
static enum cs_status note_covered(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    struct cs_buffer *keys = context;
    cs_buffer_append_prefixed(keys, entity);
    cs_buffer_append_bytes(keys, key);
    return keys->status;
}

static enum cs_status remove_confirmed(struct cs_applier *applier, struct cs_bytes entity,
                                       const struct cs_id *id)
{
    struct cs_arena arena;
    struct cs_stored_row before;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_confirmed_load(applier->replica, entity, id, &arena, &before);
    if (status == CS_OK && before.exists) {
        struct cs_stored_row after = before;
        after.exists = false;
        status = put_aside(applier->replica, &before);
        if (status == CS_OK) {
            status = cs_applier_put(applier, &before, &after);
        }
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_renewal_begin(struct cs_applier *applier)
{
    struct cs_buffer keys;
    struct cs_reader reader;
    cs_buffer_init(&keys, SIZE_MAX / 2);
    enum cs_status status = cs_row_scan_all(applier->replica->tables, note_key, &keys);
    if (status == CS_OK) {
        status = cs_covered_each(applier->replica, note_covered, &keys);
    }
    cs_reader_init(&reader, cs_buffer_bytes(&keys));
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_bytes entity = cs_read_prefixed(&reader);
        struct cs_id id;
        cs_read_copy(&reader, id.bytes, CS_ID_SIZE);
        status = reader.status != CS_OK ? CS_CORRUPT : remove_confirmed(applier, entity, &id);
    }
    cs_buffer_release(&keys);
    for (size_t i = 0; status == CS_OK && i < applier->scope_count; i++) {
        applier->scopes[i].subscribed = false;
        applier->scopes[i].cursor = 0;
        applier->scopes[i].changed = true;
    }
    return status;
}

/* The next row aside after a key, copied into the arena; *out_found false: no more. */
struct aside {
    struct cs_bytes entity;
    struct cs_id id;
    struct cs_stored_row row;
    size_t size;
};
static enum cs_status next_aside(struct cs_replica *replica, const struct aside *after,
                                 struct cs_arena *arena, struct aside *out, bool *out_found)
{
    struct cs_statement *statement;
    enum cs_status status =
        bind_row(replica,
                 "SELECT entity, row, image FROM _recovered WHERE (entity, row) > (?1, ?2) "
                 "ORDER BY entity, row LIMIT 1",
                 after->entity, cs_id_bytes(&after->id), &statement);
    if (status != CS_OK) {
        return status;
    }
    *out_found = false;
    status = cs_statement_step(statement, out_found);
    if (status == CS_OK && *out_found) {
        struct aside found = {.size = cs_column_bytes(statement, 2).size};
        status = cs_arena_copy(arena, cs_column_bytes(statement, 0), &found.entity);
        if (status == CS_OK && !cs_id_from_bytes(cs_column_bytes(statement, 1), &found.id)) {
            status = CS_CORRUPT;
        }
        if (status == CS_OK) {
            status = cs_stored_row_decode(replica->registry, found.entity, &found.id,
                                          cs_column_bytes(statement, 2), arena, &found.row);
        }
        if (status == CS_OK) {
            *out = found;
        }
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status forget(struct cs_replica *replica, struct cs_bytes entity,
                             const struct cs_id *id)
{
    struct cs_statement *statement;
    enum cs_status status =
        bind_row(replica, "DELETE FROM _recovered WHERE entity = ?1 AND row = ?2", entity,
                 cs_id_bytes(id), &statement);
    return status != CS_OK ? status : cs_statement_run(statement);
}

static enum cs_status settle_one(struct cs_replica *replica, const struct aside *aside,
                                 struct cs_arena *arena)
{
    struct cs_stored_row now;
    enum cs_status status = cs_confirmed_load(replica, aside->entity, &aside->id, arena, &now);
    bool same = status == CS_OK && now.exists && now.deleted == aside->row.deleted &&
                cs_bytes_equal(now.versions, aside->row.versions);
    return same ? forget(replica, aside->entity, &aside->id) : status;
}

enum cs_status cs_renewal_settle(struct cs_replica *replica, uint64_t *out_kept)
{
    struct cs_arena arenas[2];
    struct aside aside = {.entity = CS_BYTES_NONE};
    enum cs_status status = CS_OK;
    bool found = true;
    cs_arena_init(&arenas[0], CS_MESSAGE_ARENA_MAX);
    cs_arena_init(&arenas[1], CS_MESSAGE_ARENA_MAX);
    /* Two arenas by turns: the key to go on from lives in the other one. */
    for (size_t turn = 0; status == CS_OK && found; turn ^= 1) {
        cs_arena_release(&arenas[turn]);
        status = next_aside(replica, &aside, &arenas[turn], &aside, &found);
        if (status == CS_OK && found) {
            status = settle_one(replica, &aside, &arenas[turn]);
        }
    }
    cs_arena_release(&arenas[0]);
    cs_arena_release(&arenas[1]);
    return status != CS_OK ? status : cs_renewal_kept(replica, out_kept);
}

enum cs_status cs_renewal_kept(struct cs_replica *replica, uint64_t *out)
{
    int64_t count = 0;
    enum cs_status status =
        cs_replica_ask_integer(replica, "SELECT count(*) FROM _recovered", &count);
    if (status == CS_OK) {
        *out = (uint64_t)count;
    }
    return status;
}

static enum cs_status to_wire(const struct aside *aside, struct cs_arena *arena, struct cs_row *out)
{
    struct cs_row row = {.entity = aside->entity,
                         .id = aside->id,
                         .deleted = aside->row.deleted,
                         .versions = aside->row.versions};
    enum cs_status status = cs_row_fields(&aside->row, arena, &row.fields, &row.field_count);
    if (status == CS_OK) {
        *out = row;
    }
    return status;
}

enum cs_status cs_renewal_load(struct cs_replica *replica, size_t limit, size_t size_max,
                               struct cs_arena *arena, struct cs_row **out_rows, size_t *out_count)
{
    struct cs_row *rows = cs_arena_take_array(arena, limit, sizeof *rows);
    struct aside aside = {.entity = CS_BYTES_NONE};
    enum cs_status status = rows == NULL ? CS_NO_MEMORY : CS_OK;
    size_t count = 0;
    size_t size = 0;
    bool found = true;
    while (status == CS_OK && count < limit && size < size_max) {
        status = next_aside(replica, &aside, arena, &aside, &found);
        if (status != CS_OK || !found) {
            break;
        }
        status = to_wire(&aside, arena, &rows[count]);
        size += aside.size;
        count++;
    }
    if (status == CS_OK) {
        *out_rows = rows;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_renewal_forget(struct cs_replica *replica, const struct cs_row *rows,
                                 size_t count)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = forget(replica, rows[i].entity, &rows[i].id);
    }
    return status;
}
