/* What a command has from a caller that is another process: its files, variables and folder; and that a caller who goes away ends every wait. */
#include "field-client/console/console.h"

#include "field-client/console/passphrase_prompt.h"
#include "field-client/console/secret_input.h"
#include "field-client/console/secret_output.h"
#include "tests/support/testing.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT(text) cs_bytes_of_text(text)

static struct {
    struct cs_console console;
    int caller; /* the other end */
    int pauses;
    int resumes;
    int flushes;
    bool cannot_flush;
} scene;

static void count_pause(void *context)
{
    (void)context;
    scene.pauses++;
}

static void count_resume(void *context)
{
    (void)context;
    scene.resumes++;
}

static bool count_flush(void *context)
{
    (void)context;
    scene.flushes++;
    return !scene.cannot_flush;
}

static char texts[3][32] = {"PATH=/bin", "LANGUAGE=en", "LANG=zh_CN.UTF-8"};
static char *variables[] = {texts[0], texts[1], texts[2], NULL};

static int setup(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    memset(&scene, 0, sizeof scene);
    scene.caller = ends[1];
    scene.console = (struct cs_console){.input = -1,
                                        .output = -1,
                                        .errors = -1,
                                        .terminal = -1,
                                        .passphrase_file = -1,
                                        .caller = ends[0],
                                        .folder = "/home/zhao/files",
                                        .variables = variables,
                                        .pause = count_pause,
                                        .resume = count_resume,
                                        .flush = count_flush};
    return 0;
}

static void hang_up(void)
{
    if (scene.caller >= 0) {
        (void)close(scene.caller);
        scene.caller = -1;
    }
}

static int teardown(void **state)
{
    (void)state;
    hang_up();
    (void)close(scene.console.caller);
    return 0;
}

static void test_variables_are_the_callers(void **state)
{
    (void)state;
    assert_string_equal(cs_console_variable(&scene.console, "LANG"), "zh_CN.UTF-8");
    assert_null(cs_console_variable(&scene.console, "HOME"));
    assert_int_equal(setenv("COUNTERSIGN_TEST", "own", 1), 0);
    assert_null(cs_console_variable(&scene.console, "COUNTERSIGN_TEST"));
    assert_string_equal(cs_console_variable(NULL, "COUNTERSIGN_TEST"), "own");
    assert_ptr_equal(cs_console_variables(&scene.console), variables);
}

static void assert_path(const char *typed, const char *expected)
{
    char path[CS_CONSOLE_PATH_MAX];
    assert_ok(cs_console_path(&scene.console, typed, path, NULL));
    assert_string_equal(path, expected);
}

static void assert_no_path(const char *typed)
{
    char path[CS_CONSOLE_PATH_MAX];
    struct cs_problem problem = {""};
    assert_status(cs_console_path(&scene.console, typed, path, &problem), CS_INVALID);
    assert_true(problem.text[0] != '\0');
}

static void test_names_start_in_the_callers_folder(void **state)
{
    char path[CS_CONSOLE_PATH_MAX];
    char *long_name = test_malloc(CS_CONSOLE_PATH_MAX);
    (void)state;
    assert_path("parts.csv", "/home/zhao/files/parts.csv");
    assert_path("../x", "/home/zhao/files/../x");
    assert_path("/tmp/x", "/tmp/x");
    assert_no_path("/dev/fd/63");
    assert_no_path("/dev/stdin");
    assert_no_path("/proc/self/fd/3");
    memset(long_name, 'a', CS_CONSOLE_PATH_MAX - 1);
    long_name[CS_CONSOLE_PATH_MAX - 1] = '\0';
    assert_no_path(long_name);
    assert_ok(cs_console_path(NULL, "/dev/stdin", path, NULL));
    assert_string_equal(path, "/dev/stdin");
    test_free(long_name);
}

static void test_a_pipe_is_no_plain_file(void **state)
{
    char name[] = "/tmp/countersign-console-XXXXXX";
    char path[64];
    (void)state;
    assert_non_null(mkdtemp(name));
    (void)snprintf(path, sizeof path, "%s/pipe", name);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(cs_console_is_plain_file(&scene.console, path));
    assert_true(cs_console_is_plain_file(NULL, path));
    assert_true(cs_console_is_plain_file(&scene.console, name));
    assert_true(cs_console_is_plain_file(&scene.console, "/tmp/nothing is here"));
    (void)unlink(path);
    (void)rmdir(name);
}

static void test_only_what_has_to_wait_pauses(void **state)
{
    int ends[2];
    char byte;
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "a", 1), 1);
    assert_int_equal(cs_console_read(&scene.console, ends[0], &byte, 1), 1);
    assert_int_equal(scene.pauses, 0);
    hang_up();
    assert_int_equal(cs_console_read(&scene.console, ends[0], &byte, 1), -1);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void *hang_up_soon(void *context)
{
    (void)context;
    (void)usleep(50000);
    hang_up();
    return NULL;
}

static void test_a_caller_that_goes_ends_a_wait(void **state)
{
    int ends[2];
    char byte;
    pthread_t thread;
    (void)state;
    assert_false(cs_console_is_gone(&scene.console));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&thread, NULL, hang_up_soon, NULL), 0);
    assert_int_equal(cs_console_read(&scene.console, ends[0], &byte, 1), -1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(scene.pauses, 1);
    assert_int_equal(scene.resumes, 1);
    assert_true(cs_console_is_gone(&scene.console));
    assert_false(cs_console_is_gone(NULL));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_a_reader_that_is_slow_is_waited_for(void **state)
{
    static uint8_t much[256 * 1024];
    int ends[2];
    pthread_t thread;
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&thread, NULL, hang_up_soon, NULL), 0);
    assert_false(cs_console_write(&scene.console, ends[1], cs_bytes_make(much, sizeof much)));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(scene.pauses, 1);
    assert_int_equal(scene.resumes, 1);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_a_secret_stands_behind_what_was_printed(void **state)
{
    int ends[2];
    char text[64] = "";
    FILE *out = fopen("/dev/null", "wb");
    (void)state;
    assert_non_null(out);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    scene.console.output = ends[1];
    assert_ok(cs_secret_print(&scene.console, out, TEXT("hunter2")));
    assert_true(scene.flushes > 0);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 8);
    assert_string_equal(text, "hunter2\n");
    scene.cannot_flush = true;
    assert_status(cs_secret_print(&scene.console, out, TEXT("hunter2")), CS_IO);
    (void)fclose(out);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_lines_of_standard_input(void **state)
{
    int ends[2];
    char line[8];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    scene.console.input = ends[0];
    assert_int_equal(write(ends[1], "yes\nlonger than it\nend", 22), 22);
    (void)close(ends[1]);
    assert_true(cs_console_read_line(&scene.console, line, sizeof line));
    assert_string_equal(line, "yes");
    assert_true(cs_console_read_line(&scene.console, line, sizeof line));
    assert_string_equal(line, "longer ");
    assert_true(cs_console_read_line(&scene.console, line, sizeof line));
    assert_string_equal(line, "end");
    assert_false(cs_console_read_line(&scene.console, line, sizeof line));
    (void)close(ends[0]);
}

static void test_a_passphrase_from_the_file_that_came_along(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    int ends[2];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "correct horse\n", 14), 14);
    (void)close(ends[1]);
    scene.console.passphrase_file = ends[0];
    assert_ok(cs_passphrase_read(&scene.console, CS_PASSPHRASE_UNLOCK, &secret, &problem));
    assert_memory_equal(cs_secret_bytes(secret).data, "correct horse", 13);
    cs_secret_destroy(secret);
    (void)close(ends[0]);
}

static void test_without_a_terminal_nobody_is_asked(void **state)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    (void)state;
    assert_int_equal(cs_console_open_terminal(&scene.console), -1);
    assert_status(cs_passphrase_read(&scene.console, CS_PASSPHRASE_UNLOCK, &secret, &problem),
                  CS_LOCKED);
    assert_non_null(strstr(problem.text, "no terminal"));
    assert_null(secret);
}

static int start_group(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_variables_are_the_callers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_start_in_the_callers_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_pipe_is_no_plain_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_what_has_to_wait_pauses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_caller_that_goes_ends_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reader_that_is_slow_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_secret_stands_behind_what_was_printed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_lines_of_standard_input, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_passphrase_from_the_file_that_came_along, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_a_terminal_nobody_is_asked, setup, teardown),
    };
    return cmocka_run_group_tests(tests, start_group, NULL);
}
