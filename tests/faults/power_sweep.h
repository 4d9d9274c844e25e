/*
 * A scenario, run again and again with power failing in its nth operation on a file, for every n, every kind of disk and everything that may
 * become of what was not synced; and right after every step that was acknowledged. Where it fails is where the operation is done: on a
 * laptop or on the server; the others go on. In every third run it fails again while that machine starts and goes on.
 *
 * After each cut: the databases are sound by SQLite's own check and by doctor and verification; nothing is there in part
 * (sweep_scenario.whole); nobody has lost what was acknowledged (a server that had would have gone back, which no sync may find); the
 * same step then succeeds, and all is there once at the end, with equal digests.
 */
#ifndef TESTS_FAULTS_POWER_SWEEP_H
#define TESTS_FAULTS_POWER_SWEEP_H

#include "tests/faults/sweep.h"

/* Every cut, or an evenly spread share of about `runs_max`, unless COUNTERSIGN_SWEEP_RUNS says another number. */
void power_sweep_run(const struct sweep_scenario *scenario, long runs_max);

#endif
