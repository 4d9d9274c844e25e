/*
 * The agent: one process that owns a replica, and runs commands in it for whoever of the same user asks.
 *
 * cs_agent_serve is the whole of it: it listens, has one thread for each caller, one that syncs by itself and one that locks when nobody has
 * used it for a while. It knows no command: `run` does (cs_client_run, field-client/commands/client_main.h), so a command is the same with and
 * without an agent. An HTTP listener can call cs_agent_call with a console of its own.
 *
 * What must stay true: one at a time uses the replica (turns.h); whoever waits for a person, a slow program or the network does not have the
 * turn (but for what stays alone, see host.h); a lock ends what still waits, and nothing of the identity or the replica is open
 * afterwards.
 */
#ifndef CS_AGENT_AGENT_H
#define CS_AGENT_AGENT_H

#include "field-client/console/console.h"
#include "field-client/console/host.h"
#include "shared/base/world.h"

struct cs_agent; /* opaque */

/* What `run` gets: all of it is borrowed for the call. */
struct cs_agent_run {
    int argument_count;
    char **arguments;
    FILE *out;
    FILE *err;
    const struct cs_console *console;
    const struct cs_host *host;
    const struct cs_world *world;
    const char *home;
};

struct cs_agent_setting {
    const struct cs_world *world; /* with exchange */
    const struct cs_registry *registry;
    const char *home;
    int64_t lock_after_ms; /* 0: never */
    int64_t sync_every_ms; /* 0: not by itself */
    /* Runs one command line to its exit code. */
    int (*run)(void *context, const struct cs_agent_run *run);
    /* Told once, when callers are answered; may be NULL. */
    void (*ready)(void *context);
    /* Serves pages, if it does not yet, and says where; see host.h. May be NULL. Any thread. */
    enum cs_status (*open_pages)(void *context, char out[static CS_HOST_ADDRESS_SIZE],
                                 struct cs_problem *problem);
    void *context;
};

/* Takes the socket: CS_EXISTS, CS_DENIED, … as cs_agent_listen. Nothing is open yet. */
enum cs_status cs_agent_create(const struct cs_agent_setting *setting, struct cs_agent **out,
                               struct cs_problem *problem) CS_MUST_USE;
/* Before serving, or by whoever has a passphrase without a command: between the commands. CS_WRONG_PASSPHRASE, and what cs_replica_open says. */
enum cs_status cs_agent_unlock(struct cs_agent *agent, struct cs_bytes passphrase,
                               struct cs_problem *problem) CS_MUST_USE;
/* Until it is told to stop, by SIGTERM, SIGINT, SIGHUP (all of which have to be blocked by the caller) or a command. Locked afterwards. */
enum cs_status cs_agent_serve(struct cs_agent *agent, struct cs_problem *problem) CS_MUST_USE;
/* NULL is accepted. */
void cs_agent_destroy(struct cs_agent *agent);

/* For the transport: has whoever speaks with the server now to stop? Any thread. */
bool cs_agent_must_hang_up(struct cs_agent *agent);

/* One command line for one caller. `files` and what they are of stay the caller's. */
struct cs_agent_call {
    char **arguments;
    size_t argument_count;
    struct cs_console console; /* pause, resume, flush and context are set here */
    bool unattended;           /* nobody asked for it: it does not put off the lock */
};
/* The exit code of a command that the caller may run itself: nothing is open here. */
#define CS_AGENT_CODE_ELSEWHERE 64
/* Its exit code. */
int cs_agent_call(struct cs_agent *agent, const struct cs_agent_call *call);

/* What somebody who watches sees. */
struct cs_agent_view {
    bool unlocked;
    bool syncing;
    uint64_t generation; /* rises when a command has changed rows, and with every unlock */
};
void cs_agent_look(struct cs_agent *agent, struct cs_agent_view *out);
/* Returns when it is no more as it was in `seen`: true; or after `ms_max` milliseconds: false. Any thread. */
bool cs_agent_watch(struct cs_agent *agent, const struct cs_agent_view *seen, int64_t ms_max,
                    struct cs_agent_view *out);

#endif
