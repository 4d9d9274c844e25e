/* Hashing, see hash.h; and the label encoding of label.h. */
#include "shared/crypto/hash.h"

#include "shared/crypto/label.h"

#include <string.h>

size_t cs_label_encode(const char *label, uint8_t out[static CS_LABEL_ENCODED_MAX])
{
    size_t size = strlen(label);
    cs_require(size >= 1 && size <= CS_LABEL_MAX);
    out[0] = (uint8_t)size;
    memcpy(out + 1, label, size);
    return 1 + size;
}

void cs_label_update(crypto_generichash_state *state, const char *label)
{
    uint8_t encoded[CS_LABEL_ENCODED_MAX];
    size_t size = cs_label_encode(label, encoded);
    (void)crypto_generichash_update(state, encoded, size);
}

/* libsodium's BLAKE2b functions fail only for sizes out of range, which are constants here. */
static void begin(crypto_generichash_state *state, const char *label)
{
    cs_require(crypto_generichash_init(state, NULL, 0, CS_HASH_SIZE) == 0);
    cs_label_update(state, label);
}

void cs_hash(const char *label, struct cs_bytes data, uint8_t out[static CS_HASH_SIZE])
{
    crypto_generichash_state state;
    begin(&state, label);
    (void)crypto_generichash_update(&state, data.data, data.size);
    (void)crypto_generichash_final(&state, out, CS_HASH_SIZE);
    sodium_memzero(&state, sizeof state);
}

static void end_with_parts(crypto_generichash_state *state, const struct cs_bytes *parts,
                           size_t part_count, uint8_t out[static CS_HASH_SIZE])
{
    for (size_t i = 0; i < part_count; i++) {
        size_t size = parts[i].size;
        /* No message of the project comes near 4 GiB (limits.h); a length that wrapped would be
         * ambiguous. */
        cs_require(size <= UINT32_MAX);
        uint8_t prefix[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                             (uint8_t)size};
        (void)crypto_generichash_update(state, prefix, sizeof prefix);
        (void)crypto_generichash_update(state, parts[i].data, size);
    }
    (void)crypto_generichash_final(state, out, CS_HASH_SIZE);
    sodium_memzero(state, sizeof *state);
}

void cs_hash_parts(const char *label, const struct cs_bytes *parts, size_t part_count,
                   uint8_t out[static CS_HASH_SIZE])
{
    crypto_generichash_state state;
    begin(&state, label);
    end_with_parts(&state, parts, part_count, out);
}

void cs_hash_keyed(const char *label, struct cs_bytes key, const struct cs_bytes *parts,
                   size_t part_count, uint8_t out[static CS_HASH_SIZE])
{
    crypto_generichash_state state;
    cs_require(key.size == CS_HASH_SIZE);
    cs_require(crypto_generichash_init(&state, key.data, key.size, CS_HASH_SIZE) == 0);
    cs_label_update(&state, label);
    end_with_parts(&state, parts, part_count, out);
}

void cs_hash_tree(uint8_t kind, struct cs_bytes data, uint8_t out[static CS_HASH_SIZE])
{
    crypto_generichash_state state;
    cs_require(crypto_generichash_init(&state, NULL, 0, CS_HASH_SIZE) == 0);
    (void)crypto_generichash_update(&state, &kind, sizeof kind);
    (void)crypto_generichash_update(&state, data.data, data.size);
    (void)crypto_generichash_final(&state, out, CS_HASH_SIZE);
}

void cs_hash_nothing(uint8_t out[static CS_HASH_SIZE])
{
    (void)crypto_generichash(out, CS_HASH_SIZE, NULL, 0, NULL, 0);
}

void cs_sha256(struct cs_bytes data, uint8_t out[static 32])
{
    (void)crypto_hash_sha256(out, data.data, data.size);
}

void cs_multiset_add(struct cs_multiset *multiset, const uint8_t element[static CS_HASH_SIZE])
{
    unsigned carry = 0;
    for (size_t i = 0; i < CS_HASH_SIZE; i++) {
        carry += (unsigned)multiset->sum[i] + element[i];
        multiset->sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

void cs_multiset_subtract(struct cs_multiset *multiset, const uint8_t element[static CS_HASH_SIZE])
{
    /* a - b = a + not b + 1, mod 2^256. */
    unsigned carry = 1;
    for (size_t i = 0; i < CS_HASH_SIZE; i++) {
        carry += (unsigned)multiset->sum[i] + (uint8_t)~element[i];
        multiset->sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}
