/*
 * The log of one vault: its creation, epochs, grants and withdrawals, each naming the one before it (design §10). Pure.
 *
 * Server and clients feed it record by record, from the first; each record is verified against what the log says until then, so
 * that a whole log and one more record are verified by the same code. The server takes a record only at the head (compare and
 * swap): of two officers who grant at once, one is told CS_OUTDATED and signs again. A client keeps how long the log was and
 * its head (cs_vault_log_expect), so that it is shown neither a shorter nor another one later.
 *
 * Where every device that manages a vault was revoked, another device of one of those persons may grant itself what it likes: the key it
 * needs for that is to be had by the recovery key alone. Nobody else ever gets in without a grant by who manages.
 *
 * A position counts records: rights "at position n" are those after the first n records.
 */
#ifndef CS_VAULT_LOG_H
#define CS_VAULT_LOG_H

#include "shared/evidence/revocation.h"
#include "shared/vault/record.h"

struct cs_vault_epoch {
    int64_t number;
    uint64_t position; /* from here on */
    uint64_t
        withdrawn; /* from here on a new epoch is due, since a member was removed; 0: it is not */
    bool four_eyes;
    uint8_t commitment[CS_HASH_SIZE];
    uint8_t listing_commitment[CS_HASH_SIZE];
    uint8_t wrapped[CS_VAULT_WRAPPED_SIZE]; /* zero in the first epoch */
    uint8_t listing_wrapped[CS_VAULT_WRAPPED_SIZE];
    uint8_t recovered[CS_VAULT_SEALED_SIZE];
    uint8_t recovery[CS_HASH_SIZE];
};

struct cs_vault_grant {
    uint8_t recipient[CS_HASH_SIZE]; /* certificate id */
    int64_t rights;
    int64_t expires_ms; /* 0: never */
    int64_t epoch;      /* 0: no key in it (what the creator has to begin with) */
    uint64_t since;     /* in force at these positions: since ≤ position < until */
    uint64_t until;
    uint8_t sealed[CS_VAULT_SEALED_SIZE];
};

struct cs_vault_log; /* opaque */

/* An empty log of this vault. */
enum cs_status cs_vault_log_create(const struct cs_id *vault,
                                   struct cs_vault_log **out) CS_MUST_USE;
void cs_vault_log_destroy(struct cs_vault_log *log);

/*
 * Verifies one record and adds it. `logged_ms`: when the server entered it; expiry is judged by the later of that and what the
 * author claims. On failure the log is as before, and `problem` says why:
 *   CS_EXISTS      it is in the log already
 *   CS_OUTDATED    another record stands at its position: its author had not seen it
 *   CS_GAP         records before it are missing
 *   CS_OTHER_HISTORY   it follows another record than the one that stands before it
 *   CS_ROLLED_BACK     an epoch, or a vault key, that was there before; a grant of an earlier epoch
 *   CS_DENIED      its author is no officer, may not manage this vault, or gives what the recipient may not have
 *   CS_EXPIRED     its author's right to manage had ended
 *   CS_NOT_FOUND   nothing to withdraw
 *   CS_FORGED      the grant's commitment is not the epoch's; the epoch's recovery key is not the organisation's
 *   CS_UNKNOWN_DEVICE  also: a grant to itself by another device of who manages, while one that manages is not known to be revoked
 *   CS_UNKNOWN_DEVICE, CS_REVOKED, … as cs_vault_record_open, for author and recipient; CS_LIMIT; CS_NO_MEMORY
 */
enum cs_status cs_vault_log_append(struct cs_vault_log *log, struct cs_bytes bytes,
                                   const struct cs_vault_directory *directory, int64_t logged_ms,
                                   struct cs_problem *problem) CS_MUST_USE;

/*
 * Adds a record that its reader has verified here before, which it can prove of these very bytes: neither signature nor right is looked at
 * again. For a client's own memory (field-client/vault/memory.h), and nothing else. As cs_vault_record_decode and, for its place, as above.
 */
enum cs_status cs_vault_log_append_again(struct cs_vault_log *log, struct cs_bytes bytes,
                                         struct cs_problem *problem) CS_MUST_USE;

const struct cs_id *cs_vault_log_vault(const struct cs_vault_log *log);
/* Records in it. */
uint64_t cs_vault_log_position(const struct cs_vault_log *log);
/* Id of the last of the first `position` records; zero for none. `position` is at most the log's. */
void cs_vault_log_head(const struct cs_vault_log *log, uint64_t position,
                       uint8_t out[static CS_HASH_SIZE]);
/* Begins a record by somebody who has seen all of this log: everything but the fields of its kind. */
void cs_vault_log_begin(const struct cs_vault_log *log, const struct cs_evidence_signer *signer,
                        enum cs_vault_kind kind, struct cs_vault_record *out);
/* What is remembered stands in this log: CS_ROLLED_BACK if it is shorter, CS_OTHER_HISTORY if it went another way. */
enum cs_status cs_vault_log_expect(const struct cs_vault_log *log, uint64_t position,
                                   const uint8_t head[static CS_HASH_SIZE],
                                   struct cs_problem *problem) CS_MUST_USE;

/* The epoch that was current at this position, or by number; NULL if there was none. */
const struct cs_vault_epoch *cs_vault_log_epoch_at(const struct cs_vault_log *log,
                                                   uint64_t position);
const struct cs_vault_epoch *cs_vault_log_epoch(const struct cs_vault_log *log, int64_t number);
/* The grant of this certificate in force at this position, expired or not; NULL if there is none. */
const struct cs_vault_grant *cs_vault_log_grant(const struct cs_vault_log *log,
                                                const uint8_t certificate[static CS_HASH_SIZE],
                                                uint64_t position);
/* Has it this right (one of enum cs_vault_right) at this position and time? CS_DENIED, CS_EXPIRED. */
enum cs_status cs_vault_log_permits(const struct cs_vault_log *log,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    enum cs_vault_right right, uint64_t position, int64_t at_ms,
                                    struct cs_problem *problem) CS_MUST_USE;
/* Whether anything may be encrypted under the current epoch: CS_NOT_FOUND before the first; CS_OUTDATED when a member was removed
 * after it began, so that a new one is due. */
enum cs_status cs_vault_log_may_encrypt(const struct cs_vault_log *log, uint64_t position,
                                        struct cs_problem *problem) CS_MUST_USE;

/* Visits the grants in force at the end of the log: whom a new epoch has to be granted to. */
typedef void cs_vault_grant_visitor(void *context, const struct cs_vault_grant *grant);
void cs_vault_log_members(const struct cs_vault_log *log, cs_vault_grant_visitor *visit,
                          void *context);

#endif
