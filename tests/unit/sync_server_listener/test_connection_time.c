/* Tests of the time that a connection is given: handshake, idle, heads, bodies and answers. */
#include "tests/unit/sync_server_listener/connection_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_handshake_has_to_come_in_time(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.handshake_ms_max = 150;
    listener_fixture_start(fixture);
    int64_t start = now_ms();
    int socket = tcp_open(fixture->port);
    char byte;
    assert_true(tcp_receive(socket, &byte, 1) <= 0);
    assert_in_range(now_ms() - start, 100, 3000);
    assert_int_equal(close(socket), 0);
    assert_int_equal(listener_fixture_counters(fixture).timeouts, 1);
}

static void idle_connections_are_closed(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.idle_ms_max = 150;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post_text(client, "x"));
    assert_int_equal(tls_client_status(client), 200);
    int64_t start = now_ms();
    assert_true(tls_client_at_end(client));
    assert_in_range(now_ms() - start, 100, 3000);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_counters(fixture).timeouts, 0);
}

static void slow_heads_are_cut(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.header_ms_max = 200;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    int64_t start = now_ms();
    /* One byte at a time, each well within any idle limit: slowloris. */
    bool sent = true;
    for (int i = 0; i < 40 && sent && now_ms() - start < 300; i++) {
        sent = tls_client_send_text(client, i == 0 ? "G" : "E");
        usleep(20000);
    }
    assert_int_equal(tls_client_status(client), 408);
    assert_in_range(now_ms() - start, 150, 3000);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
    assert_int_equal(listener_fixture_counters(fixture).timeouts, 1);
}

static void slow_bodies_are_cut(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.rate_grace_ms = 100;
    fixture->options.limits.rate_min = 1000;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, POST HOST "Content-Length: 5000\r\n\r\n"));
    int64_t start = now_ms();
    bool sent = true;
    /* 10 bytes in 20 ms are half of what is asked for. */
    while (sent && now_ms() - start < 500) {
        sent = tls_client_send_text(client, "0123456789");
        usleep(20000);
    }
    assert_int_equal(tls_client_status(client), 408);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 0);
}

static void a_body_fast_enough_goes_through(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.rate_grace_ms = 500;
    fixture->options.limits.rate_min = 1000;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, POST HOST "Content-Length: 2000\r\n\r\n"));
    char piece[100];
    memset(piece, 'p', sizeof piece);
    for (int i = 0; i < 20; i++) {
        assert_true(tls_client_send(client, piece, sizeof piece));
        usleep(3000);
    }
    assert_int_equal(tls_client_status(client), 200);
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void a_body_has_an_absolute_deadline(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.body_ms_max = 250;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, POST HOST "Content-Length: 100000\r\n\r\n"));
    char piece[1000];
    memset(piece, 'p', sizeof piece);
    int64_t start = now_ms();
    bool sent = true;
    while (sent && now_ms() - start < 350) {
        sent = tls_client_send(client, piece, sizeof piece);
        usleep(20000);
    }
    assert_int_equal(tls_client_status(client), 408);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 0);
}

/* Waits until the connection count of the listener shows in its sums. */
static void wait_for_timeouts(struct listener_fixture *fixture, uint64_t wanted)
{
    for (int i = 0; i < 500 && listener_fixture_counters(fixture).timeouts < wanted; i++) {
        usleep(10000);
    }
    assert_int_equal(listener_fixture_counters(fixture).timeouts, wanted);
}

static void answers_that_nobody_takes_are_cut(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.write_stall_ms_max = 200;
    listener_fixture_start(fixture);
    struct tls_client_options options = {.receive_buffer = 4096};
    struct tls_client *client = tls_client_open(fixture->port, &options);
    assert_non_null(client);
    assert_true(listener_fixture_post_text(client, "big:16777216"));
    wait_for_timeouts(fixture, 1);
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    assert_int_equal(answer.status, 0);
    assert_true(answer.body.size < 16777216);
    cs_buffer_release(&answer.body);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

static void answers_that_are_taken_too_slowly_are_cut(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.rate_grace_ms = 200;
    fixture->options.limits.rate_min = 1u << 30;
    listener_fixture_start(fixture);
    struct tls_client_options options = {.receive_buffer = 4096};
    struct tls_client *client = tls_client_open(fixture->port, &options);
    assert_non_null(client);
    assert_true(listener_fixture_post_text(client, "big:16777216"));
    wait_for_timeouts(fixture, 1);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

static void peers_that_do_not_close_are_closed(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.linger_ms_max = 150;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, "nonsense"));
    assert_int_equal(tls_client_status(client), 400);
    /* The client keeps its side open: stopping would wait for it without the limit. */
    int64_t start = now_ms();
    cs_listener_stop(fixture->listener);
    listener_fixture_join(fixture);
    assert_true(now_ms() - start < 3000);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
}

/* --- Peers that go away --- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LISTENER(a_handshake_has_to_come_in_time),
        WITH_LISTENER(idle_connections_are_closed),
        WITH_LISTENER(slow_heads_are_cut),
        WITH_LISTENER(slow_bodies_are_cut),
        WITH_LISTENER(a_body_fast_enough_goes_through),
        WITH_LISTENER(a_body_has_an_absolute_deadline),
        WITH_LISTENER(answers_that_nobody_takes_are_cut),
        WITH_LISTENER(answers_that_are_taken_too_slowly_are_cut),
        WITH_LISTENER(peers_that_do_not_close_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
