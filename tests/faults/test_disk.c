/* Every write, sync and read of a database fails once, writes and syncs also from there on, or the disk is full from there on: sweep.h. */
#include "tests/faults/scenarios.h"
#include "tests/support/testing.h"

/* What takes several machines through many steps is sampled more thinly. */
static const struct {
    const struct sweep_scenario *scenario;
    long runs_max;
} swept[] = {
    {&scenario_local_edit, 120},      {&scenario_push, 120},
    {&scenario_conflict, 120},        {&scenario_scope_loss, 120},
    {&scenario_went_back, 120},       {&scenario_repair, 120},
    {&scenario_attachment, 60},       {&scenario_bundle, 60},
    {&scenario_vault_grant, 40},      {&scenario_vault_store, 40},
    {&scenario_vault_disclosure, 40},
};

static void sweep_scenarios(enum sweep_fault fault)
{
    for (size_t i = 0; i < CS_COUNT(swept); i++) {
        sweep_run(swept[i].scenario, fault, swept[i].runs_max);
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
