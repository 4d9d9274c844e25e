/*
 * Leases that are over are ended by every command, when it opens the replica, and said on standard error: a key that should be gone does not wait
 * for the next command that asks for passwords.
 */
#ifndef CS_CONSOLE_LEASE_NOTICE_H
#define CS_CONSOLE_LEASE_NOTICE_H

#include "field-client/console/command.h"
#include "field-client/vault/lease.h"

/* For people: why a lease is over, in their language. For programs: cs_vault_lease_end_name. Static. */
const char *cs_lease_end_words(const struct cs_command *command, enum cs_vault_lease_end end);

/* What cannot be settled now (the disk is full) is said too, and stops no command but those that show something under a lease, which settle
 * again. The replica is open. */
void cs_lease_notice(struct cs_command *command);

#endif
