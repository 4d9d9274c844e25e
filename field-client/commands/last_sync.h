/*
 * What the last sync came to, kept in the replica for `status`.
 */
#ifndef CS_COMMANDS_LAST_SYNC_H
#define CS_COMMANDS_LAST_SYNC_H

#include "field-client/console/command.h"
#include "field-client/sync/session.h"

/* One JSON object on one line: at, status, text, pushed, refused, held, pulled, conflicts, digest. */
#define CS_LAST_SYNC_KEY "commands.last_sync"

/* Members pushed … digest of a result; `sync --json` and the kept object share them. */
void cs_sync_result_json(const struct cs_sync_result *result, struct cs_json *object);
const char *cs_sync_digest_name(enum cs_sync_digest digest);
/* Keeps the outcome. */
enum cs_status cs_last_sync_store(struct cs_command *command, struct cs_replica *replica,
                                  enum cs_status outcome,
                                  const struct cs_sync_result *result) CS_MUST_USE;
/* The kept object; *out is NULL when there was no sync yet. Owned by the caller. */
enum cs_status cs_last_sync_load(struct cs_replica *replica, struct cs_json **out) CS_MUST_USE;

#endif
