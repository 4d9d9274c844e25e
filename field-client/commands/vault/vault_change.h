/*
 * Changing who is in a vault: with the newest state of everything, all of a change at once, and again if another officer came first.
 * Used by create, grant, revoke and rekey.
 */
#ifndef CS_COMMANDS_VAULT_CHANGE_H
#define CS_COMMANDS_VAULT_CHANGE_H

#include "field-client/commands/vault/vault_command.h"
#include "field-client/vault/draft.h"

struct cs_vault_change {
    /* Drafts what is still to be done as of now; called again with a new book after each sync, and says nothing to people. */
    enum cs_status (*draft)(struct cs_vault_work *work, struct cs_vault_draft *draft,
                            void *context);
    void *context;
    struct cs_id vault;
    size_t records; /* out: taken by the server; 0: nothing was to be done */
};
/* To be called after cs_vault_work_sync_all. CS_UNREACHABLE and the like: what was signed is on disk, and goes with the next sync; running the
 * command again does what is still to be done. What the server refused: its status and text. */
enum cs_status cs_vault_work_change(struct cs_vault_work *work,
                                    struct cs_vault_change *change) CS_MUST_USE;

/* ---- rights ---- */

/* "list,reveal": CS_USAGE for what is none. */
enum cs_status cs_vault_rights_parse(struct cs_command *command, const char *text,
                                     int64_t *out) CS_MUST_USE;
/* Appends "list,reveal". */
void cs_vault_rights_format(int64_t rights, struct cs_buffer *out);
struct cs_json *cs_vault_rights_json(int64_t rights);

#endif
