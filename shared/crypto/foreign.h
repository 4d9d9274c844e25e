/*
 * Hashes, key derivations and stream ciphers that the formats of other programs ask for. Nothing of ours uses them: our own formats
 * have hash.h, aead.h and passphrase.h.
 */
#ifndef CS_CRYPTO_FOREIGN_H
#define CS_CRYPTO_FOREIGN_H

#include "shared/base/bytes.h"

#define CS_SHA256_SIZE 32
#define CS_SHA512_SIZE 64

/* Over the parts one after the other, without lengths. */
void cs_sha256_parts(const struct cs_bytes *parts, size_t count,
                     uint8_t out[static CS_SHA256_SIZE]);
void cs_sha512_parts(const struct cs_bytes *parts, size_t count,
                     uint8_t out[static CS_SHA512_SIZE]);
void cs_hmac_sha256_parts(struct cs_bytes key, const struct cs_bytes *parts, size_t count,
                          uint8_t out[static CS_SHA256_SIZE]);

/* PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2), one block: 32 bytes. `passes` ≥ 1. */
void cs_pbkdf2_sha256(struct cs_bytes password, struct cs_bytes salt, uint32_t passes,
                      uint8_t out[static CS_SHA256_SIZE]);
/* HKDF-Expand with SHA-256 (RFC 5869 §2.3), one block: 32 bytes. */
void cs_hkdf_expand_sha256(struct cs_bytes key, const char *info,
                           uint8_t out[static CS_SHA256_SIZE]);

enum cs_stream_cipher {
    CS_STREAM_SALSA20,  /* 8-byte nonce */
    CS_STREAM_CHACHA20, /* RFC 8439 from block 0; 12-byte nonce */
};

/* A key stream and the position in it. Holds the key: wipe it with cs_stream_release. */
struct cs_stream {
    enum cs_stream_cipher cipher;
    uint8_t key[32];
    uint8_t nonce[12];
    uint64_t position; /* bytes used so far */
};

void cs_stream_init(struct cs_stream *stream, enum cs_stream_cipher cipher,
                    const uint8_t key[static 32], const uint8_t *nonce);
/* Encrypts or decrypts in place and goes on; at most 2³⁸ bytes in sum (false beyond, nothing touched). */
bool cs_stream_apply(struct cs_stream *stream, uint8_t *data, size_t size) CS_MUST_USE;
void cs_stream_release(struct cs_stream *stream);

#endif
