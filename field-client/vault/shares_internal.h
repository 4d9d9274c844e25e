/* What shares of the recovery key (shares.c) and of the root key (root_shares.c) have in common; see shares.h. */
#ifndef CS_FIELD_CLIENT_VAULT_SHARES_INTERNAL_H
#define CS_FIELD_CLIENT_VAULT_SHARES_INTERNAL_H

#include "field-client/vault/shares.h"
#include "shared/vault/root_split.h"

struct cs_vault_gathering {
    enum cs_vault_share_kind kind;
    bool stated; /* what follows is from a statement; else the first share says set and numbers */
    uint8_t key[CS_SEAL_KEY_SIZE]; /* of the recovery key */
    struct cs_id set;
    unsigned threshold; /* 0: nothing is known yet */
    unsigned count;
    uint8_t commitments[CS_VAULT_SHARES_MAX][CS_HASH_SIZE];
    struct cs_secret *shares; /* in the order in which they came */
    uint8_t indexes[CS_VAULT_SHARES_MAX];
    unsigned entered;
};
/* Empty, without a statement. */
enum cs_status cs_vault_gathering_allocate(enum cs_vault_share_kind kind,
                                           struct cs_vault_gathering **out) CS_MUST_USE;
/* The secret (place 0) or share number `place`, by the first shares that came. CS_LOCKED: too few. */
enum cs_status cs_vault_gathering_at(const struct cs_vault_gathering *gathering, unsigned place,
                                     struct cs_secret **out,
                                     struct cs_problem *problem) CS_MUST_USE;

/* CS_INVALID for a threshold or count out of bounds. */
enum cs_status cs_vault_shares_check_terms(unsigned threshold, unsigned count,
                                           struct cs_problem *problem) CS_MUST_USE;
/* All shares of a set as text, of kind, set, threshold and count of `first`; `shares` holds their values one after the other. */
enum cs_status cs_vault_shares_print(const struct cs_vault_share *first, struct cs_bytes shares,
                                     struct cs_secret **out) CS_MUST_USE;

#endif
