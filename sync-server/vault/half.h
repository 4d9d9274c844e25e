/*
 * The server's half of the vault: it opens what is sealed to its half key, and seals it again for a request. It has no vault key, so
 * that a half is all it ever knows.
 */
#ifndef CS_SERVER_VAULT_HALF_H
#define CS_SERVER_VAULT_HALF_H

#include "shared/base/world.h"
#include "shared/vault/record.h"

/*
 * Appends CS_VAULT_SEALED_SIZE bytes: the half in `version` (a verified record), for the key of `request` (a verified request, lease or
 * export that is logged already). CS_WRONG_SERVER: sealed to another half key. CS_FORGED: not the half of this version: a
 * half taken from another one, or (unless the version wants four eyes, when the server sees only a part) not what the author committed to.
 */
enum cs_status cs_server_half_release(const struct cs_world *world,
                                      const struct cs_seal_key *half_key,
                                      const struct cs_vault_record *version,
                                      const struct cs_vault_record *request, struct cs_buffer *out,
                                      struct cs_problem *problem) CS_MUST_USE;

/* Is what stands in `version` sealed to this key (CS_OUTDATED), does it open, and (unless it wants four eyes) is it what the author
 * committed to (CS_FORGED)? Asked before a version is taken, so that none is stored that nobody could open. */
enum cs_status cs_server_half_check(const struct cs_seal_key *half_key,
                                    const struct cs_vault_record *version,
                                    struct cs_problem *problem) CS_MUST_USE;

#endif
