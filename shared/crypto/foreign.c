/* Primitives of other programs' formats, see foreign.h. */
#include "shared/crypto/foreign.h"

#include <sodium.h>
#include <string.h>

#define BLOCK_SIZE 64u
#define STREAM_MAX ((uint64_t)1 << 38)

void cs_sha256_parts(const struct cs_bytes *parts, size_t count, uint8_t out[static CS_SHA256_SIZE])
{
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        (void)crypto_hash_sha256_update(&state, parts[i].data, parts[i].size);
    }
    (void)crypto_hash_sha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void cs_sha512_parts(const struct cs_bytes *parts, size_t count, uint8_t out[static CS_SHA512_SIZE])
{
    crypto_hash_sha512_state state;
    (void)crypto_hash_sha512_init(&state);
    for (size_t i = 0; i < count; i++) {
        (void)crypto_hash_sha512_update(&state, parts[i].data, parts[i].size);
    }
    (void)crypto_hash_sha512_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void cs_hmac_sha256_parts(struct cs_bytes key, const struct cs_bytes *parts, size_t count,
                          uint8_t out[static CS_SHA256_SIZE])
{
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key.data, key.size);
    for (size_t i = 0; i < count; i++) {
        (void)crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
    }
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void cs_pbkdf2_sha256(struct cs_bytes password, struct cs_bytes salt, uint32_t passes,
                      uint8_t out[static CS_SHA256_SIZE])
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    uint8_t chained[CS_SHA256_SIZE];
    crypto_auth_hmacsha256_state keyed;
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&keyed, password.data, password.size);
    state = keyed;
    (void)crypto_auth_hmacsha256_update(&state, salt.data, salt.size);
    (void)crypto_auth_hmacsha256_update(&state, first_block, sizeof first_block);
    (void)crypto_auth_hmacsha256_final(&state, chained);
    memcpy(out, chained, sizeof chained);
    for (uint32_t i = 1; i < passes; i++) {
        state = keyed;
        (void)crypto_auth_hmacsha256_update(&state, chained, sizeof chained);
        (void)crypto_auth_hmacsha256_final(&state, chained);
        for (size_t j = 0; j < sizeof chained; j++) {
            out[j] ^= chained[j];
        }
    }
    sodium_memzero(&keyed, sizeof keyed);
    sodium_memzero(&state, sizeof state);
    sodium_memzero(chained, sizeof chained);
}

void cs_hkdf_expand_sha256(struct cs_bytes key, const char *info,
                           uint8_t out[static CS_SHA256_SIZE])
{
    static const uint8_t first_block[1] = {1};
    const struct cs_bytes parts[] = {cs_bytes_of_text(info), cs_bytes_of_array(first_block)};
    cs_hmac_sha256_parts(key, parts, CS_COUNT(parts), out);
}

void cs_stream_init(struct cs_stream *stream, enum cs_stream_cipher cipher,
                    const uint8_t key[static 32], const uint8_t *nonce)
{
    *stream = (struct cs_stream){.cipher = cipher};
    memcpy(stream->key, key, sizeof stream->key);
    memcpy(stream->nonce, nonce, cipher == CS_STREAM_SALSA20 ? 8 : 12);
}

/* From the beginning of a block. */
static void apply_blocks(const struct cs_stream *stream, uint8_t *data, size_t size)
{
    uint64_t block = stream->position / BLOCK_SIZE;
    if (stream->cipher == CS_STREAM_SALSA20) {
        (void)crypto_stream_salsa20_xor_ic(data, data, size, stream->nonce, block, stream->key);
    } else {
        (void)crypto_stream_chacha20_ietf_xor_ic(data, data, size, stream->nonce, (uint32_t)block,
                                                 stream->key);
    }
}

/* What is left of a block that was begun; returns how many bytes. */
static size_t apply_rest(const struct cs_stream *stream, uint8_t *data, size_t size)
{
    size_t used = (size_t)(stream->position % BLOCK_SIZE);
    size_t taken = used == 0 ? 0 : BLOCK_SIZE - used;
    uint8_t block[BLOCK_SIZE] = {0};
    taken = taken > size ? size : taken;
    if (taken > 0) {
        apply_blocks(stream, block, sizeof block);
        for (size_t i = 0; i < taken; i++) {
            data[i] ^= block[used + i];
        }
        sodium_memzero(block, sizeof block);
    }
    return taken;
}

bool cs_stream_apply(struct cs_stream *stream, uint8_t *data, size_t size)
{
    if (size > STREAM_MAX - stream->position) {
        return false;
    }
    size_t taken = apply_rest(stream, data, size);
    stream->position += taken;
    if (size > taken) {
        apply_blocks(stream, data + taken, size - taken);
        stream->position += size - taken;
    }
    return true;
}

void cs_stream_release(struct cs_stream *stream)
{
    sodium_memzero(stream, sizeof *stream);
}
