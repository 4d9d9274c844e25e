/* What was worked out is remembered, see memory.h. */
#include "field-client/vault/memory.h"

#include "field-client/replica/vault_memory.h"
#include "shared/crypto/aead.h"
#include "shared/storage/database.h"

#define LABEL "countersign vault memory 1"
/* Ten times a vault of ten thousand items. */
#define MEMORY_MAX (32 * CS_MEBI)

static void bind(const struct cs_identity *identity, const struct cs_id *vault,
                 enum cs_vault_memory kind, struct cs_bytes as_of, struct cs_buffer *out)
{
    const uint8_t class_value = (uint8_t)kind;
    cs_buffer_append_prefixed(out, cs_bytes_of_text(CS_VERSION));
    cs_buffer_append_prefixed(out, cs_bytes_make(cs_identity_organisation(identity), CS_HASH_SIZE));
    cs_buffer_append_prefixed(out,
                              cs_bytes_make(cs_identity_certificate_id(identity), CS_HASH_SIZE));
    cs_buffer_append_prefixed(out, cs_id_bytes(vault));
    cs_buffer_append_prefixed(out, cs_bytes_make(&class_value, 1));
    cs_buffer_append_prefixed(out, as_of);
}

void cs_vault_remember(struct cs_replica *replica, const struct cs_id *vault,
                       enum cs_vault_memory kind, struct cs_bytes as_of, struct cs_bytes content)
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_identity *identity = cs_replica_identity(replica);
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_buffer place;
    struct cs_buffer sealed;
    if (cs_database_in_transaction(cs_replica_database(replica))) {
        return;
    }
    cs_buffer_init(&place, CS_KIBI);
    cs_buffer_init(&sealed, MEMORY_MAX + CS_AEAD_OVERHEAD);
    bind(identity, vault, kind, as_of, &place);
    world->random(world->context, nonce, sizeof nonce);
    enum cs_status status = place.status;
    if (status == CS_OK) {
        status = cs_aead_encrypt(cs_identity_master_key(identity), LABEL, cs_buffer_bytes(&place),
                                 content, nonce, &sealed);
    }
    if (status == CS_OK) {
        status = cs_kept_memory_put(replica, vault, (int64_t)kind, cs_buffer_bytes(&sealed));
    }
    (void)status; /* then it is worked out again */
    cs_buffer_release(&place);
    cs_buffer_release(&sealed);
}

enum cs_status cs_vault_recall(struct cs_replica *replica, const struct cs_id *vault,
                               enum cs_vault_memory kind, struct cs_bytes as_of,
                               struct cs_buffer *out)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    struct cs_buffer place;
    struct cs_buffer sealed;
    cs_buffer_init(&place, CS_KIBI);
    cs_buffer_init(&sealed, MEMORY_MAX + CS_AEAD_OVERHEAD);
    bind(identity, vault, kind, as_of, &place);
    enum cs_status status = place.status;
    if (status == CS_OK) {
        status = cs_kept_memory_get(replica, vault, (int64_t)kind, &sealed);
    }
    if (status == CS_OK) {
        status = cs_aead_decrypt(cs_identity_master_key(identity), LABEL, cs_buffer_bytes(&place),
                                 cs_buffer_bytes(&sealed), out);
    }
    cs_buffer_release(&place);
    cs_buffer_release(&sealed);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_NOT_FOUND;
}
