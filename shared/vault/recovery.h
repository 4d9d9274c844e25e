/*
 * What the organisation's root says of its recovery key: the X25519 key that every vault key and every half is sealed to, and
 * whose private half is split into shares (design §9). Pure.
 *
 * Signed by the root key, so that nobody can put in a recovery key of his own. It commits to every share, so that a share can be
 * checked by itself.
 */
#ifndef CS_VAULT_RECOVERY_H
#define CS_VAULT_RECOVERY_H

#include "shared/base/id.h"
#include "shared/base/limits.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"

#define CS_VAULT_SHARE_SIZE ((size_t)32)
#define CS_VAULT_SHARES_MIN 2u
#define CS_VAULT_SHARES_MAX 16u

struct cs_vault_recovery {
    uint8_t id[CS_HASH_SIZE]; /* of the statement; set by verification, ignored by encoding */
    uint8_t organisation[CS_HASH_SIZE];
    uint64_t number; /* rises with every new recovery key; the caller never takes a lower one */
    uint8_t key[CS_SEAL_KEY_SIZE];
    struct cs_id set;   /* of the shares */
    unsigned threshold; /* CS_VAULT_SHARES_MIN … count */
    unsigned count;     /* … CS_VAULT_SHARES_MAX */
    uint8_t commitments[CS_VAULT_SHARES_MAX]
                       [CS_HASH_SIZE]; /* share i + 1 at i; zero behind count */
};

/* Appends. CS_INVALID for a threshold or count out of bounds. */
enum cs_status cs_vault_recovery_encode(const struct cs_vault_recovery *recovery,
                                        const struct cs_sign_key *root,
                                        struct cs_buffer *out) CS_MUST_USE;
/* CS_FORGED if the root key did not sign it; CS_WRONG_ORGANISATION; CS_MALFORMED, CS_UNSUPPORTED. */
enum cs_status cs_vault_recovery_verify(struct cs_bytes bytes,
                                        const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                        struct cs_vault_recovery *out) CS_MUST_USE;
/* Parses without trusting. CS_MALFORMED, CS_UNSUPPORTED. */
enum cs_status cs_vault_recovery_decode(struct cs_bytes bytes,
                                        struct cs_vault_recovery *out) CS_MUST_USE;

/* The commitment to share number `index` (from 1) of a set; `share` has CS_VAULT_SHARE_SIZE bytes. */
void cs_vault_share_commitment(const struct cs_id *set, unsigned index, struct cs_bytes share,
                               uint8_t out[static CS_HASH_SIZE]);

#endif
