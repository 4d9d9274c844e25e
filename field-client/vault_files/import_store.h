/*
 * Storing what import_plan.h planned: signed and queued, entry by entry, each whole or not at all.
 *
 *   sync, cs_import_look, then for each batch: cs_import_queue, sync (the server may refuse what this device thinks it may do)
 *
 * Resumable: what the vault has is left as it is, so running the same import again stores the rest. A field that is there is not compared: that
 * would be a disclosure.
 */
#ifndef CS_FIELD_CLIENT_VAULT_FILES_IMPORT_STORE_H
#define CS_FIELD_CLIENT_VAULT_FILES_IMPORT_STORE_H

#include "field-client/vault/actions.h"
#include "field-client/vault_files/import_plan.h"

/* Entries of one batch: one transaction, one exchange with the server. */
#define CS_IMPORT_BATCH_MAX ((size_t)64)

enum cs_import_standing {
    CS_IMPORT_NEW,
    CS_IMPORT_IN_PART, /* the item is there, or some of its fields */
    CS_IMPORT_HERE,
    CS_IMPORT_REFUSED,
};
enum cs_import_standing cs_import_standing_of(const struct cs_import_item *item);

/* The plan, with what the vault has of it already. CS_DENIED, CS_EXPIRED: this device may not store anything in it; CS_OUTDATED, CS_NOT_FOUND:
 * nor may anybody before there is a new key; CS_LOCKED without the keys. In the arena. */
enum cs_status cs_import_look(struct cs_vault_book *book, const struct cs_id *vault,
                              const struct cs_password_list *list, struct cs_arena *arena,
                              struct cs_import_item **out, struct cs_problem *problem) CS_MUST_USE;
/*
 * Queues what the vault lacks of these entries: listing data, versions, and that they are confirmed, since they are in force. At most
 * CS_IMPORT_BATCH_MAX at once; those that are here or refused are skipped. An entry that cannot be stored gets its `refusal`, and nothing of
 * it is queued. On failure nothing is queued at all. *out_queued: entries of which something was.
 */
enum cs_status cs_import_queue(struct cs_vault_book *book, const struct cs_id *vault,
                               struct cs_import_item *items, size_t count, size_t *out_queued,
                               struct cs_problem *problem) CS_MUST_USE;

#endif
