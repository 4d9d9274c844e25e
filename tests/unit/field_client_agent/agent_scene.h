/* A running agent with made-up commands, a made-up network that waits at a gate, clocks that can be set, and its callers. */
#ifndef TESTS_UNIT_FIELD_CLIENT_AGENT_AGENT_SCENE_H
#define TESTS_UNIT_FIELD_CLIENT_AGENT_AGENT_SCENE_H

#include "field-client/agent/agent.h"
#include "field-client/agent/socket.h"
#include "tests/unit/field_client_replica/client_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERRUPTED_CODE 9
#define LOCKED_CODE 3
#define LOCK_AFTER_MS 60000
#define LONG_QUERY                                                                                 \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "        \
    "SELECT max(i) FROM n"

static struct {
    struct fixture *organisation;
    struct cs_world world;
    char home[64];
    struct cs_agent *agent;
    pthread_t thread;
    atomic_llong wall_ahead_ms;
    atomic_llong monotonic_ahead_ms;
    atomic_int on_network; /* exchanges at this moment */
    atomic_int on_network_max;
    atomic_int exchanges;
    int gate[2]; /* an exchange ends when a byte is in it */
} scene;

/* ---- the world ---- */

static inline int64_t wall_ms(void *context)
{
    struct cs_world real;
    cs_world_system(&real);
    return real.wall_ms(context) + atomic_load(&scene.wall_ahead_ms);
}

static inline int64_t monotonic_ms(void *context)
{
    struct cs_world real;
    cs_world_system(&real);
    return real.monotonic_ms(context) + atomic_load(&scene.monotonic_ahead_ms);
}

/* As the transport: it is asked now and then whether to hang up. */
static inline enum cs_status exchange(void *context, const struct cs_peer *peer,
                                      struct cs_bytes request, struct cs_buffer *response,
                                      struct cs_problem *problem)
{
    struct pollfd polled = {.fd = scene.gate[0], .events = POLLIN};
    char byte;
    (void)context;
    (void)peer;
    (void)request;
    (void)response;
    int now = atomic_fetch_add(&scene.on_network, 1) + 1;
    if (now > atomic_load(&scene.on_network_max)) {
        atomic_store(&scene.on_network_max, now);
    }
    atomic_fetch_add(&scene.exchanges, 1);
    enum cs_status status = CS_OK;
    while (status == CS_OK && poll(&polled, 1, 20) == 0) {
        status = cs_agent_must_hang_up(scene.agent)
                     ? cs_problem_set(problem, CS_UNREACHABLE, "hung up")
                     : CS_OK;
    }
    if (status == CS_OK) {
        assert_int_equal(read(scene.gate[0], &byte, 1), 1);
    }
    atomic_fetch_sub(&scene.on_network, 1);
    return status;
}

static inline void open_gate(void)
{
    assert_int_equal(write(scene.gate[1], "x", 1), 1);
}

/* ---- the commands ---- */

static inline int code_of(enum cs_status status)
{
    return status == CS_OK            ? 0
           : status == CS_LOCKED      ? LOCKED_CODE
           : status == CS_INTERRUPTED ? INTERRUPTED_CODE
                                      : 1;
}

static inline enum cs_status run_query(struct cs_replica *replica)
{
    struct cs_statement *statement = NULL;
    enum cs_status status = cs_statement_get(cs_replica_database(replica), LONG_QUERY, &statement);
    return status == CS_OK ? cs_statement_run(statement) : status;
}

static inline enum cs_status speak(const struct cs_agent_run *run, enum cs_online how)
{
    const struct cs_peer peer = {.address = "server.example:1"};
    struct cs_problem problem = {""};
    struct cs_buffer response;
    cs_buffer_init(&response, 64);
    enum cs_status status = run->host->go_online(run->host->context, how, &problem);
    if (status == CS_OK) {
        status = run->world->exchange(run->world->exchange_context, &peer, CS_BYTES_NONE, &response,
                                      &problem);
    }
    cs_buffer_release(&response);
    return status;
}

static inline enum cs_status read_all(const struct cs_agent_run *run)
{
    char byte;
    ssize_t count = 1;
    while (count > 0) {
        count = cs_console_read(run->console, cs_console_input(run->console), &byte, 1);
    }
    return count == 0 ? CS_OK : CS_INTERRUPTED;
}

static inline void print_much(const struct cs_agent_run *run)
{
    for (int i = 0; i < 20000; i++) {
        (void)fprintf(run->out, "%06d 0123456789012345678901234567890123456789\n", i);
    }
}

/* What needs the open replica. */
static inline int run_borrowed(const struct cs_agent_run *run, const char *name)
{
    struct cs_identity *identity = NULL;
    struct cs_replica *replica = NULL;
    struct cs_problem problem = {""};
    enum cs_status status = run->host->borrow(run->host->context, &identity, &replica, &problem);
    if (status == CS_OK && strcmp(name, "query") == 0) {
        status = run_query(replica);
    } else if (status == CS_OK && strcmp(name, "read") == 0) {
        status = read_all(run);
    } else if (status == CS_OK && strcmp(name, "sync") == 0) {
        status = speak(run, CS_ONLINE_SYNC);
    } else if (status == CS_OK && strcmp(name, "share") == 0) {
        status = speak(run, CS_ONLINE_SHARED);
    } else if (status == CS_OK && strcmp(name, "alone") == 0) {
        status = speak(run, CS_ONLINE_ALONE);
    } else if (status == CS_OK && strcmp(name, "much") == 0) {
        print_much(run);
    } else if (status == CS_OK) {
        (void)fputs("hello\n", run->out);
    }
    (void)fflush(run->out);
    return code_of(status);
}

static inline int tell_syncing(const struct cs_agent_run *run)
{
    struct cs_host_state state;
    run->host->describe(run->host->context, &state);
    return state.syncing ? 0 : 1;
}

static inline int run_made_up(void *context, const struct cs_agent_run *run)
{
    const char *name = run->argument_count > 1 ? run->arguments[1] : "";
    struct cs_problem problem = {""};
    (void)context;
    if (strcmp(name, "lock") == 0) {
        run->host->lock(run->host->context);
        return 0;
    }
    if (strcmp(name, "unlock") == 0) {
        return code_of(run->host->unlock(run->host->context, T(FIXTURE_PASSPHRASE), &problem));
    }
    if (strcmp(name, "wrong") == 0) {
        return run->host->unlock(run->host->context, T("wrong"), &problem) == CS_WRONG_PASSPHRASE
                   ? LOCKED_CODE
                   : 1;
    }
    if (strcmp(name, "syncing") == 0) {
        return tell_syncing(run);
    }
    if (strcmp(name, "stop") == 0) {
        run->host->stop(run->host->context);
        return 0;
    }
    return strcmp(name, "elsewhere") == 0 ? CS_AGENT_CODE_ELSEWHERE : run_borrowed(run, name);
}

/* ---- callers ---- */

struct caller {
    int connection;
    int input;  /* to write to */
    int output; /* to read from */
};

static inline struct caller ask(const char *name)
{
    char program[] = "countersign";
    char copy[32];
    char *arguments[] = {program, copy, NULL};
    char *variables[] = {NULL};
    int input[2];
    int output[2];
    const struct cs_agent_request request = {
        .folder = "/", .arguments = arguments, .argument_count = 2, .variables = variables};
    (void)snprintf(copy, sizeof copy, "%s", name);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    struct caller caller = {cs_agent_connect(scene.home), input[1], output[0]};
    assert_true(caller.connection >= 0);
    const struct cs_agent_files files = {{input[0], output[1], -1, -1, -1}};
    assert_ok(cs_agent_send(caller.connection, &request, &files));
    (void)close(input[0]);
    (void)close(output[1]);
    return caller;
}

static inline void hang_up(struct caller *caller)
{
    (void)close(caller->connection);
    (void)close(caller->input);
    (void)close(caller->output);
}

static inline struct cs_agent_answer answer_of(struct caller *caller)
{
    struct cs_agent_answer answer;
    assert_ok(cs_agent_await(caller->connection, &answer));
    hang_up(caller);
    return answer;
}

static inline int code_for(const char *name)
{
    struct caller caller = ask(name);
    return answer_of(&caller).exit_code;
}

static inline void wait_for_network(int exchanges)
{
    for (int i = 0; i < 2000 && atomic_load(&scene.exchanges) < exchanges; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(atomic_load(&scene.exchanges), exchanges);
}

/* ---- its life ---- */

static inline void *serve(void *context)
{
    struct cs_problem problem = {""};
    (void)context;
    return cs_agent_serve(scene.agent, &problem) == CS_OK ? NULL : scene.agent;
}

static inline void begin(int64_t sync_every_ms)
{
    struct cs_problem problem = {""};
    const struct cs_agent_setting setting = {.world = &scene.world,
                                             .registry = cs_registry_core(),
                                             .home = scene.home,
                                             .lock_after_ms = LOCK_AFTER_MS,
                                             .sync_every_ms = sync_every_ms,
                                             .run = run_made_up};
    assert_ok(cs_agent_create(&setting, &scene.agent, &problem));
    assert_ok(cs_agent_unlock(scene.agent, T(FIXTURE_PASSPHRASE), &problem));
    assert_int_equal(pthread_create(&scene.thread, NULL, serve, NULL), 0);
}

static inline int setup_home(void **state)
{
    (void)state;
    (void)snprintf(scene.home, sizeof scene.home, "/tmp/countersign-agent-XXXXXX");
    assert_non_null(mkdtemp(scene.home));
    cs_world_system(&scene.world);
    scene.world.wall_ms = wall_ms;
    scene.world.monotonic_ms = monotonic_ms;
    scene.world.exchange = exchange;
    atomic_store(&scene.wall_ahead_ms, 0);
    atomic_store(&scene.monotonic_ahead_ms, 0);
    atomic_store(&scene.on_network_max, 0);
    atomic_store(&scene.exchanges, 0);
    assert_int_equal(pipe2(scene.gate, O_CLOEXEC), 0);
    assert_ok(
        cs_identity_save(&scene.world, scene.organisation->identity, scene.home, CS_IDENTITY_FILE));
    return 0;
}

static inline int setup(void **state)
{
    (void)setup_home(state);
    begin(0);
    return 0;
}

static inline int teardown(void **state)
{
    char command[sizeof scene.home + 64];
    static const char *const names[] = {"identity", "replica.db", "replica.db-wal", "agent.lock",
                                        "agent.sock"};
    void *failed = NULL;
    (void)state;
    int connection = cs_agent_connect(scene.home);
    if (connection >= 0) {
        (void)close(connection);
        assert_int_equal(code_for("stop"), 0);
    }
    assert_int_equal(pthread_join(scene.thread, &failed), 0);
    assert_null(failed);
    cs_agent_destroy(scene.agent);
    scene.agent = NULL;
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        (void)snprintf(command, sizeof command, "%s/%s", scene.home, names[i]);
        (void)unlink(command);
    }
    (void)rmdir(scene.home);
    (void)close(scene.gate[0]);
    (void)close(scene.gate[1]);
    return 0;
}

static inline int group_setup(void **state)
{
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0 || fixture_group_setup(state) != 0) {
        return -1;
    }
    scene.organisation = *state;
    return 0;
}

#endif
