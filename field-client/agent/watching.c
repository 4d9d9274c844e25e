/* For who watches an agent without using it: a page that shows what it has, see agent.h. */
#include "field-client/agent/agent_internal.h"

#include <errno.h>
#include <time.h>

/* Under the mutex. */
static struct cs_agent_view view_of(const struct cs_agent *agent)
{
    return (struct cs_agent_view){.unlocked = agent->replica != NULL && !agent->closing,
                                  .syncing = agent->talker != NULL && agent->talker->syncs,
                                  .generation = agent->generation};
}

static bool is_as(const struct cs_agent_view *seen, const struct cs_agent_view *now)
{
    return seen->unlocked == now->unlocked && seen->syncing == now->syncing &&
           seen->generation == now->generation;
}

void cs_agent_look(struct cs_agent *agent, struct cs_agent_view *out)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    *out = view_of(agent);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

bool cs_agent_watch(struct cs_agent *agent, const struct cs_agent_view *seen, int64_t ms_max,
                    struct cs_agent_view *out)
{
    struct timespec until;
    cs_require(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += (time_t)(ms_max / 1000);
    until.tv_nsec += (long)(ms_max % 1000) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    *out = view_of(agent);
    int code = 0;
    while (is_as(seen, out) && code == 0) {
        code = pthread_cond_timedwait(&agent->changed, &agent->mutex, &until);
        *out = view_of(agent);
    }
    cs_require(code == 0 || code == ETIMEDOUT);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return !is_as(seen, out);
}
