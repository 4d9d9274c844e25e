/*
 * Hashing: BLAKE2b (RFC 7693), 32 bytes unless said otherwise. Pure.
 */
#ifndef CS_CRYPTO_HASH_H
#define CS_CRYPTO_HASH_H

#include "shared/base/bytes.h"

#define CS_HASH_SIZE 32

/* BLAKE2b-256 over: u8 length of label, label, data. The label separates domains; 1 to 64 ASCII characters. */
void cs_hash(const char *label, struct cs_bytes data, uint8_t out[static CS_HASH_SIZE]);

/* Several parts, each length-prefixed with u32, after the same label form. */
void cs_hash_parts(const char *label, const struct cs_bytes *parts, size_t part_count,
                   uint8_t out[static CS_HASH_SIZE]);

/* As cs_hash_parts, but keyed with a secret of CS_HASH_SIZE bytes (BLAKE2b's own key input): a key derived from another, or
 * a commitment to one. */
void cs_hash_keyed(const char *label, struct cs_bytes key, const struct cs_bytes *parts,
                   size_t part_count, uint8_t out[static CS_HASH_SIZE]);

/* BLAKE2b-256 over u8 `kind` ‖ data: the leaves and nodes of a Merkle tree (evidence/merkle.h), and nothing else. */
void cs_hash_tree(uint8_t kind, struct cs_bytes data, uint8_t out[static CS_HASH_SIZE]);

/* BLAKE2b-256 of nothing: the root of an empty tree. */
void cs_hash_nothing(uint8_t out[static CS_HASH_SIZE]);

/* SHA-256, where a format of others asks for it: key ids of signed notes. */
void cs_sha256(struct cs_bytes data, uint8_t out[static 32]);

/* Multiset hash: sums of element hashes as 256-bit little-endian integers, mod 2^256. */
struct cs_multiset {
    uint8_t sum[CS_HASH_SIZE];
};
void cs_multiset_add(struct cs_multiset *multiset, const uint8_t element[static CS_HASH_SIZE]);
void cs_multiset_subtract(struct cs_multiset *multiset, const uint8_t element[static CS_HASH_SIZE]);

#endif
