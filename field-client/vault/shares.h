/*
 * The organisation's recovery key and its shares: made, printed, entered again, put together (design §9). The shares of its root key are
 * printed and entered likewise: root_shares.h.
 *
 * The private half of the key exists only while it is made, and again when enough shares are together. A share on paper is text that
 * says of which key and set it is and which of how many, with a checksum against typing errors; that it is the share that was made is
 * said by the commitments in the root's statement (shared/vault/recovery.h).
 */
#ifndef CS_FIELD_CLIENT_VAULT_SHARES_H
#define CS_FIELD_CLIENT_VAULT_SHARES_H

#include "shared/base/world.h"
#include "shared/crypto/secret.h"
#include "shared/vault/recovery.h"

/* "CSR1" (of the root key "CSK1") and 18 groups of 5 characters with a hyphen before each; without an end mark. */
#define CS_VAULT_SHARE_TEXT_SIZE ((size_t)(4 + 18 * 6))

struct cs_vault_recovery_terms {
    const uint8_t *organisation;
    uint64_t number; /* higher than that of every recovery key before */
    struct cs_id set;
    unsigned threshold;
    unsigned count;
};
/* Makes a recovery key, appends the root's signed statement of it, and gives each share as text in secret memory: `out_shares` has room for
 * `count`. The key itself is wiped. CS_INVALID for threshold or count. */
enum cs_status cs_vault_recovery_make(const struct cs_world *world, const struct cs_sign_key *root,
                                      const struct cs_vault_recovery_terms *terms,
                                      struct cs_buffer *out, struct cs_secret **out_shares,
                                      struct cs_problem *problem) CS_MUST_USE;

/* Of which key: the text says so, and its checksum is of that kind. */
enum cs_vault_share_kind { CS_VAULT_SHARE_RECOVERY, CS_VAULT_SHARE_ROOT };
struct cs_vault_share {
    enum cs_vault_share_kind kind;
    struct cs_id set;
    unsigned threshold;
    unsigned count;
    unsigned index;          /* from 1 */
    struct cs_secret *value; /* CS_VAULT_SHARE_SIZE bytes; the receiver destroys it */
};
enum cs_status cs_vault_share_print(const struct cs_vault_share *share,
                                    struct cs_secret **out) CS_MUST_USE;
/* Of either kind. Small letters, blanks and hyphens anywhere, O for 0, and I and L for 1 are understood. CS_INVALID for what is no share or was mistyped;
 * CS_UNSUPPORTED for shares of a newer version. */
enum cs_status cs_vault_share_parse(struct cs_bytes text, struct cs_vault_share *out,
                                    struct cs_problem *problem) CS_MUST_USE;

/* Shares that are being entered. */
struct cs_vault_gathering; /* opaque */
enum cs_status cs_vault_gathering_create(const struct cs_vault_recovery *recovery,
                                         struct cs_vault_gathering **out) CS_MUST_USE;
void cs_vault_gathering_destroy(struct cs_vault_gathering *gathering);
/*
 * Takes one share as text. What is refused leaves the others as they are.
 *   CS_INVALID  mistyped, or of the other key
 *   CS_NOT_FOUND  of another set
 *   CS_EXISTS   entered already
 *   CS_FORGED   not the share that was made
 */
enum cs_status cs_vault_gathering_add(struct cs_vault_gathering *gathering, struct cs_bytes text,
                                      struct cs_problem *problem) CS_MUST_USE;
/* How many more are needed. */
unsigned cs_vault_gathering_missing(const struct cs_vault_gathering *gathering);
/* Of shares of the recovery key: its private half, which is checked against the public one. CS_LOCKED: too few shares. A rehearsal destroys it at
 * once. */
enum cs_status cs_vault_gathering_finish(const struct cs_vault_gathering *gathering,
                                         struct cs_seal_key **out,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
