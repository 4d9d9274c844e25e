/*
 * Authenticated encryption of the pages of a file: XChaCha20-Poly1305 in place, with nonce and tag kept by the caller.
 *
 * Not key-committing: only for a key to which something that is checked first commits (shared/storage/encrypted/FORMAT.md). Everything
 * else uses aead.h.
 */
#ifndef CS_CRYPTO_PAGE_H
#define CS_CRYPTO_PAGE_H

#include "shared/crypto/secret.h"

#define CS_PAGE_KEY_SIZE 32
#define CS_PAGE_NONCE_SIZE 24
#define CS_PAGE_TAG_SIZE 16

/* `key` is 32 bytes. `nonce` must be fresh and random. */
void cs_page_encrypt(struct cs_bytes key, const uint8_t nonce[static CS_PAGE_NONCE_SIZE],
                     struct cs_bytes associated, uint8_t *data, size_t size,
                     uint8_t out_tag[static CS_PAGE_TAG_SIZE]);
/* CS_FORGED if anything differs; then `data` is wiped. */
enum cs_status cs_page_decrypt(struct cs_bytes key, const uint8_t nonce[static CS_PAGE_NONCE_SIZE],
                               struct cs_bytes associated, uint8_t *data, size_t size,
                               const uint8_t tag[static CS_PAGE_TAG_SIZE]) CS_MUST_USE;

#endif
