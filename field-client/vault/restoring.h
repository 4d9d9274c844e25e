/*
 * What is in a vault, opened with the recovery key and stored anew in another vault.
 *
 * Where every device that managed a vault was revoked, another device of one of those persons takes the place (shared/vault/log.h), and
 * nothing has to be stored anew. This is for the rest: a person who may see the vault, and whom its rules do not let manage it. What this
 * device stores anew it signs as its own: that it knows these passwords is on record.
 */
#ifndef CS_FIELD_CLIENT_VAULT_RESTORING_H
#define CS_FIELD_CLIENT_VAULT_RESTORING_H

#include "field-client/vault/book.h"

struct cs_vault_restored {
    size_t items;   /* looked at */
    size_t secrets; /* stored anew */
    size_t there;   /* stored by an earlier run */
    size_t later;   /* follows one that was stored in this run: sync, and run again */
    size_t closed;  /* sealed to an earlier recovery key, whose shares would be needed */
};
/* The recovery key that the vault's last epoch is sealed to: whose shares are wanted. CS_NOT_FOUND. */
enum cs_status cs_vault_restoring_recovery(struct cs_vault_book *book, const struct cs_id *vault,
                                           struct cs_vault_recovery *out,
                                           struct cs_problem *problem) CS_MUST_USE;
/*
 * Queues, for every item of `from`, its names, what is in force and what is to come of each field, in `to`, under the same item ids: run
 * again after a sync it goes on where it stopped. Archived versions stay behind. This device needs the right to edit `to`. CS_FORGED:
 * another recovery key; as cs_vault_store. Items before a failure are queued.
 */
enum cs_status cs_vault_restore(struct cs_vault_book *book, const struct cs_id *from,
                                const struct cs_id *to, const struct cs_seal_key *recovery_key,
                                struct cs_vault_restored *out,
                                struct cs_problem *problem) CS_MUST_USE;

#endif
