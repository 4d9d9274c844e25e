/*
 * A SQLite VFS for tests that wraps the default one and lets chosen operations fail, and counts them.
 *
 * Set world.sqlite_vfs to FAULTY_VFS_NAME. One plan for the whole process, so one test at a time. A program that uses it
 * must link a library that brings SQLite (cs_shared_storage does).
 */
#ifndef TESTS_SUPPORT_FAULTY_VFS_H
#define TESTS_SUPPORT_FAULTY_VFS_H

#include <stdbool.h>

#define FAULTY_VFS_NAME "faulty"

enum faulty_operation {
    FAULTY_READ = 1,
    FAULTY_WRITE = 2, /* also truncation */
    FAULTY_SYNC = 4,
    FAULTY_OPEN = 8,
};

enum faulty_kind {
    FAULTY_IO_ERROR,  /* EIO */
    FAULTY_DISK_FULL, /* ENOSPC; a write gives SQLITE_FULL, anything else an I/O error */
};

enum faulty_duration { FAULTY_ONCE, FAULTY_UNTIL_RESET };

/* Operations since the last reset, failed ones included. */
struct faulty_counts {
    long reads;
    long writes;
    long syncs;
    long opens;
    long failures;
};

/* Registers the VFS (again does nothing) and resets. */
void faulty_vfs_install(void);
/* Nothing fails from here on; counts are zero. */
void faulty_vfs_reset(void);
/* After `successes` further operations of the kinds in `operations` (an OR of faulty_operation) the next fails. */
void faulty_vfs_fail(unsigned operations, long successes, enum faulty_kind kind,
                     enum faulty_duration duration);
struct faulty_counts faulty_vfs_counts(void);

#endif
