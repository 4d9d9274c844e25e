/* The server of a run: opened, serving, losing power. */
#include "tests/simulation/whole/sim.h"

#include "sync-server/handlers/owner_return.h"
#include "sync-server/history/compaction.h"

#define PAGE_ROWS 25
/* Runs last hours, not months: the past goes much sooner here, a step at every so many exchanges. */
#define COMPACT_EVERY 5
#define COMPACT_CHANGES 20
#define COMPACT_AFTER_MS (INT64_C(600) * 1000)

static void log_line(void *context, enum cs_log_level level, const char *text)
{
    (void)level;
    sim_check_wire(context, cs_bytes_of_text(text));
}

static struct cs_server_options options_of(struct sim *sim, const struct sim_machine *machine)
{
    struct cs_log log = {.context = sim, .level_min = CS_LOG_DEBUG, .line = log_line};
    sim->log = log;
    sim->problem.text[0] = '\0';
    return (struct cs_server_options){
        .world = &machine->world,
        .folder = SIM_SERVER_FOLDER,
        .registry = sim->server_registry,
        .master_key = cs_secret_bytes(sim->master_key),
        .log = &sim->log,
        /* Where pages are stripped there must be several. */
        .page_rows_max = sim->plan.rates[SIM_FAULT_LIE_PAGES] > 0 ? PAGE_ROWS : 0,
    };
}

enum cs_status sim_server_invite_owner(struct sim *sim, struct cs_buffer *out)
{
    sim_server_close(sim);
    struct cs_server_options options = options_of(sim, &sim->machine);
    enum cs_status status = cs_server_invite_owner(&options, out, &sim->problem);
    sim_server_restart(sim);
    return status;
}

void sim_server_open_on(struct sim *sim, const struct sim_machine *machine, struct cs_server **out)
{
    struct cs_server_options options = options_of(sim, machine);
    enum cs_status status = cs_server_open(&options, out, &sim->problem);
    sim_expect(sim, status, "the server starts");
}

void sim_server_open(struct sim *sim)
{
    sim_server_open_on(sim, &sim->machine, &sim->server);
}

void sim_server_close(struct sim *sim)
{
    cs_server_close(sim->server);
    sim->server = NULL;
}

void sim_server_restart(struct sim *sim)
{
    bool lost_power = sim->machine.disk->dead;
    sim_server_close(sim);
    sim->machine.disk->full = false;
    sim->machine.disk->error_left = -1;
    sim->machine.disk->power_left = -1;
    sim_machine_restart(&sim->machine);
    if (lost_power) {
        enum cs_status status = sim_vfs_check(sim->machine.disk, SIM_DATABASE_PATH, &sim->problem);
        if (status != CS_OK) {
            sim_fail(sim, SIM_INVARIANT_DATABASE_DAMAGED, "the server's: %s", sim->problem.text);
        }
    }
    sim_server_open(sim);
    sim_check_server_started(sim);
}

bool sim_server_recover(struct sim *sim)
{
    if (!sim->machine.disk->dead) {
        return false;
    }
    sim_event(sim, "the server has lost power");
    sim_server_restart(sim);
    return true;
}

void sim_server_power_loss(struct sim *sim)
{
    if (!sim->machine.disk->dead) {
        sim_disk_fail_power(sim->machine.disk);
    }
    (void)sim_server_recover(sim);
}

/* What rows were goes, whatever the disk does meanwhile: nothing else may be the worse for it. */
static void compact(struct sim *sim)
{
    const struct cs_world *world = &sim->machine.world;
    struct cs_store *store = cs_server_store(sim->server);
    uint64_t removed = 0;
    bool more = false;
    if (sim->counts.actions[SIM_ACTION_EXCHANGE] % COMPACT_EVERY != 0 || sim->machine.disk->dead) {
        return;
    }
    enum cs_status status = cs_store_begin(store);
    if (status == CS_OK) {
        status = cs_compaction_step(store, world->wall_ms(world->context) - COMPACT_AFTER_MS,
                                    COMPACT_CHANGES, &removed, &more);
    }
    if (status == CS_OK) {
        status = cs_store_commit(store);
    }
    cs_store_rollback(store);
    sim_event(sim, "server forgets %llu changes: %s", (unsigned long long)removed,
              cs_status_name(status));
}

void sim_server_serve(struct sim *sim, const struct cs_bytes *requests, size_t count,
                      struct cs_buffer *responses)
{
    struct cs_server_request *opened[SIM_MESSAGES_MAX];
    size_t whose[SIM_MESSAGES_MAX];
    size_t opened_count = 0;
    sim->machine.true_ms = sim->now_ms;
    sim_revoking_before(sim);
    for (size_t i = 0; i < count; i++) {
        sim_check_wire(sim, requests[i]);
        enum cs_status status =
            cs_server_open_request(sim->server, requests[i], &opened[opened_count]);
        sim_event(sim, "server opens a request of %zu bytes: %s", requests[i].size,
                  cs_status_name(status));
        if (status == CS_OK) {
            whose[opened_count++] = i;
        }
    }
    if (opened_count > 0) {
        cs_server_commit(sim->server, opened, opened_count);
        sim->counts.actions[SIM_ACTION_EXCHANGE] += opened_count;
        compact(sim);
    }
    sim_revoking_after(sim, count);
    bool down = sim->machine.disk->dead;
    if (!down) {
        sim_check_incarnation(sim);
    }
    for (size_t i = 0; i < opened_count; i++) {
        struct cs_buffer *response = &responses[whose[i]];
        enum cs_status status = cs_server_reply(sim->server, opened[i], response);
        /* A machine without power sends nothing. */
        if (status != CS_OK || down || sim->machine.disk->dead) {
            cs_buffer_clear(response);
            continue;
        }
        sim_check_wire(sim, cs_buffer_bytes(response));
        sim_check_server_answered(sim);
    }
}
