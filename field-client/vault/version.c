/* Versions of a secret, see version.h. */
#include "field-client/vault/version.h"

#include "field-client/vault/half.h"
#include "field-client/vault/opening.h"

#include <string.h>

static enum cs_status find_key(const struct cs_vault_keyring *keyring, int64_t epoch,
                               struct cs_bytes *out, struct cs_problem *problem)
{
    *out = cs_vault_keyring_key(keyring, epoch, CS_VAULT_CLASS_KEY);
    return out->size > 0
               ? CS_OK
               : cs_problem_set(problem, CS_LOCKED, "this device does not have the vault's key");
}

static enum cs_status make_item_key(struct cs_bytes vault_key, struct cs_bytes half,
                                    const struct cs_vault_record *version, struct cs_secret **out)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place = cs_vault_record_place(version, CS_VAULT_CLASS_SECRET, NULL);
    enum cs_status status = cs_secret_create(CS_HASH_SIZE, out);
    if (status == CS_OK) {
        cs_vault_bind(&place, &binding);
        const struct cs_bytes parts[] = {half, cs_vault_binding_bytes(&binding)};
        cs_hash_keyed("countersign vault item key 1", vault_key, parts, CS_COUNT(parts),
                      cs_secret_data(*out));
    }
    return status;
}

static enum cs_status encrypt(const struct cs_world *world, struct cs_bytes vault_key,
                              struct cs_bytes half, const struct cs_vault_record *record,
                              struct cs_bytes secret, struct cs_buffer *out)
{
    struct cs_secret *padded = NULL;
    struct cs_secret *item_key = NULL;
    struct cs_vault_place place = cs_vault_record_place(record, CS_VAULT_CLASS_SECRET, NULL);
    enum cs_status status = cs_vault_pad(secret, &padded);
    if (status == CS_OK) {
        status = make_item_key(vault_key, half, record, &item_key);
    }
    if (status == CS_OK) {
        status = cs_vault_encrypt(world, cs_secret_bytes(item_key), &place, cs_secret_bytes(padded),
                                  out);
    }
    cs_secret_destroy(padded);
    cs_secret_destroy(item_key);
    return status;
}

/* A version while it is made. */
struct draft {
    struct cs_vault_record record;
    struct cs_secret *half;
    struct cs_vault_halves halves;
    struct cs_buffer ciphertext;
};

static void draft_init(struct draft *draft)
{
    memset(draft, 0, sizeof *draft);
    cs_vault_halves_init(&draft->halves);
    cs_buffer_init(&draft->ciphertext, CS_VAULT_SECRET_MAX + CS_AEAD_OVERHEAD);
}

static void draft_release(struct draft *draft)
{
    cs_secret_destroy(draft->half);
    cs_vault_halves_release(&draft->halves);
    cs_buffer_release(&draft->ciphertext);
}

static enum cs_status begin(struct draft *draft, const struct cs_vault_log *log,
                            const struct cs_evidence_signer *signer,
                            const struct cs_vault_version_terms *terms, struct cs_problem *problem)
{
    uint64_t position = cs_vault_log_position(log);
    enum cs_status status = cs_vault_log_may_encrypt(log, position, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, position);
    if (epoch->four_eyes != (terms->approver_count > 0)) {
        return cs_problem_set(problem, CS_INVALID,
                              epoch->four_eyes ? "the vault wants four eyes, and nobody may approve"
                                               : "the vault does not want four eyes");
    }
    if (memcmp(epoch->recovery, terms->recovery->id, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "the vault has another recovery key: it needs a new epoch first");
    }
    if (terms->field.size == 0 || terms->field.size > CS_NAME_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the name of the field is too long, or missing");
    }
    struct cs_vault_record *record = &draft->record;
    cs_vault_log_begin(log, signer, CS_VAULT_VERSION, record);
    record->epoch = epoch->number;
    record->item = terms->item;
    record->field = terms->field;
    record->version = terms->version;
    memcpy(record->half_key, terms->half_key, sizeof record->half_key);
    memcpy(record->recovery, epoch->recovery, CS_HASH_SIZE);
    if (terms->previous != NULL) {
        memcpy(record->previous, terms->previous, CS_HASH_SIZE);
    }
    return CS_OK;
}

static enum cs_status make_half(const struct cs_world *world, struct draft *draft,
                                const struct cs_vault_version_terms *terms)
{
    struct cs_vault_record *record = &draft->record;
    struct cs_vault_place place = cs_vault_record_place(record, CS_VAULT_CLASS_SECRET, NULL);
    const struct cs_vault_half_recipients recipients = {terms->half_key, terms->recovery,
                                                        terms->approvers, terms->approver_count};
    enum cs_status status = cs_secret_create_random(world, CS_VAULT_HALF_SIZE, &draft->half);
    if (status == CS_OK) {
        cs_vault_half_commitment(cs_secret_bytes(draft->half), &place, record->commitment);
        status = cs_vault_halves_seal(world, cs_secret_bytes(draft->half), &place, &recipients,
                                      &draft->halves);
    }
    record->half = cs_buffer_bytes(&draft->halves.server);
    record->recovered = cs_buffer_bytes(&draft->halves.recovery);
    record->approvers = cs_buffer_bytes(&draft->halves.approvers);
    return status;
}

enum cs_status cs_vault_version_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                     const struct cs_evidence_signer *signer,
                                     const struct cs_vault_keyring *keyring,
                                     const struct cs_vault_version_terms *terms,
                                     struct cs_buffer *out, struct cs_problem *problem)
{
    struct draft draft;
    struct cs_bytes key = CS_BYTES_NONE;
    draft_init(&draft);
    enum cs_status status = begin(&draft, log, signer, terms, problem);
    if (status == CS_OK) {
        status = find_key(keyring, draft.record.epoch, &key, problem);
    }
    if (status == CS_OK) {
        status = make_half(world, &draft, terms);
    }
    if (status == CS_OK) {
        status = encrypt(world, key, cs_secret_bytes(draft.half), &draft.record, terms->secret,
                         &draft.ciphertext);
    }
    if (status == CS_OK) {
        draft.record.ciphertext = cs_buffer_bytes(&draft.ciphertext);
        status = cs_vault_record_encode(&draft.record, signer->key, out);
    }
    draft_release(&draft);
    return status;
}

/* ---- opening ---- */

static enum cs_status decrypt(struct cs_bytes vault_key, const struct cs_vault_record *version,
                              struct cs_bytes half, struct cs_secret **out)
{
    struct cs_secret *item_key = NULL;
    struct cs_secret *padded = NULL;
    struct cs_bytes secret;
    struct cs_vault_place place = cs_vault_record_place(version, CS_VAULT_CLASS_SECRET, NULL);
    enum cs_status status = make_item_key(vault_key, half, version, &item_key);
    if (status == CS_OK) {
        status = cs_vault_decrypt(cs_secret_bytes(item_key), &place, version->ciphertext, &padded);
    }
    if (status == CS_OK) {
        status = cs_vault_unpad(cs_secret_bytes(padded), &secret);
    }
    if (status == CS_OK) {
        status = cs_secret_create_copy(secret, out);
    }
    cs_secret_destroy(item_key);
    cs_secret_destroy(padded);
    return status;
}

enum cs_status cs_vault_version_open(const struct cs_vault_keyring *keyring,
                                     const struct cs_vault_record *version, struct cs_bytes half,
                                     struct cs_secret **out, struct cs_problem *problem)
{
    struct cs_bytes key = CS_BYTES_NONE;
    *out = NULL;
    enum cs_status status = find_key(keyring, version->epoch, &key, problem);
    if (status == CS_OK) {
        status = cs_vault_half_check(half, version, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    status = decrypt(key, version, half, out);
    return status == CS_OK
               ? status
               : cs_problem_set(problem, status, "the secret cannot be opened: %s",
                                status == CS_FORGED ? "it was encrypted for another place or key"
                                                    : cs_status_text(status));
}
