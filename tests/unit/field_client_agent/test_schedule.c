/* When the next sync by itself is due: back-off, chance, edits, the network's return. */
#include "field-client/agent/schedule.h"

#include "tests/support/testing.h"

#define EVERY_MS 300000
#define NOW_MS 1000000

static struct cs_schedule schedule;

static int setup(void **state)
{
    (void)state;
    cs_schedule_begin(&schedule, EVERY_MS, NOW_MS);
    return 0;
}

static int64_t wait_ms(void)
{
    return schedule.due_ms - NOW_MS;
}

static void test_the_first_is_soon(void **state)
{
    (void)state;
    assert_int_equal(wait_ms(), CS_SCHEDULE_FIRST_MS);
}

static void test_a_success_waits_about_its_time(void **state)
{
    (void)state;
    cs_schedule_ended(&schedule, true, NOW_MS, 0);
    assert_int_equal(wait_ms(), EVERY_MS * 3 / 4);
    cs_schedule_ended(&schedule, true, NOW_MS, 255);
    assert_in_range(wait_ms(), EVERY_MS, EVERY_MS * 5 / 4);
    cs_schedule_ended(&schedule, true, NOW_MS, UINT32_MAX);
    assert_in_range(wait_ms(), EVERY_MS, EVERY_MS * 5 / 4);
}

static void test_failures_wait_twice_as_long_each_time(void **state)
{
    int64_t expected_ms = CS_SCHEDULE_RETRY_MS_MIN;
    (void)state;
    for (int i = 0; i < 200; i++) {
        cs_schedule_ended(&schedule, false, NOW_MS, 0);
        assert_int_equal(wait_ms(), expected_ms / 2);
        expected_ms =
            2 * expected_ms < CS_SCHEDULE_RETRY_MS_MAX ? 2 * expected_ms : CS_SCHEDULE_RETRY_MS_MAX;
    }
    cs_schedule_ended(&schedule, false, NOW_MS, 255);
    assert_in_range(wait_ms(), CS_SCHEDULE_RETRY_MS_MAX * 9 / 10, CS_SCHEDULE_RETRY_MS_MAX);
    cs_schedule_ended(&schedule, true, NOW_MS, 0);
    cs_schedule_ended(&schedule, false, NOW_MS, 0);
    assert_int_equal(wait_ms(), CS_SCHEDULE_RETRY_MS_MIN / 2);
}

static void test_an_edit_is_sent_when_editing_pauses(void **state)
{
    (void)state;
    cs_schedule_ended(&schedule, true, NOW_MS, 0);
    cs_schedule_edited(&schedule, NOW_MS);
    assert_int_equal(wait_ms(), CS_SCHEDULE_PAUSE_MS);
    cs_schedule_edited(&schedule, NOW_MS + 2000);
    assert_int_equal(wait_ms(), 2000 + CS_SCHEDULE_PAUSE_MS);
}

static void test_editing_without_a_pause_is_sent_too(void **state)
{
    (void)state;
    cs_schedule_ended(&schedule, true, NOW_MS, 0);
    for (int64_t ms = 0; ms <= 60000; ms += 1000) {
        cs_schedule_edited(&schedule, NOW_MS + ms);
    }
    assert_int_equal(wait_ms(), CS_SCHEDULE_EDIT_MS_MAX);
    cs_schedule_ended(&schedule, true, NOW_MS, 0);
    cs_schedule_edited(&schedule, NOW_MS);
    assert_int_equal(wait_ms(), CS_SCHEDULE_PAUSE_MS);
}

static void test_edits_do_not_shorten_a_back_off(void **state)
{
    (void)state;
    cs_schedule_ended(&schedule, false, NOW_MS, 0);
    cs_schedule_ended(&schedule, false, NOW_MS, 0);
    int64_t before_ms = schedule.due_ms;
    cs_schedule_edited(&schedule, NOW_MS);
    assert_int_equal(schedule.due_ms, before_ms);
}

static void test_the_network_returns(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        cs_schedule_ended(&schedule, false, NOW_MS, 0);
    }
    cs_schedule_network(&schedule, NOW_MS);
    assert_int_equal(wait_ms(), CS_SCHEDULE_RETURN_MS);
    assert_int_equal(schedule.failures, 0);
    cs_schedule_network(&schedule, NOW_MS + 1000);
    assert_int_equal(wait_ms(), CS_SCHEDULE_RETURN_MS); /* news that go on put nothing off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_first_is_soon, setup),
        cmocka_unit_test_setup(test_a_success_waits_about_its_time, setup),
        cmocka_unit_test_setup(test_failures_wait_twice_as_long_each_time, setup),
        cmocka_unit_test_setup(test_an_edit_is_sent_when_editing_pauses, setup),
        cmocka_unit_test_setup(test_editing_without_a_pause_is_sent_too, setup),
        cmocka_unit_test_setup(test_edits_do_not_shorten_a_back_off, setup),
        cmocka_unit_test_setup(test_the_network_returns, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
