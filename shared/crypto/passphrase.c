/* Keys from passphrases, see passphrase.h. */
#include "shared/crypto/passphrase.h"

#include <sodium.h>

#define KEY_SIZE 32

static bool acceptable(const struct cs_kdf_parameters *parameters)
{
    return parameters->memory_kib >= CS_KDF_MEMORY_KIB_MIN &&
           parameters->memory_kib <= CS_KDF_MEMORY_KIB_MAX &&
           parameters->passes >= CS_KDF_PASSES_MIN && parameters->passes <= CS_KDF_PASSES_MAX;
}

enum cs_status cs_kdf_derive(struct cs_bytes passphrase, const struct cs_kdf_parameters *parameters,
                             struct cs_secret **out)
{
    *out = NULL;
    /* 2 GiB do not fit into the address space of every machine. */
    uint64_t memory_bytes = (uint64_t)parameters->memory_kib * 1024;
    if (!acceptable(parameters) || memory_bytes > crypto_pwhash_MEMLIMIT_MAX) {
        return CS_INVALID;
    }
    struct cs_secret *key = NULL;
    enum cs_status status = cs_secret_create(KEY_SIZE, &key);
    if (status != CS_OK) {
        return status;
    }
    const char *text = passphrase.size == 0 ? "" : (const char *)passphrase.data;
    /* With parameters in bounds the only failure left is memory. */
    if (crypto_pwhash(cs_secret_data(key), KEY_SIZE, text, passphrase.size, parameters->salt,
                      parameters->passes, (size_t)memory_bytes,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        cs_secret_destroy(key);
        return CS_NO_MEMORY;
    }
    *out = key;
    return CS_OK;
}

void cs_hmac_sha256(struct cs_bytes key, struct cs_bytes message, uint8_t out[static 32])
{
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key.data, key.size);
    (void)crypto_auth_hmacsha256_update(&state, message.data, message.size);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}
