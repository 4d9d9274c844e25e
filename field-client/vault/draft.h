/*
 * Several changes of a vault's members at once: signed one upon the other as if the ones before were logged already, checked by the log's own
 * rules, and queued together or not at all.
 *
 * So a new key never exists without a grant of it to its maker, that can be opened again, standing in the queue right behind it; and what
 * a program began that ended in the middle is sent whole by the next sync. Of two officers at once the second is refused from
 * some record on: cs_vault_draft_settle of a new draft then finds what is still to be done.
 */
#ifndef CS_FIELD_CLIENT_VAULT_DRAFT_H
#define CS_FIELD_CLIENT_VAULT_DRAFT_H

#include "field-client/vault/book.h"
#include "field-client/vault/officer.h"

struct cs_vault_draft; /* opaque; not over a sync */

/* On top of the log as it is known here. CS_BUSY: something of it waits to be sent: sync first. What waits and can never be taken, because
 * the log went another way, is put aside. As cs_vault_book_log. */
enum cs_status cs_vault_draft_begin(struct cs_vault_book *book, const struct cs_id *vault,
                                    struct cs_vault_draft **out,
                                    struct cs_problem *problem) CS_MUST_USE;
/* Wipes; NULL is accepted. */
void cs_vault_draft_end(struct cs_vault_draft *draft);
/* Keys of the vault that this device has otherwise than by a grant: from the recovery key. Borrowed until the draft ends. */
void cs_vault_draft_use(struct cs_vault_draft *draft, const struct cs_vault_keyring *keyring);
/* With the drafted records in it. */
const struct cs_vault_log *cs_vault_draft_log(const struct cs_vault_draft *draft);

/* All of these as cs_vault_log_append, and as they sign: officer.h. */
enum cs_status cs_vault_draft_create(struct cs_vault_draft *draft, const struct cs_id *project,
                                     struct cs_problem *problem) CS_MUST_USE;
/* CS_LOCKED, CS_DENIED: this device does not have the key of the epoch before. */
enum cs_status cs_vault_draft_epoch(struct cs_vault_draft *draft, bool four_eyes,
                                    struct cs_problem *problem) CS_MUST_USE;
/* Of the newest epoch of the draft. `expires_ms` 0: never. */
enum cs_status cs_vault_draft_grant(struct cs_vault_draft *draft,
                                    const uint8_t recipient[static CS_HASH_SIZE], int64_t rights,
                                    int64_t expires_ms, struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_vault_draft_withdraw(struct cs_vault_draft *draft,
                                       const uint8_t recipient[static CS_HASH_SIZE],
                                       struct cs_bytes reason,
                                       struct cs_problem *problem) CS_MUST_USE;

struct cs_vault_settlement {
    bool always; /* a new epoch also if none is due */
    bool decide_four_eyes;
    bool four_eyes; /* then: what the epoch has to want; a new one if the last wants otherwise */
};
/* Everything that is due (due.h): revoked devices out, a new epoch, and grants of it to all that stay, oneself first. With nothing due
 * nothing is drafted. */
enum cs_status cs_vault_draft_settle(struct cs_vault_draft *draft,
                                     const struct cs_vault_settlement *settlement,
                                     struct cs_problem *problem) CS_MUST_USE;

/* Records drafted, and their ids. */
size_t cs_vault_draft_count(const struct cs_vault_draft *draft);
const uint8_t *cs_vault_draft_id(const struct cs_vault_draft *draft, size_t index);
/* All of them into the queue, in one transaction: on disk when this returns. */
enum cs_status cs_vault_draft_queue(struct cs_vault_draft *draft) CS_MUST_USE;

#endif
