/* Verifying proofs, see merkle.h: the loops of RFC 9162 §2.1.3.2 and §2.1.4.2. */
#include "shared/evidence/merkle.h"

#include <string.h>

/* Takes the next hash of the proof. */
static bool next_hash(struct cs_bytes *proof, const uint8_t **out)
{
    if (proof->size < CS_HASH_SIZE) {
        return false;
    }
    *out = proof->data;
    *proof = cs_bytes_make(proof->data + CS_HASH_SIZE, proof->size - CS_HASH_SIZE);
    return true;
}

/* Up to the next level at which the node is a right child, as RFC 9162 shifts fn and sn. */
static void skip_levels(uint64_t *node, uint64_t *last)
{
    while (*node % 2 == 0 && *node != 0) {
        *node /= 2;
        *last /= 2;
    }
}

enum cs_status cs_merkle_verify_inclusion(const uint8_t leaf[static CS_HASH_SIZE], uint64_t index,
                                          uint64_t size, struct cs_bytes proof,
                                          const uint8_t root[static CS_HASH_SIZE])
{
    uint8_t hash[CS_HASH_SIZE];
    uint64_t node = index;
    const uint8_t *sibling;
    if (index >= size) {
        return CS_FORGED;
    }
    uint64_t last = size - 1;
    memcpy(hash, leaf, sizeof hash);
    while (next_hash(&proof, &sibling)) {
        if (last == 0) {
            return CS_FORGED;
        }
        if (node % 2 == 1 || node == last) {
            cs_merkle_node(sibling, hash, hash);
            skip_levels(&node, &last);
        } else {
            cs_merkle_node(hash, sibling, hash);
        }
        node /= 2;
        last /= 2;
    }
    bool proved = proof.size == 0 && last == 0 && memcmp(hash, root, sizeof hash) == 0;
    return proved ? CS_OK : CS_FORGED;
}

/* Both roots, built up along one proof. */
struct two_roots {
    uint64_t node;
    uint64_t last;
    uint8_t old_hash[CS_HASH_SIZE];
    uint8_t hash[CS_HASH_SIZE];
};

static enum cs_status climb(struct two_roots *roots, struct cs_bytes proof)
{
    const uint8_t *sibling;
    while (next_hash(&proof, &sibling)) {
        if (roots->last == 0) {
            return CS_FORGED;
        }
        if (roots->node % 2 == 1 || roots->node == roots->last) {
            cs_merkle_node(sibling, roots->old_hash, roots->old_hash);
            cs_merkle_node(sibling, roots->hash, roots->hash);
            skip_levels(&roots->node, &roots->last);
        } else {
            cs_merkle_node(roots->hash, sibling, roots->hash);
        }
        roots->node /= 2;
        roots->last /= 2;
    }
    return proof.size == 0 && roots->last == 0 ? CS_OK : CS_FORGED;
}

enum cs_status cs_merkle_verify_consistency(uint64_t old_size,
                                            const uint8_t old_root[static CS_HASH_SIZE],
                                            uint64_t size, const uint8_t root[static CS_HASH_SIZE],
                                            struct cs_bytes proof)
{
    struct two_roots roots = {.node = old_size - 1, .last = size - 1};
    if (old_size > size) {
        return CS_FORGED;
    }
    if (old_size == 0 || old_size == size) {
        bool same = old_size == 0 || memcmp(old_root, root, CS_HASH_SIZE) == 0;
        return same && proof.size == 0 ? CS_OK : CS_FORGED;
    }
    while (roots.node % 2 == 1) {
        roots.node /= 2;
        roots.last /= 2;
    }
    const uint8_t *first = old_root;
    /* A whole old tree is its own first node, which the proof leaves out. */
    if ((old_size & (old_size - 1)) != 0 && !next_hash(&proof, &first)) {
        return CS_FORGED;
    }
    memcpy(roots.old_hash, first, CS_HASH_SIZE);
    memcpy(roots.hash, first, CS_HASH_SIZE);
    enum cs_status status = climb(&roots, proof);
    if (status != CS_OK) {
        return status;
    }
    bool proved = memcmp(roots.old_hash, old_root, CS_HASH_SIZE) == 0 &&
                  memcmp(roots.hash, root, CS_HASH_SIZE) == 0;
    return proved ? CS_OK : CS_FORGED;
}
