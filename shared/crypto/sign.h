/*
 * Signatures: Ed25519 (RFC 8032). What is signed is always
 *
 *   u8 length of label ‖ label ‖ BLAKE2b-512(message)
 *
 * so that a signature made for one purpose verifies for no other, and a message of any size is
 * signed without a copy of it (signing cannot fail). Labels have 1 to 64 ASCII characters.
 */
#ifndef CS_CRYPTO_SIGN_H
#define CS_CRYPTO_SIGN_H

#include "shared/crypto/secret.h"

#define CS_SIGN_SEED_SIZE 32
#define CS_SIGN_PUBLIC_SIZE 32
#define CS_SIGNATURE_SIZE 64

struct cs_sign_key; /* opaque: seed and public key in secret memory */

/* `seed` is 32 bytes, copied. CS_INVALID for another size. */
enum cs_status cs_sign_key_create(struct cs_bytes seed, struct cs_sign_key **out) CS_MUST_USE;
enum cs_status cs_sign_key_create_random(const struct cs_world *world,
                                         struct cs_sign_key **out) CS_MUST_USE;
void cs_sign_key_destroy(struct cs_sign_key *key);
void cs_sign_key_public(const struct cs_sign_key *key, uint8_t out[static CS_SIGN_PUBLIC_SIZE]);
/* Borrowed; for sealing the key at rest. */
struct cs_bytes cs_sign_key_seed(const struct cs_sign_key *key);

void cs_sign(const struct cs_sign_key *key, const char *label, struct cs_bytes message,
             uint8_t out[static CS_SIGNATURE_SIZE]);
/* CS_FORGED if it does not verify (small-order keys and non-canonical scalars included). */
enum cs_status cs_sign_verify(const uint8_t public_key[static CS_SIGN_PUBLIC_SIZE],
                              const char *label, struct cs_bytes message,
                              const uint8_t signature[static CS_SIGNATURE_SIZE]) CS_MUST_USE;

/*
 * The bare primitive, without a label: for notes that other implementations verify
 * (evidence/checkpoint.h) and for test vectors. A message given to cs_sign_bare begins with a byte
 * above 64, the largest label, so that it is never what cs_sign signs: aborts otherwise.
 */
void cs_sign_bare(const struct cs_sign_key *key, struct cs_bytes message,
                  uint8_t out[static CS_SIGNATURE_SIZE]);
enum cs_status cs_sign_verify_bare(const uint8_t public_key[static CS_SIGN_PUBLIC_SIZE],
                                   struct cs_bytes message,
                                   const uint8_t signature[static CS_SIGNATURE_SIZE]) CS_MUST_USE;

#endif
