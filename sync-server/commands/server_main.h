/*
 * The program `countersign-server`: protects the process, finds the command, runs it. Called by main.c alone.
 */
#ifndef CS_SERVER_COMMANDS_SERVER_MAIN_H
#define CS_SERVER_COMMANDS_SERVER_MAIN_H

#include "shared/domain/descriptor.h"

/*
 * The exit code: 0 done, 1 failed, 2 wrong use, 3 wrong master key. Sets the process's umask to 077, switches core dumps off and
 * raises the limit of open files.
 */
int cs_server_main(int argument_count, char **arguments, const struct cs_registry *registry);

#endif
