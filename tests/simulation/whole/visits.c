/* A technician's day: visits started, parts used, things written down, receipts signed, visits finished. */
#include "tests/simulation/whole/sim.h"

#include "field-client/visit/visit.h"

#define STROKES "[[[1,2],[3,4],[5,9]]]"

static bool pick_open(struct sim_device *device, struct cs_arena *arena, struct cs_id *out)
{
    struct cs_id *ids = NULL;
    size_t count = 0;
    if (cs_visit_list_open(device->replica, arena, &ids, &count) != CS_OK || count == 0) {
        return false;
    }
    *out = ids[sim_below(&device->sim->random, count)];
    return true;
}

static void start(struct sim_device *device, struct cs_arena *arena)
{
    struct sim *sim = device->sim;
    struct cs_stored_row order;
    char text[CS_ID_TEXT_SIZE];
    if (!sim_pick_row(device, sim_entity(device, "work_order"), arena, &order)) {
        return;
    }
    cs_id_format(&order.id, text);
    struct cs_visit_start start = {.work_order = cs_bytes_of_text(text),
                                   .another = sim_permille(&sim->random, 300)};
    struct cs_visit_started started;
    enum cs_status status = cs_visit_start(device->replica, &start, NULL, &started, &sim->problem);
    (void)sim_committed(device, status, SIM_ACTION_VISIT_START);
}

static void use_part(struct sim_device *device, struct cs_arena *arena, const struct cs_id *visit)
{
    struct sim *sim = device->sim;
    struct cs_stored_row part;
    char text[CS_ID_TEXT_SIZE];
    if (!sim_pick_row(device, sim_entity(device, "part"), arena, &part)) {
        return;
    }
    cs_id_format(&part.id, text);
    struct cs_visit_part use = {.part = cs_bytes_of_text(text),
                                .quantity = sim_between(&sim->random, 1, 5)};
    if (sim_permille(&sim->random, 500)) {
        use.serial = sim_name(sim, arena);
    }
    struct cs_visit_parted parted;
    enum cs_status status =
        cs_visit_use_part(device->replica, visit, &use, NULL, &parted, &sim->problem);
    (void)sim_committed(device, status, SIM_ACTION_VISIT_PART);
}

static void record(struct sim_device *device, struct cs_arena *arena, const struct cs_id *visit)
{
    struct sim *sim = device->sim;
    static const char *const fields[] = {"actual_fault", "work_done", "result"};
    size_t chosen = sim_below(&sim->random, CS_COUNT(fields) + 1);
    enum cs_status status = CS_OK;
    if (chosen == CS_COUNT(fields)) {
        status = cs_visit_add_note(device->replica, visit, sim_name(sim, arena), &sim->problem);
    } else {
        struct cs_bytes text = chosen == 2 ? cs_bytes_of_text("solved") : sim_name(sim, arena);
        status = cs_visit_record(device->replica, visit, cs_bytes_of_text(fields[chosen]), text,
                                 NULL, &sim->problem);
    }
    (void)sim_committed(device, status, SIM_ACTION_VISIT_RECORD);
}

static void sign(struct sim_device *device, struct cs_arena *arena, const struct cs_id *visit)
{
    struct sim *sim = device->sim;
    struct cs_visit_sign sign = {.signer = sim_name(sim, arena),
                                 .strokes = cs_bytes_of_text(STROKES)};
    struct cs_visit_signed signed_visit;
    enum cs_status status =
        cs_visit_sign(device->replica, visit, &sign, &signed_visit, &sim->problem);
    (void)sim_committed(device, status, SIM_ACTION_VISIT_SIGN);
}

static void finish(struct sim_device *device, struct cs_arena *arena, const struct cs_id *visit)
{
    struct sim *sim = device->sim;
    struct cs_visit_finish finish = {.unsigned_reason = sim_name(sim, arena)};
    enum cs_status status = cs_visit_finish(device->replica, visit, &finish, NULL, &sim->problem);
    (void)sim_committed(device, status, SIM_ACTION_VISIT_FINISH);
}

void sim_visit_any(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    struct cs_id visit;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    size_t chance = sim_below(&sim->random, 1000);
    if (chance < 250 || !pick_open(device, &arena, &visit)) {
        start(device, &arena);
    } else if (chance < 450) {
        use_part(device, &arena, &visit);
    } else if (chance < 750) {
        record(device, &arena, &visit);
    } else if (chance < 870) {
        sign(device, &arena, &visit);
    } else {
        finish(device, &arena, &visit);
    }
    cs_arena_release(&arena);
}
