/* The agent's life: its socket, its threads, its end; see agent.h. */
#include "field-client/agent/agent_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- making it ---- */

static bool make_condition(struct cs_agent *agent)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&agent->mutex, NULL) != 0 || pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&agent->changed, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

enum cs_status cs_agent_create(const struct cs_agent_setting *setting, struct cs_agent **out,
                               struct cs_problem *problem)
{
    size_t size = strlen(setting->home);
    struct cs_agent *agent = cs_alloc_zero(1, sizeof *agent);
    if (agent == NULL) {
        return CS_NO_MEMORY;
    }
    agent->setting = *setting;
    agent->world = *setting->world;
    agent->world.exchange = cs_agent_exchange;
    agent->world.exchange_context = agent;
    agent->wake[0] = agent->wake[1] = agent->nudge[0] = agent->nudge[1] = -1;
    enum cs_status status = size < sizeof agent->home ? CS_OK : CS_INVALID;
    if (status == CS_OK) {
        memcpy(agent->home, setting->home, size + 1);
        status = make_condition(agent) && pipe2(agent->wake, O_CLOEXEC | O_NONBLOCK) == 0 &&
                         pipe2(agent->nudge, O_CLOEXEC | O_NONBLOCK) == 0
                     ? cs_agent_listen(setting->home, &agent->listener, problem)
                     : CS_IO;
    }
    if (status == CS_OK) {
        *out = agent;
        return CS_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        (void)close(agent->wake[i]);
        (void)close(agent->nudge[i]);
    }
    cs_free(agent);
    return status;
}

void cs_agent_destroy(struct cs_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    cs_replica_close(agent->replica);
    cs_identity_destroy(agent->identity);
    cs_agent_listener_close(&agent->listener);
    for (size_t i = 0; i < 2; i++) {
        (void)close(agent->wake[i]);
        (void)close(agent->nudge[i]);
    }
    (void)pthread_cond_destroy(&agent->changed);
    (void)pthread_mutex_destroy(&agent->mutex);
    cs_free(agent);
}

void cs_agent_poke(const int pipe_ends[static 2])
{
    ssize_t written = write(pipe_ends[1], "", 1);
    (void)written; /* full: it is awake already */
}

/* ---- one caller ---- */

struct caller {
    struct cs_agent *agent;
    int connection;
};

static void refuse(int connection, enum cs_status why)
{
    struct cs_agent_answer answer = {.kind = CS_AGENT_REFUSED};
    if (why == CS_UNSUPPORTED) {
        (void)snprintf(answer.text, sizeof answer.text,
                       "the agent (process %ld) is of another version of the program: end it and "
                       "start it again",
                       (long)getpid());
    } else {
        (void)snprintf(answer.text, sizeof answer.text, "the agent refused the request: %s",
                       cs_status_text(why));
    }
    enum cs_status status = cs_agent_answer(connection, &answer);
    (void)status; /* it is closed in any case */
}

static void run_request(struct caller *caller, const struct cs_agent_request *request,
                        const struct cs_agent_files *files)
{
    const struct cs_agent_call call = {
        .arguments = request->arguments,
        .argument_count = request->argument_count,
        .console = {.input = files->of[CS_AGENT_INPUT],
                    .output = files->of[CS_AGENT_OUTPUT],
                    .errors = files->of[CS_AGENT_ERRORS],
                    .terminal = files->of[CS_AGENT_TERMINAL],
                    .passphrase_file = files->of[CS_AGENT_PASSPHRASE],
                    .caller = caller->connection,
                    .folder = request->folder,
                    .variables = request->variables}};
    int code = cs_agent_call(caller->agent, &call);
    const struct cs_agent_answer answer = {
        .kind = code == CS_AGENT_CODE_ELSEWHERE ? CS_AGENT_ELSEWHERE : CS_AGENT_DONE,
        .exit_code = (uint8_t)code};
    enum cs_status status = cs_agent_answer(caller->connection, &answer);
    (void)status; /* who went away needs none */
}

static void serve_one(struct caller *caller)
{
    struct cs_arena arena;
    struct cs_agent_request request;
    struct cs_agent_files files;
    cs_arena_init(&arena, 4 * CS_AGENT_REQUEST_MAX);
    enum cs_status status = cs_agent_receive(caller->connection, &arena, &request, &files);
    if (status == CS_OK) {
        run_request(caller, &request, &files);
        cs_agent_files_close(&files);
    } else {
        refuse(caller->connection, status);
    }
    cs_arena_release_wiped(&arena);
}

static void *run_caller(void *context)
{
    struct caller *caller = context;
    struct cs_agent *agent = caller->agent;
    serve_one(caller);
    (void)close(caller->connection);
    cs_free(caller);
    cs_agent_tidy(agent);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->callers--;
    /* Under the mutex: when it is seen to be 0 nothing here is used any more but by this thread's unlocking. */
    cs_agent_poke(agent->wake);
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    return NULL;
}

static void take_caller(struct cs_agent *agent)
{
    pthread_t thread;
    int connection = cs_agent_accept(&agent->listener);
    if (connection < 0) {
        return;
    }
    struct caller *caller = cs_alloc_zero(1, sizeof *caller);
    if (caller == NULL) {
        (void)close(connection);
        return;
    }
    *caller = (struct caller){agent, connection};
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->callers++;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    if (pthread_create(&thread, NULL, run_caller, caller) == 0) {
        (void)pthread_detach(thread);
        return;
    }
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->callers--;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    (void)close(connection);
    cs_free(caller);
}

/* ---- the loop ---- */

static void look(struct cs_agent *agent, bool *out_stopping, bool *out_full)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    *out_stopping = agent->stopping;
    *out_full = agent->callers >= CS_AGENT_CALLERS_MAX;
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

/* While all slots are taken callers wait in the kernel's line. */
static void loop(struct cs_agent *agent, int signals)
{
    bool stopping = false;
    bool full = false;
    for (look(agent, &stopping, &full); !stopping; look(agent, &stopping, &full)) {
        struct pollfd polled[3] = {{.fd = full ? -1 : agent->listener.socket, .events = POLLIN},
                                   {.fd = agent->wake[0], .events = POLLIN},
                                   {.fd = signals, .events = POLLIN}};
        uint8_t pokes[64];
        if (poll(polled, 3, -1) < 0 && errno != EINTR) {
            return;
        }
        if (polled[2].revents != 0) {
            return;
        }
        if (polled[1].revents != 0 && read(agent->wake[0], pokes, sizeof pokes) < 0) {
            continue;
        }
        if (polled[0].revents != 0) {
            take_caller(agent);
        }
    }
}

/* What still waits is ended, whether it uses the replica or not. */
static void end_callers(struct cs_agent *agent)
{
    cs_agent_close(agent, NULL);
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    while (agent->callers > 0) {
        for (struct cs_agent_job *job = agent->jobs; job != NULL; job = job->next) {
            (void)shutdown(job->console.caller, SHUT_RD);
        }
        cs_require(pthread_cond_wait(&agent->changed, &agent->mutex) == 0);
    }
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
}

static void tell_threads_to_stop(struct cs_agent *agent)
{
    cs_require(pthread_mutex_lock(&agent->mutex) == 0);
    agent->stopping = true;
    cs_require(pthread_cond_broadcast(&agent->changed) == 0);
    cs_require(pthread_mutex_unlock(&agent->mutex) == 0);
    cs_agent_poke(agent->nudge);
}

static int open_signals(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigaddset(&wanted, SIGHUP);
    return signalfd(-1, &wanted, SFD_CLOEXEC);
}

enum cs_status cs_agent_serve(struct cs_agent *agent, struct cs_problem *problem)
{
    static void *(*const functions[])(void *) = {cs_agent_keep, cs_agent_sync_by_itself};
    pthread_t threads[CS_COUNT(functions)];
    size_t started = 0;
    int signals = open_signals();
    while (signals >= 0 && started < CS_COUNT(functions) &&
           pthread_create(&threads[started], NULL, functions[started], agent) == 0) {
        started++;
    }
    bool runs = signals >= 0 && started == CS_COUNT(functions);
    if (runs) {
        if (agent->setting.ready != NULL) {
            agent->setting.ready(agent->setting.context);
        }
        loop(agent, signals);
    }
    tell_threads_to_stop(agent);
    end_callers(agent);
    for (size_t i = 0; i < started; i++) {
        cs_require(pthread_join(threads[i], NULL) == 0);
    }
    if (signals >= 0) {
        (void)close(signals);
    }
    return runs ? CS_OK : cs_problem_set(problem, CS_IO, "the agent's threads cannot be started");
}
