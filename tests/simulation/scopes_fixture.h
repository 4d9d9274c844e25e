/* Two customers with a project each, an order of each given to one of two technicians: what tests about scopes start from. */
#ifndef TESTS_SIMULATION_SCOPES_FIXTURE_H
#define TESTS_SIMULATION_SCOPES_FIXTURE_H

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

static inline struct cs_id new_order(struct laptop *office, const char *number,
                                     struct cs_id customer, struct cs_id system,
                                     const char *technician)
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

static inline struct cs_id new_with(struct laptop *laptop, const char *entity, const char *field,
                                    struct cs_id id, const char *name)
{
    char fields[2][96];
    (void)snprintf(fields[0], sizeof fields[0], "%s=%s", field, id_text(id));
    (void)snprintf(fields[1], sizeof fields[1], "name=%s", name);
    return laptop_new(laptop, entity, fields[0], fields[1], NULL);
}

static inline void open_scene(struct scene *scene)
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

static inline int64_t count_all(struct laptop *laptop, const char *entity)
{
    int64_t count = 0;
    assert_ok(cs_row_count(cs_replica_tables(laptop->replica),
                           cs_registry_find(laptop->universe->registry, cs_bytes_of_text(entity)),
                           &count));
    return count;
}

/* The field "technician" of a work order, for this person. */
static inline const char *technician_is(struct laptop *office, const char *person)
{
    static char text[96];
    (void)snprintf(text, sizeof text, "technician=%s",
                   id_text(laptop_find(office, "person", "name", person)));
    return text;
}

#endif
