/*
 * A machine: a world (clocks, randomness, files) on a disk of its own, and the SQLite VFS that opens databases there.
 *
 * Copies of a machine (a cloned laptop, a restored image) share no randomness: what differs in reality differs here.
 */
#ifndef TESTS_SIMULATION_WHOLE_MACHINE_H
#define TESTS_SIMULATION_WHOLE_MACHINE_H

#include "tests/simulation/whole/disk.h"

#include "shared/base/world.h"

struct sim_machine {
    struct cs_world world;
    size_t slot;
    struct sim_disk *disk; /* owned */
    struct sim_random random;
    int64_t true_ms;   /* time as it really is, set by the run */
    int64_t wrong_ms;  /* by which the wall clock is wrong */
    int64_t booted_ms; /* true time of the last start */
    uint8_t boot_id[16];
    struct sim_disk_counts counts; /* of disks that are gone */
};

/* On a disk that it takes over. */
void sim_machine_start(struct sim_machine *machine, size_t slot, struct sim_disk *owned_disk,
                       uint64_t seed);
void sim_machine_release(struct sim_machine *machine);
/* Starts again: with what power left of the disk if it failed, or with another disk altogether. */
void sim_machine_restart(struct sim_machine *machine);
void sim_machine_insert(struct sim_machine *machine, struct sim_disk *owned_disk);
/* Adds up what happened to all disks this machine has had. */
struct sim_disk_counts sim_machine_counts(const struct sim_machine *machine);
int64_t sim_machine_wall_ms(const struct sim_machine *machine);

#endif
