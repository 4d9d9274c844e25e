/*
 * What a device has worked out of its vaults and sealed for itself, so that it need not work it out again; see field-client/vault/memory.h.
 * It can be lost at any time. Not known here: what is in it.
 */
#ifndef CS_REPLICA_VAULT_MEMORY_H
#define CS_REPLICA_VAULT_MEMORY_H

#include "field-client/replica/replica.h"

/* Replaces what was kept of this kind. Takes part in the transaction that is open. */
enum cs_status cs_kept_memory_put(struct cs_replica *replica, const struct cs_id *vault,
                                  int64_t kind, struct cs_bytes sealed) CS_MUST_USE;
/* Appends. CS_NOT_FOUND. */
enum cs_status cs_kept_memory_get(struct cs_replica *replica, const struct cs_id *vault,
                                  int64_t kind, struct cs_buffer *out) CS_MUST_USE;

#endif
