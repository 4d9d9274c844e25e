/*
 * Command lines on the laptops of a universe: the program as a function call, against the server that is one too. The laptop's own replica is
 * closed meanwhile, as it would be: a replica has one owner.
 */
#ifndef TESTS_SIMULATION_LAPTOP_COMMANDS_H
#define TESTS_SIMULATION_LAPTOP_COMMANDS_H

#include "field-client/commands/client_main.h"
#include "field-client/console/command.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ARGUMENTS_MAX 24

/* What the last command printed. */
struct printed {
    char *out;
    char *err;
    struct cs_json *json; /* of --json */
};
static struct printed printed;

static inline void printed_forget(void)
{
    free(printed.out);
    free(printed.err);
    cs_json_destroy(printed.json);
    printed = (struct printed){.out = NULL};
}

/* Before the first command: where the passphrase stands. */
static inline void commands_begin(struct universe *universe)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/passphrase", universe->folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(UNIVERSE_PASSPHRASE, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("COUNTERSIGN_PASSPHRASE_FILE", path, 1), 0);
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
}

/* Small files are in the world's memory here; commands look for this one on the disk first. */
static inline void place_identity(const struct laptop *laptop)
{
    char path[320];
    (void)snprintf(path, sizeof path, "%s/%s", laptop->home, CS_IDENTITY_FILE);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static inline int laptop_run_texts(struct laptop *laptop, const char *const *texts)
{
    char copies[LINE_ARGUMENTS_MAX][1024];
    char *arguments[LINE_ARGUMENTS_MAX + 4] = {NULL};
    int count = 0;
    printed_forget();
    for (; texts[count] != NULL; count++) {
        assert_true(count < LINE_ARGUMENTS_MAX - 2);
        (void)snprintf(copies[count], sizeof copies[0], "%s", texts[count]);
        arguments[count] = copies[count];
    }
    (void)snprintf(copies[LINE_ARGUMENTS_MAX - 2], sizeof copies[0], "--home");
    arguments[count++] = copies[LINE_ARGUMENTS_MAX - 2];
    arguments[count++] = laptop->home;
    size_t out_size = 0;
    size_t err_size = 0;
    FILE *out = open_memstream(&printed.out, &out_size);
    FILE *err = open_memstream(&printed.err, &err_size);
    assert_non_null(out);
    assert_non_null(err);
    place_identity(laptop);
    laptop_close(laptop);
    const struct cs_client_setting setting = {
        .registry = laptop->registry, .world = &laptop->fake.world, .out = out, .err = err};
    int code = cs_client_run(count, arguments, &setting);
    (void)fclose(out);
    (void)fclose(err);
    laptop_open(laptop);
    return code;
}

/* laptop_run(zhao, "vault", "list"): the exit code. */
#define laptop_run(laptop, ...)                                                                    \
    laptop_run_texts(laptop, (const char *const[]){"countersign", __VA_ARGS__, NULL})

static inline int printed_parse(int code)
{
    assert_ok(cs_json_parse(cs_bytes_of_text(printed.out), &printed.json));
    return code;
}
#define laptop_run_json(laptop, ...) printed_parse(laptop_run(laptop, __VA_ARGS__, "--json"))

static inline void assert_code(int code, int expected)
{
    if (code != expected) {
        fail_msg("exit code %d, not %d; printed: %s; errors: %s", code, expected, printed.out,
                 printed.err);
    }
}

static inline void assert_prints(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
    }
}

/* A text of the last JSON; valid until the next command. */
static inline const char *printed_text(const struct cs_json *json, const char *name)
{
    static char texts[4][1024];
    static size_t next;
    struct cs_bytes text = CS_BYTES_NONE;
    if (!cs_json_get_text(cs_json_get(json, name), &text)) {
        fail_msg("no text \"%s\" in %s", name, printed.out);
    }
    char *copy = texts[next++ % 4];
    (void)snprintf(copy, sizeof texts[0], "%.*s", (int)text.size,
                   text.size == 0 ? "" : (const char *)text.data);
    return copy;
}

#endif
