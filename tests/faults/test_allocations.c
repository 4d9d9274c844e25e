/* Every allocation fails once, see sweep.h. */
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

#define RUNS_MAX 300
/* Of what takes several machines through many steps. */
#define RUNS_MAX_LONG 40

#define SWEEP_AT_MOST(scenario, runs_max)                                                          \
    static void scenario##_with_failing_allocations(void **state)                                  \
    {                                                                                              \
        (void)state;                                                                               \
        sweep_run(&scenario_##scenario, SWEEP_ALLOCATION, runs_max);                               \
    }

#define SWEEP(scenario) SWEEP_AT_MOST(scenario, RUNS_MAX)

SWEEP(local_edit)
SWEEP(import)
SWEEP(push)
SWEEP(pull)
SWEEP(conflict)
SWEEP(refusal)
SWEEP(scope_loss)
SWEEP(held)
SWEEP(went_back)
SWEEP(repair)
SWEEP(attachment)
SWEEP(bundle)
SWEEP_AT_MOST(vault_grant, RUNS_MAX_LONG)
SWEEP_AT_MOST(vault_store, RUNS_MAX_LONG)
SWEEP_AT_MOST(vault_disclosure, RUNS_MAX_LONG)

/* usage: … [PATTERN]   only the tests whose name matches */
int main(int count, char **arguments)
{
    if (count > 1) {
        cmocka_set_test_filter(arguments[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_edit_with_failing_allocations),
        cmocka_unit_test(import_with_failing_allocations),
        cmocka_unit_test(push_with_failing_allocations),
        cmocka_unit_test(pull_with_failing_allocations),
        cmocka_unit_test(conflict_with_failing_allocations),
        cmocka_unit_test(refusal_with_failing_allocations),
        cmocka_unit_test(scope_loss_with_failing_allocations),
        cmocka_unit_test(held_with_failing_allocations),
        cmocka_unit_test(went_back_with_failing_allocations),
        cmocka_unit_test(repair_with_failing_allocations),
        cmocka_unit_test(attachment_with_failing_allocations),
        cmocka_unit_test(bundle_with_failing_allocations),
        cmocka_unit_test(vault_grant_with_failing_allocations),
        cmocka_unit_test(vault_store_with_failing_allocations),
        cmocka_unit_test(vault_disclosure_with_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
