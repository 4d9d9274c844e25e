/* Plans, see plan.h. */
#include "tests/simulation/whole/plan.h"

static const struct {
    const char *text;
    unsigned seeds;
    unsigned rate;
} faults[SIM_FAULT_COUNT] = {
#define SIM_FAULT_ROW(name, text, seeds, rate) [SIM_FAULT_##name] = {text, seeds, rate},
    SIM_FAULT_TABLE(SIM_FAULT_ROW)
#undef SIM_FAULT_ROW
};

const char *sim_fault_text(enum sim_fault fault)
{
    return faults[fault].text;
}

void sim_plan_make(struct sim_plan *plan, uint64_t seed, size_t device_count_max)
{
    struct sim_random random = sim_random_of(seed, 3);
    *plan = (struct sim_plan){.device_count = 0};
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        /* A stream for each, so that a new fault at the end of the table leaves the others' seeds as they were. */
        struct sim_random own = sim_random_of(seed, 1000 + i);
        bool on = sim_permille(&own, faults[i].seeds);
        unsigned rate = 1 + (unsigned)sim_below(&own, faults[i].rate);
        plan->rates[i] = on ? rate : 0;
    }
    /* One seed in eight has nothing but edits and syncs: there, what is found is simple to understand. */
    if (sim_below(&random, 8) == 0) {
        for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
            plan->rates[i] = 0;
        }
    }
    plan->device_count = 2 + (unsigned)sim_below(&random, device_count_max - 1);
    plan->operations = 300 + (unsigned)sim_below(&random, 10);
    plan->sync_permille = 50 + (unsigned)sim_below(&random, 110);
    plan->hours_per_step = 1 + (unsigned)sim_below(&random, 4);
}

void sim_plan_print(const struct sim_plan *plan, FILE *out)
{
    (void)fprintf(out, "plan: %u devices, %u operations, syncs %u per thousand steps\n",
                  plan->device_count, plan->operations, plan->sync_permille);
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        if (plan->rates[i] > 0) {
            (void)fprintf(out, "  %-36s %4u per thousand\n", faults[i].text, plan->rates[i]);
        }
    }
}
