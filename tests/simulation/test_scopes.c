/*
 * Who gets what (design §7): a technician gets the catalogue, his work orders and what comes with them, and nobody else's; when
 * work is given to another, it leaves the one and reaches the other.
 */
#include "tests/simulation/scopes_fixture.h"

static void a_technician_gets_his_own_and_nothing_else(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_string_equal(laptop_text(scene.li, "work_order", scene.order_a, "number"), "PG-1");
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "name"), "第一医院");
    assert_string_equal(laptop_text(scene.li, "project", scene.project_a, "name"), "挂号系统");
    assert_string_equal(laptop_text(scene.li, "system", scene.system_a2, "name"), "服务器甲");
    assert_string_equal(laptop_text(scene.li, "work_order", scene.order_b, "number"), "(none)");
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_b, "name"), "(none)");
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    assert_int_equal(count_all(scene.li, "customer"), 1);
    assert_int_equal(count_all(scene.li, "service_request"), 1);
    assert_int_equal(count_all(scene.li, "system"), 2);
    assert_int_equal(count_all(scene.zhao, "system"), 1);
    assert_int_equal(count_all(scene.office, "work_order"), 2);
    assert_int_equal(count_all(scene.li, "person"), 3);
    universe_close(&scene.universe);
}

static void visits_follow_their_order(void **state)
{
    (void)state;
    struct scene scene;
    char order[96];
    open_scene(&scene);
    (void)snprintf(order, sizeof order, "work_order=%s", id_text(scene.order_a));
    struct cs_id visit = laptop_new(scene.li, "visit", order, "work_done=更换电源", NULL);
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.zhao);
    assert_string_equal(laptop_text(scene.office, "visit", visit, "work_done"), "更换电源");
    assert_string_equal(laptop_text(scene.zhao, "visit", visit, "work_done"), "(none)");
    universe_close(&scene.universe);
}

static void work_given_to_another_moves_with_all_that_comes_with_it(void **state)
{
    (void)state;
    struct scene scene;
    char technician[96];
    open_scene(&scene);
    (void)snprintf(technician, sizeof technician, "technician=%s",
                   id_text(laptop_find(scene.office, "person", "name", "赵敏")));
    assert_ok(laptop_set(scene.office, "work_order", scene.order_a, technician, NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.zhao);
    assert_int_equal(count_all(scene.li, "work_order"), 0);
    assert_int_equal(count_all(scene.li, "customer"), 0);
    assert_int_equal(count_all(scene.li, "project"), 0);
    assert_int_equal(count_all(scene.li, "system"), 0);
    assert_int_equal(count_all(scene.zhao, "work_order"), 2);
    assert_int_equal(count_all(scene.zhao, "customer"), 2);
    assert_int_equal(count_all(scene.zhao, "system"), 3);
    universe_close(&scene.universe);
}

/* What was recorded on an order that was taken away meanwhile is sent, accepted, and only then gone from the laptop. */
static void unsent_work_survives_losing_the_order(void **state)
{
    (void)state;
    struct scene scene;
    char text[96];
    open_scene(&scene);
    (void)snprintf(text, sizeof text, "work_order=%s", id_text(scene.order_a));
    struct cs_id visit = laptop_new(scene.li, "visit", text, "work_done=已修复", NULL);
    (void)snprintf(text, sizeof text, "technician=%s",
                   id_text(laptop_find(scene.office, "person", "name", "赵敏")));
    assert_ok(laptop_set(scene.office, "work_order", scene.order_a, text, NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    assert_int_equal(scene.li->last.pushed, 1);
    assert_int_equal(scene.li->last.refused, 0);
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "visit", visit, "work_done"), "已修复");
    laptop_sync_equal(scene.zhao);
    assert_string_equal(laptop_text(scene.zhao, "visit", visit, "work_done"), "已修复");
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_technician_gets_his_own_and_nothing_else),
        cmocka_unit_test(visits_follow_their_order),
        cmocka_unit_test(work_given_to_another_moves_with_all_that_comes_with_it),
        cmocka_unit_test(unsent_work_survives_losing_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
