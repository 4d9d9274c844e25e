/*
 * Who sees what in the end: worked out from the values of all rows by the rules of the descriptors (design §7), and compared with what
 * each laptop of a smaller scope really holds.
 */
#include "tests/simulation/whole/sim.h"

#include <stdlib.h>

#define PROJECTS_MAX 64

struct place {
    const struct sim_row *row;
    struct cs_stored_row stored;
    uint32_t persons;  /* in whose scope it is */
    uint64_t projects; /* in the scopes of which projects */
};

struct places {
    struct sim *sim;
    struct cs_arena arena;
    struct place *items; /* as sim->ledger.rows */
    struct cs_id projects[PROJECTS_MAX];
    size_t project_count;
};

static struct place *place_of(struct places *places, const struct cs_id *id)
{
    const struct sim_row *row = sim_ledger_row(&places->sim->ledger, id);
    return row == NULL ? NULL : &places->items[row - places->sim->ledger.rows];
}

static uint64_t project_bit(struct places *places, const struct cs_id *id)
{
    for (size_t i = 0; i < places->project_count; i++) {
        if (cs_id_equal(&places->projects[i], id)) {
            return (uint64_t)1 << i;
        }
    }
    /* More than fit share the last bit; a run makes fewer. */
    cs_require(places->project_count < PROJECTS_MAX);
    places->projects[places->project_count] = *id;
    return (uint64_t)1 << places->project_count++;
}

static void own_scopes(struct places *places, struct place *place)
{
    const struct cs_entity *entity = place->stored.entity;
    if (entity->opens_project_scope) {
        place->projects |= project_bit(places, &place->stored.id);
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        struct cs_id id;
        if (!cs_id_from_bytes(place->stored.values[i].bytes, &id)) {
            continue;
        }
        if ((entity->fields[i].flags & CS_FIELD_OWNER) != 0) {
            place->persons |= sim_person_bit(cs_id_bytes(&id));
        }
        if ((entity->fields[i].flags & CS_FIELD_PROJECT) != 0) {
            place->projects |= project_bit(places, &id);
        }
    }
}

static bool hand_on(const struct place *from, struct place *to)
{
    bool more = (from->persons & ~to->persons) != 0 || (from->projects & ~to->projects) != 0;
    to->persons |= from->persons;
    to->projects |= from->projects;
    return more;
}

/* Along one reference: to the row that follows, and from a live row that is not closed to what it carries. */
static bool pass_along(struct places *places, struct place *place, size_t field)
{
    struct cs_id id;
    unsigned flags = place->stored.entity->fields[field].flags;
    if ((flags & (CS_FIELD_FOLLOWS | CS_FIELD_CARRIES)) == 0 ||
        !cs_id_from_bytes(place->stored.values[field].bytes, &id)) {
        return false;
    }
    struct place *other = place_of(places, &id);
    if (other == NULL || !other->stored.exists) {
        return false;
    }
    bool more = (flags & CS_FIELD_FOLLOWS) != 0 && hand_on(other, place);
    if ((flags & CS_FIELD_CARRIES) != 0 && !place->stored.deleted &&
        !cs_entity_is_closed(place->stored.entity, place->stored.values)) {
        more = hand_on(place, other) || more;
    }
    return more;
}

static void spread(struct places *places)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < places->sim->ledger.row_count; i++) {
            struct place *place = &places->items[i];
            for (size_t j = 0; place->stored.exists && j < place->stored.entity->field_count; j++) {
                more = pass_along(places, place, j) || more;
            }
        }
    }
}

static void load(struct sim *sim, struct places *places)
{
    *places = (struct places){.sim = sim};
    cs_arena_init(&places->arena, CS_MESSAGE_ARENA_MAX);
    places->items = calloc(sim->ledger.row_count + 1, sizeof *places->items);
    cs_require(places->items != NULL);
    for (size_t i = 0; i < sim->ledger.row_count; i++) {
        struct place *place = &places->items[i];
        place->row = &sim->ledger.rows[i];
        sim_expect(sim,
                   cs_row_load(cs_store_rows(cs_server_store(sim->server)),
                               cs_bytes_of_text(place->row->entity->name), &place->row->id,
                               &places->arena, &place->stored),
                   "reading a row");
        if (place->stored.exists) {
            own_scopes(places, place);
        }
    }
    spread(places);
}

/* The projects that stand open to a person. */
static uint64_t opened(struct places *places, uint32_t person)
{
    uint64_t projects = 0;
    for (size_t i = 0; i < places->sim->ledger.row_count; i++) {
        const struct place *place = &places->items[i];
        if (place->stored.exists && place->stored.entity->opens_project_scope &&
            !place->stored.deleted && (place->persons & person) != 0) {
            projects |= project_bit(places, &place->stored.id);
        }
    }
    return projects;
}

static void check_device(struct places *places, struct sim_device *device)
{
    struct sim *sim = places->sim;
    uint32_t person = (uint32_t)1 << device->person;
    uint64_t projects = opened(places, person);
    for (size_t i = 0; i < sim->ledger.row_count; i++) {
        const struct place *place = &places->items[i];
        struct cs_arena arena;
        struct cs_stored_row own;
        if (!place->stored.exists || place->row->entity->kind == CS_ENTITY_COMPUTED) {
            continue;
        }
        bool visible = place->stored.entity->scope == CS_SCOPE_RULE_EVERYONE ||
                       (place->persons & person) != 0 || (place->projects & projects) != 0;
        cs_arena_init(&arena, CS_MEBI);
        sim_expect(sim,
                   cs_row_load(cs_replica_tables(device->replica),
                               cs_bytes_of_text(place->row->entity->name), &place->row->id, &arena,
                               &own),
                   "reading a replica");
        cs_arena_release(&arena);
        if (own.exists != visible) {
            char id[CS_ID_TEXT_SIZE];
            cs_id_format(&place->row->id, id);
            sim_fail(sim, visible ? SIM_INVARIANT_SCOPE_INCOMPLETE : SIM_INVARIANT_SCOPE_LEAK,
                     "%s %s and laptop %zu", place->row->entity->name, id, device->index);
        }
    }
}

void sim_check_visible(struct sim *sim)
{
    struct places places;
    load(sim, &places);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (sim_device_is_usable(device) && device->state == SIM_DEVICE_ON &&
            !device->sees_everything) {
            check_device(&places, device);
        }
    }
    cs_arena_release(&places.arena);
    free(places.items);
}
