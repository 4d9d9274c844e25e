/* One exchange about vaults, bytes in, bytes out; for vault_sync.c. */
#ifndef CS_SYNC_VAULT_EXCHANGE_H
#define CS_SYNC_VAULT_EXCHANGE_H

#include "field-client/replica/log_state.h"
#include "field-client/sync/vault_sync.h"
#include "shared/wire/vault_message.h"

struct cs_vault_page {
    struct cs_vault_response response; /* in the arena */
    struct cs_log_state log;           /* that its proofs are for: verified, from the last one on */
};

/* Counts the request durably, sends it, and opens and verifies the answer as far as it is not about vaults. */
enum cs_status cs_vault_exchange(struct cs_replica *replica, struct cs_vault_request *request,
                                 struct cs_arena *arena, struct cs_vault_page *out,
                                 struct cs_vault_sync_result *result,
                                 struct cs_problem *problem) CS_MUST_USE;

#endif
