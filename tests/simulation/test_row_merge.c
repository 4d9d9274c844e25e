/*
 * Two rows with one natural key become one (design §4): the merge is an ordinary transaction, so it meets what others did meanwhile,
 * and the exceptions say when it must be done again.
 */
#include "tests/simulation/exceptions_scene.h"

#include "field-client/replica/merge_rows.h"

static enum cs_status merge_taking(struct laptop *laptop, const char *entity, struct cs_id kept,
                                   struct cs_id dropped, const char *take,
                                   struct cs_merged_rows *out)
{
    struct cs_merge_rows merge = {.entity =
                                      cs_registry_find(laptop->registry, cs_bytes_of_text(entity)),
                                  .kept = kept,
                                  .dropped = dropped};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    if (take != NULL) {
        merge.take[cs_entity_field_index(merge.entity, cs_bytes_of_text(take))] = true;
    }
    enum cs_status status =
        cs_merge_rows(laptop->replica, &merge, &arena, out, &laptop->universe->problem);
    cs_arena_release(&arena);
    return status;
}

static void merge(struct laptop *laptop, const char *entity, struct cs_id kept,
                  struct cs_id dropped, size_t rewritten, size_t left)
{
    struct cs_merged_rows merged;
    enum cs_status status = merge_taking(laptop, entity, kept, dropped, NULL, &merged);
    if (status != CS_OK) {
        fail_msg("%s", laptop->universe->problem.text);
    }
    assert_int_equal(merged.rewritten, rewritten);
    assert_int_equal(merged.left, left);
}

static void references_follow_and_values_are_taken(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one = laptop_new(scene.office, "customer", "name=甲厂", "code=K-1", NULL);
    struct cs_id two =
        laptop_new(scene.owner, "customer", "name=甲厂有限公司", "code=K-1", "phone=021", NULL);
    struct cs_id project =
        laptop_new(scene.owner, "project", "name=改造", "code=J-1", field("customer", two), NULL);
    struct cs_id site = laptop_new(scene.owner, "site", "name=东门", field("customer", two), NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 1);
    struct cs_merged_rows merged;
    assert_ok(merge_taking(scene.office, "customer", one, two, "phone", &merged));
    assert_int_equal(merged.rewritten, 2);
    assert_int_equal(merged.left, 0);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 0);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.owner, "project", project, "customer"), id_text(one));
    assert_string_equal(laptop_text(scene.owner, "site", site, "customer"), id_text(one));
    assert_string_equal(laptop_text(scene.owner, "customer", one, "phone"), "021");
    assert_string_equal(laptop_text(scene.owner, "customer", one, "name"), "甲厂");
    assert_string_equal(laptop_text(scene.owner, "customer", two, "name"), "(none)");
    universe_close(&scene.universe);
}

/* A reference made meanwhile, in both orders: the deleted row is shown until the same merge is done again. */
static void a_late_reference_is_merged_again(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int late_first = 0; late_first < 2; late_first++) {
        struct cs_id one =
            laptop_new(scene.office, "customer", "name=甲厂", numbered("code=K", late_first), NULL);
        struct cs_id two =
            laptop_new(scene.owner, "customer", "name=甲厂", numbered("code=K", late_first), NULL);
        sync_all(&scene);
        struct cs_id project =
            laptop_new(scene.owner, "project", numbered("name=改造", late_first),
                       numbered("code=J", late_first), field("customer", two), NULL);
        merge(scene.office, "customer", one, two, 0, 0);
        laptop_sync_equal(late_first != 0 ? scene.owner : scene.office);
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "duplicate"), 0);
        assert_int_equal(open_of(&scene, "deleted_reference"), 1);
        merge(scene.office, "customer", one, two, 1, 0);
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "deleted_reference"), 0);
        assert_string_equal(laptop_text(scene.owner, "project", project, "customer"), id_text(one));
        assert_int_equal(laptop_count(scene.owner, "row_merge", "entity", "customer"),
                         late_first + 1);
    }
    universe_close(&scene.universe);
}

/* An edit of the dropped row meanwhile brings it back, and with it the duplicate: merged again, the value may be taken. */
static void an_edit_of_the_dropped_row_is_not_lost(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one = laptop_new(scene.office, "customer", "name=甲厂", "code=K-1", NULL);
    struct cs_id two = laptop_new(scene.owner, "customer", "name=甲厂", "code=K-1", NULL);
    sync_all(&scene);
    assert_ok(laptop_set(scene.owner, "customer", two, "phone=021", NULL));
    merge(scene.office, "customer", one, two, 0, 0);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 1);
    assert_int_equal(open_of(&scene, "delete_against_edit"), 1);
    struct cs_merged_rows merged;
    assert_ok(merge_taking(scene.office, "customer", one, two, "phone", &merged));
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.technician, "customer", one, "phone"), "(none)");
    assert_string_equal(laptop_text(scene.owner, "customer", one, "phone"), "021");
    universe_close(&scene.universe);
}

/* Movements are never changed: what a merged part or place has moved counts for the one that is kept. */
static void balances_of_merged_parts_count_both(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id two = laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    struct cs_id store =
        laptop_new(scene.office, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    struct cs_id annex =
        laptop_new(scene.owner, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    sync_all(&scene);
    (void)laptop_new(scene.office, "stock_movement", field("part", one), field("to", store),
                     "quantity=5", NULL);
    (void)laptop_new(scene.office, "stock_movement", field("part", two), field("from", annex),
                     "quantity=3", NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 1);
    merge(scene.office, "part", one, two, 0, 1);
    sync_all(&scene);
    /* Now the kept part is missing at that place. */
    assert_int_equal(open_of(&scene, "negative_stock"), 1);
    merge(scene.office, "stock_location", store, annex, 0, 1);
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    /* Offline, somebody still takes from the part that is gone. */
    (void)laptop_new(scene.office, "stock_movement", field("part", one), field("from", store),
                     "quantity=2", NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 0);
    (void)laptop_new(scene.office, "stock_movement", field("part", one), field("from", store),
                     "quantity=1", NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 1);
    struct cs_id exception = first_open(&scene, "negative_stock");
    assert_non_null(strstr(laptop_text(scene.office, "exception", exception, "detail"), "-1"));
    universe_close(&scene.universe);
}

/* A merged into B and B into C; then somebody's edit brings B back. */
static void a_chain_of_merges_counts_at_its_end(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id parts[3];
    struct cs_id store =
        laptop_new(scene.office, "stock_location", "name=总库", "code=L-1", "kind=warehouse", NULL);
    for (int i = 0; i < 3; i++) {
        parts[i] = laptop_new(scene.office, "part", numbered("code=P", i), "name=电源", NULL);
    }
    (void)laptop_new(scene.office, "stock_movement", field("part", parts[0]), field("from", store),
                     "quantity=2", NULL);
    (void)laptop_new(scene.office, "stock_movement", field("part", parts[2]), field("to", store),
                     "quantity=1", NULL);
    sync_all(&scene);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_of(&scene, "negative_stock"), 1);
        assert_ok(laptop_set(scene.owner, "part", parts[1], numbered("spec=S", i), NULL));
        if (i == 0) {
            sync_all(&scene);
        }
        merge(scene.office, "part", parts[i + 1], parts[i], 0, i == 0 ? 1 : 0);
        laptop_sync_equal(scene.office);
        universe_advance(&scene.universe, 1000);
        if (i == 0) {
            sync_all(&scene);
        }
    }
    laptop_sync_equal(scene.office);
    struct cs_id exception = first_open(&scene, "negative_stock");
    assert_non_null(strstr(laptop_text(scene.office, "exception", exception, "detail"), "-1"));
    sync_all(&scene);
    /* The owner had not seen the second merge: B is back with what was A's, and C has its one piece. */
    exception = first_open(&scene, "negative_stock");
    assert_non_null(strstr(laptop_text(scene.office, "exception", exception, "detail"), "-2"));
    assert_int_equal(open_of(&scene, "negative_stock"), 1);
    merge(scene.office, "part", parts[2], parts[1], 0, 0);
    sync_all(&scene);
    exception = first_open(&scene, "negative_stock");
    assert_non_null(strstr(laptop_text(scene.office, "exception", exception, "detail"), "-1"));
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* A place becomes one that keeps stock of ours after something was taken from it. */
static void a_place_may_change_its_kind(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id place =
        laptop_new(scene.office, "stock_location", "name=客户", "code=L-2", "kind=customer", NULL);
    (void)laptop_new(scene.office, "stock_movement", field("part", part), field("from", place),
                     "quantity=1", NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 0);
    assert_ok(laptop_set(scene.office, "stock_location", place, "kind=van", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 1);
    assert_ok(laptop_set(scene.office, "stock_location", place, "kind=scrap", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "negative_stock"), 0);
    universe_close(&scene.universe);
}

/* The visit keeps its order, which is written once; the order that stands for it is the one that counts. */
static void visits_of_a_merged_order_belong_to_the_kept_one(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one = new_order(&scene, 1);
    struct cs_id two =
        laptop_new(scene.owner, "work_order", numbered("number=W", 1), scene.person, NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 1);
    (void)laptop_new(scene.technician, "visit", field("work_order", two), scene.person, NULL);
    sync_all(&scene);
    merge(scene.office, "work_order", one, two, 0, 1);
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    assert_ok(laptop_set(scene.office, "work_order", one, "status=cancelled", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 1);
    assert_ok(laptop_set(scene.office, "work_order", one, "status=finished", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 0);
    universe_close(&scene.universe);
}

/* Two people merge in opposite directions: nothing hangs, and what refers to either is shown. */
static void merges_in_a_circle_are_shown(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one = laptop_new(scene.office, "customer", "name=甲厂", "code=K-1", NULL);
    struct cs_id two = laptop_new(scene.owner, "customer", "name=甲厂", "code=K-1", NULL);
    sync_all(&scene);
    struct cs_id project =
        laptop_new(scene.owner, "project", "name=改造", "code=J-1", field("customer", one), NULL);
    sync_all(&scene);
    merge(scene.office, "customer", one, two, 0, 0);
    merge(scene.owner, "customer", two, one, 1, 0);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "deleted_reference"), 1);
    struct cs_id third = laptop_new(scene.office, "customer", "name=甲厂", "code=K-1", NULL);
    merge(scene.office, "customer", third, two, 1, 0);
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.owner, "project", project, "customer"), id_text(third));
    universe_close(&scene.universe);
}

static void what_cannot_be_merged_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_merged_rows merged;
    scene_open(&scene);
    struct cs_id part = laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id other = laptop_new(scene.office, "part", "code=P-2", "name=风扇", NULL);
    struct cs_id nobody = {{1}};
    sync_all(&scene);
    assert_status(merge_taking(scene.office, "part", part, part, NULL, &merged), CS_INVALID);
    assert_status(merge_taking(scene.office, "part", part, nobody, NULL, &merged), CS_NOT_FOUND);
    assert_status(merge_taking(scene.office, "part", nobody, part, NULL, &merged), CS_NOT_FOUND);
    assert_status(merge_taking(scene.office, "stock_movement", part, other, NULL, &merged),
                  CS_INVALID);
    assert_status(merge_taking(scene.technician, "part", part, other, NULL, &merged), CS_DENIED);
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(scene.office->replica, &counts));
    assert_int_equal(counts.waiting, 0);
    assert_string_equal(laptop_text(scene.technician, "part", other, "name"), "风扇");
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_follow_and_values_are_taken),
        cmocka_unit_test(a_late_reference_is_merged_again),
        cmocka_unit_test(an_edit_of_the_dropped_row_is_not_lost),
        cmocka_unit_test(balances_of_merged_parts_count_both),
        cmocka_unit_test(a_chain_of_merges_counts_at_its_end),
        cmocka_unit_test(a_place_may_change_its_kind),
        cmocka_unit_test(visits_of_a_merged_order_belong_to_the_kept_one),
        cmocka_unit_test(merges_in_a_circle_are_shown),
        cmocka_unit_test(what_cannot_be_merged_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
