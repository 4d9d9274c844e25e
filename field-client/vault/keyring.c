/* The keys of one vault that one device has, see keyring.h. */
#include "field-client/vault/keyring.h"

#include "shared/base/memory.h"

#include <string.h>

struct epoch_keys {
    struct cs_secret *vault;
    struct cs_secret *listing;
};

struct cs_vault_keyring {
    struct epoch_keys *epochs; /* number n at n - 1 */
    size_t count;
};

void cs_vault_keyring_destroy(struct cs_vault_keyring *keyring)
{
    if (keyring != NULL) {
        for (size_t i = 0; i < keyring->count; i++) {
            cs_secret_destroy(keyring->epochs[i].vault);
            cs_secret_destroy(keyring->epochs[i].listing);
        }
        cs_free(keyring->epochs);
        cs_free(keyring);
    }
}

static enum cs_status create(size_t count, struct cs_vault_keyring **out)
{
    struct cs_vault_keyring *keyring = cs_alloc_zero(1, sizeof *keyring);
    *out = NULL;
    if (keyring == NULL) {
        return CS_NO_MEMORY;
    }
    keyring->epochs = cs_alloc_zero(count, sizeof *keyring->epochs);
    if (keyring->epochs == NULL) {
        cs_free(keyring);
        return CS_NO_MEMORY;
    }
    keyring->count = count;
    *out = keyring;
    return CS_OK;
}

static struct cs_vault_place place_of(const struct cs_vault_log *log, const uint8_t *organisation,
                                      int64_t epoch)
{
    return (struct cs_vault_place){.class_value = CS_VAULT_CLASS_KEY,
                                   .organisation = organisation,
                                   .vault = *cs_vault_log_vault(log),
                                   .epoch = (uint64_t)epoch};
}

static const uint8_t *commitment_of(const struct cs_vault_epoch *epoch,
                                    cs_vault_key_class key_class)
{
    return key_class == CS_VAULT_CLASS_KEY ? epoch->commitment : epoch->listing_commitment;
}

static struct cs_secret **slot(struct cs_vault_keyring *keyring, int64_t epoch,
                               cs_vault_key_class key_class)
{
    struct epoch_keys *keys = &keyring->epochs[epoch - 1];
    return key_class == CS_VAULT_CLASS_KEY ? &keys->vault : &keys->listing;
}

/* From the key of epoch `from`, which is there, down to the first. */
static enum cs_status unwrap_down(struct cs_vault_keyring *keyring, const struct cs_vault_log *log,
                                  const uint8_t *organisation, int64_t from,
                                  cs_vault_key_class key_class)
{
    enum cs_status status = CS_OK;
    for (int64_t number = from; number > 1 && status == CS_OK; number--) {
        const struct cs_vault_epoch *epoch = cs_vault_log_epoch(log, number);
        const struct cs_vault_epoch *before = cs_vault_log_epoch(log, number - 1);
        struct cs_vault_place place = place_of(log, organisation, number);
        struct cs_bytes wrapped = key_class == CS_VAULT_CLASS_KEY
                                      ? cs_bytes_of_array(epoch->wrapped)
                                      : cs_bytes_of_array(epoch->listing_wrapped);
        status = cs_vault_key_unwrap(cs_secret_bytes(*slot(keyring, number, key_class)), wrapped,
                                     key_class, &place, commitment_of(before, key_class),
                                     slot(keyring, number - 1, key_class));
    }
    return status;
}

/* The listing keys that follow from the vault keys; each must be the one that the log commits to. */
static enum cs_status derive_listing(struct cs_vault_keyring *keyring,
                                     const struct cs_vault_log *log, const uint8_t *organisation,
                                     int64_t last)
{
    enum cs_status status = CS_OK;
    for (int64_t number = 1; number <= last && status == CS_OK; number++) {
        uint8_t found[CS_HASH_SIZE];
        struct epoch_keys *keys = &keyring->epochs[number - 1];
        struct cs_vault_place place = place_of(log, organisation, number);
        status = cs_vault_listing_key_derive(cs_secret_bytes(keys->vault), &place, &keys->listing);
        if (status == CS_OK) {
            cs_vault_key_commitment(cs_secret_bytes(keys->listing), CS_VAULT_CLASS_LISTING_KEY,
                                    &place, found);
            bool committed = memcmp(found, cs_vault_log_epoch(log, number)->listing_commitment,
                                    CS_HASH_SIZE) == 0;
            status = committed ? CS_OK : CS_FORGED;
        }
    }
    return status;
}

/* The rest of the keys, once the key of epoch `from` is in its slot. */
static enum cs_status fill(struct cs_vault_keyring *keyring, const struct cs_vault_log *log,
                           const uint8_t *organisation, int64_t from, cs_vault_key_class key_class)
{
    enum cs_status status = unwrap_down(keyring, log, organisation, from, key_class);
    return status == CS_OK && key_class == CS_VAULT_CLASS_KEY
               ? derive_listing(keyring, log, organisation, from)
               : status;
}

static enum cs_status give(struct cs_vault_keyring *owned_keyring, enum cs_status status,
                           const char *forged, struct cs_vault_keyring **out,
                           struct cs_problem *problem)
{
    if (status == CS_OK) {
        *out = owned_keyring;
        return CS_OK;
    }
    cs_vault_keyring_destroy(owned_keyring);
    return status == CS_FORGED ? cs_problem_set(problem, status, "%s", forged) : status;
}

static enum cs_status open_grant(const struct cs_vault_log *log,
                                 const struct cs_vault_holder *holder,
                                 const struct cs_vault_grant *grant, struct cs_vault_keyring **out,
                                 struct cs_problem *problem)
{
    struct cs_vault_keyring *keyring = NULL;
    enum cs_status status = create((size_t)grant->epoch, &keyring);
    if (status != CS_OK) {
        return status;
    }
    cs_vault_key_class key_class =
        cs_vault_rights_need_key(grant->rights) ? CS_VAULT_CLASS_KEY : CS_VAULT_CLASS_LISTING_KEY;
    struct cs_vault_place place = place_of(log, holder->organisation, grant->epoch);
    status = cs_vault_key_unseal(holder->key, cs_bytes_of_array(grant->sealed), key_class, &place,
                                 commitment_of(cs_vault_log_epoch(log, grant->epoch), key_class),
                                 slot(keyring, grant->epoch, key_class));
    if (status == CS_OK) {
        status = fill(keyring, log, holder->organisation, grant->epoch, key_class);
    }
    return give(keyring, status, "the grant does not hold the key of the vault", out, problem);
}

enum cs_status cs_vault_keyring_open(const struct cs_vault_log *log,
                                     const struct cs_vault_holder *holder, int64_t now_ms,
                                     struct cs_vault_keyring **out, struct cs_problem *problem)
{
    const struct cs_vault_grant *grant =
        cs_vault_log_grant(log, holder->certificate, cs_vault_log_position(log));
    *out = NULL;
    if (grant == NULL || grant->epoch == 0) {
        return cs_problem_set(problem, CS_DENIED, "this device has no grant for the vault");
    }
    if (grant->expires_ms != 0 && now_ms >= grant->expires_ms) {
        return cs_problem_set(problem, CS_EXPIRED, "this device's grant for the vault has expired");
    }
    return open_grant(log, holder, grant, out, problem);
}

enum cs_status cs_vault_keyring_recover(const struct cs_vault_log *log,
                                        const uint8_t organisation[static CS_HASH_SIZE],
                                        const struct cs_seal_key *recovery_key,
                                        struct cs_vault_keyring **out, struct cs_problem *problem)
{
    const struct cs_vault_epoch *last = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    struct cs_vault_keyring *keyring = NULL;
    *out = NULL;
    if (last == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key yet");
    }
    enum cs_status status = create((size_t)last->number, &keyring);
    if (status != CS_OK) {
        return status;
    }
    struct cs_vault_place place = place_of(log, organisation, last->number);
    status = cs_vault_key_recover(recovery_key, last, &place,
                                  slot(keyring, last->number, CS_VAULT_CLASS_KEY));
    if (status == CS_OK) {
        status = fill(keyring, log, organisation, last->number, CS_VAULT_CLASS_KEY);
    }
    return give(keyring, status, "the recovery key does not open the key of the vault", out,
                problem);
}

struct cs_bytes cs_vault_keyring_key(const struct cs_vault_keyring *keyring, int64_t epoch,
                                     cs_vault_key_class key_class)
{
    if (epoch < 1 || (uint64_t)epoch > keyring->count) {
        return CS_BYTES_NONE;
    }
    const struct epoch_keys *keys = &keyring->epochs[epoch - 1];
    const struct cs_secret *key = key_class == CS_VAULT_CLASS_KEY ? keys->vault : keys->listing;
    return key == NULL ? CS_BYTES_NONE : cs_secret_bytes(key);
}
