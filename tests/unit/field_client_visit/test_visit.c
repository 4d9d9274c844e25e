/* Starting visits, finding them, writing down what was done. */
#include "tests/unit/field_client_visit/visit_fixture.h"

static enum cs_status start(struct site *s, const char *order, bool another,
                            struct cs_visit_started *out)
{
    struct cs_visit_start options = {.work_order = T(order), .another = another};
    return cs_visit_start(s->f->replica, &options, &s->warnings, out, &s->problem);
}

static void starting_is_one_transaction(void **state)
{
    struct site *s = *state;
    struct cs_visit_started started;
    int64_t before = waiting(s);
    assert_ok(start(s, "WO-1", false, &started));
    assert_int_equal(waiting(s), before + 1);
    assert_false(started.existed);
    assert_true(cs_id_equal(&started.work_order, &s->order));
    assert_int_equal(s->warnings.count, 0);
    assert_string_equal(text_of(s, "visit", &started.visit, "status"), "draft");
    assert_string_equal(text_of(s, "work_order", &s->order, "status"), "on_site");
    assert_int_equal(number_of(s, "visit", &started.visit, "arrived_at"),
                     cs_instant_make(s->f->fake.wall_ms, 480));
    assert_int_equal(number_of(s, "visit", &started.visit, "departed_at"), -1);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    struct cs_id technician;
    assert_ok(cs_visit_load(s->f->replica, "visit", &started.visit, &arena, &row));
    assert_true(cs_visit_reference(&row, "technician", &technician));
    assert_true(cs_id_equal(&technician, &s->f->person));
    cs_arena_release(&arena);
}

static void times_may_be_given(void **state)
{
    struct site *s = *state;
    int64_t departed = cs_instant_make(1000000, 480);
    int64_t arrived = cs_instant_make(2000000, 480);
    struct cs_visit_start options = {
        .work_order = T("WO-1"), .departed = {true, departed}, .arrived = {true, arrived}};
    struct cs_visit_started started;
    assert_ok(cs_visit_start(s->f->replica, &options, NULL, &started, NULL));
    assert_int_equal(number_of(s, "visit", &started.visit, "departed_at"), departed);
    assert_int_equal(number_of(s, "visit", &started.visit, "arrived_at"), arrived);
    options.another = true;
    options.departed.instant = cs_instant_make(3000000, 480);
    assert_status(cs_visit_start(s->f->replica, &options, NULL, &started, &s->problem), CS_INVALID);
    assert_says(&s->problem, "departed_at");
}

static void an_unfinished_visit_is_found_again(void **state)
{
    struct site *s = *state;
    struct cs_visit_started first;
    struct cs_visit_started second;
    assert_ok(start(s, "WO-1", false, &first));
    int64_t before = waiting(s);
    assert_ok(start(s, "WO-1", false, &second));
    assert_true(second.existed);
    assert_true(cs_id_equal(&first.visit, &second.visit));
    assert_int_equal(waiting(s), before);
    assert_ok(start(s, "WO-1", true, &second));
    assert_false(second.existed);
    assert_false(cs_id_equal(&first.visit, &second.visit));
    assert_int_equal(waiting(s), before + 1);
}

/* Somebody else's, a signed one and one that was left do not count as unfinished. */
static void other_visits_do_not_count(void **state)
{
    struct site *s = *state;
    struct cs_id other = {{9}};
    struct cs_edit *edit;
    struct cs_named_value name = TEXT_VALUE("name", "赵强");
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("person"), &other, &name, 1, NULL, NULL));
    assert_ok(cs_edit_commit(edit));
    (void)ADD(s->f, "visit", ID_VALUE("work_order", &s->order), ID_VALUE("technician", &other),
              TEXT_VALUE("status", "draft"));
    (void)ADD(s->f, "visit", ID_VALUE("work_order", &s->order),
              ID_VALUE("technician", &s->f->person), TEXT_VALUE("status", "signed"));
    (void)ADD(s->f, "visit", ID_VALUE("work_order", &s->order),
              ID_VALUE("technician", &s->f->person), TEXT_VALUE("status", "draft"),
              NUMBER_VALUE("left_at", cs_instant_make(5, 0)));
    struct cs_visit_started started;
    assert_ok(start(s, "WO-1", false, &started));
    assert_false(started.existed);
}

static void odd_orders_are_worked_on_with_a_warning(void **state)
{
    struct site *s = *state;
    struct cs_visit_started started;
    set_value(s->f, "work_order", &s->order, TEXT_VALUE("status", "cancelled"));
    assert_ok(start(s, "WO-1", false, &started));
    assert_int_equal(s->warnings.count, 1);
    assert_line(&s->warnings, 0, "already cancelled");
    struct cs_id other = {{9}};
    struct cs_edit *edit;
    struct cs_named_value name = TEXT_VALUE("name", "赵强");
    assert_ok(cs_edit_begin(s->f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("person"), &other, &name, 1, NULL, NULL));
    assert_ok(cs_edit_commit(edit));
    set_value(s->f, "work_order", &s->order, ID_VALUE("technician", &other));
    assert_ok(start(s, "WO-1", true, &started));
    assert_int_equal(s->warnings.count, 2);
    assert_line(&s->warnings, 1, "assigned to somebody else");
}

static void unknown_orders_are_refused(void **state)
{
    struct site *s = *state;
    struct cs_visit_started started;
    memset(&started, 0x5a, sizeof started);
    int64_t before = waiting(s);
    assert_status(start(s, "WO-9", false, &started), CS_NOT_FOUND);
    assert_says(&s->problem, "WO-9");
    assert_status(start(s, "", false, &started), CS_NOT_FOUND);
    assert_int_equal(started.visit.bytes[0], 0x5a);
    assert_int_equal(waiting(s), before);
}

static void visits_are_found_by_id_and_order(void **state)
{
    struct site *s = *state;
    struct cs_id found;
    assert_status(cs_visit_resolve(s->f->replica, T("WO-1"), &found, &s->problem), CS_NOT_FOUND);
    assert_says(&s->problem, "visit start");
    struct cs_id visit = start_visit(s);
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&visit, text);
    assert_ok(cs_visit_resolve(s->f->replica, T(text), &found, NULL));
    assert_true(cs_id_equal(&found, &visit));
    assert_ok(cs_visit_resolve(s->f->replica, T("WO-1"), &found, NULL));
    assert_true(cs_id_equal(&found, &visit));
    (void)start_visit(s);
    assert_status(cs_visit_resolve(s->f->replica, T("WO-1"), &found, &s->problem), CS_EXISTS);
    assert_says(&s->problem, "give the visit's id");
    assert_status(cs_visit_resolve(s->f->replica, T("nothing"), &found, &s->problem), CS_NOT_FOUND);
    assert_status(cs_visit_resolve(s->f->replica, T(""), &found, &s->problem), CS_NOT_FOUND);
}

static void lists_what_is_open(void **state)
{
    struct site *s = *state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_id *ids = NULL;
    size_t count = 9;
    assert_ok(cs_visit_list_open(s->f->replica, &arena, &ids, &count));
    assert_int_equal(count, 0);
    struct cs_id visits[20];
    for (size_t i = 0; i < CS_COUNT(visits); i++) {
        visits[i] = start_visit(s);
    }
    set_value(s->f, "visit", &visits[3],
              NUMBER_VALUE("left_at", cs_instant_make(s->f->fake.wall_ms, 480)));
    assert_ok(cs_visit_list_open(s->f->replica, &arena, &ids, &count));
    assert_int_equal(count, CS_COUNT(visits) - 1);
    assert_true(cs_id_equal(&ids[2], &visits[2]));
    assert_true(cs_id_equal(&ids[3], &visits[4]));
    cs_arena_release(&arena);
}

static void notes_are_appended(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    int64_t before = waiting(s);
    assert_ok(cs_visit_add_note(s->f->replica, &visit, T("门禁需登记"), NULL));
    assert_ok(cs_visit_add_note(s->f->replica, &visit, T("second"), NULL));
    assert_string_equal(text_of(s, "visit", &visit, "note"), "门禁需登记\nsecond");
    assert_int_equal(waiting(s), before + 2);
    assert_status(cs_visit_add_note(s->f->replica, &visit, T(""), &s->problem), CS_INVALID);
    assert_says(&s->problem, "empty");
    char large[5000];
    memset(large, 'x', sizeof large);
    assert_status(
        cs_visit_add_note(s->f->replica, &visit, cs_bytes_make(large, sizeof large), &s->problem),
        CS_TOO_LARGE);
    struct cs_id nobody = {{1}};
    assert_status(cs_visit_add_note(s->f->replica, &nobody, T("x"), &s->problem), CS_NOT_FOUND);
    assert_string_equal(text_of(s, "visit", &visit, "note"), "门禁需登记\nsecond");
}

static void texts_and_result_are_recorded(void **state)
{
    struct site *s = *state;
    struct cs_replica *replica = s->f->replica;
    struct cs_id visit = start_visit(s);
    assert_ok(cs_visit_record(replica, &visit, T("actual_fault"), T("断电"), &s->warnings, NULL));
    assert_ok(cs_visit_record(replica, &visit, T("work_done"), T("重启"), &s->warnings, NULL));
    assert_ok(cs_visit_record(replica, &visit, T("result"), T("部分解决"), &s->warnings, NULL));
    assert_int_equal(s->warnings.count, 0);
    assert_string_equal(text_of(s, "visit", &visit, "actual_fault"), "断电");
    assert_string_equal(text_of(s, "visit", &visit, "work_done"), "重启");
    assert_string_equal(text_of(s, "visit", &visit, "result"), "partly");
    assert_status(cs_visit_record(replica, &visit, T("result"), T("great"), NULL, &s->problem),
                  CS_INVALID);
    assert_says(&s->problem, "follow_up");
    assert_status(cs_visit_record(replica, &visit, T("work_done"), T(""), NULL, &s->problem),
                  CS_INVALID);
    assert_says(&s->problem, "work_done");
    struct cs_id nobody = {{1}};
    assert_status(cs_visit_record(replica, &nobody, T("work_done"), T("x"), NULL, &s->problem),
                  CS_NOT_FOUND);
}

static void changes_after_the_signature_are_warned_of(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    assert_ok(
        cs_visit_record(s->f->replica, &visit, T("work_done"), T("又改"), &s->warnings, NULL));
    assert_int_equal(s->warnings.count, 1);
    assert_line(&s->warnings, 0, made.number);
    assert_string_equal(text_of(s, "visit", &visit, "work_done"), "又改");
}

/* Clocks that are wrong by decades stop nobody. */
static void works_at_any_time(void **state)
{
    struct site *s = *state;
    static const int64_t times[] = {0, 4070908800000};
    for (size_t i = 0; i < CS_COUNT(times); i++) {
        s->f->fake.wall_ms = times[i];
        struct cs_id visit = worked_visit(s);
        struct cs_visit_signed made = sign_visit(s, &visit);
        assert_int_equal(made.signed_at, cs_instant_make(times[i], 480));
        struct cs_visit_finish finish = {.unsigned_reason = T("")};
        assert_ok(cs_visit_finish(s->f->replica, &visit, &finish, NULL, &s->problem));
        struct cs_receipt_check check;
        cs_receipt_check_init(&check);
        assert_ok(cs_receipt_verify(s->f->replica, &made.receipt, &check, NULL));
        assert_true(check.intact);
        assert_int_equal(check.changed_since.count, 0);
        cs_receipt_check_release(&check);
    }
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    int64_t before = waiting(s);
    enum cs_status status = CS_NO_MEMORY;
    long n = 0;
    for (; status != CS_OK && n < 20000; n++) {
        struct cs_visit_started started;
        memset(&started, 0x5a, sizeof started);
        cs_memory_fail_after(n);
        status = start(s, "WO-1", false, &started);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(started.visit.bytes[3], 0x5a);
            assert_int_equal(waiting(s), before);
        }
    }
    assert_ok(status);
    assert_int_equal(waiting(s), before + 1);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(starting_is_one_transaction),
        VISIT_TEST(times_may_be_given),
        VISIT_TEST(an_unfinished_visit_is_found_again),
        VISIT_TEST(other_visits_do_not_count),
        VISIT_TEST(odd_orders_are_worked_on_with_a_warning),
        VISIT_TEST(unknown_orders_are_refused),
        VISIT_TEST(visits_are_found_by_id_and_order),
        VISIT_TEST(lists_what_is_open),
        VISIT_TEST(notes_are_appended),
        VISIT_TEST(texts_and_result_are_recorded),
        VISIT_TEST(changes_after_the_signature_are_warned_of),
        VISIT_TEST(works_at_any_time),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
