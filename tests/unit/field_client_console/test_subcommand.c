/* Which subcommand runs, and what wrong use of one says. */
#include "field-client/console/subcommand.h"

#include "tests/support/testing.h"

#include <string.h>

static enum cs_status expect_one(struct cs_command *command)
{
    return cs_command_expect(command, 1, 1);
}

static const struct cs_subcommand list[] = {
    {"show", expect_one, "CREDENTIAL"}, {"waiting", expect_one, ""}, {"old", expect_one, NULL}};
static const struct cs_command_entry entry = {"vault", NULL, "show|waiting …", "", "", "", NULL};

/* Runs `vault` with one or two arguments. */
static enum cs_status type(struct cs_command *command, const char *first, const char *second)
{
    static char texts[2][32];
    static char *arguments[2] = {texts[0], texts[1]};
    *command = (struct cs_command){
        .name = "vault", .entry = &entry, .arguments = arguments, .operand_start = SIZE_MAX};
    (void)snprintf(texts[0], sizeof texts[0], "%s", first == NULL ? "" : first);
    (void)snprintf(texts[1], sizeof texts[1], "%s", second == NULL ? "" : second);
    arguments[0] = texts[0];
    arguments[1] = texts[1];
    command->argument_count = first == NULL ? 0 : second == NULL ? 1 : 2;
    return cs_subcommand_run(command, list, CS_COUNT(list));
}

static void test_it_runs(void **state)
{
    struct cs_command command;
    (void)state;
    assert_ok(type(&command, "show", "router"));
    assert_string_equal(command.arguments[0], "router");
    assert_int_equal(command.argument_count, 1);
    assert_ptr_equal(command.subcommand, &list[0]);
}

static void test_wrong_use(void **state)
{
    struct cs_command command;
    (void)state;
    assert_status(type(&command, NULL, NULL), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "say which of show, waiting, old"));
    assert_status(type(&command, "shew", "x"), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "vault shew: say which"));
    assert_status(type(&command, "show", NULL), CS_USAGE);
    assert_non_null(strstr(command.problem.text,
                           "something is missing; usage: countersign vault show CREDENTIAL"));
    assert_status(type(&command, "waiting", NULL), CS_USAGE);
    assert_string_equal(command.problem.text,
                        "something is missing; usage: countersign vault waiting");
    assert_status(type(&command, "old", NULL), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "countersign vault show|waiting …"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_runs),
        cmocka_unit_test(test_wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
