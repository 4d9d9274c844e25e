/*
 * The numbers of receipt series as the server accounts for them (requirement D4): series that are known late, numbers of more digits,
 * texts that are no numbers, and a whole laptop with its real receipts.
 */
#include "tests/simulation/exceptions_scene.h"

static void assert_gap(struct scene *scene, const char *detail)
{
    struct cs_id gap = first_open(scene, "receipt_gap");
    assert_string_equal(laptop_text(scene->office, "exception", gap, "detail"), detail);
}

/* Numbers of a series nobody has heard of raise no question; when the series is known, all of its gaps do. */
static void a_series_may_be_known_late(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    sync_all(&scene);
    (void)new_receipt(scene.technician, visit, "number=B-000003");
    (void)new_receipt(scene.technician, visit, "number=B-000004");
    (void)new_receipt(scene.technician, visit, "number=B-000007");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 0);
    (void)laptop_new(scene.technician, "receipt_series", "prefix=B", "device=01", NULL);
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 2);
    /* A second series of one prefix is a duplicate; the gaps stay those of one of them. */
    assert_int_equal(laptop_count(scene.office, "receipt_series", "prefix", "B"), 1);
    (void)new_receipt(scene.technician, visit, "number=B-000001");
    (void)new_receipt(scene.technician, visit, "number=B-000002");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 1);
    assert_gap(&scene, "B-000005 to B-000006 are missing before B-000007");
    universe_close(&scene.universe);
}

static void two_series_of_one_prefix_have_one_account(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    sync_all(&scene);
    struct cs_id one = laptop_new(scene.office, "receipt_series", "prefix=C", "device=01", NULL);
    struct cs_id two =
        laptop_new(scene.technician, "receipt_series", "prefix=C", "device=02", NULL);
    (void)new_receipt(scene.technician, visit, "number=C-000003");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "duplicate"), 1);
    assert_int_equal(open_of(&scene, "receipt_gap"), 1);
    /* Declared void under either of them. */
    (void)new_void(scene.office, "number=C-000001", field("series", one));
    (void)new_void(scene.office, "number=C-000002", field("series", two));
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 0);
    universe_close(&scene.universe);
}

/* As texts 1000000 stands before 999999; as numbers it follows it. */
static void numbers_of_more_digits_follow(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    struct cs_id series =
        laptop_new(scene.technician, "receipt_series", "prefix=D", "device=01", NULL);
    (void)new_void(scene.technician, "number=D-999998", field("series", series));
    (void)new_void(scene.technician, "number=D-000001", field("series", series));
    sync_all(&scene);
    assert_gap(&scene, "D-000002 to D-999997 are missing before D-999998");
    (void)new_receipt(scene.technician, visit, "number=D-1000001");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 2);
    (void)new_receipt(scene.technician, visit, "number=D-1000000");
    (void)new_receipt(scene.office, visit, "number=D-999999");
    sync_all(&scene);
    assert_gap(&scene, "D-000002 to D-999997 are missing before D-999998");
    assert_int_equal(open_of(&scene, "receipt_gap"), 1);
    (void)new_receipt(scene.office, visit, "number=D-100000001");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 2);
    universe_close(&scene.universe);
}

/* What is written otherwise is nobody's number and hides none. */
static void strangers_are_passed_over(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    (void)laptop_new(scene.technician, "receipt_series", "prefix=E", "device=01", NULL);
    (void)new_receipt(scene.technician, visit, "number=E-000001");
    (void)new_receipt(scene.technician, visit, "number=E-00000x");
    (void)new_receipt(scene.technician, visit, "number=E-00000y");
    (void)new_receipt(scene.technician, visit, "number=E-2");
    (void)new_receipt(scene.technician, visit, "number=E-1-000001");
    (void)new_receipt(scene.technician, visit, "number=手写");
    (void)new_receipt(scene.technician, visit, "number=E-000010");
    sync_all(&scene);
    assert_int_equal(open_of(&scene, "receipt_gap"), 1);
    assert_gap(&scene, "E-000002 to E-000009 are missing before E-000010");
    universe_close(&scene.universe);
}

/* A declaration may come before the receipt that it names by its number alone: the receipt stands, and one void is no gap. */
static void a_number_may_be_void_and_used(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct cs_id visit = laptop_new(scene.technician, "visit", scene.person, NULL);
    struct cs_id series = laptop_new(scene.technician, "receipt_series", "prefix=F", "device=01",
                                     field("person", scene.worker), NULL);
    sync_all(&scene);
    (void)new_void(scene.office, "number=F-000001", field("series", series));
    (void)new_void(scene.technician, "number=F-000001", field("series", series));
    (void)new_receipt(scene.technician, visit, "number=F-000001");
    (void)new_receipt(scene.technician, visit, "number=F-000002");
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.office, "receipt_void", "number", "F-000001"), 2);
    assert_int_equal(laptop_count(scene.office, "exception", "state", "open"), 0);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_may_be_known_late),
        cmocka_unit_test(two_series_of_one_prefix_have_one_account),
        cmocka_unit_test(numbers_of_more_digits_follow),
        cmocka_unit_test(strangers_are_passed_over),
        cmocka_unit_test(a_number_may_be_void_and_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
