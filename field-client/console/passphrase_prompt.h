/*
 * Where a passphrase comes from: a file that a variable names (COUNTERSIGN_PASSPHRASE_FILE for the one in force), else the terminal.
 *
 * Read straight into secret memory. Never from arguments, other environment variables or standard input.
 */
#ifndef CS_CONSOLE_PASSPHRASE_PROMPT_H
#define CS_CONSOLE_PASSPHRASE_PROMPT_H

#include "field-client/console/console.h"
#include "shared/crypto/secret.h"

#define CS_PASSPHRASE_MAX ((size_t)1024)

enum cs_passphrase_use {
    CS_PASSPHRASE_UNLOCK,
    CS_PASSPHRASE_CHOOSE, /* the first one: asked for twice on a terminal */
    CS_PASSPHRASE_CHANGE, /* the next one, COUNTERSIGN_NEW_PASSPHRASE_FILE: twice on a terminal */
    CS_PASSPHRASE_FORMER, /* of before it was changed, COUNTERSIGN_FORMER_PASSPHRASE_FILE */
};

/*
 * One newline at the end of the file is not part of it. Who can name no files (console->no_files) gives the one in force as
 * passphrase_file, and the next one as standard input. CS_LOCKED: no file is named and there is no terminal, it cannot be
 * read, it is empty or over CS_PASSPHRASE_MAX bytes, the two differ, or it was cancelled with Ctrl-C.
 */
enum cs_status cs_passphrase_read(const struct cs_console *console, enum cs_passphrase_use use,
                                  struct cs_secret **out, struct cs_problem *problem) CS_MUST_USE;

#endif
