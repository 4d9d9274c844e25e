/*
 * Power fails in every operation on a file, see power_sweep.h. An evenly spread share of the places; COUNTERSIGN_SWEEP_RUNS=1000000 takes them
 * all. With COUNTERSIGN_POWER_LIES=1 every one of these tests has to fail.
 */
#include "tests/faults/power_sweep.h"
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

#define RUNS_MAX 80

#define SWEEP(scenario)                                                                            \
    static void power_lost_in_##scenario(void **state)                                             \
    {                                                                                              \
        (void)state;                                                                               \
        power_sweep_run(&scenario_##scenario, RUNS_MAX);                                           \
    }

SWEEP(visit)
SWEEP(push)
SWEEP(first_sync)
SWEEP(bad_news)
SWEEP(intake)
SWEEP(attachment)
SWEEP(bundle)
SWEEP(scope_loss)
SWEEP(vault_store)

/* usage: … [PATTERN]   only the tests whose name matches */
int main(int count, char **arguments)
{
    if (count > 1) {
        cmocka_set_test_filter(arguments[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_lost_in_visit),       cmocka_unit_test(power_lost_in_push),
        cmocka_unit_test(power_lost_in_first_sync),  cmocka_unit_test(power_lost_in_bad_news),
        cmocka_unit_test(power_lost_in_intake),      cmocka_unit_test(power_lost_in_attachment),
        cmocka_unit_test(power_lost_in_bundle),      cmocka_unit_test(power_lost_in_scope_loss),
        cmocka_unit_test(power_lost_in_vault_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
