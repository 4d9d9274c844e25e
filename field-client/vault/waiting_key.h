/*
 * The key of a request that waits for somebody else's approval, kept across programs: sealed under the identity's master key, for this
 * request and device (own_seal.h), in the replica (field-client/replica/vault_keys.h).
 *
 *   sealed = OWN("countersign vault waiting key 1", id of the request; secret(32))
 *
 * Whoever has the disk and the passphrase has the key too while it is kept; so it is kept only where an answer may take longer than a
 * program lives, and destroyed before what it opens is shown.
 */
#ifndef CS_FIELD_CLIENT_VAULT_WAITING_KEY_H
#define CS_FIELD_CLIENT_VAULT_WAITING_KEY_H

#include "field-client/vault/book.h"
#include "shared/crypto/seal.h"

/* Takes part in the transaction that is open. CS_EXISTS for a request whose key is kept. */
enum cs_status cs_vault_waiting_key_keep(struct cs_replica *replica, const struct cs_id *vault,
                                         enum cs_vault_kind kind,
                                         const uint8_t request[static CS_HASH_SIZE],
                                         const struct cs_seal_key *key) CS_MUST_USE;
/* CS_NOT_FOUND: none is kept. CS_FORGED: kept by another identity of this folder, or damaged. */
enum cs_status cs_vault_waiting_key_load(struct cs_replica *replica,
                                         const uint8_t request[static CS_HASH_SIZE],
                                         struct cs_id *out_vault, struct cs_seal_key **out,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
