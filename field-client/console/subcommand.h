/* Commands that have subcommands: "visit start", "vault list". */
#ifndef CS_CONSOLE_SUBCOMMAND_H
#define CS_CONSOLE_SUBCOMMAND_H

#include "field-client/console/command.h"

/* Runs the subcommand that stands in the first argument; argument 0 is then what follows it. CS_USAGE naming all of them. */
enum cs_status cs_subcommand_run(struct cs_command *command, const struct cs_subcommand *list,
                                 size_t count) CS_MUST_USE;

#endif
