/* Secrets from standard input: all of it, or line by line. (The terminal: test_passphrase_prompt.c.) */
#include "field-client/console/secret_input.h"

#include "tests/support/testing.h"

#include <string.h>
#include <unistd.h>

#define SIZE_LIMIT ((size_t)8)

static const struct cs_secret_question question = {.prompt = "Password: ",
                                                   .again = "Again: ",
                                                   .what = "password",
                                                   .size_max = SIZE_LIMIT,
                                                   .use = CS_SECRET_TWICE};

/* Standard input is this text from here on. */
static void feed(const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void assert_next(enum cs_status expected, const char *text)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    assert_status(cs_secret_input_line(NULL, &question, &secret, &problem), expected);
    if (expected == CS_OK) {
        assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), text));
    } else {
        assert_null(secret);
        assert_non_null(strstr(problem.text, text));
    }
    cs_secret_destroy(secret);
}

static void assert_all(const char *fed, enum cs_status expected, const char *text)
{
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    feed(fed);
    assert_status(cs_secret_input(NULL, &question, &secret, &problem), expected);
    if (expected == CS_OK) {
        assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), text));
    } else {
        assert_null(secret);
        assert_non_null(strstr(problem.text, text));
    }
    cs_secret_destroy(secret);
}

static void test_all_of_it(void **state)
{
    (void)state;
    assert_all("secret", CS_OK, "secret");
    assert_all("secret\n", CS_OK, "secret");
    assert_all("two\nline", CS_OK, "two\nline");
    assert_all("12345678\n", CS_OK, "12345678");
    assert_all("123456789", CS_LOCKED, "longer than 8 bytes");
    assert_all("", CS_LOCKED, "is empty");
    assert_all("\n", CS_LOCKED, "is empty");
}

static void test_lines(void **state)
{
    (void)state;
    feed("one\r\ntwo\n\nthree");
    assert_next(CS_OK, "one");
    assert_next(CS_OK, "two");
    assert_next(CS_LOCKED, "is empty");
    assert_next(CS_OK, "three");
    assert_next(CS_NOT_FOUND, "ended before the next password");
    feed("123456789\n");
    assert_next(CS_LOCKED, "longer than 8 bytes");
}

static void test_unreadable(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_problem problem = {""};
    (void)close(STDIN_FILENO);
    assert_status(cs_secret_input(NULL, &question, &secret, &problem), CS_LOCKED);
    assert_non_null(strstr(problem.text, "could not be read"));
    assert_null(secret);
}

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
