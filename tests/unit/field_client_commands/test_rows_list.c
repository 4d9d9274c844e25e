/* list: conditions, words, order, parts of a list; unsent edits are among the rows. */
#include "tests/unit/field_client_commands/commands_fixture.h"

/* This field of the rows of the last run_json, each followed by a blank. */
static const char *column(const char *field)
{
    static char text[512];
    size_t used = 0;
    text[0] = '\0';
    const struct cs_json *rows = cs_json_get(commands.json, "rows");
    assert_non_null(rows);
    for (size_t i = 0; i < cs_json_count(rows); i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s ",
                                 json_text(cs_json_at(rows, i), field));
        assert_true(used < sizeof text);
    }
    return text;
}

#define assert_listed(field, expected, ...)                                                        \
    do {                                                                                           \
        assert_int_equal(run_json("list", __VA_ARGS__), 0);                                        \
        assert_string_equal(column(field), expected);                                              \
    } while (0)

static void add_parts(void)
{
    (void)id_of(run("new", "part", "code=B2", "name=离心泵 DN50", "price_cents=300", "unit=台"));
    (void)id_of(run("new", "part", "code=a3", "name=Pump 100%", "price_cents=100"));
    (void)id_of(run("new", "part", "code=A1", "name=泵", "price_cents=200"));
    (void)id_of(run("new", "part", "code=C_4", "name=阀门 dn50"));
}

static void words_are_found(void **state)
{
    (void)state;
    add_parts();
    assert_listed("code", "B2 A1 ", "part", "--search", "泵");
    assert_listed("code", "B2 ", "part", "--search", "心泵");
    assert_listed("code", "B2 C_4 ", "part", "--search", "dn50");
    assert_listed("code", "C_4 ", "part", "--search", "DN50 阀");
    assert_listed("code", "C_4 ", "part", "--search", "阀　dn"); /* U+3000 */
    assert_listed("code", "B2 a3 A1 C_4 ", "part", "--search", "  ");
    assert_listed("code", "", "part", "--search", "泵 阀门");
    /* what is special to SQL is not to people */
    assert_listed("code", "a3 ", "part", "--search", "%");
    assert_listed("code", "C_4 ", "part", "--search", "_");
    assert_listed("code", "", "part", "--search", "\\");
    assert_listed("code", "", "part", "--search", "'");
}

static void words_are_found_in_the_labels_of_references(void **state)
{
    (void)state;
    (void)id_of(run("new", "customer", "code=K1", "name=东方化工 East"));
    (void)id_of(run("new", "customer", "code=K2", "name=西山钢铁"));
    (void)id_of(run("new", "site", "name=一号泵房", "customer=K1"));
    (void)id_of(run("new", "site", "name=二号泵房", "customer=K2"));
    assert_listed("name", "一号泵房 ", "site", "--search", "east");
    assert_listed("name", "二号泵房 ", "site", "--search", "泵 西山");
    assert_listed("name", "二号泵房 一号泵房 ", "site", "--sort", "customer", "--descending");
    assert_listed("name", "一号泵房 二号泵房 ", "site", "--sort", "customer");
    /* an unsent edit is what is shown */
    assert_int_equal(run("set", "customer", "K2", "name=南湖钢铁"), 0);
    assert_listed("name", "二号泵房 ", "site", "--search", "南湖");
    assert_listed("name", "", "site", "--search", "西山");
}

static void rows_have_an_order(void **state)
{
    (void)state;
    add_parts();
    assert_listed("code", "C_4 A1 a3 B2 ", "part", "--descending");
    assert_listed("code", "A1 a3 B2 C_4 ", "part", "--sort", "code");
    assert_listed("code", "C_4 B2 a3 A1 ", "part", "--sort=code", "--descending");
    /* without a value last, whichever way */
    assert_listed("code", "a3 A1 B2 C_4 ", "part", "--sort", "price_cents");
    assert_listed("code", "B2 A1 a3 C_4 ", "part", "--sort", "price_cents", "--descending");
    assert_listed("code", "B2 a3 A1 C_4 ", "part", "--sort", "category");
    (void)id_of(run("new", "work_order", "number=W1", "status=cancelled"));
    (void)id_of(run("new", "work_order", "number=W2", "status=draft"));
    (void)id_of(run("new", "work_order", "number=W3", "status=on_site"));
    assert_listed("number", "W2 W3 W1 ", "work_order", "--sort", "status");
}

static void a_list_comes_in_parts(void **state)
{
    (void)state;
    add_parts();
    assert_listed("code", "A1 a3 ", "part", "--sort", "code", "--limit", "2", "--total");
    assert_true(json_boolean(commands.json, "more"));
    assert_int_equal(json_integer(commands.json, "total"), 4);
    assert_listed("code", "B2 C_4 ", "part", "--sort", "code", "--limit", "2", "--offset=2");
    assert_false(json_boolean(commands.json, "more"));
    assert_null(cs_json_get(commands.json, "total"));
    assert_listed("code", "", "part", "--offset", "4");
    assert_listed("code", "B2 ", "part", "--search", "50", "--limit", "1", "--total");
    assert_int_equal(json_integer(commands.json, "total"), 2);
    assert_int_equal(run("list", "part", "--offset", "1", "--limit", "1", "--total"), 0);
    assert_has(commands.err, "there are more");
    assert_has(commands.err, "4 in all");
}

static void numbers_dates_and_times_have_ranges(void **state)
{
    (void)state;
    add_parts();
    assert_listed("code", "B2 A1 ", "part", "price_cents>=200");
    assert_listed("code", "a3 A1 ", "part", "price_cents<=200");
    assert_listed("code", "A1 ", "part", "price_cents<=200", "price_cents>=101");
    (void)id_of(run("new", "work_order", "number=W1", "planned_start=2026-03-02T09:30:00+08:00"));
    (void)id_of(run("new", "work_order", "number=W2", "planned_start=2026-03-02T01:30:00Z"));
    (void)id_of(run("new", "work_order", "number=W3", "planned_start=2026-03-04T12:00:00Z"));
    (void)id_of(run("new", "work_order", "number=W4"));
    /* one moment, however its offset was written */
    assert_listed("number", "W1 W2 W3 ", "work_order", "planned_start>=2026-03-02T09:30:00+08:00");
    assert_listed("number", "W1 W2 ", "work_order", "planned_start<=2026-03-02T02:30:00+01:00");
    assert_listed("number", "", "work_order", "planned_start<=2026-03-02T01:29:59Z");
    assert_listed("number", "W3 ", "work_order", "planned_start>=2026-03-04",
                  "planned_start<=2026-03-04");
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    assert_int_equal(run_json("list", "part", "name>=x"), 1);
    assert_error("INVALID", ">= and <= need a number");
    assert_int_equal(run_json("list", "part", "price_cents>="), 1);
    assert_error("INVALID", ">= and <= need a number");
    assert_int_equal(run_json("list", "part", "price_cents<=x"), 1);
    assert_error("INVALID", "price_cents");
    assert_int_equal(run_json("list", "part", "prise_cents<=1"), 2);
    assert_error("NOT_FOUND", "price_cents");
    assert_int_equal(run_json("list", "part", "--sort", "prise"), 2);
    assert_error("NOT_FOUND", "price_cents");
    assert_int_equal(run_json("list", "receipt", "--sort", "record"), 1);
    assert_error("INVALID", "no list shows");
    assert_int_equal(run_json("list", "part", "--search", "a b c d e f g h i"), 1);
    assert_error("LIMIT", "at most 8 words");
    assert_int_equal(run_json("list", "part", "--search", "\xff"), 2);
    assert_error("USAGE", "--search is not UTF-8");
    assert_int_equal(run_json("list", "part", "--offset", "-1"), 2);
    assert_error("USAGE", "--offset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(words_are_found),
        COMMAND_TEST(words_are_found_in_the_labels_of_references),
        COMMAND_TEST(rows_have_an_order),
        COMMAND_TEST(a_list_comes_in_parts),
        COMMAND_TEST(numbers_dates_and_times_have_ranges),
        COMMAND_TEST(what_cannot_be_asked_is_said),
    };
    return RUN_COMMAND_TESTS(tests);
}
