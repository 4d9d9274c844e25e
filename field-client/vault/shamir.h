/*
 * Shamir's secret sharing over GF(256), for 32-byte keys. Inside field-client/vault: shares.h is what others use.
 *
 * Each byte is shared by itself: the secret's byte is f(0) of a random polynomial of degree threshold - 1 over the field of AES
 * (x^8 + x^4 + x^3 + x + 1), share i is f(i). Fewer than `threshold` shares say nothing about the secret.
 *
 * Our own, because libgfshare (2.0.0) looks up secret bytes in tables, which caches give away, takes a repeated share for another one,
 * and knows nothing of integrity. Here every operation on a secret byte is arithmetic without tables or branches.
 */
#ifndef CS_FIELD_CLIENT_VAULT_SHAMIR_H
#define CS_FIELD_CLIENT_VAULT_SHAMIR_H

#include "shared/base/world.h"
#include "shared/crypto/secret.h"

#define CS_SHAMIR_SIZE ((size_t)32)

/* The product in the field. Constant time. */
uint8_t cs_shamir_multiply(uint8_t a, uint8_t b);

/* Writes share i + 1 at out + i × CS_SHAMIR_SIZE; `out` has count × CS_SHAMIR_SIZE bytes, 2 ≤ threshold ≤ count ≤ 255. CS_NO_MEMORY. */
enum cs_status cs_shamir_split(const struct cs_world *world, struct cs_bytes secret,
                               unsigned threshold, unsigned count, uint8_t *out) CS_MUST_USE;
/* From `count` shares (as above, one after the other) with these indexes, which are different and not 0. As many as the threshold give the
 * secret; fewer, or false ones, give anything. */
void cs_shamir_combine(struct cs_bytes shares, const uint8_t *indexes, size_t count,
                       uint8_t out[static CS_SHAMIR_SIZE]);
/* The same for what stands at `place` of the polynomials: 0 is the secret, i is share i. */
void cs_shamir_at(struct cs_bytes shares, const uint8_t *indexes, size_t count, uint8_t place,
                  uint8_t out[static CS_SHAMIR_SIZE]);

#endif
