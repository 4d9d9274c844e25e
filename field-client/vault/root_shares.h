/*
 * The organisation's root key (Ed25519) in shares: split, and put together again (design §9). Texts and gathering are those of shares.h, of
 * another kind: no share of one key is taken for one of the other.
 *
 * The set's id in every share is a hash of the root key's public half and of commitments to all shares (shared/vault/root_split.h), so whoever
 * has enough of them needs nothing else to know that they are genuine. Where the statement is at hand each share is checked by itself.
 */
#ifndef CS_FIELD_CLIENT_VAULT_ROOT_SHARES_H
#define CS_FIELD_CLIENT_VAULT_ROOT_SHARES_H

#include "field-client/vault/shares.h"
#include "shared/vault/root_split.h"

/* Gives each share as text in secret memory: `out_shares` has room for `count`. CS_INVALID for threshold or count. */
enum cs_status cs_root_split_make(const struct cs_world *world, const struct cs_sign_key *root,
                                  unsigned threshold, unsigned count, struct cs_root_split *out,
                                  struct cs_secret **out_shares,
                                  struct cs_problem *problem) CS_MUST_USE;

/* For cs_vault_gathering_add and cs_vault_gathering_missing, which says the least there can be until the first share is there. `split` may be
 * NULL: then the first share says of which set all must be. */
enum cs_status cs_root_gathering_create(const struct cs_root_split *split,
                                        struct cs_vault_gathering **out) CS_MUST_USE;
/*
 * The root key, and what its shares are of (as cs_root_split_make gave it). CS_LOCKED: too few; CS_FORGED: one of them is not a share that was
 * made. Whose root key it is, is for the caller to compare.
 */
enum cs_status cs_root_gathering_finish(const struct cs_vault_gathering *gathering,
                                        struct cs_sign_key **out, struct cs_root_split *out_split,
                                        struct cs_problem *problem) CS_MUST_USE;

#endif
