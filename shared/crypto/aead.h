/*
 * Key-committing authenticated encryption, and the bare primitives that test vectors exercise.
 *
 *   ek(32) ‖ com(32) = BLAKE2b-512(key = K, label ‖ nonce(24) ‖ BLAKE2b-256(associated data))
 *   output           = nonce(24) ‖ com(32) ‖ XChaCha20-Poly1305(ek, nonce, plaintext, associated data)
 *
 * `com` is compared in constant time before anything is decrypted, so a ciphertext opens under one key only. The label
 * is encoded as u8 length and its characters.
 */
#ifndef CS_CRYPTO_AEAD_H
#define CS_CRYPTO_AEAD_H

#include "shared/crypto/secret.h"

#define CS_AEAD_KEY_SIZE 32
#define CS_AEAD_NONCE_SIZE 24
#define CS_AEAD_OVERHEAD (24 + 32 + 16)

/* Appends plaintext.size + CS_AEAD_OVERHEAD bytes to `out`. `key` is 32 bytes. `nonce` must be fresh and random. */
enum cs_status cs_aead_encrypt(struct cs_bytes key, const char *label, struct cs_bytes associated,
                               struct cs_bytes plaintext,
                               const uint8_t nonce[static CS_AEAD_NONCE_SIZE],
                               struct cs_buffer *out) CS_MUST_USE;
/* Appends the plaintext. CS_FORGED for a wrong key, label, associated data or any altered byte; CS_MALFORMED if short. */
enum cs_status cs_aead_decrypt(struct cs_bytes key, const char *label, struct cs_bytes associated,
                               struct cs_bytes ciphertext, struct cs_buffer *out) CS_MUST_USE;

/* Bare primitives for the vector runner; everything else uses the functions above. Appends. */
enum cs_status cs_xchacha20poly1305_decrypt(struct cs_bytes key, struct cs_bytes nonce,
                                            struct cs_bytes associated, struct cs_bytes ciphertext,
                                            struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_chacha20poly1305_decrypt(struct cs_bytes key, struct cs_bytes nonce,
                                           struct cs_bytes associated, struct cs_bytes ciphertext,
                                           struct cs_buffer *out) CS_MUST_USE;

#endif
