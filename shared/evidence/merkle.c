/* Making the tree and its proofs, see merkle.h. Nothing recurses: a range is walked by the bits of its
 * size. */
#include "shared/evidence/merkle.h"

#include "shared/base/planted.h"

#include <string.h>

#define LEAF_KIND 0x00
#define NODE_KIND 0x01

void cs_merkle_leaf(struct cs_bytes leaf, uint8_t out[static CS_HASH_SIZE])
{
    cs_hash_tree(CS_PLANTED(LEAF_AS_NODE) ? NODE_KIND : LEAF_KIND, leaf, out);
}

void cs_merkle_node(const uint8_t left[static CS_HASH_SIZE],
                    const uint8_t right[static CS_HASH_SIZE], uint8_t out[static CS_HASH_SIZE])
{
    uint8_t both[2 * CS_HASH_SIZE];
    memcpy(both, left, CS_HASH_SIZE);
    memcpy(both + CS_HASH_SIZE, right, CS_HASH_SIZE);
    cs_hash_tree(NODE_KIND, cs_bytes_of_array(both), out);
}

/* Level of the largest whole node that begins at `start` and ends at or before `end` (start < end). */
static unsigned level_at(uint64_t start, uint64_t end)
{
    unsigned level = 0;
    while (level + 1 < CS_MERKLE_LEVELS && start % ((uint64_t)2 << level) == 0 &&
           ((uint64_t)2 << level) <= end - start) {
        level++;
    }
    return level;
}

/* Whole nodes that cover [start, end), from left to right. */
static enum cs_status load_cover(struct cs_merkle_range *range, uint64_t start, uint64_t end,
                                 cs_merkle_reader *get_node, void *context)
{
    range->count = 0;
    while (start < end) {
        unsigned level = level_at(start, end);
        enum cs_status status =
            get_node(context, level, start >> level, range->peaks[range->count++]);
        if (status != CS_OK) {
            return status;
        }
        start += (uint64_t)1 << level;
    }
    return CS_OK;
}

/* From right to left, as the tree hangs together. */
static void fold(const struct cs_merkle_range *range, uint8_t *out)
{
    memcpy(out, range->peaks[range->count - 1], CS_HASH_SIZE);
    for (size_t i = range->count - 1; i > 0; i--) {
        cs_merkle_node(range->peaks[i - 1], out, out);
    }
}

enum cs_status cs_merkle_range_load(struct cs_merkle_range *range, uint64_t size,
                                    cs_merkle_reader *get_node, void *context)
{
    struct cs_merkle_range loaded = {.size = size};
    if (size > CS_MERKLE_SIZE_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status = load_cover(&loaded, 0, size, get_node, context);
    if (status == CS_OK) {
        *range = loaded;
    }
    return status;
}

enum cs_status cs_merkle_range_append(struct cs_merkle_range *range,
                                      const uint8_t leaf[static CS_HASH_SIZE],
                                      cs_merkle_writer *put_node, void *context)
{
    uint8_t hash[CS_HASH_SIZE];
    size_t count = range->count;
    if (range->size >= CS_MERKLE_SIZE_MAX) {
        return CS_LIMIT;
    }
    memcpy(hash, leaf, sizeof hash);
    enum cs_status status = put_node == NULL ? CS_OK : put_node(context, 0, range->size, hash);
    /* Every 1 at the end of the size is a peak that the new node completes. */
    for (unsigned level = 0; status == CS_OK && (range->size >> level) % 2 == 1; level++) {
        cs_merkle_node(range->peaks[--count], hash, hash);
        status = put_node == NULL ? CS_OK
                                  : put_node(context, level + 1, range->size >> (level + 1), hash);
    }
    if (status == CS_OK) {
        memcpy(range->peaks[count], hash, sizeof hash);
        range->count = count + 1;
        range->size++;
    }
    return status;
}

void cs_merkle_range_root(const struct cs_merkle_range *range, uint8_t out[static CS_HASH_SIZE])
{
    if (range->count == 0) {
        cs_hash_nothing(out);
    } else {
        fold(range, out);
    }
}

struct cs_bytes cs_merkle_proof_bytes(const struct cs_merkle_proof *proof)
{
    return cs_bytes_make(proof->hashes, proof->count * CS_HASH_SIZE);
}

/* What is being proved with: where nodes come from and where they go. */
struct prover {
    cs_merkle_reader *get_node;
    void *context;
    struct cs_merkle_proof proof;
};

/* Adds the hash of the subtree over [start, end), which ends at the end of the tree or is whole. */
static enum cs_status add_subtree(struct prover *prover, uint64_t start, uint64_t end)
{
    struct cs_merkle_range cover = {0};
    enum cs_status status = load_cover(&cover, start, end, prover->get_node, prover->context);
    if (status == CS_OK) {
        fold(&cover, prover->proof.hashes[prover->proof.count++]);
    }
    return status;
}

/* Puts the hashes from `start` on into the opposite order: found from the root down, proved from the
 * leaf up. */
static void reverse(struct cs_merkle_proof *proof, size_t start)
{
    for (size_t i = start, j = proof->count; i + 1 < j; i++) {
        uint8_t kept[CS_HASH_SIZE];
        j--;
        memcpy(kept, proof->hashes[i], sizeof kept);
        memcpy(proof->hashes[i], proof->hashes[j], sizeof kept);
        memcpy(proof->hashes[j], kept, sizeof kept);
    }
}

/* The largest power of two below `count` (≥ 2): where a subtree divides. */
static uint64_t half_of(uint64_t count)
{
    uint64_t half = 1;
    while (half < count - half) {
        half *= 2;
    }
    return half;
}

enum cs_status cs_merkle_prove_inclusion(uint64_t index, uint64_t size, cs_merkle_reader *get_node,
                                         void *context, struct cs_merkle_proof *out)
{
    struct prover prover = {.get_node = get_node, .context = context};
    uint64_t start = 0;
    uint64_t end = size;
    if (index >= size || size > CS_MERKLE_SIZE_MAX) {
        return CS_INVALID;
    }
    enum cs_status status = CS_OK;
    while (status == CS_OK && end - start > 1) {
        uint64_t middle = start + half_of(end - start);
        if (index < middle) {
            status = add_subtree(&prover, middle, end);
            end = middle;
        } else {
            status = add_subtree(&prover, start, middle);
            start = middle;
        }
    }
    if (status == CS_OK) {
        reverse(&prover.proof, 0);
        *out = prover.proof;
    }
    return status;
}

enum cs_status cs_merkle_prove_consistency(uint64_t old_size, uint64_t size,
                                           cs_merkle_reader *get_node, void *context,
                                           struct cs_merkle_proof *out)
{
    struct prover prover = {.get_node = get_node, .context = context};
    uint64_t start = 0;
    uint64_t end = size;
    if (old_size > size || size > CS_MERKLE_SIZE_MAX) {
        return CS_INVALID;
    }
    enum cs_status status = CS_OK;
    if (old_size == 0) {
        start = end; /* nothing to prove */
    }
    /* Down to the subtree that ends where the old tree ends. */
    while (status == CS_OK && end > start && old_size != end) {
        uint64_t middle = start + half_of(end - start);
        if (old_size <= middle) {
            status = add_subtree(&prover, middle, end);
            end = middle;
        } else {
            status = add_subtree(&prover, start, middle);
            start = middle;
        }
    }
    /* If it is the old tree itself, its root is known to whoever asks. */
    if (status == CS_OK && start > 0 && start < end) {
        status = add_subtree(&prover, start, end);
    }
    if (status == CS_OK) {
        reverse(&prover.proof, 0);
        *out = prover.proof;
    }
    return status;
}
