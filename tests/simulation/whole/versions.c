/*
 * Programs of different versions: now and then the program of a laptop or of the server is replaced by the version before it, and
 * replaced again. What the older one does not know passes through it whole; what the older server does not know waits on it. In
 * the end everybody has the newer one, and everything must be as if that had always been so.
 */
#include "tests/simulation/whole/registries.h"
#include "tests/simulation/whole/sim.h"

static const struct cs_registry *other_than(const struct cs_registry *registry)
{
    return registry == sim_registry() ? sim_registry_older() : sim_registry();
}

void sim_versions(struct sim *sim, struct sim_device *device)
{
    if (!device->lax && !device->machine.disk->full && sim_fault(sim, SIM_FAULT_CLIENT_PROGRAM)) {
        device->registry = other_than(device->registry);
        sim_event(sim, "laptop %zu gets the %s program", device->index,
                  device->registry == sim_registry() ? "newer" : "older");
        sim_device_restart(device);
    }
    if (sim_fault(sim, SIM_FAULT_SERVER_PROGRAM)) {
        sim->server_registry = other_than(sim->server_registry);
        sim_event(sim, "the server gets the %s program",
                  sim->server_registry == sim_registry() ? "newer" : "older");
        sim_server_restart(sim);
    }
}

void sim_versions_mend(struct sim *sim)
{
    sim->server_registry = sim_registry();
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (device->state != SIM_DEVICE_UNUSED && !device->lax) {
            device->registry = sim_registry();
        }
    }
}
