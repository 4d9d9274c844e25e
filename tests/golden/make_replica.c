/*
 * Makes the golden replicas of the version that it is built with, see replica.h.
 *
 * usage: golden_make_replica FOLDER     (writes FOLDER/technician, FOLDER/office, FOLDER/server; FOLDER exists)
 *
 * Run once per format version, with the programs that will be the old ones; what it wrote is kept for good. Clocks and randomness
 * are the tests' own, so that a second run gives the same.
 */
#include "tests/golden/replica.h"

#include "field-client/visit/visit.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct scene {
    struct registry_variant newer;
    struct registry_variant newest;
    struct registry_variant generous; /* lets technicians write parts */
    struct universe universe;
    struct laptop *office, *technician, *third;
    struct cs_id part, order, visit, tool;
};

static const char *output;

static struct laptop *join_as(struct scene *scene, const char *person, cs_roles roles,
                              const struct cs_registry *registry)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene->office, person, roles, scene->universe.fake.wall_ms + 100000, &invite);
    struct laptop *laptop = universe_new_laptop(&scene->universe);
    laptop->registry = registry;
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&invite), ""));
    cs_buffer_release(&invite);
    laptop_sync_equal(scene->office);
    laptop_sync_equal(laptop);
    return laptop;
}

/* "name=id" for the functions that take fields as text. */
static const char *reference(const char *field, struct cs_id id)
{
    static char texts[4][64];
    static size_t next;
    char *text = texts[next++ % 4];
    (void)snprintf(text, 64, "%s=%s", field, id_text(id));
    return text;
}

static void office_plans(struct scene *scene)
{
    struct laptop *office = scene->office;
    scene->part = laptop_new(office, "part", "code=P-1", "name=电源", "unit=个",
                             "price_cents=12050", "golden_origin=苏州", NULL);
    (void)laptop_new(office, "part", "code=P-2", "name=网线", NULL);
    scene->tool =
        laptop_new(office, "golden_tool", "name=万用表", reference("part", scene->part), NULL);
    struct cs_id customer = laptop_new(office, "customer", "name=东方医院", "code=K-1", NULL);
    struct cs_id site = laptop_new(office, "site", reference("customer", customer), "name=一号楼",
                                   "address=浦东大道 1 号", NULL);
    struct cs_id system =
        laptop_new(office, "system", "name=HIS 数据库", reference("site", site), NULL);
    struct cs_id request =
        laptop_new(office, "service_request", "reported_fault=无法登录",
                   reference("customer", customer), reference("system", system), NULL);
    struct cs_id person = cs_identity_certificate(scene->technician->identity)->person;
    scene->order = laptop_new(office, "work_order", "number=WO-1", reference("request", request),
                              reference("technician", person), "status=assigned", NULL);
    struct cs_id van = laptop_new(office, "stock_location", "name=沪A-1", "code=VAN-1", "kind=van",
                                  reference("owner", person), NULL);
    (void)laptop_new(office, "stock_movement", reference("part", scene->part), reference("to", van),
                     "quantity=5", "reason=transfer", NULL);
    struct cs_id gone = laptop_new(office, "part", "code=P-9", "name=误录", NULL);
    laptop_sync_equal(office);
    assert_ok(laptop_delete(office, "part", gone));
    laptop_sync_equal(office);
    laptop_sync_equal(scene->technician);
}

/* A visit with parts, signed by the customer. */
static void technician_works(struct scene *scene)
{
    struct cs_replica *replica = scene->technician->replica;
    struct cs_visit_start start = {.work_order = cs_bytes_of_text("WO-1")};
    struct cs_visit_started started;
    assert_ok(cs_visit_start(replica, &start, NULL, &started, NULL));
    scene->visit = started.visit;
    struct cs_visit_part use = {.part = cs_bytes_of_text("P-1"), .quantity = 2};
    struct cs_visit_parted parted;
    assert_ok(cs_visit_use_part(replica, &started.visit, &use, NULL, &parted, NULL));
    assert_ok(cs_visit_record(replica, &started.visit, cs_bytes_of_text("work_done"),
                              cs_bytes_of_text("更换电源"), NULL, NULL));
    assert_ok(cs_visit_record(replica, &started.visit, cs_bytes_of_text("result"),
                              cs_bytes_of_text("solved"), NULL, NULL));
    universe_advance(&scene->universe, 3600000);
    struct cs_visit_sign sign = {.signer = cs_bytes_of_text("李主任"),
                                 .strokes = cs_bytes_of_text("[[[1,2],[3,4.5]],[[5,6],[7,8]]]")};
    struct cs_visit_signed made;
    assert_ok(cs_visit_sign(replica, &started.visit, &sign, &made, NULL));
    laptop_sync_equal(scene->technician);
    laptop_sync_equal(scene->office);
}

/* Two people change one field without knowing of each other, and one tries what is not his to do. */
static void people_disagree(struct scene *scene)
{
    struct laptop *technician = scene->technician;
    assert_ok(laptop_set(technician, "visit", scene->visit, "note=钥匙在门卫", NULL));
    assert_ok(laptop_set(scene->office, "visit", scene->visit, "note=请先联系李主任", NULL));
    laptop_sync_equal(scene->office);
    technician->registry = &scene->generous.registry;
    laptop_restart(technician);
    assert_ok(laptop_set(technician, "part", scene->part, "unit=台", NULL));
    technician->registry = cs_registry_core();
    laptop_restart(technician);
    laptop_sync_equal(technician);
    assert_int_equal(technician->last.refused, 1);
    laptop_sync_equal(scene->office);
    assert_int_equal(laptop_count(scene->office, "conflict", "state", "open"), 1);
}

/* What the server does not know yet waits there. */
static void a_newer_device_works(struct scene *scene)
{
    struct laptop *third = scene->third;
    (void)laptop_new(third, "golden_gadget", "name=示波器", NULL);
    assert_ok(laptop_set(third, "part", scene->part, "golden_colour=黑", NULL));
    struct cs_id part =
        laptop_new(third, "part", "code=P-3", "name=硬盘", "golden_colour=银", NULL);
    assert_ok(laptop_set(third, "part", part, "unit=块", NULL));
    laptop_sync_equal(third);
}

static enum cs_status (*exchange)(void *, const struct cs_peer *, struct cs_bytes,
                                  struct cs_buffer *, struct cs_problem *);
static int exchanges_left;

static enum cs_status cut_exchange(void *context, const struct cs_peer *peer,
                                   struct cs_bytes request, struct cs_buffer *response,
                                   struct cs_problem *problem)
{
    return exchanges_left-- > 0 ? exchange(context, peer, request, response, problem)
                                : CS_UNREACHABLE;
}

/* A pull of several pages that breaks off after the first. What was large on it is small on the server later. */
static void a_pull_breaks_off(struct scene *scene)
{
    static char manual[7 + GOLDEN_MANUAL_MAX + 1] = "manual=";
    struct cs_id tools[24];
    memset(manual + 7, 'a', GOLDEN_MANUAL_MAX);
    for (size_t i = 0; i < CS_COUNT(tools); i++) {
        tools[i] = laptop_new(scene->office, "golden_tool", "name=手册", manual, NULL);
        laptop_sync_equal(scene->office);
    }
    struct cs_world *world = &scene->technician->fake.world;
    exchange = world->exchange;
    exchanges_left = 1;
    world->exchange = cut_exchange;
    assert_status(laptop_sync(scene->technician), CS_UNREACHABLE);
    world->exchange = exchange;
    for (size_t i = 0; i < CS_COUNT(tools); i++) {
        assert_ok(laptop_set(scene->office, "golden_tool", tools[i], "manual=略", NULL));
    }
    laptop_sync_equal(scene->office);
}

/* Work in every state between the keyboard and the server. */
static void work_is_under_way(struct scene *scene)
{
    struct laptop *technician = scene->technician;
    assert_ok(laptop_set(technician, "visit", scene->visit, "actual_fault=电源损坏", NULL));
    technician->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(technician), CS_TIMEOUT);
    technician->fault = NETWORK_DOWN;
    assert_ok(laptop_set(technician, "work_order", scene->order, "status=finished", NULL));
    assert_status(laptop_sync(technician), CS_UNREACHABLE);
    technician->fault = NETWORK_FINE;
    a_pull_breaks_off(scene);
    (void)laptop_new(technician, "stock_movement", reference("part", scene->part), "quantity=1",
                     "reason=returned",
                     reference("to", laptop_find(technician, "stock_location", "code", "VAN-1")),
                     NULL);
    assert_ok(laptop_set(technician, "visit", scene->visit, "result=follow_up", NULL));
    assert_ok(laptop_set(scene->office, "part", scene->part, "price_cents=11900", NULL));
}

static void save(struct scene *scene)
{
    char folder[512];
    (void)snprintf(folder, sizeof folder, "%s/technician", output);
    assert_int_equal(mkdir(folder, 0755), 0);
    golden_save_laptop(scene->technician, folder);
    (void)snprintf(folder, sizeof folder, "%s/office", output);
    assert_int_equal(mkdir(folder, 0755), 0);
    golden_save_laptop(scene->office, folder);
    (void)snprintf(folder, sizeof folder, "%s/server", output);
    assert_int_equal(mkdir(folder, 0755), 0);
    golden_save_server(&scene->universe, folder);
}

static void make(void **state)
{
    (void)state;
    static struct scene scene;
    golden_newer(&scene.newer);
    golden_newest(&scene.newest);
    variant_init(&scene.generous, cs_registry_core());
    variant_field(&scene.generous, "part", "unit")->writers |= CS_ROLE(TECHNICIAN);
    variant_entity(&scene.generous, "part")->creators |= CS_ROLE(TECHNICIAN);
    universe_open(&scene.universe, &scene.newer.registry, 20261129);
    scene.office = universe_found(&scene.universe, "王芳");
    laptop_sync_equal(scene.office);
    scene.technician = join_as(&scene, "李强", CS_ROLE(TECHNICIAN), cs_registry_core());
    scene.third = join_as(&scene, "赵敏", CS_ROLE(OFFICE), &scene.newest.registry);
    office_plans(&scene);
    technician_works(&scene);
    people_disagree(&scene);
    laptop_sync_equal(scene.third);
    a_newer_device_works(&scene);
    work_is_under_way(&scene);
    save(&scene);
    universe_close(&scene.universe);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        (void)fprintf(stderr, "usage: golden_make_replica FOLDER\n");
        return 2;
    }
    output = arguments[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(make)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
