/* What changed since: each difference named with before and now. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "field-client/visit/compare.h"

/* The differences between a snapshot taken before `change` and the visit afterwards. */
static void compare(struct site *s, const struct cs_id *visit,
                    void (*change)(struct site *s, const struct cs_id *visit), struct cs_lines *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_buffer text;
    cs_buffer_init(&text, CS_MEBI);
    struct cs_stored_row row;
    struct cs_json *json = NULL;
    struct cs_snapshot_about about = {"ABCD-000001", T("李"), 0};
    assert_ok(cs_visit_load(s->f->replica, "visit", visit, &arena, &row));
    assert_ok(cs_snapshot_write(s->f->replica, &row, &about, &text));
    assert_ok(cs_snapshot_parse(cs_buffer_bytes(&text), &json));
    if (change != NULL) {
        change(s, visit);
    }
    assert_ok(cs_visit_load(s->f->replica, "visit", visit, &arena, &row));
    cs_lines_init(out);
    assert_ok(cs_snapshot_compare(s->f->replica, json, &row, out));
    cs_json_destroy(json);
    cs_buffer_release(&text);
    cs_arena_release(&arena);
}

static void expect(struct site *s, void (*change)(struct site *s, const struct cs_id *visit),
                   const char *line)
{
    struct cs_id visit = worked_visit(s);
    struct cs_lines lines;
    compare(s, &visit, change, &lines);
    assert_int_equal(lines.count, line == NULL ? 0 : 1);
    if (line != NULL) {
        assert_string_equal(cs_lines_at(&lines, 0), line);
    }
    cs_lines_release(&lines);
}

static void change_work(struct site *s, const struct cs_id *visit)
{
    set_value(s->f, "visit", visit, TEXT_VALUE("work_done", "重装\n系统"));
}

static void clear_work(struct site *s, const struct cs_id *visit)
{
    set_value(s->f, "visit", visit, (struct cs_named_value){T("work_done"), CS_NULL});
}

static void change_result(struct site *s, const struct cs_id *visit)
{
    set_value(s->f, "visit", visit, TEXT_VALUE("result", "partly"));
}

static void change_arrival(struct site *s, const struct cs_id *visit)
{
    set_value(s->f, "visit", visit, NUMBER_VALUE("arrived_at", cs_instant_make(0, 0)));
}

static void change_request(struct site *s, const struct cs_id *visit)
{
    (void)visit;
    set_value(s->f, "service_request", &s->request, TEXT_VALUE("reported_fault", "蓝屏"));
}

static void values_are_named(void **state)
{
    struct site *s = *state;
    expect(s, NULL, NULL);
    expect(s, change_work, "work_done: signed “更换电源”, now “重装\\n系统”");
    expect(s, clear_work, "work_done: signed “更换电源”, now nothing");
    expect(s, change_result, "result: signed “solved”, now “partly”");
    expect(s, change_arrival,
           "arrived_at: signed “2026-03-02T09:00:00+08:00”, now "
           "“1970-01-01T00:00:00Z”");
    expect(s, change_request, "reported_fault: signed “无法登录”, now “蓝屏”");
}

static void add_same_part(struct site *s, const struct cs_id *visit)
{
    use_part(s, visit, "P-001", 1, "");
}

static void add_serial_part(struct site *s, const struct cs_id *visit)
{
    use_part(s, visit, "P-002", 1, "SN-8");
    use_part(s, visit, "P-002", 2, "SN-8");
}

static void return_part(struct site *s, const struct cs_id *visit)
{
    (void)ADD(s->f, "stock_movement", ID_VALUE("part", &s->part), ID_VALUE("to", &s->van),
              NUMBER_VALUE("quantity", 2), TEXT_VALUE("reason", "returned"),
              ID_VALUE("visit", visit));
}

static void parts_are_summed(void **state)
{
    struct site *s = *state;
    expect(s, add_same_part, "part P-001: signed quantity 2, now 3");
    expect(s, add_serial_part, "part P-002 serial SN-8: signed quantity 0, now 3");
    expect(s, return_part, "part P-001: signed quantity 2, now 0");
}

/* A part that left the replica's view since. */
static void remove_movement(struct site *s, const struct cs_id *visit)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_id *ids = NULL;
    size_t count = 0;
    assert_ok(cs_visit_list_parts(s->f->replica, visit, &arena, &ids, &count));
    assert_int_equal(count, 2);
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("stock_movement"), &ids[1]));
    cs_arena_release(&arena);
}

static void removed_parts_are_named(void **state)
{
    expect(*state, remove_movement, "part P-002 serial SN-7: signed quantity 1, now 0");
}

static void change_several(struct site *s, const struct cs_id *visit)
{
    change_work(s, visit);
    change_result(s, visit);
    add_same_part(s, visit);
    add_serial_part(s, visit);
}

static void several_differences_each_get_a_line(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_lines lines;
    compare(s, &visit, change_several, &lines);
    assert_int_equal(lines.count, 4);
    assert_line(&lines, 0, "work_done");
    assert_line(&lines, 1, "result");
    assert_line(&lines, 2, "P-001");
    assert_line(&lines, 3, "P-002 serial SN-8");
    cs_lines_release(&lines);
}

static void change_what_the_office_keeps(struct site *s, const struct cs_id *visit)
{
    set_value(s->f, "customer", &s->customer, TEXT_VALUE("name", "东方医院集团"));
    set_value(s->f, "part", &s->part, NUMBER_VALUE("price_cents", 1));
    set_value(s->f, "part", &s->part, TEXT_VALUE("name", "电源 B"));
    set_value(s->f, "visit", visit, TEXT_VALUE("note", "内部"));
    set_value(s->f, "visit", visit, TEXT_VALUE("status", "posted"));
    set_value(s->f, "visit", visit,
              NUMBER_VALUE("left_at", cs_instant_make(s->f->fake.wall_ms + 1, 480)));
}

static void what_nobody_signed_may_change(void **state)
{
    expect(*state, change_what_the_office_keeps, NULL);
}

static void lose_order(struct site *s, const struct cs_id *visit)
{
    (void)visit;
    assert_ok(cs_row_remove(cs_replica_tables(s->f->replica), T("work_order"), &s->order));
}

/* A row that left this laptop says nothing about what it holds now. */
static void what_is_not_here_is_no_difference(void **state)
{
    expect(*state, lose_order, NULL);
}

static void move_to_other_order(struct site *s, const struct cs_id *visit)
{
    struct cs_id other =
        ADD(s->f, "work_order", TEXT_VALUE("number", "WO-2"), ID_VALUE("request", &s->request));
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "visit", visit, &arena, &row));
    int index = cs_entity_field_index(row.entity, T("work_order"));
    row.values[index] = cs_value_bytes(cs_id_bytes(&other));
    assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
    cs_arena_release(&arena);
}

static void another_order_is_named(void **state)
{
    expect(*state, move_to_other_order, "work_order: signed “WO-1”, now “WO-2”");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(values_are_named),
        VISIT_TEST(parts_are_summed),
        VISIT_TEST(removed_parts_are_named),
        VISIT_TEST(several_differences_each_get_a_line),
        VISIT_TEST(what_nobody_signed_may_change),
        VISIT_TEST(what_is_not_here_is_no_difference),
        VISIT_TEST(another_order_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
