/* Tests of requests, work orders, visits and receipts: who writes what, and what must hold. */
#include "shared/base/text.h"
#include "tests/unit/shared_domain/core_entities.h"

static void only_the_office_plans(void **state)
{
    (void)state;
    static const char *const planning[] = {"number", "request", "technician", "planned_start",
                                           "instruction"};
    for (size_t i = 0; i < CS_COUNT(planning); i++) {
        assert_int_equal(core_who_may("work_order", planning[i], CS_WRITE_UPDATE), DESK);
    }
    assert_core_denied("work_order", "planned_start", CS_WRITE_UPDATE, CS_ROLE(TECHNICIAN),
                       "work_order.planned_start may be written by owner, office, manager only");
    assert_int_equal(core_who_may("work_order", NULL, CS_WRITE_INSERT), DESK);
    assert_int_equal(core_who_may("work_order", NULL, CS_WRITE_DELETE), DESK);
}

static void technicians_report_progress(void **state)
{
    (void)state;
    assert_int_equal(core_who_may("work_order", "status", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_field("work_order", "status")->policy, CS_MERGE_FACT_OVER_PLAN);
    assert_int_equal(core_who_may("service_request", "status", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("service_request", "contact_phone", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("service_request", "reported_fault", CS_WRITE_UPDATE), DESK);
}

static void the_states_of_a_work_order(void **state)
{
    (void)state;
    static const char *const states[] = {"draft",      "assigned",  "accepted",
                                         "travelling", "on_site",   "finished",
                                         "reconciled", "cancelled", "returned"};
    for (size_t i = 0; i < CS_COUNT(states); i++) {
        assert_int_equal(core_check("work_order", "status", core_text(states[i])), CS_OK);
    }
    struct cs_problem problem = {""};
    const struct cs_value done = core_text("done");
    assert_int_equal(cs_value_check(core_entity("work_order"), core_field("work_order", "status"),
                                    &done, &problem),
                     CS_INVALID);
    assert_string_equal(problem.text,
                        "work_order.status: \"done\" is not one of draft, assigned, accepted, "
                        "travelling, on_site, finished, reconciled, cancelled, returned");
}

static void a_request_needs_a_fault_and_nothing_else(void **state)
{
    (void)state;
    const struct cs_entity *request = core_entity("service_request");
    struct cs_value values[16] = {{0}};
    assert_true(request->field_count <= CS_COUNT(values));
    struct cs_problem problem = {""};
    assert_int_equal(cs_row_complete(request, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "service_request.reported_fault is required (申报故障)");
    values[cs_entity_label_field(request)] = core_text("打印机卡纸");
    assert_int_equal(cs_row_complete(request, values, NULL), CS_OK);
}

static void a_visit_can_always_be_recorded(void **state)
{
    (void)state;
    struct cs_value values[16] = {{0}};
    assert_int_equal(core_who_may("visit", NULL, CS_WRITE_INSERT), SITE);
    assert_int_equal(core_who_may("visit", NULL, CS_WRITE_DELETE), DESK);
    assert_int_equal(cs_row_complete(core_entity("visit"), values, NULL), CS_OK);
    const struct cs_entity *visit = core_entity("visit");
    for (size_t i = 0; i < visit->field_count; i++) {
        assert_int_equal(core_who_may("visit", visit->fields[i].name, CS_WRITE_INSERT), SITE);
    }
}

static size_t visit_field(const char *name)
{
    int index = cs_entity_field_index(core_entity("visit"), cs_bytes_of_text(name));
    assert_true(index >= 0);
    return (size_t)index;
}

static void assert_out_of_order(const char *early, const char *late)
{
    struct cs_value values[16] = {{0}};
    struct cs_problem problem = {""};
    values[visit_field(early)] = cs_value_integer(cs_instant_make(120000, 480));
    values[visit_field(late)] = cs_value_integer(cs_instant_make(60000, 480));
    assert_int_equal(cs_row_consistent(core_entity("visit"), values, &problem), CS_INVALID);
    assert_problem(&problem, early);
    assert_problem(&problem, late);
    assert_problem(&problem, "is after");
}

static void a_visit_goes_forward_in_time(void **state)
{
    (void)state;
    assert_out_of_order("departed_at", "arrived_at");
    assert_out_of_order("arrived_at", "left_at");
    assert_out_of_order("departed_at", "left_at");
    struct cs_value values[16] = {{0}};
    values[visit_field("departed_at")] = cs_value_integer(cs_instant_make(1, 480));
    values[visit_field("arrived_at")] = cs_value_integer(cs_instant_make(2, 480));
    values[visit_field("left_at")] = cs_value_integer(cs_instant_make(2, 480));
    assert_int_equal(cs_row_consistent(core_entity("visit"), values, NULL), CS_OK);
}

static void times_on_site_beat_plans(void **state)
{
    (void)state;
    static const char *const times[] = {"departed_at", "arrived_at", "left_at"};
    for (size_t i = 0; i < CS_COUNT(times); i++) {
        assert_int_equal(core_field("visit", times[i])->policy, CS_MERGE_FACT_OVER_PLAN);
    }
}

static void what_the_customer_signs(void **state)
{
    (void)state;
    static const char *const content[] = {"arrived_at", "actual_fault", "work_done", "result"};
    const struct cs_entity *visit = core_entity("visit");
    size_t count = 0;
    for (size_t i = 0; i < visit->field_count; i++) {
        count += (visit->fields[i].flags & CS_FIELD_SIGNED) != 0;
    }
    assert_int_equal(count, CS_COUNT(content));
    for (size_t i = 0; i < CS_COUNT(content); i++) {
        assert_true((core_field("visit", content[i])->flags & CS_FIELD_SIGNED) != 0);
    }
}

static void a_visit_keeps_its_work_order(void **state)
{
    (void)state;
    static const uint8_t ids[2][CS_ID_SIZE] = {{1}, {2}};
    const struct cs_value one = cs_value_bytes(cs_bytes_of_array(ids[0]));
    const struct cs_value two = cs_value_bytes(cs_bytes_of_array(ids[1]));
    const struct cs_value none = CS_NULL;
    const struct cs_entity *visit = core_entity("visit");
    const struct cs_field *work_order = core_field("visit", "work_order");
    assert_int_equal(cs_write_once_kept(visit, work_order, &none, &one, NULL), CS_OK);
    assert_int_equal(cs_write_once_kept(visit, work_order, &one, &two, NULL), CS_DENIED);
}

static void a_receipt_is_never_changed(void **state)
{
    (void)state;
    static const char text[] =
        "receipt is append-only: a row cannot be changed or deleted, add another";
    assert_int_equal(core_who_may("receipt", NULL, CS_WRITE_INSERT), SITE);
    assert_core_denied("receipt", NULL, CS_WRITE_UPDATE, CS_ROLES_ALL, text);
    assert_core_denied("receipt", "signer", CS_WRITE_UPDATE, CS_ROLES_ALL, text);
    assert_core_denied("receipt", NULL, CS_WRITE_DELETE, CS_ROLES_ALL, text);
    const struct cs_entity *receipt = core_entity("receipt");
    for (size_t i = 0; i < receipt->field_count; i++) {
        assert_int_equal(receipt->fields[i].policy, CS_MERGE_ONCE);
    }
}

static void a_receipt_holds_what_was_signed(void **state)
{
    (void)state;
    static uint8_t bytes[256 * 1024 + 1];
    memset(bytes, 'x', sizeof bytes);
    const size_t half = 128 * 1024;
    assert_int_equal(core_check("receipt", "strokes", cs_value_bytes(cs_bytes_make(bytes, half))),
                     CS_OK);
    assert_int_equal(
        core_check("receipt", "strokes", cs_value_bytes(cs_bytes_make(bytes, half + 1))),
        CS_TOO_LARGE);
    assert_int_equal(core_check("receipt", "snapshot", cs_value_text(cs_bytes_make(bytes, half))),
                     CS_OK);
    assert_int_equal(
        core_check("receipt", "snapshot", cs_value_text(cs_bytes_make(bytes, half + 1))),
        CS_TOO_LARGE);
    assert_int_equal(
        core_check("receipt", "record", cs_value_bytes(cs_bytes_make(bytes, 2 * half))), CS_OK);
    assert_int_equal(core_check("receipt", "record", cs_value_bytes(cs_bytes_of_array(bytes))),
                     CS_TOO_LARGE);
    assert_int_equal(
        core_check("receipt", "visit_digest", cs_value_bytes(cs_bytes_make(bytes, 33))),
        CS_TOO_LARGE);
}

static void a_receipt_without_its_record_is_none(void **state)
{
    (void)state;
    static const char *const needed[] = {"number", "visit", "signer", "signed_at", "record"};
    for (size_t i = 0; i < CS_COUNT(needed); i++) {
        assert_true((core_field("receipt", needed[i])->flags & CS_FIELD_REQUIRED) != 0);
    }
}

static void technicians_number_their_own_receipts(void **state)
{
    (void)state;
    assert_int_equal(core_who_may("receipt_series", NULL, CS_WRITE_INSERT), SITE);
    assert_int_equal(core_who_may("receipt_series", "last_number", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("receipt_series", "voided", CS_WRITE_UPDATE), SITE);
    assert_int_equal(core_who_may("receipt_series", NULL, CS_WRITE_DELETE), CS_ROLES_NONE);
    assert_core_denied("receipt_series", "prefix", CS_WRITE_UPDATE, CS_ROLES_ALL,
                       "receipt_series.prefix is written once and cannot be changed");
    assert_int_equal(core_check("receipt_series", "last_number", cs_value_integer(-1)), CS_INVALID);
}

static void rows_reach_the_technician_by_the_work_order(void **state)
{
    (void)state;
    assert_true((core_field("work_order", "technician")->flags & CS_FIELD_OWNER) != 0);
    assert_true((core_field("work_order", "request")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("service_request", "customer")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("service_request", "system")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("service_request", "site")->flags & CS_FIELD_CARRIES) != 0);
    assert_true((core_field("visit", "work_order")->flags & CS_FIELD_FOLLOWS) != 0);
    assert_true((core_field("visit", "technician")->flags & CS_FIELD_OWNER) != 0);
    assert_true((core_field("receipt", "visit")->flags & CS_FIELD_FOLLOWS) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_office_plans),
        cmocka_unit_test(technicians_report_progress),
        cmocka_unit_test(the_states_of_a_work_order),
        cmocka_unit_test(a_request_needs_a_fault_and_nothing_else),
        cmocka_unit_test(a_visit_can_always_be_recorded),
        cmocka_unit_test(a_visit_goes_forward_in_time),
        cmocka_unit_test(times_on_site_beat_plans),
        cmocka_unit_test(what_the_customer_signs),
        cmocka_unit_test(a_visit_keeps_its_work_order),
        cmocka_unit_test(a_receipt_is_never_changed),
        cmocka_unit_test(a_receipt_holds_what_was_signed),
        cmocka_unit_test(a_receipt_without_its_record_is_none),
        cmocka_unit_test(technicians_number_their_own_receipts),
        cmocka_unit_test(rows_reach_the_technician_by_the_work_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
