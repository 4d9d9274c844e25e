/*
 * A laptop that lives by stick alone learns by it what a verified backup of the server has, and keeps that no longer: with sticks that get lost or
 * come late, and with a server restored from that backup, or from an older one, nothing that was acknowledged is lost.
 */
#include "tests/simulation/backup_scene.h"
#include "tests/simulation/stick.h"

#include "field-client/replica/rejoin.h"

#define STICKS 6

static void by_stick_alone(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 401);
    make(scene.field, "BEFORE");
    carry(scene.field);
    assert_int_equal(removed(scene.field), 0);
    uint64_t horizon = acknowledged(scene.field);
    backup(&scene, "backup");
    make(scene.field, "AFTER");
    carry(scene.field);
    assert_int_equal(removed(scene.field), horizon);
    assert_int_equal(kept(scene.field), 1);
    /* What a stick removed is no gap for the network, nor for the next stick. */
    make(scene.field, "LATER");
    carry(scene.field);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "LATER"), 1);
    universe_close(&scene.universe);
}

/* The answer of before the backup comes after that of behind it; and one that tells of the backup is lost. */
static void late_and_lost_sticks(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene, 402);
    make(scene.field, "A");
    (void)export_up(scene.field, "up");
    assert_ok(import_up(&scene.universe, "up", &taken));
    assert_ok(export_down(scene.field, "early"));
    backup(&scene, "backup");
    assert_ok(export_down(scene.field, "lost"));
    make(scene.field, "B");
    carry(scene.field);
    uint64_t horizon = removed(scene.field);
    assert_int_equal(horizon, acknowledged(scene.field) - 1);
    assert_ok(import_down(scene.field, "early", &result));
    assert_true(result.already);
    assert_ok(import_down(scene.field, "lost", &result));
    assert_true(result.already);
    assert_int_equal(removed(scene.field), horizon);
    check_equal(&scene);
    universe_close(&scene.universe);
}

/* An answer removes no more than it acknowledges: the first is lost, so its change-sets go up again and are kept until then. */
static void nothing_is_removed_before_it_is_acknowledged(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene, 403);
    carry(scene.field);
    uint64_t before = acknowledged(scene.field);
    assert_ok(export_down(scene.field, "before"));
    make(scene.field, "A");
    (void)export_up(scene.field, "up");
    assert_ok(import_up(&scene.universe, "up", &taken));
    backup(&scene, "backup");
    assert_status(import_down(scene.field, "before", &result), CS_OK);
    assert_int_equal(acknowledged(scene.field), before);
    assert_true(removed(scene.field) <= before);
    assert_ok(export_down(scene.field, "after"));
    assert_ok(import_down(scene.field, "after", &result));
    assert_int_equal(removed(scene.field), acknowledged(scene.field));
    check_equal(&scene);
    universe_close(&scene.universe);
}

static void a_server_restored_from_it_gets_everything_later(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    open_scene(&scene, 404);
    make(scene.field, "BEFORE");
    carry(scene.field);
    backup(&scene, "backup");
    make(scene.field, "AFTER-1");
    carry(scene.field);
    make(scene.field, "AFTER-2");
    carry(scene.field);
    uint64_t horizon = removed(scene.field);
    assert_true(horizon > 0 && horizon < acknowledged(scene.field));
    restore(&scene, "backup");
    make(scene.field, "UNSENT");
    (void)export_up(scene.field, "up");
    assert_status(import_up(&scene.universe, "up", &taken), CS_ROLLED_BACK);
    laptop_sync_equal(scene.field);
    assert_true(scene.field->last.went_back);
    assert_int_equal(scene.field->last.resent, 2);
    check_equal(&scene);
    static const char *const codes[] = {"BEFORE", "AFTER-1", "AFTER-2", "UNSENT"};
    for (size_t i = 0; i < CS_COUNT(codes); i++) {
        assert_int_equal(laptop_count(scene.owner, "part", "code", codes[i]), 1);
    }
    universe_close(&scene.universe);
}

/* A stick that was made before the server was restored from an older backup arrives afterwards: as after a sync, it is said aloud, and the backup that it told of puts it right. */
static void a_stick_of_before_and_an_older_backup(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_bundle_taken taken;
    struct import_result result;
    open_scene(&scene, 405);
    make(scene.field, "LATER");
    (void)export_up(scene.field, "up");
    assert_ok(import_up(&scene.universe, "up", &taken));
    backup(&scene, "backup");
    assert_ok(export_down(scene.field, "down"));
    restore(&scene, "yesterday");
    assert_ok(import_down(scene.field, "down", &result));
    assert_true(removed(scene.field) > 0);
    make(scene.field, "UNSENT");
    assert_status(laptop_sync(scene.field), CS_ROLLED_BACK);
    assert_non_null(strstr(scene.universe.problem.text, "restored from an older one"));
    restore(&scene, "backup");
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "LATER"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "UNSENT"), 1);
    universe_close(&scene.universe);
}

/* ---- any order ---- */

struct sticks {
    char up[STICKS][16]; /* "" where none was made */
    char down[STICKS][16];
};

static const char *random_name(struct fake_world *random, char names[STICKS][16])
{
    return names[fake_world_next(random) % STICKS];
}

/* To the server or from it; a stick that does not fit any more is refused whole. */
static void use_stick(struct scene *scene, struct laptop *laptop, struct sticks *sticks)
{
    struct fake_world *random = &scene->universe.fake;
    struct cs_bundle_taken taken;
    struct import_result result;
    enum cs_status status = CS_OK;
    switch (fake_world_next(random) % 4) {
    case 0:
        (void)export_up(laptop, random_name(random, sticks->up));
        break;
    case 1:
        (void)import_up(&scene->universe, random_name(random, sticks->up), &taken);
        break;
    case 2:
        (void)export_down(laptop, random_name(random, sticks->down));
        break;
    default:
        status = import_down(laptop, random_name(random, sticks->down), &result);
        assert_true(status == CS_OK || status == CS_GAP || status == CS_ROLLED_BACK ||
                    status == CS_NOT_FOUND || status == CS_DENIED || status == CS_FORGED);
        break;
    }
}

static void step(struct scene *scene, struct sticks *sticks, struct laptop *laptop, int *made)
{
    uint64_t what = fake_world_next(&scene->universe.fake) % 20;
    char code[32];
    if (what < 6) {
        (void)snprintf(code, sizeof code, "P-%d", (*made)++);
        make(laptop, code);
    } else if (what < 15) {
        use_stick(scene, laptop, sticks);
    } else if (what < 17) {
        assert_ok(laptop_sync(laptop));
    } else if (what < 19) {
        backup(scene, "backup");
    } else {
        restore(scene, "backup");
    }
}

/* From the last verified backup each time: nothing is lost, whatever the sticks did. */
static void any_order(void **state)
{
    (void)state;
    uint64_t most_removed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct scene scene;
        struct sticks sticks;
        int made = 0;
        open_scene(&scene, 8000 + seed);
        for (int i = 0; i < STICKS; i++) {
            (void)snprintf(sticks.up[i], sizeof sticks.up[i], "up-%d", i);
            (void)snprintf(sticks.down[i], sizeof sticks.down[i], "down-%d", i);
        }
        backup(&scene, "backup");
        for (int i = 0; i < 60; i++) {
            step(&scene, &sticks, i % 3 == 0 ? scene.office : scene.field, &made);
        }
        most_removed = removed(scene.field) > most_removed ? removed(scene.field) : most_removed;
        check_equal(&scene);
        for (int i = 0; i < made; i++) {
            char code[32];
            (void)snprintf(code, sizeof code, "P-%d", i);
            assert_int_equal(laptop_count(scene.owner, "part", "code", code), 1);
        }
        universe_close(&scene.universe);
    }
    assert_true(most_removed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_stick_alone),
        cmocka_unit_test(late_and_lost_sticks),
        cmocka_unit_test(nothing_is_removed_before_it_is_acknowledged),
        cmocka_unit_test(a_server_restored_from_it_gets_everything_later),
        cmocka_unit_test(a_stick_of_before_and_an_older_backup),
        cmocka_unit_test(any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
