/* Keys that outlive the program that made them, see waiting_key.h. */
#include "field-client/vault/waiting_key.h"

#include "field-client/replica/vault_keys.h"
#include "field-client/vault/own_seal.h"
#include "shared/crypto/aead.h"

#include <string.h>

/* `part` is room for the place's only one. */
static struct cs_own_place place_of(const uint8_t *request, struct cs_bytes *part)
{
    *part = cs_bytes_make(request, CS_HASH_SIZE);
    return (struct cs_own_place){"countersign vault waiting key 1", part, 1};
}

enum cs_status cs_vault_waiting_key_keep(struct cs_replica *replica, const struct cs_id *vault,
                                         enum cs_vault_kind kind,
                                         const uint8_t request[static CS_HASH_SIZE],
                                         const struct cs_seal_key *key)
{
    struct cs_sealed_key kept = {.vault = *vault, .kind = kind};
    struct cs_bytes part;
    const struct cs_own_place place = place_of(request, &part);
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_KIBI);
    enum cs_status status = cs_own_seal(replica, &place, cs_seal_key_secret(key), &sealed);
    if (status == CS_OK) {
        memcpy(kept.record, request, CS_HASH_SIZE);
        kept.sealed = cs_buffer_bytes(&sealed);
        status = cs_sealed_key_put(replica, &kept);
    }
    cs_buffer_release(&sealed);
    return status;
}

static enum cs_status open_kept(const struct cs_replica *replica, const struct cs_sealed_key *kept,
                                struct cs_seal_key **out)
{
    struct cs_secret *secret = NULL;
    struct cs_bytes part;
    const struct cs_own_place place = place_of(kept->record, &part);
    if (kept->sealed.size != CS_SEAL_KEY_SIZE + CS_AEAD_OVERHEAD) {
        return CS_FORGED;
    }
    enum cs_status status = cs_secret_create(CS_SEAL_KEY_SIZE, &secret);
    if (status == CS_OK) {
        struct cs_buffer room = cs_secret_buffer(secret);
        status = cs_own_open(replica, &place, kept->sealed, &room);
    }
    if (status == CS_OK) {
        status = cs_seal_key_create(cs_secret_bytes(secret), out);
    }
    cs_secret_destroy(secret);
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
        status = open_kept(replica, &kept, out);
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
