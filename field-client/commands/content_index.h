/*
 * Which rows an import would repeat: a multiset of row contents, each by its hash.
 *
 * For rows that neither an id nor a natural key names: a row of the file that is there already, column for column, is taken for
 * that row, so that importing a file again changes nothing. Two equal rows in a file are two rows.
 */
#ifndef CS_COMMANDS_CONTENT_INDEX_H
#define CS_COMMANDS_CONTENT_INDEX_H

#include "shared/base/memory.h"
#include "shared/base/value.h"
#include "shared/crypto/hash.h"

struct cs_content_entry {
    uint8_t hash[CS_HASH_SIZE];
    size_t count; /* rows left; an entry stays when it reaches 0 */
    bool occupied;
};

struct cs_content_index {
    struct cs_content_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
};

void cs_content_index_init(struct cs_content_index *index);
void cs_content_index_release(struct cs_content_index *index);
/* The hash of some columns of a row. */
enum cs_status cs_content_hash(const struct cs_value *values, size_t count,
                               uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
enum cs_status cs_content_index_add(struct cs_content_index *index,
                                    const uint8_t hash[static CS_HASH_SIZE]) CS_MUST_USE;
/* Takes one row of this content away; false if none is left. */
bool cs_content_index_take(struct cs_content_index *index, const uint8_t hash[static CS_HASH_SIZE]);

#endif
