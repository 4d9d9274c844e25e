/*
 * The caller's side: has the agent of this home, if one runs, run a command line with this process' descriptors, folder and variables.
 *
 * Called by field-client/commands/client_main.c before it opens anything itself. A process that is ended by a signal hangs up, and so ends what
 * the agent does for it.
 */
#ifndef CS_AGENT_CALLER_H
#define CS_AGENT_CALLER_H

#include "shared/base/bytes.h"

enum cs_agent_outcome {
    CS_AGENT_NOBODY, /* no agent, or it lets the caller do it: run it here */
    CS_AGENT_RAN,
};

/*
 * `passphrase_file`: a descriptor for commands that ask for it, or -1. *out_exit_code is set where it ran. CS_REFUSED: the agent did not run
 * it, as its text says. CS_IO: the agent ended before it answered; what it was asked for may be done or not.
 */
enum cs_status cs_agent_ask(const char *home, int argument_count, char **arguments,
                            int passphrase_file, enum cs_agent_outcome *out_outcome,
                            int *out_exit_code, struct cs_problem *problem) CS_MUST_USE;

#endif
