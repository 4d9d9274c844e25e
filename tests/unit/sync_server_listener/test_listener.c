/* Tests of the listener as a whole over loopback sockets: requests, group commit, caps, stopping. */
#include "tests/support/listener_fixture.h"

#include "shared/base/memory.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static void assert_echo(struct tls_client *client, const char *body)
{
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, 5 + strlen(body));
    assert_memory_equal(answer.body.data, "echo:", 5);
    if (body[0] != '\0') {
        assert_memory_equal(answer.body.data + 5, body, strlen(body));
    }
    cs_buffer_release(&answer.body);
}

static void one_request_is_answered(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(client, "hello"));
    assert_echo(client, "hello");
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 1);
    assert_int_equal(listener_fixture_read(fixture, &fixture->committed), 1);
    struct cs_listener_counters counters = listener_fixture_counters(fixture);
    assert_int_equal(counters.accepted, 1);
    assert_int_equal(counters.requests, 1);
    assert_int_equal(counters.answers_ok, 1);
    assert_int_equal(counters.batches, 1);
    assert_true(counters.bytes_in > 100 && counters.bytes_out > 100);
}

static void many_devices_share_a_commit(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    listener_fixture_gate(fixture, FIXTURE_GATE_CLOSED);
    struct tls_client *clients[12];
    for (size_t i = 0; i < CS_COUNT(clients); i++) {
        clients[i] = listener_fixture_client(fixture);
        assert_true(listener_fixture_post_text(clients[i], "together"));
        if (i == 0) {
            listener_fixture_wait(fixture, &fixture->waiting_at_gate, 1);
        }
    }
    listener_fixture_wait(fixture, &fixture->opened, CS_COUNT(clients));
    usleep(50000); /* the last of them is between open and the queue */
    assert_int_equal(listener_fixture_read(fixture, &fixture->replied), 0);
    listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
    for (size_t i = 0; i < CS_COUNT(clients); i++) {
        assert_echo(clients[i], "together");
        tls_client_close(clients[i], TLS_CLIENT_POLITE);
    }
    assert_int_equal(listener_fixture_read(fixture, &fixture->committed), CS_COUNT(clients));
    assert_in_range(listener_fixture_read(fixture, &fixture->batches), 2, 4);
    assert_int_equal(fixture->batch_sizes[0], 1);
    assert_true(fixture->batch_sizes[1] >= 8);
}

static void the_service_decides_the_status(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {{"malformed", 400}, {"busy", 503}, {"fail", 503}, {"big:99999999", 400},
                 {"big:0", 200},     {"", 200},     {"x", 200}};
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct tls_client *client = listener_fixture_client(fixture);
        assert_true(listener_fixture_post_text(client, cases[i].body));
        struct tls_answer answer;
        tls_client_answer(client, &answer);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(answer.closes, cases[i].status != 200);
        if (cases[i].status != 200) {
            assert_int_equal(answer.body.size, 0);
            assert_true(tls_client_at_end(client));
        }
        cs_buffer_release(&answer.body);
        tls_client_close(client, TLS_CLIENT_POLITE);
    }
    assert_int_equal(listener_fixture_counters(fixture).answers_failed, 2);
    assert_int_equal(listener_fixture_counters(fixture).answers_refused, 2);
}

static void large_bodies_and_answers_pass_whole(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    size_t size = fixture->options.limits.body_bytes_max;
    uint8_t *body = malloc(size);
    assert_non_null(body);
    for (size_t i = 0; i < size; i++) {
        body[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    assert_true(listener_fixture_post(client, cs_bytes_make(body, size)));
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, size + 5);
    assert_memory_equal(answer.body.data + 5, body, size);
    cs_buffer_release(&answer.body);
    /* The connection serves on. */
    assert_true(listener_fixture_post_text(client, "big:16777216"));
    tls_client_answer(client, &answer);
    assert_int_equal(answer.body.size, 16777216);
    cs_buffer_release(&answer.body);
    tls_client_close(client, TLS_CLIENT_POLITE);
    free(body);
}

static void an_address_has_a_cap_on_connections(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.connections_per_address_max = 2;
    listener_fixture_start(fixture);
    struct tls_client *first = listener_fixture_client(fixture);
    struct tls_client *second = listener_fixture_client(fixture);
    assert_null(tls_client_open(fixture->port, NULL));
    assert_int_equal(listener_fixture_counters(fixture).refused, 1);
    tls_client_close(first, TLS_CLIENT_POLITE);
    struct tls_client *third = NULL;
    for (int i = 0; i < 100 && third == NULL; i++) {
        usleep(10000);
        third = tls_client_open(fixture->port, NULL);
    }
    assert_non_null(third);
    tls_client_close(second, TLS_CLIENT_POLITE);
    tls_client_close(third, TLS_CLIENT_POLITE);
}

static void idle_connections_make_room_for_new_ones(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.connections_max = 2;
    listener_fixture_start(fixture);
    struct tls_client *old = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(old, "a"));
    assert_echo(old, "a");
    usleep(5000);
    struct tls_client *newer = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(newer, "b"));
    assert_echo(newer, "b");
    struct tls_client *newest = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(newest, "c"));
    assert_echo(newest, "c");
    assert_true(tls_client_at_end(old));
    assert_true(listener_fixture_post_text(newer, "d"));
    assert_echo(newer, "d");
    assert_int_equal(listener_fixture_counters(fixture).evicted, 1);
    tls_client_close(old, TLS_CLIENT_ABRUPT);
    tls_client_close(newer, TLS_CLIENT_POLITE);
    tls_client_close(newest, TLS_CLIENT_POLITE);
}

static void *open_and_post(void *argument)
{
    struct listener_fixture *fixture = argument;
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(client, "waits"));
    assert_echo(client, "waits");
    tls_client_close(client, TLS_CLIENT_POLITE);
    return NULL;
}

static void a_full_server_lets_connections_wait(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.connections_max = 1;
    listener_fixture_start(fixture);
    listener_fixture_gate(fixture, FIXTURE_GATE_CLOSED);
    struct tls_client *busy = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(busy, "busy one"));
    pthread_t waiter;
    assert_int_equal(pthread_create(&waiter, NULL, open_and_post, fixture), 0);
    usleep(500000); /* past a retry */
    assert_int_equal(listener_fixture_counters(fixture).accepted, 1);
    listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
    assert_int_equal(tls_client_status(busy), 503);
    assert_int_equal(pthread_join(waiter, NULL), 0);
    assert_int_equal(listener_fixture_counters(fixture).accepted, 2);
    tls_client_close(busy, TLS_CLIENT_POLITE);
}

static void offenders_are_kept_out_for_a_while(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.penalty_max = 20;
    fixture->options.limits.penalty_half_life_ms = 1500;
    listener_fixture_start(fixture);
    for (int i = 0; i < 3; i++) {
        struct tls_client *client = tls_client_open(fixture->port, NULL);
        if (client == NULL) {
            break; /* two are enough */
        }
        assert_true(tls_client_send_text(client, "nonsense"));
        assert_int_equal(tls_client_status(client), 400);
        tls_client_close(client, TLS_CLIENT_POLITE);
    }
    assert_null(tls_client_open(fixture->port, NULL));
    assert_true(listener_fixture_counters(fixture).refused > 0);
    (void)sleep(2);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(client, "sorry"));
    assert_echo(client, "sorry");
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void stopping_finishes_the_requests_in_progress(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    listener_fixture_gate(fixture, FIXTURE_GATE_CLOSED);
    struct tls_client *working = listener_fixture_client(fixture);
    struct tls_client *idle = listener_fixture_client(fixture);
    struct tls_client *halfway = listener_fixture_client(fixture);
    /* Answers show how far the server is: in TLS 1.3 a client is done with the handshake before it. */
    assert_true(tls_client_send_text(idle, "GET /v1/health HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(tls_client_status(idle), 200);
    assert_true(tls_client_send_text(halfway, "POST /v1/exchange HTTP/1.1\r\nHost: h\r\n"
                                              "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    char interim[64];
    tls_client_interim(halfway, interim, sizeof interim);
    assert_string_equal(interim, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(tls_client_send_text(halfway, "ha"));
    assert_true(listener_fixture_post_text(working, "working"));
    listener_fixture_wait(fixture, &fixture->waiting_at_gate, 1);
    cs_listener_stop(fixture->listener);
    assert_true(tls_client_at_end(idle));
    assert_null(tls_client_open(fixture->port, NULL));
    assert_true(tls_client_send_text(halfway, "lf"));
    listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
    struct tls_answer answer;
    tls_client_answer(working, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(answer.closes);
    cs_buffer_release(&answer.body);
    assert_echo(halfway, "half");
    tls_client_close(working, TLS_CLIENT_POLITE);
    tls_client_close(idle, TLS_CLIENT_POLITE);
    tls_client_close(halfway, TLS_CLIENT_POLITE);
    listener_fixture_join(fixture);
    assert_int_equal(fixture->replied, 2);
}

static void the_grace_of_stopping_is_bounded(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.stop_grace_ms = 100;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, "POST /v1/exchange HTTP/1.1\r\n"));
    usleep(50000);
    cs_listener_stop(fixture->listener);
    listener_fixture_join(fixture);
    assert_true(tls_client_at_end(client));
    assert_int_equal(fixture->opened, 0);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

static void a_second_stop_ends_the_grace(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    listener_fixture_gate(fixture, FIXTURE_GATE_CLOSED);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(client, "stuck"));
    listener_fixture_wait(fixture, &fixture->waiting_at_gate, 1);
    cs_listener_stop(fixture->listener);
    cs_listener_stop(fixture->listener);
    assert_true(tls_client_at_end(client));
    listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
    listener_fixture_join(fixture);
    assert_int_equal(fixture->committed, 1);
    assert_int_equal(fixture->replied, 0);
    assert_int_equal(fixture->discarded, 1);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

static void a_signal_stops_as_well(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    listener_fixture_join(fixture);
    assert_true(tls_client_at_end(client));
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

static void stopping_before_running_is_kept(void **state)
{
    struct listener_fixture *fixture = *state;
    struct cs_listener_service service = {.context = fixture};
    assert_int_equal(
        cs_listener_create(&fixture->options, &service, NULL, &fixture->listener, NULL), CS_OK);
    cs_listener_stop(fixture->listener);
    assert_int_equal(cs_listener_run(fixture->listener), CS_OK);
    cs_listener_stop(fixture->listener);
}

/* Creating with the fixture's options has to fail. */
static void assert_create(struct listener_fixture *fixture, enum cs_status status, const char *text)
{
    struct cs_listener_service service = {.context = fixture};
    struct cs_listener *listener = NULL;
    struct cs_problem problem = {""};
    assert_int_equal(cs_listener_create(&fixture->options, &service, NULL, &listener, &problem),
                     status);
    assert_null(listener);
    if (strstr(problem.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, problem.text);
    }
}

static void what_cannot_be_bound_is_refused_with_a_reason(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    char taken[32];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)fixture->port);
    fixture->options.address = taken;
    assert_create(fixture, CS_BUSY, "in use by another program");
    fixture->options.address = "nonsense";
    assert_create(fixture, CS_INVALID, "HOST:PORT");
    fixture->options.address = "203.0.113.1:8443";
    assert_create(fixture, CS_INVALID, "not an address of this machine");
}

static void a_key_that_does_not_fit_is_refused(void **state)
{
    struct listener_fixture *fixture = *state;
    struct cs_bytes key = fixture->options.tls_key;
    fixture->options.tls_key = cs_bytes_of_text("no key");
    assert_create(fixture, CS_INVALID, "key cannot be read");
    fixture->options.tls_key = key;
    fixture->options.tls_certificate = cs_bytes_of_text("no certificate");
    assert_create(fixture, CS_INVALID, "certificate cannot be read");
}

static void too_few_descriptors_are_refused(void **state)
{
    struct listener_fixture *fixture = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit small = {40, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    assert_create(fixture, CS_LIMIT, "ulimit -n");
    fixture->options.limits.descriptors_reserved = 38;
    listener_fixture_start(fixture); /* two connections fit */
    struct tls_client *clients[3];
    for (size_t i = 0; i < CS_COUNT(clients); i++) {
        clients[i] = listener_fixture_client(fixture);
    }
    assert_int_equal(listener_fixture_counters(fixture).evicted, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < CS_COUNT(clients); i++) {
        tls_client_close(clients[i], TLS_CLIENT_ABRUPT);
    }
}

static void creating_without_memory_is_clean(void **state)
{
    struct listener_fixture *fixture = *state;
    struct cs_listener_service service = {.context = fixture};
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (; status != CS_OK && failures < 100; failures++) {
        struct cs_listener *listener = NULL;
        cs_memory_fail_after(failures);
        status = cs_listener_create(&fixture->options, &service, NULL, &listener, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_NO_MEMORY || status == CS_OK);
        assert_true((listener != NULL) == (status == CS_OK));
        cs_listener_destroy(listener);
    }
    assert_int_equal(status, CS_OK);
    assert_true(failures > 5);
}

/* Logging is done on the loop's thread: the way to fail the allocations of that thread. */
static void fail_on_listening(void *context, enum cs_log_level level, const char *text)
{
    (void)level;
    if (strstr(text, "listening") != NULL) {
        cs_memory_fail_after(*(const long *)context);
    }
}

/* The status of one exchange on a connection of its own; 0 if there is no answer. */
static int exchange(struct listener_fixture *fixture)
{
    int status = 0;
    struct tls_client *client = tls_client_open(fixture->port, NULL);
    if (client != NULL && listener_fixture_post_text(client, "scarce")) {
        status = tls_client_status(client);
    }
    tls_client_close(client, TLS_CLIENT_POLITE);
    return status;
}

/* How many of three exchanges fail when the nth allocation of the loop fails. */
static unsigned failures_of(long nth)
{
    struct listener_fixture fixture;
    struct cs_log log = {&nth, CS_LOG_DEBUG, fail_on_listening};
    unsigned failures = 0;
    listener_fixture_init(&fixture);
    fixture.log = &log;
    listener_fixture_start(&fixture);
    for (int i = 0; i < 3; i++) {
        int status = exchange(&fixture);
        assert_true(status == 200 || status == 503 || status == 0);
        failures += status != 200;
    }
    listener_fixture_release(&fixture);
    return failures;
}

static void serving_without_memory_costs_one_connection(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (long nth = 0; nth < 30; nth++) {
        unsigned failures = failures_of(nth);
        assert_in_range(failures, 0, 1);
        failed += failures;
    }
    assert_in_range(failed, 10, 30);
}

struct log_lines {
    pthread_mutex_t mutex;
    char text[2048];
};

static void log_line(void *context, enum cs_log_level level, const char *text)
{
    struct log_lines *lines = context;
    (void)level;
    pthread_mutex_lock(&lines->mutex);
    size_t used = strlen(lines->text);
    (void)snprintf(lines->text + used, sizeof lines->text - used, "%s\n", text);
    pthread_mutex_unlock(&lines->mutex);
}

static void start_and_stop_are_logged(void **state)
{
    struct listener_fixture *fixture = *state;
    struct cs_listener_service service = {.context = fixture};
    struct log_lines lines = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct cs_log log = {&lines, CS_LOG_DEBUG, log_line};
    assert_int_equal(
        cs_listener_create(&fixture->options, &service, &log, &fixture->listener, NULL), CS_OK);
    cs_listener_stop(fixture->listener);
    assert_int_equal(cs_listener_run(fixture->listener), CS_OK);
    assert_non_null(strstr(lines.text, "listening"));
    assert_non_null(strstr(lines.text, "stopping"));
    assert_non_null(strstr(lines.text, "stopped"));
}

#define WITH_LISTENER(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, listener_fixture_setup, listener_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LISTENER(one_request_is_answered),
        WITH_LISTENER(many_devices_share_a_commit),
        WITH_LISTENER(the_service_decides_the_status),
        WITH_LISTENER(large_bodies_and_answers_pass_whole),
        WITH_LISTENER(an_address_has_a_cap_on_connections),
        WITH_LISTENER(idle_connections_make_room_for_new_ones),
        WITH_LISTENER(a_full_server_lets_connections_wait),
        WITH_LISTENER(offenders_are_kept_out_for_a_while),
        WITH_LISTENER(stopping_finishes_the_requests_in_progress),
        WITH_LISTENER(the_grace_of_stopping_is_bounded),
        WITH_LISTENER(a_second_stop_ends_the_grace),
        WITH_LISTENER(a_signal_stops_as_well),
        WITH_LISTENER(stopping_before_running_is_kept),
        WITH_LISTENER(what_cannot_be_bound_is_refused_with_a_reason),
        WITH_LISTENER(a_key_that_does_not_fit_is_refused),
        WITH_LISTENER(too_few_descriptors_are_refused),
        WITH_LISTENER(creating_without_memory_is_clean),
        cmocka_unit_test(serving_without_memory_costs_one_connection),
        WITH_LISTENER(start_and_stop_are_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
