/* Counting the sums of scopes anew, see recount.h. */
#include "field-client/replica/recount.h"

#include "field-client/replica/replica_internal.h"

#include <string.h>

struct scan {
    struct cs_replica *replica;
    bool overlaid; /* anything is */
    cs_row_visitor *visit;
    void *context;
};

/* The view is confirmed state wherever no unsent edit lies over it. */
static enum cs_status visit_view(void *context, const struct cs_stored_row *row)
{
    const struct scan *scan = context;
    bool overlaid = false;
    enum cs_status status =
        scan->overlaid ? cs_overlay_exists(scan->replica, row->name, &row->id, &overlaid) : CS_OK;
    return status != CS_OK || overlaid ? status : scan->visit(scan->context, row);
}

static enum cs_status visit_covered(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    const struct scan *scan = context;
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_id_from_bytes(key, &id)
                                ? cs_covered_load(scan->replica, entity, &id, &arena, &row)
                                : CS_CORRUPT;
    if (status == CS_OK && row.exists) {
        status = scan->visit(scan->context, &row);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_confirmed_scan(struct cs_replica *replica, cs_row_visitor *visit, void *context)
{
    struct scan scan = {.replica = replica, .visit = visit, .context = context};
    enum cs_status status = cs_overlay_any(replica, &scan.overlaid);
    if (status == CS_OK) {
        status = cs_row_scan_all(replica->tables, visit_view, &scan);
    }
    return status != CS_OK ? status : cs_covered_each(replica, visit_covered, &scan);
}

struct recount {
    struct cs_applier *applier;
    struct cs_multiset *sums;   /* per scope */
    struct cs_buffer misplaced; /* rows to be looked at again: prefixed entity name ‖ id */
    struct cs_recounted counted;
};

/* The scopes of a row that this replica knows. *out_sound false: the list is damaged, or none is subscribed. */
static enum cs_status sound_scopes(const struct cs_applier *applier, struct cs_bytes packed,
                                   struct cs_arena *arena, struct cs_bytes *out, bool *out_sound)
{
    struct cs_reader reader;
    uint64_t previous = 0;
    bool subscribed = false;
    bool ordered = true;
    enum cs_status status = CS_OK;
    *out = CS_BYTES_NONE;
    cs_reader_init(&reader, packed);
    while (status == CS_OK && ordered && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        ordered = reader.status == CS_OK && number > previous && number <= applier->scope_count;
        if (ordered) {
            subscribed = subscribed || applier->scopes[number - 1].subscribed;
            status = cs_scope_numbers_with(*out, number, arena, out);
            previous = number;
        }
    }
    *out_sound = ordered && subscribed;
    return status;
}

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    struct recount *recount = context;
    struct cs_arena arena;
    struct cs_bytes scopes;
    bool sound = false;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = sound_scopes(recount->applier, row->scopes, &arena, &scopes, &sound);
    if (status == CS_OK && !sound) {
        cs_buffer_append_prefixed(&recount->misplaced, row->name);
        cs_buffer_append(&recount->misplaced, row->id.bytes, CS_ID_SIZE);
        status = recount->misplaced.status;
    }
    if (status == CS_OK) {
        status = cs_stored_row_hash(row, hash);
    }
    struct cs_reader reader;
    cs_reader_init(&reader, scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        cs_multiset_add(&recount->sums[cs_read_varint(&reader) - 1], hash);
    }
    recount->counted.rows++;
    cs_arena_release(&arena);
    return status;
}

/* Sums are what was counted; what is changed after this keeps them right. */
static void take_sums(struct recount *recount)
{
    struct cs_applier *applier = recount->applier;
    for (size_t i = 0; i < applier->scope_count; i++) {
        struct cs_scope_state *state = &applier->scopes[i];
        if (memcmp(&state->digest, &recount->sums[i], sizeof state->digest) != 0) {
            state->digest = recount->sums[i];
            state->changed = true;
            recount->counted.sums += state->subscribed ? 1 : 0;
        }
    }
}

/* Gives the row the scopes it can be in, which were counted, and takes it away where there are none. */
static enum cs_status place_again(struct recount *recount, struct cs_bytes entity,
                                  const struct cs_id *id)
{
    struct cs_applier *applier = recount->applier;
    struct cs_arena arena;
    struct cs_stored_row row;
    bool unused;
    bool overlaid = false;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_confirmed_load(applier->replica, entity, id, &arena, &row);
    if (status == CS_OK && row.exists) {
        status = sound_scopes(applier, row.scopes, &arena, &row.scopes, &unused);
    }
    if (status == CS_OK && row.exists) {
        status = cs_overlay_exists(applier->replica, entity, id, &overlaid);
    }
    if (status == CS_OK && row.exists) {
        status = overlaid ? cs_covered_store(applier->replica, &row)
                          : cs_row_store(applier->replica->tables, &row);
    }
    bool held = true;
    if (status == CS_OK && row.exists) {
        status = sound_scopes(applier, row.scopes, &arena, &row.scopes, &held);
    }
    bool departed = false;
    if (status == CS_OK && !held) {
        status = cs_applier_depart(applier, entity, id, &departed);
    }
    recount->counted.strays++;
    cs_arena_release(&arena);
    return status;
}

static enum cs_status place_misplaced(struct recount *recount)
{
    struct cs_reader reader;
    enum cs_status status = CS_OK;
    cs_reader_init(&reader, cs_buffer_bytes(&recount->misplaced));
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_bytes entity = cs_read_prefixed(&reader);
        struct cs_id id;
        cs_read_copy(&reader, id.bytes, CS_ID_SIZE);
        status = reader.status != CS_OK ? CS_CORRUPT : place_again(recount, entity, &id);
    }
    return status;
}

struct unreadable {
    struct cs_replica *replica;
    struct cs_buffer keys; /* prefixed entity name and prefixed key, one after the other */
};

static enum cs_status try_covered(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    struct unreadable *unreadable = context;
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_id_from_bytes(key, &id)
                                ? cs_covered_load(unreadable->replica, entity, &id, &arena, &row)
                                : CS_CORRUPT;
    cs_arena_release(&arena);
    if (status == CS_CORRUPT) {
        cs_buffer_append_prefixed(&unreadable->keys, entity);
        cs_buffer_append_prefixed(&unreadable->keys, key);
        status = unreadable->keys.status;
    }
    return status;
}

static enum cs_status remove_covered(struct cs_replica *replica, struct cs_bytes entity,
                                     struct cs_bytes key)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "DELETE FROM _covered WHERE entity = ?1 AND CAST(row AS BLOB) = ?2",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_text(statement, 1, entity);
    cs_bind_bytes(statement, 2, key);
    return cs_statement_run(statement);
}

/* What cannot be read holds nothing; the server has it. Unsent edits stand elsewhere. */
static enum cs_status remove_unreadable(struct cs_replica *replica, uint64_t *out_removed)
{
    struct unreadable unreadable = {.replica = replica};
    struct cs_reader reader;
    cs_buffer_init(&unreadable.keys, SIZE_MAX / 2);
    enum cs_status status = cs_row_remove_unreadable(replica->tables, out_removed);
    if (status == CS_OK) {
        status = cs_covered_each(replica, try_covered, &unreadable);
    }
    cs_reader_init(&reader, cs_buffer_bytes(&unreadable.keys));
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_bytes entity = cs_read_prefixed(&reader);
        struct cs_bytes key = cs_read_prefixed(&reader);
        status = reader.status != CS_OK ? CS_CORRUPT : remove_covered(replica, entity, key);
        ++*out_removed;
    }
    cs_buffer_release(&unreadable.keys);
    return status;
}

static enum cs_status mend(struct recount *recount)
{
    struct cs_applier *applier = recount->applier;
    recount->sums = cs_alloc_zero(applier->scope_count + 1, sizeof *recount->sums);
    if (recount->sums == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_confirmed_scan(applier->replica, count_row, recount);
    if (status == CS_CORRUPT) {
        memset(recount->sums, 0, applier->scope_count * sizeof *recount->sums);
        cs_buffer_clear(&recount->misplaced);
        recount->counted = (struct cs_recounted){.rows = 0};
        status = remove_unreadable(applier->replica, &recount->counted.strays);
        if (status == CS_OK) {
            status = cs_confirmed_scan(applier->replica, count_row, recount);
        }
    }
    if (status == CS_OK) {
        take_sums(recount);
        status = place_misplaced(recount);
    }
    if (status == CS_OK) {
        status = cs_database_execute(
            applier->replica->database,
            "INSERT OR IGNORE INTO _dirty SELECT DISTINCT entity, row FROM _overlay");
    }
    return status != CS_OK ? status : cs_applier_finish(applier);
}

enum cs_status cs_recount_mend(struct cs_replica *replica, struct cs_recounted *out)
{
    struct cs_applier applier;
    struct recount recount = {.applier = &applier};
    cs_buffer_init(&recount.misplaced, SIZE_MAX / 2);
    enum cs_status status = cs_applier_init(&applier, replica);
    if (status == CS_OK) {
        status = mend(&recount);
    }
    if (status == CS_OK) {
        *out = recount.counted;
    }
    cs_buffer_release(&recount.misplaced);
    cs_free(recount.sums);
    cs_applier_release(&applier);
    return status;
}
