/*
 * The local API: HTTP on 127.0.0.1, for the pages in a browser and for programs. The program's pages, commands, and news.
 *
 * Started by field-client/commands/agent_command.c when somebody asks an agent for pages (countersign ui). It knows no command but join,
 * unlock and passphrase, which come with one: whatever else a page does is a command line that cs_agent_call runs, as for every other caller. What
 * is asked and answered: README.md here.
 *
 * What must stay true: nothing is answered to another host name or origin than its own; no command runs without the bearer; no file can be
 * named; nothing of a request is logged.
 */
#ifndef CS_API_API_H
#define CS_API_API_H

#include "field-client/agent/agent.h"

struct cs_api; /* opaque */

struct cs_api_setting {
    const struct cs_world *world;
    struct cs_agent *agent; /* serves until cs_api_destroy has returned */
    const char *home;
    /* Runs a command line to its exit code outside the agent, which is locked: run->host is NULL. */
    int (*run_apart)(void *context, const struct cs_agent_run *run);
    void *context;
};

/* Listens on a free port of 127.0.0.1. CS_IO: it cannot. What the setting points to is borrowed until it is destroyed. */
enum cs_status cs_api_create(const struct cs_api_setting *setting, struct cs_api **out,
                             struct cs_problem *problem) CS_MUST_USE;
/* The address with a new token, which works once, within an hour; those of before work no more. */
enum cs_status cs_api_address(struct cs_api *api,
                              char out[static CS_HOST_ADDRESS_SIZE]) CS_MUST_USE;
/* Ends what it answers; the agent has to have ended its commands, or be ending them. NULL is accepted. */
void cs_api_destroy(struct cs_api *api);

#endif
