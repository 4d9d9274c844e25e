/*
 * Key agreement without X25519's work, a tenth of a run: every message is sealed to a key made for it alone. Two keys still agree,
 * and no others agree on the same, which is all that a run can tell; whoever knows both public keys could work it out, but no part of
 * a run tries. The public keys of certificates are the library's, so that all names made from them are; those of messages are hashes.
 * The library's own functions have tests of their own (test_seal, test_vectors).
 *
 * Replaces crypto_scalarmult_curve25519 and its _base at link time; cs_seal_key_create and cs_seal_key_create_random tell it which
 * keys last.
 */
#include "shared/crypto/seal.h"

#include <sodium.h>
#include <string.h>

#define SLOTS 1024u

struct pair {
    uint8_t secret[CS_SEAL_KEY_SIZE];
    uint8_t public_key[CS_SEAL_KEY_SIZE];
};

static _Thread_local struct pair
    lasting[SLOTS]; /* a pair that another took the place of is made again */
static _Thread_local struct pair of_message;
static _Thread_local bool makes_lasting;

int __real_crypto_scalarmult_curve25519_base(unsigned char *out, const unsigned char *secret);
int __wrap_crypto_scalarmult_curve25519_base(unsigned char *out, const unsigned char *secret);
int __wrap_crypto_scalarmult_curve25519(unsigned char *out, const unsigned char *secret,
                                        const unsigned char *public_key);
enum cs_status __real_cs_seal_key_create(struct cs_bytes secret, struct cs_seal_key **out);
enum cs_status __wrap_cs_seal_key_create(struct cs_bytes secret, struct cs_seal_key **out);
enum cs_status __real_cs_seal_key_create_random(const struct cs_world *world,
                                                struct cs_seal_key **out);
enum cs_status __wrap_cs_seal_key_create_random(const struct cs_world *world,
                                                struct cs_seal_key **out);

enum cs_status __wrap_cs_seal_key_create(struct cs_bytes secret, struct cs_seal_key **out)
{
    makes_lasting = true;
    enum cs_status status = __real_cs_seal_key_create(secret, out);
    makes_lasting = false;
    return status;
}

enum cs_status __wrap_cs_seal_key_create_random(const struct cs_world *world,
                                                struct cs_seal_key **out)
{
    makes_lasting = true;
    enum cs_status status = __real_cs_seal_key_create_random(world, out);
    makes_lasting = false;
    return status;
}

static const uint8_t *lasting_public_key(const uint8_t *secret)
{
    struct pair *pair = &lasting[((unsigned)secret[1] << 8 | secret[2]) % SLOTS];
    if (memcmp(pair->secret, secret, CS_SEAL_KEY_SIZE) != 0) {
        (void)__real_crypto_scalarmult_curve25519_base(pair->public_key, secret);
        memcpy(pair->secret, secret, CS_SEAL_KEY_SIZE);
    }
    return pair->public_key;
}

int __wrap_crypto_scalarmult_curve25519_base(unsigned char *out, const unsigned char *secret)
{
    if (makes_lasting) {
        memcpy(out, lasting_public_key(secret), CS_SEAL_KEY_SIZE);
        return 0;
    }
    memcpy(of_message.secret, secret, CS_SEAL_KEY_SIZE);
    (void)crypto_generichash(of_message.public_key, CS_SEAL_KEY_SIZE, secret, CS_SEAL_KEY_SIZE,
                             NULL, 0);
    memcpy(out, of_message.public_key, CS_SEAL_KEY_SIZE);
    return 0;
}

/* What both agree on is a hash of their public keys, the smaller one first. No key agrees with the one of nothing but zeroes. */
int __wrap_crypto_scalarmult_curve25519(unsigned char *out, const unsigned char *secret,
                                        const unsigned char *public_key)
{
    if (sodium_is_zero(public_key, CS_SEAL_KEY_SIZE)) {
        return -1;
    }
    const uint8_t *own = memcmp(of_message.secret, secret, CS_SEAL_KEY_SIZE) == 0
                             ? of_message.public_key
                             : lasting_public_key(secret);
    bool own_first = memcmp(own, public_key, CS_SEAL_KEY_SIZE) < 0;
    uint8_t keys[2 * CS_SEAL_KEY_SIZE];
    memcpy(keys, own_first ? own : public_key, CS_SEAL_KEY_SIZE);
    memcpy(keys + CS_SEAL_KEY_SIZE, own_first ? public_key : own, CS_SEAL_KEY_SIZE);
    return crypto_generichash(out, CS_SEAL_KEY_SIZE, keys, sizeof keys, NULL, 0);
}
