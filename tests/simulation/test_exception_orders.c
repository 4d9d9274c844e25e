/*
 * Every rule over every order of arrival: three laptops do their part without a network, and whichever is heard first, the same
 * exceptions are open afterwards (design §6). Then the action that the kind names closes them.
 */
#include "tests/simulation/exceptions_scene.h"

#define ORDERS 6

static void overlapping_visits(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        char arrived[64];
        char left[64];
        struct cs_id visits[LAPTOPS];
        struct laptop *laptops[LAPTOPS] = {scene.owner, scene.office, scene.technician};
        static const int from[LAPTOPS] = {9, 10, 12};
        static const int to[LAPTOPS] = {11, 12, 13};
        for (int j = 0; j < LAPTOPS; j++) {
            (void)snprintf(arrived, sizeof arrived, "arrived_at=2026-03-%02dT%02d:00:00+08:00",
                           i + 1, from[j]);
            (void)snprintf(left, sizeof left, "left_at=2026-03-%02dT%02d:00:00+08:00", i + 1,
                           to[j]);
            visits[j] = laptop_new(laptops[j], "visit", scene.person, arrived, left, NULL);
        }
        sync_in_order(&scene, i);
        /* 9 to 11 and 10 to 12 meet; 12 to 13 only touches. */
        assert_int_equal(open_of(&scene, "overlapping_visits"), 1);
        (void)snprintf(left, sizeof left, "left_at=2026-03-%02dT09:30:00+08:00", i + 1);
        assert_ok(laptop_set(scene.technician, "visit", visits[0], left, NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "overlapping_visits"), 0);
        assert_int_equal(episodes_of(&scene, "overlapping_visits"), i + 1);
    }
    universe_close(&scene.universe);
}

static void cancelled_and_reassigned_orders(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id other = laptop_new(scene.owner, "person", "name=孙丽", NULL);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id order = new_order(&scene, i);
        sync_all(&scene);
        struct cs_id visit = laptop_new(scene.technician, "visit", field("work_order", order),
                                        scene.person, "work_done=更换电源", NULL);
        assert_ok(laptop_set(scene.office, "work_order", order, "status=cancelled", NULL));
        assert_ok(laptop_set(scene.owner, "work_order", order, field("technician", other), NULL));
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 1);
        assert_int_equal(open_of(&scene, "work_on_reassigned_order"), 1);
        assert_ok(laptop_set(scene.office, "work_order", order, "status=finished", NULL));
        assert_ok(laptop_set(scene.owner, "work_order", order, scene.person, NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 0);
        assert_int_equal(open_of(&scene, "work_on_reassigned_order"), 0);
        assert_ok(laptop_set(scene.office, "work_order", order, "status=cancelled", NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 1);
        assert_int_equal(episodes_of(&scene, "work_on_cancelled_order"), 2 * (i + 1));
        assert_ok(laptop_delete(scene.office, "visit", visit));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "work_on_cancelled_order"), 0);
    }
    universe_close(&scene.universe);
}

static void deleted_references(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id customer = laptop_new(scene.office, "customer", "name=甲厂", NULL);
        struct cs_id kept = laptop_new(scene.office, "customer", "name=乙厂", NULL);
        struct cs_id site =
            laptop_new(scene.office, "site", "name=一号楼", field("customer", kept), NULL);
        struct cs_id order =
            laptop_new(scene.office, "work_order", numbered("number=W", i), scene.person, NULL);
        sync_all(&scene);
        assert_ok(laptop_delete(scene.office, "customer", customer));
        struct cs_id project = laptop_new(scene.owner, "project", numbered("name=改造", i),
                                          numbered("code=J", i), field("customer", customer), NULL);
        assert_ok(laptop_set(scene.owner, "site", site, field("customer", customer), NULL));
        assert_ok(laptop_set(scene.technician, "work_order", order, "status=on_site", NULL));
        sync_in_order(&scene, i);
        /* One question, however many refer to the row. */
        assert_int_equal(open_of(&scene, "deleted_reference"), 1);
        assert_ok(laptop_set(scene.owner, "project", project, field("customer", kept), NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "deleted_reference"), 1);
        assert_ok(laptop_set(scene.owner, "site", site, field("customer", kept), NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "deleted_reference"), 0);
        assert_int_equal(episodes_of(&scene, "deleted_reference"), i + 1);
    }
    universe_close(&scene.universe);
}

/* The technician's van is the third: he writes no parts, but moves them. */
static void duplicates_and_stock(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct laptop *store = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(WAREHOUSE));
    sync_all(&scene);
    laptop_sync_equal(store);
    struct cs_id place = laptop_new(scene.office, "stock_location", "name=一号车", "code=V-1",
                                    "kind=van", field("owner", scene.worker), NULL);
    sync_all(&scene);
    laptop_sync_equal(store);
    struct laptop *technician = scene.technician;
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id part =
            laptop_new(scene.office, "part", numbered("code=S", i), "name=风扇", NULL);
        sync_all(&scene);
        laptop_sync_equal(store);
        (void)laptop_new(technician, "stock_movement", field("part", part), field("from", place),
                         "quantity=3", NULL);
        (void)laptop_new(scene.owner, "stock_movement", field("part", part), field("to", place),
                         "quantity=1", NULL);
        (void)laptop_new(scene.office, "stock_movement", field("part", part), field("to", place),
                         "quantity=1", NULL);
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "negative_stock"), 1);
        (void)laptop_new(scene.office, "stock_movement", field("part", part), field("to", place),
                         "quantity=1", "reason=correction", NULL);
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "negative_stock"), 0);
        /* Three parts of one code: one is the original. */
        scene.technician = store;
        const char *code = numbered("code=D", i);
        struct cs_id parts[LAPTOPS];
        parts[0] = laptop_new(scene.owner, "part", code, "name=电源", NULL);
        parts[1] = laptop_new(scene.office, "part", code, "name=电源模块", NULL);
        parts[2] = laptop_new(store, "part", code, "name=开关电源", NULL);
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "duplicate"), 2);
        assert_ok(laptop_delete(scene.office, "part", parts[0]));
        assert_ok(laptop_set(scene.office, "part", parts[i % 2 + 1], numbered("code=E", i), NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "duplicate"), 0);
        scene.technician = technician;
        sync_all(&scene);
    }
    universe_close(&scene.universe);
}

/* Each edit is right by itself. */
static void inconsistent_rows(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
        sync_all(&scene);
        assert_ok(laptop_set(scene.technician, "visit", visit,
                             "arrived_at=2026-03-02T11:00:00+08:00", NULL));
        assert_ok(
            laptop_set(scene.office, "visit", visit, "left_at=2026-03-02T10:00:00+08:00", NULL));
        assert_ok(
            laptop_set(scene.owner, "visit", visit, "departed_at=2026-03-02T10:30:00+08:00", NULL));
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "inconsistent_row"), 1);
        assert_ok(
            laptop_set(scene.office, "visit", visit, "left_at=2026-03-02T12:00:00+08:00", NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "inconsistent_row"), 0);
        /* A later wrong value is refused at once where it is seen, so two must meet again. */
        assert_ok(laptop_set(scene.technician, "visit", visit,
                             "arrived_at=2026-03-02T11:50:00+08:00", NULL));
        assert_ok(
            laptop_set(scene.office, "visit", visit, "left_at=2026-03-02T11:10:00+08:00", NULL));
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "inconsistent_row"), 1);
        assert_int_equal(episodes_of(&scene, "inconsistent_row"), 2 * (i + 1));
        assert_ok(
            laptop_set(scene.office, "visit", visit, "left_at=2026-03-02T12:00:00+08:00", NULL));
        sync_all(&scene);
    }
    universe_close(&scene.universe);
}

static void receipt_numbers(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    sync_all(&scene);
    for (int i = 0; i < ORDERS; i++) {
        char texts[5][64];
        for (int j = 1; j < 5; j++) {
            (void)snprintf(texts[j], sizeof texts[j], "number=A%d-%06d", i, j);
        }
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "prefix=A%d", i);
        struct cs_id series =
            laptop_new(scene.technician, "receipt_series", prefix, "device=01", NULL);
        (void)new_receipt(scene.technician, visit, texts[4]);
        struct cs_id double_one = new_receipt(scene.owner, visit, texts[1]);
        (void)new_receipt(scene.office, visit, texts[1]);
        sync_in_order(&scene, i);
        /* 2 and 3 are missing before 4; 1 is there twice. */
        assert_int_equal(open_of(&scene, "receipt_gap"), 1);
        assert_int_equal(open_of(&scene, "receipt_double"), 1);
        struct cs_id gap = first_open(&scene, "receipt_gap");
        assert_non_null(
            strstr(laptop_text(scene.office, "exception", gap, "detail"), "-000002 to"));
        (void)new_receipt(scene.technician, visit, texts[2]);
        (void)new_void(scene.office, texts[3], field("series", series));
        (void)new_void(scene.owner, texts[1], field("receipt", double_one));
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "receipt_gap"), 0);
        assert_int_equal(open_of(&scene, "receipt_double"), 0);
    }
    universe_close(&scene.universe);
}

static void a_change_after_signing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    for (int i = 0; i < ORDERS; i++) {
        struct cs_id visit =
            laptop_new(scene.technician, "visit", scene.person, "work_done=更换电源", NULL);
        sync_all(&scene);
        struct cs_id receipt = new_receipt(scene.technician, visit, numbered("number=R", i));
        assert_ok(laptop_set(scene.office, "visit", visit, "work_done=更换电源两只", NULL));
        assert_ok(laptop_set(scene.owner, "visit", visit, "note=客户满意", NULL));
        sync_in_order(&scene, i);
        assert_int_equal(open_of(&scene, "changed_after_signing"), 1);
        assert_ok(laptop_set(scene.office, "visit", visit, "work_done=更换电源", NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "changed_after_signing"), 0);
        assert_ok(laptop_set(scene.office, "visit", visit, "result=partly", NULL));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "changed_after_signing"), 1);
        /* The customer signs what is there now, and the receipt of before stands no longer. */
        (void)new_receipt(scene.technician, visit, numbered("number=S", i));
        (void)new_void(scene.technician, numbered("number=R", i), field("receipt", receipt));
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "changed_after_signing"), 0);
        assert_int_equal(episodes_of(&scene, "changed_after_signing"), 2 * (i + 1));
    }
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_visits),     cmocka_unit_test(cancelled_and_reassigned_orders),
        cmocka_unit_test(deleted_references),     cmocka_unit_test(duplicates_and_stock),
        cmocka_unit_test(inconsistent_rows),      cmocka_unit_test(receipt_numbers),
        cmocka_unit_test(a_change_after_signing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
