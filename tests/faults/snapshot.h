/*
 * A universe as it is on disk, to begin from again and again: databases, the files of the fake worlds, clocks and randomness. Keys stay
 * unlocked in memory, since unlocking is slow by design.
 */
#ifndef TESTS_FAULTS_SNAPSHOT_H
#define TESTS_FAULTS_SNAPSHOT_H

#include "tests/simulation/universe.h"

struct snapshot_place {
    struct fake_world fake; /* copied; its files are those below */
    struct cs_buffer files[FAKE_FILES_MAX];
    struct cs_buffer database;
    bool open;
    bool damaged;
    const struct cs_registry *registry;
};

struct snapshot {
    struct snapshot_place server;
    struct snapshot_place laptops[UNIVERSE_LAPTOPS_MAX];
    size_t laptop_count;
};

/* Closes replicas and server, and remembers which were open. */
void snapshot_take(struct snapshot *snapshot, struct universe *universe);
/* Puts everything back and opens what was open, over the faulty VFS. A laptop that had not joined has no identity again. */
void snapshot_restore(const struct snapshot *snapshot, struct universe *universe);
void snapshot_release(struct snapshot *snapshot);

#endif
