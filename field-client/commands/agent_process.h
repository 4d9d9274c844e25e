/*
 * The process that is an agent: its passphrase, its life, and what it serves. What agent and ui are on the command line is in their own
 * files (agent_command.c, ui_command.c).
 */
#ifndef CS_COMMANDS_AGENT_PROCESS_H
#define CS_COMMANDS_AGENT_PROCESS_H

#include "field-client/console/command.h"

struct cs_agent_options {
    int64_t lock_after_minutes; /* 0: never */
    int64_t sync_every_minutes; /* 0: not by itself */
    bool foreground;            /* in this process */
    bool locked;                /* without a passphrase */
    bool unjoined;              /* also before anything was joined here: then it is locked */
};

/* Takes --lock-after, --sync-every, --foreground and --locked. CS_USAGE. */
enum cs_status cs_agent_options_take(struct cs_command *command,
                                     struct cs_agent_options *out) CS_MUST_USE;
/*
 * *out_started: another process is an agent now, and answers. Otherwise this one was it and has ended, or the other one could not, has said
 * why and command->exit_code is set: then nothing is left to say. CS_NOT_FOUND: nothing was joined here; CS_EXISTS: one runs already.
 */
enum cs_status cs_agent_process_run(struct cs_command *command,
                                    const struct cs_agent_options *options,
                                    bool *out_started) CS_MUST_USE;
#endif
