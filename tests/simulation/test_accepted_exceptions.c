/* What people do with exceptions themselves: a note, somebody to look at it, and taking as it is what cannot be undone. */
#include "tests/simulation/exceptions_scene.h"

/* A device's clock: the exception closes when it is right again, or when the office has taken it as it is. */
static void a_wrong_clock_is_accepted_or_put_right(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    /* Ahead by more than five minutes; then before the organisation was. */
    for (int i = 0; i < 2; i++) {
        int64_t right = scene.office->fake.wall_ms;
        scene.office->fake.wall_ms = i == 0 ? right + 6 * 60000 : 1000;
        (void)laptop_new(scene.office, "part", numbered("code=P", i), "name=电源", NULL);
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "clock_anomaly"), 1);
        scene.office->fake.wall_ms = scene.universe.fake.wall_ms;
        (void)laptop_new(scene.office, "part", numbered("code=Q", i), "name=电源", NULL);
        sync_all(&scene);
        assert_int_equal(open_of(&scene, "clock_anomaly"), 0);
        assert_int_equal(episodes_of(&scene, "clock_anomaly"), i + 1);
    }
    scene.office->fake.wall_ms += 4 * 60000; /* less is no anomaly */
    (void)laptop_new(scene.office, "part", "code=R-1", "name=电源", NULL);
    sync_all(&scene);
    assert_int_equal(episodes_of(&scene, "clock_anomaly"), 2);
    /* The laptop is lost before it could be put right. */
    scene.technician->fake.wall_ms = 1000;
    (void)laptop_new(scene.technician, "visit", scene.person, NULL);
    sync_all(&scene);
    struct cs_id exception = first_open(&scene, "clock_anomaly");
    assert_ok(laptop_set(scene.office, "exception", exception, "note=电脑已丢失",
                         field("assigned_to", scene.worker), "decision=accepted", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "clock_anomaly"), 0);
    assert_int_equal(count_in_state(&scene, "clock_anomaly", "accepted"), 1);
    assert_string_equal(laptop_text(scene.owner, "exception", exception, "note"), "电脑已丢失");
    universe_close(&scene.universe);
}

static void what_is_accepted_stands_until_it_changes(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id one =
        laptop_new(scene.technician, "visit", scene.person, "arrived_at=2026-03-02T09:00:00+08:00",
                   "left_at=2026-03-02T11:00:00+08:00", NULL);
    (void)laptop_new(scene.office, "visit", scene.person, "arrived_at=2026-03-02T10:00:00+08:00",
                     "left_at=2026-03-02T12:00:00+08:00", NULL);
    sync_all(&scene);
    struct cs_id exception = first_open(&scene, "overlapping_visits");
    assert_ok(laptop_set(scene.office, "exception", exception, "decision=accepted", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "overlapping_visits"), 0);
    /* The same again is nothing new. */
    assert_ok(laptop_set(scene.technician, "visit", one, "note=已与同事交接", NULL));
    sync_all(&scene);
    assert_int_equal(episodes_of(&scene, "overlapping_visits"), 1);
    /* Taken back: it is open again. */
    assert_ok(laptop_set(scene.office, "exception", exception, "decision=", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "overlapping_visits"), 1);
    assert_ok(laptop_set(scene.office, "exception", exception, "decision=accepted", NULL));
    sync_all(&scene);
    /* Other times are another finding. */
    assert_ok(
        laptop_set(scene.technician, "visit", one, "left_at=2026-03-02T11:30:00+08:00", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "overlapping_visits"), 1);
    assert_int_equal(episodes_of(&scene, "overlapping_visits"), 2);
    assert_string_equal(laptop_text(scene.owner, "exception", exception, "state"), "closed");
    /* And what is over is over, accepted or not. */
    exception = first_open(&scene, "overlapping_visits");
    assert_ok(laptop_set(scene.office, "exception", exception, "decision=accepted", NULL));
    sync_all(&scene);
    assert_ok(
        laptop_set(scene.technician, "visit", one, "left_at=2026-03-02T09:30:00+08:00", NULL));
    sync_all(&scene);
    assert_string_equal(laptop_text(scene.owner, "exception", exception, "state"), "closed");
    universe_close(&scene.universe);
}

/* Where something can be put right it must be. */
static void not_everything_can_be_accepted(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    struct cs_id other = laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    struct cs_id exception = first_open(&scene, "duplicate");
    assert_ok(laptop_set(scene.office, "exception", exception, "decision=accepted", NULL));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 1);
    assert_ok(laptop_delete(scene.office, "part", other));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 0);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_clock_is_accepted_or_put_right),
        cmocka_unit_test(what_is_accepted_stands_until_it_changes),
        cmocka_unit_test(not_everything_can_be_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
