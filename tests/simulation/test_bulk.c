/*
 * Change-sets in which ten thousand rows meet in one place: movements of one store, systems of one project, conflicts, visits of
 * one order. The work must grow with the number of rows, not with its square: each would take minutes or hours otherwise, and the
 * program's time limit is the assertion.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define MANY 10000

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct hostile hostile;
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 111);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    hostile_open(&scene->hostile,
                 universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE)));
    laptop_sync_equal(scene->owner);
}

static void close_scene(struct scene *scene)
{
    hostile_close(&scene->hostile);
    universe_close(&scene->universe);
}

static void push_applied(struct scene *scene)
{
    assert_ok(hostile_push(&scene->hostile));
    assert_int_equal(scene->hostile.response.outcome_count, 1);
    assert_int_equal(scene->hostile.response.outcomes[0].outcome, CS_OUTCOME_APPLIED);
}

static void reference(struct scene *scene, const char *field, struct cs_id id)
{
    hostile_change(&scene->hostile, field, cs_value_bytes(cs_id_bytes(&id)));
}

/* The opening stock of one store: every part moves once, all to the same place; then all out of it, twice. */
static void many_movements_of_one_store(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    static char codes[MANY][16];
    static struct cs_id parts[MANY];
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(codes[i], sizeof codes[i], "P-%05zu", i);
        parts[i] = hostile_part(hostile, codes[i]);
    }
    push_applied(&scene);
    struct cs_id store = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "stock_location", store);
    hostile_text(hostile, "name", "总库");
    hostile_text(hostile, "kind", "warehouse");
    for (size_t i = 0; i < MANY; i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_INSERT, "stock_movement", hostile_id(hostile));
        reference(&scene, "part", parts[i]);
        reference(&scene, "to", store);
        hostile_change(hostile, "quantity", cs_value_integer(5));
    }
    push_applied(&scene);
    /* And ten thousand of one part. */
    for (size_t i = 0; i < MANY; i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_INSERT, "stock_movement", hostile_id(hostile));
        reference(&scene, "part", parts[0]);
        reference(&scene, "from", store);
        hostile_change(hostile, "quantity", cs_value_integer(1));
    }
    push_applied(&scene);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "negative_stock"), 1);
    close_scene(&scene);
}

/* All carry the same project, which carries the same customer. */
static void many_systems_of_one_project(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id customer = hostile_id(hostile);
    struct cs_id project = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "customer", customer);
    hostile_text(hostile, "name", "甲厂");
    hostile_operation(hostile, CS_OPERATION_INSERT, "project", project);
    hostile_text(hostile, "name", "改造");
    reference(&scene, "customer", customer);
    for (size_t i = 0; i < MANY; i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_INSERT, "system", hostile_id(hostile));
        hostile_text(hostile, "name", "服务器");
        reference(&scene, "project", project);
    }
    push_applied(&scene);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "system", "name", "服务器"), MANY);
    close_scene(&scene);
}

/* One visit with a receipt and ten thousand parts used on it, and ten thousand rows with one natural key. */
static void many_parts_of_one_signed_visit(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct hostile *hostile = &scene.hostile;
    struct cs_id part = hostile_part(hostile, "P-1");
    struct cs_id visit = hostile_id(hostile);
    hostile_begin(hostile);
    hostile_operation(hostile, CS_OPERATION_INSERT, "visit", visit);
    hostile_operation(hostile, CS_OPERATION_INSERT, "receipt", hostile_id(hostile));
    hostile_text(hostile, "number", "A-1");
    reference(&scene, "visit", visit);
    hostile_text(hostile, "signer", "陈主任");
    hostile_change(hostile, "signed_at", cs_value_integer(hostile->transactions[1].claimed));
    hostile_change(hostile, "record", cs_value_bytes(cs_bytes_of_text("r")));
    for (size_t i = 0; i < MANY; i++) {
        hostile_begin(hostile);
        hostile_operation(hostile, CS_OPERATION_INSERT, "stock_movement", hostile_id(hostile));
        reference(&scene, "part", part);
        reference(&scene, "visit", visit);
        hostile_change(hostile, "quantity", cs_value_integer(1));
    }
    for (size_t i = 0; i < 9000; i++) {
        (void)hostile_part(hostile, "P-1");
    }
    push_applied(&scene);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "changed_after_signing"), 1);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "duplicate"), 9000);
    close_scene(&scene);
}

/* Everything changed by two people at once: as many conflicts, in one push. */
static void many_conflicts_at_once(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile other;
    open_scene(&scene);
    hostile_open(&other, universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE)));
    static char codes[MANY][16];
    static struct cs_id parts[MANY];
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(codes[i], sizeof codes[i], "P-%05zu", i);
        parts[i] = hostile_part(&scene.hostile, codes[i]);
    }
    uint64_t log = cs_identity_log(scene.hostile.laptop->identity);
    push_applied(&scene);
    struct hostile *both[] = {&scene.hostile, &other};
    for (size_t side = 0; side < CS_COUNT(both); side++) {
        for (size_t i = 0; i < MANY; i++) {
            hostile_begin(both[side]);
            hostile_operation(both[side], CS_OPERATION_UPDATE, "part", parts[i]);
            hostile_text(both[side], "unit", side == 0 ? "个" : "只");
            hostile_base(both[side], log, i + 1);
        }
        assert_ok(hostile_push(both[side]));
    }
    for (size_t i = 0; i < MANY; i++) {
        hostile_begin(&other);
        hostile_operation(&other, CS_OPERATION_UPDATE, "part", parts[i]);
        hostile_text(&other, "unit", "台");
        hostile_base(&other, log, MANY + i + 1);
        hostile_base(&other, cs_identity_log(other.laptop->identity), i + 1);
    }
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), MANY);
    assert_ok(hostile_push(&other));
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "resolved"), MANY);
    hostile_close(&other);
    close_scene(&scene);
}

/* More than the memory of one request opens: the server takes what it can carry, and the client goes on from there. */
static void more_than_one_request_carries(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_edit *edit;
    static char spec[600];
    open_scene(&scene);
    memset(spec, 'x', sizeof spec);
    assert_ok(cs_edit_begin(scene.owner->replica, &edit));
    for (size_t i = 0; i < 8 * (size_t)MANY; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "P-%05zu", i);
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
            {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text("电源"))},
            {cs_bytes_of_text("spec"), cs_value_text(cs_bytes_of_array(spec))},
        };
        assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, CS_COUNT(values),
                                 NULL, NULL));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.pushed, 8 * MANY);
    assert_int_equal(scene.owner->last.refused, 0);
    assert_true(scene.owner->last.round_trips > 1);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_movements_of_one_store),
        cmocka_unit_test(many_systems_of_one_project),
        cmocka_unit_test(many_parts_of_one_signed_visit),
        cmocka_unit_test(many_conflicts_at_once),
        cmocka_unit_test(more_than_one_request_carries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
