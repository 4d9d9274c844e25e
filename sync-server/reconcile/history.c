/* What rows were, see history.h. */
#include "sync-server/reconcile/history.h"

#include "shared/base/limits.h"
#include "sync-server/stores/history_store.h"

/* States are replaced, never changed in place (working_set.h): the same list of values is the same values. */
static bool is_same(const struct cs_working_state *a, const struct cs_working_state *b)
{
    return a->row.values == b->row.values && a->row.extra == b->row.extra &&
           a->row.deleted == b->row.deleted && a->heads == b->heads &&
           a->head_count == b->head_count && cs_bytes_equal(a->row.versions, b->row.versions);
}

/* `earlier` became `later` by the change of later's author. */
static enum cs_status note(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                           const struct cs_working_state *earlier,
                           const struct cs_working_state *later)
{
    struct cs_history_change change = {
        .at_ms = reconcile->clock->now_ms,
        .author = later->last_author,
        .since = row->before.exists ? row->before.position : row->now.row.position,
        .before = {.name = row->now.row.name, .id = row->now.row.id},
    };
    if (!is_same(earlier, later)) {
        change.before = earlier->row;
        change.heads = earlier->heads;
        change.head_count = earlier->head_count;
    }
    return cs_store_put_history(reconcile->store, &change, 1);
}

/* About what keeping this state costs. */
static size_t cost_of(const struct cs_working_state *state)
{
    const struct cs_stored_row *row = &state->row;
    size_t cost = CS_NAME_MAX + row->versions.size;
    for (size_t i = 0; row->values != NULL && i < row->entity->field_count; i++) {
        cost += row->values[i].bytes.size;
    }
    for (size_t i = 0; i < row->extra_count; i++) {
        cost += row->extra[i].value.bytes.size;
    }
    for (size_t i = 0; i < state->head_count; i++) {
        cost += state->heads[i].value.size;
    }
    return cost;
}

/* A change-set with twenty thousand changes of one large row would cost that many images of it: what was passed may take as much as a change-set
 * may itself. */
static bool has_room(struct cs_reconcile *reconcile, const struct cs_working_state *state)
{
    size_t cost = cost_of(state);
    if (cost > CS_CHANGE_SET_BODY_MAX - reconcile->history_bytes) {
        return false;
    }
    reconcile->history_bytes += cost;
    return true;
}

enum cs_status cs_history_note(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    size_t count = 0;
    const struct cs_passed *rest =
        row->passed; /* what has no room: one change with what came after it */
    while (rest != NULL && has_room(reconcile, &rest->state)) {
        count++;
        rest = rest->earlier;
    }
    /* What was saved, what was passed since, what is saved now; ascending. */
    const struct cs_working_state **states =
        cs_arena_take_array(reconcile->arena, count + 2, sizeof(struct cs_working_state *));
    if (states == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_working_state saved = {
        .row = row->before, .heads = row->before_heads, .head_count = row->before_head_count};
    size_t place = count + 1;
    states[place] = &row->now;
    for (const struct cs_passed *passed = row->passed; passed != rest; passed = passed->earlier) {
        states[--place] = &passed->state;
    }
    if (row->before.exists) {
        states[--place] = &saved;
    }
    enum cs_status status = CS_OK;
    for (; status == CS_OK && place < count + 1; place++) {
        status = note(reconcile, row, states[place], states[place + 1]);
    }
    row->passed = NULL;
    return status;
}

enum cs_status cs_history_note_moment(struct cs_reconcile *reconcile, uint64_t before)
{
    return reconcile->position == before
               ? CS_OK
               : cs_store_put_moment(reconcile->store, reconcile->position,
                                     reconcile->clock->now_ms);
}
