/* Units of a row, see units.h. */
#include "sync-server/reconcile/units.h"

#include "shared/base/planted.h"
#include "shared/merge/heads.h"
#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/authors.h"
#include "sync-server/reconcile/delete_seen.h"
#include "sync-server/reconcile/replaced.h"

#include <string.h>

void cs_unit_of(const struct cs_entity *entity, size_t field_index, struct cs_unit *out)
{
    size_t first = cs_entity_unit(entity, field_index);
    out->count = 0;
    out->name = cs_bytes_of_text(entity->fields[first].name);
    for (size_t i = first; i < entity->field_count; i++) {
        if (cs_entity_unit(entity, i) == first) {
            out->fields[out->count++] = i;
        }
    }
}

/* The canonical encoding of a unit's values, in the arena. */
static enum cs_status encode(struct cs_arena *arena, const struct cs_value *values, size_t count,
                             struct cs_bytes *out)
{
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, CS_PAGE_BYTES_MAX);
    cs_unit_value_encode(values, count, &buffer);
    enum cs_status status = buffer.status;
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_buffer_bytes(&buffer), out);
    }
    cs_buffer_release(&buffer);
    return status;
}

static enum cs_status set_versions(struct cs_reconcile *reconcile, struct cs_stored_row *row,
                                   struct cs_bytes unit, struct cs_versions list)
{
    struct cs_row_versions versions;
    struct cs_row_versions changed;
    enum cs_status status = cs_row_versions_unpack(row->versions, reconcile->arena, &versions);
    if (status == CS_OK) {
        status = cs_row_versions_set(&versions, unit, list, reconcile->arena, &changed);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer packed;
    cs_buffer_init(&packed, CS_VALUE_MAX);
    cs_row_versions_pack(&changed, &packed);
    status = packed.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&packed), &row->versions);
    }
    cs_buffer_release(&packed);
    return status;
}

/* A private copy of the values, so that undo finds the old ones. */
static enum cs_status set_values(struct cs_reconcile *reconcile, struct cs_stored_row *row,
                                 const struct cs_unit *unit, const struct cs_value *values)
{
    size_t count = row->entity->field_count;
    struct cs_value *copy = cs_arena_take_array(reconcile->arena, count, sizeof *copy);
    if (copy == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(copy, row->values, count * sizeof *copy);
    for (size_t i = 0; i < unit->count; i++) {
        copy[unit->fields[i]] = values[i];
    }
    row->values = copy;
    return CS_OK;
}

static size_t heads_of_unit(const struct cs_working_state *state, struct cs_bytes unit)
{
    size_t count = 0;
    for (size_t i = 0; i < state->head_count; i++) {
        count += cs_bytes_equal(state->heads[i].unit, unit) ? 1 : 0;
    }
    return count;
}

bool cs_unit_settles(const struct cs_working_row *row, struct cs_bytes unit,
                     struct cs_versions base)
{
    for (size_t i = 0; i < row->now.head_count; i++) {
        if (cs_bytes_equal(row->now.heads[i].unit, unit) &&
            cs_versions_contain(base, &row->now.heads[i].version)) {
            return true;
        }
    }
    return false;
}

bool cs_unit_is_full(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                     struct cs_bytes unit, struct cs_versions base)
{
    size_t count = heads_of_unit(&row->now, unit);
    struct cs_row_versions versions;
    if (cs_unit_settles(row, unit, base) ||
        cs_row_versions_unpack(row->now.row.versions, reconcile->arena, &versions) != CS_OK) {
        return false;
    }
    struct cs_versions shown = cs_row_versions_of(&versions, unit);
    for (size_t i = 0; i < shown.count; i++) {
        if (cs_versions_contain(base, &shown.items[i])) {
            return false;
        }
    }
    return count + shown.count >= CS_UNIT_HEADS_MAX;
}

/* All heads of the unit, shown and not, ascending, with the facts the policies ask for. */
static enum cs_status gather(struct cs_reconcile *reconcile, const struct cs_working_state *state,
                             const struct cs_unit *unit, struct cs_versions shown,
                             struct cs_heads *out)
{
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    for (size_t i = 0; i < unit->count; i++) {
        values[i] = state->row.values[unit->fields[i]];
    }
    struct cs_bytes shown_value;
    enum cs_status status = encode(reconcile->arena, values, unit->count, &shown_value);
    if (status != CS_OK) {
        return status;
    }
    struct cs_head *items =
        cs_arena_take_array(reconcile->arena, shown.count + state->head_count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < shown.count; i++) {
        items[count++] = (struct cs_head){.version = shown.items[i], .value = shown_value};
    }
    for (size_t i = 0; i < state->head_count; i++) {
        if (cs_bytes_equal(state->heads[i].unit, unit->name)) {
            items[count++] = (struct cs_head){.version = state->heads[i].version,
                                              .value = state->heads[i].value};
        }
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_version_facts facts;
        status = cs_version_facts_of(reconcile, &items[i].version, &facts);
        items[i].effective_ms = facts.effective_ms;
        items[i].fact = facts.fact;
        for (size_t j = i;
             j > 0 && cs_version_compare(&items[j].version, &items[j - 1].version) < 0; j--) {
            struct cs_head swap = items[j];
            items[j] = items[j - 1];
            items[j - 1] = swap;
        }
    }
    *out = (struct cs_heads){items, count};
    return status;
}

/* Replaces the not shown heads of one unit by the alternatives of a resolution. */
static enum cs_status set_heads(struct cs_reconcile *reconcile, struct cs_working_state *state,
                                struct cs_bytes unit, const struct cs_resolution *resolution)
{
    size_t added = 0;
    for (size_t i = 0; i < resolution->alternative_count; i++) {
        added += resolution->alternatives[i].versions.count;
    }
    struct cs_stored_head *heads =
        cs_arena_take_array(reconcile->arena, state->head_count + added, sizeof *heads);
    if (heads == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < state->head_count; i++) {
        if (!cs_bytes_equal(state->heads[i].unit, unit)) {
            heads[count++] = state->heads[i];
        }
    }
    for (size_t i = 0; i < resolution->alternative_count; i++) {
        const struct cs_alternative *alternative = &resolution->alternatives[i];
        for (size_t j = 0; j < alternative->versions.count && !CS_PLANTED(DROP_LOSING_VALUE); j++) {
            heads[count++] =
                (struct cs_stored_head){unit, alternative->versions.items[j], alternative->value};
        }
    }
    state->heads = heads;
    state->head_count = count;
    state->heads_changed = true;
    return CS_OK;
}

/* That these waited is not seen any more when the edit has replaced them. */
static enum cs_status note_decided(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                   struct cs_bytes unit, struct cs_versions base)
{
    for (size_t i = 0; i < row->now.head_count; i++) {
        const struct cs_stored_head *head = &row->now.heads[i];
        if (cs_bytes_equal(head->unit, unit) && cs_versions_contain(base, &head->version)) {
            struct cs_decided *decided = cs_arena_take(reconcile->arena, sizeof *decided);
            if (decided == NULL) {
                return CS_NO_MEMORY;
            }
            *decided = (struct cs_decided){unit, head->version, row->decided};
            row->decided = decided;
        }
    }
    return CS_OK;
}

/* A change that somebody had replaced before it came takes what it replaces along, and stands nowhere itself. */
static enum cs_status drop_replaced(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                    struct cs_bytes unit, const struct cs_version *version,
                                    struct cs_heads *heads)
{
    bool replaced;
    enum cs_status status = cs_replaced_before(reconcile, row, unit, version, &replaced);
    if (status != CS_OK || !replaced || heads->count == 1) {
        return status;
    }
    size_t count = 0;
    for (size_t i = 0; i < heads->count; i++) {
        if (!cs_version_equal(&heads->items[i].version, version)) {
            heads->items[count++] = heads->items[i];
        }
    }
    heads->count = count;
    return CS_OK;
}

/* The long way: some other head stands beside the edit. */
static enum cs_status merge(struct cs_reconcile *reconcile, struct cs_working_row *row,
                            const struct cs_unit *unit, struct cs_versions shown,
                            struct cs_bytes value, struct cs_versions base,
                            const struct cs_edit *edit)
{
    struct cs_working_state *state = &row->now;
    struct cs_heads heads;
    enum cs_status status = gather(reconcile, state, unit, shown, &heads);
    struct cs_head head = {edit->version, value, edit->effective_ms, edit->fact};
    if (status == CS_OK) {
        status = note_decided(reconcile, row, unit->name, base);
    }
    if (status == CS_OK) {
        status = cs_heads_apply(heads, &head, base, reconcile->arena, &heads);
    }
    if (status == CS_OK) {
        status = drop_replaced(reconcile, &state->row, unit->name, &edit->version, &heads);
    }
    struct cs_resolution resolution;
    if (status == CS_OK) {
        status = cs_heads_resolve(heads, state->row.entity->fields[unit->fields[0]].policy,
                                  reconcile->arena, &resolution);
    }
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    if (status == CS_OK) {
        status = cs_unit_value_decode(heads.items[resolution.shown].value, values, unit->count);
    }
    if (status == CS_OK) {
        status = set_values(reconcile, &state->row, unit, values);
    }
    if (status == CS_OK) {
        status = set_versions(reconcile, &state->row, unit->name, resolution.shown_versions);
    }
    if (status == CS_OK) {
        status = set_heads(reconcile, state, unit->name, &resolution);
    }
    if (status != CS_OK) {
        return status;
    }
    if (resolution.alternative_count > 0 || resolution.shown_versions.count != 1 ||
        !cs_version_equal(&resolution.shown_versions.items[0], &edit->version)) {
        state->surprising = true;
    }
    return CS_OK;
}

enum cs_status cs_unit_assign(struct cs_reconcile *reconcile, struct cs_working_row *row,
                              const struct cs_unit *unit, const struct cs_value *values,
                              const struct cs_version *version)
{
    enum cs_status status = set_values(reconcile, &row->now.row, unit, values);
    struct cs_version *copy = cs_arena_take(reconcile->arena, sizeof *copy);
    if (status != CS_OK || copy == NULL) {
        return CS_NO_MEMORY;
    }
    *copy = *version;
    row->now.changed = true;
    row->now.last_author = *version;
    return set_versions(reconcile, &row->now.row, unit->name, (struct cs_versions){copy, 1});
}

enum cs_status cs_unit_edit(struct cs_reconcile *reconcile, struct cs_working_row *row,
                            const struct cs_unit *unit, const struct cs_value *values,
                            struct cs_versions base, const struct cs_edit *edit)
{
    struct cs_working_state *state = &row->now;
    struct cs_row_versions versions;
    enum cs_status status =
        cs_row_versions_unpack(state->row.versions, reconcile->arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    struct cs_versions shown = cs_row_versions_of(&versions, unit->name);
    if (cs_versions_equal(shown, base) && heads_of_unit(state, unit->name) == 0 &&
        !CS_PLANTED(CLAIMED_TIME_DECIDES)) {
        return cs_unit_assign(reconcile, row, unit, values, &edit->version);
    }
    state->changed = true;
    state->last_author = edit->version;
    struct cs_bytes value;
    status = encode(reconcile->arena, values, unit->count, &value);
    return status != CS_OK ? status : merge(reconcile, row, unit, shown, value, base, edit);
}

/* The versions as a delete sees them: without the unit of deletion itself. */
static enum cs_status without_deletes(struct cs_reconcile *reconcile,
                                      const struct cs_stored_row *row, struct cs_bytes *out)
{
    struct cs_stored_row alive = *row;
    enum cs_status status = set_versions(reconcile, &alive, cs_bytes_of_text(CS_UNIT_DELETED),
                                         (struct cs_versions){NULL, 0});
    if (status == CS_OK) {
        *out = alive.versions;
    }
    return status;
}

/* The deletes that had seen the row as it is, ascending, in the arena. */
static enum cs_status deletes_that_hold(struct cs_reconcile *reconcile,
                                        struct cs_working_state *state, struct cs_versions *out)
{
    struct cs_bytes alive;
    bool renamed = false;
    enum cs_status status = without_deletes(reconcile, &state->row, &alive);
    struct cs_version *versions =
        cs_arena_take_array(reconcile->arena, state->head_count, sizeof *versions);
    bool *saw = cs_arena_take_array(reconcile->arena, state->head_count, sizeof *saw);
    if (status != CS_OK || versions == NULL || saw == NULL) {
        return status != CS_OK ? status : CS_NO_MEMORY;
    }
    status = cs_deletes_that_saw(reconcile, alive, state->heads, state->head_count, saw, &renamed);
    if (status != CS_OK) {
        return status;
    }
    size_t count = 0;
    for (size_t i = 0; i < state->head_count; i++) {
        if (saw[i]) {
            versions[count++] = state->heads[i].version;
        }
    }
    state->surprising = state->surprising || renamed;
    *out = (struct cs_versions){versions, count};
    return CS_OK;
}

enum cs_status cs_delete_settle(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    struct cs_working_state *state = &row->now;
    struct cs_bytes unit = cs_bytes_of_text(CS_UNIT_DELETED);
    size_t deletes = heads_of_unit(state, unit);
    if (deletes == 0 && !state->row.deleted) {
        return CS_OK;
    }
    /* A value that lost and waits for a person is an edit the delete cannot have seen. */
    bool contested = state->head_count > deletes;
    struct cs_versions holding = {NULL, 0};
    enum cs_status status = contested ? CS_OK : deletes_that_hold(reconcile, state, &holding);
    if (status != CS_OK) {
        return status;
    }
    bool deleted = holding.count > 0;
    if (state->row.deleted != deleted) {
        /* An unseen edit brought the row back, and the deletes are conflicts now; or what a delete had seen came after it (from
         * review, or since the server had lost it), and they are none any more. */
        state->surprising = true;
        state->heads_changed = true;
    }
    state->row.deleted = deleted;
    return set_versions(reconcile, &state->row, unit, holding);
}

enum cs_status cs_delete_edit(struct cs_reconcile *reconcile, struct cs_working_row *row,
                              const uint8_t seen[static CS_HASH_SIZE], const struct cs_edit *edit)
{
    struct cs_working_state *state = &row->now;
    struct cs_stored_head *heads =
        cs_arena_take_array(reconcile->arena, state->head_count + 1, sizeof *heads);
    struct cs_stored_head head = {.unit = cs_bytes_of_text(CS_UNIT_DELETED),
                                  .version = edit->version};
    if (heads == NULL ||
        cs_arena_copy(reconcile->arena, cs_bytes_make(seen, CS_HASH_SIZE), &head.value) != CS_OK) {
        return CS_NO_MEMORY;
    }
    /* Kept ascending by version among the deletes, since the packed list must be. */
    size_t place = state->head_count;
    if (place > 0) {
        memcpy(heads, state->heads, place * sizeof *heads);
    }
    while (place > 0 && cs_bytes_equal(heads[place - 1].unit, head.unit) &&
           cs_version_compare(&heads[place - 1].version, &head.version) > 0) {
        heads[place] = heads[place - 1];
        place--;
    }
    heads[place] = head;
    state->heads = heads;
    state->head_count++;
    state->heads_changed = true;
    state->changed = true;
    state->last_author = edit->version;
    bool was_deleted = state->row.deleted;
    bool surprising = state->surprising;
    enum cs_status status = cs_delete_settle(reconcile, row);
    /* That the row is deleted now is what its author expects. */
    state->surprising = surprising || !state->row.deleted || was_deleted;
    return status;
}

enum cs_status cs_delete_dismiss(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                 struct cs_versions base)
{
    struct cs_working_state *state = &row->now;
    struct cs_stored_head *heads =
        cs_arena_take_array(reconcile->arena, state->head_count, sizeof *heads);
    if (heads == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < state->head_count; i++) {
        bool dismissed = cs_bytes_equal_text(state->heads[i].unit, CS_UNIT_DELETED) &&
                         cs_versions_contain(base, &state->heads[i].version);
        if (!dismissed) {
            heads[count++] = state->heads[i];
        }
    }
    state->heads = heads;
    state->head_count = count;
    state->heads_changed = true;
    state->changed = true;
    return cs_delete_settle(reconcile, row);
}
