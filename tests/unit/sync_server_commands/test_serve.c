/* serve: a real process, from its ready line to its clean end; and what it refuses. */
#include "sync-server/commands/server_main.h"
#include "tests/support/tls_client.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define LINE_MAX_SIZE 256

struct process {
    pid_t id;
    FILE *out;
    char line[LINE_MAX_SIZE]; /* its first line */
};

/* Runs the whole program in a process of its own; its log goes nowhere. */
static struct process start(const char *const *list, size_t count)
{
    int ends[2];
    struct process process = {.id = -1};
    assert_int_equal(pipe(ends), 0);
    process.id = fork();
    assert_true(process.id >= 0);
    if (process.id == 0) {
        char *arguments[RUN_ARGUMENTS_MAX + 2] = {0};
        arguments[0] = strdup("countersign-server");
        for (size_t i = 0; i < count; i++) {
            arguments[i + 1] = strdup(list[i]);
        }
        int nowhere = open("/dev/null", O_WRONLY);
        (void)dup2(nowhere, STDERR_FILENO);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        /* A server that hangs must not outlive the test. */
        (void)alarm(60);
        _exit(cs_server_main((int)count + 1, arguments, cs_registry_core()));
    }
    (void)close(ends[1]);
    process.out = fdopen(ends[0], "r");
    assert_non_null(process.out);
    if (fgets(process.line, sizeof process.line, process.out) == NULL) {
        process.line[0] = '\0';
    }
    return process;
}

#define START(...)                                                                                 \
    start((const char *const[]){__VA_ARGS__},                                                      \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* The exit code; nothing more stood on standard output. */
static int finish(struct process *process)
{
    int status = -1;
    assert_int_equal(fgetc(process->out), EOF);
    (void)fclose(process->out);
    assert_int_equal(waitpid(process->id, &status, 0), process->id);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static uint16_t port_of(const struct process *process)
{
    unsigned port = 0;
    assert_int_equal(sscanf(process->line, "listening on 127.0.0.1:%u", &port), 1);
    assert_true(port > 0 && port <= UINT16_MAX);
    return (uint16_t)port;
}

static int get_health(uint16_t port)
{
    struct tls_client *client = tls_client_open(port, NULL);
    assert_non_null(client);
    assert_true(tls_client_send_text(client, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"));
    int status = tls_client_status(client);
    tls_client_close(client, TLS_CLIENT_POLITE);
    return status;
}

static void test_serves_until_told_to_stop(void **state)
{
    (void)state;
    make_server();
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < CS_COUNT(signals); i++) {
        struct process process = START("serve", fixture.server, "--listen", "127.0.0.1:0");
        assert_int_equal(get_health(port_of(&process)), 200);
        assert_int_equal(run("status", fixture.server), 0);
        assert_says(fixture.out, "served now       yes");
        assert_int_equal(kill(process.id, signals[i]), 0);
        assert_int_equal(finish(&process), 0);
    }
    assert_int_equal(run("verify", fixture.server), 0);
}

/* Between the ready line and the loop there is a moment in which a signal must not be lost or deadly. */
static void test_stopped_right_after_the_ready_line(void **state)
{
    (void)state;
    make_server();
    for (int i = 0; i < 8; i++) {
        struct process process = START("serve", fixture.server, "--listen", "127.0.0.1:0");
        assert_int_equal(kill(process.id, SIGTERM), 0);
        assert_int_equal(finish(&process), 0);
    }
}

static void test_ready_line_in_json(void **state)
{
    (void)state;
    make_server();
    struct process process = START("serve", fixture.server, "--listen=127.0.0.1:0", "--json");
    struct cs_json *json = NULL;
    assert_ok(cs_json_parse(cs_bytes_of_text(process.line), &json));
    assert_json_text(json, "event", "listening");
    assert_json_text(json, "host", "127.0.0.1");
    assert_int_equal(get_health((uint16_t)json_number(json, "port")), 200);
    cs_json_destroy(json);
    assert_int_equal(kill(process.id, SIGTERM), 0);
    assert_int_equal(finish(&process), 0);
}

/* The key devices pin is the one this server shows, and noise is answered with a refusal. */
static void test_request_that_is_noise(void **state)
{
    (void)state;
    make_server();
    struct process process = START("serve", fixture.server, "--listen", "127.0.0.1:0");
    struct tls_client *client = tls_client_open(port_of(&process), NULL);
    assert_non_null(client);
    assert_true(tls_client_send_text(client, "POST /v1/exchange HTTP/1.1\r\nHost: x\r\n"
                                             "Content-Type: application/octet-stream\r\n"
                                             "Content-Length: 5\r\n\r\nnoise"));
    assert_int_equal(tls_client_status(client), 400);
    tls_client_close(client, TLS_CLIENT_POLITE);
    assert_int_equal(kill(process.id, SIGTERM), 0);
    assert_int_equal(finish(&process), 0);
}

static void test_served_already(void **state)
{
    (void)state;
    make_server();
    struct process process = START("serve", fixture.server, "--listen", "127.0.0.1:0");
    (void)port_of(&process);
    assert_int_equal(run("serve", fixture.server, "--listen", "127.0.0.1:0", "--json"), 1);
    assert_says(fixture.err, "is in use by another countersign-server");
    assert_json_error("BUSY");
    /* Reading beside it is fine. */
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_int_equal(kill(process.id, SIGTERM), 0);
    assert_int_equal(finish(&process), 0);
}

static void test_port_in_use(void **state)
{
    (void)state;
    make_server();
    struct process process = START("serve", fixture.server, "--listen", "127.0.0.1:0");
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)port_of(&process));
    assert_int_equal(run("init", in_root("other"), "--address", "a:1"), 0);
    assert_int_equal(run("serve", in_root("other"), "--listen", address, "--json"), 1);
    assert_json_error("BUSY");
    assert_says(fixture.err, address);
    assert_int_equal(kill(process.id, SIGTERM), 0);
    assert_int_equal(finish(&process), 0);
}

static void test_restored_server_is_served(void **state)
{
    (void)state;
    make_server();
    char key[CS_FOLDER_PATH_MAX];
    char backup_key[CS_FOLDER_PATH_MAX];
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_MASTER_KEY, key, NULL));
    assert_ok(cs_folder_path(fixture.server, CS_FOLDER_BACKUP_KEY, backup_key, NULL));
    assert_int_equal(run("backup", fixture.server, in_root("copy")), 0);
    assert_int_equal(run("restore", in_root("copy"), in_root("new"), "--key", backup_key), 0);
    assert_int_equal(run("serve", in_root("new")), 1);
    assert_says(fixture.err, "there is no master key at");
    struct process process =
        START("serve", in_root("new"), "--master-key", key, "--listen", "127.0.0.1:0");
    assert_int_equal(get_health(port_of(&process)), 200);
    assert_int_equal(kill(process.id, SIGTERM), 0);
    assert_int_equal(finish(&process), 0);
}

static void test_wrong_master_key(void **state)
{
    (void)state;
    make_server();
    FILE *other = fopen(in_root("other.key"), "w");
    assert_non_null(other);
    assert_true(fputs("01234567890123456789012345678901", other) >= 0);
    assert_int_equal(fclose(other), 0);
    assert_int_equal(run("serve", fixture.server, "--master-key", in_root("other.key"), "--json"),
                     CS_ADMIN_WRONG_KEY);
    assert_says(fixture.err, "master key");
    assert_json_error("WRONG_PASSPHRASE");
}

static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(run("serve"), 2);
    assert_int_equal(run("serve", in_root("none")), 1);
    assert_says(fixture.err, "does not exist");
    make_server();
    assert_int_equal(run("serve", fixture.server, "--listen", "nonsense"), 2);
    assert_says(fixture.err, "nonsense");
    assert_int_equal(run("serve", fixture.server, "--listen"), 2);
    assert_false(cs_folder_is_served(fixture.server));
}

/* The whole program: what it does to its process, seen from inside a child. */
static void test_process_is_protected(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *arguments[] = {(char[]){"countersign-server"}, (char[]){"--version"}, NULL};
        struct rlimit limit;
        int nowhere = open("/dev/null", O_WRONLY);
        (void)dup2(nowhere, STDOUT_FILENO);
        bool fine = cs_server_main(2, arguments, cs_registry_core()) == 0;
        fine = fine && umask(0) == 077;
        fine = fine && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
        fine = fine && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == limit.rlim_max;
        _exit(fine ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_serves_until_told_to_stop),
        TEST(test_stopped_right_after_the_ready_line),
        TEST(test_ready_line_in_json),
        TEST(test_request_that_is_noise),
        TEST(test_served_already),
        TEST(test_port_in_use),
        TEST(test_restored_server_is_served),
        TEST(test_wrong_master_key),
        TEST(test_refusals),
        TEST(test_process_is_protected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
