/* Planted bugs, see calibrate.h. */
#include "tests/simulation/whole/calibrate.h"

#include "tests/simulation/whole/workers.h"

#include "shared/base/planted.h"

#include <stdio.h>
#include <strings.h>

#ifdef CS_PLANT_BUGS

enum cs_planted cs_planted_bug;

static const struct {
    const char *name;
    const char *text;
} bugs[CS_PLANTED_COUNT] = {
#define BUG_ROW(name, text) [CS_PLANTED_##name] = {#name, text},
    CS_PLANTED_TABLE(BUG_ROW)
#undef BUG_ROW
};

void sim_plant(unsigned bug)
{
    cs_planted_bug = (enum cs_planted)bug;
}

unsigned sim_planted_find(const char *name)
{
    for (unsigned i = 1; i < CS_PLANTED_COUNT; i++) {
        if (strcasecmp(name, bugs[i].name) == 0) {
            return i;
        }
    }
    return 0;
}

/* The first seed from `first` on that finds the bug and finds nothing without it; 0 if none does. */
static uint64_t find(unsigned bug, unsigned jobs, uint64_t first, struct sim_failure *out)
{
    const uint64_t last = SIM_CALIBRATION_FIRST + SIM_CALIBRATION_SEEDS - 1;
    while (first <= last) {
        struct sim_work work = {
            .first = first, .last = last, .jobs = jobs, .planted = bug, .stop_at_failure = true};
        sim_work_run(&work);
        if (work.failure_count == 0) {
            return 0;
        }
        *out = work.failures[0];
        struct sim_work sound = {.first = out->seed, .last = out->seed, .jobs = 1};
        sim_work_run(&sound);
        if (sound.failure_count == 0) {
            return out->seed;
        }
        first = out->seed + 1;
    }
    return 0;
}

int sim_calibrate(unsigned jobs)
{
    int missed = 0;
    (void)printf(
        "| planted bug | found after so many seeds (with) | what told it |\n|---|---|---|\n");
    for (unsigned i = 1; i < CS_PLANTED_COUNT; i++) {
        struct sim_failure failure;
        uint64_t seed = find(i, jobs, SIM_CALIBRATION_FIRST, &failure);
        missed += seed > 0 ? 0 : 1;
        if (seed > 0) {
            (void)printf("| %s | %llu (%llu) | %s |\n", bugs[i].text,
                         (unsigned long long)(seed - SIM_CALIBRATION_FIRST + 1),
                         (unsigned long long)seed, failure.invariant);
        } else {
            (void)printf("| %s | not in %d | |\n", bugs[i].text, SIM_CALIBRATION_SEEDS);
        }
        (void)fflush(stdout);
    }
    return missed == 0 ? 0 : 1;
}

#else

void sim_plant(unsigned bug)
{
    (void)bug;
}

unsigned sim_planted_find(const char *name)
{
    (void)name;
    return 0;
}

int sim_calibrate(unsigned jobs)
{
    (void)jobs;
    (void)fputs("this build has no planted bugs: use the preset simulate\n", stderr);
    return 2;
}

#endif
