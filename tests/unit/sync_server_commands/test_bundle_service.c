/* DIR/control: what a command and a running server say to each other, and when the server cannot. */
#include "sync-server/commands/bundle_service.h"

#include "tests/unit/sync_server_commands/commands_fixture.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/* Without a server behind it: what is asked here needs none. */
static struct cs_bundle_service *start(void)
{
    struct cs_bundle_service *service = NULL;
    struct cs_problem problem;
    assert_ok(cs_bundle_service_start(NULL, fixture.root, &service, &problem));
    return service;
}

static int call(void)
{
    int socket = -1;
    assert_ok(cs_bundle_socket(fixture.root, false, &socket));
    return socket;
}

static void ask(int socket, const char *request, struct cs_buffer *answer)
{
    cs_buffer_clear(answer);
    assert_ok(cs_bundle_frame_send(socket, cs_bytes_of_text(request)));
    assert_ok(cs_bundle_frame_receive(socket, answer));
}

static void test_only_while_it_serves(void **state)
{
    (void)state;
    int socket = -1;
    assert_status(cs_bundle_socket(fixture.root, false, &socket), CS_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        struct cs_bundle_service *service = start();
        assert_int_equal(mode_of(in_root(CS_BUNDLE_SOCKET)), 0600);
        assert_int_equal(close(call()), 0);
        cs_bundle_service_stop(service);
        assert_status(cs_bundle_socket(fixture.root, false, &socket), CS_NOT_FOUND);
    }
    cs_bundle_service_stop(NULL);
}

/* A caller that says nothing does not keep the server from stopping. */
static void test_stops_whoever_is_connected(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct cs_bundle_service *service = start();
        int first = call();
        int second = call();
        time_t before = time(NULL);
        cs_bundle_service_stop(service);
        assert_true(time(NULL) - before < CS_BUNDLE_WAIT_SECONDS / 2);
        assert_int_equal(close(first), 0);
        assert_int_equal(close(second), 0);
    }
}

/* The command learns why there is no part, and the connection goes on. */
static void test_a_failure_has_a_name(void **state)
{
    (void)state;
    struct cs_bundle_service *service = start();
    struct cs_buffer answer;
    cs_buffer_init(&answer, CS_BUNDLE_FRAME_MAX);
    int socket = call();
    for (int i = 0; i < 2; i++) {
        struct cs_reader reader;
        ask(socket, "P", &answer);
        cs_reader_init(&reader, cs_buffer_bytes(&answer));
        assert_int_equal(cs_read_u8(&reader), 2);
        assert_status(cs_bundle_status_read(&reader), CS_NOT_FOUND);
        assert_ok(cs_reader_finish(&reader));
    }
    assert_int_equal(close(socket), 0);
    cs_buffer_release(&answer);
    cs_bundle_service_stop(service);
}

static void test_status_that_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"", "NO_SUCH_STATUS",
                                        ("A name that is far longer than any status has, and then "
                                         "some more of it")};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        struct cs_buffer bytes;
        struct cs_reader reader;
        cs_buffer_init(&bytes, CS_KIBI);
        cs_buffer_append_prefixed(&bytes, cs_bytes_of_text(names[i]));
        cs_reader_init(&reader, cs_buffer_bytes(&bytes));
        assert_status(cs_bundle_status_read(&reader), CS_MALFORMED);
        cs_buffer_release(&bytes);
    }
}

static int64_t processor_ms(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* With all descriptors taken a caller waits, and the thread does not turn in a circle meanwhile. */
static void test_no_descriptor_is_left(void **state)
{
    (void)state;
    struct cs_bundle_service *service = start();
    struct rlimit before;
    struct rlimit none;
    struct cs_buffer answer;
    cs_buffer_init(&answer, CS_BUNDLE_FRAME_MAX);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int one = call();
    ask(one, "P", &answer); /* it has been accepted */
    int two = call();
    none = before;
    none.rlim_cur = 3; /* every number below is taken */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int64_t used = processor_ms();
    assert_int_equal(shutdown(one, SHUT_RDWR), 0); /* the turn of the other one */
    (void)poll(NULL, 0, 600);
    used = processor_ms() - used;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ask(two, "P", &answer);
    assert_int_equal(close(one), 0);
    assert_int_equal(close(two), 0);
    cs_bundle_service_stop(service);
    cs_buffer_release(&answer);
    assert_true(used < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_while_it_serves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stops_whoever_is_connected, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failure_has_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status_that_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_descriptor_is_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
