/*
 * Scopes gained and lost (design §7): all rows of what is gained come, old ones too; of what is lost go those that no other
 * scope holds, and never what was not sent yet, was refused or is held.
 */
#include "tests/simulation/hostile.h"
#include "tests/simulation/scope_oracle.h"
#include "tests/simulation/scopes_fixture.h"

#include <string.h>

static void sync_all(struct scene *scene)
{
    struct scope_oracle oracle;
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->li);
    laptop_sync_equal(scene->zhao);
    scope_oracle_open(&oracle, &scene->universe);
    scope_oracle_check_server(&oracle, &scene->universe);
    scope_oracle_check_laptop(&oracle, scene->li);
    scope_oracle_check_laptop(&oracle, scene->zhao);
    scope_oracle_close(&oracle);
}

static void assign(struct scene *scene, struct cs_id order, const char *person)
{
    assert_ok(
        laptop_set(scene->office, "work_order", order, technician_is(scene->office, person), NULL));
}

static bool has(struct laptop *laptop, const char *entity, struct cs_id id)
{
    return strcmp(laptop_text(laptop, entity, id, "name"), "(none)") != 0;
}

/* There and back, with and without the two noticing what was between. */
static void work_goes_to_another_and_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (int round = 0; round < 3; round++) {
        assign(&scene, scene.order_a, "赵敏");
        sync_all(&scene);
        assert_false(has(scene.li, "customer", scene.customer_a));
        assert_true(has(scene.zhao, "customer", scene.customer_a));
        assign(&scene, scene.order_a, "李强");
        sync_all(&scene);
        assert_true(has(scene.li, "customer", scene.customer_a));
        assert_true(has(scene.li, "system", scene.system_a2));
        assert_false(has(scene.zhao, "customer", scene.customer_a));
        assign(&scene, scene.order_a, "赵敏");
        laptop_sync_equal(scene.office);
        assign(&scene, scene.order_a, "李强");
        sync_all(&scene);
        assert_true(has(scene.li, "customer", scene.customer_a));
        assert_int_equal(scene.li->last.departed, 0);
    }
    universe_close(&scene.universe);
}

static bool holds_at_all(struct laptop *laptop, const char *entity, struct cs_id id)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_row_load(cs_replica_tables(laptop->replica), cs_bytes_of_text(entity), &id, &arena,
                          &row));
    cs_arena_release(&arena);
    return row.exists;
}

/* What was deleted is on nobody's laptop either who has lost what it was about. */
static void a_deleted_row_goes_with_what_it_was_about(void **state)
{
    (void)state;
    struct scene scene;
    char order[96];
    open_scene(&scene);
    (void)snprintf(order, sizeof order, "work_order=%s", id_text(scene.order_a));
    struct cs_id visit = laptop_new(scene.office, "visit", order, "note=门禁密码在前台", NULL);
    sync_all(&scene);
    assert_ok(laptop_delete(scene.office, "visit", visit));
    sync_all(&scene);
    assert_true(holds_at_all(scene.li, "visit", visit));
    assign(&scene, scene.order_a, "赵敏");
    sync_all(&scene);
    assert_false(holds_at_all(scene.li, "visit", visit));
    assert_true(holds_at_all(scene.zhao, "visit", visit));
    universe_close(&scene.universe);
}

/* What comes with an order comes for as long as it is open; the order and what was done on it stay with its person. */
static void a_closed_order_keeps_itself_and_opens_again(void **state)
{
    (void)state;
    static const char *const closing[] = {"status=reconciled", "status=cancelled",
                                          "status=returned"};
    struct scene scene;
    char order[96];
    open_scene(&scene);
    (void)snprintf(order, sizeof order, "work_order=%s", id_text(scene.order_a));
    struct cs_id visit = laptop_new(scene.li, "visit", order, "work_done=更换电源", NULL);
    laptop_sync_equal(scene.li);
    for (size_t i = 0; i < CS_COUNT(closing); i++) {
        assert_ok(laptop_set(scene.office, "work_order", scene.order_a, closing[i], NULL));
        sync_all(&scene);
        assert_string_equal(laptop_text(scene.li, "work_order", scene.order_a, "number"), "PG-1");
        assert_string_equal(laptop_text(scene.li, "visit", visit, "work_done"), "更换电源");
        assert_false(has(scene.li, "project", scene.project_a));
        assert_int_equal(count_all(scene.li, "system"), 0);
        assert_int_equal(count_all(scene.li, "customer"), 0);
        /* Rows of the project that came while it was closed come with it. */
        (void)new_with(scene.office, "system", "project", scene.project_a, "交换机");
        assert_ok(laptop_set(scene.office, "work_order", scene.order_a, "status=on_site", NULL));
        sync_all(&scene);
        assert_true(has(scene.li, "project", scene.project_a));
        assert_true(has(scene.li, "customer", scene.customer_a));
        assert_int_equal(count_all(scene.li, "system"), 3 + (int64_t)i);
    }
    universe_close(&scene.universe);
}

static void of_two_orders_of_a_project_one_closes(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id second =
        new_order(scene.office, "PG-3", scene.customer_a, scene.system_a2, "李强");
    sync_all(&scene);
    assert_ok(laptop_set(scene.office, "work_order", scene.order_a, "status=reconciled", NULL));
    sync_all(&scene);
    assert_true(has(scene.li, "project", scene.project_a));
    assert_true(has(scene.li, "customer", scene.customer_a));
    assert_int_equal(count_all(scene.li, "system"), 2);
    assert_ok(laptop_set(scene.office, "work_order", second, "status=cancelled", NULL));
    sync_all(&scene);
    assert_false(has(scene.li, "project", scene.project_a));
    assert_int_equal(count_all(scene.li, "system"), 0);
    assert_int_equal(count_all(scene.li, "work_order"), 2);
    universe_close(&scene.universe);
}

/* A second project of the same customer: the customer stands in both and goes with the last. */
static void a_row_in_two_scopes_stays_until_both_are_lost(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id project =
        new_with(scene.office, "project", "customer", scene.customer_a, "病历系统");
    struct cs_id system = new_with(scene.office, "system", "project", project, "应用甲");
    struct cs_id order = new_order(scene.office, "PG-4", scene.customer_a, system, "李强");
    sync_all(&scene);
    assert_true(has(scene.li, "project", project));
    assign(&scene, scene.order_a, "赵敏");
    sync_all(&scene);
    assert_true(has(scene.li, "customer", scene.customer_a));
    assert_true(has(scene.li, "project", project));
    assert_false(has(scene.li, "project", scene.project_a));
    assert_true(has(scene.zhao, "customer", scene.customer_a));
    assert_false(has(scene.zhao, "project", project));
    assert_ok(laptop_delete(scene.office, "work_order", order));
    sync_all(&scene);
    assert_false(has(scene.li, "customer", scene.customer_a));
    assert_false(has(scene.li, "project", project));
    universe_close(&scene.universe);
}

/* The customer of an order is another one: the old goes, the new comes. */
static void the_customer_moves_with_the_order(void **state)
{
    (void)state;
    struct scene scene;
    char field[96];
    open_scene(&scene);
    struct cs_id request = laptop_find(scene.li, "service_request", "reported_fault", "无法启动");
    (void)snprintf(field, sizeof field, "customer=%s", id_text(scene.customer_b));
    assert_ok(laptop_set(scene.office, "service_request", request, field, NULL));
    sync_all(&scene);
    assert_true(has(scene.li, "customer", scene.customer_b));
    /* Its system's project is still the first customer's. */
    assert_true(has(scene.li, "customer", scene.customer_a));
    assert_ok(laptop_set(scene.office, "service_request", request, "system=", NULL));
    sync_all(&scene);
    assert_false(has(scene.li, "customer", scene.customer_a));
    assert_false(has(scene.li, "project", scene.project_a));
    universe_close(&scene.universe);
}

/* A page at a time, so that gaining takes several pages between which the two change again. */
static void scopes_change_between_pages(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (int i = 0; i < 20; i++) {
        (void)new_with(scene.office, "system", "project", scene.project_a, "终端");
    }
    laptop_sync_equal(scene.office);
    scene.universe.page_rows_max = 3;
    universe_restart_server(&scene.universe);
    assign(&scene, scene.order_a, "赵敏");
    sync_all(&scene);
    assert_int_equal(count_all(scene.zhao, "system"), 23);
    assert_true(scene.zhao->last.round_trips > 7);
    assert_int_equal(count_all(scene.li, "system"), 0);
    universe_close(&scene.universe);
}

static void move_system(struct scene *scene, struct cs_id system, struct cs_id project)
{
    char field[96];
    (void)snprintf(field, sizeof field, "project=%s", id_text(project));
    assert_ok(laptop_set(scene->office, "system", system, field, NULL));
    laptop_sync_equal(scene->office);
}

/* A row leaves a scope, comes back in another one of the laptop's much later, and leaves that one too before that page is read. */
static void a_row_leaves_twice_between_pages(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id project =
        new_with(scene.office, "project", "customer", scene.customer_a, "病历系统");
    struct cs_id system = new_with(scene.office, "system", "project", project, "应用甲");
    (void)new_order(scene.office, "PG-4", scene.customer_a, system, "李强");
    struct cs_id elsewhere = laptop_find(scene.office, "project", "name", "收银系统");
    sync_all(&scene);
    assert_true(has(scene.li, "system", scene.system_a2));
    move_system(&scene, scene.system_a2, elsewhere);
    for (int i = 0; i < 20; i++) {
        (void)new_with(scene.office, "system", "project", scene.project_a, "终端");
    }
    laptop_sync_equal(scene.office);
    move_system(&scene, scene.system_a2, project);
    scene.universe.page_rows_max = 3;
    universe_restart_server(&scene.universe);
    scene.li->exchanges_left = 2;
    assert_status(laptop_sync(scene.li), CS_UNREACHABLE);
    scene.li->exchanges_left = -1;
    move_system(&scene, scene.system_a2, elsewhere);
    sync_all(&scene);
    assert_false(has(scene.li, "system", scene.system_a2));
    universe_close(&scene.universe);
}

static void set_roles(struct scene *scene, struct laptop *laptop, cs_roles roles)
{
    struct cs_store *store = cs_server_store(scene->universe.server);
    struct cs_arena arena;
    struct cs_device device;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_begin(store));
    assert_ok(
        cs_store_device(store, cs_identity_certificate_id(laptop->identity), &arena, &device));
    device.roles = roles;
    assert_ok(cs_store_put_device(store, &device));
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
}

/* What a certificate gives decides; with other roles the office's scope comes and goes as any other. */
static void roles_give_and_take_the_office(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    set_roles(&scene, scene.li, CS_ROLE(TECHNICIAN) | CS_ROLE(OFFICE));
    laptop_sync_equal(scene.li);
    assert_int_equal(count_all(scene.li, "work_order"), 2);
    assert_true(has(scene.li, "customer", scene.customer_b));
    struct cs_multiset office;
    struct cs_multiset li;
    laptop_sync_equal(scene.office);
    laptop_fingerprint(scene.office, &office);
    laptop_fingerprint(scene.li, &li);
    assert_memory_equal(office.sum, li.sum, sizeof li.sum);
    set_roles(&scene, scene.li, CS_ROLE(TECHNICIAN));
    sync_all(&scene);
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    assert_false(has(scene.li, "customer", scene.customer_b));
    universe_close(&scene.universe);
}

/* The same person joins with a laptop whose certificate says more. */
static void a_new_certificate_with_other_roles(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer invite;
    open_scene(&scene);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    universe_invite(scene.office, "李强", CS_ROLE(TECHNICIAN) | CS_ROLE(MANAGER),
                    scene.universe.fake.wall_ms + 1000, &invite);
    struct laptop *next = universe_new_laptop(&scene.universe);
    assert_ok(laptop_join(next, cs_buffer_bytes(&invite), ""));
    cs_buffer_release(&invite);
    laptop_sync_equal(next);
    assert_int_equal(count_all(next, "work_order"), 2);
    sync_all(&scene);
    assert_int_equal(count_all(scene.li, "work_order"), 1);
    universe_close(&scene.universe);
}

/* Typed, lost before it was sent, and more than one exchange carries it: all of it arrives. */
static void unsent_work_is_sent_before_it_goes(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_ok(laptop_set(scene.li, "work_order", scene.order_a, "status=finished", NULL));
    assert_ok(laptop_set(scene.li, "customer", scene.customer_a, "phone=0791-1", NULL));
    assign(&scene, scene.order_a, "赵敏");
    laptop_sync_equal(scene.office);
    scene.li->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.li), CS_TIMEOUT);
    scene.li->fault = NETWORK_FINE;
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "phone"), "0791-1");
    sync_all(&scene);
    assert_int_equal(scene.li->last.refused, 0);
    assert_false(has(scene.li, "customer", scene.customer_a));
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "customer", scene.customer_a, "phone"), "0791-1");
    assert_string_equal(laptop_text(scene.office, "work_order", scene.order_a, "status"),
                        "finished");
    universe_close(&scene.universe);
}

static void assert_pending(struct laptop *laptop, enum cs_pending_state state, int64_t expected)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(state == CS_PENDING_REFUSED ? counts.refused : counts.held, expected);
}

/* What waits with the server for a newer one stays readable when its scope is lost; what goes on from there is its row. */
static void held_work_stays_readable(void **state)
{
    (void)state;
    static struct cs_field fields[CS_FIELDS_PER_ENTITY_MAX];
    static struct cs_entity newer;
    static const struct cs_entity *entities[128];
    static struct cs_registry registry = {entities, 0};
    struct scene scene;
    open_scene(&scene);
    registry.entity_count = 0;
    for (size_t i = 0; i < cs_registry_core()->entity_count; i++) {
        const struct cs_entity *entity = cs_registry_core()->entities[i];
        if (strcmp(entity->name, "customer") == 0) {
            newer = *entity;
            memcpy(fields, entity->fields, entity->field_count * sizeof *fields);
            fields[entity->field_count] = (struct cs_field){.name = "fax",
                                                            .label_zh = "传真",
                                                            .label_en = "fax",
                                                            .type = CS_FIELD_TEXT,
                                                            .writers = CS_ROLE(TECHNICIAN)};
            newer.fields = fields;
            newer.field_count = entity->field_count + 1;
            entity = &newer;
        }
        entities[registry.entity_count++] = entity;
    }
    scene.li->registry = &registry;
    laptop_restart(scene.li);
    assert_ok(laptop_set(scene.li, "customer", scene.customer_a, "fax=0791-2", NULL));
    laptop_sync_equal(scene.li);
    assert_pending(scene.li, CS_PENDING_HELD, 1);
    assign(&scene, scene.order_a, "赵敏");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    assert_pending(scene.li, CS_PENDING_HELD, 1);
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "fax"), "0791-2");
    assert_int_equal(count_all(scene.li, "project"), 0);
    laptop_restart(scene.li);
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "fax"), "0791-2");
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_goes_to_another_and_comes_back),
        cmocka_unit_test(a_deleted_row_goes_with_what_it_was_about),
        cmocka_unit_test(a_closed_order_keeps_itself_and_opens_again),
        cmocka_unit_test(of_two_orders_of_a_project_one_closes),
        cmocka_unit_test(a_row_in_two_scopes_stays_until_both_are_lost),
        cmocka_unit_test(the_customer_moves_with_the_order),
        cmocka_unit_test(scopes_change_between_pages),
        cmocka_unit_test(a_row_leaves_twice_between_pages),
        cmocka_unit_test(roles_give_and_take_the_office),
        cmocka_unit_test(a_new_certificate_with_other_roles),
        cmocka_unit_test(unsent_work_is_sent_before_it_goes),
        cmocka_unit_test(held_work_stays_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
