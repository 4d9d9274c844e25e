/* Passphrases from a file, and from a terminal: a pseudo-terminal with a typist at its other end. */
#include "field-client/console/passphrase_prompt.h"

#include "tests/support/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define EXIT_EQUAL 0
#define EXIT_OTHER 100

static char path[512];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/passphrase-XXXXXX", CS_TEST_BINARY_DIR);
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", path, 1);
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void write_file(const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_reads(const char *text, const char *expected)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    write_file(text, strlen(text));
    assert_ok(cs_passphrase_read(NULL, CS_PASSPHRASE_CHOOSE, &secret, &problem));
    assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), expected));
    cs_secret_destroy(secret);
}

static void assert_refuses(const char *saying)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    assert_status(cs_passphrase_read(NULL, CS_PASSPHRASE_UNLOCK, &secret, &problem), CS_LOCKED);
    assert_null(secret);
    assert_non_null(strstr(problem.text, saying));
}

static void test_file(void **state)
{
    (void)state;
    assert_reads("correct horse", "correct horse");
    assert_reads("correct horse\n", "correct horse");
    assert_reads("correct horse\r\n", "correct horse");
    assert_reads("two\nlines\n\n", "two\nlines\n");
    assert_reads(" spaces stay ", " spaces stay ");
    assert_reads("口令", "口令");
}

static void test_file_refused(void **state)
{
    (void)state;
    write_file("", 0);
    assert_refuses("empty");
    write_file("\n", 1);
    assert_refuses("empty");
    char text[CS_PASSPHRASE_MAX + 1];
    memset(text, 'x', sizeof text);
    write_file(text, sizeof text);
    assert_refuses("longer than 1024");
    write_file(text, CS_PASSPHRASE_MAX);
    struct cs_secret *secret = NULL;
    assert_ok(cs_passphrase_read(NULL, CS_PASSPHRASE_UNLOCK, &secret, NULL));
    assert_int_equal(cs_secret_bytes(secret).size, CS_PASSPHRASE_MAX);
    cs_secret_destroy(secret);
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", "/nonexistent/file", 1);
    assert_refuses("/nonexistent/file");
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", "/", 1);
    assert_refuses("could not be read");
}

/* ---- a terminal ---- */

/* In a session of its own whose terminal is `name`: EXIT_EQUAL if "pass 一" was read. */
static void ask_in_child(const char *name, enum cs_passphrase_use use)
{
    struct cs_secret *secret = NULL;
    (void)setsid();
    (void)alarm(10); /* a typist that never comes must not hang the tests */
    int terminal = open(name, O_RDWR);
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) {
        _exit(EXIT_OTHER);
    }
    enum cs_status status = cs_passphrase_read(NULL, use, &secret, NULL);
    struct termios after;
    bool echo = tcgetattr(terminal, &after) == 0 && (after.c_lflag & ECHO) != 0 &&
                (after.c_lflag & ISIG) != 0;
    if (!echo || (status != CS_OK && status != CS_LOCKED)) {
        _exit(EXIT_OTHER);
    }
    bool equal = status == CS_OK && cs_bytes_equal_text(cs_secret_bytes(secret), "pass 一");
    cs_secret_destroy(secret);
    _exit(status == CS_LOCKED ? CS_LOCKED : equal ? EXIT_EQUAL : EXIT_OTHER);
}

struct screen {
    char text[1024];
    size_t size;
};

/* Reads what the terminal shows until it asks the next question. */
static void await(int master, struct screen *screen, size_t questions)
{
    size_t seen = 0;
    while (seen < questions) {
        assert_true(screen->size < sizeof screen->text - 1);
        ssize_t count = read(master, screen->text + screen->size, 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        assert_int_equal(count, 1);
        screen->size++;
        screen->text[screen->size] = '\0';
        seen = 0;
        for (const char *at = screen->text; (at = strstr(at, ": ")) != NULL; at++) {
            seen++;
        }
    }
}

static int play(enum cs_passphrase_use use, const char *const *lines, size_t count,
                struct screen *screen)
{
    (void)unsetenv("COUNTERSIGN_PASSPHRASE_FILE");
    memset(screen, 0, sizeof *screen);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    char name[128];
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ask_in_child(name, use);
    }
    for (size_t i = 0; i < count; i++) {
        await(master, screen, i + 1);
        /* the question stands before the echo is off; what is typed too early is thrown away */
        struct termios now;
        do {
            (void)usleep(1000);
            assert_int_equal(tcgetattr(master, &now), 0);
        } while ((now.c_lflag & ECHO) != 0);
        assert_int_equal(write(master, lines[i], strlen(lines[i])), (ssize_t)strlen(lines[i]));
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    (void)close(master);
    assert_true(WIFEXITED(result));
    return WEXITSTATUS(result);
}

static void test_unlock(void **state)
{
    (void)state;
    struct screen screen;
    const char *const lines[] = {"pass 一\n"};
    assert_int_equal(play(CS_PASSPHRASE_UNLOCK, lines, 1, &screen), EXIT_EQUAL);
    assert_non_null(strstr(screen.text, "Passphrase: "));
    assert_null(strstr(screen.text, "pass 一"));
}

static void test_choose(void **state)
{
    (void)state;
    struct screen screen;
    const char *const lines[] = {"pass 一\n", "pass 一\n"};
    assert_int_equal(play(CS_PASSPHRASE_CHOOSE, lines, 2, &screen), EXIT_EQUAL);
    assert_null(strstr(screen.text, "pass 一"));
    const char *const differ[] = {"pass 一\n", "pass 二\n"};
    assert_int_equal(play(CS_PASSPHRASE_CHOOSE, differ, 2, &screen), CS_LOCKED);
}

static void test_cancelled(void **state)
{
    (void)state;
    struct screen screen;
    const char *const lines[] = {"pass\x03"};
    assert_int_equal(play(CS_PASSPHRASE_UNLOCK, lines, 1, &screen), CS_LOCKED);
    const char *const empty[] = {"\n"};
    assert_int_equal(play(CS_PASSPHRASE_UNLOCK, empty, 1, &screen), CS_LOCKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unlock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_choose, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
