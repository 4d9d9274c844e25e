/* Open addressing over ids, which are hashes already; see block_map.h. */
#include "sync-server/backup/block_map.h"

#include "shared/base/memory.h"

#include <string.h>

#define CAPACITY_FIRST ((size_t)1024)

void cs_block_map_init(struct cs_block_map *map)
{
    *map = (struct cs_block_map){.entries = NULL};
}

void cs_block_map_release(struct cs_block_map *map)
{
    cs_free(map->entries);
    cs_block_map_init(map);
}

/* The entry of this id, or the empty one where it would be put. There is always an empty one. */
static struct cs_block_entry *slot(struct cs_block_entry *entries, size_t capacity,
                                   const struct cs_block_id *id)
{
    size_t at;
    memcpy(&at, id->bytes, sizeof at);
    for (at &= capacity - 1; entries[at].place.pack != 0; at = (at + 1) & (capacity - 1)) {
        if (memcmp(entries[at].id.bytes, id->bytes, sizeof id->bytes) == 0) {
            break;
        }
    }
    return &entries[at];
}

struct cs_block_entry *cs_block_map_find(const struct cs_block_map *map,
                                         const struct cs_block_id *id)
{
    if (map->capacity == 0) {
        return NULL;
    }
    struct cs_block_entry *entry = slot(map->entries, map->capacity, id);
    return entry->place.pack == 0 ? NULL : entry;
}

static enum cs_status grow(struct cs_block_map *map)
{
    size_t capacity = map->capacity == 0 ? CAPACITY_FIRST : 2 * map->capacity;
    struct cs_block_entry *entries = cs_alloc_zero(capacity, sizeof *entries);
    if (entries == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].place.pack != 0) {
            *slot(entries, capacity, &map->entries[i].id) = map->entries[i];
        }
    }
    cs_free(map->entries);
    map->entries = entries;
    map->capacity = capacity;
    return CS_OK;
}

enum cs_status cs_block_map_put(struct cs_block_map *map, const struct cs_block_id *id,
                                const struct cs_block_place *place)
{
    cs_require(place->pack != 0);
    if (map->count >= map->capacity / 2) {
        enum cs_status status = grow(map);
        if (status != CS_OK) {
            return status;
        }
    }
    struct cs_block_entry *entry = slot(map->entries, map->capacity, id);
    map->count += entry->place.pack == 0 ? 1 : 0;
    entry->id = *id;
    entry->place = *place;
    return CS_OK;
}
