/*
 * What a sync without an exchange about vaults rests on: how long the evidence log was at the last one, and what the server called vault news
 * (PROTOCOL.md, chapter "Sync"). cs_vault_sync_due in vault_sync.h asks it.
 */
#ifndef CS_SYNC_VAULT_NEWS_H
#define CS_SYNC_VAULT_NEWS_H

#include "field-client/replica/replica.h"
#include "shared/wire/messages.h"

/* What the last page of a sync says; in its transaction. */
enum cs_status cs_vault_news_told(struct cs_replica *replica,
                                  const struct cs_sync_response *last) CS_MUST_USE;
/* Everything of vaults has come, as of an evidence log of this size; in that transaction. */
enum cs_status cs_vault_news_checked(struct cs_replica *replica, uint64_t log_size) CS_MUST_USE;
/* A server that went back in time: what it may have lost is sent again, and everything is fetched anew. In a transaction of its own. */
enum cs_status cs_vault_news_follow(struct cs_replica *replica) CS_MUST_USE;

#endif
