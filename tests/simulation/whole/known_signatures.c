/*
 * Signatures that were found good are known again: the same certificates, statements and checkpoints are verified at every sync, and
 * here that is a tenth of all time. The answer depends on the key, the message and the signature alone, and all three make the
 * slot's hash, so what is remembered is what verifying again would say. Refusals are worked out anew each time.
 *
 * Replaces crypto_sign_verify_detached at link time.
 */

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define HASH_SIZE 32
#define SLOTS 4096u

static _Thread_local uint8_t known[SLOTS][HASH_SIZE];

int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key);

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long size, const unsigned char *public_key)
{
    uint8_t hash[HASH_SIZE];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)crypto_generichash_update(&state, public_key, crypto_sign_PUBLICKEYBYTES);
    (void)crypto_generichash_update(&state, signature, crypto_sign_BYTES);
    (void)crypto_generichash_update(&state, message, size);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    uint8_t *slot = known[((unsigned)hash[0] << 8 | hash[1]) % SLOTS];
    if (memcmp(slot, hash, sizeof hash) == 0) {
        return 0;
    }
    int result = __real_crypto_sign_verify_detached(signature, message, size, public_key);
    if (result == 0) {
        memcpy(slot, hash, sizeof hash);
    }
    return result;
}
