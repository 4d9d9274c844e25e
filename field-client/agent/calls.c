/* One command line for one caller: its streams, what it is to the commands, and its turn. */
#include "field-client/agent/agent_internal.h"
#include "field-client/replica/query.h"
#include "field-client/replica/vault_records.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX (1024 * CS_MEBI)
/* A pipe takes so much without blocking when poll says that it takes something (pipe(7)). */
#define CHUNK_MAX ((size_t)4096)
/* What nobody reads is not waited for longer: a remark is lost, not the agent. */
#define ERRORS_MS_MAX 1000

/* ---- giving way ---- */

static void pause_job(void *context)
{
    struct cs_agent_job *job = context;
    struct cs_agent *agent = job->agent;
    if (job->has_turn &&
        (!job->borrowed || cs_database_is_idle(cs_replica_database(agent->replica)))) {
        job->gave_way = true;
        cs_agent_give_turn(agent, job);
    }
}

static void resume_job(void *context)
{
    struct cs_agent_job *job = context;
    if (job->gave_way) {
        job->gave_way = false;
        cs_agent_take_turn(job->agent, job);
    }
}

/* ---- streams ---- */

static bool is_ready(int file, int timeout_ms)
{
    struct pollfd polled = {.fd = file, .events = POLLOUT};
    return file >= 0 && poll(&polled, 1, timeout_ms) == 1 && (polled.revents & POLLOUT) != 0;
}

/* As much as the caller takes without waiting. */
static void drain(struct cs_agent_job *job)
{
    struct cs_buffer *waiting = &job->waiting;
    while (job->waiting_from < waiting->size && is_ready(job->console.output, 0)) {
        size_t left = waiting->size - job->waiting_from;
        ssize_t count = write(job->console.output, waiting->data + job->waiting_from,
                              left < CHUNK_MAX ? left : CHUNK_MAX);
        if (count <= 0 && errno != EINTR) {
            return; /* flush_job will find the same */
        }
        job->waiting_from += count > 0 ? (size_t)count : 0;
    }
    if (job->waiting_from == waiting->size) {
        cs_buffer_clear(waiting);
        job->waiting_from = 0;
    }
}

static ssize_t write_output(void *context, const char *data, size_t size)
{
    struct cs_agent_job *job = context;
    cs_buffer_append(&job->waiting, data, size);
    if (job->waiting.status != CS_OK) {
        return 0;
    }
    if (job->console.output >= 0) {
        drain(job);
    }
    return (ssize_t)size;
}

static bool flush_job(void *context)
{
    struct cs_agent_job *job = context;
    size_t left = job->waiting.size - job->waiting_from;
    bool flushed =
        left == 0 || cs_console_write(&job->console, job->console.output,
                                      cs_bytes_make(job->waiting.data + job->waiting_from, left));
    job->output_failed = job->output_failed || !flushed || job->waiting.status != CS_OK;
    cs_buffer_clear(&job->waiting);
    job->waiting_from = 0;
    return !job->output_failed;
}

static ssize_t write_errors(void *context, const char *data, size_t size)
{
    struct cs_agent_job *job = context;
    size_t done = 0;
    while (done < size && is_ready(job->console.errors, ERRORS_MS_MAX)) {
        size_t left = size - done;
        ssize_t count =
            write(job->console.errors, data + done, left < CHUNK_MAX ? left : CHUNK_MAX);
        if (count <= 0 && errno != EINTR) {
            break;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)size;
}

static FILE *open_stream(struct cs_agent_job *job, cookie_write_function_t *function, char *room,
                         size_t size)
{
    const cookie_io_functions_t functions = {.write = function};
    FILE *stream = fopencookie(job, "wb", functions);
    if (stream != NULL && setvbuf(stream, room, room == NULL ? _IONBF : _IOFBF, size) != 0) {
        (void)fclose(stream);
        return NULL;
    }
    return stream;
}

/* ---- what the agent is to its commands ---- */

/* Under the mutex. Those that wait for a person or a program, mostly. */
static size_t count_borrowers(const struct cs_agent *agent)
{
    size_t count = 0;
    for (const struct cs_agent_job *job = agent->jobs; job != NULL; job = job->next) {
        count += job->borrowed ? 1 : 0;
    }
    return count;
}

static enum cs_status borrow(void *context, struct cs_identity **out_identity,
                             struct cs_replica **out_replica, struct cs_problem *problem)
{
    struct cs_agent_job *job = context;
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    bool locked = agent->closing || agent->replica == NULL;
    bool full = !job->in_background && count_borrowers(agent) >= CS_AGENT_COMMANDS_MAX;
    job->borrowed = !locked && !full;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (locked) {
        return cs_problem_set(problem, CS_LOCKED, "locked: run countersign unlock");
    }
    if (full) {
        return cs_problem_set(problem, CS_BUSY,
                              "%zu commands wait in the agent already: end some, or lock it",
                              CS_AGENT_COMMANDS_MAX);
    }
    cs_agent_watch_job(job);
    *out_identity = agent->identity;
    *out_replica = agent->replica;
    return CS_OK;
}

static enum cs_status go_online(void *context, enum cs_online how, struct cs_problem *problem)
{
    return cs_agent_go_online(context, how, problem);
}

static void tell(void *context, const struct cs_host_state *progress)
{
    struct cs_agent_job *job = context;
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->progress = *progress;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

static void describe(void *context, struct cs_host_state *out)
{
    struct cs_agent_job *job = context;
    struct cs_agent *agent = job->agent;
    int64_t wall_ms = agent->world.wall_ms(agent->world.context);
    int64_t until_lock_ms = cs_agent_ms_until_lock(agent);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    *out = agent->progress;
    out->locks_at_ms = until_lock_ms == INT64_MAX ? 0 : wall_ms + until_lock_ms;
    out->syncs = agent->setting.sync_every_ms > 0;
    out->syncing = agent->talker != NULL && agent->talker->syncs;
    out->next_sync_ms = out->syncs ? wall_ms + agent->schedule.due_ms - cs_agent_now_ms(agent) : 0;
    out->failures = agent->schedule.failures;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

static enum cs_status unlock(void *context, struct cs_bytes passphrase, struct cs_problem *problem)
{
    struct cs_agent_job *job = context;
    return cs_agent_open(job->agent, passphrase, problem);
}

static void lock(void *context)
{
    struct cs_agent_job *job = context;
    cs_agent_close(job->agent, job);
}

static bool is_locked(void *context)
{
    struct cs_agent_job *job = context;
    return cs_agent_is_locked(job->agent);
}

static enum cs_status open_pages(void *context, char out[static CS_HOST_ADDRESS_SIZE],
                                 struct cs_problem *problem)
{
    struct cs_agent_job *job = context;
    const struct cs_agent_setting *setting = &job->agent->setting;
    return setting->open_pages(setting->context, out, problem);
}

static void stop(void *context)
{
    struct cs_agent_job *job = context;
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->stopping = true;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_poke(agent->wake);
}

/* ---- the call ---- */

static void enter(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    job->next = agent->jobs;
    agent->jobs = job;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_take_turn(agent, job);
}

/* How much waits to be sent; all records of vaults count as one. As before when it cannot be told. */
static int64_t count_waiting(struct cs_agent *agent)
{
    struct cs_arena arena;
    struct cs_pending_counts counts = {0};
    struct cs_queued_record *queued = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_query_pending_counts(agent->replica, &counts);
    if (status == CS_OK) {
        status = cs_queued_records(agent->replica, false, 1, &arena, &queued, &count);
    }
    cs_arena_release(&arena);
    return status == CS_OK ? counts.waiting + counts.packed + (int64_t)count : agent->waited;
}

/* Has this command added something to be sent? What waited before waits for its sync already. */
static bool has_news(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    int64_t before = agent->waited;
    if (job->borrowed) {
        agent->waited = count_waiting(agent);
    }
    return !job->syncs && !job->in_background && agent->waited > before;
}

/* Has the database changed since the last command ended? */
static bool has_changed(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    uint64_t before = agent->changes;
    if (job->borrowed) {
        agent->changes = cs_replica_changes(agent->replica);
    }
    return agent->changes != before;
}

static void leave(struct cs_agent_job *job, int code)
{
    struct cs_agent *agent = job->agent;
    uint32_t chance = 0;
    bool news = has_news(job);
    bool changed = has_changed(job);
    agent->world.random(agent->world.context, (uint8_t *)&chance, sizeof chance);
    cs_agent_give_turn(agent, job);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    if (job->syncs) {
        cs_schedule_ended(&agent->schedule, code == 0, cs_agent_now_ms(agent), chance);
    } else if (news) {
        cs_schedule_edited(&agent->schedule, cs_agent_now_ms(agent));
    }
    agent->talker = agent->talker == job ? NULL : agent->talker;
    agent->generation += changed ? 1 : 0;
    job->borrowed = false;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_poke(agent->nudge);
}

static void unlink_job(struct cs_agent_job *job)
{
    struct cs_agent *agent = job->agent;
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    struct cs_agent_job **at = &agent->jobs;
    while (*at != job) {
        at = &(*at)->next;
    }
    *at = job->next;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

static int run_with(struct cs_agent_job *job, const struct cs_agent_call *call, FILE *out,
                    FILE *err)
{
    struct cs_agent *agent = job->agent;
    const struct cs_host host = {.context = job,
                                 .borrow = borrow,
                                 .go_online = go_online,
                                 .tell = tell,
                                 .describe = describe,
                                 .unlock = unlock,
                                 .lock = lock,
                                 .is_locked = is_locked,
                                 .open_pages =
                                     agent->setting.open_pages == NULL ? NULL : open_pages,
                                 .stop = stop};
    const struct cs_agent_run run = {.argument_count = (int)call->argument_count,
                                     .arguments = call->arguments,
                                     .out = out,
                                     .err = err,
                                     .console = &job->console,
                                     .host = &host,
                                     .world = &agent->world,
                                     .home = agent->home};
    enter(job);
    int code = cs_console_is_gone(&job->console) ? CS_AGENT_FAILED
                                                 : agent->setting.run(agent->setting.context, &run);
    leave(job, code);
    /* Its turn is over: the rest goes out as fast as the caller reads. */
    if (!flush_job(job) && code == 0) {
        code = CS_AGENT_FAILED;
    }
    unlink_job(job);
    return code;
}

int cs_agent_run_call(struct cs_agent *agent, const struct cs_agent_call *call, bool in_background)
{
    char room[CHUNK_MAX];
    struct cs_agent_job job = {
        .agent = agent, .console = call->console, .in_background = in_background};
    job.console.pause = pause_job;
    job.console.resume = resume_job;
    job.console.flush = flush_job;
    job.console.context = &job;
    cs_buffer_init(&job.waiting, OUTPUT_MAX);
    FILE *out = open_stream(&job, write_output, room, sizeof room);
    FILE *err = open_stream(&job, write_errors, NULL, 0);
    int code = out != NULL && err != NULL ? run_with(&job, call, out, err) : CS_AGENT_FAILED;
    if (out != NULL) {
        (void)fclose(out);
    }
    if (err != NULL) {
        (void)fclose(err);
    }
    cs_wipe(room, sizeof room);
    cs_buffer_release(&job.waiting);
    return code;
}

int cs_agent_call(struct cs_agent *agent, const struct cs_agent_call *call)
{
    if (cs_agent_ms_until_lock(agent) <= 0) {
        cs_agent_close(agent, NULL);
    }
    if (!call->unattended) {
        cs_agent_was_used(agent);
    }
    int code = cs_agent_run_call(agent, call, false);
    if (!call->unattended) {
        cs_agent_was_used(agent);
    }
    return code;
}
