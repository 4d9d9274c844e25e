/*
 * AES-256, as KeePass and Bitwarden use it: CBC with PKCS #7 padding, and the key transformation of KeePass. One of two files of the
 * client with mbedTLS: libsodium has AES only inside AES-GCM.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_AES_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_AES_H

#include "shared/base/bytes.h"

#define CS_AES_BLOCK_SIZE 16
#define CS_AES_KEY_SIZE 32

/* Appends the plaintext. CS_FORGED for bad padding (say so only where the ciphertext was authenticated before); CS_MALFORMED for a size
 * that no ciphertext has; CS_NO_MEMORY, CS_LIMIT. */
enum cs_status cs_aes_cbc_decrypt(const uint8_t key[static CS_AES_KEY_SIZE],
                                  const uint8_t iv[static CS_AES_BLOCK_SIZE],
                                  struct cs_bytes ciphertext, struct cs_buffer *out) CS_MUST_USE;
/* Appends the ciphertext. */
enum cs_status cs_aes_cbc_encrypt(const uint8_t key[static CS_AES_KEY_SIZE],
                                  const uint8_t iv[static CS_AES_BLOCK_SIZE],
                                  struct cs_bytes plaintext, struct cs_buffer *out) CS_MUST_USE;
/* Encrypts each half of `data` (32 bytes) `rounds` times in ECB mode. */
enum cs_status cs_aes_transform(const uint8_t key[static CS_AES_KEY_SIZE], uint64_t rounds,
                                uint8_t data[static 32]) CS_MUST_USE;

#endif
