/* Signatures, see sign.h. libsodium's secret key is the seed followed by the public key: one secret
 * holds both. */
#include "shared/crypto/sign.h"

#include "shared/base/memory.h"
#include "shared/crypto/label.h"

#include <string.h>

#define MESSAGE_HASH_SIZE 64

struct cs_sign_key {
    struct cs_secret *secret;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
};

enum cs_status cs_sign_key_create(struct cs_bytes seed, struct cs_sign_key **out)
{
    *out = NULL;
    if (seed.size != CS_SIGN_SEED_SIZE) {
        return CS_INVALID;
    }
    struct cs_sign_key *key = cs_alloc_zero(1, sizeof *key);
    if (key == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_secret_create(crypto_sign_SECRETKEYBYTES, &key->secret);
    if (status != CS_OK) {
        cs_free(key);
        return status;
    }
    (void)crypto_sign_seed_keypair(key->public_key, cs_secret_data(key->secret), seed.data);
    *out = key;
    return CS_OK;
}

enum cs_status cs_sign_key_create_random(const struct cs_world *world, struct cs_sign_key **out)
{
    *out = NULL;
    struct cs_secret *seed = NULL;
    enum cs_status status = cs_secret_create_random(world, CS_SIGN_SEED_SIZE, &seed);
    if (status == CS_OK) {
        status = cs_sign_key_create(cs_secret_bytes(seed), out);
    }
    cs_secret_destroy(seed);
    return status;
}

void cs_sign_key_destroy(struct cs_sign_key *key)
{
    if (key != NULL) {
        cs_secret_destroy(key->secret);
        cs_free(key);
    }
}

void cs_sign_key_public(const struct cs_sign_key *key, uint8_t out[static CS_SIGN_PUBLIC_SIZE])
{
    memcpy(out, key->public_key, CS_SIGN_PUBLIC_SIZE);
}

struct cs_bytes cs_sign_key_seed(const struct cs_sign_key *key)
{
    return cs_bytes_make(cs_secret_bytes(key->secret).data, CS_SIGN_SEED_SIZE);
}

struct signed_bytes {
    uint8_t bytes[CS_LABEL_ENCODED_MAX + MESSAGE_HASH_SIZE];
    size_t size;
};

static void prepare(const char *label, struct cs_bytes message, struct signed_bytes *out)
{
    size_t label_size = cs_label_encode(label, out->bytes);
    (void)crypto_generichash(out->bytes + label_size, MESSAGE_HASH_SIZE, message.data, message.size,
                             NULL, 0);
    out->size = label_size + MESSAGE_HASH_SIZE;
}

void cs_sign(const struct cs_sign_key *key, const char *label, struct cs_bytes message,
             uint8_t out[static CS_SIGNATURE_SIZE])
{
    struct signed_bytes prepared;
    prepare(label, message, &prepared);
    (void)crypto_sign_detached(out, NULL, prepared.bytes, prepared.size,
                               cs_secret_bytes(key->secret).data);
}

enum cs_status cs_sign_verify(const uint8_t public_key[static CS_SIGN_PUBLIC_SIZE],
                              const char *label, struct cs_bytes message,
                              const uint8_t signature[static CS_SIGNATURE_SIZE])
{
    struct signed_bytes prepared;
    prepare(label, message, &prepared);
    return cs_sign_verify_bare(public_key, cs_bytes_make(prepared.bytes, prepared.size), signature);
}

void cs_sign_bare(const struct cs_sign_key *key, struct cs_bytes message,
                  uint8_t out[static CS_SIGNATURE_SIZE])
{
    cs_require(message.size > 0 && message.data[0] > CS_LABEL_MAX);
    (void)crypto_sign_detached(out, NULL, message.data, message.size,
                               cs_secret_bytes(key->secret).data);
}

enum cs_status cs_sign_verify_bare(const uint8_t public_key[static CS_SIGN_PUBLIC_SIZE],
                                   struct cs_bytes message,
                                   const uint8_t signature[static CS_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0
               ? CS_OK
               : CS_FORGED;
}
