/*
 * Signatures that were made here or found good once are known again: the same certificates, statements and checkpoints are verified
 * at every sync, and here that is a tenth of all time. The answer depends on the key, the message and the signature alone, and all
 * three make the slot's hash, so what is remembered is what verifying would say: of a signature that was just made with the secret
 * key that this is the public one of, too. Refusals are worked out anew each time.
 *
 * Replaces crypto_sign_verify_detached and crypto_sign_detached at link time.
 */

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define HASH_SIZE 32
#define SLOTS 16384u

static _Thread_local uint8_t known[SLOTS][HASH_SIZE];

int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key);
int __real_crypto_sign_detached(unsigned char *signature, unsigned long long *signature_size,
                                const unsigned char *message, unsigned long long size,
                                const unsigned char *secret_key);
int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *signature_size,
                                const unsigned char *message, unsigned long long size,
                                const unsigned char *secret_key);

static uint8_t *name(const unsigned char *signature, const unsigned char *message,
                     unsigned long long size, const unsigned char *public_key,
                     uint8_t out[static HASH_SIZE])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    (void)crypto_generichash_update(&state, public_key, crypto_sign_PUBLICKEYBYTES);
    (void)crypto_generichash_update(&state, signature, crypto_sign_BYTES);
    (void)crypto_generichash_update(&state, message, size);
    (void)crypto_generichash_final(&state, out, HASH_SIZE);
    return known[((unsigned)out[0] << 8 | out[1]) % SLOTS];
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key)
{
    uint8_t hash[HASH_SIZE];
    uint8_t *slot = name(signature, message, size, public_key, hash);
    if (memcmp(slot, hash, sizeof hash) == 0) {
        return 0;
    }
    int result = __real_crypto_sign_verify_detached(signature, message, size, public_key);
    if (result == 0) {
        memcpy(slot, hash, sizeof hash);
    }
    return result;
}

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *signature_size,
                                const unsigned char *message, unsigned long long size,
                                const unsigned char *secret_key)
{
    int result = __real_crypto_sign_detached(signature, signature_size, message, size, secret_key);
    if (result == 0) {
        /* libsodium's secret keys end with the public one. */
        uint8_t hash[HASH_SIZE];
        uint8_t *slot =
            name(signature, message, size,
                 secret_key + crypto_sign_SECRETKEYBYTES - crypto_sign_PUBLICKEYBYTES, hash);
        memcpy(slot, hash, sizeof hash);
    }
    return result;
}
