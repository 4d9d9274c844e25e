/*
 * That this laptop was revoked, as status and sync tell it. Both set exit code 1 then.
 */
#ifndef CS_COMMANDS_REVOKED_H
#define CS_COMMANDS_REVOKED_H

#include "field-client/console/command.h"

/* The member "revoked": null, or what the server said: by, reason, at, last_change_set, taken, full. */
enum cs_status cs_revoked_json(struct cs_command *command, struct cs_json *object) CS_MUST_USE;
/* What happened and what to do, in words; nothing for a laptop that was not revoked. */
enum cs_status cs_revoked_print(struct cs_command *command, struct cs_replica *replica) CS_MUST_USE;

#endif
