/*
 * A server that keeps two histories: from a copy of its disk it serves one or two laptops for a while, with its true keys. What they
 * send goes into that history alone, and is acknowledged; so a receipt may be given for what is never kept. Then the copy is thrown
 * away, and they meet the other history, which went its own way meanwhile.
 *
 * Or it does so from an older copy, and when they ask it says that nothing has happened: it goes on under the same incarnation.
 *
 * To them it is a server that went back in time under the same incarnation: each has to notice with its first sync, nobody may lose
 * what was acknowledged, and everything has to come together again, as in went_back.c.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/meta.h"
#include "shared/wire/recover.h"
#include "sync-server/handlers/server_internal.h"

#include <string.h>

#define STEPS_MAX 60

bool sim_fork_is_shown_to(const struct sim_device *device)
{
    const struct sim_fork *fork = &device->sim->fork;
    return fork->server != NULL && (fork->devices & (uint32_t)1 << device->index) != 0;
}

static void choose(struct sim *sim)
{
    struct sim_fork *fork = &sim->fork;
    size_t wanted = 1 + sim_below(&sim->random, 2);
    size_t start = sim_below(&sim->random, sim->device_count);
    fork->devices = 0;
    for (size_t i = 0; wanted > 0 && i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[(start + i) % sim->device_count];
        if (sim_device_is_usable(device) && device->state == SIM_DEVICE_ON && !device->knows_more) {
            fork->devices |= (uint32_t)1 << device->index;
            wanted--;
        }
    }
}

/* Who has been told more than the copy knows has to notice. */
static void note_ahead(struct sim *sim)
{
    struct sim_fork *fork = &sim->fork;
    uint64_t position = 0;
    fork->ahead = fork->asked = 0;
    sim_expect(sim, cs_store_position(cs_server_store(fork->server), &position), "position");
    for (size_t i = 0; i < sim->device_count; i++) {
        int64_t known = 0;
        if ((fork->devices & (uint32_t)1 << i) != 0) {
            sim_device_restart(&sim->devices[i]);
            sim_expect(sim,
                       cs_replica_meta_number(sim->devices[i].replica, CS_META_POSITION, &known),
                       "position");
            fork->ahead |= (uint64_t)known > position ? (uint32_t)1 << i : 0;
        }
    }
}

static void begin(struct sim *sim, enum sim_fault how)
{
    struct sim_fork *fork = &sim->fork;
    bool old = how == SIM_FAULT_NOT_OWNED_UP;
    if (old && fork->aside == NULL) {
        sim_server_restart(sim);
        fork->aside = sim_disk_copy(sim->machine.disk);
        fork->aside_since = sim->went_back;
        return;
    }
    choose(sim);
    if (fork->devices == 0 || (old && fork->aside_since != sim->went_back)) {
        return;
    }
    sim_server_restart(sim);
    sim_machine_start(&fork->machine, SIM_FORK_SLOT,
                      sim_disk_copy(old ? fork->aside : sim->machine.disk), sim_next(&sim->random));
    fork->machine.true_ms = sim->now_ms;
    fork->machine.wrong_ms = sim->machine.wrong_ms;
    sim_server_open_on(sim, &fork->machine, &fork->server);
    fork->ends = sim->step + 1 + sim_below(&sim->random, STEPS_MAX);
    fork->how = how;
    fork->used = false;
    note_ahead(sim);
    sim_event(sim, "the server shows laptops %x another history from now on", fork->devices);
}

/* "Nothing has happened": the incarnation as it was, whatever it is shown. */
static enum cs_status deny(struct sim *sim, struct cs_server_request *owned_request,
                           struct cs_buffer *response)
{
    struct cs_server *server = sim->fork.server;
    for (size_t i = 0; i < sim->device_count; i++) {
        const struct cs_identity *identity = sim->devices[i].identity;
        bool asks = identity != NULL && cs_identity_log(identity) == owned_request->device.log;
        sim->fork.asked |= asks ? (uint32_t)1 << i : 0;
    }
    struct cs_recover_response denial = {.log_sequence = owned_request->device.sequence};
    struct cs_buffer body;
    memcpy(denial.log_head, owned_request->device.head, sizeof denial.log_head);
    sim_expect(sim,
               cs_fact_fixed(cs_server_store(server), CS_FACT_INCARNATION, denial.incarnation,
                             sizeof denial.incarnation),
               "the incarnation");
    cs_buffer_init(&body, CS_MEBI);
    enum cs_status status = cs_recover_response_encode(&denial, &body);
    if (status == CS_OK) {
        status = cs_response_seal(&sim->fork.machine.world, CS_MESSAGE_RECOVER,
                                  owned_request->opened.hash, cs_buffer_bytes(&body),
                                  cs_server_keys_identity(server->keys),
                                  owned_request->device.seal_key, response);
    }
    cs_buffer_release(&body);
    cs_server_discard(owned_request);
    return status;
}

static enum cs_status answer(struct sim *sim, struct cs_server_request *owned_request,
                             struct cs_buffer *response)
{
    struct cs_server *server = sim->fork.server;
    if (owned_request->opened.header.kind == CS_MESSAGE_RECOVER) {
        return deny(sim, owned_request, response);
    }
    cs_server_commit(server, &owned_request, 1);
    return cs_server_reply(server, owned_request, response);
}

void sim_fork_serve(struct sim *sim, struct cs_bytes request, struct cs_buffer *response)
{
    struct sim_fork *fork = &sim->fork;
    struct cs_server_request *opened;
    fork->machine.true_ms = sim->now_ms;
    enum cs_status status = cs_server_open_request(fork->server, request, &opened);
    sim_event(sim, "in its other history the server opens a request of %zu bytes: %s", request.size,
              cs_status_name(status));
    if (status == CS_OK) {
        opened->sync.log_mark =
            CS_BYTES_NONE; /* it does not care which history it is asked about */
        status = answer(sim, opened, response);
        fork->used = true;
        sim->counts.faults[fork->how] += fork->counted ? 0 : 1;
        fork->counted = true;
    }
    if (status != CS_OK) {
        cs_buffer_clear(response);
    }
}

void sim_fork_end(struct sim *sim)
{
    struct sim_fork *fork = &sim->fork;
    if (fork->server == NULL) {
        return;
    }
    sim_note_arrived(sim, fork->server);
    cs_server_close(fork->server);
    fork->server = NULL;
    fork->counted = false;
    sim_machine_release(&fork->machine);
    sim_event(sim, "the server forgets its other history");
    sim_server_restart(sim);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if ((fork->devices & (uint32_t)1 << i) != 0) {
            sim_network_drop(sim, i);
        }
        if (sim_device_is_usable(device)) {
            sim_device_restart(device);
        }
        /* Copies of laptops from before know less than has to come back. */
        sim_disk_destroy(device->image);
        device->image = NULL;
    }
    sim_note_gone_back(sim, false);
}

void sim_fork(struct sim *sim)
{
    const struct sim_fork *fork = &sim->fork;
    if (fork->server != NULL) {
        if (sim->step >= fork->ends || (fork->how == SIM_FAULT_NOT_KEPT && fork->used)) {
            sim_fork_end(sim);
        }
        return;
    }
    for (enum sim_fault fault = SIM_FAULT_FORK; fault <= SIM_FAULT_NOT_OWNED_UP; fault++) {
        if (!sim_fault(sim, fault)) {
            continue;
        }
        sim->counts.faults[fault]--; /* counted when somebody is served from it */
        if (sim->fork.server == NULL && sim_may_go_back(sim)) {
            begin(sim, fault);
        }
    }
}

bool sim_fork_explains(const struct sim_device *device, enum cs_status status)
{
    return sim_fork_is_shown_to(device) && (status == CS_ROLLED_BACK || status == CS_OTHER_HISTORY);
}

/*
 * It noticed in a session that broke off, and may have sent again all that was lost: then there is no more to see, but by the digests that rows
 * which the server makes itself are others.
 */
void sim_fork_sync_begins(struct sim_device *device)
{
    struct sim_fork *fork = &device->sim->fork;
    uint32_t bit = (uint32_t)1 << device->index;
    device->behind_silence = device->behind_silence || (fork->ahead & fork->asked & bit) != 0;
    fork->ahead &= ~(fork->asked & bit);
}

void sim_fork_synced(struct sim_device *device, const struct cs_sync_result *result)
{
    struct sim_fork *fork = &device->sim->fork;
    uint32_t bit = (uint32_t)1 << device->index;
    if ((fork->ahead & bit) != 0 && !result->went_back) {
        sim_fail(device->sim, SIM_INVARIANT_FORK_UNREPORTED,
                 "laptop %zu did not notice that it is shown an older state", device->index);
    }
    fork->ahead &= ~bit;
}
