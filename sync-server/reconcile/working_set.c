/* The working set of one push, see working_set.h. */
#include "sync-server/reconcile/working_set.h"

struct cs_working_undo {
    struct cs_working_row *row;
    struct cs_working_state state;
    struct cs_working_undo *next;
};

enum cs_status cs_working_set_init(struct cs_working_set *set, struct cs_store *store,
                                   struct cs_arena *arena, size_t expected)
{
    *set = (struct cs_working_set){.store = store, .arena = arena, .bucket_count = 64};
    while (set->bucket_count < expected) {
        set->bucket_count *= 2;
    }
    set->last = &set->first;
    set->buckets = cs_arena_take_array(arena, set->bucket_count, sizeof(struct cs_working_row *));
    return set->buckets == NULL ? CS_NO_MEMORY : CS_OK;
}

/* FNV-1a over the id: ids of one batch differ in few bits. */
static size_t bucket_of(const struct cs_working_set *set, const struct cs_id *id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < CS_ID_SIZE; i++) {
        hash = (hash ^ id->bytes[i]) * 0x100000001b3u;
    }
    return (size_t)(hash ^ (hash >> 32)) & (set->bucket_count - 1);
}

static struct cs_working_row *find(const struct cs_working_set *set, struct cs_bytes entity,
                                   const struct cs_id *id)
{
    struct cs_working_row *row = set->buckets[bucket_of(set, id)];
    while (row != NULL &&
           !(cs_id_equal(&row->before.id, id) && cs_bytes_equal(row->before.name, entity))) {
        row = row->next_in_bucket;
    }
    return row;
}

static enum cs_status add(struct cs_working_set *set, const struct cs_stored_row *stored,
                          struct cs_working_row **out)
{
    struct cs_working_row *row = cs_arena_take(set->arena, sizeof *row);
    if (row == NULL) {
        return CS_NO_MEMORY;
    }
    row->before = *stored;
    row->now.row = *stored;
    row->loaded_position = stored->position;
    row->loaded_scopes = stored->scopes;
    if (stored->exists) {
        struct cs_row_key key = {stored->name, stored->id};
        enum cs_status status =
            cs_store_heads(set->store, &key, set->arena, &row->now.heads, &row->now.head_count);
        if (status != CS_OK) {
            return status;
        }
    }
    row->before_heads = row->now.heads;
    row->before_head_count = row->now.head_count;
    size_t bucket = bucket_of(set, &stored->id);
    row->next_in_bucket = set->buckets[bucket];
    set->buckets[bucket] = row;
    *set->last = row;
    set->last = &row->next;
    set->count++;
    *out = row;
    return CS_OK;
}

enum cs_status cs_working_set_get(struct cs_working_set *set, struct cs_bytes entity,
                                  const struct cs_id *id, struct cs_working_row **out)
{
    struct cs_working_row *row = find(set, entity, id);
    if (row == NULL) {
        struct cs_row_key key = {entity, *id};
        struct cs_stored_row stored;
        enum cs_status status = cs_store_load_rows(set->store, &key, 1, set->arena, &stored);
        if (status == CS_OK) {
            status = add(set, &stored, &row);
        }
        if (status != CS_OK) {
            return status;
        }
    }
    *out = row;
    return CS_OK;
}

enum cs_status cs_working_set_preload(struct cs_working_set *set, const struct cs_row_key *keys,
                                      size_t count)
{
    struct cs_stored_row *rows = cs_arena_take_array(set->arena, count, sizeof *rows);
    if (rows == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_store_load_rows(set->store, keys, count, set->arena, rows);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_working_row *row = find(set, keys[i].entity, &keys[i].id);
        if (row == NULL) {
            status = add(set, &rows[i], &row);
        }
    }
    return status;
}

enum cs_status cs_working_set_touch(struct cs_working_set *set, struct cs_working_row *row)
{
    row->saved = false;
    if (!set->journaling) {
        return CS_OK;
    }
    struct cs_working_undo *undo = cs_arena_take(set->arena, sizeof *undo);
    if (undo == NULL) {
        return CS_NO_MEMORY;
    }
    *undo = (struct cs_working_undo){row, row->now, set->journal};
    set->journal = undo;
    return CS_OK;
}

void cs_working_set_mark(struct cs_working_set *set)
{
    cs_require(!set->journaling);
    set->journaling = true;
    set->journal = NULL;
}

/* What the transaction before this one had made of the row, if it was this change-set's. */
static enum cs_status note_passed(struct cs_working_set *set, struct cs_working_row *row)
{
    const struct cs_working_state *state = row->marked;
    row->marked = NULL;
    if (state == NULL || !state->changed || !state->row.exists) {
        return CS_OK;
    }
    struct cs_passed *passed = cs_arena_take(set->arena, sizeof *passed);
    if (passed == NULL) {
        return CS_NO_MEMORY;
    }
    *passed = (struct cs_passed){*state, row->passed};
    row->passed = passed;
    return CS_OK;
}

static void end_journal(struct cs_working_set *set)
{
    set->journaling = false;
    set->journal = NULL;
}

enum cs_status cs_working_set_keep(struct cs_working_set *set)
{
    enum cs_status status = CS_OK;
    /* Newest first: the last one that is met of a row is what the transaction found. */
    for (struct cs_working_undo *undo = set->journal; undo != NULL; undo = undo->next) {
        undo->row->marked = &undo->state;
    }
    for (struct cs_working_undo *undo = set->journal; status == CS_OK && undo != NULL;
         undo = undo->next) {
        status = note_passed(set, undo->row);
    }
    end_journal(set);
    return status;
}

void cs_working_set_undo(struct cs_working_set *set)
{
    for (struct cs_working_undo *undo = set->journal; undo != NULL; undo = undo->next) {
        undo->row->now = undo->state;
    }
    end_journal(set);
}
