/*
 * How a request or export that waits ends without having been opened: it was not approved in time, or who asked gives it up. Its key, which
 * would open an answer, is destroyed on disk then.
 */
#ifndef CS_FIELD_CLIENT_VAULT_WAITING_END_H
#define CS_FIELD_CLIENT_VAULT_WAITING_END_H

#include "field-client/vault/waiting.h"

/* Destroys the keys of what was not approved in time, by this device's clock; *out_over: how many. What is approved already stays until it
 * is opened or given up. Called with every settling of leases (lease.h), so no transaction is open. */
enum cs_status cs_vault_waiting_settle(struct cs_vault_book *book, size_t *out_over) CS_MUST_USE;
/*
 * Gives up one of cs_vault_waiting_list. If the server has it a signed return is queued, so that nobody approves it any more; if not, it is
 * never sent. CS_DENIED: somebody else asked. CS_NOT_FOUND: its key is gone already.
 */
enum cs_status cs_vault_waiting_give_up(struct cs_vault_book *book,
                                        const struct cs_vault_waiting *waiting,
                                        struct cs_problem *problem) CS_MUST_USE;

#endif
