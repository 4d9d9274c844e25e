/* Many seeds on several cores: processes that are forked after the template was made, and take seeds by turns. */
#ifndef TESTS_SIMULATION_WHOLE_WORKERS_H
#define TESTS_SIMULATION_WHOLE_WORKERS_H

#include "tests/simulation/whole/sim.h"

#define SIM_FAILURES_MAX 16
#define SIM_FAILURE_TEXT_MAX 256

struct sim_failure {
    uint64_t seed;
    char invariant[96];
    char detail[SIM_FAILURE_TEXT_MAX];
};

struct sim_work {
    /* In. */
    const uint64_t *seeds; /* these, or else first … last */
    uint64_t first;
    uint64_t last;
    unsigned jobs;
    unsigned planted; /* a bug that is switched on; 0: none */
    bool stop_at_failure;
    bool show_progress;
    unsigned twice_permille; /* seeds that are run twice and compared */
    /* Out. */
    uint64_t done;
    double seconds;     /* wall */
    double cpu_seconds; /* of all workers */
    struct sim_counts counts;
    struct sim_failure failures[SIM_FAILURES_MAX];
    size_t failure_count;
};

void sim_work_run(struct sim_work *work);
/* One seed in this process: 0, or 1 after telling everything about its failure. */
int sim_work_one(uint64_t seed, bool print);

#endif
