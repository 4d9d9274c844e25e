/* The recovery key and its shares, see shares.h. Their text is in share_text.c. */
#include "field-client/vault/shares.h"

#include "field-client/vault/shamir.h"
#include "shared/base/memory.h"

#include <string.h>

static enum cs_status print_all(const struct cs_vault_recovery *recovery, struct cs_bytes shares,
                                struct cs_secret **out)
{
    enum cs_status status = CS_OK;
    for (unsigned i = 0; i < recovery->count && status == CS_OK; i++) {
        struct cs_vault_share share = {.set = recovery->set,
                                       .threshold = recovery->threshold,
                                       .count = recovery->count,
                                       .index = i + 1};
        status = cs_secret_create_copy(
            cs_bytes_make(shares.data + i * CS_VAULT_SHARE_SIZE, CS_VAULT_SHARE_SIZE),
            &share.value);
        if (status == CS_OK) {
            status = cs_vault_share_print(&share, &out[i]);
        }
        cs_secret_destroy(share.value);
    }
    return status;
}

static enum cs_status split_key(const struct cs_world *world, struct cs_vault_recovery *recovery,
                                struct cs_secret **out_shares)
{
    struct cs_seal_key *key = NULL;
    struct cs_secret *shares = NULL;
    enum cs_status status = cs_seal_key_create_random(world, &key);
    if (status == CS_OK) {
        status = cs_secret_create(recovery->count * CS_VAULT_SHARE_SIZE, &shares);
    }
    if (status == CS_OK) {
        cs_seal_key_public(key, recovery->key);
        status = cs_shamir_split(world, cs_seal_key_secret(key), recovery->threshold,
                                 recovery->count, cs_secret_data(shares));
    }
    if (status == CS_OK) {
        const uint8_t *first = cs_secret_bytes(shares).data;
        for (unsigned i = 0; i < recovery->count; i++) {
            cs_vault_share_commitment(
                &recovery->set, i + 1,
                cs_bytes_make(first + i * CS_VAULT_SHARE_SIZE, CS_VAULT_SHARE_SIZE),
                recovery->commitments[i]);
        }
        status = print_all(recovery, cs_secret_bytes(shares), out_shares);
    }
    cs_seal_key_destroy(key);
    cs_secret_destroy(shares);
    return status;
}

enum cs_status cs_vault_recovery_make(const struct cs_world *world, const struct cs_sign_key *root,
                                      const struct cs_vault_recovery_terms *terms,
                                      struct cs_buffer *out, struct cs_secret **out_shares,
                                      struct cs_problem *problem)
{
    struct cs_vault_recovery recovery = {.number = terms->number,
                                         .set = terms->set,
                                         .threshold = terms->threshold,
                                         .count = terms->count};
    if (terms->threshold < CS_VAULT_SHARES_MIN || terms->threshold > terms->count ||
        terms->count > CS_VAULT_SHARES_MAX) {
        return cs_problem_set(problem, CS_INVALID,
                              "at least %u shares must be needed, of at most %u",
                              CS_VAULT_SHARES_MIN, CS_VAULT_SHARES_MAX);
    }
    memcpy(recovery.organisation, terms->organisation, CS_HASH_SIZE);
    memset(out_shares, 0, terms->count * sizeof *out_shares);
    enum cs_status status = split_key(world, &recovery, out_shares);
    if (status == CS_OK) {
        status = cs_vault_recovery_encode(&recovery, root, out);
    }
    for (unsigned i = 0; status != CS_OK && i < terms->count; i++) {
        cs_secret_destroy(out_shares[i]);
        out_shares[i] = NULL;
    }
    return status;
}

/* ---- putting it together again ---- */

struct cs_vault_gathering {
    struct cs_vault_recovery recovery;
    struct cs_secret *shares; /* in the order in which they came */
    uint8_t indexes[CS_VAULT_SHARES_MAX];
    unsigned count;
};

enum cs_status cs_vault_gathering_create(const struct cs_vault_recovery *recovery,
                                         struct cs_vault_gathering **out)
{
    struct cs_vault_gathering *gathering = cs_alloc_zero(1, sizeof *gathering);
    *out = NULL;
    if (gathering == NULL) {
        return CS_NO_MEMORY;
    }
    gathering->recovery = *recovery;
    enum cs_status status =
        cs_secret_create(CS_VAULT_SHARES_MAX * CS_VAULT_SHARE_SIZE, &gathering->shares);
    if (status != CS_OK) {
        cs_free(gathering);
        return status;
    }
    *out = gathering;
    return CS_OK;
}

void cs_vault_gathering_destroy(struct cs_vault_gathering *gathering)
{
    if (gathering != NULL) {
        cs_secret_destroy(gathering->shares);
        cs_free(gathering);
    }
}

static enum cs_status check_share(const struct cs_vault_gathering *gathering,
                                  const struct cs_vault_share *share, struct cs_problem *problem)
{
    const struct cs_vault_recovery *recovery = &gathering->recovery;
    uint8_t commitment[CS_HASH_SIZE];
    if (!cs_id_equal(&share->set, &recovery->set)) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "this share belongs to another set: of an "
                              "earlier recovery key, or another organisation");
    }
    if (share->threshold != recovery->threshold || share->count != recovery->count) {
        return cs_problem_set(problem, CS_FORGED, "this is not a share as it was made");
    }
    for (unsigned i = 0; i < gathering->count; i++) {
        if (gathering->indexes[i] == share->index) {
            return cs_problem_set(problem, CS_EXISTS, "share %u was entered already", share->index);
        }
    }
    cs_vault_share_commitment(&share->set, share->index, cs_secret_bytes(share->value), commitment);
    return cs_secret_equal(cs_bytes_of_array(commitment),
                           cs_bytes_of_array(recovery->commitments[share->index - 1]))
               ? CS_OK
               : cs_problem_set(problem, CS_FORGED, "this is not a share as it was made");
}

enum cs_status cs_vault_gathering_add(struct cs_vault_gathering *gathering, struct cs_bytes text,
                                      struct cs_problem *problem)
{
    struct cs_vault_share share;
    enum cs_status status = cs_vault_share_parse(text, &share, problem);
    if (status != CS_OK) {
        return status;
    }
    status = check_share(gathering, &share, problem);
    if (status == CS_OK) {
        memcpy(cs_secret_data(gathering->shares) + gathering->count * CS_VAULT_SHARE_SIZE,
               cs_secret_bytes(share.value).data, CS_VAULT_SHARE_SIZE);
        gathering->indexes[gathering->count++] = (uint8_t)share.index;
    }
    cs_secret_destroy(share.value);
    return status;
}

unsigned cs_vault_gathering_missing(const struct cs_vault_gathering *gathering)
{
    unsigned threshold = gathering->recovery.threshold;
    return gathering->count >= threshold ? 0 : threshold - gathering->count;
}

static enum cs_status combine(const struct cs_vault_gathering *gathering, struct cs_seal_key **out)
{
    struct cs_secret *secret = NULL;
    size_t threshold = gathering->recovery.threshold;
    enum cs_status status = cs_secret_create(CS_VAULT_SHARE_SIZE, &secret);
    if (status == CS_OK) {
        cs_shamir_combine(
            cs_bytes_make(cs_secret_bytes(gathering->shares).data, threshold * CS_VAULT_SHARE_SIZE),
            gathering->indexes, threshold, cs_secret_data(secret));
        status = cs_seal_key_create(cs_secret_bytes(secret), out);
    }
    cs_secret_destroy(secret);
    return status;
}

enum cs_status cs_vault_gathering_finish(const struct cs_vault_gathering *gathering,
                                         struct cs_seal_key **out, struct cs_problem *problem)
{
    uint8_t found[CS_SEAL_KEY_SIZE];
    unsigned missing = cs_vault_gathering_missing(gathering);
    *out = NULL;
    if (missing > 0) {
        return cs_problem_set(problem, CS_LOCKED, "%u of %u shares are there: %u more needed",
                              gathering->count, gathering->recovery.threshold, missing);
    }
    struct cs_seal_key *key = NULL;
    enum cs_status status = combine(gathering, &key);
    if (status != CS_OK) {
        return status;
    }
    cs_seal_key_public(key, found);
    if (memcmp(found, gathering->recovery.key, sizeof found) != 0) {
        cs_seal_key_destroy(key);
        return cs_problem_set(problem, CS_FORGED, "the shares do not give the recovery key");
    }
    *out = key;
    return CS_OK;
}
