/* Machines, see machine.h. */
#include "tests/simulation/whole/machine.h"

#include "tests/simulation/whole/disk_vfs.h"

#include <string.h>

int64_t sim_machine_wall_ms(const struct sim_machine *machine)
{
    return machine->true_ms + machine->wrong_ms;
}

static int64_t wall_ms(void *context)
{
    return sim_machine_wall_ms(context);
}

static int64_t monotonic_ms(void *context)
{
    const struct sim_machine *machine = context;
    return machine->true_ms - machine->booted_ms;
}

static int offset_minutes(void *context)
{
    (void)context;
    return 480;
}

static void boot_id(void *context, uint8_t out[static 16])
{
    memcpy(out, ((struct sim_machine *)context)->boot_id, 16);
}

static void random_bytes(void *context, uint8_t *out, size_t size)
{
    struct sim_machine *machine = context;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = sim_next(&machine->random);
        memcpy(out + i, &word, size - i < 8 ? size - i : 8);
    }
}

static enum cs_status file_read(void *context, const char *path, struct cs_buffer *out)
{
    return sim_disk_read(((struct sim_machine *)context)->disk, path, out);
}

static enum cs_status file_replace(void *context, const char *path, struct cs_bytes content)
{
    return sim_disk_replace(((struct sim_machine *)context)->disk, path, content);
}

static void boot(struct sim_machine *machine)
{
    machine->booted_ms = machine->true_ms;
    random_bytes(machine, machine->boot_id, sizeof machine->boot_id);
    sim_vfs_insert(machine->slot, machine->disk);
}

void sim_machine_start(struct sim_machine *machine, size_t slot, struct sim_disk *owned_disk,
                       uint64_t seed)
{
    *machine = (struct sim_machine){
        .world = {.context = machine,
                  .wall_ms = wall_ms,
                  .offset_minutes = offset_minutes,
                  .monotonic_ms = monotonic_ms,
                  .boot_id = boot_id,
                  .random = random_bytes,
                  .file_read = file_read,
                  .file_replace = file_replace,
                  .sqlite_vfs = sim_vfs_name(slot)},
        .slot = slot,
        .disk = owned_disk,
        .random = sim_random_of(seed, 100 + slot),
    };
    boot(machine);
}

static void add_counts(struct sim_disk_counts *sum, const struct sim_disk_counts *counts)
{
    sum->writes += counts->writes;
    sum->syncs += counts->syncs;
    sum->errors += counts->errors;
    sum->full += counts->full;
    sum->power_losses += counts->power_losses;
    sum->pages_lost += counts->pages_lost;
    sum->pages_torn += counts->pages_torn;
}

struct sim_disk_counts sim_machine_counts(const struct sim_machine *machine)
{
    struct sim_disk_counts sum = machine->counts;
    if (machine->disk != NULL) {
        add_counts(&sum, &machine->disk->counts);
    }
    return sum;
}

void sim_machine_release(struct sim_machine *machine)
{
    sim_vfs_insert(machine->slot, NULL);
    sim_disk_destroy(machine->disk);
    machine->disk = NULL;
}

void sim_machine_insert(struct sim_machine *machine, struct sim_disk *owned_disk)
{
    add_counts(&machine->counts, &machine->disk->counts);
    sim_disk_destroy(machine->disk);
    machine->disk = owned_disk;
    boot(machine);
}

void sim_machine_restart(struct sim_machine *machine)
{
    struct sim_disk *after = machine->disk->after;
    if (after == NULL) {
        boot(machine);
        return;
    }
    machine->disk->after = NULL;
    sim_machine_insert(machine, after);
}
