/* The agent's socket: where it is, whose it is, what was left behind, and peers that are slow, broken or somebody else's. */
#include "field-client/agent/socket.h"

#include "tests/support/testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

static char home[1024];
static struct cs_agent_listener listener;
static struct cs_problem problem;
static struct cs_arena arena;
static char word[] = "countersign";
static char *arguments[] = {word, NULL};
static char *no_variables[] = {NULL};
static const struct cs_agent_request request = {
    .folder = "/", .arguments = arguments, .argument_count = 1, .variables = no_variables};
static const struct cs_agent_files no_files = {{-1, -1, -1, -1, -1}};

static int setup(void **state)
{
    (void)state;
    (void)snprintf(home, sizeof home, "/tmp/countersign-agent-XXXXXX");
    assert_non_null(mkdtemp(home));
    problem.text[0] = '\0';
    cs_arena_init(&arena, 4 * CS_AGENT_REQUEST_MAX);
    return 0;
}

static void remove_from_home(const char *name)
{
    char path[sizeof home + 32];
    (void)snprintf(path, sizeof path, "%s/%s", home, name);
    (void)unlink(path);
}

static int teardown(void **state)
{
    (void)state;
    remove_from_home(CS_AGENT_LOCK_FILE);
    remove_from_home(CS_AGENT_SOCKET_FILE);
    (void)rmdir(home);
    cs_arena_release(&arena);
    return 0;
}

static size_t open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

/* Both ends of a connection to the listener. */
static void meet(int *out_caller, int *out_accepted)
{
    *out_caller = cs_agent_connect(home);
    assert_true(*out_caller >= 0);
    *out_accepted = cs_agent_accept(&listener);
    assert_true(*out_accepted >= 0);
}

static enum cs_status receive(int accepted)
{
    struct cs_agent_request back;
    struct cs_agent_files files;
    enum cs_status status = cs_agent_receive(accepted, &arena, &back, &files);
    if (status == CS_OK) {
        cs_agent_files_close(&files);
    }
    return status;
}

static void test_only_the_person_can_use_it(void **state)
{
    struct stat found;
    char path[sizeof home + 32];
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    (void)snprintf(path, sizeof path, "%s/%s", home, CS_AGENT_SOCKET_FILE);
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0600);
    cs_agent_listener_close(&listener);
    assert_int_equal(stat(path, &found), -1);
}

static void test_folders_that_are_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(home, 0710), 0);
    assert_status(cs_agent_listen(home, &listener, &problem), CS_DENIED);
    assert_non_null(strstr(problem.text, "chmod 700"));
    assert_int_equal(chmod(home, 0700), 0);
    assert_status(cs_agent_listen("/tmp/countersign nothing here", &listener, &problem),
                  CS_NOT_FOUND);
}

static void test_one_agent_for_one_home(void **state)
{
    struct cs_agent_listener second;
    size_t before = open_files();
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    assert_status(cs_agent_listen(home, &second, &problem), CS_EXISTS);
    int connection = cs_agent_connect(home);
    assert_true(connection >= 0); /* the first one's socket is untouched */
    (void)close(connection);
    cs_agent_listener_close(&listener);
    assert_int_equal(open_files(), before);
}

static void test_a_socket_that_was_left_behind(void **state)
{
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    /* As when the process was killed: nothing is cleared up. */
    (void)close(listener.socket);
    (void)close(listener.lock);
    (void)close(listener.folder);
    assert_int_equal(cs_agent_connect(home), -1);
    assert_ok(cs_agent_listen(home, &listener, &problem));
    int caller;
    int accepted;
    meet(&caller, &accepted);
    (void)close(caller);
    (void)close(accepted);
    cs_agent_listener_close(&listener);
    assert_int_equal(cs_agent_connect(home), -1);
}

/* What somebody has laid there leads nowhere else: no file is made or changed behind a link, and a folder is not taken away. */
static void test_links_and_folders_in_their_places(void **state)
{
    char link[sizeof home + 32];
    char target[sizeof home + 32];
    struct stat found;
    size_t before = open_files();
    (void)state;
    (void)snprintf(target, sizeof target, "%s/target", home);
    (void)snprintf(link, sizeof link, "%s/%s", home, CS_AGENT_LOCK_FILE);
    assert_int_equal(symlink(target, link), 0);
    assert_status(cs_agent_listen(home, &listener, &problem), CS_IO);
    assert_int_equal(lstat(target, &found), -1);
    assert_int_equal(unlink(link), 0);
    (void)snprintf(link, sizeof link, "%s/%s", home, CS_AGENT_SOCKET_FILE);
    assert_int_equal(mkdir(link, 0700), 0);
    assert_status(cs_agent_listen(home, &listener, &problem), CS_IO);
    assert_int_equal(rmdir(link), 0);
    assert_int_equal(symlink(target, link), 0);
    assert_ok(cs_agent_listen(home, &listener, &problem));
    assert_int_equal(lstat(link, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(lstat(target, &found), -1);
    cs_agent_listener_close(&listener);
    assert_int_equal(open_files(), before);
}

static void test_a_home_with_a_long_name(void **state)
{
    char short_home[sizeof home];
    int caller;
    int accepted;
    (void)state;
    memcpy(short_home, home, sizeof home);
    size_t size = strlen(home);
    memset(home + size, 'a', 200);
    home[size] = '/';
    home[size + 200] = '\0';
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(cs_agent_connect(home), -1);
    assert_ok(cs_agent_listen(home, &listener, &problem));
    meet(&caller, &accepted);
    (void)close(caller);
    (void)close(accepted);
    cs_agent_listener_close(&listener);
    remove_from_home(CS_AGENT_LOCK_FILE);
    assert_int_equal(rmdir(home), 0);
    memcpy(home, short_home, sizeof home);
}

static void test_a_request_with_descriptors(void **state)
{
    struct cs_agent_request back;
    struct cs_agent_files files;
    int caller;
    int accepted;
    int ends[2];
    char text[8] = "";
    size_t before = open_files();
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    meet(&caller, &accepted);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct cs_agent_files given = {{-1, ends[1], -1, ends[0], -1}};
    assert_ok(cs_agent_send(caller, &request, &given));
    assert_ok(cs_agent_receive(accepted, &arena, &back, &files));
    assert_string_equal(back.arguments[0], "countersign");
    assert_int_equal(files.of[CS_AGENT_INPUT], -1);
    assert_int_equal(files.of[CS_AGENT_ERRORS], -1);
    assert_true((fcntl(files.of[CS_AGENT_OUTPUT], F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(write(files.of[CS_AGENT_OUTPUT], "hello", 5), 5);
    assert_int_equal(read(files.of[CS_AGENT_TERMINAL], text, 5), 5);
    assert_string_equal(text, "hello");
    cs_agent_files_close(&files);
    const struct cs_agent_answer answer = {CS_AGENT_DONE, 3, ""};
    struct cs_agent_answer answered;
    assert_ok(cs_agent_answer(accepted, &answer));
    assert_ok(cs_agent_await(caller, &answered));
    assert_int_equal(answered.exit_code, 3);
    const int all[] = {caller, accepted, ends[0], ends[1]};
    for (size_t i = 0; i < CS_COUNT(all); i++) {
        (void)close(all[i]);
    }
    cs_agent_listener_close(&listener);
    assert_int_equal(open_files(), before);
}

/* Some bytes with `count` descriptors. */
static void send_with_files(int caller, struct cs_bytes bytes, int file, size_t count)
{
    union {
        char bytes[CMSG_SPACE(32 * sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    uint8_t copy[256];
    assert_true(bytes.size <= sizeof copy);
    memcpy(copy, bytes.data, bytes.size);
    struct iovec part = {.iov_base = copy, .iov_len = bytes.size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    cs_require(head != NULL);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    for (size_t i = 0; i < count; i++) {
        memcpy(CMSG_DATA(head) + i * sizeof file, &file, sizeof file);
    }
    assert_int_equal(sendmsg(caller, &message, MSG_NOSIGNAL), bytes.size);
}

/* The first byte with `count` descriptors, then the rest of a request that says that `mask` come. */
static void send_by_hand(int caller, int file, size_t count, uint8_t mask)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    assert_ok(cs_agent_request_encode(&request, mask, &bytes));
    send_with_files(caller, cs_bytes_make(bytes.data, 1), file, count);
    assert_int_equal(send(caller, bytes.data + 1, bytes.size - 1, MSG_NOSIGNAL), bytes.size - 1);
    cs_buffer_release(&bytes);
}

static void test_other_descriptors_than_the_head_says(void **state)
{
    static const struct {
        size_t count;
        uint8_t mask;
    } cases[] = {{1, 0}, {1, 3}, {2, 1}, {5, 15}, {32, 31}};
    size_t before = open_files();
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        int caller;
        int accepted;
        meet(&caller, &accepted);
        send_by_hand(caller, nothing, cases[i].count, cases[i].mask);
        assert_status(receive(accepted), CS_MALFORMED);
        (void)close(caller);
        (void)close(accepted);
    }
    cs_agent_listener_close(&listener);
    (void)close(nothing);
    assert_int_equal(open_files(), before); /* none of those that came is kept */
}

/* Behind the first byte none are taken. */
static void test_descriptors_that_come_late(void **state)
{
    size_t before = open_files();
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int caller;
    int accepted;
    struct cs_buffer bytes;
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    for (uint8_t mask = 0; mask < 2; mask++) {
        cs_buffer_init(&bytes, CS_MEBI);
        assert_ok(cs_agent_request_encode(&request, mask, &bytes));
        meet(&caller, &accepted);
        assert_int_equal(send(caller, bytes.data, 1, MSG_NOSIGNAL), 1);
        send_with_files(caller, cs_bytes_make(bytes.data + 1, bytes.size - 1), nothing, 3);
        assert_status(receive(accepted), mask == 0 ? CS_OK : CS_MALFORMED);
        (void)close(caller);
        (void)close(accepted);
        cs_buffer_release(&bytes);
    }
    cs_agent_listener_close(&listener);
    (void)close(nothing);
    assert_int_equal(open_files(), before);
}

static void assert_refused(const void *bytes, size_t size, enum cs_status expected)
{
    int caller;
    int accepted;
    meet(&caller, &accepted);
    assert_int_equal(send(caller, bytes, size, MSG_NOSIGNAL), size);
    assert_int_equal(shutdown(caller, SHUT_WR), 0);
    assert_status(receive(accepted), expected);
    (void)close(caller);
    (void)close(accepted);
}

static void test_garbage(void **state)
{
    static const uint8_t too_large[] = {'C', 'S', 'A', 'G', 1, 0, 0xff, 0, 0, 0};
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    assert_refused("GET / HTTP/1.1\r\n\r\n", 18, CS_MALFORMED);
    assert_refused("\0\0\0\0\0\0\0\0\0\0\0\0", 12, CS_MALFORMED);
    assert_refused(too_large, sizeof too_large, CS_LIMIT);
    assert_refused("", 0, CS_IO);
    assert_refused("CSA", 3, CS_IO);
    cs_agent_listener_close(&listener);
}

static void test_a_peer_that_stops_half_way(void **state)
{
    int caller;
    int accepted;
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    meet(&caller, &accepted);
    assert_int_equal(send(caller, "CSAG", 4, MSG_NOSIGNAL), 4);
    time_t begun = time(NULL);
    assert_status(receive(accepted), CS_TIMEOUT);
    assert_in_range(time(NULL) - begun, CS_AGENT_SECONDS_MAX - 1, CS_AGENT_SECONDS_MAX + 5);
    (void)close(caller);
    (void)close(accepted);
    cs_agent_listener_close(&listener);
}

static void test_an_agent_that_ends_without_an_answer(void **state)
{
    struct cs_agent_answer answer;
    int caller;
    int accepted;
    (void)state;
    assert_ok(cs_agent_listen(home, &listener, &problem));
    meet(&caller, &accepted);
    assert_ok(cs_agent_send(caller, &request, &no_files));
    (void)close(accepted);
    assert_status(cs_agent_await(caller, &answer), CS_IO);
    (void)close(caller);
    cs_agent_listener_close(&listener);
}

/* In a process of another user, with folder and socket opened wide, so that only the check of the peer is left. */
static int connect_as_nobody(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.60s/%s", home,
                   CS_AGENT_SOCKET_FILE);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 || connection < 0) {
        return 1;
    }
    if (connect(connection, (const struct sockaddr *)&address, sizeof address) != 0) {
        return 2;
    }
    return recv(connection, &byte, 1, 0) == 0 && cs_agent_connect(home) == -1 ? 0 : 3;
}

static void test_another_user(void **state)
{
    int result = -1;
    char path[sizeof home + 32];
    (void)state;
    if (geteuid() != 0) {
        print_message("not run: only root can be another user\n");
        skip();
    }
    assert_ok(cs_agent_listen(home, &listener, &problem));
    (void)snprintf(path, sizeof path, "%s/%s", home, CS_AGENT_SOCKET_FILE);
    assert_int_equal(chmod(home, 0755), 0);
    assert_int_equal(chmod(path, 0666), 0);
    pid_t child = fork();
    if (child == 0) {
        _exit(connect_as_nobody());
    }
    assert_true(child > 0);
    (void)usleep(100000);
    for (int i = 0; i < 100 && waitpid(child, &result, WNOHANG) == 0; i++) {
        assert_int_equal(cs_agent_accept(&listener), -1);
        (void)usleep(50000);
    }
    assert_int_equal(result, 0);
    cs_agent_listener_close(&listener);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_the_person_can_use_it),
        TEST(test_folders_that_are_refused),
        TEST(test_one_agent_for_one_home),
        TEST(test_a_socket_that_was_left_behind),
        TEST(test_a_home_with_a_long_name),
        TEST(test_links_and_folders_in_their_places),
        TEST(test_descriptors_that_come_late),
        TEST(test_a_request_with_descriptors),
        TEST(test_other_descriptors_than_the_head_says),
        TEST(test_garbage),
        TEST(test_a_peer_that_stops_half_way),
        TEST(test_an_agent_that_ends_without_an_answer),
        TEST(test_another_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
