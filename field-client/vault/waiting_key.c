/* Keys that outlive the program that made them, see waiting_key.h. */
#include "field-client/vault/waiting_key.h"

#include "field-client/replica/vault_keys.h"

#include <string.h>

#define LABEL "countersign vault waiting key 1"

static void bind(const struct cs_identity *identity, const uint8_t *request, struct cs_buffer *out)
{
    cs_buffer_append_prefixed(out, cs_bytes_make(cs_identity_organisation(identity), CS_HASH_SIZE));
    cs_buffer_append_prefixed(out,
                              cs_bytes_make(cs_identity_certificate_id(identity), CS_HASH_SIZE));
    cs_buffer_append_prefixed(out, cs_bytes_make(request, CS_HASH_SIZE));
}

enum cs_status cs_vault_waiting_key_keep(struct cs_replica *replica, const struct cs_id *vault,
                                         enum cs_vault_kind kind,
                                         const uint8_t request[static CS_HASH_SIZE],
                                         const struct cs_seal_key *key)
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_identity *identity = cs_replica_identity(replica);
    struct cs_sealed_key kept = {.vault = *vault, .kind = kind};
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_buffer place;
    struct cs_buffer sealed;
    cs_buffer_init(&place, CS_KIBI);
    cs_buffer_init(&sealed, CS_KIBI);
    bind(identity, request, &place);
    world->random(world->context, nonce, sizeof nonce);
    enum cs_status status = place.status;
    if (status == CS_OK) {
        status = cs_aead_encrypt(cs_identity_master_key(identity), LABEL, cs_buffer_bytes(&place),
                                 cs_seal_key_secret(key), nonce, &sealed);
    }
    if (status == CS_OK) {
        memcpy(kept.record, request, CS_HASH_SIZE);
        kept.sealed = cs_buffer_bytes(&sealed);
        status = cs_sealed_key_put(replica, &kept);
    }
    cs_buffer_release(&place);
    cs_buffer_release(&sealed);
    return status;
}

static enum cs_status open_kept(const struct cs_identity *identity,
                                const struct cs_sealed_key *kept, struct cs_seal_key **out)
{
    struct cs_secret *secret = NULL;
    struct cs_buffer place;
    cs_buffer_init(&place, CS_KIBI);
    bind(identity, kept->record, &place);
    enum cs_status status =
        place.status == CS_OK ? cs_secret_create(CS_SEAL_KEY_SIZE, &secret) : place.status;
    if (status == CS_OK) {
        struct cs_buffer room = cs_secret_buffer(secret);
        status = kept->sealed.size == CS_SEAL_KEY_SIZE + CS_AEAD_OVERHEAD
                     ? cs_aead_decrypt(cs_identity_master_key(identity), LABEL,
                                       cs_buffer_bytes(&place), kept->sealed, &room)
                     : CS_FORGED;
    }
    if (status == CS_OK) {
        status = cs_seal_key_create(cs_secret_bytes(secret), out);
    }
    cs_secret_destroy(secret);
    cs_buffer_release(&place);
    return status;
}

enum cs_status cs_vault_waiting_key_load(struct cs_replica *replica,
                                         const uint8_t request[static CS_HASH_SIZE],
                                         struct cs_id *out_vault, struct cs_seal_key **out,
                                         struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_sealed_key kept;
    *out = NULL;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_sealed_key_get(replica, request, &arena, &kept);
    if (status == CS_OK) {
        status = open_kept(cs_replica_identity(replica), &kept, out);
        status = status == CS_FORGED
                     ? cs_problem_set(problem, status,
                                      "the key of this request was kept by another identity, or is "
                                      "damaged: ask again")
                     : status;
    }
    if (status == CS_OK) {
        *out_vault = kept.vault;
    }
    cs_arena_release(&arena);
    return status;
}
