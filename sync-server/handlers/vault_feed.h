/* Which records of which vaults a device is given, a page at a time (PROTOCOL.md, chapter "Vault"). */
#ifndef CS_SERVER_HANDLERS_VAULT_FEED_H
#define CS_SERVER_HANDLERS_VAULT_FEED_H

#include "sync-server/handlers/server_internal.h"

/*
 * Fills recoveries, standings, records and last of the response from the reader's snapshot. A person who has a grant in force gets the
 * vault's log, what is listed and stored in it, and what he asked for himself; who manages or approves, all of it; whose last grant was
 * withdrawn, its log up to that. Of other vaults nothing is read. `log_size`: of the evidence log, for the proofs.
 */
enum cs_status cs_vault_feed_read(struct cs_store *reader, const struct cs_device *device,
                                  const struct cs_vault_request *request, int64_t now_ms,
                                  uint64_t log_size, struct cs_arena *arena,
                                  struct cs_vault_response *response) CS_MUST_USE;

#endif
