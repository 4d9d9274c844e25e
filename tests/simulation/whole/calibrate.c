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

int sim_calibrate(unsigned jobs)
{
    int missed = 0;
    (void)printf("| planted bug | seeds until it was found | what told it |\n|---|---|---|\n");
    for (unsigned i = 1; i < CS_PLANTED_COUNT; i++) {
        struct sim_work work = {.first = 1,
                                .last = SIM_CALIBRATION_SEEDS,
                                .jobs = jobs,
                                .planted = i,
                                .stop_at_failure = true};
        sim_work_run(&work);
        bool found = work.failure_count > 0;
        missed += found ? 0 : 1;
        (void)printf("| %s | ", bugs[i].text);
        if (found) {
            (void)printf("%llu | %s |\n", (unsigned long long)work.done,
                         work.failures[0].invariant);
        } else {
            (void)printf("not in %d | |\n", SIM_CALIBRATION_SEEDS);
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
