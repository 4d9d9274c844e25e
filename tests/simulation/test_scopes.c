/*
 * Who gets what (design §7): a technician gets the catalogue, his work orders and what comes with them, and nobody else's; when
 * work is given to another, it leaves the one and reaches the other.
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>

struct scene {
    struct universe universe;
    struct laptop *office;
    struct laptop *li;
    struct laptop *zhao;
    struct cs_id customer_a, customer_b, project_a, system_a, system_a2, order_a, order_b;
};

static struct cs_id new_order(struct laptop *office, const char *number, struct cs_id customer,
                              struct cs_id system, const char *technician)
{
    char fields[3][96];
    (void)snprintf(fields[0], sizeof fields[0], "customer=%s", id_text(customer));
    (void)snprintf(fields[1], sizeof fields[1], "system=%s", id_text(system));
    struct cs_id request = laptop_new(office, "service_request", fields[0], fields[1],
                                      "reported_fault=无法启动", NULL);
    (void)snprintf(fields[0], sizeof fields[0], "request=%s", id_text(request));
    (void)snprintf(fields[1], sizeof fields[1], "technician=%s",
                   id_text(laptop_find(office, "person", "name", technician)));
    (void)snprintf(fields[2], sizeof fields[2], "number=%s", number);
    return laptop_new(office, "work_order", fields[0], fields[1], fields[2], "status=assigned",
                      NULL);
}

static struct cs_id new_with(struct laptop *laptop, const char *entity, const char *field,
                             struct cs_id id, const char *name)
{
    char fields[2][96];
    (void)snprintf(fields[0], sizeof fields[0], "%s=%s", field, id_text(id));
    (void)snprintf(fields[1], sizeof fields[1], "name=%s", name);
    return laptop_new(laptop, entity, fields[0], fields[1], NULL);
}

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 11);
    struct laptop *office = universe_found(&scene->universe, "王芳");
    scene->office = office;
    laptop_sync_equal(office);
    scene->li = universe_join(&scene->universe, office, "李强", CS_ROLE(TECHNICIAN));
    scene->zhao = universe_join(&scene->universe, office, "赵敏", CS_ROLE(TECHNICIAN));
    scene->customer_a = laptop_new(office, "customer", "name=第一医院", NULL);
    scene->customer_b = laptop_new(office, "customer", "name=建材城", NULL);
    scene->project_a = new_with(office, "project", "customer", scene->customer_a, "挂号系统");
    struct cs_id project_b = new_with(office, "project", "customer", scene->customer_b, "收银系统");
    scene->system_a = new_with(office, "system", "project", scene->project_a, "数据库甲");
    scene->system_a2 = new_with(office, "system", "project", scene->project_a, "服务器甲");
    struct cs_id system_b = new_with(office, "system", "project", project_b, "服务器乙");
    scene->order_a = new_order(office, "PG-1", scene->customer_a, scene->system_a, "李强");
    scene->order_b = new_order(office, "PG-2", scene->customer_b, system_b, "赵敏");
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(office);
        laptop_sync_equal(scene->li);
        laptop_sync_equal(scene->zhao);
    }
}

static int64_t count_all(struct laptop *laptop, const char *entity)
{
    int64_t count = 0;
    assert_ok(cs_row_count(cs_replica_tables(laptop->replica),
                           cs_registry_find(laptop->universe->registry, cs_bytes_of_text(entity)),
                           &count));
    return count;
}

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
