/* Sealing to a public key, see seal.h. Keys of one message live on the stack and are wiped, as in
 * aead.c. */
#include "shared/crypto/seal.h"

#include "shared/base/memory.h"
#include "shared/base/planted.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/label.h"

#include <string.h>

struct cs_seal_key {
    struct cs_secret *secret;
    uint8_t public_key[CS_SEAL_KEY_SIZE];
};

/* Takes the secret over, on failure too. */
static enum cs_status create(struct cs_secret *owned_secret, struct cs_seal_key **out)
{
    struct cs_seal_key *key = cs_alloc_zero(1, sizeof *key);
    if (key == NULL) {
        cs_secret_destroy(owned_secret);
        return CS_NO_MEMORY;
    }
    key->secret = owned_secret;
    (void)crypto_scalarmult_curve25519_base(key->public_key, cs_secret_bytes(key->secret).data);
    *out = key;
    return CS_OK;
}

enum cs_status cs_seal_key_create(struct cs_bytes secret, struct cs_seal_key **out)
{
    *out = NULL;
    if (secret.size != CS_SEAL_KEY_SIZE) {
        return CS_INVALID;
    }
    struct cs_secret *copy = NULL;
    enum cs_status status = cs_secret_create_copy(secret, &copy);
    return status == CS_OK ? create(copy, out) : status;
}

enum cs_status cs_seal_key_create_random(const struct cs_world *world, struct cs_seal_key **out)
{
    *out = NULL;
    struct cs_secret *secret = NULL;
    enum cs_status status = cs_secret_create_random(world, CS_SEAL_KEY_SIZE, &secret);
    return status == CS_OK ? create(secret, out) : status;
}

void cs_seal_key_destroy(struct cs_seal_key *key)
{
    if (key != NULL) {
        cs_secret_destroy(key->secret);
        cs_free(key);
    }
}

void cs_seal_key_public(const struct cs_seal_key *key, uint8_t out[static CS_SEAL_KEY_SIZE])
{
    memcpy(out, key->public_key, CS_SEAL_KEY_SIZE);
}

struct cs_bytes cs_seal_key_secret(const struct cs_seal_key *key)
{
    return cs_secret_bytes(key->secret);
}

enum cs_status cs_x25519(struct cs_bytes secret, struct cs_bytes public_key, uint8_t out[static 32])
{
    if (secret.size != CS_SEAL_KEY_SIZE || public_key.size != CS_SEAL_KEY_SIZE) {
        return CS_INVALID;
    }
    uint8_t shared[CS_SEAL_KEY_SIZE];
    enum cs_status status = CS_FORGED;
    if (crypto_scalarmult_curve25519(shared, secret.data, public_key.data) == 0 &&
        sodium_is_zero(shared, sizeof shared) == 0) {
        memcpy(out, shared, sizeof shared);
        status = CS_OK;
    }
    sodium_memzero(shared, sizeof shared);
    return status;
}

struct exchange {
    struct cs_bytes own_secret;
    struct cs_bytes other_public;
    const uint8_t *ephemeral; /* public */
    const uint8_t *recipient; /* public */
};

/* CS_FORGED when the two keys meet in zero. `out` must be wiped by the caller. */
static enum cs_status derive(const struct exchange *exchange, const char *label,
                             struct cs_bytes header, uint8_t out[static CS_AEAD_KEY_SIZE])
{
    uint8_t dh[CS_SEAL_KEY_SIZE];
    enum cs_status status = cs_x25519(exchange->own_secret, exchange->other_public, dh);
    if (status != CS_OK) {
        return status;
    }
    uint8_t header_hash[CS_HASH_SIZE];
    (void)crypto_generichash(header_hash, sizeof header_hash, header.data, header.size, NULL, 0);
    crypto_generichash_state state;
    cs_require(crypto_generichash_init(&state, dh, sizeof dh, CS_AEAD_KEY_SIZE) == 0);
    cs_label_update(&state, label);
    (void)crypto_generichash_update(&state, exchange->ephemeral, CS_SEAL_KEY_SIZE);
    (void)crypto_generichash_update(&state, exchange->recipient, CS_SEAL_KEY_SIZE);
    (void)crypto_generichash_update(&state, header_hash, sizeof header_hash);
    (void)crypto_generichash_final(&state, out, CS_AEAD_KEY_SIZE);
    sodium_memzero(dh, sizeof dh);
    sodium_memzero(&state, sizeof state);
    return CS_OK;
}

enum cs_status cs_seal(const struct cs_world *world,
                       const uint8_t recipient[static CS_SEAL_KEY_SIZE], const char *label,
                       struct cs_bytes header, struct cs_bytes plaintext, struct cs_buffer *out)
{
    uint8_t secret[CS_SEAL_KEY_SIZE];
    uint8_t ephemeral[CS_SEAL_KEY_SIZE];
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    uint8_t key[CS_AEAD_KEY_SIZE] = {0};
    world->random(world->context, secret, sizeof secret);
    world->random(world->context, nonce, sizeof nonce);
    if (CS_PLANTED(REUSE_NONCE)) {
        memset(secret, 7, sizeof secret);
        memset(nonce, 7, sizeof nonce);
    }
    (void)crypto_scalarmult_curve25519_base(ephemeral, secret);
    struct exchange exchange = {cs_bytes_of_array(secret),
                                cs_bytes_make(recipient, CS_SEAL_KEY_SIZE), ephemeral, recipient};
    size_t size_before = out->size;
    enum cs_status status = derive(&exchange, label, header, key);
    if (status == CS_OK) {
        cs_buffer_append(out, ephemeral, sizeof ephemeral);
        status = cs_aead_encrypt(cs_bytes_of_array(key), label, header, plaintext, nonce, out);
    }
    if (status != CS_OK) {
        out->size = size_before;
    }
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(key, sizeof key);
    return status;
}

enum cs_status cs_unseal(const struct cs_seal_key *key, const char *label, struct cs_bytes header,
                         struct cs_bytes sealed, struct cs_buffer *out)
{
    if (sealed.size < CS_SEAL_OVERHEAD) {
        return CS_MALFORMED;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, sealed);
    struct cs_bytes ephemeral = cs_read_bytes(&reader, CS_SEAL_KEY_SIZE);
    struct exchange exchange = {cs_secret_bytes(key->secret), ephemeral, ephemeral.data,
                                key->public_key};
    uint8_t derived[CS_AEAD_KEY_SIZE] = {0};
    enum cs_status status = derive(&exchange, label, header, derived);
    if (status == CS_OK) {
        status = cs_aead_decrypt(cs_bytes_of_array(derived), label, header, reader.rest, out);
    }
    sodium_memzero(derived, sizeof derived);
    return status;
}
