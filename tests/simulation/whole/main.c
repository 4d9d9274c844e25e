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
    const char *kept; /* file of seeds */
    bool require_faults;
};

static const char usage[] =
    "usage: simulate [--seeds A..B] [--jobs N] [--json] [--require-faults]\n"
    "       simulate --kept FILE [--jobs N]\n"
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
        {"seeds", required_argument, NULL, 'r'},    {"seed", required_argument, NULL, 's'},
        {"jobs", required_argument, NULL, 'j'},     {"trace", no_argument, NULL, 't'},
        {"json", no_argument, NULL, 'o'},           {"plant", required_argument, NULL, 'p'},
        {"calibrate", no_argument, NULL, 'c'},      {"kept", required_argument, NULL, 'k'},
        {"require-faults", no_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
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
        case 'k':
            out->kept = optarg;
            break;
        case 'q':
            out->require_faults = true;
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

static void print_json(const struct sim_work *work)
{
    (void)printf("{\"seeds\":%llu,\"failures\":%zu,\"seconds\":%.3f,\"cpu_seconds_per_seed\":%.4f",
                 (unsigned long long)work->done, work->failure_count, work->seconds,
                 work->cpu_seconds / (double)work->done);
    (void)printf(",\"actions\":{");
    for (size_t i = 0; i < SIM_ACTION_COUNT; i++) {
        (void)printf("%s\"%s\":%llu", i > 0 ? "," : "", sim_action_text((enum sim_action)i),
                     (unsigned long long)work->counts.actions[i]);
    }
    (void)printf("},\"faults\":{");
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        (void)printf("%s\"%s\":%llu", i > 0 ? "," : "", sim_fault_text((enum sim_fault)i),
                     (unsigned long long)work->counts.faults[i]);
    }
    (void)printf("}}\n");
}

static void print_failures(const struct sim_work *work)
{
    for (size_t i = 0; i < work->failure_count; i++) {
        const struct sim_failure *failure = &work->failures[i];
        (void)printf("FAILED: seed %llu: %s: %s\n  again: tools/simulate --seed %llu --trace\n",
                     (unsigned long long)failure->seed, failure->invariant, failure->detail,
                     (unsigned long long)failure->seed);
    }
}

/* What never happened was not tested: how many kinds of faults and actions that is. */
static int count_missing(const struct sim_counts *counts)
{
    int missing = 0;
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        if (counts->faults[i] == 0) {
            (void)printf("FAILED: never happened: %s\n", sim_fault_text((enum sim_fault)i));
            missing++;
        }
    }
    for (size_t i = 0; i < SIM_ACTION_COUNT; i++) {
        if (counts->actions[i] == 0) {
            (void)printf("FAILED: never happened: %s\n", sim_action_text((enum sim_action)i));
            missing++;
        }
    }
    return missing;
}

static int run(const struct options *options)
{
    struct sim_work work = {.first = options->first,
                            .last = options->last,
                            .jobs = options->jobs,
                            .show_progress = isatty(2) != 0,
                            .twice_permille = 10};
    sim_work_run(&work);
    if (options->json) {
        print_json(&work);
    } else {
        print_counts(&work.counts);
        (void)printf("%llu seeds in %.1f s, %.1f a second, %.3f s of processor each\n",
                     (unsigned long long)work.done, work.seconds, (double)work.done / work.seconds,
                     work.cpu_seconds / (double)work.done);
        print_failures(&work);
    }
    int missing = options->require_faults ? count_missing(&work.counts) : 0;
    return work.failure_count == 0 && missing == 0 ? 0 : 1;
}

#define KEPT_MAX 4096

/* Seeds that found a true bug once: a number at the start of a line; the rest of it says what it was. */
static int run_kept(const struct options *options)
{
    static uint64_t seeds[KEPT_MAX];
    char line[512];
    size_t count = 0;
    FILE *file = fopen(options->kept, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "%s cannot be read\n", options->kept);
        return 1;
    }
    while (fgets(line, sizeof line, file) != NULL && count < KEPT_MAX) {
        const char *end;
        count += parse_number(line, &seeds[count], &end) ? 1 : 0;
    }
    (void)fclose(file);
    if (count == 0) {
        (void)printf("no seeds are kept\n");
        return 0;
    }
    struct sim_work work = {.seeds = seeds, .first = 0, .last = count - 1, .jobs = options->jobs};
    sim_work_run(&work);
    (void)printf("%zu kept seeds, %zu failures\n", count, work.failure_count);
    print_failures(&work);
    return work.failure_count == 0 ? 0 : 1;
}

static int dispatch(const struct options *options)
{
    if (options->calibrate) {
        return sim_calibrate(options->jobs);
    }
    if (options->kept != NULL) {
        return run_kept(options);
    }
    if (options->one) {
        sim_plant(options->plant != NULL ? sim_planted_find(options->plant) : 0);
        return sim_work_one(options->first, options->trace);
    }
    return options->plant != NULL ? run_planted(options) : run(options);
}

int main(int count, char **arguments)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct options options = {.first = 1, .last = 100, .jobs = cores > 0 ? (unsigned)cores : 1};
    if (!parse(count, arguments, &options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    /* A run takes and gives back the same memory thousands of times: none of it goes back to the system. Other
     * allocators (of the sanitizers) do not know these settings. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    cs_require(cs_crypto_start() == CS_OK);
    sim_vfs_start();
    sim_template_make();
    int result = dispatch(&options);
    sim_template_release();
    return result;
}
