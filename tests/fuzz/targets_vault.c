/* Fuzzing entries of the vault's formats, see targets.h. What is accepted has one form: written again, it is the same. */
#include "tests/fuzz/targets.h"

#include "field-client/vault/listing.h"
#include "field-client/vault/opening.h"
#include "field-client/vault/shares.h"
#include "shared/vault/record.h"

#include <string.h>

static struct cs_sign_key *any_key(void)
{
    static const uint8_t seed[CS_SIGN_SEED_SIZE] = {3};
    struct cs_sign_key *key = NULL;
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_sign_key_create(cs_bytes_of_array(seed), &key) == CS_OK);
    return key;
}

/* All but the signature, which is by another key. */
static void check_same(struct cs_bytes bytes, const struct cs_buffer *again)
{
    cs_require(again->size == bytes.size);
    cs_require(memcmp(again->data + CS_SIGNATURE_SIZE, bytes.data + CS_SIGNATURE_SIZE,
                      bytes.size - CS_SIGNATURE_SIZE) == 0);
}

void fuzz_vault_record(const uint8_t *data, size_t size)
{
    struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_sign_key *key = any_key();
    struct cs_buffer again;
    struct cs_vault_record record;
    cs_buffer_init(&again, CS_RECORD_MAX);
    if (cs_vault_record_decode(bytes, &record) == CS_OK) {
        cs_require(cs_vault_record_encode(&record, key, &again) == CS_OK);
        check_same(bytes, &again);
    }
    cs_buffer_release(&again);
    cs_sign_key_destroy(key);
}

void fuzz_vault_recovery(const uint8_t *data, size_t size)
{
    struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_sign_key *key = any_key();
    struct cs_buffer again;
    struct cs_vault_recovery recovery;
    cs_buffer_init(&again, CS_MEBI);
    if (cs_vault_recovery_decode(bytes, &recovery) == CS_OK) {
        cs_require(cs_vault_recovery_encode(&recovery, key, &again) == CS_OK);
        check_same(bytes, &again);
    }
    cs_buffer_release(&again);
    cs_sign_key_destroy(key);
}

/* As it is, and inside its padding. */
void fuzz_vault_listing(const uint8_t *data, size_t size)
{
    struct cs_bytes bytes = cs_bytes_make(data, size);
    struct cs_bytes inner;
    struct cs_buffer again;
    struct cs_vault_listing listing;
    cs_buffer_init(&again, CS_MEBI);
    if (cs_vault_listing_decode(bytes, &listing) == CS_OK) {
        cs_require(cs_vault_listing_encode(&listing, &again) == CS_OK);
        cs_require(cs_bytes_equal(cs_buffer_bytes(&again), bytes));
    }
    if (cs_vault_unpad(bytes, &inner) == CS_OK) {
        struct cs_secret *padded = NULL;
        cs_require(cs_crypto_start() == CS_OK);
        cs_require(cs_vault_pad(inner, &padded) == CS_OK);
        cs_require(cs_bytes_equal(cs_secret_bytes(padded), bytes));
        cs_secret_destroy(padded);
    }
    cs_buffer_release(&again);
}

void fuzz_vault_share(const uint8_t *data, size_t size)
{
    struct cs_vault_share share;
    struct cs_vault_share second;
    struct cs_secret *text = NULL;
    cs_require(cs_crypto_start() == CS_OK);
    if (cs_vault_share_parse(cs_bytes_make(data, size), &share, NULL) == CS_OK) {
        cs_require(cs_vault_share_print(&share, &text) == CS_OK);
        cs_require(cs_vault_share_parse(cs_secret_bytes(text), &second, NULL) == CS_OK);
        cs_require(second.kind == share.kind && second.index == share.index &&
                   cs_secret_equal(cs_secret_bytes(share.value), cs_secret_bytes(second.value)));
        cs_secret_destroy(second.value);
        cs_secret_destroy(share.value);
        cs_secret_destroy(text);
    }
}
