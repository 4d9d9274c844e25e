/* Options, arguments and answers of a command. */
#include "field-client/console/command.h"

#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 8

static const struct cs_command_entry entry = {
    "list", NULL, "ENTITY [field=value…] [--limit N]", "list rows", "列出记录", "", NULL};
static char storage[ARGUMENTS_MAX][64];
static char *arguments[ARGUMENTS_MAX];
static struct cs_command command;
static char *out;
static size_t out_size;

static void type(size_t count, const char *const *texts, size_t operand_start)
{
    memset(&command, 0, sizeof command);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(storage[i], sizeof storage[i], "%s", texts[i]);
        arguments[i] = storage[i];
    }
    command.name = "list";
    command.entry = &entry;
    command.arguments = arguments;
    command.argument_count = count;
    command.operand_start = operand_start;
}

#define TYPE(...)                                                                                  \
    type(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                              \
         (const char *const[]){__VA_ARGS__}, SIZE_MAX)

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    free(out);
    out = NULL;
    return 0;
}

static void test_option(void **state)
{
    (void)state;
    const char *value = "unset";
    TYPE("part", "--limit", "5", "x=y");
    assert_ok(cs_command_option(&command, "--limit", &value));
    assert_string_equal(value, "5");
    assert_int_equal(command.argument_count, 2);
    assert_string_equal(command.arguments[1], "x=y");
    assert_ok(cs_command_option(&command, "--limit", &value));
    assert_null(value);
    TYPE("--signer=李 雷");
    assert_ok(cs_command_option(&command, "--signer", &value));
    assert_string_equal(value, "李 雷");
    /* another option that begins alike */
    TYPE("--signers=x");
    assert_ok(cs_command_option(&command, "--signer", &value));
    assert_null(value);
    TYPE("--signer=");
    assert_ok(cs_command_option(&command, "--signer", &value));
    assert_string_equal(value, "");
}

static void test_option_refuses(void **state)
{
    (void)state;
    const char *value = "unset";
    TYPE("--limit");
    assert_status(cs_command_option(&command, "--limit", &value), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "needs a value"));
    TYPE("--limit", "--json");
    assert_status(cs_command_option(&command, "--limit", &value), CS_USAGE);
    TYPE("--limit=1", "--limit=2");
    assert_status(cs_command_option(&command, "--limit", &value), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "twice"));
    assert_string_equal(value, "unset");
}

static void test_option_number(void **state)
{
    (void)state;
    int64_t number = 7;
    TYPE("x");
    assert_ok(cs_command_option_number(&command, "--n", 1, 9, &number));
    assert_int_equal(number, 7);
    TYPE("--n", "9");
    assert_ok(cs_command_option_number(&command, "--n", 1, 9, &number));
    assert_int_equal(number, 9);
    static const char *const wrong[] = {"--n=0", "--n=10", "--n=", "--n=1x", "--n=-1"};
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        TYPE(wrong[i]);
        assert_status(cs_command_option_number(&command, "--n", 1, 9, &number), CS_USAGE);
        assert_non_null(strstr(command.problem.text, "from 1 to 9"));
        assert_int_equal(number, 9);
    }
}

static void test_flag(void **state)
{
    (void)state;
    TYPE("a", "--skip-bad", "b", "--skip-bad");
    assert_true(cs_command_flag(&command, "--skip-bad"));
    assert_int_equal(command.argument_count, 2);
    assert_string_equal(command.arguments[1], "b");
    assert_false(cs_command_flag(&command, "--skip-bad"));
}

/* Behind "--" nothing is an option. */
static void test_operands(void **state)
{
    (void)state;
    const char *value = NULL;
    static const char *const texts[] = {"--n=1", "--flag", "--n=2", "--flag"};
    type(4, texts, 2);
    assert_ok(cs_command_option(&command, "--n", &value));
    assert_string_equal(value, "1");
    assert_true(cs_command_flag(&command, "--flag"));
    assert_int_equal(command.argument_count, 2);
    assert_ok(cs_command_expect(&command, 2, 2));
    assert_string_equal(cs_command_shift(&command), "--n=2");
    assert_ok(cs_command_expect(&command, 1, 1));
    /* a value is not looked for behind it either */
    static const char *const apart[] = {"--n", "2"};
    type(2, apart, 1);
    assert_status(cs_command_option(&command, "--n", &value), CS_USAGE);
}

static void test_expect(void **state)
{
    (void)state;
    TYPE("part", "-");
    assert_ok(cs_command_expect(&command, 1, 2));
    assert_status(cs_command_expect(&command, 3, 4), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "ENTITY [field=value…] [--limit N]"));
    assert_status(cs_command_expect(&command, 0, 1), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "too many"));
    TYPE("part", "-x");
    assert_status(cs_command_expect(&command, 1, 2), CS_USAGE);
    assert_non_null(strstr(command.problem.text, "there is no option -x"));
}

static void test_arguments(void **state)
{
    (void)state;
    TYPE("show", "1");
    assert_true(cs_bytes_equal_text(cs_command_argument(&command, 1), "1"));
    assert_int_equal(cs_command_argument(&command, 2).size, 0);
    assert_string_equal(cs_command_shift(&command), "show");
    assert_string_equal(cs_command_shift(&command), "1");
    assert_null(cs_command_shift(&command));
}

static void test_assignment(void **state)
{
    (void)state;
    struct cs_bytes field;
    struct cs_bytes value;
    assert_true(cs_command_split_assignment(cs_bytes_of_text("a=b=c"), &field, &value));
    assert_true(cs_bytes_equal_text(field, "a"));
    assert_true(cs_bytes_equal_text(value, "b=c"));
    assert_true(cs_command_split_assignment(cs_bytes_of_text("a="), &field, &value));
    assert_int_equal(value.size, 0);
    assert_false(cs_command_split_assignment(cs_bytes_of_text("=b"), &field, &value));
    assert_false(cs_command_split_assignment(cs_bytes_of_text("ab"), &field, &value));
    assert_false(cs_command_split_assignment(CS_BYTES_NONE, &field, &value));
}

static void test_printing(void **state)
{
    (void)state;
    TYPE("x");
    command.out = open_memstream(&out, &out_size);
    cs_command_print(&command, "%d\n", 7);
    cs_command_print_bytes(&command, CS_BYTES_NONE);
    cs_command_print_safe(&command, cs_bytes_of_text("a\x1b[0m\t阀\n\xc2\x85\x7f"));
    (void)fclose(command.out);
    assert_string_equal(out, "7\na?[0m\t阀\n??");
    assert_string_equal(cs_command_words(&command, "en", "zh"), "en");
    command.chinese = true;
    assert_string_equal(cs_command_words(&command, "en", "zh"), "zh");
}

static void test_json(void **state)
{
    (void)state;
    TYPE("x");
    command.out = open_memstream(&out, &out_size);
    assert_status(cs_command_json(&command, NULL), CS_NO_MEMORY);
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "bad", cs_json_text(cs_bytes_of_text("\xff")));
    assert_true(cs_command_json(&command, json) != CS_OK);
    json = cs_json_object();
    struct cs_id id = {{1, 2}};
    cs_json_set(json, "id", cs_command_json_id(&id));
    assert_ok(cs_command_json(&command, json));
    (void)fclose(command.out);
    assert_string_equal(out, "{\n  \"id\": \"01020000-0000-0000-0000-000000000000\"\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_option, teardown),
        cmocka_unit_test_teardown(test_option_refuses, teardown),
        cmocka_unit_test_teardown(test_option_number, teardown),
        cmocka_unit_test_teardown(test_flag, teardown),
        cmocka_unit_test_teardown(test_operands, teardown),
        cmocka_unit_test_teardown(test_expect, teardown),
        cmocka_unit_test_teardown(test_arguments, teardown),
        cmocka_unit_test_teardown(test_assignment, teardown),
        cmocka_unit_test_teardown(test_printing, teardown),
        cmocka_unit_test_teardown(test_json, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
