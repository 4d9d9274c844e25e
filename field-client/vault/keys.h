/*
 * The keys of a vault: the vault key of an epoch, the listing key derived from it, commitments, and both sealed and wrapped.
 *
 * A vault key is 32 random bytes. The listing key is derived from it, so that whoever has the vault key needs no second one, and
 * whoever has the listing key alone comes no further. Each epoch's keys wrap the previous ones: a new member reads what is old
 * without anything being encrypted again. A key is never used before its commitment is found in the verified log.
 *
 * Places: organisation, vault and epoch count; class and the rest are set here.
 */
#ifndef CS_FIELD_CLIENT_VAULT_KEYS_H
#define CS_FIELD_CLIENT_VAULT_KEYS_H

#include "shared/base/world.h"
#include "shared/vault/log.h"

#define CS_VAULT_KEY_SIZE ((size_t)32)

/* CS_VAULT_CLASS_KEY or CS_VAULT_CLASS_LISTING_KEY */
typedef enum cs_vault_class cs_vault_key_class;

enum cs_status cs_vault_key_create(const struct cs_world *world,
                                   struct cs_secret **out) CS_MUST_USE;
enum cs_status cs_vault_listing_key_derive(struct cs_bytes vault_key,
                                           const struct cs_vault_place *place,
                                           struct cs_secret **out) CS_MUST_USE;
/* The commitment to a key of this class. */
void cs_vault_key_commitment(struct cs_bytes key, cs_vault_key_class key_class,
                             const struct cs_vault_place *place, uint8_t out[static CS_HASH_SIZE]);

/* Appends CS_VAULT_SEALED_SIZE bytes: the key for one device. */
enum cs_status cs_vault_key_seal(const struct cs_world *world,
                                 const uint8_t recipient[static CS_SEAL_KEY_SIZE],
                                 struct cs_bytes key, cs_vault_key_class key_class,
                                 const struct cs_vault_place *place,
                                 struct cs_buffer *out) CS_MUST_USE;
/* CS_FORGED if it is not for this device and place, or not the key that was committed to. */
enum cs_status cs_vault_key_unseal(const struct cs_seal_key *own, struct cs_bytes sealed,
                                   cs_vault_key_class key_class, const struct cs_vault_place *place,
                                   const uint8_t commitment[static CS_HASH_SIZE],
                                   struct cs_secret **out) CS_MUST_USE;

/* Appends CS_VAULT_WRAPPED_SIZE bytes: the key of the epoch before, under that of the place's epoch. */
enum cs_status cs_vault_key_wrap(const struct cs_world *world, struct cs_bytes key,
                                 struct cs_bytes previous, cs_vault_key_class key_class,
                                 const struct cs_vault_place *place,
                                 struct cs_buffer *out) CS_MUST_USE;
/* `commitment`: of the epoch before. CS_FORGED. */
enum cs_status cs_vault_key_unwrap(struct cs_bytes key, struct cs_bytes wrapped,
                                   cs_vault_key_class key_class, const struct cs_vault_place *place,
                                   const uint8_t commitment[static CS_HASH_SIZE],
                                   struct cs_secret **out) CS_MUST_USE;

/* The vault key sealed to the recovery key, `recovery` being the id of its statement; and opened again. As above. */
enum cs_status cs_vault_key_seal_for_recovery(const struct cs_world *world,
                                              const uint8_t recovery_key[static CS_SEAL_KEY_SIZE],
                                              const uint8_t recovery[static CS_HASH_SIZE],
                                              struct cs_bytes key,
                                              const struct cs_vault_place *place,
                                              struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_vault_key_recover(const struct cs_seal_key *recovery_key,
                                    const struct cs_vault_epoch *epoch,
                                    const struct cs_vault_place *place,
                                    struct cs_secret **out) CS_MUST_USE;

#endif
