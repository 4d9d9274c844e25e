/* Tests of the transport against scripted TLS servers on the loopback. */
#include "field-client/transport/transport.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "tests/support/fake_world.h"
#include "tests/support/tls_server.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define WHOLE SIZE_MAX
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nsealed bytes"

struct setting {
    struct tls_server *server;
    struct cs_transport *transport;
    struct cs_peer peer;
    char address[32];
    struct cs_buffer response;
    struct cs_problem problem;
};

static void set_port(struct setting *setting, uint16_t port)
{
    (void)snprintf(setting->address, sizeof setting->address, "127.0.0.1:%u", (unsigned)port);
    setting->peer.address = setting->address;
}

/* `options` may be NULL. */
static void begin(struct setting *setting, const char *answer, size_t cut,
                  enum tls_server_then then, const struct cs_transport_options *options)
{
    *setting = (struct setting){0};
    struct tls_server_script script = {cs_bytes_of_text(answer), cut, then};
    setting->server = tls_server_start(&script);
    set_port(setting, tls_server_port(setting->server));
    memcpy(setting->peer.tls_key_hash, tls_server_pin, sizeof tls_server_pin);
    cs_buffer_init(&setting->response, SIZE_MAX / 2);
    assert_int_equal(cs_transport_create(options, &setting->transport), CS_OK);
}

static void end(struct setting *setting)
{
    cs_transport_destroy(setting->transport);
    if (setting->server != NULL) {
        tls_server_stop(setting->server);
    }
    cs_buffer_release(&setting->response);
}

static enum cs_status exchange(struct setting *setting, const char *request)
{
    return cs_transport_exchange(setting->transport, &setting->peer, cs_bytes_of_text(request),
                                 &setting->response, &setting->problem);
}

/* A failure leaves the response as it was, and says something. */
static void assert_failure(struct setting *setting, enum cs_status status, const char *text)
{
    setting->problem.text[0] = '\0';
    cs_buffer_clear(&setting->response);
    cs_buffer_append_text(&setting->response, "before");
    enum cs_status got = exchange(setting, "request");
    if (got != status || strstr(setting->problem.text, text) == NULL) {
        fail_msg("%s: \"%s\"", cs_status_name(got), setting->problem.text);
    }
    assert_int_equal(setting->response.status, CS_OK);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&setting->response), "before"));
}

static void an_answer_is_appended(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    cs_buffer_append_text(&setting.response, "before ");
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&setting.response), "before sealed bytes"));
    struct tls_server_seen seen = tls_server_seen(setting.server);
    assert_int_equal(strncmp(seen.last_request, "POST /v1/exchange HTTP/1.1\r\n", 28), 0);
    assert_non_null(strstr(seen.last_request, "\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(seen.last_request, "\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(seen.last_request, "\r\nContent-Type: application/octet-stream\r\n"));
    assert_non_null(strstr(seen.last_request, "\r\n\r\nrequest"));
    assert_null(strstr(seen.last_request, "Accept"));
    assert_null(strstr(seen.last_request, "Expect"));
    assert_null(strstr(seen.last_request, "User-Agent"));
    end(&setting);
}

static void the_connection_is_used_again(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(exchange(&setting, "request"), CS_OK);
    }
    assert_int_equal(tls_server_seen(setting.server).connections, 1);
    assert_int_equal(tls_server_seen(setting.server).requests, 5);
    assert_int_equal(setting.response.size, 5 * 12);
    end(&setting);
}

static void a_connection_that_the_server_closed_is_made_anew(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_CLOSE_POLITELY, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(exchange(&setting, "request"), CS_OK);
    }
    assert_int_equal(tls_server_seen(setting.server).connections, 3);
    end(&setting);
}

static void bytes_and_requests_are_counted(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    struct cs_transport_counters counters;
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    cs_transport_counters(setting.transport, &counters);
    struct tls_server_seen seen = tls_server_seen(setting.server);
    assert_int_equal(counters.bytes_up, strlen(seen.last_request));
    assert_int_equal(counters.bytes_down, strlen(ANSWER));
    assert_int_equal(counters.requests, 1);
    assert_true(counters.bytes_up < 200);
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    cs_transport_counters(setting.transport, &counters);
    assert_int_equal(counters.bytes_up, 2 * strlen(seen.last_request));
    assert_int_equal(counters.bytes_down, 2 * strlen(ANSWER));
    assert_int_equal(counters.requests, 2);
    end(&setting);
}

struct progress {
    unsigned calls;
    uint64_t up, down;
};

static void on_progress(void *context, uint64_t bytes_up, uint64_t bytes_down)
{
    struct progress *progress = context;
    progress->calls++;
    assert_true(bytes_up >= progress->up && bytes_down >= progress->down);
    progress->up = bytes_up;
    progress->down = bytes_down;
}

static void progress_is_reported(void **state)
{
    (void)state;
    struct progress progress = {0};
    struct cs_transport_options options;
    cs_transport_options_default(&options);
    options.progress = on_progress;
    options.progress_context = &progress;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, &options);
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    assert_true(progress.calls > 0);
    assert_int_equal(progress.up, 7);
    assert_int_equal(progress.down, 12);
    end(&setting);
}

static void it_serves_as_the_exchange_of_a_world(void **state)
{
    (void)state;
    struct setting setting;
    struct fake_world fake;
    fake_world_init(&fake, 1);
    assert_null(fake.world.exchange);
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    cs_transport_attach(setting.transport, &fake.world);
    assert_ptr_equal(fake.world.context, &fake);
    assert_int_equal(fake.world.exchange(fake.world.exchange_context, &setting.peer,
                                         cs_bytes_of_text("by the world"), &setting.response, NULL),
                     CS_OK);
    assert_int_equal(setting.response.size, 12);
    end(&setting);
    fake_world_release(&fake);
}

static void empty_requests_and_answers_pass(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", WHOLE, TLS_SERVER_SERVE_ON,
          NULL);
    assert_int_equal(cs_transport_exchange(setting.transport, &setting.peer, CS_BYTES_NONE,
                                           &setting.response, NULL),
                     CS_OK);
    assert_int_equal(setting.response.size, 0);
    assert_non_null(
        strstr(tls_server_seen(setting.server).last_request, "\r\nContent-Length: 0\r\n"));
    end(&setting);
}

static void another_key_is_never_spoken_to(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    for (size_t bit = 0; bit < 256; bit += 37) {
        setting.peer.tls_key_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_failure(&setting, CS_WRONG_SERVER, "another key");
        setting.peer.tls_key_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(tls_server_seen(setting.server).requests, 0);
    end(&setting);
}

static void an_open_connection_does_not_excuse_a_wrong_pin(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    setting.peer.tls_key_hash[0] ^= 1;
    assert_failure(&setting, CS_WRONG_SERVER, "another key");
    setting.peer.tls_key_hash[0] ^= 1;
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    assert_int_equal(tls_server_seen(setting.server).requests, 2);
    end(&setting);
}

static void nothing_listening_is_unreachable(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    tls_server_stop(setting.server);
    setting.server = NULL;
    assert_failure(&setting, CS_UNREACHABLE, setting.address);
    setting.peer.address = "no-such-host.invalid:8443";
    assert_failure(&setting, CS_UNREACHABLE, "no-such-host.invalid");
    struct cs_transport_counters counters;
    cs_transport_counters(setting.transport, &counters);
    assert_int_equal(counters.requests, 0);
    assert_int_equal(counters.bytes_up, 0);
    end(&setting);
}

static void servers_that_stall_time_out(void **state)
{
    (void)state;
    static const struct {
        enum tls_server_then then;
        size_t cut;
        int64_t connect_ms, total_ms, stall_s;
    } cases[] = {
        {TLS_SERVER_SILENT, 0, 300, 60000, 60},
        {TLS_SERVER_STALL, 0, 10000, 300, 60},
        {TLS_SERVER_STALL, sizeof ANSWER - 4, 10000, 300, 60},
        {TLS_SERVER_STALL, 20, 10000, 60000, 1},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_transport_options options;
        cs_transport_options_default(&options);
        options.connect_ms_max = cases[i].connect_ms;
        options.total_ms_max = cases[i].total_ms;
        options.stall_s_max = cases[i].stall_s;
        struct setting setting;
        begin(&setting, ANSWER, cases[i].cut, cases[i].then, &options);
        time_t start = time(NULL);
        assert_failure(&setting, CS_TIMEOUT, "in time");
        assert_true(time(NULL) - start < 10);
        end(&setting);
    }
}

static void another_protocol_is_a_failure_of_tls(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SPEAK_PLAIN, NULL);
    assert_failure(&setting, CS_TLS, "no secure connection");
    end(&setting);
}

static void other_http_statuses_are_failures(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum cs_status status;
        const char *text;
    } cases[] = {
        {"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", CS_UNAVAILABLE, "HTTP 503"},
        {"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", CS_UNAVAILABLE, "HTTP 429"},
        {"HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n", CS_UNAVAILABLE, "HTTP 408"},
        {"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n", CS_TOO_LARGE, "HTTP 413"},
        {"HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad", CS_MALFORMED, "HTTP 400"},
        {"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", CS_MALFORMED, "HTTP 404"},
        {"HTTP/1.1 204 None\r\n\r\n", CS_MALFORMED, "HTTP 204"},
        {"HTTP/1.1 302 Elsewhere\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         CS_MALFORMED, "HTTP 302"},
        {"HTTP/1.1 200 OK\r\n\r\nno length", CS_MALFORMED, "not whole"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", CS_MALFORMED,
         "not whole"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", CS_LIMIT, "larger than allowed"},
        {"220 mail ready\r\n", CS_MALFORMED, ""},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct setting setting;
        begin(&setting, cases[i].answer, WHOLE, TLS_SERVER_CLOSE_POLITELY, NULL);
        assert_failure(&setting, cases[i].status, cases[i].text);
        end(&setting);
    }
}

static void an_answer_cut_at_any_byte_is_never_taken(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof ANSWER - 1; cut++) {
        struct setting setting;
        begin(&setting, ANSWER, cut,
              cut % 2 == 0 ? TLS_SERVER_CLOSE_POLITELY : TLS_SERVER_CLOSE_ABRUPTLY, NULL);
        cs_buffer_append_text(&setting.response, "before");
        enum cs_status status = exchange(&setting, "request");
        assert_int_not_equal(status, CS_OK);
        assert_true(status == CS_UNREACHABLE || status == CS_MALFORMED);
        assert_int_equal(setting.response.size, 6);
        assert_int_equal(setting.response.status, CS_OK);
        end(&setting);
    }
}

static void answers_without_end_are_cut(void **state)
{
    (void)state;
    size_t size = CS_RESPONSE_MAX + 64 * CS_KIBI;
    char *answer = malloc(size + 1);
    assert_non_null(answer);
    memset(answer, 'x', size);
    answer[size] = '\0';
    memcpy(answer, "HTTP/1.1 200 OK\r\n\r\n", 19);
    struct setting setting;
    begin(&setting, answer, WHOLE, TLS_SERVER_CLOSE_POLITELY, NULL);
    assert_failure(&setting, CS_LIMIT, "larger than allowed");
    end(&setting);
    free(answer);
}

static void the_limit_of_the_buffer_holds(void **state)
{
    (void)state;
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    cs_buffer_release(&setting.response);
    cs_buffer_init(&setting.response, 17);
    assert_failure(&setting, CS_LIMIT, "cannot be taken in");
    cs_buffer_release(&setting.response);
    cs_buffer_init(&setting.response, 18);
    cs_buffer_append_text(&setting.response, "before");
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    setting.response.status = CS_NO_MEMORY;
    assert_int_equal(exchange(&setting, "request"), CS_NO_MEMORY);
    end(&setting);
}

static void addresses_have_to_be_plain(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "host",           ":1",          "host:",    "host:0",
        "host:65536", "host:1x",        "host:-1",     "ho st:1",  "user@host:1",
        "host/x:1",   "host:1/path",    "host?x:1",    "host#x:1", "https://host:1",
        "h%41st:1",   "host\r\nx: y:1", "host:123456", "host\\x:1"};
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        setting.peer.address = wrong[i];
        assert_failure(&setting, CS_INVALID, "HOST:PORT");
    }
    char long_address[400];
    memset(long_address, 'a', sizeof long_address);
    memcpy(long_address + sizeof long_address - 3, ":1", 3);
    setting.peer.address = long_address;
    assert_failure(&setting, CS_INVALID, "HOST:PORT");
    assert_int_equal(tls_server_seen(setting.server).connections, 0);
    end(&setting);
}

static void the_environment_names_no_proxy(void **state)
{
    (void)state;
    assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    assert_int_equal(exchange(&setting, "request"), CS_OK);
    end(&setting);
    assert_int_equal(unsetenv("https_proxy"), 0);
    assert_int_equal(unsetenv("ALL_PROXY"), 0);
}

static void a_proxy_has_to_be_named_by_the_caller(void **state)
{
    (void)state;
    struct cs_transport_options options;
    cs_transport_options_default(&options);
    options.proxy = "http://127.0.0.1:1";
    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, &options);
    assert_failure(&setting, CS_UNREACHABLE, "no connection");
    assert_int_equal(tls_server_seen(setting.server).connections, 0);
    end(&setting);
    options.proxy = "ftp://x";
    struct cs_transport *transport = NULL;
    assert_int_equal(cs_transport_create(&options, &transport), CS_INVALID);
    assert_null(transport);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct cs_transport *transport = NULL;
    cs_memory_fail_after(0);
    assert_int_equal(cs_transport_create(NULL, &transport), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_null(transport);

    struct setting setting;
    begin(&setting, ANSWER, WHOLE, TLS_SERVER_SERVE_ON, NULL);
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (; status != CS_OK && failures < 50; failures++) {
        cs_memory_fail_after(failures);
        status = exchange(&setting, "request");
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(setting.response.size, status == CS_OK ? 12 : 0);
        assert_int_equal(setting.response.status, CS_OK);
    }
    assert_int_equal(status, CS_OK);
    assert_true(failures >= 3);
    end(&setting);
    cs_transport_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_appended),
        cmocka_unit_test(the_connection_is_used_again),
        cmocka_unit_test(a_connection_that_the_server_closed_is_made_anew),
        cmocka_unit_test(bytes_and_requests_are_counted),
        cmocka_unit_test(progress_is_reported),
        cmocka_unit_test(it_serves_as_the_exchange_of_a_world),
        cmocka_unit_test(empty_requests_and_answers_pass),
        cmocka_unit_test(another_key_is_never_spoken_to),
        cmocka_unit_test(an_open_connection_does_not_excuse_a_wrong_pin),
        cmocka_unit_test(nothing_listening_is_unreachable),
        cmocka_unit_test(servers_that_stall_time_out),
        cmocka_unit_test(another_protocol_is_a_failure_of_tls),
        cmocka_unit_test(other_http_statuses_are_failures),
        cmocka_unit_test(an_answer_cut_at_any_byte_is_never_taken),
        cmocka_unit_test(answers_without_end_are_cut),
        cmocka_unit_test(the_limit_of_the_buffer_holds),
        cmocka_unit_test(addresses_have_to_be_plain),
        cmocka_unit_test(the_environment_names_no_proxy),
        cmocka_unit_test(a_proxy_has_to_be_named_by_the_caller),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
