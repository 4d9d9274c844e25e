/*
 * SQLite on the disks of disk.h: one VFS per machine, which opens files on whatever disk that machine has now.
 *
 * Nothing of SQLite reaches the real machine: no file, no clock, no randomness. One thread.
 */
#ifndef TESTS_SIMULATION_WHOLE_DISK_VFS_H
#define TESTS_SIMULATION_WHOLE_DISK_VFS_H

#include "tests/simulation/whole/disk.h"

#define SIM_SLOTS_MAX 12

/* Once per process, before any database is opened. */
void sim_vfs_start(void);
/* Name of the machine's VFS, for cs_world.sqlite_vfs. */
const char *sim_vfs_name(size_t slot);
/* The disk that files are opened on from now on. */
void sim_vfs_insert(size_t slot, struct sim_disk *disk);
/* SQLite's own random numbers start again from this seed. */
void sim_vfs_seed(uint64_t seed);
/* CS_OK if SQLite's integrity_check finds nothing wrong with the database of this name on the disk; its finding in `problem`. */
enum cs_status sim_vfs_check(struct sim_disk *disk, const char *name,
                             struct cs_problem *problem) CS_MUST_USE;
/* The first integer of the first row that a query gives, -1 if there is none. Over a disk no program is on. */
int64_t sim_vfs_ask(struct sim_disk *disk, const char *name, const char *sql,
                    struct cs_bytes argument);

#endif
