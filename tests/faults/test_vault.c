/* What people do with a vault, with every allocation and every write, sync and read failing, see sweep.h. */
#include "tests/faults/scenarios.h"

#define RUNS_MAX 40

static const struct sweep_scenario *const scenarios[] = {
    &scenario_vault_grant,
    &scenario_vault_store,
    &scenario_vault_disclosure,
};

static void sweep_scenarios(enum sweep_fault fault)
{
    for (size_t i = 0; i < CS_COUNT(scenarios); i++) {
        sweep_run(scenarios[i], fault, RUNS_MAX);
    }
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    sweep_scenarios(SWEEP_ALLOCATION);
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
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_write_fails_once),
        cmocka_unit_test(every_sync_fails_once),
        cmocka_unit_test(every_read_fails_once),
        cmocka_unit_test(the_disk_is_full_from_any_write_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
