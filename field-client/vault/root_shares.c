/* The root key in shares, see root_shares.h. */
#include "field-client/vault/root_shares.h"

#include "field-client/vault/shamir.h"
#include "field-client/vault/shares_internal.h"

#include <string.h>

static enum cs_status split_key(const struct cs_world *world, const struct cs_sign_key *root,
                                struct cs_root_split *split, struct cs_secret **out_shares)
{
    struct cs_secret *shares = NULL;
    enum cs_status status = cs_secret_create(split->count * CS_VAULT_SHARE_SIZE, &shares);
    if (status == CS_OK) {
        status = cs_shamir_split(world, cs_sign_key_seed(root), split->threshold, split->count,
                                 cs_secret_data(shares));
    }
    if (status == CS_OK) {
        const uint8_t *first = cs_secret_bytes(shares).data;
        for (unsigned i = 0; i < split->count; i++) {
            cs_root_share_commitment(
                i + 1, cs_bytes_make(first + i * CS_VAULT_SHARE_SIZE, CS_VAULT_SHARE_SIZE),
                split->commitments[i]);
        }
        cs_root_split_set(split, &split->set);
        const struct cs_vault_share first_share = {.kind = CS_VAULT_SHARE_ROOT,
                                                   .set = split->set,
                                                   .threshold = split->threshold,
                                                   .count = split->count};
        status = cs_vault_shares_print(&first_share, cs_secret_bytes(shares), out_shares);
    }
    cs_secret_destroy(shares);
    return status;
}

enum cs_status cs_root_split_make(const struct cs_world *world, const struct cs_sign_key *root,
                                  unsigned threshold, unsigned count, struct cs_root_split *out,
                                  struct cs_secret **out_shares, struct cs_problem *problem)
{
    struct cs_root_split split;
    enum cs_status status = cs_vault_shares_check_terms(threshold, count, problem);
    if (status != CS_OK) {
        return status;
    }
    memset(&split, 0, sizeof split);
    split.threshold = threshold;
    split.count = count;
    cs_sign_key_public(root, split.root_key);
    memset(out_shares, 0, count * sizeof *out_shares);
    status = split_key(world, root, &split, out_shares);
    if (status == CS_OK) {
        *out = split;
    }
    for (unsigned i = 0; status != CS_OK && i < count; i++) {
        cs_secret_destroy(out_shares[i]);
        out_shares[i] = NULL;
    }
    return status;
}

enum cs_status cs_root_gathering_create(const struct cs_root_split *split,
                                        struct cs_vault_gathering **out)
{
    enum cs_status status = cs_vault_gathering_allocate(CS_VAULT_SHARE_ROOT, out);
    if (status == CS_OK && split != NULL) {
        struct cs_vault_gathering *gathering = *out;
        gathering->stated = true;
        gathering->set = split->set;
        gathering->threshold = split->threshold;
        gathering->count = split->count;
        memcpy(gathering->commitments, split->commitments, sizeof gathering->commitments);
    }
    return status;
}

/* What all shares commit to, worked out from those that are there: enough of them determine the others. */
static enum cs_status reconstruct(const struct cs_vault_gathering *gathering,
                                  struct cs_root_split *split, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    split->threshold = gathering->threshold;
    split->count = gathering->count;
    for (unsigned i = 0; status == CS_OK && i < split->count; i++) {
        struct cs_secret *share = NULL;
        status = cs_vault_gathering_at(gathering, i + 1, &share, problem);
        if (status == CS_OK) {
            cs_root_share_commitment(i + 1, cs_secret_bytes(share), split->commitments[i]);
        }
        cs_secret_destroy(share);
    }
    cs_root_split_set(split, &split->set);
    return status;
}

enum cs_status cs_root_gathering_finish(const struct cs_vault_gathering *gathering,
                                        struct cs_sign_key **out, struct cs_root_split *out_split,
                                        struct cs_problem *problem)
{
    struct cs_root_split split;
    struct cs_secret *seed = NULL;
    struct cs_sign_key *key = NULL;
    cs_require(gathering->kind == CS_VAULT_SHARE_ROOT);
    memset(&split, 0, sizeof split);
    *out = NULL;
    enum cs_status status = cs_vault_gathering_at(gathering, 0, &seed, problem);
    if (status == CS_OK) {
        status = cs_sign_key_create(cs_secret_bytes(seed), &key);
    }
    cs_secret_destroy(seed);
    if (status == CS_OK) {
        cs_sign_key_public(key, split.root_key);
        status = reconstruct(gathering, &split, problem);
    }
    if (status == CS_OK && !cs_id_equal(&split.set, &gathering->set)) {
        status = cs_problem_set(problem, CS_FORGED,
                                "the shares do not give the root key: one of them is not as it was "
                                "made. Try with another one");
    }
    if (status != CS_OK) {
        cs_sign_key_destroy(key);
        return status;
    }
    *out = key;
    *out_split = split;
    return CS_OK;
}
