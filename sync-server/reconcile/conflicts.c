/* Conflict rows, see conflicts.h. */
#include "sync-server/reconcile/conflicts.h"

#include "shared/base/planted.h"
#include "shared/base/text.h"
#include "shared/domain/value_text.h"
#include "shared/merge/row_digest.h"
#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/authors.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/units.h"

#include <stdio.h>
#include <string.h>

/* A log id or counter as the eight bytes in which conflict rows carry it. */
static enum cs_status number_bytes(struct cs_arena *arena, uint64_t number, struct cs_bytes *out)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return cs_arena_copy(arena, cs_bytes_of_array(bytes), out);
}

/* Text of an encoded unit value, "" for a delete. */
static enum cs_status value_text(struct cs_reconcile *reconcile, const struct cs_entity *entity,
                                 const struct cs_unit *unit, struct cs_bytes encoded,
                                 struct cs_value *out)
{
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    struct cs_buffer text;
    cs_buffer_init(&text, 4 * CS_PAGE_BYTES_MAX);
    enum cs_status status = cs_unit_value_decode(encoded, values, unit->count);
    for (size_t i = 0; status == CS_OK && i < unit->count; i++) {
        cs_buffer_append_text(&text, i > 0 ? " / " : "");
        cs_value_format(&entity->fields[unit->fields[i]], &values[i], &text);
    }
    const char *whole = cs_buffer_text(&text);
    if (status == CS_OK) {
        status =
            whole == NULL ? CS_NO_MEMORY : cs_computed_text(reconcile->arena, out, "%s", whole);
    }
    cs_buffer_release(&text);
    return status;
}

struct conflict {
    struct cs_working_row *row;
    struct cs_bytes unit;
    struct cs_version version;
    struct cs_bytes value; /* encoded; of a delete what it had seen */
};

static enum cs_status conflict_id(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                                  const struct cs_stored_head *head, struct cs_id *out)
{
    struct cs_bytes log;
    struct cs_bytes counter;
    enum cs_status status = number_bytes(reconcile->arena, head->version.log, &log);
    if (status == CS_OK) {
        status = number_bytes(reconcile->arena, head->version.counter, &counter);
    }
    if (status == CS_OK) {
        const struct cs_bytes parts[] = {row->name, cs_id_bytes(&row->id), head->unit, log,
                                         counter};
        cs_computed_id("countersign conflict", parts, CS_COUNT(parts), out);
    }
    return status;
}

/* The side of a conflict that is shown now: text, author, time. */
struct side {
    struct cs_value text;
    struct cs_value author;
    struct cs_value at;
};

static enum cs_status version_side(struct cs_reconcile *reconcile, const struct cs_version *version,
                                   struct side *out)
{
    const struct cs_author *author;
    struct cs_version_facts facts;
    enum cs_status status = cs_author_of(reconcile, version->log, &author);
    if (status == CS_OK) {
        status = cs_version_facts_of(reconcile, version, &facts);
    }
    if (status == CS_OK) {
        out->author = cs_value_text(author->name);
        out->at = facts.claimed == 0 ? CS_NULL : cs_value_integer(facts.claimed);
    }
    return status;
}

static enum cs_status shown_side(struct cs_reconcile *reconcile, const struct conflict *conflict,
                                 const struct cs_unit *unit, struct side *out)
{
    const struct cs_stored_row *row = &conflict->row->now.row;
    struct cs_row_versions versions;
    enum cs_status status = cs_row_versions_unpack(row->versions, reconcile->arena, &versions);
    if (status != CS_OK) {
        return status;
    }
    if (unit == NULL) {
        /* A delete lost against the row as it is: the last edit made it so. */
        status = cs_row_label(reconcile, row, &out->text.bytes);
        out->text.kind = CS_VALUE_TEXT;
        return status != CS_OK ? status
                               : version_side(reconcile, &conflict->row->now.last_author, out);
    }
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    for (size_t i = 0; i < unit->count; i++) {
        values[i] = row->values[unit->fields[i]];
    }
    struct cs_buffer encoded;
    cs_buffer_init(&encoded, CS_PAGE_BYTES_MAX);
    cs_unit_value_encode(values, unit->count, &encoded);
    status = encoded.status;
    if (status == CS_OK) {
        status = value_text(reconcile, row->entity, unit, cs_buffer_bytes(&encoded), &out->text);
    }
    cs_buffer_release(&encoded);
    struct cs_versions shown = cs_row_versions_of(&versions, unit->name);
    return status != CS_OK ? status : version_side(reconcile, &shown.items[shown.count - 1], out);
}

/* All heads with the losing value, 16 bytes each (log, counter): what a resolution names as seen. */
static enum cs_status alternative_versions(struct cs_reconcile *reconcile,
                                           const struct conflict *conflict, struct cs_bytes *out)
{
    const struct cs_working_state *state = &conflict->row->now;
    bool is_delete = cs_bytes_equal_text(conflict->unit, CS_UNIT_DELETED);
    struct cs_buffer list;
    cs_buffer_init(&list, 64 * CS_KIBI);
    for (size_t i = 0; i < state->head_count; i++) {
        const struct cs_stored_head *head = &state->heads[i];
        bool same = cs_bytes_equal(head->unit, conflict->unit) &&
                    (is_delete ? cs_version_equal(&head->version, &conflict->version)
                               : cs_bytes_equal(head->value, conflict->value));
        if (same) {
            cs_buffer_append_u64(&list, head->version.log);
            cs_buffer_append_u64(&list, head->version.counter);
        }
    }
    enum cs_status status = list.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&list), out);
    }
    cs_buffer_release(&list);
    return status;
}

/* A buffer that two conflicts share by mistake. */
static enum cs_status leave_stale(struct cs_reconcile *reconcile, struct cs_value *text)
{
    static char kept[256];
    struct cs_bytes now = text->bytes;
    size_t size = now.size < sizeof kept - 1 ? now.size : sizeof kept - 1;
    enum cs_status status = cs_computed_text(reconcile->arena, text, "%s", kept);
    memcpy(kept, now.data, size);
    kept[size] = '\0';
    return status;
}

static enum cs_status put_conflict(struct cs_reconcile *reconcile, const struct conflict *conflict)
{
    const struct cs_stored_row *row = &conflict->row->now.row;
    bool is_delete = cs_bytes_equal_text(conflict->unit, CS_UNIT_DELETED);
    struct cs_unit unit;
    struct side losing = {.text = cs_value_text(cs_bytes_of_text("delete this row"))};
    struct side shown = {.text = CS_NULL};
    enum cs_status status = CS_OK;
    if (!is_delete) {
        cs_unit_of(row->entity, (size_t)cs_entity_field_index(row->entity, conflict->unit), &unit);
        status = value_text(reconcile, row->entity, &unit, conflict->value, &losing.text);
    }
    if (status == CS_OK) {
        status = version_side(reconcile, &conflict->version, &losing);
    }
    if (status == CS_OK) {
        status = shown_side(reconcile, conflict, is_delete ? NULL : &unit, &shown);
    }
    if (status == CS_OK && CS_PLANTED(STALE_TEXT)) {
        status = leave_stale(reconcile, &shown.text);
    }
    struct cs_id id;
    if (status == CS_OK) {
        const struct cs_stored_head head = {conflict->unit, conflict->version, conflict->value};
        status = conflict_id(reconcile, row, &head, &id);
    }
    struct cs_bytes log;
    struct cs_bytes subject;
    if (status == CS_OK) {
        status = number_bytes(reconcile->arena, conflict->version.log, &log);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(&row->id), &subject);
    }
    struct cs_bytes versions;
    if (status == CS_OK) {
        status = alternative_versions(reconcile, conflict, &versions);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"entity", cs_value_text(row->name)},
        {"row", cs_value_bytes(subject)},
        {"field", cs_value_text(conflict->unit)},
        {"losing_log", cs_value_bytes(log)},
        {"losing_counter", cs_value_integer((int64_t)conflict->version.counter)},
        {"losing_value", cs_value_bytes(conflict->value)},
        {"losing_versions", cs_value_bytes(versions)},
        {"losing_text", losing.text},
        {"losing_author", losing.author},
        {"losing_at", losing.at},
        {"shown_text", shown.text},
        {"shown_author", shown.author},
        {"shown_at", shown.at},
        {"state", cs_value_text(cs_bytes_of_text("open"))},
        {"resolved_by", CS_NULL},
        {"resolved_at", CS_NULL},
    };
    return cs_computed_put(reconcile, "conflict", &id, values, CS_COUNT(values));
}

/* Is this head the name of its alternative: no later head of the unit has the same value? */
static bool names_alternative(const struct cs_working_state *state, size_t index)
{
    const struct cs_stored_head *head = &state->heads[index];
    bool is_delete = cs_bytes_equal_text(head->unit, CS_UNIT_DELETED);
    if (is_delete && state->row.deleted) {
        return false;
    }
    for (size_t i = 0; !is_delete && i < state->head_count; i++) {
        const struct cs_stored_head *other = &state->heads[i];
        if (cs_bytes_equal(other->unit, head->unit) && cs_bytes_equal(other->value, head->value) &&
            cs_version_compare(&other->version, &head->version) > 0) {
            return false;
        }
    }
    return true;
}

/* Ids of the conflicts that are open while the row is in this state. */
static enum cs_status ids_of(struct cs_reconcile *reconcile, const struct cs_working_state *state,
                             struct cs_id **out_ids, size_t *out_count)
{
    struct cs_id *ids = cs_arena_take_array(reconcile->arena, state->head_count, sizeof *ids);
    enum cs_status status = ids == NULL ? CS_NO_MEMORY : CS_OK;
    size_t count = 0;
    for (size_t i = 0; status == CS_OK && i < state->head_count; i++) {
        if (names_alternative(state, i)) {
            status = conflict_id(reconcile, &state->row, &state->heads[i], &ids[count++]);
        }
    }
    if (status == CS_OK) {
        *out_ids = ids;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_conflicts_of(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                               struct cs_id **out_ids, size_t *out_count)
{
    return ids_of(reconcile, &row->now, out_ids, out_count);
}

enum cs_status cs_conflict_was(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                               struct cs_bytes unit, const struct cs_version *version, bool *out)
{
    const struct cs_versions one = {version, 1};
    *out = cs_unit_settles(row, unit, one);
    for (const struct cs_decided *decided = row->decided; decided != NULL && !*out;
         decided = decided->next) {
        *out = cs_bytes_equal(decided->unit, unit) && cs_version_equal(&decided->version, version);
    }
    if (*out) {
        return CS_OK;
    }
    const struct cs_stored_head head = {.unit = unit, .version = *version};
    struct cs_id id;
    struct cs_working_row *conflict;
    enum cs_status status = conflict_id(reconcile, &row->now.row, &head, &id);
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile->set, cs_bytes_of_text("conflict"), &id, &conflict);
    }
    if (status == CS_OK) {
        *out = conflict->now.row.exists;
    }
    return status;
}

static enum cs_status close_conflict(struct cs_reconcile *reconcile, const struct cs_id *id,
                                     const struct cs_version *by)
{
    struct cs_working_row *conflict;
    enum cs_status status =
        cs_working_set_get(&reconcile->set, cs_bytes_of_text("conflict"), id, &conflict);
    struct cs_value state = status == CS_OK ? cs_working_value(conflict, "state") : CS_NULL;
    if (status != CS_OK || !cs_bytes_equal_text(state.bytes, "open")) {
        return status;
    }
    const struct cs_author *author;
    status = cs_author_of(reconcile, by->log, &author);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"state", cs_value_text(cs_bytes_of_text("resolved"))},
        {"resolved_by", cs_value_text(author->name)},
        {"resolved_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
    };
    return cs_computed_put(reconcile, "conflict", id, values, CS_COUNT(values));
}

/* Of what only a newer program knows nothing changes here: its conflict stands as that program wrote it. */
static bool is_known(const struct cs_stored_row *row, struct cs_bytes unit)
{
    return cs_bytes_equal_text(unit, CS_UNIT_DELETED) ||
           cs_entity_field_index(row->entity, unit) >= 0;
}

static enum cs_status put_conflicts(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < row->now.head_count; i++) {
        if (names_alternative(&row->now, i) && is_known(&row->now.row, row->now.heads[i].unit)) {
            struct conflict conflict = {row, row->now.heads[i].unit, row->now.heads[i].version,
                                        row->now.heads[i].value};
            status = put_conflict(reconcile, &conflict);
        }
    }
    return status;
}

enum cs_status cs_conflicts_update(struct cs_reconcile *reconcile, struct cs_working_row *row)
{
    /* What was open follows from the heads as they stood in the store: no search. */
    const struct cs_working_state before = {
        .row = row->before, .heads = row->before_heads, .head_count = row->before_head_count};
    struct cs_id *open;
    struct cs_id *current;
    size_t open_count = 0;
    size_t current_count = 0;
    enum cs_status status = ids_of(reconcile, &before, &open, &open_count);
    if (status == CS_OK) {
        status = cs_conflicts_of(reconcile, row, &current, &current_count);
    }
    if (status == CS_OK) {
        status = put_conflicts(reconcile, row);
    }
    for (size_t i = 0; status == CS_OK && i < open_count; i++) {
        bool still = false;
        for (size_t j = 0; j < current_count; j++) {
            still = still || cs_id_equal(&open[i], &current[j]);
        }
        if (!still) {
            status = close_conflict(reconcile, &open[i], &row->now.last_author);
        }
    }
    return status;
}
