/*
 * What `status` says of the agent: when it locks, the sync that runs, and when the next one is tried.
 */
#ifndef CS_COMMANDS_AGENT_NOTE_H
#define CS_COMMANDS_AGENT_NOTE_H

#include "field-client/console/command.h"

/* Member "agent": null without one. */
void cs_agent_note_json(struct cs_command *command, struct cs_json *object);
/* Nothing without an agent. */
void cs_agent_note_print(struct cs_command *command);

#endif
