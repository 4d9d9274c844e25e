/*
 * Records of vaults as the server sends them: everything it has checked is checked again, and only what holds is kept (design §10).
 * Called by field-client/sync for every record of a page, in the transaction that applies it.
 */
#ifndef CS_FIELD_CLIENT_VAULT_RECEIVE_H
#define CS_FIELD_CLIENT_VAULT_RECEIVE_H

#include "field-client/vault/book.h"

struct cs_vault_received {
    uint64_t feed;
    struct cs_leaf_moment moment;
    struct cs_bytes record;
};

/*
 * The caller has proved that the record's leaf, with this moment in it, stands in the evidence log. Verifies signature and author, then by
 * kind: a record of the vault's log that it goes on from the one before it (log.h), any other that its author had the right to it
 * (rules.h); then keeps it. What is kept already is left as it is. Nothing is kept on failure; `problem` says why: as
 * cs_vault_record_open, cs_vault_log_append and rules.h, and
 *   CS_OTHER_HISTORY  the same record was logged at another moment before
 *   CS_NOT_FOUND      what it answers or changes was not sent
 */
enum cs_status cs_vault_receive(struct cs_vault_book *book,
                                const struct cs_vault_received *received,
                                struct cs_problem *problem) CS_MUST_USE;
/* Which vault it says it belongs to, for the finding. CS_MALFORMED, … */
enum cs_status cs_vault_received_vault(struct cs_bytes record, struct cs_id *out) CS_MUST_USE;

/* A statement of a recovery key, whose leaf stands in the evidence log: signed by the root, with a higher number than every one
 * before. CS_ROLLED_BACK; CS_FORGED, … */
enum cs_status cs_vault_receive_recovery(struct cs_vault_book *book, struct cs_bytes statement,
                                         struct cs_problem *problem) CS_MUST_USE;

#endif
