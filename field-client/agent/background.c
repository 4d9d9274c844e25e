/* The thread that syncs by itself: when the schedule says so, soon after an edit, and soon after the network came back. */
#include "field-client/agent/agent_internal.h"
#include "field-client/agent/network_watch.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A laptop that slept notices so late that something is due, at the latest. */
#define LOOK_MS_MAX 60000

struct next {
    bool stopping;
    bool due;
    int wait_ms; /* -1: until it is nudged */
};

static struct next look(struct cs_agent *agent)
{
    struct next next = {.wait_ms = -1};
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    int64_t left_ms = agent->schedule.due_ms - cs_agent_now_ms(agent);
    bool on = agent->replica != NULL && !agent->closing && agent->setting.sync_every_ms > 0;
    next.stopping = agent->stopping;
    next.due = on && left_ms <= 0;
    if (on) {
        next.wait_ms = left_ms <= 0 ? 0 : left_ms < LOOK_MS_MAX ? (int)left_ms : LOOK_MS_MAX;
    }
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return next;
}

static void network_is_back(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    cs_schedule_network(&agent->schedule, cs_agent_now_ms(agent));
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

/* Nobody's, and so nobody hears of it: what it came to is in `status`. Its caller is a pair of sockets, which a lock shuts down. */
static void sync_once(struct cs_agent *agent)
{
    char program[] = "countersign";
    char command[] = "sync";
    char *arguments[] = {program, command, NULL};
    char *variables[] = {NULL};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return;
    }
    const struct cs_agent_call call = {.arguments = arguments,
                                       .argument_count = CS_COUNT(arguments) - 1,
                                       .console = {.input = -1,
                                                   .output = -1,
                                                   .errors = -1,
                                                   .terminal = -1,
                                                   .passphrase_file = -1,
                                                   .caller = ends[0],
                                                   .folder = "/",
                                                   .variables = variables}};
    (void)cs_agent_run_call(agent, &call, true);
    (void)close(ends[0]);
    (void)close(ends[1]);
    cs_agent_rest(agent);
}

/* One that could not even begin is tried again later, too. */
static void make_sure_it_is_later(struct cs_agent *agent)
{
    uint32_t chance = 0;
    agent->world.random(agent->world.context, (uint8_t *)&chance, sizeof chance);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    if (agent->schedule.due_ms <= cs_agent_now_ms(agent)) {
        cs_schedule_ended(&agent->schedule, false, cs_agent_now_ms(agent), chance);
    }
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

void *cs_agent_sync_by_itself(void *context)
{
    struct cs_agent *agent = context;
    int watch = agent->setting.sync_every_ms > 0 ? cs_network_watch_open() : -1;
    for (;;) {
        struct next next = look(agent);
        struct pollfd polled[2] = {{.fd = agent->nudge[0], .events = POLLIN},
                                   {.fd = watch, .events = POLLIN}};
        uint8_t nudges[64];
        if (next.stopping) {
            break;
        }
        if (next.due) {
            sync_once(agent);
            make_sure_it_is_later(agent);
            continue;
        }
        (void)poll(polled, 2, next.wait_ms);
        if (polled[0].revents != 0 && read(agent->nudge[0], nudges, sizeof nudges) < 0) {
            continue;
        }
        if (polled[1].revents != 0 && cs_network_watch_read(watch)) {
            network_is_back(agent);
        }
    }
    if (watch >= 0) {
        (void)close(watch);
    }
    return NULL;
}
