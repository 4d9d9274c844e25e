/* A running agent and its callers: turns, giving way, lock, clocks, callers that go away. */
#include "tests/support/sqlite_pages.h"
#include "tests/unit/field_client_agent/agent_scene.h"

#define REST_AFTER_MS 30000

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

static void *unlock_apart(void *context)
{
    struct cs_problem problem = {""};
    (void)context;
    return cs_agent_unlock(scene.agent, T(FIXTURE_PASSPHRASE), &problem) == CS_OK ? NULL
                                                                                  : scene.agent;
}

static void test_two_that_unlock_open_it_once(void **state)
{
    pthread_t threads[4];
    struct cs_agent_view before;
    struct cs_agent_view after;
    void *failed = NULL;
    (void)state;
    assert_int_equal(code_for("lock"), 0);
    cs_agent_look(scene.agent, &before);
    for (size_t i = 0; i < CS_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, unlock_apart, NULL), 0);
    }
    assert_int_equal(code_for("unlock"), 0);
    for (size_t i = 0; i < CS_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    cs_agent_look(scene.agent, &after);
    assert_true(after.unlocked);
    assert_int_equal(after.generation, before.generation + 1);
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
    static const char *const names[] = {"sync", "share"};
    for (int i = 0; i < 2; i++) {
        struct caller talker = ask(names[i]);
        wait_for_network(i + 1);
        assert_int_equal(code_for("hello"), 0);
        /* What is no sync is not told as one. */
        assert_int_equal(code_for("syncing"), i);
        open_gate();
        assert_int_equal(answer_of(&talker).exit_code, 0);
    }
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
    static const char *const names[] = {"read", "sync", "share", "query"};
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

/* However many commands wait for somebody, a lock gets in, and ends them. */
static void test_commands_that_wait_do_not_keep_out_a_lock(void **state)
{
    struct caller waiting[CS_AGENT_COMMANDS_MAX];
    int code = 0;
    (void)state;
    for (size_t i = 0; i < CS_COUNT(waiting); i++) {
        waiting[i] = ask("read");
    }
    for (int i = 0; i < 200 && code == 0; i++) {
        code = code_for("hello");
        (void)usleep(20000);
    }
    assert_int_equal(code, 1);
    assert_int_equal(code_for("lock"), 0);
    for (size_t i = 0; i < CS_COUNT(waiting); i++) {
        assert_int_equal(answer_of(&waiting[i]).exit_code, INTERRUPTED_CODE);
    }
    assert_int_equal(code_for("unlock"), 0);
    assert_int_equal(code_for("hello"), 0);
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

static void test_it_keeps_no_pages_that_nobody_uses(void **state)
{
    (void)state;
    assert_int_equal(code_for("hello"), 0);
    int64_t before = sqlite_pages_kept();
    assert_true(before > 0);
    atomic_fetch_add(&scene.monotonic_ahead_ms, REST_AFTER_MS);
    for (int i = 0; i < 200 && sqlite_pages_kept() >= before; i++) {
        assert_int_equal(usleep(50000), 0);
    }
    assert_true(sqlite_pages_kept() < before);
    assert_int_equal(code_for("hello"), 0);
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_command_and_its_answer),
        TEST(test_lock_and_unlock),
        TEST(test_two_that_unlock_open_it_once),
        TEST(test_a_slow_reader_keeps_nobody_waiting),
        TEST(test_a_reader_that_goes),
        TEST(test_who_waits_for_a_person_gives_way),
        TEST(test_a_caller_that_goes_ends_its_command),
        TEST(test_who_is_on_the_network_gives_way),
        TEST(test_who_stays_alone_does_not),
        TEST(test_one_at_a_time_speaks_with_the_server),
        TEST(test_a_lock_ends_what_waits_and_what_runs),
        TEST(test_commands_that_wait_do_not_keep_out_a_lock),
        TEST(test_it_keeps_no_pages_that_nobody_uses),
        TEST(test_it_locks_when_nobody_used_it),
        TEST(test_it_locks_without_being_asked),
        TEST(test_broken_callers_do_no_harm),
        TEST(test_many_callers_at_once),
        cmocka_unit_test_setup_teardown(test_it_syncs_by_itself, setup_syncing, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, fixture_group_teardown);
}
