/*
 * Slow keys of password files: Argon2d and Argon2id with lanes (libargon2; libsodium's has one lane), AES-KDF, PBKDF2. What a file may ask
 * for is bounded: its parameters are somebody else's.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_KEY_DERIVATION_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_KEY_DERIVATION_H

#include "shared/base/bytes.h"

#define CS_DERIVED_KEY_SIZE 32

enum cs_key_derivation_kind {
    CS_KEY_BY_AES, /* KeePass: SHA-256 of 32 bytes encrypted `passes` times; salt = 32 bytes, the AES key */
    CS_KEY_BY_PBKDF2,   /* PBKDF2-HMAC-SHA-256, `passes` times */
    CS_KEY_BY_ARGON2D,  /* RFC 9106 */
    CS_KEY_BY_ARGON2ID, /* likewise */
};

struct cs_key_derivation {
    enum cs_key_derivation_kind kind;
    uint64_t passes;
    uint64_t memory_kib; /* of Argon2 */
    uint64_t lanes;      /* likewise */
    uint32_t version;    /* likewise: 0x10 or 0x13 */
    struct cs_bytes salt;
};

/* What a file may ask for. */
struct cs_key_derivation_bounds {
    uint64_t memory_kib_max;
    uint64_t work_kib_max; /* memory × passes of Argon2 */
    uint64_t lanes_max;
    uint64_t rounds_max; /* passes of the others */
};

/* The figures of shared/base/limits.h. */
struct cs_key_derivation_bounds cs_key_derivation_bounds_default(void);

/* CS_LIMIT with the figure and the limit; CS_MALFORMED for what no program writes. `bounds` NULL: the default. */
enum cs_status cs_key_derivation_check(const struct cs_key_derivation *derivation,
                                       const struct cs_key_derivation_bounds *bounds,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Of checked parameters only. CS_KEY_BY_AES takes a secret of 32 bytes. CS_NO_MEMORY. */
enum cs_status cs_key_derive(const struct cs_key_derivation *derivation, struct cs_bytes secret,
                             uint8_t out[static CS_DERIVED_KEY_SIZE]) CS_MUST_USE;

#endif
