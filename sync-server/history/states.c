/* A row as it was, see states.h. */
#include "sync-server/history/states.h"

#include "shared/merge/row_versions.h"

/* When this position was given; CS_STATE_LONG_SINCE where that is not kept. */
static enum cs_status moment_of(struct cs_store *store, uint64_t position, int64_t *out)
{
    int64_t reach;
    int64_t at_ms;
    enum cs_status status = cs_store_history_reach(store, &reach);
    if (status == CS_OK) {
        status = cs_store_moment(store, position, &at_ms);
    }
    if (status == CS_NOT_FOUND) {
        *out = CS_STATE_LONG_SINCE;
        return CS_OK;
    }
    if (status == CS_OK) {
        *out = at_ms <= reach ? CS_STATE_LONG_SINCE : at_ms;
    }
    return status;
}

static enum cs_status load_present(struct cs_store *store, const struct cs_row_key *key,
                                   struct cs_arena *arena, struct cs_row_state *out)
{
    struct cs_row_state state = {.until_ms = CS_STATE_STILL};
    enum cs_status status = cs_store_load_rows(store, key, 1, arena, &state.row);
    if (status == CS_OK && !state.row.exists) {
        return CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        status = cs_store_heads(store, key, arena, &state.heads, &state.head_count);
    }
    if (status == CS_OK) {
        *out = state;
    }
    return status;
}

/* The state that a change ended. */
static struct cs_row_state ended_by(const struct cs_history_change *change)
{
    return (struct cs_row_state){
        .until_ms = change->at_ms,
        .row = change->before,
        .heads = change->heads,
        .head_count = change->head_count,
    };
}

/* Who made the row, and when: of the state that no change that is kept led to. */
static enum cs_status set_origin(struct cs_store *store, const struct cs_row_key *row,
                                 struct cs_arena *arena, struct cs_row_state *state)
{
    struct cs_row_versions versions;
    uint64_t position;
    enum cs_status status = cs_store_history_first(store, row, &position);
    if (status == CS_NOT_FOUND) {
        position = state->row.position;
        status = CS_OK;
    }
    if (status == CS_OK) {
        status = moment_of(store, position, &state->from_ms);
    }
    if (status == CS_OK && state->from_ms != CS_STATE_LONG_SINCE) {
        status = cs_row_versions_unpack(state->row.versions, arena, &versions);
        if (status == CS_OK) {
            state->author = versions.created;
        }
        status = status == CS_MALFORMED ? CS_CORRUPT : status;
    }
    return status;
}

static void set_beginning(const struct cs_history_change *change, struct cs_row_state *state)
{
    state->number = change->number;
    state->from_ms = change->at_ms;
    state->author = change->author;
}

enum cs_status cs_row_states_read(struct cs_store *store, const struct cs_row_key *row,
                                  uint64_t from, size_t limit, struct cs_arena *arena,
                                  struct cs_row_states *out)
{
    struct cs_row_states states = {.count = 0};
    struct cs_history_change *changes = NULL;
    size_t count = 0;
    /* The change that began the last state which is given is read too, though not the state that it ended. */
    size_t read = from == 0 ? limit : limit + 1;
    enum cs_status status =
        cs_store_history(store, row, from == 0 ? 0 : from + 1, read, arena, &changes, &count);
    states.items = cs_arena_take_array(arena, count + 1, sizeof *states.items);
    if (status == CS_OK) {
        status = states.items == NULL ? CS_NO_MEMORY : CS_OK;
    }
    if (status == CS_OK && from == 0) {
        status = load_present(store, row, arena, &states.items[states.count++]);
    }
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (states.count > 0) {
            set_beginning(&changes[i], &states.items[states.count - 1]);
        }
        if (states.count == limit) {
            states.more = changes[i].number;
            *out = states;
            return CS_OK;
        }
        states.items[states.count++] = ended_by(&changes[i]);
    }
    if (states.count > 0) {
        status = set_origin(store, row, arena, &states.items[states.count - 1]);
    }
    if (status == CS_OK) {
        *out = states;
    }
    return status;
}

/* What began the state behind `number`, 0 being the one that the row was made with. */
static enum cs_status find_beginning(struct cs_store *store, const struct cs_row_key *row,
                                     uint64_t number, struct cs_arena *arena,
                                     struct cs_row_state *state)
{
    struct cs_history_change *changes = NULL;
    size_t count = 0;
    enum cs_status status =
        number == 0 ? CS_OK : cs_store_history(store, row, number + 1, 1, arena, &changes, &count);
    if (status != CS_OK) {
        return status;
    }
    if (count > 0) {
        set_beginning(&changes[0], state);
        return CS_OK;
    }
    return set_origin(store, row, arena, state);
}

enum cs_status cs_row_state_at(struct cs_store *store, const struct cs_row_key *row, int64_t at_ms,
                               struct cs_arena *arena, struct cs_row_state *out)
{
    uint64_t number;
    struct cs_history_change after;
    struct cs_row_state state;
    enum cs_status status = cs_store_history_before(store, row, at_ms, &number);
    if (status != CS_OK) {
        return status;
    }
    status = cs_store_history_after(store, row, number, arena, &after);
    if (status == CS_OK) {
        state = ended_by(&after);
    } else if (status == CS_NOT_FOUND) {
        status = load_present(store, row, arena, &state);
    }
    if (status == CS_OK) {
        status = find_beginning(store, row, number, arena, &state);
    }
    if (status == CS_OK && number == 0 && state.from_ms > at_ms) {
        status = CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        *out = state;
    }
    return status;
}

bool cs_row_states_differ_in(const struct cs_row_state *a, const struct cs_row_state *b,
                             size_t field)
{
    return a->row.entity != NULL && !cs_value_equal(&a->row.values[field], &b->row.values[field]);
}
