/*
 * A disk in memory for tests of storage: every write is seen, any operation can fail, and power can be lost at any of them.
 *
 * A SQLite VFS named SMALL_DISK_NAME, on which file names are taken as they are. One disk for the whole process, so one test at a time.
 * A program that uses it must link a library that brings SQLite.
 */
#ifndef TESTS_SUPPORT_SMALL_DISK_H
#define TESTS_SUPPORT_SMALL_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMALL_DISK_NAME "small-disk"
#define SMALL_DISK_FILES 8
#define SMALL_DISK_SECTOR 512

struct small_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

struct small_file {
    char name[64];
    bool exists;
    bool exists_durably;
    struct small_bytes now;
    struct small_bytes durable;
    struct small_bytes touched; /* a byte per sector: written since the last sync */
};

enum small_fault {
    SMALL_NONE,
    SMALL_IO_ERROR,  /* the operation fails with the code SQLite has for it */
    SMALL_DISK_FULL, /* a write fails with SQLITE_FULL, anything else as above */
    SMALL_SHORT_WRITE, /* a write stops in the middle and fails with SQLITE_FULL; anything else as above */
    SMALL_POWER, /* this operation and all after it fail: small_disk_restart tells what is left */
};

struct small_disk {
    struct small_file files[SMALL_DISK_FILES];
    size_t file_count;
    /* How it behaves. */
    bool powersafe; /* a write harms no bytes beside it */
    size_t sector;  /* told to SQLite, and the piece that is torn */
    /* Faults. */
    enum small_fault fault;
    bool counts_reads; /* power is lost at writes and syncs only */
    long left;         /* operations until the fault; negative: none */
    bool persistent;   /* and every one after it */
    bool dead;
    int last_code; /* what the failing operation answered */
    /* What happened. */
    long operations;
    long failures;
    void (*on_write)(void *context, const char *name, int64_t offset, const uint8_t *data,
                     size_t size);
    void *on_write_context;
    /* Bytes that no file has any more from here on, as they stood: of a file that is removed, or behind where one is cut. */
    void (*on_given_up)(void *context, const char *name, const uint8_t *data, size_t size);
    void *on_given_up_context;
    uint64_t random;
};

extern struct small_disk small_disk;

/* Registers the VFS (again does nothing); an empty disk without faults, powersafe, sectors of 4,096. */
void small_disk_install(uint64_t seed);
void small_disk_release(void);
/* After `successes` operations more the fault comes. */
void small_disk_fail(enum small_fault fault, long successes, bool persistent, bool counts_reads);
/* No faults from here on. */
void small_disk_heal(void);
/*
 * The machine starts again. After a loss of power, of everything not synced each sector is the new one, the old one, or (not powersafe)
 * neither.
 */
void small_disk_restart(void);

/* NULL: there is none. */
struct small_file *small_disk_find(const char *name);
/* A copy of what is there now; the caller frees .data. */
struct small_bytes small_disk_take(const char *name);
/* Makes or replaces, durably. */
void small_disk_put(const char *name, const struct small_bytes *content);
void small_disk_remove(const char *name);
uint64_t small_disk_random(uint64_t below);

#endif
