/* entities: what lists and forms are driven by. */
#include "tests/unit/field_client_commands/commands_fixture.h"

static const struct cs_json *find(const struct cs_json *list, const char *name)
{
    for (size_t i = 0; i < cs_json_count(list); i++) {
        const struct cs_json *item = cs_json_at(list, i);
        if (strcmp(json_text(item, "name"), name) == 0) {
            return item;
        }
    }
    fail_msg("there is no %s", name);
    return NULL;
}

/* There, and null. */
static bool is_null(const struct cs_json *object, const char *key)
{
    struct cs_buffer text;
    cs_buffer_init(&text, CS_KIBI);
    assert_non_null(cs_json_get(object, key));
    assert_int_equal(cs_json_write(cs_json_get(object, key), 0, &text), CS_OK);
    bool null = cs_bytes_equal_text(cs_buffer_bytes(&text), "null");
    cs_buffer_release(&text);
    return null;
}

static const struct cs_json *field_of(const char *entity, const char *field)
{
    assert_int_equal(run_json("entities", entity), 0);
    const struct cs_json *found = find(cs_json_get(commands.json, "entities"), entity);
    return find(cs_json_get(found, "fields"), field);
}

static void lists_know_what_to_show(void **state)
{
    (void)state;
    const struct cs_json *name = field_of("part", "name");
    assert_true(json_boolean(name, "listed") && json_boolean(name, "label"));
    assert_true(json_boolean(name, "search") && !json_boolean(name, "hidden"));
    assert_int_equal(json_integer(name, "size_max"), 255);
    assert_true(is_null(name, "minimum"));
    const struct cs_json *strokes = field_of("receipt", "strokes");
    assert_true(json_boolean(strokes, "hidden") && !json_boolean(strokes, "listed"));
    assert_false(json_boolean(strokes, "label"));
    assert_int_equal(json_integer(strokes, "size_max"), 128 * 1024);
    assert_int_equal(run_json("entities", "visit"), 0);
    assert_string_equal(json_text(find(cs_json_get(commands.json, "entities"), "visit"), "clause"),
                        "D4");
}

static void forms_know_what_fits(void **state)
{
    (void)state;
    const struct cs_json *last = field_of("receipt_series", "last_number");
    assert_int_equal(json_integer(last, "minimum"), 0);
    assert_int_equal(json_integer(last, "maximum"), 999999999);
    assert_true(is_null(last, "size_max"));
    const struct cs_json *choices = cs_json_get(field_of("visit", "result"), "choices");
    assert_int_equal(cs_json_count(choices), 4);
    const struct cs_json *follow_up = find(choices, "follow_up");
    assert_string_equal(json_text(follow_up, "label_zh"), "需跟进");
    assert_string_equal(json_text(follow_up, "label_en"), "follow-up needed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(lists_know_what_to_show),
        COMMAND_TEST(forms_know_what_fits),
    };
    return RUN_COMMAND_TESTS(tests);
}
