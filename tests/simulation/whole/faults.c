/* What happens between the steps: power, disks, clocks, partitions, copies. */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"

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
        device->in_clone_group || device->was_restored || sim_revoking_concerns(device) ||
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
    int64_t looked = sim_server_look(sim);
    cs_arena_init(&arena, CS_MEBI);
    sim_expect(sim,
               cs_store_device_by_log(cs_server_store(sim->server),
                                      cs_identity_log(device->identity), &arena, &known),
               "the server knows a device");
    uint64_t seen = known.request_counter;
    sim_server_look_away(sim, looked);
    cs_arena_release(&arena);
    return seen;
}

static void take_image(struct sim_device *device)
{
    sim_disk_destroy(device->image);
    device->image = sim_disk_copy(device->machine.disk);
    device->image_counter = device->counter_recorded;
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
    device->log_is_seen = false;
    device->requests_seen = requests_seen(sim, device);
    device->set_back = device->requests_seen > (uint64_t)counter;
    sim_event(sim, "laptop %zu is set back%s", device->index,
              device->set_back ? ", which the server can see" : "");
}

static void image_device(struct sim *sim, struct sim_device *device)
{
    if (device->state != SIM_DEVICE_ON || device->in_clone_group || device->machine.disk->full ||
        sim_revoking_concerns(device) || !sim_fault(sim, SIM_FAULT_IMAGE_RESTORED)) {
        return;
    }
    if (device->image == NULL) {
        take_image(device);
    } else {
        restore_image(sim, device);
    }
}

/* Has the server, old as it is, all change-sets of this device, and nothing waits to be sent? */
static bool has_nothing_to_send(struct sim *sim, struct sim_device *device)
{
    struct cs_arena arena;
    struct cs_device known = {.sequence = 0};
    struct cs_outbox_head head;
    struct cs_pending_counts counts;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_store_device_by_log(
        cs_server_store(sim->server), cs_identity_log(device->identity), &arena, &known);
    uint64_t sequence = known.sequence;
    cs_arena_release(&arena);
    return status == CS_OK && cs_outbox_head(device->replica, &head) == CS_OK &&
           cs_query_pending_counts(device->replica, &counts) == CS_OK && counts.waiting == 0 &&
           counts.packed == 0 && counts.held == 0 && head.sequence == sequence;
}

static bool knows_better(struct sim *sim, struct sim_device *device, uint64_t position)
{
    const struct sim_disk *disk = device->machine.disk;
    int64_t known = 0;
    return sim_device_is_usable(device) && device->state == SIM_DEVICE_ON &&
           !device->in_clone_group && !device->was_restored && device->session == NULL &&
           !disk->full && disk->power_left < 0 && disk->error_left < 0 &&
           device->partitioned_till_ms <= sim->now_ms &&
           cs_replica_meta_number(device->replica, CS_META_POSITION, &known) == CS_OK &&
           (uint64_t)known > position && has_nothing_to_send(sim, device);
}

/* A laptop that knows better meets the old server: it must say so, whether it is turned away or gets its work back there. */
static void meet_old_server(struct sim *sim, struct sim_device *device)
{
    struct sim_disk *own = sim_disk_copy(device->machine.disk);
    device->rolled_back = false;
    sim_sync_start(device);
    sim_network_deliver(sim);
    if (!device->rolled_back) {
        sim_fail(sim, SIM_INVARIANT_FORK_UNREPORTED,
                 "laptop %zu did not notice that the server has gone back", device->index);
    }
    sim->counts.faults[SIM_FAULT_SERVER_IMAGE]++;
    sim_device_close(device);
    sim_machine_insert(&device->machine, own);
    sim_device_open(device);
}

/* Somebody puts an old copy of the server's disk in its place. What comes of it is looked at and undone, on both sides. */
static void try_old_server(struct sim *sim, uint64_t position)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        if (knows_better(sim, &sim->devices[i], position)) {
            meet_old_server(sim, &sim->devices[i]);
            return;
        }
    }
}

static void old_server(struct sim *sim)
{
    if (!sim_fault(sim, SIM_FAULT_SERVER_IMAGE)) {
        return;
    }
    sim->counts.faults[SIM_FAULT_SERVER_IMAGE]--; /* counted where somebody meets it */
    sim_server_restart(sim);
    uint64_t position = 0;
    if (sim->server_image == NULL) {
        sim->server_image = sim_disk_copy(sim->machine.disk);
        sim_expect(sim, cs_store_position(cs_server_store(sim->server), &position), "position");
        sim->server_image_position = position;
        return;
    }
    sim_event(sim, "an old copy of the server's disk is put in its place");
    struct sim_disk *current = sim_disk_copy(sim->machine.disk);
    sim_server_close(sim);
    sim_machine_insert(&sim->machine, sim_disk_copy(sim->server_image));
    sim_server_open(sim);
    sim->healing = true;
    sim->server_image_in = true;
    try_old_server(sim, sim->server_image_position);
    sim->server_image_in = false;
    sim->healing = false;
    sim_server_close(sim);
    sim_machine_insert(&sim->machine, current);
    sim_server_open(sim);
    sim_event(sim, "the server has its own disk again");
}

void sim_faults(struct sim *sim)
{
    struct sim_device *device = any_device(sim);
    if (device != NULL) {
        client_faults(sim, device);
        clock_faults(sim, device);
        clone_device(sim, device);
        image_device(sim, device);
        sim_rejoin_try(device);
    }
    server_faults(sim);
    old_server(sim);
}
