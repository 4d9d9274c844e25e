/* Sweeps, see sweep.h. */
#include "tests/faults/sweep.h"

#include "field-client/replica/doctor.h"
#include "sync-server/commands/verification.h"
#include "tests/faults/snapshot.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

/* So many of the runs allowed are the first ones in order, before sampling begins. */
#define FIRST_RUNS(runs_max) ((runs_max) / 3)

/* ---- What fails ---- */

static void disarm(void)
{
    cs_memory_fail_after(-1);
    cs_memory_count_in(CS_MEMORY_BLOCKS);
    faulty_vfs_reset();
    fake_files_fail(0, CS_OK);
}

static void arm(enum sweep_fault fault, long successes)
{
    switch (fault) {
    case SWEEP_ALLOCATION:
        cs_memory_count_in(CS_MEMORY_PIECES);
        cs_memory_fail_after(successes);
        break;
    case SWEEP_WRITE:
        faulty_vfs_fail(FAULTY_WRITE, successes, FAULTY_IO_ERROR, FAULTY_ONCE);
        break;
    case SWEEP_SYNC:
        faulty_vfs_fail(FAULTY_SYNC, successes, FAULTY_IO_ERROR, FAULTY_ONCE);
        break;
    case SWEEP_READ:
        faulty_vfs_fail(FAULTY_READ, successes, FAULTY_IO_ERROR, FAULTY_ONCE);
        break;
    case SWEEP_WRITES:
        faulty_vfs_fail(FAULTY_WRITE, successes, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        break;
    case SWEEP_SYNCS:
        faulty_vfs_fail(FAULTY_SYNC, successes, FAULTY_IO_ERROR, FAULTY_UNTIL_RESET);
        break;
    case SWEEP_FILE:
        fake_files_fail(successes, CS_DISK_FULL);
        break;
    case SWEEP_DISK_FULL:
        faulty_vfs_fail(FAULTY_WRITE, successes, FAULTY_DISK_FULL, FAULTY_UNTIL_RESET);
        break;
    }
}

/* Operations of this kind since it was armed. */
static long counted(enum sweep_fault fault)
{
    struct faulty_counts counts = faulty_vfs_counts();
    switch (fault) {
    case SWEEP_ALLOCATION:
        return cs_memory_count();
    case SWEEP_WRITE:
    case SWEEP_WRITES:
    case SWEEP_DISK_FULL:
        return counts.writes;
    case SWEEP_SYNC:
    case SWEEP_SYNCS:
        return counts.syncs;
    case SWEEP_READ:
        return counts.reads;
    case SWEEP_FILE:
        return fake_files_count();
    }
    return 0;
}

/* Further than any scenario goes. */
#define NEVER 1000000000L

/* ---- What must hold after a failure ---- */

static void tell(void *context, const char *text)
{
    (void)context;
    print_error("found: %s\n", text);
}

void sweep_assert_sound(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    for (size_t i = 0; i < universe->laptop_count; i++) {
        struct cs_doctor_report report;
        if (universe->laptops[i].replica != NULL && !universe->laptops[i].damaged) {
            assert_ok(cs_doctor_run(universe->laptops[i].replica, tell, NULL, &report));
            assert_int_equal(report.findings, 0);
        }
    }
    if (universe->server != NULL) {
        struct cs_verification verification = {.finding = tell};
        assert_ok(cs_verification_run(&verification, cs_server_store(universe->server)));
        assert_int_equal(verification.findings, 0);
    }
}

/* A failing disk leaves a connection in doubt; programs that met one are started anew. */
static void reopen(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    for (size_t i = 0; i < universe->laptop_count; i++) {
        struct laptop *laptop = &universe->laptops[i];
        if (laptop->replica != NULL) {
            cs_replica_close(laptop->replica);
            laptop->replica = NULL;
            assert_ok(cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry,
                                      laptop->identity, &laptop->replica, &universe->problem));
        }
    }
    if (universe->server != NULL) {
        universe_restart_server(universe);
    }
}

bool sweep_is_machines_fault(enum cs_status status)
{
    return cs_status_class(status) == CS_CLASS_LOCAL || cs_status_class(status) == CS_CLASS_LATER;
}

/* ---- One run ---- */

struct tally {
    long runs;
    long failed;    /* a step said so */
    long tolerated; /* it failed inside and nothing needed it */
};

/* All steps with the nth operation failing. Gives what was counted. */
static long run_once(struct sweep *sweep, const struct sweep_scenario *scenario,
                     enum sweep_fault fault, long n, struct tally *tally)
{
    bool armed = true;
    long count = 0;
    arm(fault, n);
    for (size_t i = 0; i < SWEEP_STEPS_MAX && scenario->steps[i] != NULL; i++) {
        enum cs_status status = scenario->steps[i](sweep);
        if (status == CS_OK) {
            continue;
        }
        count = counted(fault);
        disarm();
        if (!armed || !sweep_is_machines_fault(status)) {
            fail_msg("%s: step %zu with operation %ld failing: %s (%s)", scenario->name, i, n,
                     cs_status_name(status), sweep->scene.universe.problem.text);
        }
        armed = false;
        tally->failed++;
        if (fault != SWEEP_ALLOCATION) {
            reopen(sweep);
        }
        sweep_assert_sound(sweep);
        if (scenario->whole != NULL) {
            scenario->whole(sweep);
        }
        status = scenario->steps[i](sweep);
        if (status != CS_OK) {
            fail_msg("%s: step %zu after operation %ld failed: %s (%s)", scenario->name, i, n,
                     cs_status_name(status), sweep->scene.universe.problem.text);
        }
    }
    if (armed) {
        count = counted(fault);
        tally->tolerated += count > n ? 1 : 0;
    }
    disarm();
    scenario->finish(sweep);
    sweep_assert_sound(sweep);
    tally->runs++;
    return count;
}

long sweep_runs_allowed(long runs_max)
{
    const char *given = getenv("COUNTERSIGN_SWEEP_RUNS");
    return given == NULL ? runs_max : strtol(given, NULL, 10);
}

long sweep_offset(const char *name, long stride)
{
    unsigned long hash = 5381;
    for (; *name != '\0'; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return (long)(hash % (unsigned long)stride);
}

static void sweep_all(struct sweep *sweep, const struct sweep_scenario *scenario,
                      enum sweep_fault fault, long runs_max)
{
    struct snapshot snapshot;
    struct tally tally = {0};
    snapshot_take(&snapshot, &sweep->scene.universe, FAULTY_VFS_NAME);
    snapshot_restore(&snapshot, &sweep->scene.universe);
    long total = run_once(sweep, scenario, fault, NEVER, &tally);
    assert_true(total > 0);
    tally = (struct tally){0};
    long first = FIRST_RUNS(runs_max);
    long stride = total <= runs_max ? 1 : (total - first) / (runs_max - first) + 1;
    for (long n = 0; n < total;) {
        snapshot_restore(&snapshot, &sweep->scene.universe);
        (void)run_once(sweep, scenario, fault, n, &tally);
        if (n + 1 == first) {
            n += 1 + sweep_offset(scenario->name, stride);
        } else {
            n += n < first ? 1 : stride;
        }
    }
    snapshot_release(&snapshot);
    print_message("%s: %ld of %ld run, %ld failed, %ld tolerated\n", scenario->name, tally.runs,
                  total, tally.failed, tally.tolerated);
    assert_true(tally.failed > 0);
    assert_true(tally.failed + tally.tolerated == tally.runs || tally.runs < total);
}

struct sweep *sweep_open(const struct sweep_scenario *scenario)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    assert_non_null(sweep);
    cs_buffer_init(&sweep->text, CS_MEBI);
    variant_init(&sweep->newer, cs_registry_core());
    variant_add_field(&sweep->newer, "part", "origin")->size_max = CS_VALUE_MAX;
    (void)variant_add_entity(&sweep->newer, "tool");
    (void)variant_done(&sweep->newer);
    universe_open(&sweep->scene.universe, cs_registry_core(), 20261130);
    scenario->prepare(sweep);
    return sweep;
}

void sweep_close(struct sweep *sweep)
{
    universe_close(&sweep->scene.universe);
    cs_buffer_release(&sweep->scene.recovery);
    cs_buffer_release(&sweep->text);
    free(sweep);
}

void sweep_run(const struct sweep_scenario *scenario, enum sweep_fault fault, long runs_max)
{
    faulty_vfs_install();
    struct sweep *sweep = sweep_open(scenario);
    sweep_all(sweep, scenario, fault, sweep_runs_allowed(runs_max));
    disarm();
    sweep_close(sweep);
}
