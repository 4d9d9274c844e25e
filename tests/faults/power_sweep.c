/* Sweeps of lost power, see power_sweep.h. */
#include "tests/faults/power_sweep.h"

#include "tests/faults/power.h"
#include "tests/faults/snapshot.h"
#include "tests/support/testing.h"

#include <stdlib.h>

static const struct power_disk disks[] = {
    {.powersafe = true, .sector = 512},
    {.powersafe = true, .sector = 4096},
    {.powersafe = false, .sector = 512},
    {.powersafe = false, .sector = 4096},
};

/* Operations in which power fails again; more than that is another run. */
#define AGAIN_MAX 60

/* One run: where power fails first. */
struct cut {
    long operation; /* -1: in none */
    size_t step;    /* after this one, if in no operation */
    enum power_loss loss;
    uint64_t seed;
};

static long cuts_of_run;

/* ---- machines that start again ---- */

static enum cs_status open_laptop(struct sweep *sweep, struct laptop *laptop)
{
    return cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry, laptop->identity,
                           &laptop->replica, &sweep->scene.universe.problem);
}

/* Until it stays on: power may fail while it starts. */
static void start_laptop(struct sweep *sweep, struct laptop *laptop)
{
    enum cs_status status = CS_IO;
    while (power_is_out(laptop->home)) {
        cuts_of_run++;
        cs_replica_close(laptop->replica);
        laptop->replica = NULL;
        power_restore(laptop->home);
        status = open_laptop(sweep, laptop);
        assert_true(status == CS_OK || power_is_out(laptop->home));
    }
}

static void start_server(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    while (power_is_out(universe->server_folder)) {
        cuts_of_run++;
        cs_server_close(universe->server);
        universe->server = NULL;
        power_restore(universe->server_folder);
        enum cs_status status = universe_try_restart_server(universe);
        if (status != CS_OK && !power_is_out(universe->server_folder)) {
            fail_msg("the server does not start: %s: %s", cs_status_name(status),
                     universe->problem.text);
        }
    }
}

static bool any_is_out(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    bool out = power_is_out(universe->server_folder);
    for (size_t i = 0; i < universe->laptop_count; i++) {
        out = out || power_is_out(universe->laptops[i].home);
    }
    return out;
}

static void start_all(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    while (any_is_out(sweep)) {
        start_server(sweep);
        for (size_t i = 0; i < universe->laptop_count; i++) {
            start_laptop(sweep, &universe->laptops[i]);
        }
    }
}

/* Power stays on while only the test looks. */
static void check(struct sweep *sweep, const struct sweep_scenario *scenario, enum power_loss loss)
{
    long left = power_cut_left();
    power_cut_never();
    sweep_assert_sound(sweep);
    if (scenario->whole != NULL) {
        scenario->whole(sweep);
    }
    power_cut_after(left, loss);
}

/* ---- one run ---- */

static void fail_step(const struct sweep_scenario *scenario, size_t step, const struct cut *cut,
                      struct sweep *sweep, enum cs_status status)
{
    fail_msg("%s: step %zu, power lost in operation %ld or after step %zu, loss %d: %s (%s)",
             scenario->name, step, cut->operation, cut->step, (int)cut->loss,
             cs_status_name(status), sweep->scene.universe.problem.text);
}

/* Until it is done. */
static void do_step(struct sweep *sweep, const struct sweep_scenario *scenario, size_t step,
                    const struct cut *cut)
{
    bool failed = false;
    enum cs_status status = CS_IO;
    while (status != CS_OK) {
        status = scenario->steps[step](sweep);
        if (!any_is_out(sweep)) {
            if (status != CS_OK) {
                fail_step(scenario, step, cut, sweep, status);
            }
            break;
        }
        if (status != CS_OK && !sweep_is_machines_fault(status)) {
            fail_step(scenario, step, cut, sweep, status);
        }
        /* The second time comes at once, or while it starts, or in what is done again. */
        if (!failed && cut->seed % 3 == 0) {
            power_cut_after((long)(cut->seed / 3 % AGAIN_MAX), cut->loss);
        }
        failed = true;
        start_all(sweep);
        check(sweep, scenario, cut->loss);
    }
}

static void cut_all(struct sweep *sweep, const struct sweep_scenario *scenario,
                    enum power_loss loss)
{
    struct universe *universe = &sweep->scene.universe;
    power_cut_now(universe->server_folder, loss);
    for (size_t i = 0; i < universe->laptop_count; i++) {
        power_cut_now(universe->laptops[i].home, loss);
    }
    start_all(sweep);
    check(sweep, scenario, loss);
}

/* Everything as it was, with power. */
static void begin(struct sweep *sweep, const struct snapshot *snapshot,
                  const struct power_disk *disk, uint64_t seed)
{
    power_on();
    snapshot_put(snapshot, &sweep->scene.universe);
    power_begin(*disk, seed);
    snapshot_open(snapshot, &sweep->scene.universe);
    power_count_anew();
    cuts_of_run = 0;
}

/* Gives the operations of its steps. */
static long run_once(struct sweep *sweep, const struct sweep_scenario *scenario,
                     const struct cut *cut)
{
    if (cut->operation >= 0) {
        power_cut_after(cut->operation, cut->loss);
    }
    for (size_t i = 0; i < SWEEP_STEPS_MAX && scenario->steps[i] != NULL; i++) {
        do_step(sweep, scenario, i, cut);
        if (cut->operation < 0 && cut->step == i) {
            cut_all(sweep, scenario, cut->loss);
        }
    }
    long operations = power_operations();
    power_cut_never();
    scenario->finish(sweep);
    sweep_assert_sound(sweep);
    return operations;
}

/* ---- all of them ---- */

struct tally {
    long runs;
    long possible;
    long operations;
    long sync_points;
    long cuts;
};

static size_t step_count(const struct sweep_scenario *scenario)
{
    size_t count = 0;
    while (count < SWEEP_STEPS_MAX && scenario->steps[count] != NULL) {
        count++;
    }
    return count;
}

/* What is done when power never fails. */
static long count_operations(struct sweep *sweep, const struct sweep_scenario *scenario,
                             const struct snapshot *snapshot, const struct power_disk *disk,
                             struct tally *tally)
{
    const struct cut none = {.operation = -1, .step = SWEEP_STEPS_MAX};
    begin(sweep, snapshot, disk, 0);
    long operations = run_once(sweep, scenario, &none);
    assert_int_equal(cuts_of_run, 0);
    for (long i = 0; i < operations; i++) {
        tally->sync_points += power_is_sync(i) ? 1 : 0;
    }
    tally->operations += operations;
    return operations;
}

/* Operations first, then the ends of steps; each with every loss. */
static struct cut cut_of(long index, long operations)
{
    long place = index / POWER_LOSSES;
    struct cut cut = {.operation = place < operations ? place : -1,
                      .step = place < operations ? 0 : (size_t)(place - operations),
                      .loss = (enum power_loss)(index % POWER_LOSSES),
                      .seed = (uint64_t)index + 1};
    return cut;
}

static void sweep_disk(struct sweep *sweep, const struct sweep_scenario *scenario,
                       const struct snapshot *snapshot, const struct power_disk *disk, long share,
                       struct tally *tally)
{
    long operations = count_operations(sweep, scenario, snapshot, disk, tally);
    long all = (operations + (long)step_count(scenario)) * POWER_LOSSES;
    long stride = all <= share ? 1 : all / share;
    tally->possible += all;
    for (long i = sweep_offset(scenario->name, stride); i < all; i += stride) {
        struct cut cut = cut_of(i, operations);
        begin(sweep, snapshot, disk, cut.seed);
        (void)run_once(sweep, scenario, &cut);
        assert_true(cuts_of_run > 0);
        tally->cuts += cuts_of_run;
        tally->runs++;
    }
}

/* A machine without power neither sends nor answers. */
static enum cs_status (*real_exchange)(void *context, const struct cs_peer *peer,
                                       struct cs_bytes request, struct cs_buffer *response,
                                       struct cs_problem *problem);

static enum cs_status exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem)
{
    const struct laptop *laptop = context;
    const char *server_folder = laptop->universe->server_folder;
    if (power_is_out(laptop->home) || power_is_out(server_folder)) {
        return CS_UNREACHABLE;
    }
    size_t before = response->size;
    enum cs_status status = real_exchange(context, peer, request, response, problem);
    if (power_is_out(server_folder)) {
        response->size = before;
        return CS_TIMEOUT;
    }
    return status;
}

static void add_machines(struct universe *universe)
{
    power_add_machine(universe->server_folder);
    power_attach(&universe->fake.world);
    for (size_t i = 0; i < universe->laptop_count; i++) {
        struct cs_world *world = &universe->laptops[i].fake.world;
        power_add_machine(universe->laptops[i].home);
        power_attach(world);
        real_exchange = world->exchange == exchange ? real_exchange : world->exchange;
        world->exchange = exchange;
    }
}

void power_sweep_run(const struct sweep_scenario *scenario, long runs_max)
{
    struct snapshot snapshot;
    struct tally tally = {0};
    long share = sweep_runs_allowed(runs_max) / (long)CS_COUNT(disks);
    struct sweep *sweep = sweep_open(scenario);
    power_install();
    snapshot_take(&snapshot, &sweep->scene.universe, POWER_VFS_NAME);
    add_machines(&sweep->scene.universe);
    for (size_t i = 0; i < CS_COUNT(disks); i++) {
        struct power_disk disk = disks[i];
        disk.lies = getenv("COUNTERSIGN_POWER_LIES") != NULL;
        sweep_disk(sweep, scenario, &snapshot, &disk, share, &tally);
    }
    print_message("%s: %ld of %ld run, power lost %ld times, %ld sectors lost; %ld operations, "
                  "%ld of them sync points\n",
                  scenario->name, tally.runs, tally.possible, tally.cuts, power_sectors_lost(),
                  tally.operations, tally.sync_points);
    assert_true(power_sectors_lost() > 0);
    snapshot_release(&snapshot);
    power_on();
    sweep_close(sweep);
    power_end();
}
