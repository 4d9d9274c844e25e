/*
 * Refusals from end to end (design §5, §6): a client that checks less than the server, as an older one does, finds what was refused
 * with its values and the reason, corrects it together with what rests on it, and nothing that has nothing to do with it waits.
 */
#include "field-client/replica/refusal_unit.h"
#include "tests/simulation/registry_variant.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct scene {
    struct universe universe;
    struct registry_variant lax;
    struct laptop *owner;
    struct laptop *laptop; /* of the warehouse, with a registry in which nearly everything goes */
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 81);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->laptop = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(WAREHOUSE));
    variant_init(&scene->lax, cs_registry_core());
    struct cs_field *price = variant_field(&scene->lax, "part", "price_cents");
    price->minimum = -1000000;
    price->maximum = INT64_MAX;
    variant_field(&scene->lax, "part", "spec")->size_max = CS_VALUE_MAX;
    variant_field(&scene->lax, "part", "name")->flags &= ~(unsigned)CS_FIELD_REQUIRED;
    struct cs_entity *customer = variant_entity(&scene->lax, "customer");
    customer->creators = CS_ROLES_ALL;
    variant_field(&scene->lax, "customer", "name")->writers = CS_ROLES_ALL;
    scene->laptop->registry = variant_done(&scene->lax);
    laptop_restart(scene->laptop);
    laptop_sync_equal(scene->laptop);
    laptop_sync_equal(scene->owner);
}

static int64_t refused(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts.refused;
}

/* The refusal with this number corrected by one value; the status of the edit. */
static enum cs_status correct(struct laptop *laptop, uint64_t number, const char *field,
                              const char *text)
{
    struct cs_refusal_unit unit;
    struct cs_edit *edit;
    struct cs_arena arena;
    struct cs_named_value value;
    struct cs_problem *problem = &laptop->universe->problem;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_refusal_unit_load(laptop->replica, number, &unit, problem));
    const struct cs_operation *operation = cs_refused_operation(&unit.items[0]);
    assert_ok(cs_edit_parse(laptop->replica, operation->entity, cs_bytes_of_text(field),
                            cs_bytes_of_text(text), &arena, &value, problem));
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    enum cs_status status = cs_refusal_unit_correct(edit, &unit, &value, 1, problem);
    if (status == CS_OK) {
        status = cs_edit_commit(edit);
    } else {
        cs_edit_abort(edit);
    }
    cs_refusal_unit_release(&unit);
    cs_arena_release(&arena);
    return status;
}

static void dismiss(struct laptop *laptop, uint64_t number)
{
    struct cs_refusal_unit unit;
    struct cs_edit *edit;
    assert_ok(cs_refusal_unit_load(laptop->replica, number, &unit, &laptop->universe->problem));
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_refusal_unit_dismiss(edit, &unit, NULL));
    assert_ok(cs_edit_commit(edit));
    cs_refusal_unit_release(&unit);
}

static enum cs_status first_number(void *context, const struct cs_pending *pending)
{
    uint64_t *number = context;
    *number = *number == 0 ? pending->counter : *number;
    return CS_OK;
}

static uint64_t first_refusal(struct laptop *laptop)
{
    uint64_t number = 0;
    assert_ok(cs_query_pending(laptop->replica, CS_PENDING_REFUSED, first_number, &number));
    assert_true(number > 0);
    return number;
}

/* For each kind of reason: listed, corrected, sent, there; the office follows it. */
static void a_refusal_is_corrected_and_arrives(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.laptop;
    struct cs_id part = laptop_new(laptop, "part", "code=P-1", "name=电源", "price_cents=-5", NULL);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.refused, 1);
    assert_int_equal(refused(laptop), 1);
    assert_string_equal(laptop_text(laptop, "part", part, "code"), "(none)");
    laptop_sync_equal(scene.owner);
    struct cs_id refusal = laptop_find(scene.owner, "refusal", "state", "open");
    assert_string_equal(laptop_text(scene.owner, "refusal", refusal, "entity"), "part");
    assert_string_equal(laptop_text(scene.owner, "refusal", refusal, "field"), "price_cents");
    assert_string_equal(laptop_text(scene.owner, "refusal", refusal, "settled_at"), "");
    /* Wrong again: listed again, nothing lost. */
    assert_ok(correct(laptop, first_refusal(laptop), "price_cents", "-7"));
    assert_int_equal(refused(laptop), 0);
    laptop_sync_equal(laptop);
    assert_int_equal(refused(laptop), 1);
    assert_ok(correct(laptop, first_refusal(laptop), "price_cents", "700"));
    assert_string_equal(laptop_text(laptop, "part", part, "price_cents"), "700");
    laptop_sync_equal(laptop);
    assert_int_equal(refused(laptop), 0);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "price_cents"), "700");
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "电源");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "corrected"), 2);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    assert_true(strlen(laptop_text(scene.owner, "refusal", refusal, "settled_at")) > 10);
    universe_close(&scene.universe);
}

/* Made, changed, referred to, changed again: refused one because of the other, corrected as one transaction. */
static void what_rests_on_it_is_corrected_with_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.laptop;
    struct cs_id place = laptop_new(laptop, "stock_location", "name=主仓库", NULL);
    struct cs_id part = laptop_new(laptop, "part", "code=P-1", "name=电源", "price_cents=-5", NULL);
    assert_ok(laptop_set(laptop, "part", part, "unit=个", NULL));
    char to[96];
    char what[96];
    (void)snprintf(what, sizeof what, "part=%s", id_text(part));
    (void)snprintf(to, sizeof to, "to=%s", id_text(place));
    struct cs_id movement =
        laptop_new(laptop, "stock_movement", what, to, "quantity=3", "reason=purchase", NULL);
    struct cs_id other = laptop_new(laptop, "part", "code=P-2", "name=风扇", NULL);
    assert_ok(laptop_set(laptop, "part", part, "unit=箱", "category=电源", NULL));
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.refused, 4);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", other, "name"), "风扇");
    assert_string_equal(laptop_text(scene.owner, "stock_location", place, "name"), "主仓库");
    struct cs_refusal_unit unit;
    uint64_t number = first_refusal(laptop);
    assert_status(cs_refusal_unit_load(laptop->replica, number + 1, &unit, &scene.universe.problem),
                  CS_USAGE);
    assert_non_null(strstr(scene.universe.problem.text, "rests on"));
    cs_refusal_unit_release(&unit);
    assert_ok(correct(laptop, number, "price_cents", "500"));
    assert_int_equal(refused(laptop), 0);
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting, 2); /* the correction, and the marks for the office */
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.refused, 0);
    laptop_sync_equal(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "price_cents"), "500");
    assert_string_equal(laptop_text(scene.owner, "part", part, "unit"), "箱");
    assert_string_equal(laptop_text(scene.owner, "part", part, "category"), "电源");
    assert_string_equal(laptop_text(scene.owner, "stock_movement", movement, "quantity"), "3");
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "corrected"), 4);
    universe_close(&scene.universe);
}

/* Made and deleted before the first sync: nothing is left to be made again, and nothing stands in the way. */
static void what_was_deleted_later_is_not_made_again(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.laptop;
    struct cs_id part = laptop_new(laptop, "part", "code=P-1", "name=电源", "price_cents=-5", NULL);
    assert_ok(laptop_set(laptop, "part", part, "unit=个", NULL));
    assert_ok(laptop_delete(laptop, "part", part));
    laptop_sync_equal(laptop);
    assert_int_equal(refused(laptop), 3);
    assert_ok(correct(laptop, first_refusal(laptop), "price_cents", "5"));
    laptop_sync_equal(laptop);
    assert_int_equal(refused(laptop), 0);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-1"), 0);
    universe_close(&scene.universe);
}

static enum cs_status count_settled(void *context, const struct cs_pending *pending)
{
    int *count = context;
    assert_true(pending->settled_ms > 0);
    assert_true(pending->transaction.operation_count > 0);
    assert_true(pending->refusal_text.size > 0);
    *count += pending->state == CS_PENDING_DISMISSED ? 1 : 100;
    return CS_OK;
}

/* Rights, limits, required values: each is listed with its reason; dismissed ones stay readable, and the office sees it. */
static void every_reason_is_told_and_dismissed(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.laptop;
    static char spec[8192] = "spec=";
    memset(spec + 5, 'a', sizeof spec - 6);
    (void)laptop_new(laptop, "customer", "name=第一医院", NULL);
    (void)laptop_new(laptop, "part", "code=P-1", "name=电源", spec, NULL);
    (void)laptop_new(laptop, "part", "code=P-2", NULL);
    (void)laptop_new(laptop, "part", "code=P-3", "name=风扇", "price_cents=9000000000000000", NULL);
    (void)laptop_new(laptop, "part", "code=P-4", "name=继电器", NULL);
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.pushed, 5);
    assert_int_equal(laptop->last.refused, 4);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-4"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "reason", "DENIED"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "reason", "TOO_LARGE"), 1);
    assert_int_equal(laptop_count(scene.owner, "refusal", "reason", "INVALID"), 2);
    for (int left = 4; left > 0; left--) {
        assert_int_equal(refused(laptop), left);
        dismiss(laptop, first_refusal(laptop));
    }
    laptop_restart(laptop);
    int settled = 0;
    assert_ok(cs_query_settled(laptop->replica, count_settled, &settled));
    assert_int_equal(settled, 4);
    laptop_sync_equal(laptop);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "dismissed"), 4);
    universe_close(&scene.universe);
}

#define MANY 10000
#define BAD 4711

static double now_s(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void import(struct laptop *laptop)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    for (int i = 0; i < MANY; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "P-%05d", i);
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
            {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text("电源"))},
            {cs_bytes_of_text("price_cents"), cs_value_integer(i == BAD ? -BAD : i)},
        };
        assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, CS_COUNT(values),
                                 NULL, &laptop->universe->problem));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
}

/* Ten thousand changes, one of them invalid, through real cores: the others arrive, the one is named and comes later. */
static void one_of_ten_thousand(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.laptop;
    import(laptop);
    double start = now_s();
    laptop_sync_equal(laptop);
    print_message("%d changes, one invalid: %llu pushed, %llu refused, %.2f s, %llu bytes up, %llu "
                  "bytes down\n",
                  MANY, (unsigned long long)laptop->last.pushed,
                  (unsigned long long)laptop->last.refused, now_s() - start,
                  (unsigned long long)laptop->last.bytes_up,
                  (unsigned long long)laptop->last.bytes_down);
    assert_int_equal(laptop->last.pushed, MANY);
    assert_int_equal(laptop->last.refused, 1);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), MANY - 1);
    struct cs_id refusal = laptop_find(scene.owner, "refusal", "state", "open");
    assert_non_null(strstr(laptop_text(scene.owner, "refusal", refusal, "operations"), "P-04711"));
    assert_non_null(strstr(laptop_text(scene.owner, "refusal", refusal, "detail"), "price_cents"));
    assert_ok(correct(laptop, first_refusal(laptop), "price_cents", "4711"));
    laptop_sync_equal(laptop);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "name", "电源"), MANY);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_corrected_and_arrives),
        cmocka_unit_test(what_rests_on_it_is_corrected_with_it),
        cmocka_unit_test(what_was_deleted_later_is_not_made_again),
        cmocka_unit_test(every_reason_is_told_and_dismissed),
        cmocka_unit_test(one_of_ten_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
