/*
 * Sealing to a public key: the one construction used everywhere.
 *
 *   dh = X25519(ephemeral, recipient), all-zero refused
 *   K  = BLAKE2b-256(key = dh, label ‖ ephemeral public(32) ‖ recipient public(32) ‖ BLAKE2b-256(header))
 *   output = ephemeral public(32) ‖ cs_aead_encrypt(K, label, header, plaintext)
 *
 * Anonymous by itself: who sent it is said by a signature inside or beside it. There is no forward secrecy
 * against the recipient's key.
 */
#ifndef CS_CRYPTO_SEAL_H
#define CS_CRYPTO_SEAL_H

#include "shared/crypto/aead.h"

#define CS_SEAL_KEY_SIZE 32
#define CS_SEAL_OVERHEAD (32 + CS_AEAD_OVERHEAD)

struct cs_seal_key; /* opaque: X25519 secret in secret memory, and its public key */

enum cs_status cs_seal_key_create(struct cs_bytes secret, struct cs_seal_key **out) CS_MUST_USE;
enum cs_status cs_seal_key_create_random(const struct cs_world *world,
                                         struct cs_seal_key **out) CS_MUST_USE;
void cs_seal_key_destroy(struct cs_seal_key *key);
void cs_seal_key_public(const struct cs_seal_key *key, uint8_t out[static CS_SEAL_KEY_SIZE]);
/* Borrowed; for sealing the key at rest. */
struct cs_bytes cs_seal_key_secret(const struct cs_seal_key *key);

/* Appends plaintext.size + CS_SEAL_OVERHEAD bytes. Takes ephemeral key and nonce from the world's randomness. */
enum cs_status cs_seal(const struct cs_world *world,
                       const uint8_t recipient[static CS_SEAL_KEY_SIZE], const char *label,
                       struct cs_bytes header, struct cs_bytes plaintext,
                       struct cs_buffer *out) CS_MUST_USE;
/* Appends the plaintext. CS_FORGED or CS_MALFORMED as cs_aead_decrypt. */
enum cs_status cs_unseal(const struct cs_seal_key *key, const char *label, struct cs_bytes header,
                         struct cs_bytes sealed, struct cs_buffer *out) CS_MUST_USE;

/* Bare X25519 (RFC 7748) for the vector runner: CS_FORGED for an all-zero result. */
enum cs_status cs_x25519(struct cs_bytes secret, struct cs_bytes public_key,
                         uint8_t out[static 32]) CS_MUST_USE;

#endif
