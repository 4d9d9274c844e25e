/* Unlocking, locking, and the thread that rests and locks when nobody has used the agent for a while. */
#include "field-client/agent/agent_internal.h"

#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>
#include <time.h>

/* So often the keeper looks: a laptop that slept longer than allowed is locked so soon after it wakes up, if nobody uses it first. */
#define LOOK_MS_MAX 5000
/* Nobody has used it for so long: what came with one command is not needed by the next soon. */
#define REST_AFTER_MS 30000

int64_t cs_agent_now_ms(const struct cs_agent *agent)
{
    return agent->world.monotonic_ms(agent->world.context);
}

static int64_t wall_ms(const struct cs_agent *agent)
{
    return agent->world.wall_ms(agent->world.context);
}

void cs_agent_was_used(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->used_ms = cs_agent_now_ms(agent);
    agent->used_wall_ms = wall_ms(agent);
    agent->rested = false;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

bool cs_agent_is_locked(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool locked = agent->replica == NULL;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return locked;
}

/* By whichever clock says that more time has gone by: a wall clock that jumps ahead locks, one that is set back does not put it off. */
int64_t cs_agent_ms_until_lock(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    int64_t idle_ms = cs_agent_now_ms(agent) - agent->used_ms;
    int64_t idle_wall_ms = wall_ms(agent) - agent->used_wall_ms;
    bool never = agent->replica == NULL || agent->setting.lock_after_ms == 0;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return never ? INT64_MAX
                 : agent->setting.lock_after_ms - (idle_wall_ms > idle_ms ? idle_wall_ms : idle_ms);
}

/* ---- unlocking ---- */

enum cs_status cs_agent_open(struct cs_agent *agent, struct cs_bytes passphrase,
                             struct cs_problem *problem)
{
    struct cs_identity *identity = NULL;
    struct cs_replica *replica = NULL;
    if (!cs_agent_is_locked(agent)) {
        return CS_OK;
    }
    enum cs_status status = cs_identity_unlock(&agent->world, agent->home, CS_IDENTITY_FILE,
                                               passphrase, &identity, problem);
    if (status == CS_OK) {
        status = cs_replica_open(&agent->world, agent->home, agent->setting.registry, identity,
                                 &replica, problem);
    }
    if (status != CS_OK) {
        cs_identity_destroy(identity);
        return status;
    }
    cs_agent_was_used(agent);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->identity = identity;
    agent->replica = replica;
    agent->changes = cs_replica_changes(replica);
    agent->generation++;
    cs_schedule_begin(&agent->schedule, agent->setting.sync_every_ms, cs_agent_now_ms(agent));
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_poke(agent->nudge);
    (void)malloc_trim(0);
    return CS_OK;
}

enum cs_status cs_agent_unlock(struct cs_agent *agent, struct cs_bytes passphrase,
                               struct cs_problem *problem)
{
    cs_agent_take_turn(agent, NULL);
    enum cs_status status = cs_agent_open(agent, passphrase, problem);
    cs_agent_give_turn(agent, NULL);
    return status;
}

/* ---- locking ---- */

/* Under the mutex. Their waits end, and what they run is stopped. */
static void stop_borrowers(struct cs_agent *agent, const struct cs_agent_job *but)
{
    for (struct cs_agent_job *job = agent->jobs; job != NULL; job = job->next) {
        if (job != but && job->borrowed) {
            (void)shutdown(job->console.caller, SHUT_RD);
        }
    }
}

static bool anyone_borrows(const struct cs_agent *agent, const struct cs_agent_job *but)
{
    for (const struct cs_agent_job *job = agent->jobs; job != NULL; job = job->next) {
        if (job != but && job->borrowed) {
            return true;
        }
    }
    return false;
}

static void let_go(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    struct cs_replica *replica = agent->replica;
    struct cs_identity *identity = agent->identity;
    agent->replica = NULL;
    agent->identity = NULL;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_replica_close(replica);
    cs_identity_destroy(identity);
    (void)malloc_trim(0);
}

void cs_agent_close(struct cs_agent *agent, struct cs_agent_job *job)
{
    if (job != NULL) {
        cs_agent_give_turn(agent, job);
    }
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    while (agent->closing) {
        cs_require(pthread_cond_wait(&agent->changed, &agent->mutex) == 0);
    }
    agent->closing = true;
    stop_borrowers(agent, job);
    while (anyone_borrows(agent, job)) {
        cs_require(pthread_cond_wait(&agent->changed, &agent->mutex) == 0);
    }
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_take_turn(agent, job);
    let_go(agent);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->closing = false;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (job == NULL) {
        cs_agent_give_turn(agent, NULL);
    }
}

/* ---- resting ---- */

/* With the turn: NULL if it is locked, or whoever gave way is in the middle of something. */
static struct cs_database *idle_database(struct cs_agent *agent)
{
    struct cs_database *database =
        agent->replica == NULL ? NULL : cs_replica_database(agent->replica);
    return database != NULL && cs_database_is_idle(database) ? database : NULL;
}

void cs_agent_tidy(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool wanted = agent->serving != agent->tickets || agent->closing || agent->stopping;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (wanted) {
        return;
    }
    cs_agent_take_turn(agent, NULL);
    struct cs_database *database = idle_database(agent);
    if (database != NULL) {
        cs_database_shorten_log(database);
    }
    cs_agent_give_turn(agent, NULL);
}

void cs_agent_rest(struct cs_agent *agent)
{
    cs_agent_take_turn(agent, NULL);
    struct cs_database *database = idle_database(agent);
    if (database != NULL) {
        cs_database_shorten_log(database);
        cs_database_release_memory(database);
    }
    cs_agent_give_turn(agent, NULL);
    (void)malloc_trim(0);
}

/* Is there something to give back, and would nobody wait for that? */
static bool may_rest(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool may = !agent->rested && agent->replica != NULL && !agent->closing &&
               agent->serving == agent->tickets && agent->talker == NULL &&
               cs_agent_now_ms(agent) - agent->used_ms >= REST_AFTER_MS;
    agent->rested = agent->rested || may;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return may;
}

/* ---- the keeper ---- */

static void sleep_for(struct cs_agent *agent, int64_t ms)
{
    struct timespec until;
    int64_t wait_ms = ms < LOOK_MS_MAX ? ms : LOOK_MS_MAX;
    cs_require(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    int code = 0;
    while (code == 0 && !agent->stopping) {
        code = pthread_cond_timedwait(&agent->changed, &agent->mutex, &until);
    }
    cs_require(code == 0 || code == ETIMEDOUT);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

static bool is_stopping(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool stopping = agent->stopping;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return stopping;
}

void *cs_agent_keep(void *context)
{
    struct cs_agent *agent = context;
    while (!is_stopping(agent)) {
        int64_t left_ms = cs_agent_ms_until_lock(agent);
        if (left_ms <= 0) {
            cs_agent_close(agent, NULL);
        } else {
            if (may_rest(agent)) {
                cs_agent_rest(agent);
            }
            sleep_for(agent, left_ms);
        }
    }
    return NULL;
}
