/* Which work orders are one's own, when, and about which project. */
#include "field-client/visit/orders.h"
#include "tests/unit/field_client_visit/visit_fixture.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct cs_arena arena;

static struct cs_visit_order *orders(struct site *s, int64_t until_ms, size_t *out_count)
{
    struct cs_visit_order *list = NULL;
    cs_arena_release(&arena);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_visit_orders(s->f->replica, until_ms, &arena, &list, out_count));
    return list;
}

static int64_t now(struct site *s)
{
    return s->f->fake.wall_ms;
}

static struct cs_named_value planned(struct site *s, int64_t in_ms)
{
    return NUMBER_VALUE("planned_start", cs_instant_make(now(s) + in_ms, 480));
}

static void an_order_without_a_date_may_be_any_day(void **state)
{
    struct site *s = *state;
    size_t count = 0;
    struct cs_visit_order *list = orders(s, now(s), &count);
    assert_int_equal(count, 1);
    assert_true(cs_id_equal(&list[0].id, &s->order));
    assert_true(cs_bytes_equal_text(list[0].number, "WO-1"));
    assert_false(list[0].is_planned);
    assert_false(list[0].has_project); /* the system names none */
}

static void the_project_is_that_of_the_system(void **state)
{
    struct site *s = *state;
    size_t count = 0;
    struct cs_id project = ADD(s->f, "project", TEXT_VALUE("name", "一期"));
    set_value(s->f, "system", &s->system, ID_VALUE("project", &project));
    struct cs_visit_order *list = orders(s, now(s), &count);
    assert_int_equal(count, 1);
    assert_true(list[0].has_project);
    assert_true(cs_id_equal(&list[0].project, &project));
    set_value(s->f, "work_order", &s->order, (struct cs_named_value){T("request"), CS_NULL});
    list = orders(s, now(s), &count);
    assert_false(list[0].has_project);
}

static void the_next_days_in_their_order(void **state)
{
    struct site *s = *state;
    size_t count = 0;
    struct cs_id late =
        ADD(s->f, "work_order", TEXT_VALUE("number", "WO-3"), planned(s, 2 * DAY_MS),
            ID_VALUE("technician", &s->f->person), TEXT_VALUE("status", "accepted"));
    struct cs_id soon =
        ADD(s->f, "work_order", TEXT_VALUE("number", "WO-2"), planned(s, DAY_MS),
            ID_VALUE("technician", &s->f->person), TEXT_VALUE("status", "assigned"));
    struct cs_visit_order *list = orders(s, now(s) + DAY_MS, &count);
    assert_int_equal(count, 2);
    assert_true(cs_id_equal(&list[0].id, &soon));
    assert_true(cs_id_equal(&list[1].id, &s->order));
    list = orders(s, now(s) + 2 * DAY_MS, &count);
    assert_int_equal(count, 3);
    assert_true(cs_id_equal(&list[1].id, &late));
    (void)orders(s, now(s) + DAY_MS - 1, &count);
    assert_int_equal(count, 1);
}

/* One that is not this person's, or not open: not listed, and refused by name. */
static void refused(struct site *s, struct cs_id id, enum cs_status expected, const char *text)
{
    struct cs_visit_order found;
    size_t count = 0;
    (void)orders(s, now(s) + 30 * DAY_MS, &count);
    assert_int_equal(count, 1);
    s->problem.text[0] = '\0';
    assert_status(cs_visit_order_find(s->f->replica, &id, &arena, &found, &s->problem), expected);
    assert_non_null(strstr(s->problem.text, text));
}

static struct cs_id another_person(struct site *s)
{
    struct cs_edit *edit = NULL;
    struct cs_id id;
    const struct cs_named_value name = TEXT_VALUE("name", "赵强");
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("person"), NULL, &name, 1, &id, &s->problem));
    assert_ok(cs_edit_commit(edit));
    return id;
}

static void only_ones_own_and_open(void **state)
{
    struct site *s = *state;
    struct cs_id other = another_person(s);
    struct cs_visit_order found;
    refused(
        s,
        ADD(s->f, "work_order", ID_VALUE("technician", &other), TEXT_VALUE("status", "assigned")),
        CS_DENIED, "not dispatched to you");
    refused(s, ADD(s->f, "work_order", TEXT_VALUE("status", "assigned")), CS_DENIED, "nobody");
    static const char *const closed[] = {"draft", "finished", "reconciled", "cancelled",
                                         "returned"};
    for (size_t i = 0; i < CS_COUNT(closed); i++) {
        refused(s,
                ADD(s->f, "work_order", ID_VALUE("technician", &s->f->person),
                    TEXT_VALUE("status", closed[i])),
                CS_INVALID, closed[i]);
    }
    refused(s, ADD(s->f, "work_order", ID_VALUE("technician", &s->f->person)), CS_INVALID,
            "without a state");
    assert_ok(cs_visit_order_find(s->f->replica, &s->order, &arena, &found, &s->problem));
    assert_true(cs_id_equal(&found.id, &s->order));
    assert_status(cs_visit_order_find(s->f->replica, &other, &arena, &found, &s->problem),
                  CS_NOT_FOUND);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_order_without_a_date_may_be_any_day),
        TEST(the_project_is_that_of_the_system),
        TEST(the_next_days_in_their_order),
        TEST(only_ones_own_and_open),
    };
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    int failed = cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
    cs_arena_release(&arena);
    return failed;
}
