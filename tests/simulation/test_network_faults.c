/*
 * The network between a client and its server: gone, losing answers, repeating requests, changing any bit. Nothing is lost, nothing
 * is applied twice, nothing forged is believed.
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
};

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 23);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(scene->office);
}

static void nothing_is_lost_while_the_network_is_down(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    scene.owner->fault = NETWORK_DOWN;
    assert_status(laptop_sync(scene.owner), CS_UNREACHABLE);
    laptop_restart(scene.owner);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "电源");
    scene.owner->fault = NETWORK_FINE;
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.pushed, 1);
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "part", part, "name"), "电源");
    universe_close(&scene.universe);
}

static void a_lost_answer_is_answered_again(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id part = laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    scene.owner->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_sync(scene.owner), CS_TIMEOUT);
    assert_ok(laptop_set(scene.owner, "part", part, "unit=个", NULL));
    scene.owner->fault = NETWORK_FINE;
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.pushed, 2);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "part", part, "unit"), "个");
    assert_int_equal(laptop_count(scene.office, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

static void a_repeated_request_is_no_second_one(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    scene.owner->fault = NETWORK_REQUEST_TWICE;
    laptop_sync_equal(scene.owner);
    scene.owner->fault = NETWORK_FINE;
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    assert_int_equal(laptop_count(scene.office, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

/* Every 37th bit of request and response, in turn: refused, and the next sync is whole. */
static void flipped_bits_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    const enum network_fault faults[] = {NETWORK_REQUEST_FLIPPED, NETWORK_RESPONSE_FLIPPED};
    for (size_t fault = 0; fault < CS_COUNT(faults); fault++) {
        scene.owner->fault = faults[fault];
        for (size_t bit = 0; bit < 8 * (size_t)500; bit += 37) {
            scene.owner->fault_at = bit;
            assert_int_not_equal(laptop_sync(scene.owner), CS_OK);
        }
    }
    scene.owner->fault = NETWORK_FINE;
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    assert_int_equal(laptop_count(scene.office, "part", "code", "P-1"), 1);
    assert_int_equal(laptop_count(scene.office, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

/* A copied home: both go on, the second to sync is told, and the office sees it. */
static void a_cloned_laptop_is_told(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct laptop *laptop = scene.office;
    char command[1024];
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    (void)snprintf(command, sizeof command, "cp -r '%s' '%s.copy'", laptop->home, laptop->home);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
    laptop_restart(laptop);
    (void)laptop_new(laptop, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(laptop);
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    (void)snprintf(command, sizeof command, "rm -r '%s' && mv '%s.copy' '%s'", laptop->home,
                   laptop->home, laptop->home);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
    laptop_restart(laptop);
    struct cs_id kept = laptop_new(laptop, "part", "code=P-2", "name=风扇", NULL);
    assert_status(laptop_sync(laptop), CS_FORKED);
    assert_string_equal(laptop_text(laptop, "part", kept, "name"), "风扇");
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "exception", "kind", "forked_device"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-1"), 1);
    universe_close(&scene.universe);
}

/* A wrong clock is shown to the office, loses nothing, and decides nothing for others. */
static void clocks_at_1970_and_2099(void **state)
{
    (void)state;
    const int64_t wrong[] = {0, 4083955200000};
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        struct scene scene;
        open_scene(&scene);
        scene.office->fake.wall_ms = wrong[i];
        (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
        laptop_sync_equal(scene.office);
        laptop_sync_equal(scene.owner);
        assert_int_equal(laptop_count(scene.owner, "part", "code", "P-1"), 1);
        assert_int_equal(laptop_count(scene.owner, "exception", "state", "open"), 1);
        scene.office->fake.wall_ms = scene.universe.fake.wall_ms;
        (void)laptop_new(scene.office, "part", "code=P-2", "name=风扇", NULL);
        laptop_sync_equal(scene.office);
        laptop_sync_equal(scene.owner);
        assert_int_equal(laptop_count(scene.owner, "exception", "state", "closed"), 1);
        universe_close(&scene.universe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_while_the_network_is_down),
        cmocka_unit_test(a_lost_answer_is_answered_again),
        cmocka_unit_test(a_repeated_request_is_no_second_one),
        cmocka_unit_test(flipped_bits_are_refused),
        cmocka_unit_test(a_cloned_laptop_is_told),
        cmocka_unit_test(clocks_at_1970_and_2099),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
