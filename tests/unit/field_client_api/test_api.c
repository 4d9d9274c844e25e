/* The local API over a running agent, by bytes on a socket: who is answered, what a command gets and gives, news, locks, limits. */
#include "field-client/api/api.h"
#include "tests/unit/field_client_agent/agent_scene.h"

#include <arpa/inet.h>
#include <poll.h>

#define ANSWER_MAX ((size_t)(4 * 1024 * 1024))

static struct {
    struct cs_api *api;
    char address[CS_HOST_ADDRESS_SIZE];
    char origin[CS_HOST_ADDRESS_SIZE]; /* "http://127.0.0.1:PORT" */
    uint16_t port;
    char token[64];
    char bearer[64];
    char *answer; /* the last one */
} client;

/* ---- HTTP, as plain as it can be ---- */

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(client.port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    assert_int_equal(connect(connection, (struct sockaddr *)(void *)&address, sizeof address), 0);
    return connection;
}

static void put(int connection, const char *text)
{
    size_t size = strlen(text);
    assert_int_equal(write(connection, text, size), size);
}

/* Until the other side ends it. */
static void read_answer(int connection)
{
    size_t used = 0;
    ssize_t count = 1;
    while (count > 0 && used < ANSWER_MAX) {
        count = read(connection, client.answer + used, ANSWER_MAX - used);
        used += count > 0 ? (size_t)count : 0;
    }
    client.answer[used] = '\0';
    (void)close(connection);
}

/* The status of the answer. `heads`: each with its line's end. */
static int ask_http(const char *method, const char *path, const char *heads, const char *body)
{
    char request[4096];
    int status = 0;
    int connection = dial();
    (void)snprintf(request, sizeof request,
                   "%s %s HTTP/1.1\r\nConnection: close\r\n%s%s%zu\r\n\r\n%s", method, path, heads,
                   "Content-Length: ", strlen(body), body);
    put(connection, request);
    read_answer(connection);
    assert_int_equal(sscanf(client.answer, "HTTP/1.1 %d", &status), 1);
    return status;
}

static const char *host(void)
{
    static char line[64];
    (void)snprintf(line, sizeof line, "Host: 127.0.0.1:%u\r\n", (unsigned)client.port);
    return line;
}

static const char *signed_on(void)
{
    static char lines[256];
    (void)snprintf(lines, sizeof lines, "%sAuthorization: Bearer %s\r\n", host(), client.bearer);
    return lines;
}

static int command(const char *words)
{
    char path[256];
    (void)snprintf(path, sizeof path, "/api/command?%s", words);
    return ask_http("POST", path, signed_on(), "");
}

static const char *body(void)
{
    const char *end = strstr(client.answer, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

/* ---- its life ---- */

static int setup_api(void **state)
{
    struct cs_problem problem = {""};
    char request[128];
    unsigned port = 0;
    (void)setup(state);
    const struct cs_api_setting setting = {
        .world = &scene.world, .agent = scene.agent, .home = scene.home};
    assert_ok(cs_api_create(&setting, &client.api, &problem));
    assert_ok(cs_api_address(client.api, client.address));
    assert_int_equal(sscanf(client.address, "http://127.0.0.1:%u/#token=%63s", &port, client.token),
                     2);
    client.port = (uint16_t)port;
    (void)snprintf(client.origin, sizeof client.origin, "http://127.0.0.1:%u", port);
    client.answer = malloc(ANSWER_MAX + 1);
    assert_non_null(client.answer);
    (void)snprintf(request, sizeof request, "{\"token\":\"%s\"}", client.token);
    assert_int_equal(ask_http("POST", "/api/session", host(), request), 200);
    assert_int_equal(sscanf(body(), "{\"bearer\": \"%43s\"}", client.bearer), 1);
    return 0;
}

static int teardown_api(void **state)
{
    cs_api_destroy(client.api);
    client.api = NULL;
    free(client.answer);
    return teardown(state);
}

/* ---- who is answered ---- */

static void test_other_hosts_and_origins(void **state)
{
    static const char *const others[] = {"Host: evil.example\r\n", "Host: localhost:1\r\n",
                                         "Host: 127.0.0.1\r\n", "Host: \r\n",
                                         "Host: 127.0.0.1:99999999\r\n"};
    char lines[512];
    (void)state;
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        assert_int_equal(ask_http("GET", "/", others[i], ""), 403);
    }
    const char *const heads[] = {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                 "Origin: http://127.0.0.1\r\n", "Sec-Fetch-Site: cross-site\r\n",
                                 "Sec-Fetch-Site: same-site\r\n"};
    for (size_t i = 0; i < CS_COUNT(heads); i++) {
        (void)snprintf(lines, sizeof lines, "%s%s", signed_on(), heads[i]);
        assert_int_equal(ask_http("POST", "/api/command?word=hello", lines, ""), 403);
        assert_null(strstr(client.answer, "hello"));
        assert_null(strstr(client.answer, "Access-Control"));
        assert_int_equal(ask_http("OPTIONS", "/api/command?word=hello", lines, ""), 403);
    }
    (void)snprintf(lines, sizeof lines, "%sOrigin: %s\r\nSec-Fetch-Site: same-origin\r\n",
                   signed_on(), client.origin);
    assert_int_equal(ask_http("POST", "/api/command?word=hello", lines, ""), 200);
}

/* countersign ui opens a file, and that sends the window on: to the browser it comes from elsewhere. */
static void test_a_window_may_come_from_anywhere(void **state)
{
    static const char window[] =
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    static const char frame[] =
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n";
    char lines[512];
    (void)state;
    (void)snprintf(lines, sizeof lines, "%s%s", host(), window);
    assert_int_equal(ask_http("GET", "/", lines, ""), 200);
    (void)snprintf(lines, sizeof lines, "Host: evil.example\r\n%s", window);
    assert_int_equal(ask_http("GET", "/", lines, ""), 403);
    (void)snprintf(lines, sizeof lines, "%s%s", host(), frame);
    assert_int_equal(ask_http("GET", "/", lines, ""), 403);
    (void)snprintf(lines, sizeof lines, "%s%s", signed_on(), window);
    assert_int_equal(ask_http("POST", "/", lines, ""), 403);
    assert_int_equal(ask_http("GET", "/api/events", lines, ""), 403);
    assert_int_equal(ask_http("POST", "/api/command?word=hello", lines, ""), 403);
    (void)snprintf(lines, sizeof lines, "%s%sOrigin: null\r\n", host(), window);
    assert_int_equal(ask_http("GET", "/", lines, ""), 403);
}

static void test_who_is_not_signed_on(void **state)
{
    char lines[512];
    char request[128];
    (void)state;
    assert_int_equal(ask_http("POST", "/api/command?word=hello", host(), ""), 401);
    assert_int_equal(ask_http("GET", "/api/events", host(), ""), 401);
    assert_int_equal(ask_http("POST", "/api/join", host(), "{}"), 401);
    (void)snprintf(lines, sizeof lines, "%sAuthorization: Bearer %s\r\n", host(), client.token);
    assert_int_equal(ask_http("POST", "/api/command?word=hello", lines, ""), 401);
    (void)snprintf(lines, sizeof lines, "%sAuthorization: Basic %s\r\n", host(), client.bearer);
    assert_int_equal(ask_http("POST", "/api/command?word=hello", lines, ""), 401);
    (void)snprintf(request, sizeof request, "{\"token\":\"%s\"}", client.token);
    assert_int_equal(ask_http("POST", "/api/session", host(), request), 403); /* it was used */
    static const char *const bad[] = {"", "{", "[]", "{\"token\":1}", "{\"bearer\":\"x\"}"};
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        assert_int_equal(ask_http("POST", "/api/session", host(), bad[i]), 400);
    }
}

static void test_every_answer_says_what_a_browser_may_do(void **state)
{
    static const char *const heads[] = {
        "Content-Security-Policy: default-src 'none'; ", "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: no-referrer\r\n", "Cross-Origin-Resource-Policy: same-origin\r\n",
        "Cross-Origin-Opener-Policy: same-origin\r\n"};
    static const char *const paths[] = {"/", "/api/command?word=hello", "/api/nothing",
                                        "/../secret"};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(paths); i++) {
        (void)ask_http("GET", paths[i], signed_on(), "");
        for (size_t k = 0; k < CS_COUNT(heads); k++) {
            assert_non_null(strstr(client.answer, heads[k]));
        }
        assert_null(strstr(client.answer, "unsafe-inline"));
    }
}

static void test_pages_and_what_is_none(void **state)
{
    (void)state;
    assert_int_equal(ask_http("GET", "/", host(), ""), 200);
    assert_non_null(strstr(client.answer, "text/html"));
    assert_int_equal(ask_http("GET", "/index.html", host(), ""), 200);
    assert_int_equal(ask_http("GET", "/assets/../index.html", host(), ""), 404);
    assert_int_equal(ask_http("GET", "/etc/passwd", host(), ""), 404);
    assert_int_equal(ask_http("POST", "/", host(), ""), 404);
    assert_int_equal(ask_http("GET", "/api/command?word=hello", signed_on(), ""), 405);
    assert_int_equal(ask_http("DELETE", "/api/session", signed_on(), ""), 405);
    assert_int_equal(ask_http("GET", "/api/", signed_on(), ""), 404);
}

/* ---- commands ---- */

static void test_a_command_and_what_it_says(void **state)
{
    (void)state;
    assert_int_equal(command("word=hello"), 200);
    assert_string_equal(body(), "hello\n");
    assert_non_null(strstr(client.answer, "Countersign-Exit: 0\r\n"));
    assert_non_null(strstr(client.answer, "application/octet-stream\r\n"));
    assert_int_equal(command("word=hello&word=--json"), 200);
    assert_non_null(strstr(client.answer, "Content-Type: application/json\r\n"));
    assert_int_equal(command("word=much"), 200);
    assert_int_equal(strlen(body()), 20000 * 48);
    assert_int_equal(ask_http("POST", "/api/command?word=read", signed_on(), "something"), 200);
}

static void test_words_that_are_none(void **state)
{
    static const char *const bad[] = {"", "other=hello", "word=hello&other=1", "word",
                                      "word=a%00b"};
    static const char *const others[] = {"agent", "ui", "join", "passphrase"};
    char words[64];
    (void)state;
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        assert_int_equal(command(bad[i]), 400);
        assert_null(strstr(client.answer, "hello\n"));
    }
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        (void)snprintf(words, sizeof words, "word=%s", others[i]);
        assert_int_equal(command(words), 400);
        assert_non_null(strstr(body(), "DENIED"));
        (void)snprintf(words, sizeof words, "word=--json&word=%s", others[i]);
        assert_int_equal(command(words), 400);
        assert_non_null(strstr(body(), "DENIED"));
    }
}

static void test_too_many_words(void **state)
{
    static char path[8192] = "/api/command?word=hello";
    static char request[16384];
    int status = 0;
    (void)state;
    size_t used = strlen(path);
    for (size_t i = 0; i < 600; i++) {
        used += (size_t)snprintf(path + used, sizeof path - used, "&word=x");
    }
    int connection = dial();
    (void)snprintf(request, sizeof request,
                   "POST %s HTTP/1.1\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n", path,
                   signed_on());
    put(connection, request);
    read_answer(connection);
    assert_int_equal(sscanf(client.answer, "HTTP/1.1 %d", &status), 1);
    assert_int_equal(status, 400);
    assert_non_null(strstr(body(), "LIMIT"));
}

static void test_lock_and_unlock(void **state)
{
    (void)state;
    assert_int_equal(command("word=lock"), 200);
    assert_int_equal(command("word=hello"), 423);
    assert_int_equal(command("word=wrong"), 423);
    assert_int_equal(command("word=unlock"), 200);
    assert_int_equal(command("word=hello"), 200);
}

static void test_a_body_that_is_too_large(void **state)
{
    char request[512];
    static char much[1500];
    int status = 0;
    (void)state;
    memset(much, 'x', sizeof much - 1);
    int connection = dial();
    (void)snprintf(
        request, sizeof request,
        "POST /api/session HTTP/1.1\r\n%sConnection: close\r\nContent-Length: %zu\r\n\r\n", host(),
        strlen(much));
    put(connection, request);
    put(connection, much);
    read_answer(connection);
    assert_int_equal(sscanf(client.answer, "HTTP/1.1 %d", &status), 1);
    assert_int_equal(status, 413);
}

/* ---- pages that go, and locks ---- */

/* Sends a command and does not wait for its answer. */
static int begin_command(const char *words)
{
    char request[512];
    int connection = dial();
    (void)snprintf(
        request, sizeof request,
        "POST /api/command?%s HTTP/1.1\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n", words,
        signed_on());
    put(connection, request);
    return connection;
}

static void test_a_page_that_goes_ends_its_command(void **state)
{
    (void)state;
    int connection = begin_command("word=query");
    (void)usleep(100000);
    (void)close(connection);
    assert_int_equal(command("word=hello"),
                     200); /* else it would wait for a query that does not end */
}

static void test_a_lock_ends_what_a_page_runs(void **state)
{
    (void)state;
    int running = begin_command("word=sync");
    wait_for_network(1);
    assert_int_equal(command("word=lock"), 200);
    read_answer(running);
    assert_non_null(strstr(client.answer, "Countersign-Exit: "));
    assert_null(strstr(client.answer, "Countersign-Exit: 0"));
    assert_int_equal(command("word=hello"), 423);
}

static void test_what_nobody_asked_for_does_not_put_off_the_lock(void **state)
{
    char heads[512];
    (void)state;
    assert_int_equal(command("word=hello"), 200);
    for (int i = 0; i < 3; i++) {
        atomic_fetch_add(&scene.monotonic_ahead_ms, LOCK_AFTER_MS / 3 + 1);
        atomic_fetch_add(&scene.wall_ahead_ms, LOCK_AFTER_MS / 3 + 1);
        (void)snprintf(heads, sizeof heads, "%sCountersign-Unattended: 1\r\n", signed_on());
        assert_int_equal(ask_http("POST", "/api/command?word=hello", heads, ""), i < 2 ? 200 : 423);
    }
}

/* ---- news ---- */

/* Reads until this stands in what came; false: not within the time. */
static bool comes(int connection, const char *text)
{
    struct pollfd polled = {.fd = connection, .events = POLLIN};
    static char seen[8192];
    size_t used = 0;
    while (poll(&polled, 1, 8000) == 1 && used < sizeof seen - 1) {
        ssize_t count = read(connection, seen + used, sizeof seen - 1 - used);
        if (count <= 0) {
            return false;
        }
        used += (size_t)count;
        seen[used] = '\0';
        if (strstr(seen, text) != NULL) {
            return true;
        }
    }
    return false;
}

static int listen_to_news(void)
{
    char request[512];
    int connection = dial();
    (void)snprintf(request, sizeof request, "GET /api/events HTTP/1.1\r\n%s\r\n", signed_on());
    put(connection, request);
    return connection;
}

static void test_news(void **state)
{
    (void)state;
    int connection = listen_to_news();
    assert_true(comes(connection, "data: {\"unlocked\":true,\"joined\":true,\"syncing\":false,"
                                  "\"generation\":1}\n\n"));
    assert_int_equal(command("word=hello"), 200); /* it changes nothing: no news */
    assert_int_equal(command("word=lock"), 200);
    assert_true(comes(connection, "\"unlocked\":false,\"joined\":true,\"syncing\":false,"
                                  "\"generation\":1}"));
    assert_int_equal(command("word=unlock"), 200);
    assert_true(comes(connection, "\"unlocked\":true,\"joined\":true,\"syncing\":false,"
                                  "\"generation\":2}"));
    int syncing = begin_command("word=sync");
    assert_true(comes(connection, "\"syncing\":true"));
    open_gate();
    read_answer(syncing);
    assert_true(comes(connection, "\"syncing\":false"));
    (void)close(connection);
}

/* Pages that listen do not keep it from ending, nor does one that never ends its request. */
static void test_it_ends(void **state)
{
    char byte;
    (void)state;
    int listening = listen_to_news();
    assert_true(comes(listening, "event: state"));
    int silent = dial();
    put(silent, "POST /api/command?word=hello HTTP/1.1\r\n");
    cs_api_destroy(client.api);
    client.api = NULL;
    while (read(listening, &byte, 1) > 0) {
    }
    (void)close(listening);
    (void)close(silent);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_api, teardown_api)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_other_hosts_and_origins),
        TEST(test_a_window_may_come_from_anywhere),
        TEST(test_who_is_not_signed_on),
        TEST(test_every_answer_says_what_a_browser_may_do),
        TEST(test_pages_and_what_is_none),
        TEST(test_a_command_and_what_it_says),
        TEST(test_words_that_are_none),
        TEST(test_too_many_words),
        TEST(test_lock_and_unlock),
        TEST(test_a_body_that_is_too_large),
        TEST(test_a_page_that_goes_ends_its_command),
        TEST(test_a_lock_ends_what_a_page_runs),
        TEST(test_what_nobody_asked_for_does_not_put_off_the_lock),
        TEST(test_news),
        TEST(test_it_ends),
    };
    return cmocka_run_group_tests(tests, group_setup, fixture_group_teardown);
}
