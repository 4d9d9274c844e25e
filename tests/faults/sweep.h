/*
 * A scenario, run again and again with its nth allocation (or its nth write, sync or read of a database) failing, for every n until
 * none fails any more; where that is too many, for the first ones and then by a stride with a fixed offset.
 *
 * After each failure: the step has said so with a status of this machine's fault or "later"; every replica and the server are sound
 * (doctor, verify); the same step then succeeds, and so does the rest; and in the end everything is there exactly once. All runs begin
 * from the same files, so they do not depend on each other.
 */
#ifndef TESTS_FAULTS_SWEEP_H
#define TESTS_FAULTS_SWEEP_H

#include "tests/simulation/registry_variant.h"
#include "tests/simulation/vault_scene.h"

#define SWEEP_IDS_MAX 8
#define SWEEP_STEPS_MAX 12

enum sweep_fault {
    SWEEP_ALLOCATION,
    SWEEP_WRITE,     /* an I/O error, once */
    SWEEP_SYNC,      /* likewise */
    SWEEP_READ,      /* likewise */
    SWEEP_WRITES,    /* an I/O error from there on, until it is noticed */
    SWEEP_SYNCS,     /* likewise */
    SWEEP_DISK_FULL, /* writes, until it is noticed */
    SWEEP_FILE, /* a whole file read, or replaced by another (written, synced, renamed): once */
};

struct sweep {
    struct registry_variant newer;
    struct vault_scene scene; /* its universe is everybody's; the rest is for those with a vault */
    struct laptop *laptops[UNIVERSE_LAPTOPS_MAX]; /* as the scenario names them */
    struct cs_id ids[SWEEP_IDS_MAX];
    struct cs_buffer text; /* what a scenario keeps between its steps */
};

/* Does what it has not done yet; called again after a failure. Must not assert what memory or disk can cause. */
typedef enum cs_status sweep_step(struct sweep *sweep);

struct sweep_scenario {
    const char *name;
    void (*prepare)(struct sweep *sweep); /* with a universe that is open and founded; asserts */
    sweep_step *steps[SWEEP_STEPS_MAX];   /* until the first NULL */
    void (*finish)(struct sweep *sweep);  /* asserts that everything is as it should be */
    /* After a failure, with everything open again: asserts that nothing is there in part. May be NULL. */
    void (*whole)(struct sweep *sweep);
};

/* A sweep with its universe, open and prepared by the scenario; released by sweep_close. */
struct sweep *sweep_open(const struct sweep_scenario *scenario);
void sweep_close(struct sweep *sweep);
/* Doctor finds nothing on any laptop, and the server's verification finds nothing. */
void sweep_assert_sound(struct sweep *sweep);
/* This machine's fault, or to be tried again later: all that a failure of it may be. */
bool sweep_is_machines_fault(enum cs_status status);
/* The offset of a sample by this stride, fixed by the name. */
long sweep_offset(const char *name, long stride);
/* How many of a sweep may be run: `runs_max`, or what COUNTERSIGN_SWEEP_RUNS says. */
long sweep_runs_allowed(long runs_max);

/* The whole sweep; at most `runs_max` runs, unless COUNTERSIGN_SWEEP_RUNS says another number. */
void sweep_run(const struct sweep_scenario *scenario, enum sweep_fault fault, long runs_max);

#endif
