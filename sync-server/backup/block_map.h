/* Which block stands where: block id → pack, offset, size. In memory; filled from the indexes of a repository. */
#ifndef CS_SERVER_BACKUP_BLOCK_MAP_H
#define CS_SERVER_BACKUP_BLOCK_MAP_H

#include "shared/crypto/hash.h"

struct cs_block_id {
    uint8_t bytes[CS_HASH_SIZE];
};

struct cs_block_place {
    uint64_t pack; /* never 0 */
    uint32_t offset;
    uint32_t size; /* sealed, bytes */
};

struct cs_block_entry {
    struct cs_block_id id;
    struct cs_block_place place; /* pack 0: empty */
    bool live;                   /* for pruning: something that is kept refers to it */
};

struct cs_block_map {
    struct cs_block_entry *entries;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

void cs_block_map_init(struct cs_block_map *map);
void cs_block_map_release(struct cs_block_map *map);
/* NULL: there is no such block. Borrowed until the next put. */
struct cs_block_entry *cs_block_map_find(const struct cs_block_map *map,
                                         const struct cs_block_id *id);
/* Where it is known already, the new place is taken. CS_NO_MEMORY. */
enum cs_status cs_block_map_put(struct cs_block_map *map, const struct cs_block_id *id,
                                const struct cs_block_place *place) CS_MUST_USE;

#endif
