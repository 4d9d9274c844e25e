/* The run of one seed. */
#include "tests/simulation/whole/sim.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define SESSION_PATIENCE_MS (48 * 60 * MINUTE_MS)

static bool may_edit(struct sim *sim, const struct sim_device *device)
{
    return device->session == NULL || sim_fault(sim, SIM_FAULT_EDIT_IN_SYNC);
}

static void act(struct sim *sim, struct sim_device *device)
{
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    if (sim_revoking_review(device)) {
        return;
    }
    size_t chance = sim_below(&sim->random, 1000);
    if ((device->roles & CS_ROLE(TECHNICIAN)) != 0 && chance < 450) {
        sim_visit_any(device);
    } else if (chance > 920) {
        sim_resolve_any(device);
    } else if (chance > 900) {
        sim_forget_refusal(device);
    } else {
        sim_edit_any(device);
    }
}

static void step(struct sim *sim)
{
    int64_t minutes = (int64_t)60 * sim->plan.hours_per_step;
    sim->now_ms += sim_between(&sim->random, MINUTE_MS, minutes * MINUTE_MS);
    sim->machine.true_ms = sim->now_ms;
    sim_network_deliver(sim);
    sim_courier(sim);
    sim_faults(sim);
    sim_intruder(sim);
    sim_revoking(sim);
    sim_fork(sim);
    struct sim_device *device = &sim->devices[sim_below(&sim->random, sim->device_count)];
    if (!sim_device_is_usable(device)) {
        return;
    }
    if (device->session != NULL && sim->now_ms - device->session_since_ms > SESSION_PATIENCE_MS) {
        sim_sync_abandon(device);
    }
    bool syncs = device->state == SIM_DEVICE_ON || device->state == SIM_DEVICE_REVOKED;
    if (device->session == NULL && syncs && sim_permille(&sim->random, sim->plan.sync_permille)) {
        sim_sync_start(device);
        sim_network_deliver(sim);
    } else if (may_edit(sim, device)) {
        act(sim, device);
        sim->operations++;
    }
}

static void add_disk_counts(struct sim *sim, const struct sim_machine *machine)
{
    struct sim_disk_counts counts = sim_machine_counts(machine);
    sim->counts.pages_lost += counts.pages_lost;
    sim->counts.pages_torn += counts.pages_torn;
}

uint64_t sim_run(struct sim *sim, uint64_t seed, bool print)
{
    *sim = (struct sim){.seed = seed, .trace = {.hash = 0xcbf29ce484222325u, .print = print}};
    sim_plan_make(&sim->plan, seed, SIM_DEVICES_MAX);
    sim->random = sim_random_of(seed, 6);
    sim_vfs_seed(seed);
    sim_check_begin(sim);
    sim_template_start(sim);
    for (sim->step = 0; sim->operations < sim->plan.operations; sim->step++) {
        step(sim);
    }
    sim_heal(sim);
    sim_check_end(sim);
    add_disk_counts(sim, &sim->machine);
    for (size_t i = 0; i < sim->device_count; i++) {
        add_disk_counts(sim, &sim->devices[i].machine);
    }
    return sim->trace.hash;
}

void sim_release(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (device->state != SIM_DEVICE_UNUSED) {
            sim_device_close(device);
            sim_machine_release(&device->machine);
            sim_disk_destroy(device->image);
        }
    }
    cs_identity_destroy(sim->intruder_identity);
    sim_machine_release(&sim->intruder);
    sim_server_close(sim);
    sim_machine_release(&sim->machine);
    sim_disk_destroy(sim->server_image);
    cs_secret_destroy(sim->master_key);
    sim_network_release(sim);
    sim_courier_release(sim);
    sim_ledger_release(&sim->ledger);
    sim_evidence_release(sim);
    sim_hostile_release(sim);
    sim_disk_destroy(sim->fork.aside);
    if (sim->fork.server != NULL) {
        cs_server_close(sim->fork.server);
        sim_machine_release(&sim->fork.machine);
    }
}
