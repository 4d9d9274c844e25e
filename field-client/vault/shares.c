/* The recovery key and its shares, see shares.h. Their text is in share_text.c. */
#include "field-client/vault/shamir.h"
#include "field-client/vault/shares_internal.h"
#include "shared/base/memory.h"

#include <string.h>

enum cs_status cs_vault_shares_print(const struct cs_vault_share *first, struct cs_bytes shares,
                                     struct cs_secret **out)
{
    enum cs_status status = CS_OK;
    for (unsigned i = 0; i < first->count && status == CS_OK; i++) {
        struct cs_vault_share share = *first;
        share.index = i + 1;
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

enum cs_status cs_vault_shares_check_terms(unsigned threshold, unsigned count,
                                           struct cs_problem *problem)
{
    return threshold < CS_VAULT_SHARES_MIN || threshold > count || count > CS_VAULT_SHARES_MAX
               ? cs_problem_set(problem, CS_INVALID,
                                "at least %u shares must be needed, of at most %u",
                                CS_VAULT_SHARES_MIN, CS_VAULT_SHARES_MAX)
               : CS_OK;
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
        const struct cs_vault_share first_share = {.kind = CS_VAULT_SHARE_RECOVERY,
                                                   .set = recovery->set,
                                                   .threshold = recovery->threshold,
                                                   .count = recovery->count};
        status = cs_vault_shares_print(&first_share, cs_secret_bytes(shares), out_shares);
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
    enum cs_status status = cs_vault_shares_check_terms(terms->threshold, terms->count, problem);
    if (status != CS_OK) {
        return status;
    }
    memcpy(recovery.organisation, terms->organisation, CS_HASH_SIZE);
    memset(out_shares, 0, terms->count * sizeof *out_shares);
    status = split_key(world, &recovery, out_shares);
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

enum cs_status cs_vault_gathering_allocate(enum cs_vault_share_kind kind,
                                           struct cs_vault_gathering **out)
{
    struct cs_vault_gathering *gathering = cs_alloc_zero(1, sizeof *gathering);
    *out = NULL;
    if (gathering == NULL) {
        return CS_NO_MEMORY;
    }
    gathering->kind = kind;
    enum cs_status status =
        cs_secret_create(CS_VAULT_SHARES_MAX * CS_VAULT_SHARE_SIZE, &gathering->shares);
    if (status != CS_OK) {
        cs_free(gathering);
        return status;
    }
    *out = gathering;
    return CS_OK;
}

enum cs_status cs_vault_gathering_create(const struct cs_vault_recovery *recovery,
                                         struct cs_vault_gathering **out)
{
    enum cs_status status = cs_vault_gathering_allocate(CS_VAULT_SHARE_RECOVERY, out);
    if (status == CS_OK) {
        struct cs_vault_gathering *gathering = *out;
        gathering->stated = true;
        memcpy(gathering->key, recovery->key, sizeof gathering->key);
        gathering->set = recovery->set;
        gathering->threshold = recovery->threshold;
        gathering->count = recovery->count;
        memcpy(gathering->commitments, recovery->commitments, sizeof gathering->commitments);
    }
    return status;
}

void cs_vault_gathering_destroy(struct cs_vault_gathering *gathering)
{
    if (gathering != NULL) {
        cs_secret_destroy(gathering->shares);
        cs_free(gathering);
    }
}

static enum cs_status check_kind(const struct cs_vault_gathering *gathering,
                                 const struct cs_vault_share *share, struct cs_problem *problem)
{
    if (share->kind == gathering->kind) {
        return CS_OK;
    }
    return cs_problem_set(problem, CS_INVALID,
                          share->kind == CS_VAULT_SHARE_ROOT
                              ? "this is a share of the root key: those of the recovery key, which "
                                "begin with CSR1, are needed here"
                              : "this is a share of the recovery key: those of the root key, which "
                                "begin with CSK1, are needed here");
}

static enum cs_status check_set(const struct cs_vault_gathering *gathering,
                                const struct cs_vault_share *share, struct cs_problem *problem)
{
    if (gathering->stated && !cs_id_equal(&share->set, &gathering->set)) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "this share belongs to another set: of an "
                              "earlier %s, or another organisation",
                              gathering->kind == CS_VAULT_SHARE_ROOT ? "splitting"
                                                                     : "recovery key");
    }
    if (!gathering->stated && gathering->entered > 0 &&
        !cs_id_equal(&share->set, &gathering->set)) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "this share belongs to another set than the first that was entered: "
                              "of an earlier splitting, or another organisation");
    }
    return CS_OK;
}

/* Is it the share that was made, as far as is known before all are there? */
static bool is_genuine(const struct cs_vault_gathering *gathering,
                       const struct cs_vault_share *share)
{
    uint8_t commitment[CS_HASH_SIZE];
    if (gathering->kind == CS_VAULT_SHARE_ROOT) {
        cs_root_share_commitment(share->index, cs_secret_bytes(share->value), commitment);
    } else {
        cs_vault_share_commitment(&share->set, share->index, cs_secret_bytes(share->value),
                                  commitment);
    }
    return !gathering->stated ||
           cs_secret_equal(cs_bytes_of_array(commitment),
                           cs_bytes_of_array(gathering->commitments[share->index - 1]));
}

static enum cs_status check_share(const struct cs_vault_gathering *gathering,
                                  const struct cs_vault_share *share, struct cs_problem *problem)
{
    enum cs_status status = check_kind(gathering, share, problem);
    if (status == CS_OK) {
        status = check_set(gathering, share, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    bool known = gathering->stated || gathering->entered > 0;
    if (known && (share->threshold != gathering->threshold || share->count != gathering->count)) {
        return cs_problem_set(problem, CS_FORGED, "this is not a share as it was made");
    }
    for (unsigned i = 0; i < gathering->entered; i++) {
        if (gathering->indexes[i] == share->index) {
            return cs_problem_set(problem, CS_EXISTS, "share %u was entered already", share->index);
        }
    }
    return is_genuine(gathering, share)
               ? CS_OK
               : cs_problem_set(problem, CS_FORGED, "this is not a share as it was made");
}

/* Of a set that nothing is known of, the first share says how many are needed. */
static void take_share(struct cs_vault_gathering *gathering, const struct cs_vault_share *share)
{
    if (!gathering->stated && gathering->entered == 0) {
        gathering->set = share->set;
        gathering->threshold = share->threshold;
        gathering->count = share->count;
    }
    memcpy(cs_secret_data(gathering->shares) + gathering->entered * CS_VAULT_SHARE_SIZE,
           cs_secret_bytes(share->value).data, CS_VAULT_SHARE_SIZE);
    gathering->indexes[gathering->entered++] = (uint8_t)share->index;
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
        take_share(gathering, &share);
    }
    cs_secret_destroy(share.value);
    return status;
}

unsigned cs_vault_gathering_missing(const struct cs_vault_gathering *gathering)
{
    unsigned threshold =
        gathering->stated || gathering->entered > 0 ? gathering->threshold : CS_VAULT_SHARES_MIN;
    return gathering->entered >= threshold ? 0 : threshold - gathering->entered;
}

enum cs_status cs_vault_gathering_at(const struct cs_vault_gathering *gathering, unsigned place,
                                     struct cs_secret **out, struct cs_problem *problem)
{
    unsigned missing = cs_vault_gathering_missing(gathering);
    size_t threshold = gathering->threshold;
    *out = NULL;
    if (missing > 0 && threshold == 0) {
        return cs_problem_set(problem, CS_LOCKED, "no share is there");
    }
    if (missing > 0) {
        return cs_problem_set(problem, CS_LOCKED, "%u of %zu shares are there: %u more needed",
                              gathering->entered, threshold, missing);
    }
    enum cs_status status = cs_secret_create(CS_VAULT_SHARE_SIZE, out);
    if (status == CS_OK) {
        cs_shamir_at(
            cs_bytes_make(cs_secret_bytes(gathering->shares).data, threshold * CS_VAULT_SHARE_SIZE),
            gathering->indexes, threshold, (uint8_t)place, cs_secret_data(*out));
    }
    return status;
}

enum cs_status cs_vault_gathering_finish(const struct cs_vault_gathering *gathering,
                                         struct cs_seal_key **out, struct cs_problem *problem)
{
    uint8_t found[CS_SEAL_KEY_SIZE];
    struct cs_seal_key *key = NULL;
    struct cs_secret *secret = NULL;
    cs_require(gathering->kind == CS_VAULT_SHARE_RECOVERY);
    *out = NULL;
    enum cs_status status = cs_vault_gathering_at(gathering, 0, &secret, problem);
    if (status == CS_OK) {
        status = cs_seal_key_create(cs_secret_bytes(secret), &key);
    }
    cs_secret_destroy(secret);
    if (status != CS_OK) {
        return status;
    }
    cs_seal_key_public(key, found);
    if (memcmp(found, gathering->key, sizeof found) != 0) {
        cs_seal_key_destroy(key);
        return cs_problem_set(problem, CS_FORGED, "the shares do not give the recovery key");
    }
    *out = key;
    return CS_OK;
}
