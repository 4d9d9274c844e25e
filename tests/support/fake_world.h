/*
 * A world for tests: a clock that is set by hand, randomness from a seed, files in memory. Deterministic.
 */
#ifndef TESTS_SUPPORT_FAKE_WORLD_H
#define TESTS_SUPPORT_FAKE_WORLD_H

#include "shared/base/world.h"

#define FAKE_FILES_MAX 16

struct fake_file {
    char path[256];
    struct cs_buffer content;
};

struct fake_world {
    struct cs_world world; /* hand &fake.world to the code under test */
    int64_t wall_ms;
    int64_t monotonic_ms;
    int offset_minutes;
    uint8_t boot_id[16];
    uint64_t random_state;
    struct fake_file files[FAKE_FILES_MAX];
    size_t file_count;
    /* The next file operation fails with this status, once; CS_OK = none. */
    enum cs_status fail_file;
    /* The same of files by pieces, which are on the real disk: the operation after so many further ones fails. */
    enum cs_status fail_piece;
    long pieces_left;
    struct cs_world pieces; /* the system's */
};

/* Starts at 2026-03-02T01:00:00Z, UTC+8, with the given seed. */
void fake_world_init(struct fake_world *fake, uint64_t seed);
void fake_world_release(struct fake_world *fake);
/* Both clocks. */
void fake_world_advance(struct fake_world *fake, int64_t ms);
/* In all fake worlds of this process: after `successes` further operations on files the next fails with this status, once. CS_OK: none
 * does. Counts from zero on. */
void fake_files_fail(long successes, enum cs_status status);
/* Operations on files since then, the failed one included. */
long fake_files_count(void);
/* splitmix64: the next number from the seed. */
uint64_t fake_world_next(struct fake_world *fake);

#endif
