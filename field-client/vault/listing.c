/* Listing data, see listing.h. */
#include "field-client/vault/listing.h"

#include "field-client/vault/opening.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define LISTING_ITEMS 4

/* A password in an address would be listed without anybody asking for it. */
static bool has_password(struct cs_bytes address)
{
    bool colon = false;
    size_t start = 0;
    for (size_t i = 0; i + 2 < address.size; i++) {
        if (memcmp(address.data + i, "://", 3) == 0) {
            start = i + 3;
            break;
        }
    }
    for (size_t i = start; i < address.size && address.data[i] != '/'; i++) {
        colon = colon || address.data[i] == ':';
        if (address.data[i] == '@' && colon) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct cs_vault_listing *listing)
{
    return cs_statement_name_valid(listing->name, 1, CS_VAULT_LISTING_NAME_MAX) &&
           cs_statement_name_valid(listing->user, 0, CS_VAULT_LISTING_USER_MAX) &&
           cs_statement_name_valid(listing->address, 0, CS_VAULT_LISTING_ADDRESS_MAX) &&
           !has_password(listing->address);
}

enum cs_status cs_vault_listing_encode(const struct cs_vault_listing *listing,
                                       struct cs_buffer *out)
{
    if (!fits(listing)) {
        return CS_INVALID;
    }
    cs_cbor_put_array(out, LISTING_ITEMS);
    cs_cbor_put_unsigned(out, 1);
    cs_cbor_put_text(out, listing->name);
    cs_cbor_put_text(out, listing->user);
    cs_cbor_put_text(out, listing->address);
    return out->status;
}

enum cs_status cs_vault_listing_decode(struct cs_bytes bytes, struct cs_vault_listing *out)
{
    struct cs_cbor_reader reader;
    struct cs_vault_listing found;
    enum cs_status status = cs_statement_enter(&reader, bytes, LISTING_ITEMS);
    if (status != CS_OK) {
        return status;
    }
    found.name = cs_cbor_take_text(&reader);
    found.user = cs_cbor_take_text(&reader);
    found.address = cs_cbor_take_text(&reader);
    if (cs_statement_leave(&reader) != CS_OK || !fits(&found)) {
        return CS_MALFORMED;
    }
    *out = found;
    return CS_OK;
}

/* Padded, so that the size does not tell one entry from another. */
static enum cs_status encrypt(const struct cs_world *world, struct cs_bytes key,
                              const struct cs_vault_record *record,
                              const struct cs_vault_listing *listing, struct cs_buffer *out)
{
    struct cs_buffer plain;
    struct cs_secret *padded = NULL;
    struct cs_vault_place place = cs_vault_record_place(record, CS_VAULT_CLASS_LISTING, NULL);
    cs_buffer_init(&plain, CS_VAULT_LISTING_MAX);
    enum cs_status status = cs_vault_listing_encode(listing, &plain);
    if (status == CS_OK) {
        status = cs_vault_pad(cs_buffer_bytes(&plain), &padded);
    }
    if (status == CS_OK) {
        status = cs_vault_encrypt(world, key, &place, cs_secret_bytes(padded), out);
    }
    cs_secret_destroy(padded);
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_vault_entry_sign(const struct cs_world *world, const struct cs_vault_log *log,
                                   const struct cs_evidence_signer *signer,
                                   const struct cs_vault_keyring *keyring,
                                   const struct cs_vault_item *item,
                                   const struct cs_vault_listing *listing, struct cs_buffer *out,
                                   struct cs_problem *problem)
{
    uint64_t position = cs_vault_log_position(log);
    struct cs_vault_record record;
    struct cs_buffer ciphertext;
    enum cs_status status = cs_vault_log_may_encrypt(log, position, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_vault_log_begin(log, signer, CS_VAULT_ENTRY, &record);
    record.epoch = cs_vault_log_epoch_at(log, position)->number;
    record.item = item->id;
    if (item->previous != NULL) {
        memcpy(record.previous, item->previous, CS_HASH_SIZE);
    }
    struct cs_bytes key = cs_vault_keyring_key(keyring, record.epoch, CS_VAULT_CLASS_LISTING_KEY);
    if (key.size == 0) {
        return cs_problem_set(problem, CS_LOCKED, "this device does not have the vault's key");
    }
    cs_buffer_init(&ciphertext, CS_VAULT_LISTING_MAX + CS_AEAD_OVERHEAD);
    status = encrypt(world, key, &record, listing, &ciphertext);
    if (status == CS_INVALID) {
        status = cs_problem_set(problem, status,
                                "the name, user or address is too long or not readable, or the "
                                "address has a password in it");
    }
    if (status == CS_OK) {
        record.ciphertext = cs_buffer_bytes(&ciphertext);
        status = cs_vault_record_encode(&record, signer->key, out);
    }
    cs_buffer_release(&ciphertext);
    return status;
}

enum cs_status cs_vault_entry_open(const struct cs_vault_keyring *keyring,
                                   const struct cs_vault_record *entry, struct cs_buffer *storage,
                                   struct cs_vault_listing *out)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place = cs_vault_record_place(entry, CS_VAULT_CLASS_LISTING, NULL);
    struct cs_bytes key = cs_vault_keyring_key(keyring, entry->epoch, CS_VAULT_CLASS_LISTING_KEY);
    struct cs_bytes plain;
    size_t size_before = storage->size;
    if (key.size == 0) {
        return CS_LOCKED;
    }
    cs_vault_bind(&place, &binding);
    enum cs_status status =
        cs_aead_decrypt(key, cs_vault_class_label(place.class_value),
                        cs_vault_binding_bytes(&binding), entry->ciphertext, storage);
    if (status == CS_OK) {
        status = cs_vault_unpad(
            cs_bytes_make(storage->data + size_before, storage->size - size_before), &plain);
    }
    return status != CS_OK ? status : cs_vault_listing_decode(plain, out);
}
