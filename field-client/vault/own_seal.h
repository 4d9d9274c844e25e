/*
 * What a device seals for itself alone: under a key of the identity's (cs_identity_own_key), which only the passphrase gives. Inside field-client/vault:
 * waiting_key.c and memory.c.
 *
 *   OWN(label, x, …; content) = AEAD(own key, label, part(organisation) ‖ part(certificate id) ‖ part(x) ‖ …, content)
 *
 * So whoever writes into the replica's files makes nothing that opens, and moves nothing to another device or place.
 */
#ifndef CS_FIELD_CLIENT_VAULT_OWN_SEAL_H
#define CS_FIELD_CLIENT_VAULT_OWN_SEAL_H

#include "field-client/replica/replica.h"

/* Where it belongs; parts of at most a few hundred bytes, borrowed. */
struct cs_own_place {
    const char *label;
    const struct cs_bytes *parts;
    size_t part_count;
};

/* Appends content.size + CS_AEAD_OVERHEAD bytes. CS_LIMIT, CS_NO_MEMORY. */
enum cs_status cs_own_seal(const struct cs_replica *replica, const struct cs_own_place *place,
                           struct cs_bytes content, struct cs_buffer *out) CS_MUST_USE;
/* Appends the content. CS_FORGED: not sealed by this device, or for another place; as cs_aead_decrypt. */
enum cs_status cs_own_open(const struct cs_replica *replica, const struct cs_own_place *place,
                           struct cs_bytes sealed, struct cs_buffer *out) CS_MUST_USE;

#endif
