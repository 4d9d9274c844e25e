/*
 * Running helpers that behave in every way but the right one, and that right one: shell scripts made here. What is answered is
 * "unknown" whenever it is not said plainly, and no secret is where another process could read it.
 */
#include "field-client/rotation/runner.h"

#include "shared/base/memory.h"
#include "shared/crypto/secret.h"
#include "tests/support/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD_CANARY "canary-Old-7f3a91"
#define NEW_CANARY "canary-New-2b8c44"
#define READ_INPUT "cat >/dev/null\n"

static char folder[64];
static char helper[96];
static struct cs_world world;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/countersign-rotation-XXXXXX");
    cs_world_system(&world);
    if (mkdtemp(folder) == NULL || cs_crypto_start() != CS_OK) {
        return -1;
    }
    (void)snprintf(helper, sizeof helper, "%s/helper", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[160];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* The helper is a shell script with this text from now on. */
static void write_helper(const char *text)
{
    FILE *file = fopen(helper, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s", text) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(helper, 0700), 0);
}

static struct cs_rotation_request request_of(enum cs_rotation_operation operation)
{
    return (struct cs_rotation_request){.operation = operation,
                                        .host = cs_bytes_of_text("127.0.0.1"),
                                        .user = cs_bytes_of_text("bob"),
                                        .old_secret = cs_bytes_of_text(OLD_CANARY),
                                        .new_secret = cs_bytes_of_text(NEW_CANARY),
                                        .seconds = 20};
}

static enum cs_rotation_answer answer_of(enum cs_rotation_operation operation, const char *text,
                                         struct cs_problem *reason)
{
    enum cs_rotation_answer answer = CS_ROTATION_BOTH;
    struct cs_rotation_request request = request_of(operation);
    write_helper(text);
    assert_ok(cs_rotation_run(&world, helper, &request, &answer, reason));
    /* Nothing is left behind: no child, no signal. */
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
    return answer;
}

static void expect(const char *text, enum cs_rotation_answer wanted, const char *says)
{
    struct cs_problem reason;
    assert_int_equal(answer_of(CS_ROTATION_APPLY, text, &reason), wanted);
    assert_string_equal(reason.text, says);
}

static void test_plain_answers(void **state)
{
    (void)state;
    struct cs_problem reason;
    expect(READ_INPUT "echo applied", CS_ROTATION_APPLIED, "");
    expect(READ_INPUT "echo failed; echo 'too short' >&2", CS_ROTATION_FAILED, "too short");
    expect(READ_INPUT "echo unknown; echo 'cut off' >&2", CS_ROTATION_UNKNOWN, "cut off");
    assert_int_equal(answer_of(CS_ROTATION_VERIFY, READ_INPUT "echo new", &reason),
                     CS_ROTATION_NEW);
    assert_int_equal(answer_of(CS_ROTATION_VERIFY, READ_INPUT "echo old", &reason),
                     CS_ROTATION_OLD);
    assert_int_equal(answer_of(CS_ROTATION_VERIFY, READ_INPUT "echo applied", &reason),
                     CS_ROTATION_UNKNOWN);
}

static void test_no_plain_answer_is_unknown(void **state)
{
    (void)state;
    static const char none[] = "the helper gave no answer that counts";
    static const char broken[] = "the helper failed";
    expect(READ_INPUT, CS_ROTATION_UNKNOWN, none);
    expect(READ_INPUT "printf applied", CS_ROTATION_UNKNOWN, none);
    expect(READ_INPUT "echo applied; echo applied", CS_ROTATION_UNKNOWN, none);
    expect(READ_INPUT "echo 'applied, I think'", CS_ROTATION_UNKNOWN, none);
    expect(READ_INPUT "echo applied; exit 3", CS_ROTATION_UNKNOWN, broken);
    expect(READ_INPUT "echo applied; kill -SEGV $$", CS_ROTATION_UNKNOWN, broken);
    expect(READ_INPUT "echo failed; kill -KILL $$", CS_ROTATION_UNKNOWN, broken);
    expect(READ_INPUT "head -c 3000000 /dev/zero", CS_ROTATION_UNKNOWN, none);
    expect(READ_INPUT "echo applied; head -c 3000000 /dev/zero", CS_ROTATION_UNKNOWN, none);
}

static void test_much_on_standard_error(void **state)
{
    (void)state;
    struct cs_problem reason;
    assert_int_equal(
        answer_of(CS_ROTATION_APPLY,
                  READ_INPUT "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo applied", &reason),
        CS_ROTATION_APPLIED);
    assert_int_equal(strlen(reason.text), CS_ROTATION_REASON_MAX);
    assert_int_equal(answer_of(CS_ROTATION_APPLY, "cat >&2; echo failed", &reason),
                     CS_ROTATION_FAILED);
    assert_null(strstr(reason.text, "canary"));
    assert_non_null(strstr(reason.text, "withheld"));
}

/* The message is larger than what a pipe holds when options are large. */
static void test_a_helper_that_does_not_read(void **state)
{
    (void)state;
    static char large[CS_ROTATION_OPTION_MAX];
    memset(large, 'x', sizeof large);
    struct cs_rotation_request request = request_of(CS_ROTATION_APPLY);
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        request.options[i] =
            (struct cs_rotation_option){cs_bytes_of_text(names[i]), cs_bytes_of_array(large)};
    }
    request.option_count = CS_COUNT(names);
    static const char *const texts[] = {"exec <&-; echo failed", "exec <&-; sleep 0.2; echo failed",
                                        "head -c 10 >/dev/null; echo failed"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        enum cs_rotation_answer answer = CS_ROTATION_BOTH;
        struct cs_problem reason;
        write_helper(texts[i]);
        assert_ok(cs_rotation_run(&world, helper, &request, &answer, &reason));
        assert_int_equal(answer, CS_ROTATION_FAILED);
    }
    write_helper("wc -c | grep -q '^49[0-9][0-9][0-9]$' && echo applied");
    enum cs_rotation_answer answer = CS_ROTATION_BOTH;
    struct cs_problem reason;
    assert_ok(cs_rotation_run(&world, helper, &request, &answer, &reason));
    assert_int_equal(answer, CS_ROTATION_APPLIED);
}

static int64_t hurry_ms;

/* A clock that goes a hundred times as fast, so that a helper's time is over soon. */
static int64_t fast_ms(void *context)
{
    return hurry_ms + (world.monotonic_ms(context) - hurry_ms) * 100;
}

/* It hangs with a child of its own, which holds the output open: both are ended. */
static void test_a_helper_that_hangs(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "cat >/dev/null; echo $$ >$(dirname $0)/pid; sleep 600 & sleep 600",
        "echo $$ >$(dirname $0)/pid; echo applied; exec >&- 2>&-; sleep 600",
        "trap '' TERM INT HUP; echo $$ >$(dirname $0)/pid; while :; do echo applied; done",
    };
    struct cs_world fast = world;
    struct cs_rotation_request request = request_of(CS_ROTATION_APPLY);
    fast.monotonic_ms = fast_ms;
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        enum cs_rotation_answer answer = CS_ROTATION_BOTH;
        struct cs_problem reason;
        char path[128];
        char digits[32] = "";
        hurry_ms = world.monotonic_ms(world.context);
        write_helper(texts[i]);
        /* 25 and 45 seconds of the fast clock. */
        request.seconds = i == 2 ? 40 : 20;
        assert_ok(cs_rotation_run(&fast, helper, &request, &answer, &reason));
        assert_int_equal(answer, CS_ROTATION_UNKNOWN);
        assert_string_equal(reason.text, "the helper did not end in time");
        assert_true(world.monotonic_ms(world.context) - hurry_ms < 5000);
        (void)snprintf(path, sizeof path, "%s/pid", folder);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        assert_non_null(fgets(digits, sizeof digits, file));
        assert_int_equal(fclose(file), 0);
        pid_t pid = (pid_t)strtol(digits, NULL, 10);
        assert_true(pid > 1);
        /* The group, too. Its other members are reaped by init, in their own time. */
        for (int wait = 0; wait < 200 && kill(-pid, 0) == 0; wait++) {
            (void)usleep(10 * 1000);
        }
        assert_true(kill(pid, 0) == -1 && errno == ESRCH);
    }
}

static void read_file(const char *name, struct cs_buffer *out)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    cs_buffer_init(out, 1 << 20);
    assert_ok(world.file_read(world.context, path, out));
}

static bool file_has(const char *name, const char *text)
{
    struct cs_buffer content;
    read_file(name, &content);
    bool found = memmem(content.data, content.size, text, strlen(text)) != NULL;
    cs_buffer_release(&content);
    return found;
}

static void test_what_the_child_is_given(void **state)
{
    (void)state;
    struct cs_problem reason;
    struct cs_buffer content;
    /* Something of ours that it must not inherit. */
    int secret_file = open(folder, O_RDONLY);
    assert_true(secret_file > 2);
    assert_int_equal(fcntl(secret_file, F_SETFD, 0), 0);
    (void)setenv("COUNTERSIGN_TEST_SECRET", "in-the-environment", 1);
    (void)signal(SIGTERM, SIG_IGN);
    assert_int_equal(
        answer_of(CS_ROTATION_APPLY,
                  "cd \"$(dirname \"$0\")\"; cat /proc/$$/cmdline >cmdline; cat /proc/$$/environ "
                  ">environ\n"
                  "for file in /proc/$$/fd/*; do readlink \"$file\"; done >files\n"
                  "cat /proc/$$/limits >limits; cat /proc/$$/status >status; umask >umask\n"
                  "readlink /proc/self/cwd >/dev/null; cat >message; echo applied",
                  &reason),
        CS_ROTATION_APPLIED);
    (void)signal(SIGTERM, SIG_DFL);
    assert_int_equal(close(secret_file), 0);
    assert_true(file_has("message", OLD_CANARY) && file_has("message", NEW_CANARY));
    assert_false(file_has("cmdline", "canary"));
    assert_true(file_has("cmdline", helper));
    read_file("environ", &content);
    assert_int_equal(content.size, 0);
    cs_buffer_release(&content);
    assert_false(file_has("files", "socket:"));
    struct cs_buffer files;
    read_file("files", &files);
    cs_buffer_append_u8(&files, 0);
    /* The shell itself holds its script and the list, nothing else: not the folder. */
    char own[80];
    (void)snprintf(own, sizeof own, "%s\n", folder);
    assert_null(strstr((const char *)files.data, own));
    cs_buffer_release(&files);
    assert_true(file_has("limits", "Max core file size        0                    0"));
    assert_true(file_has("status", "NoNewPrivs:\t1"));
    assert_true(file_has("status", "SigIgn:\t0000000000000000"));
    assert_true(file_has("umask", "0077"));
}

/* Else one that is told to end would not. */
static void test_blocked_signals_are_not_handed_on(void **state)
{
    (void)state;
    sigset_t blocked;
    sigset_t before;
    assert_int_equal(sigemptyset(&blocked), 0);
    assert_int_equal(sigaddset(&blocked, SIGUSR1), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    expect(READ_INPUT "kill -USR1 $$; echo applied", CS_ROTATION_UNKNOWN, "the helper failed");
    sigset_t after;
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, &after), 0);
    assert_int_equal(sigismember(&after, SIGUSR1), 1);
    assert_int_equal(sigismember(&after, SIGPIPE), 0);
}

static void refuse(const char *path, const struct cs_rotation_request *request,
                   enum cs_status status)
{
    enum cs_rotation_answer answer = CS_ROTATION_BOTH;
    struct cs_problem reason;
    assert_status(cs_rotation_run(&world, path, request, &answer, &reason), status);
    assert_int_equal(answer, CS_ROTATION_BOTH);
    assert_int_not_equal(reason.text[0], '\0');
    assert_null(strstr(reason.text, "canary"));
}

static void test_what_is_not_started(void **state)
{
    (void)state;
    struct cs_rotation_request request = request_of(CS_ROTATION_APPLY);
    write_helper("echo applied");
    assert_int_equal(chdir(folder), 0);
    refuse("helper", &request, CS_INVALID);
    refuse("/nowhere/helper", &request, CS_INVALID);
    refuse(folder, &request, CS_INVALID);
    assert_int_equal(chmod(helper, 0722), 0);
    refuse(helper, &request, CS_INVALID);
    assert_int_equal(chmod(helper, 0600), 0);
    refuse(helper, &request, CS_IO);
    assert_int_equal(chmod(helper, 0700), 0);
    request.new_secret = request.old_secret;
    refuse(helper, &request, CS_INVALID);
    request = request_of(CS_ROTATION_APPLY);
    FILE *file = fopen(helper, "we");
    assert_non_null(file);
    assert_true(fputs("#!/nowhere/shell\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    refuse(helper, &request, CS_IO);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void test_memory_and_descriptors_run_out(void **state)
{
    (void)state;
    struct cs_rotation_request request = request_of(CS_ROTATION_APPLY);
    enum cs_rotation_answer answer = CS_ROTATION_BOTH;
    struct cs_problem reason;
    struct rlimit before;
    write_helper(READ_INPUT "echo applied");
    cs_memory_fail_after(0);
    assert_status(cs_rotation_run(&world, helper, &request, &answer, &reason), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_int_equal(answer, CS_ROTATION_BOTH);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t files = 3; files < 14; files++) {
        struct rlimit few = {files, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        enum cs_status status = cs_rotation_run(&world, helper, &request, &answer, &reason);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_true(status == CS_IO || (status == CS_OK && answer != CS_ROTATION_FAILED));
    }
    assert_ok(cs_rotation_run(&world, helper, &request, &answer, &reason));
    assert_int_equal(answer, CS_ROTATION_APPLIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_answers),
        cmocka_unit_test(test_no_plain_answer_is_unknown),
        cmocka_unit_test(test_much_on_standard_error),
        cmocka_unit_test(test_a_helper_that_does_not_read),
        cmocka_unit_test(test_a_helper_that_hangs),
        cmocka_unit_test(test_what_the_child_is_given),
        cmocka_unit_test(test_blocked_signals_are_not_handed_on),
        cmocka_unit_test(test_what_is_not_started),
        cmocka_unit_test(test_memory_and_descriptors_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
