/* Epochs and grants, see officer.h. */
#include "field-client/vault/officer.h"

#include "shared/base/memory.h"

#include <string.h>

static struct cs_vault_place place_of(const struct cs_vault_log *log,
                                      const struct cs_evidence_signer *signer, int64_t epoch)
{
    return (struct cs_vault_place){.class_value = CS_VAULT_CLASS_KEY,
                                   .organisation = signer->organisation,
                                   .vault = *cs_vault_log_vault(log),
                                   .epoch = (uint64_t)epoch};
}

/* An epoch while it is made. */
struct draft {
    struct cs_vault_record record;
    struct cs_vault_place place;
    struct cs_secret *key;
    struct cs_secret *listing_key;
    struct cs_buffer wrapped;
    struct cs_buffer listing_wrapped;
    struct cs_buffer recovered;
};

static void draft_init(struct draft *draft)
{
    memset(draft, 0, sizeof *draft);
    cs_buffer_init(&draft->wrapped, CS_VAULT_WRAPPED_SIZE);
    cs_buffer_init(&draft->listing_wrapped, CS_VAULT_WRAPPED_SIZE);
    cs_buffer_init(&draft->recovered, CS_VAULT_SEALED_SIZE);
}

static void draft_release(struct draft *draft)
{
    cs_secret_destroy(draft->key);
    cs_secret_destroy(draft->listing_key);
    cs_buffer_release(&draft->wrapped);
    cs_buffer_release(&draft->listing_wrapped);
    cs_buffer_release(&draft->recovered);
}

static enum cs_status make_keys(const struct cs_world *world, struct draft *draft)
{
    enum cs_status status = cs_vault_key_create(world, &draft->key);
    if (status == CS_OK) {
        status = cs_vault_listing_key_derive(cs_secret_bytes(draft->key), &draft->place,
                                             &draft->listing_key);
    }
    if (status == CS_OK) {
        cs_vault_key_commitment(cs_secret_bytes(draft->key), CS_VAULT_CLASS_KEY, &draft->place,
                                draft->record.commitment);
        cs_vault_key_commitment(cs_secret_bytes(draft->listing_key), CS_VAULT_CLASS_LISTING_KEY,
                                &draft->place, draft->record.listing_commitment);
    }
    return status;
}

static enum cs_status wrap_one(const struct cs_world *world, const struct draft *draft,
                               const struct cs_vault_keyring *keyring, cs_vault_key_class key_class,
                               struct cs_bytes key, struct cs_buffer *out)
{
    struct cs_bytes previous = cs_vault_keyring_key(keyring, draft->record.epoch - 1, key_class);
    return previous.size == 0
               ? CS_LOCKED
               : cs_vault_key_wrap(world, key, previous, key_class, &draft->place, out);
}

static enum cs_status wrap_previous(const struct cs_world *world, struct draft *draft,
                                    const struct cs_vault_keyring *keyring)
{
    if (draft->record.epoch == 1) {
        return CS_OK;
    }
    if (keyring == NULL) {
        return CS_LOCKED;
    }
    enum cs_status status = wrap_one(world, draft, keyring, CS_VAULT_CLASS_KEY,
                                     cs_secret_bytes(draft->key), &draft->wrapped);
    if (status == CS_OK) {
        status = wrap_one(world, draft, keyring, CS_VAULT_CLASS_LISTING_KEY,
                          cs_secret_bytes(draft->listing_key), &draft->listing_wrapped);
    }
    draft->record.wrapped = cs_buffer_bytes(&draft->wrapped);
    draft->record.listing_wrapped = cs_buffer_bytes(&draft->listing_wrapped);
    return status;
}

static enum cs_status seal_for_recovery(const struct cs_world *world, struct draft *draft,
                                        const struct cs_vault_recovery *recovery)
{
    memcpy(draft->record.recovery, recovery->id, CS_HASH_SIZE);
    enum cs_status status = cs_vault_key_seal_for_recovery(world, recovery->key, recovery->id,
                                                           cs_secret_bytes(draft->key),
                                                           &draft->place, &draft->recovered);
    draft->record.recovered = cs_buffer_bytes(&draft->recovered);
    return status;
}

enum cs_status cs_vault_epoch_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_epoch_terms *terms, struct cs_buffer *out,
                                   struct cs_secret **out_key)
{
    const struct cs_vault_epoch *last = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    struct draft draft;
    draft_init(&draft);
    *out_key = NULL;
    cs_vault_log_begin(log, signer, CS_VAULT_EPOCH, &draft.record);
    draft.record.epoch = last == NULL ? 1 : last->number + 1;
    draft.record.four_eyes = terms->four_eyes ? 1 : 0;
    draft.place = place_of(log, signer, draft.record.epoch);
    enum cs_status status = make_keys(world, &draft);
    if (status == CS_OK) {
        status = wrap_previous(world, &draft, terms->keyring);
    }
    if (status == CS_OK) {
        status = seal_for_recovery(world, &draft, terms->recovery);
    }
    if (status == CS_OK) {
        status = cs_vault_record_encode(&draft.record, signer->key, out);
    }
    if (status == CS_OK) {
        *out_key = draft.key;
        draft.key = NULL;
    }
    draft_release(&draft);
    return status;
}

/* The key that goes into a grant with these rights: the vault key, or the listing key made from it. */
static enum cs_status seal_for(const struct cs_world *world,
                               const struct cs_vault_grant_terms *terms,
                               const struct cs_vault_place *place, struct cs_buffer *out)
{
    const uint8_t *recipient = terms->recipient->leaf.seal_key;
    if (cs_vault_rights_need_key(terms->rights)) {
        return cs_vault_key_seal(world, recipient, terms->key, CS_VAULT_CLASS_KEY, place, out);
    }
    struct cs_secret *listing_key = NULL;
    enum cs_status status = cs_vault_listing_key_derive(terms->key, place, &listing_key);
    if (status == CS_OK) {
        status = cs_vault_key_seal(world, recipient, cs_secret_bytes(listing_key),
                                   CS_VAULT_CLASS_LISTING_KEY, place, out);
    }
    cs_secret_destroy(listing_key);
    return status;
}

enum cs_status cs_vault_grant_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_grant_terms *terms, struct cs_buffer *out)
{
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    struct cs_vault_record record;
    struct cs_buffer sealed;
    if (epoch == NULL) {
        return CS_NOT_FOUND;
    }
    struct cs_vault_place place = place_of(log, signer, epoch->number);
    cs_vault_log_begin(log, signer, CS_VAULT_GRANT, &record);
    cs_vault_key_commitment(terms->key, CS_VAULT_CLASS_KEY, &place, record.commitment);
    if (memcmp(record.commitment, epoch->commitment, CS_HASH_SIZE) != 0) {
        return CS_FORGED;
    }
    cs_buffer_init(&sealed, CS_VAULT_SEALED_SIZE);
    enum cs_status status = seal_for(world, terms, &place, &sealed);
    if (status == CS_OK) {
        record.epoch = epoch->number;
        record.rights = terms->rights;
        record.expires_ms = terms->expires_ms;
        record.sealed = cs_buffer_bytes(&sealed);
        memcpy(record.recipient, terms->recipient->leaf_id, CS_HASH_SIZE);
        status = cs_vault_record_encode(&record, signer->key, out);
    }
    cs_buffer_release(&sealed);
    return status;
}
