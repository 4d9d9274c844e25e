/* Rows entered, changed, deleted and imported, of whatever entity the descriptors have. */
#include "tests/simulation/whole/registries.h"
#include "tests/simulation/whole/sim.h"

#include "shared/domain/validation.h"

#include <string.h>

/* More often those where people meet. */
static const char *const edited[] = {
    "part",           "part",           "customer",        "site",           "project",
    "system",         "visit",          "visit",           "work_order",     "work_order",
    "stock_location", "stock_movement", "service_request", SIM_NEWER_ENTITY,
};

static bool permitted(const struct sim_device *device, const struct cs_entity *entity,
                      const struct cs_field *field, enum cs_write_kind kind)
{
    return cs_write_permitted(entity, field, kind, device->roles, NULL) == CS_OK;
}

/* Fields for a new row: what is required, and some more. */
static size_t new_values(struct sim_device *device, const struct cs_entity *entity,
                         struct cs_arena *arena, struct cs_named_value *out)
{
    struct sim *sim = device->sim;
    size_t count = 0;
    for (size_t i = 0; i < entity->field_count && count < SIM_ASKED_MAX; i++) {
        const struct cs_field *field = &entity->fields[i];
        bool required = (field->flags & CS_FIELD_REQUIRED) != 0;
        if (!required && !sim_permille(&sim->random, 500)) {
            continue;
        }
        struct cs_named_value *value = &out[count];
        value->name = cs_bytes_of_text(field->name);
        if (!device->lax && !permitted(device, entity, field, CS_WRITE_INSERT)) {
            continue;
        }
        if (sim_value(device, field, arena, &value->value) && value->value.kind != CS_VALUE_NULL) {
            count++;
        }
    }
    return count;
}

static void ask(struct sim_device *device, enum cs_operation_kind kind, const struct cs_id *row,
                const struct cs_named_value *values, size_t count)
{
    device->asked = (struct sim_asked){.active = true, .kind = kind, .value_count = count};
    if (row != NULL) {
        device->asked.row = *row;
    }
    if (count > 0) {
        memcpy(device->asked.values, values, count * sizeof *values);
    }
}

static void insert(struct sim_device *device, const struct cs_entity *entity,
                   struct cs_arena *arena)
{
    struct sim *sim = device->sim;
    struct cs_named_value values[SIM_ASKED_MAX];
    size_t count = new_values(device, entity, arena, values);
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, SIM_ACTION_INSERT);
        return;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text(entity->name), NULL, values, count, NULL,
                            &sim->problem);
    ask(device, CS_OPERATION_INSERT, NULL, values, count);
    (void)sim_conclude(device, edit, status, SIM_ACTION_INSERT);
}

static size_t changed_values(struct sim_device *device, const struct cs_stored_row *row,
                             struct cs_arena *arena, struct cs_named_value *out)
{
    struct sim *sim = device->sim;
    const struct cs_entity *entity = row->entity;
    size_t wanted = 1 + sim_below(&sim->random, 3);
    size_t start = sim_below(&sim->random, entity->field_count);
    size_t count = 0;
    for (size_t i = 0; i < entity->field_count && count < wanted; i++) {
        size_t index = (start + i * 3) % entity->field_count;
        const struct cs_field *field = &entity->fields[index];
        bool named = false;
        for (size_t j = 0; j < count; j++) {
            named = named || cs_bytes_equal_text(out[j].name, field->name);
        }
        bool closed =
            !device->lax &&
            (!permitted(device, entity, field, CS_WRITE_UPDATE) ||
             (field->policy == CS_MERGE_ONCE && row->values[index].kind != CS_VALUE_NULL));
        if (named || (closed && !sim_permille(&sim->random, 20))) {
            continue;
        }
        out[count].name = cs_bytes_of_text(field->name);
        count += sim_value(device, field, arena, &out[count].value) ? 1 : 0;
    }
    return count;
}

static void update(struct sim_device *device, const struct cs_stored_row *row,
                   struct cs_arena *arena)
{
    struct sim *sim = device->sim;
    struct cs_named_value values[SIM_ASKED_MAX];
    size_t count = changed_values(device, row, arena, values);
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, SIM_ACTION_UPDATE);
        return;
    }
    status = cs_edit_update(edit, cs_bytes_of_text(row->entity->name), &row->id, values, count,
                            &sim->problem);
    ask(device, CS_OPERATION_UPDATE, &row->id, values, count);
    device->asked.versions = row->versions;
    device->asked.shown = row->values;
    (void)sim_conclude(device, edit, status, SIM_ACTION_UPDATE);
}

static void remove_row(struct sim_device *device, const struct cs_stored_row *row)
{
    struct sim *sim = device->sim;
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, SIM_ACTION_DELETE);
        return;
    }
    status = cs_edit_delete(edit, cs_bytes_of_text(row->entity->name), &row->id, &sim->problem);
    ask(device, CS_OPERATION_DELETE, &row->id, NULL, 0);
    device->asked.versions = row->versions;
    (void)sim_conclude(device, edit, status, SIM_ACTION_DELETE);
}

/* One commit of several transactions, a row each; or of one transaction over several rows. */
static void insert_several(struct sim_device *device, struct cs_arena *arena,
                           enum sim_action action)
{
    struct sim *sim = device->sim;
    struct cs_bytes name = cs_bytes_of_text("part");
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, action);
        return;
    }
    size_t count = 2 + sim_below(&sim->random, 4);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(sim_name(sim, arena))},
            {cs_bytes_of_text("name"), cs_value_text(sim_name(sim, arena))},
        };
        status = cs_edit_insert(edit, name, NULL, values, CS_COUNT(values), NULL, &sim->problem);
        if (status == CS_OK && action == SIM_ACTION_IMPORT) {
            status = cs_edit_next_transaction(edit);
        }
    }
    (void)sim_conclude(device, edit, status, action);
}

/* Work orders go from one technician to another, also while both are on their way. */
static void reassign(struct sim_device *device, struct cs_arena *arena)
{
    struct sim *sim = device->sim;
    struct cs_stored_row order;
    struct cs_id person;
    if (!sim_pick_row(device, sim_entity(device, "work_order"), arena, &order) ||
        !sim_template_person(sim_below(&sim->random, SIM_DEVICES_MAX), &person)) {
        return;
    }
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("technician"), cs_value_bytes(cs_id_bytes(&person))},
        {cs_bytes_of_text("instruction"), cs_value_text(sim_name(sim, arena))},
    };
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(device->replica, &edit);
    if (status != CS_OK) {
        (void)sim_committed(device, status, SIM_ACTION_REASSIGN);
        return;
    }
    status = cs_edit_update(edit, cs_bytes_of_text("work_order"), &order.id, values,
                            CS_COUNT(values), &sim->problem);
    ask(device, CS_OPERATION_UPDATE, &order.id, values, CS_COUNT(values));
    device->asked.versions = order.versions;
    device->asked.shown = order.values;
    (void)sim_conclude(device, edit, status, SIM_ACTION_REASSIGN);
}

static void edit_row(struct sim_device *device, struct cs_arena *arena, size_t chance)
{
    struct sim *sim = device->sim;
    const struct cs_entity *entity =
        sim_entity(device, edited[sim_below(&sim->random, CS_COUNT(edited))]);
    struct cs_stored_row row;
    if (entity == NULL) {
        return; /* its program is too old for it */
    }
    if (chance < 250 || !sim_pick_row(device, entity, arena, &row)) {
        insert(device, entity, arena);
    } else if (chance < 290) {
        remove_row(device, &row);
    } else {
        update(device, &row, arena);
    }
}

void sim_edit_any(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    size_t chance = sim_below(&sim->random, 1000);
    if (chance < 850) {
        edit_row(device, &arena, sim_below(&sim->random, 1000));
    } else if (chance < 880) {
        insert_several(device, &arena, SIM_ACTION_IMPORT);
    } else if (chance < 910) {
        insert_several(device, &arena, SIM_ACTION_PAIR);
    } else {
        reassign(device, &arena);
    }
    cs_arena_release(&arena);
}
