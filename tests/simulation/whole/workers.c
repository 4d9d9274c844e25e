/* Many seeds on several cores, see workers.h. */
#include "tests/simulation/whole/workers.h"

#include "tests/simulation/whole/calibrate.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64
#define CHUNK 8
/* A seed that takes this long does not end. */
#define SECONDS_MAX 120

/* What workers and their parent share. */
struct shared {
    atomic_uint_fast64_t next; /* first seed that nobody has taken */
    struct worker {
        atomic_uint_fast64_t seed; /* at hand */
        atomic_bool busy;
        uint64_t chunk_next; /* the rest of what it took */
        uint64_t chunk_end;
        uint64_t done;
        struct sim_counts counts;
        bool failed;
        struct sim_failure failure;
    } workers[JOBS_MAX];
};

static struct shared *shared;
static struct worker *self;

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void add_counts(struct sim_counts *sum, const struct sim_counts *counts)
{
    for (size_t i = 0; i < SIM_ACTION_COUNT; i++) {
        sum->actions[i] += counts->actions[i];
    }
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++) {
        sum->faults[i] += counts->faults[i];
    }
    sum->pages_lost += counts->pages_lost;
    sum->pages_torn += counts->pages_torn;
}

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

static void note_failure(const struct sim *sim, const char *invariant, const char *detail)
{
    self->failure.seed = sim->seed;
    copy_text(self->failure.invariant, sizeof self->failure.invariant, invariant);
    copy_text(self->failure.detail, sizeof self->failure.detail, detail);
    self->failed = true;
    _exit(1);
}

static void run_seed(const struct sim_work *work, uint64_t seed)
{
    static struct sim sim;
    uint64_t hash = sim_run(&sim, seed, false);
    add_counts(&self->counts, &sim.counts);
    sim_release(&sim);
    struct sim_random random = sim_random_of(seed, 7);
    if (!sim_permille(&random, work->twice_permille)) {
        return;
    }
    uint64_t again = sim_run(&sim, seed, false);
    if (again != hash) {
        sim_fail(&sim, SIM_INVARIANT_NOT_REPEATABLE, "%016llx and %016llx",
                 (unsigned long long)hash, (unsigned long long)again);
    }
    sim_release(&sim);
}

static _Noreturn void work_on(const struct sim_work *work, struct worker *worker)
{
    self = worker;
    sim_plant(work->planted);
    sim_on_failure(note_failure);
    for (;;) {
        if (worker->chunk_next >= worker->chunk_end) {
            worker->chunk_next = atomic_fetch_add(&shared->next, CHUNK);
            worker->chunk_end = worker->chunk_next + CHUNK;
        }
        if (worker->chunk_next > work->last) {
            _exit(0);
        }
        uint64_t index = worker->chunk_next++;
        uint64_t seed = work->seeds != NULL ? work->seeds[index] : index;
        atomic_store(&worker->seed, seed);
        (void)alarm(SECONDS_MAX);
        run_seed(work, seed);
        worker->done++;
    }
}

static pid_t start(const struct sim_work *work, struct worker *worker)
{
    (void)fflush(NULL);
    pid_t process = fork();
    cs_require(process >= 0);
    if (process == 0) {
        work_on(work, worker);
    }
    return process;
}

/* A worker has ended: true if it has found a failure, and there may be more to find. */
static bool take_result(struct sim_work *work, struct worker *worker, int status)
{
    if (!worker->failed && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return false;
    }
    struct sim_failure failure = worker->failure;
    if (!worker->failed) {
        failure = (struct sim_failure){.seed = atomic_load(&worker->seed)};
        bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        copy_text(failure.invariant, sizeof failure.invariant,
                  late ? "the run does not end" : "the program crashed");
        (void)snprintf(failure.detail, sizeof failure.detail, "status %d", status);
    }
    if (work->failure_count < SIM_FAILURES_MAX) {
        work->failures[work->failure_count++] = failure;
    }
    worker->failed = false;
    worker->done++;
    return true;
}

static uint64_t done_so_far(unsigned jobs)
{
    uint64_t done = 0;
    for (unsigned i = 0; i < jobs; i++) {
        done += shared->workers[i].done;
    }
    return done;
}

static void show_progress(const struct sim_work *work, double begun)
{
    uint64_t done = done_so_far(work->jobs);
    double seconds = now() - begun;
    uint64_t wanted = work->last - work->first + 1;
    (void)fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds, %.1f a second, %zu failures ", done,
                  wanted, seconds > 0 ? (double)done / seconds : 0, work->failure_count);
}

static double children_cpu(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void wait_for_all(struct sim_work *work, pid_t *processes, double begun)
{
    unsigned running = work->jobs;
    double shown = begun;
    while (running > 0) {
        int status = 0;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended == 0) {
            (void)usleep(20000);
            if (work->show_progress && now() - shown > 1) {
                shown = now();
                show_progress(work, begun);
            }
            continue;
        }
        for (unsigned i = 0; i < work->jobs; i++) {
            if (processes[i] != ended) {
                continue;
            }
            bool again = take_result(work, &shared->workers[i], status);
            if (again && work->stop_at_failure) {
                atomic_store(&shared->next, work->last + 1);
                shared->workers[i].chunk_next = work->last + 1;
            }
            running -= again ? 0 : 1;
            processes[i] = again ? start(work, &shared->workers[i]) : -1;
        }
    }
}

void sim_work_run(struct sim_work *work)
{
    pid_t processes[JOBS_MAX];
    double begun = now();
    double cpu = children_cpu();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cs_require(shared != MAP_FAILED && work->jobs > 0 && work->jobs <= JOBS_MAX);
    atomic_store(&shared->next, work->first);
    for (unsigned i = 0; i < work->jobs; i++) {
        processes[i] = start(work, &shared->workers[i]);
    }
    wait_for_all(work, processes, begun);
    if (work->show_progress) {
        show_progress(work, begun);
        (void)fputc('\n', stderr);
    }
    work->done = done_so_far(work->jobs);
    for (unsigned i = 0; i < work->jobs; i++) {
        add_counts(&work->counts, &shared->workers[i].counts);
    }
    (void)munmap(shared, sizeof *shared);
    work->seconds = now() - begun;
    work->cpu_seconds = children_cpu() - cpu;
}

static void tell_failure(const struct sim *sim, const char *invariant, const char *detail)
{
    (void)printf("\nFAILED: %s\n  %s\n  seed %llu, commit %s\n", invariant, detail,
                 (unsigned long long)sim->seed, CS_SIMULATED_COMMIT);
    sim_plan_print(&sim->plan, stdout);
    (void)printf("last events:\n");
    uint64_t count = sim->trace.event_count;
    for (uint64_t i = count > SIM_EVENTS_KEPT ? count - SIM_EVENTS_KEPT : 0; i < count; i++) {
        (void)printf("  %s\n", sim->trace.events[i % SIM_EVENTS_KEPT]);
    }
    (void)printf("again: tools/simulate --seed %llu --trace\n", (unsigned long long)sim->seed);
    (void)fflush(stdout);
    _exit(1);
}

int sim_work_one(uint64_t seed, bool print)
{
    static struct sim sim;
    sim_on_failure(tell_failure);
    uint64_t hash = sim_run(&sim, seed, print);
    (void)printf("seed %llu: all invariants hold, trace %016llx\n", (unsigned long long)seed,
                 (unsigned long long)hash);
    sim_release(&sim);
    return 0;
}
