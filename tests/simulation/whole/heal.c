/* Everything is mended, and everybody syncs until there is nothing to say any more. */
#include "tests/simulation/whole/sim.h"

/* Rounds of everybody after which it must be quiet; and attempts that one sync may need. */
#define ROUNDS_MAX 12
#define ATTEMPTS_MAX 60
/* Times that laptops may join again before no copy may be left: each has a twin at most. */
#define REJOINS_MAX (2 * SIM_INSTANCES_MAX)
#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void mend(struct sim *sim)
{
    sim_fork_end(sim);
    sim->healing = true;
    sim_event(sim, "everything is mended");
    sim_versions_mend(sim);
    sim->machine.wrong_ms = 0;
    sim->machine.true_ms = sim->now_ms;
    sim_server_restart(sim);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        device->partitioned_till_ms = 0;
        if (sim_device_is_usable(device)) {
            device->machine.wrong_ms = 0;
            sim_device_restart(device);
        }
    }
    /* What is still on its way arrives, a day at a time. */
    for (size_t day = 0; day < 10; day++) {
        sim->now_ms += DAY_MS;
        sim_network_deliver(sim);
        sim_courier_deliver(sim);
    }
}

/* One sync, as often as it takes; true if anything moved, or was heard that others have yet to hear. */
static bool sync(struct sim *sim, struct sim_device *device)
{
    uint64_t finished = sim->counts.actions[SIM_ACTION_SYNC_FINISHED];
    uint64_t before = sim->ledger_moves;
    for (size_t attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        sim->now_ms += 1000;
        sim_sync_start(device);
        sim_network_deliver(sim);
        if (device->state != SIM_DEVICE_ON) {
            return true;
        }
        if (sim->counts.actions[SIM_ACTION_SYNC_FINISHED] > finished) {
            return sim->ledger_moves != before;
        }
    }
    sim_fail(sim, SIM_INVARIANT_NOT_LIVE, "laptop %zu cannot sync although all is well",
             device->index);
}

static bool sync_all(struct sim *sim)
{
    bool moved = false;
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (sim_device_is_usable(device) && device->state == SIM_DEVICE_ON) {
            moved = sync(sim, device) || moved;
        }
    }
    return moved;
}

/* Two laptops that went on from one past cannot both have gone on unnoticed. Where one has joined again, the other goes on alone. */
static void check_clones(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        const struct sim_device *twin = &sim->devices[device->twin];
        if (device->in_clone_group && device->state == SIM_DEVICE_ON && twin->in_clone_group &&
            twin->state == SIM_DEVICE_ON) {
            sim_fail(sim, SIM_INVARIANT_FORK_UNREPORTED, "laptops %zu and %zu are copies", i,
                     device->twin);
        }
    }
}

static void sync_until_quiet(struct sim *sim)
{
    size_t round = 0;
    for (bool moved = true; moved; round++) {
        if (round == ROUNDS_MAX) {
            sim_fail(sim, SIM_INVARIANT_NOT_LIVE, "after %d rounds there is still news",
                     ROUNDS_MAX);
        }
        moved = sync_all(sim);
    }
}

void sim_heal(struct sim *sim)
{
    bool rejoined = true;
    mend(sim);
    for (size_t round = 0; rejoined; round++) {
        if (round == REJOINS_MAX) {
            sim_fail(sim, SIM_INVARIANT_NOT_LIVE, "laptops join again without end");
        }
        sync_until_quiet(sim);
        check_clones(sim);
        rejoined = sim_rejoin_all(sim);
    }
    if (sim_give_up_waiting(sim)) {
        sync_until_quiet(sim);
    }
    if (sim_revoking_send_rest(sim)) {
        sync_until_quiet(sim);
    }
    while (sim_revoking_review_all(sim)) {
        sync_until_quiet(sim);
    }
}
