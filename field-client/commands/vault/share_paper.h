/*
 * Shares of a key between the program and paper: of the recovery key (vault_recovery.c) and of the root key (commands/root.c).
 *
 * What must stay true: a share is in secret memory, on the terminal, or in a file of its own with mode 0600, and nowhere else.
 */
#ifndef CS_COMMANDS_VAULT_SHARE_PAPER_H
#define CS_COMMANDS_VAULT_SHARE_PAPER_H

#include "field-client/console/command.h"
#include "field-client/vault/shares.h"

struct cs_share_paper {
    int64_t needed;
    int64_t count;
    const char *folder; /* NULL: the terminal; "-": standard output */
};
/* --shares (3), --needed (2), --output; no argument may be left. CS_USAGE also where there is neither a folder nor a terminal. */
enum cs_status cs_share_paper_options(struct cs_command *command,
                                      struct cs_share_paper *out) CS_MUST_USE;
/* Are they for whoever reads standard output? */
bool cs_share_paper_is_stream(const struct cs_share_paper *paper);
/*
 * Shows them, or writes each into a file of the folder: share-1.txt and so on. On standard output each is a line; with --json they are "texts" of
 * the object `answer`, which then was the command's answer: what fails afterwards is told on standard error alone.
 */
enum cs_status cs_share_paper_give(struct cs_command *command, const struct cs_share_paper *paper,
                                   struct cs_secret *const *shares,
                                   const struct cs_json *answer) CS_MUST_USE;
/* Asks until there are enough. As cs_vault_gathering_add; on a terminal what was mistyped is said and asked for again. CS_NOT_FOUND also: the
 * input ended before. */
enum cs_status cs_share_paper_gather(struct cs_command *command,
                                     struct cs_vault_gathering *gathering) CS_MUST_USE;

#endif
