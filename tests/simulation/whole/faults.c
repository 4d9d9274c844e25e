/* What happens between the steps: power, disks, clocks, partitions, copies. */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/meta.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define YEAR_MS (365 * 24 * HOUR_MS)

static struct sim_device *any_device(struct sim *sim)
{
    struct sim_device *device = &sim->devices[sim_below(&sim->random, sim->device_count)];
    return sim_device_is_usable(device) ? device : NULL;
}

static void client_faults(struct sim *sim, struct sim_device *device)
{
    struct sim_disk *disk = device->machine.disk;
    if (sim_fault(sim, SIM_FAULT_CLIENT_POWER)) {
        sim_device_power_loss(device);
    } else if (sim_fault(sim, SIM_FAULT_CLIENT_POWER_WRITING)) {
        disk->power_left = sim_between(&sim->random, 0, 40);
    } else if (sim_fault(sim, SIM_FAULT_CLIENT_DISK_ERROR)) {
        disk->error_left = sim_between(&sim->random, 0, 60);
    } else if (sim_fault(sim, SIM_FAULT_CLIENT_DISK_FULL)) {
        disk->full = true;
    } else if (sim_fault(sim, SIM_FAULT_CLIENT_RESTART)) {
        sim_event(sim, "laptop %zu is restarted", device->index);
        sim_device_restart(device);
    } else if (disk->full && sim_permille(&sim->random, 200)) {
        disk->full = false;
    }
}

static void clock_faults(struct sim *sim, struct sim_device *device)
{
    if (sim_fault(sim, SIM_FAULT_CLOCK_WRONG)) {
        device->machine.wrong_ms = sim_between(&sim->random, -10 * YEAR_MS, 10 * YEAR_MS);
        sim_event(sim, "laptop %zu's clock is wrong by %lld days", device->index,
                  (long long)(device->machine.wrong_ms / (24 * HOUR_MS)));
    }
    if (sim_fault(sim, SIM_FAULT_CLOCK_JUMP)) {
        device->machine.wrong_ms += sim_between(&sim->random, -5 * HOUR_MS, 5 * HOUR_MS);
    }
    if (sim_fault(sim, SIM_FAULT_SERVER_CLOCK_JUMP)) {
        sim->machine.wrong_ms = sim_between(&sim->random, -24 * HOUR_MS, 24 * HOUR_MS);
    }
    if (sim_fault(sim, SIM_FAULT_PARTITION)) {
        device->partitioned_till_ms =
            sim->now_ms + sim_between(&sim->random, HOUR_MS, 200 * HOUR_MS);
        sim_event(sim, "laptop %zu is cut off", device->index);
    }
}

static void server_faults(struct sim *sim)
{
    struct sim_disk *disk = sim->machine.disk;
    if (sim_fault(sim, SIM_FAULT_SERVER_POWER)) {
        sim_server_power_loss(sim);
    } else if (sim_fault(sim, SIM_FAULT_SERVER_POWER_WRITING)) {
        disk->power_left = sim_between(&sim->random, 0, 60);
    } else if (sim_fault(sim, SIM_FAULT_SERVER_DISK_ERROR)) {
        disk->error_left = sim_between(&sim->random, 0, 100);
    } else if (sim_fault(sim, SIM_FAULT_SERVER_DISK_FULL)) {
        disk->full = true;
    } else if (sim_fault(sim, SIM_FAULT_SERVER_RESTART)) {
        sim_event(sim, "the server is restarted");
        sim_server_restart(sim);
    } else if (disk->full && sim_permille(&sim->random, 200)) {
        disk->full = false;
    }
}

/* A copied disk: from now on two laptops go on from one past. */
static void clone_device(struct sim *sim, struct sim_device *device)
{
    if (sim->device_count == SIM_INSTANCES_MAX || device->state != SIM_DEVICE_ON ||
        device->in_clone_group || device->was_restored || sim_owes(device) ||
        sim_alone_decides(device) || sim->fork.server != NULL || sim_revoking_concerns(device) ||
        !sim_fault(sim, SIM_FAULT_CLONE)) {
        return;
    }
    sim_device_restart(device);
    struct sim_device *copy = &sim->devices[sim->device_count];
    *copy = (struct sim_device){.sim = sim,
                                .index = sim->device_count,
                                .person = device->person,
                                .roles = device->roles,
                                .sees_everything = device->sees_everything,
                                .lax = device->lax,
                                .registry = device->registry,
                                .counter_recorded = device->counter_recorded,
                                .misled = device->misled,
                                .was_misled = device->was_misled,
                                .lies_told = device->lies_told,
                                .in_clone_group = true,
                                .twin = device->index};
    device->in_clone_group = true;
    device->twin = copy->index;
    sim_machine_start(&copy->machine, copy->index, sim_disk_copy(device->machine.disk), sim->seed);
    sim->device_count++;
    sim_event(sim, "laptop %zu is copied as laptop %zu", device->index, copy->index);
    sim_device_open(copy);
}

/* How many requests of this device the server has seen. */
static uint64_t requests_seen(struct sim *sim, const struct sim_device *device)
{
    struct cs_arena arena;
    struct cs_device known = {.request_counter = 0};
    int64_t looked = sim_disk_look(sim->machine.disk);
    cs_arena_init(&arena, CS_MEBI);
    sim_expect(sim,
               cs_store_device_by_log(cs_server_store(sim->server),
                                      cs_identity_log(device->identity), &arena, &known),
               "the server knows a device");
    uint64_t seen = known.request_counter;
    sim_disk_look_away(sim->machine.disk, looked);
    cs_arena_release(&arena);
    return seen;
}

static void take_image(struct sim_device *device)
{
    sim_disk_destroy(device->image);
    device->image = sim_disk_copy(device->machine.disk);
    device->image_counter = device->counter_recorded;
    device->image_misled = device->misled;
    device->image_ledger = device->sim->ledger.entry_count;
    sim_event(device->sim, "laptop %zu's disk is put aside", device->index);
}

/* What was entered since the image was made and had not been sent is gone with the disk. */
static void forget_since_image(struct sim_device *device)
{
    struct sim_ledger *ledger = &device->sim->ledger;
    for (size_t i = device->image_ledger; i < ledger->entry_count; i++) {
        struct sim_entry *entry = ledger->entries[i];
        entry->vanished = entry->vanished || entry->author == device->index;
    }
}

static void restore_image(struct sim *sim, struct sim_device *device)
{
    int64_t counter = 0;
    sim_device_close(device);
    sim_machine_insert(&device->machine, device->image);
    device->image = NULL;
    device->counter_recorded = device->image_counter;
    device->log = 0; /* it may have joined again since */
    forget_since_image(device);
    sim_device_open(device);
    sim_expect(sim, cs_replica_meta_number(device->replica, CS_META_REQUEST_COUNTER, &counter),
               "the counter of requests");
    device->was_restored = true;
    device->misled = device->image_misled;
    device->log_is_seen = false;
    device->requests_seen = requests_seen(sim, device);
    device->set_back = device->requests_seen > (uint64_t)counter;
    sim_event(sim, "laptop %zu is set back%s", device->index,
              device->set_back ? ", which the server can see" : "");
    /* A commit that failed because the disk did, with all of it written, is none where the program went on, and is one in an image. */
    sim_record(device);
}

static void image_device(struct sim *sim, struct sim_device *device)
{
    if (device->state != SIM_DEVICE_ON || device->in_clone_group || device->machine.disk->full ||
        sim_owes(device) || sim_alone_decides(device) || sim->fork.server != NULL ||
        sim_revoking_concerns(device) || !sim_fault(sim, SIM_FAULT_IMAGE_RESTORED)) {
        return;
    }
    if (device->image == NULL) {
        take_image(device);
    } else {
        restore_image(sim, device);
    }
}

void sim_faults(struct sim *sim)
{
    struct sim_device *device = any_device(sim);
    if (device != NULL) {
        client_faults(sim, device);
        clock_faults(sim, device);
        clone_device(sim, device);
        image_device(sim, device);
        sim_versions(sim, device);
        sim_rejoin_try(device);
    }
    server_faults(sim);
    sim_server_image(sim);
}
