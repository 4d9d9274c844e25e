/*
 * Echoes (design §8): after a push the device takes its own prediction as confirmed, and no row comes back that it has; where the
 * server made something else of it, the row does. Digests are equal either way.
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>

struct scene {
    struct universe universe;
    struct laptop *a;
    struct laptop *b;
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 91);
    scene->a = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->a);
    scene->b = universe_join(&scene->universe, scene->a, "李强", CS_ROLE(OFFICE));
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->a);
        laptop_sync_equal(scene->b);
    }
}

static void sync_plain(struct laptop *laptop, uint64_t pushed)
{
    laptop_sync_equal(laptop);
    assert_int_equal(laptop->last.pushed, pushed);
    assert_int_equal(laptop->last.pulled, 0);
    assert_int_equal(laptop->last.round_trips, 1);
}

static void a_plain_push_brings_nothing_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    sync_plain(scene.a, 1);
    assert_ok(laptop_set(scene.a, "part", part, "unit=个", NULL));
    assert_ok(laptop_set(scene.a, "part", part, "unit=只", "spec=24V", NULL));
    sync_plain(scene.a, 2);
    assert_ok(laptop_delete(scene.a, "part", part));
    sync_plain(scene.a, 1);
    sync_plain(scene.a, 0);
    struct cs_id other = laptop_new(scene.a, "part", "code=P-2", "name=风扇", NULL);
    assert_ok(laptop_set(scene.a, "part", other, "unit=个", NULL));
    assert_ok(laptop_delete(scene.a, "part", other));
    sync_plain(scene.a, 3);
    laptop_sync_equal(scene.b);
    struct cs_multiset first;
    struct cs_multiset second;
    laptop_fingerprint(scene.a, &first);
    laptop_fingerprint(scene.b, &second);
    assert_memory_equal(&first, &second, sizeof first);
    universe_close(&scene.universe);
}

/* Rows whose scopes the server works out are echoed too, with their scopes. */
static void rows_with_derived_scopes_are_echoed(void **state)
{
    (void)state;
    struct scene scene;
    char text[96];
    char person[96];
    open_scene(&scene);
    struct laptop *technician =
        universe_join(&scene.universe, scene.a, "张伟", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(scene.a);
    (void)snprintf(person, sizeof person, "technician=%s",
                   id_text(laptop_find(scene.a, "person", "name", "张伟")));
    struct cs_id order = laptop_new(scene.a, "work_order", "number=W-1", person, NULL);
    sync_plain(scene.a, 1);
    laptop_sync_equal(technician);
    (void)snprintf(text, sizeof text, "work_order=%s", id_text(order));
    struct cs_id visit = laptop_new(technician, "visit", text, person, NULL);
    assert_ok(laptop_set(technician, "visit", visit, "note=已到", NULL));
    sync_plain(technician, 2);
    assert_ok(laptop_set(technician, "work_order", order, "status=on_site", NULL));
    sync_plain(technician, 1);
    universe_close(&scene.universe);
}

/* Change-sets that were packed at different times and go out together. */
static void several_change_sets_on_one_row_are_echoed(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    scene.a->fault = NETWORK_DOWN;
    assert_status(laptop_sync(scene.a), CS_UNREACHABLE);
    assert_ok(laptop_set(scene.a, "part", part, "unit=个", NULL));
    assert_status(laptop_sync(scene.a), CS_UNREACHABLE);
    assert_ok(laptop_set(scene.a, "part", part, "unit=只", NULL));
    scene.a->fault = NETWORK_FINE;
    sync_plain(scene.a, 3);
    laptop_sync_equal(scene.b);
    assert_string_equal(laptop_text(scene.b, "part", part, "unit"), "只");
    universe_close(&scene.universe);
}

/* Another's edit of another field of the row: what the device predicted is not what is there. */
static void a_result_that_differs_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.a);
    laptop_sync_equal(scene.b);
    assert_ok(laptop_set(scene.b, "part", part, "spec=24V", NULL));
    laptop_sync_equal(scene.b);
    assert_ok(laptop_set(scene.a, "part", part, "unit=个", NULL));
    laptop_sync_equal(scene.a);
    assert_true(scene.a->last.pulled > 0);
    assert_string_equal(laptop_text(scene.a, "part", part, "spec"), "24V");
    /* A conflict: the row and what the server says of it. */
    assert_ok(laptop_set(scene.b, "part", part, "unit=台", NULL));
    laptop_sync_equal(scene.b);
    assert_true(scene.b->last.pulled > 0);
    assert_int_equal(laptop_count(scene.b, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* The server changes a row in the same push in which its author does: a note on an exception that this very push closes. */
static void what_the_server_adds_in_the_same_push_comes_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    scene.b->fake.wall_ms = 0;
    (void)laptop_new(scene.b, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.b);
    struct cs_id exception = laptop_find(scene.b, "exception", "state", "open");
    scene.b->fake.wall_ms = scene.universe.fake.wall_ms;
    assert_ok(laptop_set(scene.b, "exception", exception, "note=已校准", NULL));
    laptop_sync_equal(scene.b);
    assert_true(scene.b->last.pulled > 0);
    assert_string_equal(laptop_text(scene.b, "exception", exception, "state"), "closed");
    assert_string_equal(laptop_text(scene.b, "exception", exception, "note"), "已校准");
    laptop_sync_equal(scene.a);
    assert_string_equal(laptop_text(scene.a, "exception", exception, "note"), "已校准");
    universe_close(&scene.universe);
}

/* The answer was lost: the second time nothing is applied, so nothing is echoed, and the rows come. */
static void a_lost_answer_is_made_up_for(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)laptop_new(scene.a, "part", "code=P-1", "name=电源", NULL);
    scene.a->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.a), CS_TIMEOUT);
    scene.a->fault = NETWORK_FINE;
    laptop_sync_equal(scene.a);
    assert_int_equal(scene.a->last.pushed, 1);
    sync_plain(scene.a, 0);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_push_brings_nothing_back),
        cmocka_unit_test(rows_with_derived_scopes_are_echoed),
        cmocka_unit_test(several_change_sets_on_one_row_are_echoed),
        cmocka_unit_test(a_result_that_differs_comes_back),
        cmocka_unit_test(what_the_server_adds_in_the_same_push_comes_back),
        cmocka_unit_test(a_lost_answer_is_made_up_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
