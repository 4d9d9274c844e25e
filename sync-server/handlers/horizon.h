/*
 * The backup horizon: for each device's log the last change-set that the last verified backup contains (design §2, §8).
 *
 * `backup` writes it into the server's folder once a backup was restored elsewhere and found whole; the server that runs there
 * reads it again when it has changed, and tells each device its own number. It is of one incarnation: after a restore it says nothing
 * until the next backup.
 *
 * DIR/backup-horizon: "CSBH" ‖ u8 1 ‖ repository(16) ‖ u64 backup ‖ id of its manifest(32) ‖ incarnation(16) ‖ u64 made (ms) ‖
 * u64 verified (ms) ‖ entries ‖ BLAKE2b-256("countersign backup horizon 1", all before); entries = u32 count, then per log, ascending:
 * u64 log ‖ u64 sequence. The hash is against accidents: who can write into the folder can do worse.
 */
#ifndef CS_SERVER_HANDLERS_HORIZON_H
#define CS_SERVER_HANDLERS_HORIZON_H

#include "shared/base/memory.h"
#include "shared/base/world.h"
#include "shared/crypto/hash.h"

#define CS_SERVER_HORIZON_FILE "backup-horizon"
#define CS_HORIZON_DEVICES_MAX ((size_t)1000000)
/* Encoded entries; the whole file. */
#define CS_HORIZON_ENTRIES_MAX (4 + CS_HORIZON_DEVICES_MAX * 16)
#define CS_HORIZON_FILE_MAX (CS_HORIZON_ENTRIES_MAX + 256)

struct cs_horizon_entry {
    uint64_t log;
    uint64_t sequence;
};
struct cs_horizon {
    uint8_t repository[16];
    uint64_t backup; /* its sequence in the repository */
    uint8_t manifest[CS_HASH_SIZE];
    uint8_t incarnation[16];
    int64_t made_ms;
    int64_t verified_ms;
    struct cs_horizon_entry *entries; /* ascending by log */
    size_t count;
};

/* Entries alone: what a backup says of the devices in it. Sorts them. */
enum cs_status cs_horizon_entries_encode(struct cs_horizon_entry *entries, size_t count,
                                         struct cs_buffer *out) CS_MUST_USE;
/* In the arena. CS_MALFORMED. */
enum cs_status cs_horizon_entries_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_horizon_entry **out,
                                         size_t *out_count) CS_MUST_USE;
/* 0: no such log. */
uint64_t cs_horizon_sequence(const struct cs_horizon *horizon, uint64_t log);

/* Replaces the file at `path`. */
enum cs_status cs_horizon_write(const struct cs_world *world, const char *path,
                                struct cs_horizon *horizon) CS_MUST_USE;
/* Entries in the arena. CS_NOT_FOUND: no verified backup yet; CS_CORRUPT. */
enum cs_status cs_horizon_read(const struct cs_world *world, const char *path,
                               struct cs_arena *arena, struct cs_horizon *out) CS_MUST_USE;

#endif
