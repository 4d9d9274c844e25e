/*
 * What an officer signs into a vault's log, with the keys in it: epochs and grants. (Creations and withdrawals hold no keys:
 * cs_vault_log_begin and cs_vault_record_encode.)
 */
#ifndef CS_FIELD_CLIENT_VAULT_OFFICER_H
#define CS_FIELD_CLIENT_VAULT_OFFICER_H

#include "field-client/vault/keyring.h"
#include "shared/vault/recovery.h"

struct cs_vault_epoch_terms {
    const struct cs_vault_recovery *recovery; /* verified: signed by the root, the newest */
    const struct cs_vault_keyring
        *keyring; /* has the key of the epoch before; NULL for the first */
    bool four_eyes;
};
/* Appends the signed record of the next epoch of the log, with a new key: `out_key` is wanted for the grants that follow. CS_LOCKED if the
 * keyring lacks the key of the epoch before. Nothing is appended on failure. */
enum cs_status cs_vault_epoch_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_epoch_terms *terms, struct cs_buffer *out,
                                   struct cs_secret **out_key) CS_MUST_USE;

struct cs_vault_grant_terms {
    const struct cs_chain
        *recipient;      /* by cs_chain_verify: the key it is sealed to comes from nowhere else */
    struct cs_bytes key; /* the vault key of the log's current epoch */
    int64_t rights;
    int64_t expires_ms; /* 0: never */
};
/* Appends the signed grant: of the vault key, or for rights that do not need it of the listing key. CS_FORGED if `key` is not the one
 * that the log commits to; CS_NOT_FOUND without an epoch; CS_INVALID for rights. */
enum cs_status cs_vault_grant_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_grant_terms *terms,
                                   struct cs_buffer *out) CS_MUST_USE;

#endif
