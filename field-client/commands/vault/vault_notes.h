/*
 * What of the vaults needs a person, for `sync` and `status`: what waits or was refused, what did not verify, which vaults an officer
 * has to give a new key, and alarms.
 */
#ifndef CS_COMMANDS_VAULT_NOTES_H
#define CS_COMMANDS_VAULT_NOTES_H

#include "field-client/commands/vault/vault_command.h"

struct cs_vault_notes; /* opaque */

enum cs_vault_notes_extent {
    CS_VAULT_NOTES_QUICK, /* without what costs work for every vault: which key is due */
    CS_VAULT_NOTES_ALL,
};
enum cs_status cs_vault_notes_gather(struct cs_command *command, struct cs_replica *replica,
                                     enum cs_vault_notes_extent extent,
                                     struct cs_vault_notes **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_vault_notes_destroy(struct cs_vault_notes *notes);
/* {"to_send", "refused" [], "findings" [], "due" [], "to_approve", "to_open", "leases", "lease_ends"}; see field-client/commands/README.md. */
struct cs_json *cs_vault_notes_json(const struct cs_vault_notes *notes);
/* A line for each, loud ones first; nothing when there is nothing. */
void cs_vault_notes_print(struct cs_command *command, const struct cs_vault_notes *notes);

/* One thing refused, as in the list of cs_vault_notes_json; one that was found: vault_told.h. */
struct cs_json *cs_vault_refused_json(const struct cs_queued_record *refused);

/* The vaults' part of a sync: runs it if there can be something, and gives what it came to (NULL: nothing to do). On failure too. */
enum cs_status cs_vault_part_of_sync(struct cs_command *command, struct cs_replica *replica,
                                     bool *out_ran, struct cs_vault_sync_result *out) CS_MUST_USE;
struct cs_json *cs_vault_sync_json(const struct cs_vault_sync_result *result);

#endif
