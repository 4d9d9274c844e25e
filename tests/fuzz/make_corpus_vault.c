/* Seeds of the vault's formats, see make_corpus.c. */
#include "tests/fuzz/make_corpus.h"

#include "field-client/vault/listing.h"
#include "field-client/vault/opening.h"
#include "field-client/vault/shares.h"
#include "shared/base/text.h"
#include "shared/vault/record.h"

static struct cs_sign_key *any_key(void)
{
    static const uint8_t seed[CS_SIGN_SEED_SIZE] = {3};
    struct cs_sign_key *key = NULL;
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_sign_key_create(cs_bytes_of_array(seed), &key) == CS_OK);
    return key;
}

void make_vault_record(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    static const enum cs_vault_kind kinds[] = {CS_VAULT_EPOCH, CS_VAULT_GRANT, CS_VAULT_VERSION,
                                               CS_VAULT_LEASE};
    struct cs_sign_key *key = any_key();
    struct cs_bytes sealed = sample_bytes(random, arena, CS_VAULT_SEALED_SIZE);
    struct cs_vault_record record = {.kind = kinds[random->state % CS_COUNT(kinds)],
                                     .claimed = cs_instant_make(1772413200000, 480),
                                     .position = 3,
                                     .ciphertext = sample_bytes(random, arena, 100),
                                     .epoch = 1,
                                     .expires_ms = 1772500000000,
                                     .field = cs_bytes_of_text("password"),
                                     .half = sealed,
                                     .reason = cs_bytes_of_text("x"),
                                     .recovered = sealed,
                                     .rights = CS_VAULT_MAY_REVEAL,
                                     .sealed = sealed,
                                     .versions = sample_bytes(random, arena, CS_ID_SIZE),
                                     .work_order = sample_bytes(random, arena, CS_ID_SIZE)};
    cs_require(cs_vault_record_encode(&record, key, out) == CS_OK);
    cs_sign_key_destroy(key);
}

void make_vault_recovery(struct sample_random *random, struct cs_arena *arena,
                         struct cs_buffer *out)
{
    struct cs_sign_key *key = any_key();
    struct cs_vault_recovery recovery = {.number = 1 + sample_below(random, 9),
                                         .threshold = 2,
                                         .count = 2 + (unsigned)sample_below(random, 5)};
    (void)arena;
    cs_require(cs_vault_recovery_encode(&recovery, key, out) == CS_OK);
    cs_sign_key_destroy(key);
}

/* Plain for odd seeds, padded for even ones. */
void make_vault_listing(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_secret *padded = NULL;
    const struct cs_vault_listing listing = {cs_bytes_of_text("db"), cs_bytes_of_text("postgres"),
                                             cs_bytes_of_text("postgresql://db1:5432/erp")};
    (void)arena;
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_vault_listing_encode(&listing, out) == CS_OK);
    if (random->state % 2 == 0) {
        cs_require(cs_vault_pad(cs_buffer_bytes(out), &padded) == CS_OK);
        cs_buffer_clear(out);
        cs_buffer_append_bytes(out, cs_secret_bytes(padded));
        cs_secret_destroy(padded);
    }
}

void make_vault_share(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    struct cs_secret *text = NULL;
    struct cs_vault_share share = {.kind = random->state % 2 == 0 ? CS_VAULT_SHARE_RECOVERY
                                                                  : CS_VAULT_SHARE_ROOT,
                                   .threshold = 2,
                                   .count = 3,
                                   .index = 1};
    cs_require(cs_crypto_start() == CS_OK);
    cs_require(cs_secret_create_copy(sample_bytes(random, arena, CS_VAULT_SHARE_SIZE),
                                     &share.value) == CS_OK);
    cs_require(cs_vault_share_print(&share, &text) == CS_OK);
    cs_buffer_append_bytes(out, cs_secret_bytes(text));
    cs_secret_destroy(share.value);
    cs_secret_destroy(text);
}
