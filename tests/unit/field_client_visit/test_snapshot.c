/* What the customer is shown. */
#include "tests/unit/field_client_visit/visit_fixture.h"

#include "field-client/visit/snapshot.h"

struct shown {
    struct cs_arena arena;
    struct cs_buffer text;
    struct cs_json *json;
};

static void show(struct site *s, const struct cs_id *visit, struct shown *out)
{
    cs_arena_init(&out->arena, CS_MEBI);
    cs_buffer_init(&out->text, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "visit", visit, &out->arena, &row));
    struct cs_snapshot_about about = {"ABCD-000001", T("李主任"), cs_instant_make(0, 480)};
    assert_ok(cs_snapshot_write(s->f->replica, &row, &about, &out->text));
    assert_ok(cs_snapshot_parse(cs_buffer_bytes(&out->text), &out->json));
}

static void release(struct shown *shown)
{
    cs_json_destroy(shown->json);
    cs_buffer_release(&shown->text);
    cs_arena_release(&shown->arena);
}

static void assert_text(const struct cs_json *json, const char *key, const char *expected)
{
    struct cs_bytes text = cs_snapshot_text(json, key);
    if (!cs_bytes_equal_text(text, expected)) {
        fail_msg("%s is \"%.*s\", not \"%s\"", key, (int)text.size,
                 text.size == 0 ? "" : (const char *)text.data, expected);
    }
}

static void everything_is_shown(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct shown shown;
    char id[CS_ID_TEXT_SIZE];
    show(s, &visit, &shown);
    assert_text(shown.json, "form", "countersign receipt 1");
    assert_text(shown.json, "number", "ABCD-000001");
    cs_id_format(&visit, id);
    assert_text(shown.json, "visit", id);
    assert_text(cs_json_get(shown.json, "work_order"), "number", "WO-1");
    assert_text(cs_json_get(shown.json, "customer"), "name", "东方医院");
    assert_text(cs_json_get(shown.json, "customer"), "phone", "021-555");
    assert_text(cs_json_get(shown.json, "site"), "address", "浦东大道 1 号");
    assert_text(cs_json_get(shown.json, "system"), "name", "HIS 数据库");
    assert_text(cs_json_get(shown.json, "technician"), "name", "王芳");
    assert_text(shown.json, "reported_fault", "无法登录");
    assert_text(shown.json, "actual_fault", "电源损坏");
    assert_text(shown.json, "work_done", "更换电源");
    assert_text(shown.json, "result", "solved");
    assert_text(shown.json, "arrived_at", "2026-03-02T09:00:00+08:00");
    assert_text(shown.json, "left_at", "");
    assert_non_null(cs_json_get(shown.json, "left_at"));
    assert_text(shown.json, "signer", "李主任");
    assert_text(shown.json, "signed_at", "1970-01-01T08:00:00+08:00");
    assert_null(cs_json_get(shown.json, "note"));
    assert_null(cs_json_get(shown.json, "status"));
    release(&shown);
}

static void parts_have_quantity_and_price(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct shown shown;
    show(s, &visit, &shown);
    const struct cs_json *parts = cs_json_get(shown.json, "parts");
    assert_int_equal(cs_json_count(parts), 2);
    const struct cs_json *first = cs_json_at(parts, 0);
    const struct cs_json *second = cs_json_at(parts, 1);
    int64_t number = 0;
    assert_text(first, "code", "P-001");
    assert_text(first, "name", "电源");
    assert_text(first, "unit", "个");
    assert_text(first, "reason", "used");
    assert_true(cs_json_get_integer(cs_json_get(first, "quantity"), &number));
    assert_int_equal(number, 2);
    assert_true(cs_json_get_integer(cs_json_get(first, "price_cents"), &number));
    assert_int_equal(number, 12050);
    assert_text(second, "serial", "SN-7");
    assert_false(cs_json_get_integer(cs_json_get(second, "price_cents"), &number));
    release(&shown);
}

/* A field that the digest covers must stand on what the customer sees. */
static void every_signed_field_is_shown(void **state)
{
    (void)state;
    const struct cs_entity *visit = cs_registry_find(cs_registry_core(), T("visit"));
    size_t signed_count = 0;
    for (size_t i = 0; i < visit->field_count; i++) {
        if ((visit->fields[i].flags & CS_FIELD_SIGNED) != 0) {
            assert_true(cs_snapshot_shows(&visit->fields[i]));
            signed_count++;
        }
    }
    assert_true(signed_count > 0);
}

/* The request names only the system: site and customer are found through it. */
static void customer_is_found_through_the_site(void **state)
{
    struct site *s = *state;
    set_value(s->f, "service_request", &s->request,
              (struct cs_named_value){T("customer"), CS_NULL});
    struct cs_id visit = start_visit(s);
    struct shown shown;
    show(s, &visit, &shown);
    assert_text(cs_json_get(shown.json, "customer"), "name", "东方医院");
    assert_text(cs_json_get(shown.json, "site"), "name", "一号楼");
    release(&shown);
}

static void what_is_absent_is_null(void **state)
{
    struct site *s = *state;
    struct cs_id visit = ADD(s->f, "visit", TEXT_VALUE("work_done", "x"));
    struct shown shown;
    show(s, &visit, &shown);
    static const char *const keys[] = {"work_order", "customer",   "site",
                                       "system",     "technician", "reported_fault"};
    for (size_t i = 0; i < CS_COUNT(keys); i++) {
        assert_non_null(cs_json_get(shown.json, keys[i]));
        assert_int_equal(cs_json_count(cs_json_get(shown.json, keys[i])), 0);
        assert_text(shown.json, keys[i], "");
    }
    assert_int_equal(cs_json_count(cs_json_get(shown.json, "parts")), 0);
    release(&shown);
}

static void other_forms_are_not_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]", "7", "{}", "{\"form\":1}", "{\"form\":\"countersign receipt 2\"}"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        struct cs_json *json = (struct cs_json *)&json;
        assert_status(cs_snapshot_parse(T(texts[i]), &json), CS_MALFORMED);
        assert_null(json);
    }
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "visit", &visit, &arena, &row));
    struct cs_snapshot_about about = {"ABCD-000001", T("李主任"), 0};
    enum cs_status status = CS_NO_MEMORY;
    for (long n = 0; status != CS_OK && n < 20000; n++) {
        struct cs_buffer out;
        cs_buffer_init(&out, CS_MEBI);
        cs_memory_fail_after(n);
        status = cs_snapshot_write(s->f->replica, &row, &about, &out);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(status == CS_OK || out.size == 0);
        cs_buffer_release(&out);
    }
    assert_ok(status);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(everything_is_shown),
        VISIT_TEST(parts_have_quantity_and_price),
        cmocka_unit_test(every_signed_field_is_shown),
        VISIT_TEST(customer_is_found_through_the_site),
        VISIT_TEST(what_is_absent_is_null),
        cmocka_unit_test(other_forms_are_not_read),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
