/* JSON: building, writing, parsing, refusals, memory running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/text/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define OUT_MAX ((size_t)1 << 16)

static struct cs_json *text_of(const char *text)
{
    return cs_json_text(cs_bytes_of_text(text));
}

/* Writes, compares, destroys. */
static void assert_written(struct cs_json *json, int indent, const char *expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, OUT_MAX);
    assert_int_equal(cs_json_write(json, indent, &out), CS_OK);
    assert_string_equal(cs_buffer_text(&out), expected);
    cs_buffer_release(&out);
    cs_json_destroy(json);
}

/* Writing fails with this status and appends nothing. */
static void assert_refused(struct cs_json *json, enum cs_status expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, OUT_MAX);
    cs_buffer_append_text(&out, "before");
    assert_int_equal(cs_json_write(json, 0, &out), expected);
    assert_string_equal(cs_buffer_text(&out), "before");
    cs_buffer_release(&out);
    cs_json_destroy(json);
}

static struct cs_json *parsed(const char *text)
{
    struct cs_json *json = NULL;
    assert_int_equal(cs_json_parse(cs_bytes_of_text(text), &json), CS_OK);
    assert_non_null(json);
    return json;
}

static void assert_malformed(const char *text)
{
    struct cs_json *json = (struct cs_json *)(uintptr_t)&text;
    if (cs_json_parse(cs_bytes_of_text(text), &json) != CS_MALFORMED || json != NULL) {
        fail_msg("accepted: %s", text);
    }
}

static struct cs_json *sample(void)
{
    struct cs_json *rows = cs_json_array();
    cs_json_append(rows, cs_json_integer(INT64_MIN));
    cs_json_append(rows, cs_json_boolean(true));
    cs_json_append(rows, cs_json_boolean(false));
    cs_json_append(rows, cs_json_null());
    cs_json_append(rows, cs_json_object());
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "zeta", text_of("服务回执单"));
    cs_json_set(json, "alpha", rows);
    cs_json_set(json, "empty", text_of(""));
    return json;
}

static void test_one_line_keeps_order_and_utf8(void **state)
{
    (void)state;
    assert_written(sample(), 0,
                   "{\"zeta\":\"服务回执单\",\"alpha\":[-9223372036854775808,true,false,null,{}],"
                   "\"empty\":\"\"}");
}

static void test_indented(void **state)
{
    (void)state;
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    cs_json_append(list, cs_json_integer(1));
    cs_json_append(list, cs_json_integer(2));
    cs_json_set(json, "a", list);
    cs_json_set(json, "b", cs_json_array());
    assert_written(json, 2, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
}

static void test_escapes(void **state)
{
    (void)state;
    assert_written(text_of("\"\\/\b\f\n\r\t\x01\x1f\x7f"), 0,
                   "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "a\"b\n", cs_json_null());
    assert_written(json, 0, "{\"a\\\"b\\n\":null}");
}

static void test_jansson_reads_what_was_written(void **state)
{
    (void)state;
    struct cs_json *json = sample();
    struct cs_buffer out;
    cs_buffer_init(&out, OUT_MAX);
    assert_int_equal(cs_json_write(json, 3, &out), CS_OK);
    json_error_t error;
    json_t *other = json_loads(cs_buffer_text(&out), 0, &error);
    assert_non_null(other);
    assert_string_equal(json_string_value(json_object_get(other, "zeta")), "服务回执单");
    assert_int_equal(json_array_size(json_object_get(other, "alpha")), 5);
    json_decref(other);
    cs_buffer_release(&out);
    cs_json_destroy(json);
}

static void test_setting_again_replaces_in_place(void **state)
{
    (void)state;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "a", cs_json_integer(1));
    cs_json_set(json, "b", cs_json_integer(2));
    cs_json_set(json, "a", cs_json_integer(3));
    assert_written(json, 0, "{\"a\":3,\"b\":2}");
}

static void test_child_may_be_filled_after_it_was_set(void **state)
{
    (void)state;
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    cs_json_set(json, "a", list);
    cs_json_append(list, cs_json_integer(1));
    assert_written(json, 0, "{\"a\":[1]}");
}

static void test_bad_text_fails_the_whole_tree(void **state)
{
    (void)state;
    struct cs_json *json = cs_json_object();
    struct cs_json *list = cs_json_array();
    cs_json_append(list, text_of("bad \xff"));
    cs_json_set(json, "a", list);
    assert_refused(json, CS_INVALID);
    assert_refused(cs_json_text(cs_bytes_make("a\0b", 3)), CS_INVALID);
    json = cs_json_object();
    cs_json_set(json, "\xc3", cs_json_null());
    assert_refused(json, CS_INVALID);
}

static void test_null_values_fail_the_whole_tree(void **state)
{
    (void)state;
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "a", NULL);
    cs_json_set(json, "b", cs_json_integer(1));
    assert_refused(json, CS_NO_MEMORY);
    json = cs_json_array();
    cs_json_append(json, NULL);
    assert_refused(json, CS_NO_MEMORY);
    assert_refused(NULL, CS_NO_MEMORY);
    /* Containers that could not be made still take what is handed to them. */
    cs_json_set(NULL, "a", cs_json_integer(1));
    cs_json_append(NULL, cs_json_integer(1));
    cs_json_destroy(NULL);
}

static void test_buffer_limit(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, 8);
    struct cs_json *json = sample();
    assert_int_equal(cs_json_write(json, 0, &out), CS_LIMIT);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
    cs_json_destroy(json);
}

static void test_reading(void **state)
{
    (void)state;
    struct cs_json *json =
        parsed(" {\"n\": 42, \"t\": \"\\u56de\\n\", \"b\": true, \"l\": [1, [2]],"
               " \"z\": null, \"f\": 1.5} ");
    int64_t number = 0;
    struct cs_bytes text = CS_BYTES_NONE;
    bool boolean = false;
    assert_true(cs_json_get_integer(cs_json_get(json, "n"), &number));
    assert_int_equal(number, 42);
    assert_true(cs_json_get_text(cs_json_get(json, "t"), &text));
    assert_true(cs_bytes_equal_text(text, "回\n"));
    assert_true(cs_json_get_boolean(cs_json_get(json, "b"), &boolean));
    assert_true(boolean);
    const struct cs_json *list = cs_json_get(json, "l");
    assert_int_equal(cs_json_count(list), 2);
    assert_true(cs_json_get_integer(cs_json_at(cs_json_at(list, 1), 0), &number));
    assert_int_equal(number, 2);
    assert_int_equal(cs_json_count(json), 6);
    assert_string_equal(cs_json_key_at(json, 0), "n");
    assert_string_equal(cs_json_key_at(json, 5), "f");
    assert_written(json, 0,
                   "{\"n\":42,\"t\":\"回\\n\",\"b\":true,\"l\":[1,[2]],\"z\":null,\"f\":1.5}");
}

static void test_reading_the_wrong_shape(void **state)
{
    (void)state;
    struct cs_json *json =
        parsed("{\"n\": 42, \"t\": \"x\", \"l\": [1], \"f\": 2.0, \"b\": false}");
    int64_t number = 7;
    struct cs_bytes text = cs_bytes_of_text("kept");
    bool boolean = true;
    assert_null(cs_json_get(json, "absent"));
    assert_null(cs_json_get(cs_json_get(json, "l"), "n"));
    assert_null(cs_json_get(NULL, "n"));
    assert_null(cs_json_at(json, 0));
    assert_null(cs_json_at(NULL, 0));
    assert_null(cs_json_at(cs_json_get(json, "l"), 1));
    assert_null(cs_json_key_at(json, 5));
    assert_null(cs_json_key_at(cs_json_get(json, "l"), 0));
    assert_null(cs_json_key_at(NULL, 0));
    assert_int_equal(cs_json_count(NULL), 0);
    assert_int_equal(cs_json_count(cs_json_get(json, "n")), 0);
    assert_false(cs_json_get_integer(cs_json_get(json, "t"), &number));
    assert_false(cs_json_get_integer(cs_json_get(json, "f"), &number));
    assert_false(cs_json_get_integer(cs_json_get(json, "b"), &number));
    assert_false(cs_json_get_integer(NULL, &number));
    assert_false(cs_json_get_text(cs_json_get(json, "n"), &text));
    assert_false(cs_json_get_text(NULL, &text));
    assert_false(cs_json_get_boolean(cs_json_get(json, "n"), &boolean));
    assert_false(cs_json_get_boolean(NULL, &boolean));
    assert_int_equal(number, 7);
    assert_true(cs_bytes_equal_text(text, "kept"));
    assert_true(boolean);
    cs_json_destroy(json);
}

static void test_any_single_value_parses(void **state)
{
    (void)state;
    static const char *const values[] = {"null", "true", "false", "0",  "-1",
                                         "\"\"", "[]",   "{}",    "1.5"};
    for (size_t i = 0; i < CS_COUNT(values); i++) {
        assert_written(parsed(values[i]), 0, values[i]);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{\"x\":{\"a\":1,\"b\":2,\"a\":1}}",
        "1 2",
        "{} x",
        "[1]]",
        "nul",
        "'a'",
        "\"\xff\"",
        "\"\\ud800\"",
        "\"a\\u0000b\"",
        "{\"a\\u0000\":1}",
        "9223372036854775808",
        "1e999",
        "\"unclosed",
        "// c\n1",
    };
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        assert_malformed(texts[i]);
    }
    struct cs_json *json = NULL;
    assert_int_equal(cs_json_parse(CS_BYTES_NONE, &json), CS_MALFORMED);
    assert_int_equal(cs_json_parse(cs_bytes_make("1\0", 2), &json), CS_MALFORMED);
}

static void nest(char *out, size_t depth, const char *inside)
{
    memset(out, '[', depth);
    size_t size = strlen(inside);
    memcpy(out + depth, inside, size);
    memset(out + depth + size, ']', depth);
    out[2 * depth + size] = '\0';
}

static void test_depth_limit(void **state)
{
    (void)state;
    char text[8192];
    nest(text, 32, "1");
    assert_written(parsed(text), 0, text);
    static const char *const inside[] = {"", "1", "{}"};
    for (size_t i = 0; i < CS_COUNT(inside); i++) {
        nest(text, 33, inside[i]);
        assert_malformed(text);
        nest(text, 3000, inside[i]);
        assert_malformed(text);
    }
    struct cs_json *json = cs_json_array();
    for (int i = 0; i < 32; i++) {
        struct cs_json *outer = cs_json_array();
        cs_json_append(outer, json);
        json = outer;
    }
    assert_refused(json, CS_LIMIT);
}

static void test_allocation_failures_while_building(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long step = 0;
    for (; status != CS_OK; step++) {
        struct cs_buffer out;
        cs_buffer_init(&out, OUT_MAX);
        cs_memory_fail_after(step);
        struct cs_json *json = sample();
        status = cs_json_write(json, 0, &out);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && out.size == 0));
        cs_json_destroy(json);
        cs_buffer_release(&out);
    }
    assert_true(step > 15);
}

static void test_allocation_failures_while_parsing(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long step = 0;
    for (; status != CS_OK; step++) {
        struct cs_json *json = NULL;
        cs_memory_fail_after(step);
        status = cs_json_parse(cs_bytes_of_text("{\"a\":[1,2.5,\"x\"],\"b\":{\"c\":null}}"), &json);
        cs_memory_fail_after(-1);
        if (status != CS_OK && status != CS_NO_MEMORY) {
            fail_msg("step %ld: %s", step, cs_status_name(status));
        }
        assert_int_equal(json != NULL, status == CS_OK);
        cs_json_destroy(json);
    }
    assert_true(step > 15);
}

/* A name that is there is never missing from what was parsed: the parser's lexer drops characters for which it finds no room. */
static void test_nothing_is_dropped_for_want_of_memory(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    for (long step = 0; status != CS_OK; step++) {
        struct cs_json *json = NULL;
        cs_memory_fail_after(step);
        status = cs_json_parse(
            cs_bytes_of_text("{\"a name of more than sixteen characters\":true}"), &json);
        cs_memory_fail_after(-1);
        assert_int_equal(json != NULL, status == CS_OK);
        assert_true(json == NULL ||
                    cs_json_get(json, "a name of more than sixteen characters") != NULL);
        cs_json_destroy(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line_keeps_order_and_utf8),
        cmocka_unit_test(test_indented),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_jansson_reads_what_was_written),
        cmocka_unit_test(test_setting_again_replaces_in_place),
        cmocka_unit_test(test_child_may_be_filled_after_it_was_set),
        cmocka_unit_test(test_bad_text_fails_the_whole_tree),
        cmocka_unit_test(test_null_values_fail_the_whole_tree),
        cmocka_unit_test(test_buffer_limit),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_reading_the_wrong_shape),
        cmocka_unit_test(test_any_single_value_parses),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_allocation_failures_while_building),
        cmocka_unit_test(test_allocation_failures_while_parsing),
        cmocka_unit_test(test_nothing_is_dropped_for_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
