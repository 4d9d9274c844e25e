/* A multiset of row contents, see content_index.h. Open addressing, at most half full. */
#include "field-client/commands/content_index.h"

#include "shared/base/limits.h"
#include "shared/merge/row_digest.h"

#include <string.h>

#define CAPACITY_FIRST ((size_t)1024)

void cs_content_index_init(struct cs_content_index *index)
{
    *index = (struct cs_content_index){NULL, 0, 0};
}

void cs_content_index_release(struct cs_content_index *index)
{
    cs_free(index->entries);
    cs_content_index_init(index);
}

enum cs_status cs_content_hash(const struct cs_value *values, size_t count,
                               uint8_t out[static CS_HASH_SIZE])
{
    struct cs_buffer encoded;
    cs_buffer_init(&encoded, CS_MESSAGE_ARENA_MAX);
    cs_unit_value_encode(values, count, &encoded);
    enum cs_status status = encoded.status;
    if (status == CS_OK) {
        cs_hash("countersign import content", cs_buffer_bytes(&encoded), out);
    }
    cs_buffer_release(&encoded);
    return status;
}

/* Where the hash stands, or the free place where it would. */
static struct cs_content_entry *place(const struct cs_content_index *index, const uint8_t *hash)
{
    size_t at = 0;
    memcpy(&at, hash, sizeof at);
    for (at &= index->capacity - 1;; at = (at + 1) & (index->capacity - 1)) {
        struct cs_content_entry *entry = &index->entries[at];
        if (!entry->occupied || memcmp(entry->hash, hash, CS_HASH_SIZE) == 0) {
            return entry;
        }
    }
}

static enum cs_status grow(struct cs_content_index *index)
{
    struct cs_content_index larger = {.capacity = index->capacity == 0 ? CAPACITY_FIRST
                                                                       : index->capacity * 2,
                                      .used = index->used};
    larger.entries = cs_alloc_zero(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->entries[i].occupied) {
            *place(&larger, index->entries[i].hash) = index->entries[i];
        }
    }
    cs_free(index->entries);
    *index = larger;
    return CS_OK;
}

enum cs_status cs_content_index_add(struct cs_content_index *index,
                                    const uint8_t hash[static CS_HASH_SIZE])
{
    if (index->used >= index->capacity / 2) {
        enum cs_status status = grow(index);
        if (status != CS_OK) {
            return status;
        }
    }
    struct cs_content_entry *entry = place(index, hash);
    if (!entry->occupied) {
        entry->occupied = true;
        memcpy(entry->hash, hash, CS_HASH_SIZE);
        index->used++;
    }
    entry->count++;
    return CS_OK;
}

bool cs_content_index_take(struct cs_content_index *index, const uint8_t hash[static CS_HASH_SIZE])
{
    if (index->capacity == 0) {
        return false;
    }
    struct cs_content_entry *entry = place(index, hash);
    if (!entry->occupied || entry->count == 0) {
        return false;
    }
    entry->count--;
    return true;
}
