/* Between the files of the repository. */
#ifndef CS_SERVER_BACKUP_REPOSITORY_INTERNAL_H
#define CS_SERVER_BACKUP_REPOSITORY_INTERNAL_H

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/crypto/aead.h"
#include "sync-server/backup/repository.h"

#define CS_BLOCK_SIZE ((size_t)4096)
#define CS_NODE_IDS (CS_BLOCK_SIZE / CS_HASH_SIZE)
/* A pack is closed when it has this many bytes. */
#define CS_PACK_SIZE (8 * CS_MEBI)
#define CS_PACK_SIZE_MAX (CS_PACK_SIZE + CS_BLOCK_SIZE + CS_AEAD_OVERHEAD)
#define CS_INDEX_SIZE_MAX (4 * CS_MEBI)
#define CS_REPOSITORY_NAME_MAX 32
/* Sizes of files that can be saved: levels of a tree above its blocks. */
#define CS_TREE_LEVELS_MAX 8

struct cs_number_list {
    uint64_t *items; /* ascending */
    size_t count;
    size_t capacity;
};

struct cs_repository {
    struct cs_backup_disk disk;
    const struct cs_world *world;
    struct cs_bytes key;
    uint8_t id[CS_REPOSITORY_ID_SIZE];
    uint8_t id_key[CS_HASH_SIZE]; /* of the blocks' ids */
    struct cs_number_list backups;
    struct cs_number_list packs;
    struct cs_number_list indexes;
    /* Filled by cs_repository_load_blocks. */
    bool loaded;
    struct cs_block_map blocks;
    struct cs_problem lost; /* what could not be loaded first; empty: nothing */
};

enum cs_repository_file {
    CS_REPOSITORY_BACKUP,
    CS_REPOSITORY_VERIFIED,
    CS_REPOSITORY_PACK,
    CS_REPOSITORY_INDEX,
};
void cs_repository_name(enum cs_repository_file kind, uint64_t number,
                        char out[static CS_REPOSITORY_NAME_MAX]);
/* Reads the folder's names again. */
enum cs_status cs_repository_scan(struct cs_repository *repository,
                                  struct cs_problem *problem) CS_MUST_USE;
/* Removes what an interrupted program left: temporary files, packs without an index. Scans again. */
enum cs_status cs_repository_tidy(struct cs_repository *repository,
                                  struct cs_problem *problem) CS_MUST_USE;
/* For names the disk's failures. */
enum cs_status cs_repository_disk_problem(enum cs_status status, const char *verb, const char *name,
                                          struct cs_problem *problem);

/* Seals a small file and replaces it; opens it. `bytes_written` may be NULL. */
enum cs_status cs_repository_put(struct cs_repository *repository, enum cs_repository_file kind,
                                 uint64_t number, struct cs_bytes content, uint64_t *bytes_written,
                                 struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND, CS_CORRUPT. */
enum cs_status cs_repository_get(const struct cs_repository *repository,
                                 enum cs_repository_file kind, uint64_t number,
                                 struct cs_buffer *out, struct cs_problem *problem) CS_MUST_USE;

/* ---- blocks (blocks.c) ---- */

void cs_repository_block_id(const struct cs_repository *repository, unsigned level,
                            struct cs_bytes plain, struct cs_block_id *out);
/* Appends. */
enum cs_status cs_repository_seal_block(struct cs_repository *repository,
                                        const struct cs_block_id *id, struct cs_bytes plain,
                                        struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_repository_open_block(const struct cs_repository *repository,
                                        const struct cs_block_id *id, struct cs_bytes sealed,
                                        struct cs_buffer *out) CS_MUST_USE;
/* All indexes into the map. What is damaged or missing is left out and noted in `lost`. */
enum cs_status cs_repository_load_blocks(struct cs_repository *repository,
                                         struct cs_problem *problem) CS_MUST_USE;
/* Forgets the map. */
void cs_repository_unload_blocks(struct cs_repository *repository);

/* Blocks on their way into packs. */
struct cs_pack_writer {
    struct cs_repository *repository;
    uint64_t number; /* of the pack being filled */
    struct cs_buffer pack;
    struct cs_buffer index;
    uint32_t count;
    uint64_t bytes_written;
};
void cs_pack_writer_init(struct cs_pack_writer *writer, struct cs_repository *repository);
void cs_pack_writer_release(struct cs_pack_writer *writer);
/* The sealed block; the map knows it from now on. */
enum cs_status cs_pack_writer_add(struct cs_pack_writer *writer, const struct cs_block_id *id,
                                  struct cs_bytes sealed, struct cs_problem *problem) CS_MUST_USE;
/* Writes what is left. */
enum cs_status cs_pack_writer_flush(struct cs_pack_writer *writer,
                                    struct cs_problem *problem) CS_MUST_USE;

/* ---- reading (fetch.c) ---- */

/* Plain content of one of many blocks, and the sealed bytes. In the order of packs. */
typedef enum cs_status cs_block_visitor(void *context, size_t index, struct cs_bytes plain,
                                        struct cs_bytes sealed);
enum cs_status cs_repository_fetch(const struct cs_repository *repository,
                                   const struct cs_block_id *ids, size_t count,
                                   cs_block_visitor *visit, void *context,
                                   struct cs_problem *problem) CS_MUST_USE;
/* Blocks of a file of this size: at level 0, and how many levels above; CS_LIMIT. */
enum cs_status cs_tree_counts(uint64_t size, size_t out[static CS_TREE_LEVELS_MAX],
                              unsigned *out_top) CS_MUST_USE;
/* All ids of the level below these. To be freed. */
enum cs_status cs_tree_descend(const struct cs_repository *repository,
                               const struct cs_block_id *ids, size_t count, size_t below_count,
                               struct cs_block_id **out, struct cs_problem *problem) CS_MUST_USE;

#endif
