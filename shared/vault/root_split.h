/*
 * What the organisation's root key says of the shares that it was split into (design §9). Pure.
 *
 * Signed by the root key itself, and never sent: holders of shares keep it, and the device that made it. It commits to every share, so that a
 * share can be checked by itself. The id of the set follows from all the rest, and stands in every share: so enough shares prove that they
 * are those that were made even on a machine that has nothing but them.
 */
#ifndef CS_VAULT_ROOT_SPLIT_H
#define CS_VAULT_ROOT_SPLIT_H

#include "shared/vault/recovery.h"

/* The statement is shorter. */
#define CS_ROOT_SPLIT_BYTES_MAX ((size_t)4096)

/* CS_VAULT_SHARES_MIN ≤ threshold ≤ count ≤ CS_VAULT_SHARES_MAX, as for the recovery key. */
struct cs_root_split {
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_id set; /* cs_root_split_set; ignored by encoding */
    unsigned threshold;
    unsigned count;
    uint8_t commitments[CS_VAULT_SHARES_MAX]
                       [CS_HASH_SIZE]; /* share i + 1 at i; zero behind count */
};

/* Appends. CS_INVALID for a threshold or count out of bounds; `root` is the key of `root_key`. */
enum cs_status cs_root_split_encode(const struct cs_root_split *split,
                                    const struct cs_sign_key *root,
                                    struct cs_buffer *out) CS_MUST_USE;
/* CS_FORGED unless the key that it names signed it; which key that is is for the caller to compare. CS_MALFORMED, CS_UNSUPPORTED. */
enum cs_status cs_root_split_verify(struct cs_bytes bytes, struct cs_root_split *out) CS_MUST_USE;

/* The id of the set: of everything else in it. */
void cs_root_split_set(const struct cs_root_split *split, struct cs_id *out);
/* The commitment to share number `index` (from 1), which has CS_VAULT_SHARE_SIZE bytes. */
void cs_root_share_commitment(unsigned index, struct cs_bytes share,
                              uint8_t out[static CS_HASH_SIZE]);

#endif
