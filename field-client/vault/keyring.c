/* The keys of one vault that one device has, see keyring.h. */
#include "field-client/vault/keyring.h"

#include "shared/base/memory.h"

#include <string.h>

#define KEYS_PER_EPOCH ((size_t)2)

/*
 * All keys lie in one piece of secret memory, so that a vault of many epochs takes a few locked pages and not a few hundred (the
 * system may allow as little as 64 KiB of them).
 */
struct cs_vault_keyring {
    struct cs_secret *memory; /* vault key and listing key of epoch 1, of epoch 2, … */
    bool *present;            /* of each key */
    size_t epoch_count;
};

void cs_vault_keyring_destroy(struct cs_vault_keyring *keyring)
{
    if (keyring != NULL) {
        cs_secret_destroy(keyring->memory);
        cs_free(keyring->present);
        cs_free(keyring);
    }
}

static enum cs_status create(size_t epoch_count, struct cs_vault_keyring **out)
{
    size_t key_count = epoch_count * KEYS_PER_EPOCH;
    struct cs_vault_keyring *keyring = cs_alloc_zero(1, sizeof *keyring);
    *out = NULL;
    if (keyring == NULL) {
        return CS_NO_MEMORY;
    }
    keyring->epoch_count = epoch_count;
    keyring->present = cs_alloc_zero(key_count, sizeof *keyring->present);
    enum cs_status status = keyring->present == NULL
                                ? CS_NO_MEMORY
                                : cs_secret_create(key_count * CS_VAULT_KEY_SIZE, &keyring->memory);
    if (status != CS_OK) {
        cs_vault_keyring_destroy(keyring);
        return status;
    }
    *out = keyring;
    return CS_OK;
}

static size_t index_of(int64_t epoch, cs_vault_key_class key_class)
{
    return (size_t)(epoch - 1) * KEYS_PER_EPOCH + (key_class == CS_VAULT_CLASS_KEY ? 0 : 1);
}

/* Keeps what was opened with this status, and takes the secret. */
static enum cs_status keep(struct cs_vault_keyring *keyring, int64_t epoch,
                           cs_vault_key_class key_class, enum cs_status status,
                           struct cs_secret *owned_key)
{
    if (status == CS_OK) {
        size_t index = index_of(epoch, key_class);
        memcpy(cs_secret_data(keyring->memory) + index * CS_VAULT_KEY_SIZE,
               cs_secret_bytes(owned_key).data, CS_VAULT_KEY_SIZE);
        keyring->present[index] = true;
    }
    cs_secret_destroy(owned_key);
    return status;
}

struct cs_bytes cs_vault_keyring_key(const struct cs_vault_keyring *keyring, int64_t epoch,
                                     cs_vault_key_class key_class)
{
    if (epoch < 1 || (uint64_t)epoch > keyring->epoch_count) {
        return CS_BYTES_NONE;
    }
    size_t index = index_of(epoch, key_class);
    const uint8_t *first = cs_secret_bytes(keyring->memory).data;
    return keyring->present[index]
               ? cs_bytes_make(first + index * CS_VAULT_KEY_SIZE, CS_VAULT_KEY_SIZE)
               : CS_BYTES_NONE;
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
        struct cs_secret *key = NULL;
        status = cs_vault_key_unwrap(cs_vault_keyring_key(keyring, number, key_class), wrapped,
                                     key_class, &place, commitment_of(before, key_class), &key);
        status = keep(keyring, number - 1, key_class, status, key);
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
        struct cs_secret *key = NULL;
        struct cs_vault_place place = place_of(log, organisation, number);
        status = cs_vault_listing_key_derive(
            cs_vault_keyring_key(keyring, number, CS_VAULT_CLASS_KEY), &place, &key);
        if (status == CS_OK) {
            cs_vault_key_commitment(cs_secret_bytes(key), CS_VAULT_CLASS_LISTING_KEY, &place,
                                    found);
            bool committed = memcmp(found, cs_vault_log_epoch(log, number)->listing_commitment,
                                    CS_HASH_SIZE) == 0;
            status = committed ? CS_OK : CS_FORGED;
        }
        status = keep(keyring, number, CS_VAULT_CLASS_LISTING_KEY, status, key);
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
    struct cs_secret *key = NULL;
    enum cs_status status = create((size_t)grant->epoch, &keyring);
    if (status != CS_OK) {
        return status;
    }
    cs_vault_key_class key_class =
        cs_vault_rights_need_key(grant->rights) ? CS_VAULT_CLASS_KEY : CS_VAULT_CLASS_LISTING_KEY;
    struct cs_vault_place place = place_of(log, holder->organisation, grant->epoch);
    status =
        cs_vault_key_unseal(holder->key, cs_bytes_of_array(grant->sealed), key_class, &place,
                            commitment_of(cs_vault_log_epoch(log, grant->epoch), key_class), &key);
    status = keep(keyring, grant->epoch, key_class, status, key);
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
    struct cs_secret *key = NULL;
    *out = NULL;
    if (last == NULL) {
        return cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key yet");
    }
    enum cs_status status = create((size_t)last->number, &keyring);
    if (status != CS_OK) {
        return status;
    }
    struct cs_vault_place place = place_of(log, organisation, last->number);
    status = cs_vault_key_recover(recovery_key, last, &place, &key);
    status = keep(keyring, last->number, CS_VAULT_CLASS_KEY, status, key);
    if (status == CS_OK) {
        status = fill(keyring, log, organisation, last->number, CS_VAULT_CLASS_KEY);
    }
    return give(keyring, status, "the recovery key does not open the key of the vault", out,
                problem);
}
