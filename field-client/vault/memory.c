/* What was worked out is remembered, see memory.h. */
#include "field-client/vault/memory.h"

#include "field-client/replica/vault_memory.h"
#include "field-client/vault/own_seal.h"
#include "shared/crypto/aead.h"
#include "shared/storage/database.h"

/* Ten times a vault of ten thousand items. */
#define MEMORY_MAX (32 * CS_MEBI)
#define PLACE_PARTS 4

struct memory_place {
    struct cs_own_place place;
    struct cs_bytes parts[PLACE_PARTS];
    uint8_t kind;
};

/* `vault` is borrowed. */
static void place_at(struct memory_place *out, const struct cs_id *vault, enum cs_vault_memory kind,
                     struct cs_bytes as_of)
{
    out->kind = (uint8_t)kind;
    out->parts[0] = cs_bytes_of_text(CS_VERSION);
    out->parts[1] = cs_id_bytes(vault);
    out->parts[2] = cs_bytes_make(&out->kind, 1);
    out->parts[3] = as_of;
    out->place = (struct cs_own_place){"countersign vault memory 1", out->parts, PLACE_PARTS};
}

void cs_vault_remember(struct cs_replica *replica, const struct cs_id *vault,
                       enum cs_vault_memory kind, struct cs_bytes as_of, struct cs_bytes content)
{
    struct memory_place at;
    struct cs_buffer sealed;
    if (cs_database_in_transaction(cs_replica_database(replica))) {
        return;
    }
    place_at(&at, vault, kind, as_of);
    cs_buffer_init(&sealed, MEMORY_MAX + CS_AEAD_OVERHEAD);
    enum cs_status status = cs_own_seal(replica, &at.place, content, &sealed);
    if (status == CS_OK) {
        status = cs_kept_memory_put(replica, vault, (int64_t)kind, cs_buffer_bytes(&sealed));
    }
    (void)status; /* then it is worked out again */
    cs_buffer_release(&sealed);
}

enum cs_status cs_vault_recall(struct cs_replica *replica, const struct cs_id *vault,
                               enum cs_vault_memory kind, struct cs_bytes as_of,
                               struct cs_buffer *out)
{
    struct memory_place at;
    struct cs_buffer sealed;
    place_at(&at, vault, kind, as_of);
    cs_buffer_init(&sealed, MEMORY_MAX + CS_AEAD_OVERHEAD);
    enum cs_status status = cs_kept_memory_get(replica, vault, (int64_t)kind, &sealed);
    if (status == CS_OK) {
        status = cs_own_open(replica, &at.place, cs_buffer_bytes(&sealed), out);
    }
    cs_buffer_release(&sealed);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_NOT_FOUND;
}
