/* The recovery key and its shares, between people and program. */
#ifndef CS_COMMANDS_VAULT_RECOVERY_H
#define CS_COMMANDS_VAULT_RECOVERY_H

#include "field-client/commands/vault/vault_command.h"

/* Tells the server of a recovery key that was made here and that it does not know yet; *out_had: there was one. As cs_vault_send_recovery. */
enum cs_status cs_vault_recovery_announce(struct cs_replica *replica, bool *out_had,
                                          struct cs_problem *problem) CS_MUST_USE;
/* Asks for shares until there are enough, and puts the key together: the caller destroys it. As cs_vault_gathering_add; on a terminal what
 * was mistyped is asked for again. */
enum cs_status cs_vault_recovery_gather(struct cs_command *command,
                                        const struct cs_vault_recovery *recovery,
                                        struct cs_seal_key **out) CS_MUST_USE;

cs_command_function cs_vault_recovery_command_restore;

#endif
