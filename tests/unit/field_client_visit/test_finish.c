/* Leaving: with a signature, without one, with a wrong clock. */
#include "tests/unit/field_client_visit/visit_fixture.h"

static enum cs_status finish(struct site *s, const struct cs_id *visit,
                             const struct cs_visit_finish *options)
{
    return cs_visit_finish(s->f->replica, visit, options, &s->warnings, &s->problem);
}

static void a_signed_visit_is_left(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    (void)sign_visit(s, &visit);
    fake_world_advance(&s->f->fake, 3600000);
    int64_t before = waiting(s);
    struct cs_visit_finish options = {.left = {.given = false}};
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(waiting(s), before + 1);
    assert_int_equal(s->warnings.count, 0);
    assert_int_equal(number_of(s, "visit", &visit, "left_at"),
                     cs_instant_make(s->f->fake.wall_ms, 480));
    assert_string_equal(text_of(s, "visit", &visit, "status"), "signed");
    assert_string_equal(text_of(s, "work_order", &s->order, "status"), "finished");
}

/* A second time changes nothing, but a given time corrects the first. */
static void finishing_again_is_harmless(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    (void)sign_visit(s, &visit);
    struct cs_visit_finish options = {.left = {.given = false}};
    assert_ok(finish(s, &visit, &options));
    int64_t left = number_of(s, "visit", &visit, "left_at");
    int64_t before = waiting(s);
    fake_world_advance(&s->f->fake, 60000);
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(waiting(s), before);
    assert_int_equal(number_of(s, "visit", &visit, "left_at"), left);
    options.left = (struct cs_visit_time){true, cs_instant_make(s->f->fake.wall_ms + 5, 480)};
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(number_of(s, "visit", &visit, "left_at"), options.left.instant);
}

static void an_unsigned_visit_needs_a_reason(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_finish options = {.left = {.given = false}};
    int64_t before = waiting(s);
    assert_status(finish(s, &visit, &options), CS_INVALID);
    assert_says(&s->problem, "--unsigned REASON");
    assert_int_equal(waiting(s), before);
    assert_ok(cs_visit_add_note(s->f->replica, &visit, T("备注"), NULL));
    options.unsigned_reason = T("客户不在");
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(waiting(s), before + 2);
    assert_string_equal(text_of(s, "visit", &visit, "note"), "备注\n客户不在");
    assert_string_equal(text_of(s, "visit", &visit, "status"), "draft");
    assert_string_equal(text_of(s, "work_order", &s->order, "status"), "finished");
}

static void a_clock_that_went_back_is_explained(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    (void)sign_visit(s, &visit);
    int64_t arrived = s->f->fake.wall_ms;
    s->f->fake.wall_ms = 0;
    int64_t before = waiting(s);
    struct cs_visit_finish options = {.left = {.given = false}};
    assert_status(finish(s, &visit, &options), CS_INVALID);
    assert_says(&s->problem, "--left TIME");
    assert_says(&s->problem, "1970-01-01");
    assert_int_equal(waiting(s), before);
    options.left = (struct cs_visit_time){true, cs_instant_make(arrived + 60000, 480)};
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(number_of(s, "visit", &visit, "left_at"), options.left.instant);
}

/* The rule that is broken is another one: its own words stand. */
static void other_refusals_keep_their_words(void **state)
{
    struct site *s = *state;
    struct cs_id visit =
        ADD(s->f, "visit", ID_VALUE("technician", &s->f->person),
            NUMBER_VALUE("departed_at", cs_instant_make(s->f->fake.wall_ms + 1000, 480)));
    struct cs_visit_finish options = {.unsigned_reason = T("x")};
    assert_status(finish(s, &visit, &options), CS_INVALID);
    assert_says(&s->problem, "departed_at");
    struct cs_id nobody = {{1}};
    assert_status(finish(s, &nobody, &options), CS_NOT_FOUND);
    char large[5000];
    memset(large, 'x', sizeof large);
    options.unsigned_reason = cs_bytes_make(large, sizeof large);
    assert_status(finish(s, &visit, &options), CS_TOO_LARGE);
}

static void a_visit_without_order_is_left_too(void **state)
{
    struct site *s = *state;
    struct cs_id visit = ADD(s->f, "visit", ID_VALUE("technician", &s->f->person));
    struct cs_visit_finish options = {.unsigned_reason = T("x")};
    assert_ok(finish(s, &visit, &options));
    assert_int_equal(s->warnings.count, 1);
    assert_line(&s->warnings, 0, "work order is not on this laptop");
    assert_true(number_of(s, "visit", &visit, "left_at") > 0);
}

static void receipts_are_found_by_visit(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_id receipt = {{0}};
    bool found = true;
    assert_ok(cs_visit_receipt(s->f->replica, &visit, &receipt, &found));
    assert_false(found);
    assert_ok(cs_visit_check_unsigned(s->f->replica, &visit, &s->problem));
    assert_ok(cs_visit_warn_signed(s->f->replica, &visit, &s->warnings));
    assert_int_equal(s->warnings.count, 0);
    struct cs_visit_signed made = sign_visit(s, &visit);
    assert_ok(cs_visit_receipt(s->f->replica, &visit, &receipt, &found));
    assert_true(found);
    assert_true(cs_id_equal(&receipt, &made.receipt));
    assert_status(cs_visit_check_unsigned(s->f->replica, &visit, &s->problem), CS_EXISTS);
    assert_says(&s->problem, made.number);
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_finish options = {.unsigned_reason = T("客户不在")};
    int64_t before = waiting(s);
    enum cs_status status = CS_NO_MEMORY;
    for (long n = 0; status != CS_OK && n < 20000; n++) {
        cs_memory_fail_after(n);
        status = finish(s, &visit, &options);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(waiting(s), before);
        }
    }
    assert_ok(status);
    assert_string_equal(text_of(s, "visit", &visit, "note"), "客户不在");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(a_signed_visit_is_left),
        VISIT_TEST(finishing_again_is_harmless),
        VISIT_TEST(an_unsigned_visit_needs_a_reason),
        VISIT_TEST(a_clock_that_went_back_is_explained),
        VISIT_TEST(other_refusals_keep_their_words),
        VISIT_TEST(a_visit_without_order_is_left_too),
        VISIT_TEST(receipts_are_found_by_visit),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
