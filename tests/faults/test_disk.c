/* Every write, sync and read of a database fails once, writes and syncs also from there on, or the disk is full from there on: sweep.h. */
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

#define RUNS_MAX 120

static const struct sweep_scenario *const scenarios[] = {
    &scenario_local_edit, &scenario_push,      &scenario_conflict, &scenario_scope_loss,
    &scenario_migration,  &scenario_went_back, &scenario_repair,
};

static void sweep_scenarios(enum sweep_fault fault)
{
    for (size_t i = 0; i < CS_COUNT(scenarios); i++) {
        sweep_run(scenarios[i], fault, RUNS_MAX);
    }
}

static void every_write_fails_once(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_WRITE);
}

static void every_sync_fails_once(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_SYNC);
}

static void every_read_fails_once(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_READ);
}

static void writes_fail_from_any_on(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_WRITES);
}

static void syncs_fail_from_any_on(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_SYNCS);
}

static void the_disk_is_full_from_any_write_on(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_DISK_FULL);
}

/* usage: … [PATTERN]   only the tests whose name matches */
int main(int count, char **arguments)
{
    if (count > 1) {
        cmocka_set_test_filter(arguments[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_fails_once),
        cmocka_unit_test(every_sync_fails_once),
        cmocka_unit_test(every_read_fails_once),
        cmocka_unit_test(writes_fail_from_any_on),
        cmocka_unit_test(syncs_fail_from_any_on),
        cmocka_unit_test(the_disk_is_full_from_any_write_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
