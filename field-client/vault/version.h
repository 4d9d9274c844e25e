/*
 * Versions of a secret: sealed by their author, opened with a half.
 *
 *   item key = KEYED(vault key, "countersign vault item key 1", half ‖ place)
 *
 * Neither vault key nor half opens anything alone. The author's device makes the half, seals it to the server and to the recovery
 * key, commits to it and wipes it. With four eyes the server gets s = half XOR a only, and a goes to the approvers.
 */
#ifndef CS_FIELD_CLIENT_VAULT_VERSION_H
#define CS_FIELD_CLIENT_VAULT_VERSION_H

#include "field-client/vault/keyring.h"
#include "shared/vault/recovery.h"

struct cs_vault_version_terms {
    struct cs_id item;
    struct cs_bytes field;   /* "password" */
    struct cs_id version;    /* new and random */
    const uint8_t *previous; /* id of the version it follows; NULL: the first */
    struct cs_bytes secret;  /* at most CS_VAULT_SECRET_MAX - 4 bytes */
    const uint8_t *half_key; /* CS_SEAL_KEY_SIZE bytes, from the server's verified statement */
    const struct cs_vault_recovery *recovery; /* the one the epoch names */
    const struct cs_chain *const *approvers;  /* with four eyes: those who may approve; else none */
    size_t approver_count;
};

/*
 * Appends the signed version, under the current epoch of the log.
 * CS_LOCKED without the vault key; CS_TOO_LARGE; CS_INVALID (field; approvers where there must be none, or none where
 * there must be some, too many, or one twice; another recovery key than the epoch's); as cs_vault_log_may_encrypt.
 */
enum cs_status cs_vault_version_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                     const struct cs_evidence_signer *signer,
                                     const struct cs_vault_keyring *keyring,
                                     const struct cs_vault_version_terms *terms,
                                     struct cs_buffer *out, struct cs_problem *problem) CS_MUST_USE;

/* Opens a verified version. The half is checked against the version's commitment first. CS_LOCKED without the vault key; CS_FORGED for the
 * half of another version, or a ciphertext that was made for another place; CS_MALFORMED; CS_NO_MEMORY. */
enum cs_status cs_vault_version_open(const struct cs_vault_keyring *keyring,
                                     const struct cs_vault_record *version, struct cs_bytes half,
                                     struct cs_secret **out,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
