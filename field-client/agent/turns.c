/*
 * Whose turn it is: one job at a time uses the replica, in the order in which they came; and one at a time speaks with the server, from its
 * first request to its end, since requests of one device are counted.
 */
#include "field-client/agent/agent_internal.h"

#include <time.h>

/* So often it is looked whether who waits has to stop. */
#define LOOK_NS (200L * 1000 * 1000)

static bool ask_job(void *context)
{
    return cs_agent_job_must_stop(context);
}

static void set_stop(struct cs_agent *agent, struct cs_agent_job *job, bool on)
{
    if (job != NULL && job->borrowed) {
        cs_database_set_stop(cs_replica_database(agent->replica), on ? ask_job : NULL, job);
    }
}

void cs_agent_watch_job(struct cs_agent_job *job)
{
    set_stop(job->agent, job, true);
}

void cs_agent_take_turn(struct cs_agent *agent, struct cs_agent_job *job)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    uint64_t ticket = agent->tickets++;
    while (agent->serving != ticket) {
        cs_require(pthread_cond_wait(&agent->changed, &agent->mutex) == 0);
    }
    agent->holder = job;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (job != NULL) {
        job->has_turn = true;
    }
    set_stop(agent, job, true);
}

void cs_agent_give_turn(struct cs_agent *agent, struct cs_agent_job *job)
{
    set_stop(agent, job, false);
    if (job != NULL) {
        job->has_turn = false;
    }
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->holder = NULL;
    agent->serving++;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

bool cs_agent_job_must_stop(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool closing = agent->closing && job->borrowed;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return closing || cs_console_is_gone(&job->console);
}

bool cs_agent_must_hang_up(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    struct cs_agent_job *talker = agent->talker;
    bool hang_up = talker != NULL &&
                   ((agent->closing && talker->borrowed) || cs_console_is_gone(&talker->console));
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return hang_up;
}

/* ---- speaking with the server ---- */

/* Under the mutex. */
static bool become_talker(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    if (agent->talker == NULL) {
        agent->talker = job;
        agent->progress = (struct cs_host_state){.pages = 0};
    }
    return agent->talker == job;
}

static void look_again(struct cs_agent *agent)
{
    struct timespec until;
    cs_require(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&agent->changed, &agent->mutex, &until);
}

/* Without the turn: who speaks now needs it. */
static bool wait_to_talk(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    bool mine = false;
    bool stop = false;
    while (!mine && !stop) {
        cs_require(pthread_mutex_lock(&agent->mutex) == 0);
        mine = become_talker(job);
        if (!mine) {
            look_again(agent);
        }
        cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
        stop = !mine && cs_agent_job_must_stop(job);
    }
    return mine;
}

enum cs_status cs_agent_go_online(struct cs_agent_job *job, enum cs_online how,
                                  struct cs_problem *problem)
{
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool mine = become_talker(job);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (!mine && !cs_database_is_idle(cs_replica_database(agent->replica))) {
        return cs_problem_set(problem, CS_BUSY, "a sync runs: try again when it has ended");
    }
    if (!mine) {
        cs_agent_give_turn(agent, job);
        mine = wait_to_talk(job);
        cs_agent_take_turn(agent, job);
    }
    job->shared = how != CS_ONLINE_ALONE;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    job->syncs = job->syncs || how == CS_ONLINE_SYNC;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return mine ? CS_OK : CS_INTERRUPTED;
}

enum cs_status cs_agent_exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                                 struct cs_buffer *response, struct cs_problem *problem)
{
    struct cs_agent *agent = context;
    const struct cs_world *world = agent->setting.world;
    struct cs_agent_job *job = agent->holder; /* it is this thread's turn */
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool mine = job != NULL && become_talker(job);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (!mine) {
        return cs_problem_set(problem, CS_BUSY, "a sync runs: try again when it has ended");
    }
    bool gives_way = job->shared && cs_database_is_idle(cs_replica_database(agent->replica));
    if (gives_way) {
        cs_agent_give_turn(agent, job);
    }
    size_t before = response->size;
    enum cs_status status =
        world->exchange(world->exchange_context, peer, request, response, problem);
    if (gives_way) {
        cs_agent_take_turn(agent, job);
    }
    if (cs_agent_job_must_stop(job)) {
        response->size = status == CS_OK ? before : response->size;
        return cs_problem_set(problem, CS_INTERRUPTED, "it was interrupted");
    }
    return status;
}
