/*
 * Listing data: what members see of an item without a disclosure. Encrypted under the listing key, signed by its author.
 *
 * It is confidential but no secret: it is opened into ordinary buffers (wiped when they are released), ten thousand at a time.
 */
#ifndef CS_FIELD_CLIENT_VAULT_LISTING_H
#define CS_FIELD_CLIENT_VAULT_LISTING_H

#include "field-client/vault/keyring.h"

#define CS_VAULT_LISTING_NAME_MAX ((size_t)128)
#define CS_VAULT_LISTING_USER_MAX ((size_t)256)
#define CS_VAULT_LISTING_ADDRESS_MAX ((size_t)1024)

struct cs_vault_listing {
    struct cs_bytes name;    /* 1 … CS_VAULT_LISTING_NAME_MAX bytes */
    struct cs_bytes user;    /* may be empty */
    struct cs_bytes address; /* may be empty; without a password in it */
};

/* Appends the plaintext. CS_INVALID for a limit, text that is not readable, or an address with a password in it
 * ("https://user:password@host"). */
enum cs_status cs_vault_listing_encode(const struct cs_vault_listing *listing,
                                       struct cs_buffer *out) CS_MUST_USE;
/* Views into `bytes`. CS_MALFORMED, CS_UNSUPPORTED. */
enum cs_status cs_vault_listing_decode(struct cs_bytes bytes,
                                       struct cs_vault_listing *out) CS_MUST_USE;

struct cs_vault_item {
    struct cs_id id;
    const uint8_t *previous; /* id of the entry it follows; NULL: the first */
};
/* Appends the signed entry, under the current epoch. As above; CS_LOCKED if the keyring lacks its listing key, and as
 * cs_vault_log_may_encrypt. */
enum cs_status cs_vault_entry_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_keyring *keyring,
                                   const struct cs_vault_item *item,
                                   const struct cs_vault_listing *listing, struct cs_buffer *out,
                                   struct cs_problem *problem) CS_MUST_USE;
/* Opens a verified entry: appends the plaintext to `storage`, views into it (they hold until it grows). CS_LOCKED without the key;
 * CS_FORGED, CS_MALFORMED. */
enum cs_status cs_vault_entry_open(const struct cs_vault_keyring *keyring,
                                   const struct cs_vault_record *entry, struct cs_buffer *storage,
                                   struct cs_vault_listing *out) CS_MUST_USE;

#endif
