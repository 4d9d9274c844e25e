/* What lease, leases and return share. */
#ifndef CS_COMMANDS_VAULT_LEASE_H
#define CS_COMMANDS_VAULT_LEASE_H

#include "field-client/console/command.h"
#include "shared/base/text.h"

/* A moment in the person's own time; CS_TIME_TEXT_MAX bytes. */
void cs_vault_lease_until(const struct cs_command *command, int64_t ms, char *out);

#endif
