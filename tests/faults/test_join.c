/* Every allocation of a join, and every reading and replacing of a file, fails once, see sweep.h. With a quick key derivation, which a join does three times. */
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

#define RUNS_MAX 300

static void joining_with_failing_allocations(void **state)
{
    (void)state;
    sweep_run(&scenario_join, SWEEP_ALLOCATION, RUNS_MAX);
}

/* The keys of a laptop are files, and not in a database. */
static void joining_with_failing_files(void **state)
{
    (void)state;
    sweep_run(&scenario_join, SWEEP_FILE, RUNS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(joining_with_failing_allocations),
                                       cmocka_unit_test(joining_with_failing_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
