/* Hanging up over real sockets: whatever the other side leaves out, an exchange ends soon after it was told to, and the next one works. */
#include "field-client/transport/transport.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "tests/support/tls_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nsealed bytes"
#define HANG_UP_AFTER_MS 300
/* It is asked once a second; the rest is for a machine that is busy. */
#define ENDED_MS_MAX 4000
#define NAME_SERVER_S 20

static int64_t begun_ms;
static bool hangs_up;

static int64_t now_ms(void)
{
    struct timespec now = {0};
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool hang_up(void *context)
{
    (void)context;
    return hangs_up && now_ms() - begun_ms > HANG_UP_AFTER_MS;
}

/* In place of the C library's: the name server of this name does not answer. */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;
    if (name != NULL && strcmp(name, "silent.example") == 0) {
        (void)sleep(NAME_SERVER_S);
        return EAI_AGAIN;
    }
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    cs_require(found != NULL);
    memcpy(&real, &found, sizeof real);
    return real(name, service, hints, out);
}

/* Hangs up on `address`, then speaks with a server that answers. */
static void check(const char *address)
{
    struct cs_transport_options options;
    struct cs_transport *transport = NULL;
    struct cs_buffer response;
    struct cs_problem problem = {""};
    struct cs_peer peer = {.address = address};
    char other[32];
    memcpy(peer.tls_key_hash, tls_server_pin, sizeof tls_server_pin);
    cs_transport_options_default(&options);
    options.hang_up = hang_up;
    cs_buffer_init(&response, CS_MEBI);
    cs_buffer_append_text(&response, "before");
    assert_int_equal(cs_transport_create(&options, &transport), CS_OK);
    hangs_up = true;
    begun_ms = now_ms();
    assert_int_equal(
        cs_transport_exchange(transport, &peer, cs_bytes_of_text("request"), &response, &problem),
        CS_UNREACHABLE);
    int64_t took_ms = now_ms() - begun_ms;
    if (took_ms > ENDED_MS_MAX) {
        fail_msg("hanging up on %s took %lld ms", address, (long long)took_ms);
    }
    assert_int_equal(response.size, 6);
    assert_int_not_equal(problem.text[0], '\0');
    hangs_up = false;
    const struct tls_server_script script = {cs_bytes_of_text(ANSWER), SIZE_MAX,
                                             TLS_SERVER_SERVE_ON};
    struct tls_server *server = tls_server_start(&script);
    (void)snprintf(other, sizeof other, "127.0.0.1:%u", (unsigned)tls_server_port(server));
    peer.address = other;
    assert_int_equal(
        cs_transport_exchange(transport, &peer, cs_bytes_of_text("request"), &response, &problem),
        CS_OK);
    assert_int_equal(response.size, 6 + 12);
    cs_transport_destroy(transport);
    tls_server_stop(server);
    cs_buffer_release(&response);
}

static void check_script(size_t cut, enum tls_server_then then)
{
    char address[32];
    const struct tls_server_script script = {cs_bytes_of_text(ANSWER), cut, then};
    struct tls_server *server = tls_server_start(&script);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)tls_server_port(server));
    check(address);
    tls_server_stop(server);
}

static void a_server_that_says_nothing_of_tls(void **state)
{
    (void)state;
    check_script(0, TLS_SERVER_SILENT);
}

static void a_server_that_does_not_answer(void **state)
{
    (void)state;
    check_script(0, TLS_SERVER_STALL);
}

static void an_answer_that_stops_half_way(void **state)
{
    (void)state;
    check_script(20, TLS_SERVER_STALL);
    check_script(sizeof ANSWER - 4, TLS_SERVER_STALL);
}

/* A line of callers that is full: what connects now gets no answer of TCP. */
static void a_server_that_does_not_take_the_call(void **state)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int waiting[8];
    char address[32];
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&name, size), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &size), 0);
    for (size_t i = 0; i < CS_COUNT(waiting); i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(waiting[i] >= 0);
        (void)connect(waiting[i], (const struct sockaddr *)&name, size);
    }
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)ntohs(name.sin_port));
    check(address);
    for (size_t i = 0; i < CS_COUNT(waiting); i++) {
        (void)close(waiting[i]);
    }
    (void)close(listener);
}

static void a_name_that_nobody_knows_yet(void **state)
{
    (void)state;
    check("silent.example:8443");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_says_nothing_of_tls),
        cmocka_unit_test(a_server_that_does_not_answer),
        cmocka_unit_test(an_answer_that_stops_half_way),
        cmocka_unit_test(a_server_that_does_not_take_the_call),
        cmocka_unit_test(a_name_that_nobody_knows_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
