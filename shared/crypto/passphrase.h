/*
 * Keys from passphrases: Argon2id (RFC 9106), 32 bytes out.
 */
#ifndef CS_CRYPTO_PASSPHRASE_H
#define CS_CRYPTO_PASSPHRASE_H

#include "shared/crypto/secret.h"

#define CS_KDF_SALT_SIZE 16
#define CS_KDF_MEMORY_KIB_DEFAULT ((uint32_t)256 * 1024)
#define CS_KDF_MEMORY_KIB_MIN ((uint32_t)64 * 1024)
#define CS_KDF_MEMORY_KIB_MAX ((uint32_t)2 * 1024 * 1024)
#define CS_KDF_PASSES_DEFAULT ((uint32_t)3)
#define CS_KDF_PASSES_MIN ((uint32_t)3)
#define CS_KDF_PASSES_MAX ((uint32_t)16)

struct cs_kdf_parameters {
    uint32_t memory_kib;
    uint32_t passes;
    uint8_t salt[CS_KDF_SALT_SIZE];
};

/* CS_INVALID outside the bounds above (a lowered parameter is refused, never used); CS_NO_MEMORY. */
enum cs_status cs_kdf_derive(struct cs_bytes passphrase, const struct cs_kdf_parameters *parameters,
                             struct cs_secret **out) CS_MUST_USE;

/* HMAC-SHA-256 (RFC 2104). */
void cs_hmac_sha256(struct cs_bytes key, struct cs_bytes message, uint8_t out[static 32]);

#endif
