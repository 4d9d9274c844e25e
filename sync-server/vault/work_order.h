/*
 * Is a work order what it is named for: known here, of the vault's project, and dispatched to who asks? Only of what is asked for now: what
 * was shown under a lease was shown, whatever has become of the order since.
 */
#ifndef CS_SERVER_VAULT_WORK_ORDER_H
#define CS_SERVER_VAULT_WORK_ORDER_H

#include "sync-server/vault/intake_internal.h"

/*
 * Of a request, lease, export or emergency that rules.h permits. One without a work order is an officer's. An order that is named has to be
 * known, and of a system of the vault's project (CS_MISSING_REFERENCE, CS_DENIED); of who is no officer it has also to be dispatched to that very
 * person, and open (CS_DENIED). A server that went back in time and still waits for what it lost takes one that it does not know.
 */
enum cs_status cs_vault_check_work_order(const struct cs_vault_attempt *attempt) CS_MUST_USE;

#endif
