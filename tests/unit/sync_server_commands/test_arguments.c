/* Options and arguments, and how answers are written. */
#include "tests/unit/sync_server_commands/commands_fixture.h"

static char *words[8];
static struct cs_admin admin;

/* Splits at blanks; a lone "''" is an empty argument. */
static void type(char *text)
{
    admin = (struct cs_admin){.name = "test", .synopsis = "DIR", .arguments = words};
    while (text != NULL) {
        char *word = text;
        text = strchr(text, ' ');
        if (text != NULL) {
            *text++ = '\0';
        }
        if (strcmp(word, "''") == 0) {
            word[0] = '\0';
        }
        words[admin.argument_count++] = word;
    }
}
#define TYPE(text) type((char[]){text})

static void test_option_both_forms(void **state)
{
    (void)state;
    const char *value = "before";
    TYPE("a --listen x:1 b");
    assert_ok(cs_admin_option(&admin, "--listen", &value));
    assert_string_equal(value, "x:1");
    assert_int_equal(admin.argument_count, 2);
    assert_string_equal(admin.arguments[0], "a");
    assert_string_equal(admin.arguments[1], "b");
    TYPE("--listen=y:2 a");
    assert_ok(cs_admin_option(&admin, "--listen", &value));
    assert_string_equal(value, "y:2");
    assert_int_equal(admin.argument_count, 1);
    assert_ok(cs_admin_option(&admin, "--listen", &value));
    assert_null(value);
}

static void test_longer_names_are_others(void **state)
{
    (void)state;
    const char *value = NULL;
    TYPE("--listening z");
    assert_ok(cs_admin_option(&admin, "--listen", &value));
    assert_null(value);
    assert_int_equal(admin.argument_count, 2);
}

static void test_option_refusals(void **state)
{
    (void)state;
    const char *value = NULL;
    TYPE("a --listen");
    assert_status(cs_admin_option(&admin, "--listen", &value), CS_USAGE);
    assert_says(admin.problem.text, "--listen needs a value");
    TYPE("--listen= a");
    assert_status(cs_admin_option(&admin, "--listen", &value), CS_USAGE);
    TYPE("--listen '' a");
    assert_status(cs_admin_option(&admin, "--listen", &value), CS_USAGE);
    TYPE("--listen x --listen=y");
    assert_status(cs_admin_option(&admin, "--listen", &value), CS_USAGE);
    assert_says(admin.problem.text, "given twice");
    assert_null(value);
}

static void test_flag(void **state)
{
    (void)state;
    TYPE("a --json b --json");
    assert_true(cs_admin_flag(&admin, "--json"));
    assert_int_equal(admin.argument_count, 2);
    assert_string_equal(admin.arguments[1], "b");
    assert_false(cs_admin_flag(&admin, "--json"));
}

static void test_expect(void **state)
{
    (void)state;
    TYPE("a -");
    assert_ok(cs_admin_expect(&admin, 2));
    assert_status(cs_admin_expect(&admin, 3), CS_USAGE);
    assert_says(admin.problem.text, "missing");
    assert_status(cs_admin_expect(&admin, 1), CS_USAGE);
    assert_says(admin.problem.text, "- is one argument too many");
    TYPE("a --force");
    assert_status(cs_admin_expect(&admin, 2), CS_USAGE);
    assert_says(admin.problem.text, "there is no option --force here");
    TYPE("''");
    assert_status(cs_admin_expect(&admin, 1), CS_USAGE);
    assert_says(admin.problem.text, "empty");
}

/* ---- answers ---- */

static char *output;
static size_t output_size;

static void open_output(void)
{
    admin = (struct cs_admin){.name = "test"};
    admin.around.out = open_memstream(&output, &output_size);
    admin.around.err = admin.around.out;
    assert_non_null(admin.around.out);
}

static void assert_output(const char *expected)
{
    (void)fclose(admin.around.out);
    assert_string_equal(output, expected);
    free(output);
}

static void test_padding_counts_columns(void **state)
{
    (void)state;
    open_output();
    cs_admin_print_padded(&admin, cs_bytes_of_text("ab"), 4);
    cs_admin_print(&admin, "|");
    cs_admin_print_padded(&admin, cs_bytes_of_text("\xe7\x8e\x8b"), 4);
    cs_admin_print(&admin, "|");
    cs_admin_print_padded(&admin, cs_bytes_of_text("abcdef"), 4);
    assert_output("ab  |\xe7\x8e\x8b  |abcdef");
}

static void test_control_characters_are_replaced(void **state)
{
    (void)state;
    open_output();
    cs_admin_print_padded(&admin, cs_bytes_of_text("a\x1b[1m\n\x7f\xc2\x9bz\xc2\xa3"), 0);
    assert_output("a?[1m???z\xc2\xa3");
}

static void test_note(void **state)
{
    (void)state;
    open_output();
    cs_admin_note(&admin, "%d rows", 5);
    assert_output("countersign-server test: 5 rows\n");
}

static void test_json(void **state)
{
    (void)state;
    open_output();
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "hex", cs_admin_json_hex(cs_bytes_of_text("\x01\xff")));
    cs_json_set(json, "none", cs_admin_json_time(0));
    cs_json_set(json, "time", cs_admin_json_time(1767225600000));
    assert_ok(cs_admin_json(&admin, json));
    assert_output("{\"hex\":\"01ff\",\"none\":null,\"time\":\"2026-01-01T00:00:00Z\"}\n");
}

static void test_broken_json_writes_nothing(void **state)
{
    (void)state;
    open_output();
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "lost", NULL);
    assert_status(cs_admin_json(&admin, json), CS_NO_MEMORY);
    assert_output("");
}

static void test_hex_without_memory(void **state)
{
    (void)state;
    cs_memory_fail_after(0);
    assert_null(cs_admin_json_hex(cs_bytes_of_text("ab")));
    cs_memory_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_option_both_forms),
        cmocka_unit_test(test_longer_names_are_others),
        cmocka_unit_test(test_option_refusals),
        cmocka_unit_test(test_flag),
        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_padding_counts_columns),
        cmocka_unit_test(test_control_characters_are_replaced),
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_broken_json_writes_nothing),
        cmocka_unit_test(test_hex_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
