/* Tests of what one connection lets through: HTTP rules, limits, cuts at every byte, TLS. */
#include "tests/unit/sync_server_listener/connection_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The status that a request is answered with on a connection of its own; 4xx and 5xx have to close it. */
static int status_of(struct listener_fixture *fixture, const char *request)
{
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, request));
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    if (answer.status >= 400) {
        assert_true(answer.closes);
        assert_true(tls_client_at_end(client));
    }
    cs_buffer_release(&answer.body);
    tls_client_close(client, TLS_CLIENT_POLITE);
    return answer.status;
}

static void requests_are_judged_by_the_rules(void **state)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /v1/health HTTP/1.1\r\n" HOST "\r\n", 200},
        {POST HOST "Content-Length: 2\r\n\r\nab", 200},
        {POST "HOST:h\r\ncontent-length:2  \r\n\r\nab", 200},
        {POST HOST "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nab", 200},
        {POST HOST "Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nab", 200},
        {"GET / HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET /v1/health/ HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET /v1/health?x HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET http://h/v1/health HTTP/1.1\r\n" HOST "\r\n", 404},
        {"GET /v1/exchange HTTP/1.1\r\n" HOST "\r\n", 405},
        {"PUT /v1/exchange HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405},
        {"HEAD /v1/health HTTP/1.1\r\n" HOST "\r\n", 405},
        {"POST /v1/health HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405},
        {"GET /v1/health HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 400},
        {POST HOST "\r\n", 411},
        {POST HOST "Content-Length: 99999999\r\n\r\n", 413},
        {POST HOST "Content-Type: text/html\r\nContent-Length: 2\r\n\r\nab", 415},
        {POST HOST "Expect: a miracle\r\nContent-Length: 2\r\n\r\nab", 417},
        {POST HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 400},
        {POST HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab", 400},
        {POST HOST "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab", 400},
        {POST "Content-Length: 2\r\n\r\nab", 400},
        {POST HOST HOST "Content-Length: 2\r\n\r\nab", 400},
        {POST HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400},
        {POST HOST "Content-Length: 2, 2\r\n\r\nab", 400},
        {POST HOST "Content-Length: +2\r\n\r\nab", 400},
        {POST HOST "Content-Length: -2\r\n\r\nab", 400},
        {POST HOST "Content-Length: 0x2\r\n\r\nab", 400},
        {POST HOST "Content-Length: \r\n\r\nab", 400},
        {POST HOST "Content-Length: 18446744073709551618\r\n\r\nab", 400},
        {"POST /v1/exchange HTTP/1.1\n" HOST "Content-Length: 2\r\n\r\nab", 400},
        {POST "Host: h\nContent-Length: 2\r\n\r\nab", 400},
        {POST HOST "Content-Length: 2\n\nab", 400},
        {POST HOST "Content-Length: 2\r\rab", 400},
        {POST HOST "Content-Length: 2\r\n folded\r\n\r\nab", 400},
        {POST HOST "Content-Length : 2\r\n\r\nab", 400},
        {"\r\n" POST HOST "Content-Length: 2\r\n\r\nab", 400},
        {"POST /v1/exchange HTTP/1.0\r\n" HOST "Content-Length: 2\r\n\r\nab", 505},
        {"POST /v1/exchange\r\n\r\n", 400},
        {"hello\r\n\r\n", 400},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    };
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    unsigned accepted = 0;
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        int status = status_of(fixture, cases[i].request);
        if (status != cases[i].status) {
            fail_msg("%d instead of %d for %s", status, cases[i].status, cases[i].request);
        }
        accepted += status == 200 && cases[i].request[0] == 'P';
    }
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), accepted);
}

static void health_says_ok(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    for (int i = 0; i < 3; i++) {
        assert_true(tls_client_send_text(client, "GET /v1/health HTTP/1.1\r\n" HOST "\r\n"));
        struct tls_answer answer;
        tls_client_answer(client, &answer);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body.size, 3);
        assert_memory_equal(answer.body.data, "ok\n", 3);
        assert_false(answer.closes);
        cs_buffer_release(&answer.body);
    }
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void a_connection_serves_a_bounded_number_of_requests(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.requests_per_connection_max = 3;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    for (int i = 0; i < 3; i++) {
        assert_true(listener_fixture_post_text(client, "again"));
        struct tls_answer answer;
        tls_client_answer(client, &answer);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.closes, i == 2);
        cs_buffer_release(&answer.body);
    }
    assert_true(tls_client_at_end(client));
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_counters(fixture).accepted, 1);
}

static void the_peer_may_ask_to_close(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(
        tls_client_send_text(client, POST HOST "Connection: close\r\nContent-Length: 2\r\n\r\nab"));
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(answer.closes);
    assert_true(tls_client_at_end(client));
    cs_buffer_release(&answer.body);
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void requests_sent_at_once_are_answered_in_turn(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client,
                                     POST HOST "Content-Length: 3\r\n\r\none"
                                               "GET /v1/health HTTP/1.1\r\n" HOST "\r\n" POST HOST
                                               "Content-Length: 3\r\n\r\ntwo"));
    static const char *const bodies[] = {"echo:one", "ok\n", "echo:two"};
    for (size_t i = 0; i < CS_COUNT(bodies); i++) {
        struct tls_answer answer;
        tls_client_answer(client, &answer);
        assert_int_equal(answer.status, 200);
        assert_true(cs_bytes_equal_text(cs_buffer_bytes(&answer.body), bodies[i]));
        cs_buffer_release(&answer.body);
    }
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void expectations_are_met_before_the_body(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send_text(client, POST HOST
                                     "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    char head[64] = "";
    tls_client_interim(client, head, sizeof head);
    assert_string_equal(head, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(tls_client_send_text(client, "body"));
    assert_int_equal(tls_client_status(client), 200);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(
        status_of(fixture, POST HOST "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"),
        413);
}

/* A head with `fields` fields beside Host and Content-Length and `filling` bytes in the last of them. */
static char *head_of(size_t fields, size_t filling)
{
    size_t size = fields * 16 + filling + 256;
    char *text = malloc(size);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, size, "%s", POST HOST "Content-Length: 2\r\n");
    for (size_t i = 0; i < fields; i++) {
        used += (size_t)snprintf(text + used, size - used, "X-%zu: y\r\n", i);
    }
    memset(text + used, 'z', filling);
    used += filling;
    (void)snprintf(text + used, size - used, "%s", filling > 0 ? ": v\r\n\r\nab" : "\r\nab");
    return text;
}

static void heads_are_limited(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    static const struct {
        size_t fields, filling;
        int status;
    } cases[] = {{62, 0, 200}, {63, 0, 431}, {0, 16000, 200}, {0, 17000, 431}, {0, 100000, 431}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        char *head = head_of(cases[i].fields, cases[i].filling);
        assert_int_equal(status_of(fixture, head), cases[i].status);
        free(head);
    }
}

static void oversized_bodies_are_refused_though_being_sent(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.body_bytes_max = 1000;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    uint8_t body[1001] = {0};
    assert_true(listener_fixture_post(client, cs_bytes_make(body, 1000)));
    assert_int_equal(tls_client_status(client), 200);
    assert_true(listener_fixture_post(client, cs_bytes_make(body, 1001)));
    assert_int_equal(tls_client_status(client), 413);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 1);
    assert_int_equal(fixture->largest_body, 1000);
}

static void full_buffers_refuse_bodies_and_recover(void **state)
{
    struct listener_fixture *fixture = *state;
    fixture->options.limits.buffered_bytes_max = 100000;
    listener_fixture_start(fixture);
    uint8_t *body = calloc(1, 200000);
    assert_non_null(body);
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post(client, cs_bytes_make(body, 200000)));
    assert_int_equal(tls_client_status(client), 503);
    tls_client_close(client, TLS_CLIENT_POLITE);
    client = listener_fixture_client(fixture);
    assert_true(listener_fixture_post(client, cs_bytes_make(body, 50000)));
    assert_int_equal(tls_client_status(client), 200);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 1);
    free(body);
}

static void a_request_cut_at_any_byte_never_reaches_the_service(void **state)
{
    static const char request[] = POST HOST "Content-Length: 10\r\n\r\n0123456789";
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    for (size_t size = 0; size < sizeof request - 1; size++) {
        struct tls_client *client = listener_fixture_client(fixture);
        assert_true(size == 0 || tls_client_send(client, request, size));
        tls_client_close(client, size % 2 == 0 ? TLS_CLIENT_POLITE : TLS_CLIENT_ABRUPT);
    }
    struct tls_client *client = listener_fixture_client(fixture);
    assert_true(tls_client_send(client, request, sizeof request - 1));
    assert_int_equal(tls_client_status(client), 200);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 1);
}

static void a_request_in_single_bytes_is_whole(void **state)
{
    static const char request[] = POST HOST "Content-Length: 10\r\n\r\n0123456789";
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_true(tls_client_send(client, request + i, 1));
    }
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&answer.body), "echo:0123456789"));
    cs_buffer_release(&answer.body);
    tls_client_close(client, TLS_CLIENT_POLITE);
}

static void a_peer_that_leaves_during_the_work_harms_nothing(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    listener_fixture_gate(fixture, FIXTURE_GATE_CLOSED);
    for (int i = 0; i < 3; i++) {
        struct tls_client *client = listener_fixture_client(fixture);
        assert_true(listener_fixture_post_text(client, "gone soon"));
        tls_client_close(client, TLS_CLIENT_ABRUPT);
    }
    listener_fixture_wait(fixture, &fixture->opened, 3);
    listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
    listener_fixture_wait(fixture, &fixture->committed, 3);
    assert_int_equal(status_of(fixture, POST HOST "Content-Length: 1\r\n\r\nx"), 200);
}

static void a_peer_that_leaves_during_the_answer_harms_nothing(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    for (size_t taken = 0; taken < 40000; taken += 7001) {
        struct tls_client *client = listener_fixture_client(fixture);
        assert_true(listener_fixture_post_text(client, "big:4000000"));
        for (size_t i = 0; i < taken; i += 1000) {
            char head[64];
            tls_client_interim(client, head, sizeof head);
        }
        tls_client_close(client, TLS_CLIENT_ABRUPT);
    }
    assert_int_equal(status_of(fixture, POST HOST "Content-Length: 1\r\n\r\nx"), 200);
}

/* --- TLS --- */

static void wait_for_failed_handshakes(struct listener_fixture *fixture, uint64_t wanted)
{
    for (int i = 0; i < 500 && listener_fixture_counters(fixture).handshakes_failed < wanted; i++) {
        usleep(10000);
    }
    assert_int_equal(listener_fixture_counters(fixture).handshakes_failed, wanted);
}

static void garbage_instead_of_tls_is_cut(void **state)
{
    static const char *const garbage[] = {
        "GET /v1/health HTTP/1.1\r\nHost: h\r\n\r\n", "\x16\x03\x01\xff\xff garbage",
        "\x80\x2e\x01\x03\x01 an SSL 2 hello", "SSH-2.0-OpenSSH_9.2\r\n"};
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    for (size_t i = 0; i < CS_COUNT(garbage); i++) {
        int socket = tcp_open(fixture->port);
        assert_true(socket >= 0);
        assert_true(send(socket, garbage[i], strlen(garbage[i]), MSG_NOSIGNAL) > 0);
        char answer[256] = "";
        ssize_t size = tcp_receive(socket, answer, sizeof answer - 1);
        /* At most an alert of TLS, never HTTP; then the end. */
        assert_true(size <= 7 && strstr(answer, "HTTP") == NULL);
        while (size > 0) {
            size = tcp_receive(socket, answer, sizeof answer);
        }
        assert_int_equal(close(socket), 0);
    }
    wait_for_failed_handshakes(fixture, CS_COUNT(garbage));
    assert_int_equal(status_of(fixture, POST HOST "Content-Length: 1\r\n\r\nx"), 200);
}

/*
 * By hand, for mbedTLS 3 cannot speak them. Apart from the version it is a hello that the server would take: a cipher
 * suite of TLS 1.0, one of ours, and our curve P-256.
 */
static void old_versions_are_refused(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    for (char minor = 1; minor <= 2; minor++) {
        char hello[] = "\x16\x03\x01\x00\x3f"
                       "\x01\x00\x00\x3b\x03\x00"
                       "a random number of 32 characters"
                       "\x00\x00\x04\xc0\x09\xc0\x2b\x01\x00"
                       "\x00\x0e\x00\x0a\x00\x04\x00\x02\x00\x17"
                       "\x00\x0b\x00\x02\x01\x00";
        hello[10] = minor;
        int socket = tcp_open(fixture->port);
        assert_true(send(socket, hello, sizeof hello - 1, MSG_NOSIGNAL) == sizeof hello - 1);
        unsigned char alert[8] = {0};
        assert_int_equal(tcp_receive(socket, alert, sizeof alert), 7);
        assert_int_equal(alert[0], 21);
        assert_int_equal(alert[5], 2);
        assert_int_equal(alert[6], 70); /* protocol_version, RFC 8446 §6.2 */
        assert_int_equal(tcp_receive(socket, alert, sizeof alert), 0);
        assert_int_equal(close(socket), 0);
    }
    wait_for_failed_handshakes(fixture, 2);
}

static void records_that_were_changed_are_refused(void **state)
{
    struct listener_fixture *fixture = *state;
    listener_fixture_start(fixture);
    struct tls_client *client = listener_fixture_client(fixture);
    /* A record of application data that no key of this connection has sealed. */
    assert_true(tls_client_send_raw(client,
                                    "\x17\x03\x03\x00\x20"
                                    "0123456789abcdef0123456789abcdef",
                                    37));
    assert_int_equal(tls_client_status(client), 0);
    tls_client_close(client, TLS_CLIENT_ABRUPT);
    assert_int_equal(listener_fixture_read(fixture, &fixture->opened), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LISTENER(requests_are_judged_by_the_rules),
        WITH_LISTENER(health_says_ok),
        WITH_LISTENER(a_connection_serves_a_bounded_number_of_requests),
        WITH_LISTENER(the_peer_may_ask_to_close),
        WITH_LISTENER(requests_sent_at_once_are_answered_in_turn),
        WITH_LISTENER(expectations_are_met_before_the_body),
        WITH_LISTENER(heads_are_limited),
        WITH_LISTENER(oversized_bodies_are_refused_though_being_sent),
        WITH_LISTENER(full_buffers_refuse_bodies_and_recover),
        WITH_LISTENER(a_request_cut_at_any_byte_never_reaches_the_service),
        WITH_LISTENER(a_request_in_single_bytes_is_whole),
        WITH_LISTENER(a_peer_that_leaves_during_the_work_harms_nothing),
        WITH_LISTENER(a_peer_that_leaves_during_the_answer_harms_nothing),
        WITH_LISTENER(garbage_instead_of_tls_is_cut),
        WITH_LISTENER(old_versions_are_refused),
        WITH_LISTENER(records_that_were_changed_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
