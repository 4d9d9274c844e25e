/*
 * A backup repository: many backups of one server, each whole, of which only what changed was written. Encrypted and authenticated
 * under the operational backup key; formats in FORMAT.md.
 *
 * Used by the commands `backup` and `restore`. What must stay true:
 *   - a backup exists when its manifest is there, and then everything it needs was durable before;
 *   - whatever is interrupted leaves every backup that was there as it was, and what it wrote is used by the next one;
 *   - nothing that was changed, swapped, or comes from elsewhere is ever taken for a backup's content: CS_CORRUPT, in words.
 *
 * One process at a time writes (the caller holds a lock). Every function that fails says why in `problem`.
 */
#ifndef CS_SERVER_BACKUP_REPOSITORY_H
#define CS_SERVER_BACKUP_REPOSITORY_H

#include "sync-server/backup/disk.h"
#include "sync-server/backup/manifest.h"

#define CS_BACKUP_KEY_SIZE 32
#define CS_REPOSITORY_ID_SIZE 16

struct cs_repository;

/* Makes an empty one: CS_EXISTS where there is one, CS_INVALID where other files are. */
enum cs_status cs_repository_create(const struct cs_backup_disk *disk, const struct cs_world *world,
                                    struct cs_bytes key, struct cs_problem *problem) CS_MUST_USE;
/* Is there one? */
enum cs_status cs_repository_exists(const struct cs_backup_disk *disk, bool *out) CS_MUST_USE;
/*
 * Opens it and reads its list of backups. The key is borrowed. CS_NOT_FOUND: there is none; CS_WRONG_PASSPHRASE: another key;
 * CS_UNSUPPORTED, CS_CORRUPT.
 */
enum cs_status cs_repository_open(const struct cs_backup_disk *disk, const struct cs_world *world,
                                  struct cs_bytes key, struct cs_repository **out,
                                  struct cs_problem *problem) CS_MUST_USE;
void cs_repository_close(struct cs_repository *repository);
const uint8_t *cs_repository_id(const struct cs_repository *repository);

/* Backups, ascending by sequence. */
size_t cs_repository_count(const struct cs_repository *repository);
/* The sequence of the one at `index`; and the newest, 0 if there is none. */
uint64_t cs_repository_sequence_at(const struct cs_repository *repository, size_t index);
uint64_t cs_repository_newest(const struct cs_repository *repository);
/* CS_NOT_FOUND: no such backup. CS_CORRUPT: damaged, of another repository, or another backup's. */
enum cs_status cs_repository_manifest(const struct cs_repository *repository, uint64_t sequence,
                                      struct cs_manifest *out,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Each kept backup names the one before it: CS_CORRUPT where it is not that one, or where one cannot be read, unless it was made anew since. */
enum cs_status cs_repository_check_chain(const struct cs_repository *repository,
                                         struct cs_problem *problem) CS_MUST_USE;

/* Verified: restored elsewhere and found whole. *out_ms is 0 where it was not. */
enum cs_status cs_repository_verified(const struct cs_repository *repository,
                                      const struct cs_manifest *manifest, int64_t *out_ms,
                                      struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_repository_mark_verified(struct cs_repository *repository,
                                           const struct cs_manifest *manifest,
                                           struct cs_problem *problem) CS_MUST_USE;
/* The greatest verified sequence; 0: none. */
enum cs_status cs_repository_last_verified(const struct cs_repository *repository, uint64_t *out,
                                           struct cs_problem *problem) CS_MUST_USE;

/* One file to be saved. */
struct cs_backup_source {
    const char *name;
    uint64_t size;
    void *context;
    /* Exactly `size` bytes. */
    enum cs_status (*read)(void *context, uint64_t offset, uint8_t *out, size_t size);
};
enum cs_backup_trust {
    CS_BACKUP_REUSE, /* what is in the repository already is not written again */
    CS_BACKUP_ANEW,  /* everything is written, so that damage in what is there does no harm */
};
struct cs_backup_saved {
    struct cs_manifest manifest;
    uint64_t blocks; /* of all files, with the nodes of their trees */
    uint64_t new_blocks;
    uint64_t bytes_written; /* packs, indexes and manifest */
    uint64_t
        resumed_blocks; /* used, from packs behind the newest backup: of one that was interrupted, or moved by pruning */
};
enum cs_status cs_repository_save(struct cs_repository *repository,
                                  const struct cs_backup_facts *facts,
                                  const struct cs_backup_source *sources, size_t count,
                                  enum cs_backup_trust trust, struct cs_backup_saved *out,
                                  struct cs_problem *problem) CS_MUST_USE;

/* Parts come in any order, each once; together they are the file. */
typedef enum cs_status cs_backup_sink(void *context, uint64_t offset, struct cs_bytes part);
/* CS_NOT_FOUND: the backup has no such file. CS_CORRUPT: something it needs is missing or damaged. */
enum cs_status cs_repository_restore(struct cs_repository *repository,
                                     const struct cs_manifest *manifest, const char *name,
                                     cs_backup_sink *sink, void *context,
                                     struct cs_problem *problem) CS_MUST_USE;

struct cs_backup_pruned {
    size_t backups;
    size_t packs;
    uint64_t bytes_freed;
};
/*
 * Keeps the newest `keep` backups (at least one) and the last verified one; removes the others and what only they needed. Packs of
 * which less than half is needed are written anew.
 */
enum cs_status cs_repository_prune(struct cs_repository *repository, size_t keep,
                                   struct cs_backup_pruned *out,
                                   struct cs_problem *problem) CS_MUST_USE;

#endif
