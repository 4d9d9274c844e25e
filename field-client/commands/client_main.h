/*
 * The client `countersign`: from the command line to an exit code.
 *
 * cs_client_main is what main.c calls: it hardens the process, makes the real world and runs the command. cs_client_run is the rest, for
 * tests: streams and world are passed in.
 */
#ifndef CS_COMMANDS_CLIENT_MAIN_H
#define CS_COMMANDS_CLIENT_MAIN_H

#include "field-client/console/console.h"
#include "field-client/console/host.h"
#include "shared/base/world.h"
#include "shared/domain/descriptor.h"

#include <stdio.h>

/* No core dumps, umask 077, SIGPIPE ignored; then cs_client_run with the standard streams. Returns the exit code. */
int cs_client_main(int argument_count, char **arguments, const struct cs_registry *registry);

struct cs_client_setting {
    const struct cs_registry *registry;
    const struct cs_world *world; /* borrowed; exchange must be set for join and sync */
    FILE *out;
    FILE *err;
    const struct cs_console *console; /* NULL: this process' */
    const struct cs_host *host;       /* NULL: it opens the replica itself */
    bool
        asks_agent; /* one that runs for this home does it instead, with the descriptors of this process */
    const char
        *home; /* NULL: what the arguments and the environment say, as it is without an agent */
};
/*
 * arguments[0] is the program's name. Environment (of the console) read: COUNTERSIGN_HOME, XDG_DATA_HOME, HOME, COUNTERSIGN_PASSPHRASE_FILE, LC_ALL,
 * LC_MESSAGES, LANG.
 */
int cs_client_run(int argument_count, char **arguments, const struct cs_client_setting *setting);

#endif
