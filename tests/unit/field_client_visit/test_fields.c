/* Reading rows by field name, and small edits. */
#include "tests/unit/field_client_visit/visit_fixture.h"

static void fields_are_read_by_name(void **state)
{
    struct site *s = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    struct cs_id id;
    assert_ok(cs_visit_load(s->f->replica, "work_order", &s->order, &arena, &row));
    assert_true(row.exists);
    assert_true(cs_bytes_equal_text(cs_visit_text(&row, "number"), "WO-1"));
    assert_int_equal(cs_visit_text(&row, "instruction").size, 0);
    assert_int_equal(cs_visit_text(&row, "request").size, 0);
    assert_int_equal(cs_visit_value(&row, "no_such_field")->kind, CS_VALUE_NULL);
    assert_true(cs_visit_reference(&row, "request", &id));
    assert_true(cs_id_equal(&id, &s->request));
    assert_false(cs_visit_reference(&row, "number", &id));
    assert_false(cs_visit_reference(&row, "no_such_field", &id));
    cs_arena_release(&arena);
}

static void references_are_followed(void **state)
{
    struct site *s = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row order;
    struct cs_stored_row next;
    assert_ok(cs_visit_load(s->f->replica, "work_order", &s->order, &arena, &order));
    assert_ok(cs_visit_follow(s->f->replica, &order, "request", "service_request", &arena, &next));
    assert_true(next.exists);
    assert_ok(cs_visit_follow(s->f->replica, &next, "site", "site", &arena, &next));
    assert_false(next.exists);
    /* Beyond the end of a chain nothing is found, and nothing fails. */
    assert_ok(cs_visit_follow(s->f->replica, &next, "customer", "customer", &arena, &next));
    assert_false(next.exists);
    assert_int_equal(cs_visit_value(&next, "name")->kind, CS_VALUE_NULL);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("service_request"), &s->request));
    assert_ok(cs_visit_follow(s->f->replica, &order, "request", "service_request", &arena, &next));
    assert_false(next.exists);
    cs_arena_release(&arena);
}

static void deleted_rows_do_not_exist(void **state)
{
    struct site *s = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_edit *edit = NULL;
    struct cs_stored_row row;
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_edit_delete(edit, T("part"), &s->part2, NULL));
    assert_ok(cs_visit_end_edit(edit, CS_OK));
    assert_ok(cs_visit_load(s->f->replica, "part", &s->part2, &arena, &row));
    assert_false(row.exists);
    cs_arena_release(&arena);
}

static void a_failed_edit_leaves_nothing(void **state)
{
    struct site *s = *state;
    int64_t before = waiting(s);
    struct cs_edit *edit = NULL;
    struct cs_named_value name = cs_visit_named("name", cs_value_text(T("新")));
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("customer"), NULL, &name, 1, NULL, NULL));
    assert_status(cs_visit_end_edit(edit, CS_INVALID), CS_INVALID);
    assert_int_equal(waiting(s), before);
    struct cs_named_value wrong = cs_visit_named("named", cs_value_text(T("新")));
    assert_status(cs_visit_update(s->f->replica, "customer", &s->customer, &wrong, 1, &s->problem),
                  CS_NOT_FOUND);
    assert_says(&s->problem, "name");
    assert_int_equal(waiting(s), before);
}

static void now_is_the_clock_and_zone(void **state)
{
    struct site *s = *state;
    assert_int_equal(cs_visit_now(s->f->replica), cs_instant_make(s->f->fake.wall_ms, 480));
    assert_true(cs_id_equal(cs_visit_self(s->f->replica), &s->f->person));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(fields_are_read_by_name),   VISIT_TEST(references_are_followed),
        VISIT_TEST(deleted_rows_do_not_exist), VISIT_TEST(a_failed_edit_leaves_nothing),
        VISIT_TEST(now_is_the_clock_and_zone),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
