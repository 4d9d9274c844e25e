/*
 * The Merkle tree of the evidence log: the shape of RFC 9162 §2.1 (RFC 6962), with BLAKE2b-256. Pure.
 *
 *   leaf  = BLAKE2b-256(0x00 ‖ leaf bytes)        node = BLAKE2b-256(0x01 ‖ left ‖ right)
 *   empty = BLAKE2b-256 of nothing
 *
 * A node (level, index) covers the leaves [index × 2^level, (index + 1) × 2^level); only whole ones
 * are ever stored, and they never change. Everything else is made of them.
 */
#ifndef CS_EVIDENCE_MERKLE_H
#define CS_EVIDENCE_MERKLE_H

#include "shared/crypto/hash.h"

/* Leaves have numbers below 2^63. */
#define CS_MERKLE_SIZE_MAX ((uint64_t)INT64_MAX)
#define CS_MERKLE_LEVELS ((size_t)64)
/* Hashes in a proof of either kind, at most. */
#define CS_MERKLE_PROOF_MAX (CS_MERKLE_LEVELS + 1)

void cs_merkle_leaf(struct cs_bytes leaf, uint8_t out[static CS_HASH_SIZE]);
void cs_merkle_node(const uint8_t left[static CS_HASH_SIZE],
                    const uint8_t right[static CS_HASH_SIZE], uint8_t out[static CS_HASH_SIZE]);

/* The whole nodes that cover [0, size), largest first: all that appending and the root need. Zeroes:
 * the empty tree. */
struct cs_merkle_range {
    uint64_t size;
    size_t count;
    uint8_t peaks[CS_MERKLE_LEVELS][CS_HASH_SIZE];
};

/* A whole node that is stored; CS_NOT_FOUND and others are passed on. */
typedef enum cs_status cs_merkle_reader(void *context, unsigned level, uint64_t index,
                                        uint8_t out[static CS_HASH_SIZE]);
/* Told of every node that has become whole, leaves (level 0) too. */
typedef enum cs_status cs_merkle_writer(void *context, unsigned level, uint64_t index,
                                        const uint8_t hash[static CS_HASH_SIZE]);

/* The range of the first `size` leaves. CS_LIMIT for a size over CS_MERKLE_SIZE_MAX. */
enum cs_status cs_merkle_range_load(struct cs_merkle_range *range, uint64_t size,
                                    cs_merkle_reader *get_node, void *context) CS_MUST_USE;
/* Appends one leaf (its hash). `put_node` may be NULL. After a failure the range is as it was.
 * CS_LIMIT when it is full. */
enum cs_status cs_merkle_range_append(struct cs_merkle_range *range,
                                      const uint8_t leaf[static CS_HASH_SIZE],
                                      cs_merkle_writer *put_node, void *context) CS_MUST_USE;
void cs_merkle_range_root(const struct cs_merkle_range *range, uint8_t out[static CS_HASH_SIZE]);

struct cs_merkle_proof {
    size_t count;
    uint8_t hashes[CS_MERKLE_PROOF_MAX][CS_HASH_SIZE];
};
/* The hashes one after the other: a view into the proof. */
struct cs_bytes cs_merkle_proof_bytes(const struct cs_merkle_proof *proof);

/* RFC 9162 §2.1.3.1: that leaf `index` stands in the tree of `size` leaves. CS_INVALID if it cannot. */
enum cs_status cs_merkle_prove_inclusion(uint64_t index, uint64_t size, cs_merkle_reader *get_node,
                                         void *context, struct cs_merkle_proof *out) CS_MUST_USE;
/* RFC 9162 §2.1.4.1: that the tree of `old_size` leaves is the beginning of the one of `size`. Empty
 * for 0 and for equal sizes. CS_INVALID if old_size > size. */
enum cs_status cs_merkle_prove_consistency(uint64_t old_size, uint64_t size,
                                           cs_merkle_reader *get_node, void *context,
                                           struct cs_merkle_proof *out) CS_MUST_USE;

/* RFC 9162 §2.1.3.2 over the hashes one after the other. CS_FORGED: it does not prove it. */
enum cs_status cs_merkle_verify_inclusion(const uint8_t leaf[static CS_HASH_SIZE], uint64_t index,
                                          uint64_t size, struct cs_bytes proof,
                                          const uint8_t root[static CS_HASH_SIZE]) CS_MUST_USE;
/* RFC 9162 §2.1.4.2. From the empty tree every tree goes on, without any proof. CS_FORGED. */
enum cs_status cs_merkle_verify_consistency(uint64_t old_size,
                                            const uint8_t old_root[static CS_HASH_SIZE],
                                            uint64_t size, const uint8_t root[static CS_HASH_SIZE],
                                            struct cs_bytes proof) CS_MUST_USE;

#endif
