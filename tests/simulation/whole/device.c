/* Laptops that start, stop, lose power and find again what they had. */
#include "tests/simulation/whole/sim.h"

bool sim_device_is_usable(const struct sim_device *device)
{
    return device->state != SIM_DEVICE_UNUSED && device->replica != NULL;
}

void sim_unlock(struct sim *sim, struct sim_machine *machine, struct cs_identity **out)
{
    sim_expect(sim,
               cs_identity_unlock(&machine->world, SIM_HOME, CS_IDENTITY_FILE,
                                  cs_bytes_of_text(SIM_PASSPHRASE), out, &sim->problem),
               "unlocking an identity");
}

void sim_device_open(struct sim_device *device)
{
    struct sim *sim = device->sim;
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    sim_unlock(sim, &device->machine, &device->identity);
    enum cs_status status = cs_replica_open(&device->machine.world, SIM_HOME, device->registry,
                                            device->identity, &device->replica, &sim->problem);
    sim_expect(sim, status, "a laptop opens its replica");
    uint64_t former = device->log;
    device->log = cs_identity_log(device->identity);
    if (former != 0 && former != device->log) {
        sim_rejoin_note(device);
    }
}

void sim_device_close(struct sim_device *device)
{
    sim_sync_abandon(device);
    cs_replica_close(device->replica);
    device->replica = NULL;
    cs_identity_destroy(device->identity);
    device->identity = NULL;
}

void sim_device_restart(struct sim_device *device)
{
    struct sim *sim = device->sim;
    sim_device_close(device);
    struct sim_disk *disk = device->machine.disk;
    bool lost_power = disk->dead;
    disk->full = false;
    disk->error_left = -1;
    disk->power_left = -1;
    sim_machine_restart(&device->machine);
    sim_device_open(device);
    if (lost_power) {
        enum cs_status status =
            cs_database_check(cs_replica_database(device->replica), &sim->problem);
        if (status != CS_OK) {
            sim_fail(sim, SIM_INVARIANT_DATABASE_DAMAGED, "of laptop %zu: %s", device->index,
                     sim->problem.text);
        }
    }
    /* What was committed just before power failed, without its program hearing of it, is there too. */
    sim_record(device);
    sim_check_device_started(device);
}

bool sim_device_recover(struct sim_device *device)
{
    if (!device->machine.disk->dead) {
        return false;
    }
    sim_event(device->sim, "laptop %zu has lost power", device->index);
    sim_device_restart(device);
    return true;
}

void sim_device_power_loss(struct sim_device *device)
{
    if (!device->machine.disk->dead) {
        sim_disk_fail_power(device->machine.disk);
    }
    (void)sim_device_recover(device);
}
