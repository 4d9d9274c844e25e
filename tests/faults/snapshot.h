/*
 * A universe as it is on disk, to begin from again and again: databases, the files of the fake worlds, clocks and randomness. Keys stay
 * unlocked in memory, since unlocking is slow by design.
 */
#ifndef TESTS_FAULTS_SNAPSHOT_H
#define TESTS_FAULTS_SNAPSHOT_H

#include "tests/faults/folder.h"
#include "tests/simulation/universe.h"

struct snapshot_place {
    struct fake_world fake; /* copied; its files are those below */
    struct cs_buffer files[FAKE_FILES_MAX];
    struct folder folder; /* database, files of attachments */
    bool has_database;
    bool open;
    bool damaged;
    const struct cs_registry *registry;
};

struct snapshot {
    struct snapshot_place server;
    struct snapshot_place laptops[UNIVERSE_LAPTOPS_MAX];
    size_t laptop_count;
    const char *vfs; /* that databases are opened with from now on; a literal */
};

/* Closes replicas and server, and remembers which were open. From the first restoring on databases are opened with this VFS. */
void snapshot_take(struct snapshot *snapshot, struct universe *universe, const char *vfs);
/* Puts everything back and opens what was open. A laptop that had not joined has no identity again. */
void snapshot_restore(const struct snapshot *snapshot, struct universe *universe);
/* The same in two steps: what is open is closed and files are put back; then all of it is opened. */
void snapshot_put(const struct snapshot *snapshot, struct universe *universe);
void snapshot_open(const struct snapshot *snapshot, struct universe *universe);
void snapshot_release(struct snapshot *snapshot);

#endif
