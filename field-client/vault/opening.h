/*
 * Encrypting and opening at a place (shared/vault/binding.h). Inside field-client/vault: the only functions by which anything of
 * a vault is opened. What is opened goes straight into secret memory.
 */
#ifndef CS_FIELD_CLIENT_VAULT_OPENING_H
#define CS_FIELD_CLIENT_VAULT_OPENING_H

#include "shared/base/world.h"
#include "shared/vault/binding.h"

/* Appends, or leaves `out` as it was. */
enum cs_status cs_vault_encrypt(const struct cs_world *world, struct cs_bytes key,
                                const struct cs_vault_place *place, struct cs_bytes plaintext,
                                struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_vault_seal(const struct cs_world *world,
                             const uint8_t recipient[static CS_SEAL_KEY_SIZE],
                             const struct cs_vault_place *place, struct cs_bytes plaintext,
                             struct cs_buffer *out) CS_MUST_USE;
/* CS_FORGED for another key or place, or any altered byte; CS_MALFORMED if short; CS_NO_MEMORY. */
enum cs_status cs_vault_decrypt(struct cs_bytes key, const struct cs_vault_place *place,
                                struct cs_bytes ciphertext, struct cs_secret **out) CS_MUST_USE;
enum cs_status cs_vault_unseal(const struct cs_seal_key *key, const struct cs_vault_place *place,
                               struct cs_bytes sealed, struct cs_secret **out) CS_MUST_USE;

/* u32 size ‖ bytes ‖ zeros, to a multiple of 64: so that a ciphertext does not tell how long a password is. */
enum cs_status cs_vault_pad(struct cs_bytes bytes, struct cs_secret **out) CS_MUST_USE;
/* A view of what was padded. CS_MALFORMED for any other form. */
enum cs_status cs_vault_unpad(struct cs_bytes padded, struct cs_bytes *out) CS_MUST_USE;

#endif
