/*
 * Opening a replica of the first version, with everything that can fail, see sweep.h and power_sweep.h. Its keys are under the real derivation, so
 * this is a program without the quick one.
 */
#include "tests/faults/power_sweep.h"
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

static void migration_with_failing_allocations(void **state)
{
    (void)state;
    sweep_run(&scenario_migration, SWEEP_ALLOCATION, 300);
}

static void migration_on_a_failing_disk(void **state)
{
    static const enum sweep_fault faults[] = {SWEEP_WRITE,  SWEEP_SYNC,  SWEEP_READ,
                                              SWEEP_WRITES, SWEEP_SYNCS, SWEEP_DISK_FULL};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(faults); i++) {
        sweep_run(&scenario_migration, faults[i], 120);
    }
}

static void power_lost_in_migration(void **state)
{
    (void)state;
    power_sweep_run(&scenario_migration, 80);
}

/* usage: … [PATTERN]   only the tests whose name matches */
int main(int count, char **arguments)
{
    if (count > 1) {
        cmocka_set_test_filter(arguments[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migration_with_failing_allocations),
        cmocka_unit_test(migration_on_a_failing_disk),
        cmocka_unit_test(power_lost_in_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
