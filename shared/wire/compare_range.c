/* Ranges of rows, see compare.h. */
#include "shared/wire/compare.h"

#include "shared/base/limits.h"

#define BITS_PER_LEVEL 6u

_Static_assert(CS_COMPARE_FANOUT == 1u << BITS_PER_LEVEL, "one child per value of a level's bits");
_Static_assert(CS_COMPARE_DEPTH_MAX *BITS_PER_LEVEL < 64, "a prefix is shorter than a key");

static uint64_t first_64_bits(const uint8_t hash[static CS_HASH_SIZE])
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | hash[i];
    }
    return value;
}

uint64_t cs_compare_key(struct cs_bytes entity, const struct cs_id *row)
{
    const struct cs_bytes parts[] = {entity, cs_id_bytes(row)};
    uint8_t hash[CS_HASH_SIZE];
    cs_hash_parts("countersign compare key 1", parts, sizeof parts / sizeof parts[0], hash);
    return first_64_bits(hash);
}

uint64_t cs_compare_short(const uint8_t hash[static CS_HASH_SIZE])
{
    return first_64_bits(hash);
}

/* The first bits of a key, as many as a prefix of this depth has. */
static uint64_t prefix_of(uint64_t key, unsigned depth)
{
    return depth == 0 ? 0 : key >> (64 - BITS_PER_LEVEL * depth);
}

int cs_compare_range_order(const struct cs_compare_range *a, const struct cs_compare_range *b)
{
    if (a->scope != b->scope) {
        return a->scope < b->scope ? -1 : 1;
    }
    if (a->depth != b->depth) {
        return a->depth < b->depth ? -1 : 1;
    }
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    return 0;
}

bool cs_compare_range_holds(const struct cs_compare_range *range, uint64_t key)
{
    return prefix_of(key, range->depth) == range->prefix;
}

struct cs_compare_range cs_compare_range_child(const struct cs_compare_range *range, uint64_t key)
{
    cs_require(range->depth < CS_COMPARE_DEPTH_MAX);
    uint8_t depth = (uint8_t)(range->depth + 1);
    return (struct cs_compare_range){range->scope, depth, prefix_of(key, depth)};
}

size_t cs_compare_range_find(const struct cs_compare_range *ranges, size_t count, uint32_t scope,
                             uint64_t key)
{
    for (unsigned depth = 0; depth <= CS_COMPARE_DEPTH_MAX; depth++) {
        struct cs_compare_range wanted = {scope, (uint8_t)depth, prefix_of(key, depth)};
        size_t low = 0;
        size_t high = count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int order = cs_compare_range_order(&ranges[middle], &wanted);
            if (order == 0) {
                return middle;
            }
            low = order < 0 ? middle + 1 : low;
            high = order < 0 ? high : middle;
        }
    }
    return count;
}

int cs_compare_name_order(struct cs_bytes entity_a, const struct cs_id *row_a,
                          struct cs_bytes entity_b, const struct cs_id *row_b)
{
    int order = cs_bytes_compare(entity_a, entity_b);
    return order != 0 ? order : cs_id_compare(row_a, row_b);
}
