/* A running agent and its callers, with made-up commands: turns, giving way, lock, clocks, callers that go away. */
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

static int64_t wall_ms(void *context)
{
    struct cs_world real;
    cs_world_system(&real);
    return real.wall_ms(context) + atomic_load(&scene.wall_ahead_ms);
}

static int64_t monotonic_ms(void *context)
{
    struct cs_world real;
    cs_world_system(&real);
    return real.monotonic_ms(context) + atomic_load(&scene.monotonic_ahead_ms);
}

/* As the transport: it is asked now and then whether to hang up. */
static enum cs_status exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem)
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

static void open_gate(void)
{
    assert_int_equal(write(scene.gate[1], "x", 1), 1);
}

/* ---- the commands ---- */

static int code_of(enum cs_status status)
{
    return status == CS_OK            ? 0
           : status == CS_LOCKED      ? LOCKED_CODE
           : status == CS_INTERRUPTED ? INTERRUPTED_CODE
                                      : 1;
}

static enum cs_status run_query(struct cs_replica *replica)
{
    struct cs_statement *statement = NULL;
    enum cs_status status = cs_statement_get(cs_replica_database(replica), LONG_QUERY, &statement);
    return status == CS_OK ? cs_statement_run(statement) : status;
}

static enum cs_status speak(const struct cs_agent_run *run, enum cs_online how)
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

static enum cs_status read_all(const struct cs_agent_run *run)
{
    char byte;
    ssize_t count = 1;
    while (count > 0) {
        count = cs_console_read(run->console, cs_console_input(run->console), &byte, 1);
    }
    return count == 0 ? CS_OK : CS_INTERRUPTED;
}

static void print_much(const struct cs_agent_run *run)
{
    for (int i = 0; i < 20000; i++) {
        (void)fprintf(run->out, "%06d 0123456789012345678901234567890123456789\n", i);
    }
}

/* What needs the open replica. */
static int run_borrowed(const struct cs_agent_run *run, const char *name)
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

static int run_made_up(void *context, const struct cs_agent_run *run)
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

static struct caller ask(const char *name)
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

static void hang_up(struct caller *caller)
{
    (void)close(caller->connection);
    (void)close(caller->input);
    (void)close(caller->output);
}

static struct cs_agent_answer answer_of(struct caller *caller)
{
    struct cs_agent_answer answer;
    assert_ok(cs_agent_await(caller->connection, &answer));
    hang_up(caller);
    return answer;
}

static int code_for(const char *name)
{
    struct caller caller = ask(name);
    return answer_of(&caller).exit_code;
}

static void wait_for_network(int exchanges)
{
    for (int i = 0; i < 2000 && atomic_load(&scene.exchanges) < exchanges; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(atomic_load(&scene.exchanges), exchanges);
}

/* ---- its life ---- */

static void *serve(void *context)
{
    struct cs_problem problem = {""};
    (void)context;
    return cs_agent_serve(scene.agent, &problem) == CS_OK ? NULL : scene.agent;
}

static void begin(int64_t sync_every_ms)
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

static int setup_home(void **state)
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

static int setup(void **state)
{
    (void)setup_home(state);
    begin(0);
    return 0;
}

static int teardown(void **state)
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

/* ---- tests ---- */

static void test_a_command_and_its_answer(void **state)
{
    char text[16] = "";
    (void)state;
    struct caller caller = ask("hello");
    struct cs_agent_answer answer;
    assert_ok(cs_agent_await(caller.connection, &answer));
    assert_int_equal(answer.kind, CS_AGENT_DONE);
    assert_int_equal(answer.exit_code, 0);
    assert_int_equal(read(caller.output, text, sizeof text - 1), 6);
    assert_string_equal(text, "hello\n");
    hang_up(&caller);
    caller = ask("elsewhere");
    assert_int_equal(answer_of(&caller).kind, CS_AGENT_ELSEWHERE);
}

static void test_lock_and_unlock(void **state)
{
    (void)state;
    assert_int_equal(code_for("lock"), 0);
    assert_int_equal(code_for("hello"), LOCKED_CODE);
    assert_int_equal(code_for("wrong"), LOCKED_CODE);
    assert_int_equal(code_for("hello"), LOCKED_CODE);
    /* Nothing is open: another process may be the owner now. */
    struct cs_replica *replica = NULL;
    assert_ok(cs_replica_open(&scene.world, scene.home, cs_registry_core(),
                              scene.organisation->identity, &replica, NULL));
    cs_replica_close(replica);
    assert_int_equal(code_for("unlock"), 0);
    assert_int_equal(code_for("unlock"), 0);
    assert_int_equal(code_for("hello"), 0);
}

static void test_a_slow_reader_keeps_nobody_waiting(void **state)
{
    char chunk[4096];
    size_t size = 0;
    ssize_t count = 0;
    (void)state;
    struct caller slow = ask("much");
    assert_int_equal(code_for("hello"), 0);
    while (size < 20000 * 48 && (count = read(slow.output, chunk, sizeof chunk)) > 0) {
        size += (size_t)count;
    }
    assert_int_equal(size, 20000 * 48);
    assert_int_equal(answer_of(&slow).exit_code, 0);
}

static void test_a_reader_that_goes(void **state)
{
    (void)state;
    struct caller gone = ask("much");
    (void)close(gone.output);
    struct cs_agent_answer answer;
    assert_ok(cs_agent_await(gone.connection, &answer));
    assert_int_equal(answer.exit_code, 1);
    (void)close(gone.connection);
    (void)close(gone.input);
    assert_int_equal(code_for("hello"), 0);
}

static void test_who_waits_for_a_person_gives_way(void **state)
{
    (void)state;
    struct caller slow = ask("read");
    (void)usleep(100000);
    assert_int_equal(code_for("hello"), 0);
    (void)close(slow.input);
    slow.input = -1;
    assert_int_equal(answer_of(&slow).exit_code, 0);
}

static void test_a_caller_that_goes_ends_its_command(void **state)
{
    (void)state;
    struct caller busy = ask("query");
    (void)usleep(100000);
    struct caller next = ask("hello");
    struct pollfd polled = {.fd = next.connection, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 300), 0); /* it is not its turn */
    hang_up(&busy);
    assert_int_equal(answer_of(&next).exit_code, 0);
}

static void test_who_is_on_the_network_gives_way(void **state)
{
    (void)state;
    struct caller sync = ask("sync");
    wait_for_network(1);
    assert_int_equal(code_for("hello"), 0);
    open_gate();
    assert_int_equal(answer_of(&sync).exit_code, 0);
}

static void test_who_stays_alone_does_not(void **state)
{
    (void)state;
    struct caller alone = ask("alone");
    wait_for_network(1);
    struct caller next = ask("hello");
    struct pollfd polled = {.fd = next.connection, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 300), 0);
    open_gate();
    assert_int_equal(answer_of(&alone).exit_code, 0);
    assert_int_equal(answer_of(&next).exit_code, 0);
}

static void test_one_at_a_time_speaks_with_the_server(void **state)
{
    (void)state;
    struct caller callers[3];
    for (int i = 0; i < 3; i++) {
        callers[i] = ask(i == 1 ? "alone" : "sync");
    }
    for (int i = 0; i < 3; i++) {
        wait_for_network(i + 1);
        open_gate();
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(answer_of(&callers[i]).exit_code, 0);
    }
    assert_int_equal(atomic_load(&scene.on_network_max), 1);
}

static void test_a_lock_ends_what_waits_and_what_runs(void **state)
{
    static const char *const names[] = {"read", "sync", "query"};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        struct caller busy = ask(names[i]);
        (void)usleep(200000);
        /* While the query runs the lock has to wait for its turn: the callers' order. Its caller goes, so that it ends. */
        if (strcmp(names[i], "query") == 0) {
            hang_up(&busy);
            assert_int_equal(code_for("lock"), 0);
        } else {
            assert_int_equal(code_for("lock"), 0);
            assert_int_equal(answer_of(&busy).exit_code, INTERRUPTED_CODE);
        }
        assert_int_equal(code_for("hello"), LOCKED_CODE);
        assert_int_equal(code_for("unlock"), 0);
    }
}

static void test_it_locks_when_nobody_used_it(void **state)
{
    (void)state;
    atomic_store(&scene.monotonic_ahead_ms, LOCK_AFTER_MS - 20000);
    assert_int_equal(code_for("hello"), 0);
    atomic_store(&scene.monotonic_ahead_ms, 2 * LOCK_AFTER_MS);
    assert_int_equal(code_for("hello"), LOCKED_CODE);
    assert_int_equal(code_for("unlock"), 0);
    /* A wall clock that jumps, as after a sleep that the other does not count. */
    atomic_store(&scene.wall_ahead_ms, LOCK_AFTER_MS + 1000);
    assert_int_equal(code_for("hello"), LOCKED_CODE);
    assert_int_equal(code_for("unlock"), 0);
    /* Set back, it does not put the lock off. */
    atomic_store(&scene.wall_ahead_ms, -1000000000);
    assert_int_equal(code_for("hello"), 0);
    atomic_store(&scene.monotonic_ahead_ms, 4 * LOCK_AFTER_MS);
    assert_int_equal(code_for("hello"), LOCKED_CODE);
}

static void test_it_locks_without_being_asked(void **state)
{
    struct cs_replica *replica = NULL;
    (void)state;
    struct caller waiting = ask("read");
    (void)usleep(100000);
    atomic_store(&scene.wall_ahead_ms, LOCK_AFTER_MS + 1000);
    /* The keeper looks every five seconds; what waits for a person does not put it off. */
    assert_int_equal(answer_of(&waiting).exit_code, INTERRUPTED_CODE);
    enum cs_status status = CS_BUSY;
    for (int i = 0; i < 5 && status == CS_BUSY; i++) {
        status = cs_replica_open(&scene.world, scene.home, cs_registry_core(),
                                 scene.organisation->identity, &replica, NULL);
    }
    assert_ok(status);
    cs_replica_close(replica);
}

static void test_broken_callers_do_no_harm(void **state)
{
    static const char garbage[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int half_open[8];
    struct cs_agent_answer answer;
    (void)state;
    for (size_t i = 0; i < CS_COUNT(half_open); i++) {
        half_open[i] = cs_agent_connect(scene.home);
        assert_int_equal(send(half_open[i], "CSAG", i % 5, MSG_NOSIGNAL), i % 5);
    }
    int connection = cs_agent_connect(scene.home);
    assert_int_equal(send(connection, garbage, sizeof garbage, MSG_NOSIGNAL), sizeof garbage);
    assert_ok(cs_agent_await(connection, &answer));
    assert_int_equal(answer.kind, CS_AGENT_REFUSED);
    assert_non_null(strstr(answer.text, "malformed"));
    (void)close(connection);
    assert_int_equal(code_for("hello"), 0);
    for (size_t i = 0; i < CS_COUNT(half_open); i++) {
        (void)close(half_open[i]);
    }
    assert_int_equal(code_for("hello"), 0);
}

static void test_many_callers_at_once(void **state)
{
    struct caller callers[100];
    (void)state;
    for (size_t i = 0; i < CS_COUNT(callers); i++) {
        callers[i] = ask("hello");
    }
    for (size_t i = 0; i < CS_COUNT(callers); i++) {
        assert_int_equal(answer_of(&callers[i]).exit_code, 0);
    }
}

static void test_it_syncs_by_itself(void **state)
{
    (void)state;
    wait_for_network(1); /* soon after it was unlocked */
    assert_int_equal(code_for("hello"), 0);
    struct caller lock = ask("lock"); /* hangs up */
    assert_int_equal(answer_of(&lock).exit_code, 0);
    assert_int_equal(atomic_load(&scene.on_network), 0);
    assert_int_equal(code_for("unlock"), 0);
    wait_for_network(2);
    open_gate();
    assert_int_equal(code_for("hello"), 0);
}

static int setup_syncing(void **state)
{
    (void)setup_home(state);
    begin(300000);
    return 0;
}

static int group_setup(void **state)
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_command_and_its_answer),
        TEST(test_lock_and_unlock),
        TEST(test_a_slow_reader_keeps_nobody_waiting),
        TEST(test_a_reader_that_goes),
        TEST(test_who_waits_for_a_person_gives_way),
        TEST(test_a_caller_that_goes_ends_its_command),
        TEST(test_who_is_on_the_network_gives_way),
        TEST(test_who_stays_alone_does_not),
        TEST(test_one_at_a_time_speaks_with_the_server),
        TEST(test_a_lock_ends_what_waits_and_what_runs),
        TEST(test_it_locks_when_nobody_used_it),
        TEST(test_it_locks_without_being_asked),
        TEST(test_broken_callers_do_no_harm),
        TEST(test_many_callers_at_once),
        cmocka_unit_test_setup_teardown(test_it_syncs_by_itself, setup_syncing, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, fixture_group_teardown);
}
