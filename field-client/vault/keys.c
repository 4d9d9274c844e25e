/* The keys of a vault, see keys.h. */
#include "field-client/vault/keys.h"

#include "field-client/vault/opening.h"

#include <string.h>

static struct cs_vault_place key_place(const struct cs_vault_place *place,
                                       enum cs_vault_class class_value, uint64_t epoch,
                                       const uint8_t *subject)
{
    return (struct cs_vault_place){.class_value = class_value,
                                   .organisation = place->organisation,
                                   .vault = place->vault,
                                   .epoch = epoch,
                                   .subject = subject};
}

static bool is_vault_key(cs_vault_key_class key_class)
{
    cs_require(key_class == CS_VAULT_CLASS_KEY || key_class == CS_VAULT_CLASS_LISTING_KEY);
    return key_class == CS_VAULT_CLASS_KEY;
}

static void hash_with(struct cs_bytes key, const char *label, const struct cs_vault_place *place,
                      uint8_t out[static CS_HASH_SIZE])
{
    struct cs_vault_binding binding;
    cs_vault_bind(place, &binding);
    struct cs_bytes part = cs_vault_binding_bytes(&binding);
    cs_hash_keyed(label, key, &part, 1, out);
}

enum cs_status cs_vault_key_create(const struct cs_world *world, struct cs_secret **out)
{
    return cs_secret_create_random(world, CS_VAULT_KEY_SIZE, out);
}

enum cs_status cs_vault_listing_key_derive(struct cs_bytes vault_key,
                                           const struct cs_vault_place *place,
                                           struct cs_secret **out)
{
    struct cs_vault_place here = key_place(place, CS_VAULT_CLASS_LISTING_KEY, place->epoch, NULL);
    enum cs_status status = cs_secret_create(CS_VAULT_KEY_SIZE, out);
    if (status == CS_OK) {
        hash_with(vault_key, "countersign vault listing key derivation 1", &here,
                  cs_secret_data(*out));
    }
    return status;
}

static void commit(struct cs_bytes key, cs_vault_key_class key_class,
                   const struct cs_vault_place *place, uint64_t epoch,
                   uint8_t out[static CS_HASH_SIZE])
{
    struct cs_vault_place here = key_place(place, key_class, epoch, NULL);
    hash_with(key,
              is_vault_key(key_class) ? "countersign vault key commitment 1"
                                      : "countersign vault listing key commitment 1",
              &here, out);
}

void cs_vault_key_commitment(struct cs_bytes key, cs_vault_key_class key_class,
                             const struct cs_vault_place *place, uint8_t out[static CS_HASH_SIZE])
{
    commit(key, key_class, place, place->epoch, out);
}

/* What was opened is the key that the log commits to for this epoch, or nothing is given. */
static enum cs_status give_committed(struct cs_secret *owned_key, cs_vault_key_class key_class,
                                     const struct cs_vault_place *place, uint64_t epoch,
                                     const uint8_t *commitment, struct cs_secret **out)
{
    uint8_t found[CS_HASH_SIZE];
    *out = NULL;
    if (cs_secret_bytes(owned_key).size == CS_VAULT_KEY_SIZE) {
        commit(cs_secret_bytes(owned_key), key_class, place, epoch, found);
        if (cs_secret_equal(cs_bytes_of_array(found), cs_bytes_make(commitment, CS_HASH_SIZE))) {
            *out = owned_key;
            return CS_OK;
        }
    }
    cs_secret_destroy(owned_key);
    return CS_FORGED;
}

enum cs_status cs_vault_key_seal(const struct cs_world *world,
                                 const uint8_t recipient[static CS_SEAL_KEY_SIZE],
                                 struct cs_bytes key, cs_vault_key_class key_class,
                                 const struct cs_vault_place *place, struct cs_buffer *out)
{
    (void)is_vault_key(key_class);
    struct cs_vault_place here = key_place(place, key_class, place->epoch, NULL);
    return cs_vault_seal(world, recipient, &here, key, out);
}

enum cs_status cs_vault_key_unseal(const struct cs_seal_key *own, struct cs_bytes sealed,
                                   cs_vault_key_class key_class, const struct cs_vault_place *place,
                                   const uint8_t commitment[static CS_HASH_SIZE],
                                   struct cs_secret **out)
{
    struct cs_secret *key = NULL;
    struct cs_vault_place here = key_place(place, key_class, place->epoch, NULL);
    enum cs_status status = cs_vault_unseal(own, &here, sealed, &key);
    *out = NULL;
    return status != CS_OK ? status
                           : give_committed(key, key_class, place, place->epoch, commitment, out);
}

static struct cs_vault_place wrap_place(const struct cs_vault_place *place,
                                        cs_vault_key_class key_class)
{
    return key_place(place,
                     is_vault_key(key_class) ? CS_VAULT_CLASS_WRAPPED_KEY
                                             : CS_VAULT_CLASS_WRAPPED_LISTING,
                     place->epoch, NULL);
}

enum cs_status cs_vault_key_wrap(const struct cs_world *world, struct cs_bytes key,
                                 struct cs_bytes previous, cs_vault_key_class key_class,
                                 const struct cs_vault_place *place, struct cs_buffer *out)
{
    struct cs_vault_place here = wrap_place(place, key_class);
    return cs_vault_encrypt(world, key, &here, previous, out);
}

enum cs_status cs_vault_key_unwrap(struct cs_bytes key, struct cs_bytes wrapped,
                                   cs_vault_key_class key_class, const struct cs_vault_place *place,
                                   const uint8_t commitment[static CS_HASH_SIZE],
                                   struct cs_secret **out)
{
    struct cs_secret *previous = NULL;
    struct cs_vault_place here = wrap_place(place, key_class);
    enum cs_status status = cs_vault_decrypt(key, &here, wrapped, &previous);
    *out = NULL;
    return status != CS_OK
               ? status
               : give_committed(previous, key_class, place, place->epoch - 1, commitment, out);
}

enum cs_status cs_vault_key_seal_for_recovery(const struct cs_world *world,
                                              const uint8_t recovery_key[static CS_SEAL_KEY_SIZE],
                                              const uint8_t recovery[static CS_HASH_SIZE],
                                              struct cs_bytes key,
                                              const struct cs_vault_place *place,
                                              struct cs_buffer *out)
{
    struct cs_vault_place here =
        key_place(place, CS_VAULT_CLASS_RECOVERED_KEY, place->epoch, recovery);
    return cs_vault_seal(world, recovery_key, &here, key, out);
}

enum cs_status cs_vault_key_recover(const struct cs_seal_key *recovery_key,
                                    const struct cs_vault_epoch *epoch,
                                    const struct cs_vault_place *place, struct cs_secret **out)
{
    struct cs_secret *key = NULL;
    struct cs_vault_place here =
        key_place(place, CS_VAULT_CLASS_RECOVERED_KEY, (uint64_t)epoch->number, epoch->recovery);
    enum cs_status status =
        cs_vault_unseal(recovery_key, &here, cs_bytes_of_array(epoch->recovered), &key);
    *out = NULL;
    return status != CS_OK ? status
                           : give_committed(key, CS_VAULT_CLASS_KEY, place, (uint64_t)epoch->number,
                                            epoch->commitment, out);
}
