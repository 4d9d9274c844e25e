/* People decide conflicts and put refusals aside. */
#include "tests/simulation/whole/sim.h"

#include "shared/merge/row_versions.h"

#include <string.h>

#define CONFLICTS_LOOKED_AT 20

static struct cs_value value_of(const struct cs_stored_row *row, const char *field)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(field));
    return index < 0 ? CS_NULL : row->values[index];
}

/* An open conflict that this device sees. */
static bool pick_conflict(struct sim_device *device, struct cs_arena *arena,
                          struct cs_stored_row *out)
{
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_id *ids = NULL;
    size_t count = 0;
    struct cs_bytes name = cs_bytes_of_text("conflict");
    if (cs_query_find(device->replica, name, cs_bytes_of_text("state"), &open, CONFLICTS_LOOKED_AT,
                      arena, &ids, &count, NULL) != CS_OK ||
        count == 0) {
        return false;
    }
    return cs_query_get(device->replica, name, &ids[sim_below(&device->sim->random, count)], arena,
                        out, NULL) == CS_OK;
}

static struct cs_versions versions_of(struct cs_bytes packed, struct cs_arena *arena)
{
    size_t count = packed.size / 16;
    struct cs_version *items = cs_arena_take_array(arena, count, sizeof *items);
    cs_require(items != NULL);
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    for (size_t i = 0; i < count; i++) {
        items[i].log = cs_read_u64(&reader);
        items[i].counter = cs_read_u64(&reader);
    }
    return (struct cs_versions){items, count};
}

/* The value shown, the one that lost, or another one. */
static size_t decide(struct sim_device *device, const struct cs_stored_row *conflict,
                     const struct cs_stored_row *row, struct cs_arena *arena,
                     struct cs_named_value *out)
{
    const struct cs_entity *entity = row->entity;
    int first = cs_entity_field_index(entity, value_of(conflict, "field").bytes);
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    size_t fields[SIM_ASKED_MAX];
    size_t count = 0;
    if (first < 0) {
        return 0; /* its program is too old for that */
    }
    for (size_t i = 0; i < entity->field_count && count < SIM_ASKED_MAX; i++) {
        if (cs_entity_unit(entity, i) == cs_entity_unit(entity, (size_t)first)) {
            values[count] = row->values[i];
            fields[count++] = i;
        }
    }
    size_t choice = sim_below(&device->sim->random, 3);
    if (choice == 1) {
        cs_require(cs_unit_value_decode(value_of(conflict, "losing_value").bytes, values, count) ==
                   CS_OK);
    } else if (choice == 2 && count == 1) {
        (void)sim_value(device, &entity->fields[fields[0]], arena, &values[0]);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] =
            (struct cs_named_value){cs_bytes_of_text(entity->fields[fields[i]].name), values[i]};
    }
    return count;
}

static void resolve(struct sim_device *device, const struct cs_stored_row *conflict,
                    const struct cs_stored_row *row, struct cs_arena *arena)
{
    struct sim *sim = device->sim;
    struct cs_bytes name = cs_bytes_of_text(row->entity->name);
    struct cs_versions seen = versions_of(value_of(conflict, "losing_versions").bytes, arena);
    bool is_delete = cs_bytes_equal_text(value_of(conflict, "field").bytes, CS_UNIT_DELETED);
    enum sim_action action = is_delete ? SIM_ACTION_KEEP : SIM_ACTION_RESOLVE;
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, action);
        return;
    }
    if (!is_delete) {
        struct cs_named_value values[SIM_ASKED_MAX];
        size_t count = decide(device, conflict, row, arena, values);
        status = cs_edit_update_seeing(edit, name, &row->id, values, count, seen, &sim->problem);
    } else if (sim_permille(&sim->random, 600)) {
        status = cs_edit_keep(edit, name, &row->id, seen, &sim->problem);
    } else {
        status = cs_edit_delete(edit, name, &row->id, &sim->problem);
    }
    (void)sim_conclude(device, edit, status, action);
}

void sim_resolve_any(struct sim_device *device)
{
    struct cs_arena arena;
    struct cs_stored_row conflict;
    struct cs_stored_row row;
    struct cs_id id;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    if (pick_conflict(device, &arena, &conflict) &&
        cs_id_from_bytes(value_of(&conflict, "row").bytes, &id) &&
        cs_query_get(device->replica, value_of(&conflict, "entity").bytes, &id, &arena, &row,
                     NULL) == CS_OK) {
        resolve(device, &conflict, &row, &arena);
    }
    cs_arena_release(&arena);
}

static enum cs_status take_counter(void *context, const struct cs_pending *pending)
{
    *(uint64_t *)context = pending->counter;
    return CS_OK;
}

void sim_forget_refusal(struct sim_device *device)
{
    struct sim *sim = device->sim;
    uint64_t counter = 0;
    if (cs_query_pending(device->replica, CS_PENDING_REFUSED, take_counter, &counter) != CS_OK ||
        counter == 0) {
        return;
    }
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, SIM_ACTION_FORGET_REFUSAL);
        return;
    }
    status = cs_edit_settle_refusal(edit, counter, CS_PENDING_DISMISSED, &sim->problem);
    /* Put aside before it is known whether the commit came through: then it may be on the list or not. */
    sim_ledger_forget(&sim->ledger, device->index, &(struct cs_version){device->log, counter});
    (void)sim_conclude(device, edit, status, SIM_ACTION_FORGET_REFUSAL);
}
