/* Taking the root key off this laptop, see root_forget.c. */
#ifndef CS_COMMANDS_ROOT_FORGET_H
#define CS_COMMANDS_ROOT_FORGET_H

#include "field-client/console/command.h"

/*
 * Writes the laptop's identity without the root key, and those that it had before it joined again; what stood in the files is overwritten.
 * CS_DENIED while a join is unfinished. After a failure some may still have it: running it again goes on. *out_files: how many were written.
 */
enum cs_status cs_root_forget(struct cs_command *command, size_t *out_files) CS_MUST_USE;

#endif
