/* Help texts, and names near a mistyped one. */
#ifndef CS_COMMANDS_HELP_H
#define CS_COMMANDS_HELP_H

#include "field-client/console/command.h"

/* All commands, one line each. */
void cs_help_all(FILE *stream, bool chinese);
void cs_help_command(FILE *stream, const struct cs_command_entry *entry, bool chinese);
/* Commands whose names are at most two letters away, comma-separated; appends nothing when none is. */
void cs_help_near(const char *name, struct cs_buffer *out);

#endif
