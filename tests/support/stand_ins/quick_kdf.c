/*
 * Stands in for libsodium's crypto_pwhash: linked into tests of what happens after it, and preloaded into programs that a test
 * starts a thousand times.
 *
 * Deriving the key takes nine tenths of the time of a test that joins or unlocks, by design. Where a test is about something
 * else, that time would only hide the moments that matter. Each passphrase, salt and set of parameters still gives its own key.
 * The tests of shared/crypto and of the golden replicas use the real one. Never part of a program.
 */
#include <stddef.h>
#include <stdint.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define SALT_SIZE 16

int crypto_pwhash(unsigned char *out, unsigned long long out_size, const char *passphrase,
                  unsigned long long passphrase_size, const unsigned char *salt,
                  unsigned long long operations, size_t memory, int algorithm);

static uint64_t absorb(uint64_t state, const unsigned char *data, unsigned long long size)
{
    for (unsigned long long i = 0; i < size; i++) {
        state = (state ^ data[i]) * FNV_PRIME;
    }
    return state;
}

int crypto_pwhash(unsigned char *out, unsigned long long out_size, const char *passphrase,
                  unsigned long long passphrase_size, const unsigned char *salt,
                  unsigned long long operations, size_t memory, int algorithm)
{
    uint64_t state =
        absorb(FNV_OFFSET, (const unsigned char *)passphrase, passphrase_size) ^ operations;
    state = absorb(state ^ memory ^ (uint64_t)algorithm, salt, SALT_SIZE);
    for (unsigned long long i = 0; i < out_size; i++) {
        state = (state ^ i) * FNV_PRIME;
        out[i] = (unsigned char)(state >> 32);
    }
    return 0;
}
