/* What a device seals for itself, see own_seal.h. */
#include "field-client/vault/own_seal.h"

#include "shared/crypto/aead.h"

static enum cs_status bind(const struct cs_replica *replica, const struct cs_own_place *place,
                           struct cs_buffer *out)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    cs_buffer_append_prefixed(out, cs_bytes_make(cs_identity_organisation(identity), CS_HASH_SIZE));
    cs_buffer_append_prefixed(out,
                              cs_bytes_make(cs_identity_certificate_id(identity), CS_HASH_SIZE));
    for (size_t i = 0; i < place->part_count; i++) {
        cs_buffer_append_prefixed(out, place->parts[i]);
    }
    return out->status;
}

enum cs_status cs_own_seal(const struct cs_replica *replica, const struct cs_own_place *place,
                           struct cs_bytes content, struct cs_buffer *out)
{
    const struct cs_world *world = cs_replica_world(replica);
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_buffer bound;
    cs_buffer_init(&bound, CS_KIBI);
    world->random(world->context, nonce, sizeof nonce);
    enum cs_status status = bind(replica, place, &bound);
    if (status == CS_OK) {
        status = cs_aead_encrypt(cs_identity_own_key(cs_replica_identity(replica)), place->label,
                                 cs_buffer_bytes(&bound), content, nonce, out);
    }
    cs_buffer_release(&bound);
    return status;
}

enum cs_status cs_own_open(const struct cs_replica *replica, const struct cs_own_place *place,
                           struct cs_bytes sealed, struct cs_buffer *out)
{
    struct cs_buffer bound;
    cs_buffer_init(&bound, CS_KIBI);
    enum cs_status status = bind(replica, place, &bound);
    if (status == CS_OK) {
        status = cs_aead_decrypt(cs_identity_own_key(cs_replica_identity(replica)), place->label,
                                 cs_buffer_bytes(&bound), sealed, out);
    }
    cs_buffer_release(&bound);
    return status;
}
