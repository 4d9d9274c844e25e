/* The simulator as people start it: tools/simulate, and short runs under ctest. */
#include "tests/simulation/whole/calibrate.h"
#include "tests/simulation/whole/workers.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    uint64_t first;
    uint64_t last;
    unsigned jobs;
    bool one;
    bool trace;
    bool json;
    bool calibrate;
    const char *plant;
};

static const char usage[] = "usage: simulate [--seeds A..B] [--jobs N] [--json]\n"
                            "       simulate --seed S [--trace] [--plant NAME]\n"
    "       simulate --plant NAME [--seeds A..B] [--jobs N]\n"
    "       simulate --calibrate [--jobs N]\n";

static bool parse_number(const char *text, uint64_t *out, const char **out_end)
{
    char *end;
    *out = strtoull(text, &end, 10);
    *out_end = end;
    return end != text;
}

static bool parse_range(const char *text, struct options *options)
{
    const char *end;
    if (!parse_number(text, &options->first, &end) || strncmp(end, "..", 2) != 0) {
        return false;
    }
    return parse_number(end + 2, &options->last, &end) && *end == '\0' &&
           options->first <= options->last;
}

static bool parse(int count, char **arguments, struct options *out)
{
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 'r'}, {"seed", required_argument, NULL, 's'},
        {"jobs", required_argument, NULL, 'j'},  {"trace", no_argument, NULL, 't'},
        {"json", no_argument, NULL, 'o'},        {"plant", required_argument, NULL, 'p'},
        {"calibrate", no_argument, NULL, 'c'},   {NULL, 0, NULL, 0}};
    const char *end;
    uint64_t number;
    int option;
    bool valid = true;
    while (valid && (option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (option) {
        case 'r':
            valid = parse_range(optarg, out);
            break;
        case 's':
            out->one = true;
            valid = parse_number(optarg, &out->first, &end) && *end == '\0';
            break;
        case 'j':
            valid = parse_number(optarg, &number, &end) && number > 0 && number <= 64;
            out->jobs = (unsigned)number;
            break;
        case 't':
            out->trace = true;
            break;
        case 'p':
            out->plant = optarg;
            break;
        case 'c':
            out->calibrate = true;
            break;
        case 'o':
            out->json = true;
            break;
        default:
            valid = false;
        }
    }
    return valid && optind == count;
}

static int run_planted(const struct options *options)
{
    unsigned planted = sim_planted_find(options->plant);
    if (planted == 0) {
        (void)fprintf(stderr, "there is no planted bug %s in this build\n", options->plant);
        return 2;
    }
    struct sim_work work = {.first = options->first,
                            .last = options->last,
                            .jobs = options->jobs,
                            .planted = planted,
                            .stop_at_failure = true};
    sim_work_run(&work);
    if (work.failure_count == 0) {
        (void)printf("%s: not found in %llu seeds\n", options->plant,
                     (unsigned long long)work.done);
        return 1;
    }
    (void)printf("%s: found with seed %llu: %s: %s\n", options->plant,
                 (unsigned long long)work.failures[0].seed, work.failures[0].invariant,
                 work.failures[0].detail);
    return 0;
}

static void print_counts(const struct sim_counts *counts)
{
    (void)printf("what people did:\n");
    for (size_t i = 0; i < SIM_ACTION_COUNT; i++) {
        (void)printf("  %-38s %10llu\n", sim_action_text((enum sim_action)i),
                     (unsigned long long)counts->actions[i]);
    }
    (void)printf("what went wrong:\n");
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        (void)printf("  %-38s %10llu\n", sim_fault_text((enum sim_fault)i),
                     (unsigned long long)counts->faults[i]);
    }
    (void)printf("  %-38s %10llu\n  %-38s %10llu\n", "pages lost with power",
                 (unsigned long long)counts->pages_lost, "pages torn with power",
                 (unsigned long long)counts->pages_torn);
}

static int run(const struct options *options)
{
    struct sim_work work = {.first = options->first,
                            .last = options->last,
                            .jobs = options->jobs,
                            .show_progress = isatty(2) != 0,
                            .twice_permille = 10};
    sim_work_run(&work);
    print_counts(&work.counts);
    (void)printf("%llu seeds in %.1f s, %.1f a second, %.3f s of processor each\n",
                 (unsigned long long)work.done, work.seconds, (double)work.done / work.seconds,
                 work.cpu_seconds / (double)work.done);
    for (size_t i = 0; i < work.failure_count; i++) {
        const struct sim_failure *failure = &work.failures[i];
        (void)printf("FAILED: seed %llu: %s: %s\n", (unsigned long long)failure->seed,
                     failure->invariant, failure->detail);
    }
    return work.failure_count == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct options options = {.first = 1, .last = 100, .jobs = cores > 0 ? (unsigned)cores : 1};
    if (!parse(count, arguments, &options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    /* A run takes and gives back the same memory thousands of times: none of it goes back to the system. */
    cs_require(mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1 && mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1);
    cs_require(cs_crypto_start() == CS_OK);
    sim_vfs_start();
    sim_template_make();
    int result;
    if (options.calibrate) {
        result = sim_calibrate(options.jobs);
    } else if (options.one) {
        sim_plant(options.plant != NULL ? sim_planted_find(options.plant) : 0);
        result = sim_work_one(options.first, options.trace);
    } else {
        result = options.plant != NULL ? run_planted(&options) : run(&options);
    }
    sim_template_release();
    return result;
}
