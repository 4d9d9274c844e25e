/* The folder that a laptop's data are in, before there are any: for join and ui. */
#ifndef CS_COMMANDS_HOME_FOLDER_H
#define CS_COMMANDS_HOME_FOLDER_H

#include "field-client/console/command.h"

/* Makes it, mode 0700, and all above it; one that is there is CS_OK. CS_INVALID: a file has its name; CS_IO. */
enum cs_status cs_command_make_home(struct cs_command *command) CS_MUST_USE;

#endif
