/*
 * The keys of one vault that one device has: from its grant in the vault's verified log, and back through the epochs; or all of
 * them, from the recovery key.
 */
#ifndef CS_FIELD_CLIENT_VAULT_KEYRING_H
#define CS_FIELD_CLIENT_VAULT_KEYRING_H

#include "field-client/vault/keys.h"

struct cs_vault_keyring; /* opaque; keys in secret memory */

struct cs_vault_holder {
    const uint8_t *organisation; /* CS_HASH_SIZE bytes */
    const uint8_t *certificate;  /* id */
    const struct cs_seal_key *key;
};

/*
 * CS_DENIED   no grant
 * CS_EXPIRED  the grant has ended by `now_ms`
 * CS_FORGED   the grant, or a wrapped key, does not hold the key that the log commits to
 */
enum cs_status cs_vault_keyring_open(const struct cs_vault_log *log,
                                     const struct cs_vault_holder *holder, int64_t now_ms,
                                     struct cs_vault_keyring **out,
                                     struct cs_problem *problem) CS_MUST_USE;
/* By the private half of the recovery key that the last epoch is sealed to. CS_FORGED for another one; CS_NOT_FOUND. */
enum cs_status cs_vault_keyring_recover(const struct cs_vault_log *log,
                                        const uint8_t organisation[static CS_HASH_SIZE],
                                        const struct cs_seal_key *recovery_key,
                                        struct cs_vault_keyring **out,
                                        struct cs_problem *problem) CS_MUST_USE;
/* Wipes; NULL is accepted. */
void cs_vault_keyring_destroy(struct cs_vault_keyring *keyring);

/* Borrowed; empty if the device does not have that key. */
struct cs_bytes cs_vault_keyring_key(const struct cs_vault_keyring *keyring, int64_t epoch,
                                     cs_vault_key_class key_class);

#endif
