/* Seeds of the vault's formats, see make_corpus.c. */
#include "tests/fuzz/make_corpus.h"

#include "shared/base/text.h"
#include "shared/vault/record.h"
#include "shared/vault/recovery.h"

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
