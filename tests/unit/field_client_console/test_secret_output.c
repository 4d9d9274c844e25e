/* Secrets on a terminal of its own kind (a pair of pseudo-terminals), on standard output and in JSON. */
#include "field-client/console/secret_output.h"

#include "shared/base/memory.h"
#include "tests/support/testing.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define OPENED "\033[?1049h\033[2J\033[H"
#define CLOSED "\033[2J\033[H\033[?1049l"
#define HINT "(any key)"
#define TEXT(text) cs_bytes_of_text(text)

/* ---- a terminal, and the person before it ---- */

static int person;
static int terminal;
static char screen[8192];
static size_t screen_size;

static int setup(void **state)
{
    (void)state;
    person = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(person >= 0);
    assert_int_equal(grantpt(person), 0);
    assert_int_equal(unlockpt(person), 0);
    terminal = open(ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    screen_size = 0;
    screen[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)close(terminal);
    (void)close(person);
    return 0;
}

/* Reads on until `text` is on the screen, at most so long; false: it never was. */
static bool wait_for(const char *text, int ms)
{
    while (strstr(screen, text) == NULL) {
        struct pollfd polled = {.fd = person, .events = POLLIN};
        if (screen_size + 1 >= sizeof screen || poll(&polled, 1, ms) != 1) {
            return false;
        }
        ssize_t size = read(person, screen + screen_size, sizeof screen - 1 - screen_size);
        if (size <= 0) {
            return false;
        }
        screen_size += (size_t)size;
        screen[screen_size] = '\0';
    }
    return true;
}

static void *press_a_key(void *context)
{
    (void)context;
    if (wait_for(HINT, 5000)) {
        (void)!write(person, "\003", 1); /* Ctrl-C is a key like others */
    }
    return NULL;
}

static bool has_echo(void)
{
    struct termios settings;
    assert_int_equal(tcgetattr(terminal, &settings), 0);
    return (settings.c_lflag & ECHO) != 0 && (settings.c_lflag & ICANON) != 0 &&
           (settings.c_lflag & ISIG) != 0;
}

static enum cs_status show(struct cs_bytes secret, int seconds)
{
    const struct cs_secret_screen shown = {TEXT("switch\033[31m  admin"), HINT, seconds};
    return cs_secret_show(NULL, terminal, &shown, secret);
}

static void test_until_a_key(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, press_a_key, NULL), 0);
    assert_ok(show(TEXT("hunter2 交"), 60));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(wait_for(CLOSED, 1000));
    assert_ptr_equal(strstr(screen, OPENED), screen);
    assert_non_null(strstr(screen, "switch [31m  admin")); /* the title does nothing either */
    assert_non_null(strstr(screen, "hunter2 交"));
    assert_string_equal(screen + screen_size - strlen(CLOSED), CLOSED);
    assert_null(strstr(screen, "^C"));
    assert_true(has_echo());
}

static void test_until_the_time_is_over(void **state)
{
    (void)state;
    assert_ok(show(TEXT("hunter2"), 1));
    assert_true(wait_for(CLOSED, 1000));
    assert_true(has_echo());
}

/* Whatever a password is made of, the terminal only shows it. */
static void test_control_characters_are_shown_by_number(void **state)
{
    (void)state;
    assert_ok(show(TEXT("a\033]0;x\007b\nc\x7f"), 1));
    assert_true(wait_for(CLOSED, 1000));
    assert_non_null(strstr(screen, "a\\x1b]0;x\\x07b\r\nc\\x7f"));
    setup(NULL);
    assert_ok(show(TEXT("raw \xff\xfe."), 1));
    assert_true(wait_for(CLOSED, 1000));
    assert_non_null(strstr(screen, "raw \\xff\\xfe."));
}

/* A program that is told to end clears the screen first, and then ends by that signal. */
static void test_a_signal_clears_the_screen(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(signals); i++) {
        int result = 0;
        screen_size = 0;
        screen[0] = '\0';
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)!show(TEXT("hunter2"), 60);
            _exit(0);
        }
        assert_true(wait_for(HINT, 5000));
        assert_int_equal(kill(child, signals[i]), 0);
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFSIGNALED(result));
        assert_int_equal(WTERMSIG(result), signals[i]);
        assert_true(wait_for(CLOSED, 1000));
        assert_true(has_echo());
    }
}

static void test_no_terminal(void **state)
{
    int ends[2];
    const struct cs_secret_screen shown = {TEXT("x"), HINT, 1};
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_status(cs_secret_show(NULL, ends[1], &shown, TEXT("hunter2")), CS_IO);
    assert_int_equal(close(ends[1]), 0);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nothing was written */
    (void)close(ends[0]);
}

/* ---- for programs ---- */

static void assert_file(FILE *file, const char *expected)
{
    char text[1024];
    rewind(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    assert_string_equal(text, expected);
    (void)fclose(file);
}

static void test_printed(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(fputs("before ", file) >= 0);
    assert_ok(cs_secret_print(NULL, file, TEXT("hunter2")));
    assert_file(file, "before hunter2\n");
    FILE *full = fopen("/dev/full", "wb");
    assert_non_null(full);
    assert_status(cs_secret_print(NULL, full, TEXT("hunter2")), CS_IO);
    (void)fclose(full);
}

static struct cs_json *printed_json(const struct cs_json *object, struct cs_bytes secret)
{
    char *text = NULL;
    size_t size = 0;
    struct cs_json *parsed = NULL;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_ok(cs_secret_print_json(NULL, file, object, "value", secret));
    (void)fclose(file);
    assert_true(size > 0 && text[size - 1] == '\n');
    assert_ok(cs_json_parse(cs_bytes_make(text, size), &parsed));
    free(text);
    return parsed;
}

static void assert_value(const struct cs_json *json, const char *name, struct cs_bytes expected)
{
    struct cs_bytes text;
    assert_true(cs_json_get_text(cs_json_get(json, name), &text));
    assert_true(cs_bytes_equal(text, expected));
}

static void test_json(void **state)
{
    static const char hard[] = "a\"b\\c\nd\x01\x1f\x7f 交 \xf0\x9f\x94\x91/";
    (void)state;
    struct cs_json *object = cs_json_object();
    struct cs_json *json = printed_json(object, TEXT("alone"));
    assert_value(json, "value", TEXT("alone"));
    assert_int_equal(cs_json_count(json), 1);
    cs_json_destroy(json);
    cs_json_set(object, "name", cs_json_text(TEXT("switch } ")));
    struct cs_json *inner = cs_json_object();
    cs_json_set(inner, "x", cs_json_integer(1));
    cs_json_set(object, "inner", inner);
    json = printed_json(object, TEXT(hard));
    assert_int_equal(cs_json_count(json), 3);
    assert_value(json, "name", TEXT("switch } "));
    assert_value(json, "value", TEXT(hard));
    assert_non_null(cs_json_get(cs_json_get(json, "inner"), "x"));
    cs_json_destroy(json);
    json = printed_json(object, TEXT("\xff\x01"));
    assert_value(json, "value_hex", TEXT("ff01"));
    assert_null(cs_json_get(json, "value"));
    cs_json_destroy(json);
    json = printed_json(object, CS_BYTES_NONE);
    assert_value(json, "value", CS_BYTES_NONE);
    cs_json_destroy(json);
    cs_json_destroy(object);
}

static void test_json_list(void **state)
{
    (void)state;
    struct cs_secret *secrets[2] = {NULL, NULL};
    struct cs_json *object = cs_json_object();
    struct cs_json *parsed = NULL;
    char *text = NULL;
    size_t size = 0;
    struct cs_bytes found;
    cs_json_set(object, "count", cs_json_integer(2));
    assert_ok(cs_secret_create_copy(TEXT("one \"1\""), &secrets[0]));
    assert_ok(cs_secret_create_copy(TEXT("二"), &secrets[1]));
    for (size_t count = 0; count <= 2; count++) {
        FILE *file = open_memstream(&text, &size);
        assert_non_null(file);
        assert_ok(cs_secret_print_json_list(NULL, file, object, "texts", secrets, count));
        (void)fclose(file);
        assert_ok(cs_json_parse(cs_bytes_make(text, size), &parsed));
        const struct cs_json *list = cs_json_get(parsed, "texts");
        assert_non_null(list);
        assert_int_equal(cs_json_count(list), count);
        for (size_t i = 0; i < count; i++) {
            assert_true(cs_json_get_text(cs_json_at(list, i), &found));
            assert_true(cs_bytes_equal(found, cs_secret_bytes(secrets[i])));
        }
        cs_json_destroy(parsed);
        free(text);
    }
    cs_secret_destroy(secrets[0]);
    cs_secret_destroy(secrets[1]);
    cs_json_destroy(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_until_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_until_the_time_is_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_control_characters_are_shown_by_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_signal_clears_the_screen, setup, teardown),
        cmocka_unit_test(test_no_terminal),
        cmocka_unit_test(test_printed),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_list),
    };
    assert_ok(cs_crypto_start());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
