/* Parts used: out of the own van, with a balance. */
#include "tests/unit/field_client_visit/visit_fixture.h"

static enum cs_status use(struct site *s, const struct cs_id *visit,
                          const struct cs_visit_part *part, struct cs_visit_parted *out)
{
    return cs_visit_use_part(s->f->replica, visit, part, &s->warnings, out, &s->problem);
}

static void a_part_leaves_the_van(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 2, .serial = T("SN-1")};
    struct cs_visit_parted parted;
    int64_t before = waiting(s);
    assert_ok(use(s, &visit, &part, &parted));
    assert_int_equal(waiting(s), before + 1);
    assert_int_equal(parted.balance, 3);
    assert_true(cs_id_equal(&parted.from, &s->van));
    assert_int_equal(s->warnings.count, 0);
    assert_string_equal(text_of(s, "stock_movement", &parted.movement, "reason"), "used");
    assert_string_equal(text_of(s, "stock_movement", &parted.movement, "serial"), "SN-1");
    assert_int_equal(number_of(s, "stock_movement", &parted.movement, "quantity"), 2);
    assert_int_equal(number_of(s, "stock_movement", &parted.movement, "moved_at"),
                     cs_instant_make(s->f->fake.wall_ms, 480));
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    struct cs_id id;
    assert_ok(cs_visit_load(s->f->replica, "stock_movement", &parted.movement, &arena, &row));
    assert_true(cs_visit_reference(&row, "visit", &id) && cs_id_equal(&id, &visit));
    assert_true(cs_visit_reference(&row, "from", &id) && cs_id_equal(&id, &s->van));
    assert_false(cs_visit_reference(&row, "to", &id));
    struct cs_id *ids = NULL;
    size_t count = 0;
    assert_ok(cs_visit_list_parts(s->f->replica, &visit, &arena, &ids, &count));
    assert_int_equal(count, 1);
    assert_true(cs_id_equal(&ids[0], &parted.movement));
    cs_arena_release(&arena);
}

static void an_overdrawn_van_is_recorded_with_a_warning(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 5};
    struct cs_visit_parted parted;
    assert_ok(use(s, &visit, &part, &parted));
    assert_int_equal(parted.balance, 0);
    assert_int_equal(s->warnings.count, 0);
    assert_ok(use(s, &visit, &part, &parted));
    assert_int_equal(parted.balance, -5);
    assert_int_equal(s->warnings.count, 1);
    assert_line(&s->warnings, 0, "-5");
    assert_int_equal(number_of(s, "stock_movement", &parted.movement, "quantity"), 5);
}

static void another_place_may_be_named(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_id store = ADD(s->f, "stock_location", TEXT_VALUE("name", "总库"),
                             TEXT_VALUE("code", "ST-1"), TEXT_VALUE("kind", "warehouse"));
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 1, .from = T("ST-1")};
    struct cs_visit_parted parted;
    assert_ok(use(s, &visit, &part, &parted));
    assert_true(cs_id_equal(&parted.from, &store));
    assert_int_equal(parted.balance, -1);
    part.from = T("总库");
    assert_ok(use(s, &visit, &part, &parted));
    assert_true(cs_id_equal(&parted.from, &store));
    part.from = T("nowhere");
    assert_status(use(s, &visit, &part, &parted), CS_NOT_FOUND);
    assert_says(&s->problem, "nowhere");
    (void)ADD(s->f, "stock_location", TEXT_VALUE("name", "总库"), TEXT_VALUE("code", "ST-2"));
    part.from = T("总库");
    assert_status(use(s, &visit, &part, &parted), CS_EXISTS);
    assert_says(&s->problem, "give the code");
}

static void a_van_of_ones_own_is_needed(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 1};
    struct cs_visit_parted parted;
    set_value(s->f, "stock_location", &s->van, TEXT_VALUE("kind", "warehouse"));
    assert_status(use(s, &visit, &part, &parted), CS_NOT_FOUND);
    assert_says(&s->problem, "--from LOCATION");
    set_value(s->f, "stock_location", &s->van, TEXT_VALUE("kind", "van"));
    (void)ADD(s->f, "stock_location", TEXT_VALUE("name", "沪A-2"), TEXT_VALUE("kind", "van"),
              ID_VALUE("owner", &s->f->person));
    int64_t before = waiting(s);
    assert_status(use(s, &visit, &part, &parted), CS_EXISTS);
    assert_says(&s->problem, "2 vans");
    assert_int_equal(waiting(s), before);
}

static void wrong_input_is_refused(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_visit_parted parted;
    memset(&parted, 0x5a, sizeof parted);
    static const int64_t quantities[] = {0, -1, INT64_MIN, INT64_MAX, 1000001};
    int64_t before = waiting(s);
    for (size_t i = 0; i < CS_COUNT(quantities); i++) {
        struct cs_visit_part part = {.part = T("P-001"), .quantity = quantities[i]};
        assert_status(use(s, &visit, &part, &parted), CS_INVALID);
        assert_says(&s->problem, "quantity");
    }
    struct cs_visit_part part = {.part = T("P-404"), .quantity = 1};
    assert_status(use(s, &visit, &part, &parted), CS_NOT_FOUND);
    assert_says(&s->problem, "P-404");
    part.part = T("P-001");
    struct cs_id nobody = {{1}};
    assert_status(use(s, &nobody, &part, &parted), CS_MISSING_REFERENCE);
    assert_int_equal(waiting(s), before);
    assert_int_equal(parted.movement.bytes[0], 0x5a);
}

static void a_part_after_the_signature_is_warned_of(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 1};
    struct cs_visit_parted parted;
    assert_ok(use(s, &visit, &part, &parted));
    assert_int_equal(s->warnings.count, 1);
    assert_line(&s->warnings, 0, made.number);
}

/* Nothing is recorded when the call fails, so that repeating it does not use the part twice. */
static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = start_visit(s);
    struct cs_visit_part part = {.part = T("P-001"), .quantity = 1};
    int64_t before = waiting(s);
    enum cs_status status = CS_NO_MEMORY;
    for (long n = 0; status != CS_OK && n < 20000; n++) {
        struct cs_visit_parted parted;
        memset(&parted, 0x5a, sizeof parted);
        cs_memory_fail_after(n);
        status = use(s, &visit, &part, &parted);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(parted.from.bytes[0], 0x5a);
            assert_int_equal(waiting(s), before);
        }
    }
    assert_ok(status);
    assert_int_equal(waiting(s), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(a_part_leaves_the_van),
        VISIT_TEST(an_overdrawn_van_is_recorded_with_a_warning),
        VISIT_TEST(another_place_may_be_named),
        VISIT_TEST(a_van_of_ones_own_is_needed),
        VISIT_TEST(wrong_input_is_refused),
        VISIT_TEST(a_part_after_the_signature_is_warned_of),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
