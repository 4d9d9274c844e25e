/*
 * A machine's disk: files in memory, each with what the program sees and what would survive a loss of power.
 *
 * Contents are lists of pages that several files, images and disks share until one of them writes: copying a disk costs a pointer
 * per page. Power may fail at a chosen write or sync: from then on every operation of the running program fails, and
 * `after` holds what the machine finds when it starts again: synced data whole, unsynced data kept, lost or torn by sector.
 */
#ifndef TESTS_SIMULATION_WHOLE_DISK_H
#define TESTS_SIMULATION_WHOLE_DISK_H

#include "tests/simulation/whole/random.h"

#include "shared/base/bytes.h"

#define SIM_PAGE_SIZE ((size_t)4096)
#define SIM_SECTOR_SIZE ((size_t)512)
#define SIM_FILES_MAX 24
#define SIM_FILE_NAME_MAX 64

struct sim_page {
    unsigned references;
    uint8_t bytes[SIM_PAGE_SIZE];
};

struct sim_content {
    struct sim_page **pages; /* NULL where nothing was written: zeroes */
    size_t page_count;
    size_t page_capacity;
    size_t size; /* bytes */
};

/* The wal-index of a database: memory that connections share. It does not outlive the machine. */
#define SIM_SHARED_REGIONS_MAX 16
#define SIM_SHARED_LOCKS 8
struct sim_shared {
    uint8_t *regions[SIM_SHARED_REGIONS_MAX];
    int readers[SIM_SHARED_LOCKS]; /* -1: held alone */
    unsigned users;
};

struct sim_file {
    char name[SIM_FILE_NAME_MAX];
    bool exists;         /* for the running program */
    bool exists_durably; /* after a loss of power */
    bool
        made_anew; /* since it was removed: `durable` is of the one before, and comes back whole or not at all */
    struct sim_content now;
    struct sim_content durable;
    size_t dirty_from; /* pages that may differ between the two: from (included) to (excluded) */
    size_t dirty_to;
    unsigned opened;
    /* Locks of the connections on it. */
    int shared_locks;
    bool reserved;
    bool exclusive;
    struct sim_shared shared;
};

/* What happened to a disk; counted up over its machine's life by the owner. */
struct sim_disk_counts {
    uint64_t writes;
    uint64_t syncs;
    uint64_t errors; /* operations that failed on purpose */
    uint64_t full;   /* writes refused for want of room */
    uint64_t power_losses;
    uint64_t pages_lost;
    uint64_t pages_torn;
};

struct sim_disk {
    struct sim_file files[SIM_FILES_MAX];
    size_t file_count;
    struct sim_random random;
    /* Faults. */
    int64_t power_left; /* writes and syncs until power fails; -1: it does not */
    int64_t error_left; /* operations until one fails; -1: none does */
    bool full;          /* nothing may grow */
    bool dead;          /* power has failed */
    bool lies;          /* a sync does nothing: for the test of the checks themselves */
    struct sim_disk *after;
    struct sim_disk_counts counts;
};

struct sim_disk *sim_disk_create(uint64_t seed);
void sim_disk_destroy(struct sim_disk *disk);
/* As it is now, with what is not synced yet: a disk copied block by block. No faults, no locks. */
struct sim_disk *sim_disk_copy(const struct sim_disk *disk);
/* What a loss of power now would leave at best or worst: exactly what was synced. */
struct sim_disk *sim_disk_durable(const struct sim_disk *disk);
/* Power fails now. */
void sim_disk_fail_power(struct sim_disk *disk);
/* Does this file hold bytes that a loss of power may take? */
bool sim_disk_has_unsynced(const struct sim_disk *disk, const char *name);

enum sim_open { SIM_OPEN_EXISTING, SIM_OPEN_CREATE };
/* NULL if there is none and none is to be made. */
struct sim_file *sim_disk_file(struct sim_disk *disk, const char *name, enum sim_open how);
void sim_disk_remove(struct sim_disk *disk, struct sim_file *file, bool durably);

/* What the fault plan says about the next operation: CS_OK, CS_IO, CS_DISK_FULL. */
enum sim_operation { SIM_READ, SIM_WRITE, SIM_SYNC };
enum cs_status sim_disk_take(struct sim_disk *disk, enum sim_operation operation) CS_MUST_USE;
/* It does not fail while only the simulator looks; give back what look returned. */
int64_t sim_disk_look(struct sim_disk *disk);
void sim_disk_look_away(struct sim_disk *disk, int64_t looked);
/* The rest never fails by itself. */
void sim_file_read(const struct sim_file *file, size_t offset, void *out, size_t size);
void sim_file_write(struct sim_file *file, size_t offset, const void *data, size_t size);
void sim_file_truncate(struct sim_file *file, size_t size);
/* A file that is synced for the first time takes its folder with it: what was made or removed there stays so. */
void sim_file_sync(struct sim_disk *disk, struct sim_file *file);
/* Drops the wal-index. */
void sim_shared_release(struct sim_shared *shared);

/* A whole small file: replaced atomically and durably, as a rename does. */
enum cs_status sim_disk_replace(struct sim_disk *disk, const char *name,
                                struct cs_bytes content) CS_MUST_USE;
enum cs_status sim_disk_read(struct sim_disk *disk, const char *name,
                             struct cs_buffer *out) CS_MUST_USE;

#endif
