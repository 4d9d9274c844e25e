/*
 * One sync of a laptop, as a state machine over a network that delays, loses and changes what it carries.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/meta.h"

#include <string.h>

/* More exchanges than this for the little that a run holds, and the sync does not end. */
#define ROUNDS_MAX 40

void sim_sync_abandon(struct sim_device *device)
{
    cs_sync_end(device->session);
    device->session = NULL;
}

static void finish(struct sim_device *device)
{
    struct sim *sim = device->sim;
    const struct cs_sync_result *result = cs_sync_result(device->session);
    sim_event(sim, "laptop %zu has synced: %llu pushed, %llu pulled", device->index,
              (unsigned long long)result->pushed, (unsigned long long)result->pulled);
    /* Nobody damages stored rows here: what had to be repaired would have differed. */
    bool differed =
        result->digest != CS_SYNC_DIGEST_EQUAL || result->repaired + result->sums_mended > 0;
    if (differed && !device->misled && !device->behind_silence) {
        sim_fail(sim, SIM_INVARIANT_DIGEST_UNEQUAL, "laptop %zu (%llu rows, %llu sums repaired)",
                 device->index, (unsigned long long)result->repaired,
                 (unsigned long long)result->sums_mended);
    }
    if (sim_fork_is_shown_to(device)) {
        sim_fork_synced(device, result);
    } else {
        sim_check_went_back_noticed(device, result);
    }
    /* Requests that were lost meanwhile may have used up the numbers by which it would be seen; then its log tells, or nothing has
     * gone two ways. */
    if (device->set_back && device->first_request <= device->requests_seen) {
        sim_fail(sim, SIM_INVARIANT_FORK_UNREPORTED,
                 "laptop %zu was set back and synced as if nothing were wrong", device->index);
    }
    /* What was put right is an exception that the server has written since. */
    sim->ledger_moves +=
        result->pushed + result->pulled + result->departed + result->repaired + result->sums_mended;
    sim_count(sim, SIM_ACTION_SYNC_FINISHED);
    if (sim_hostile_is_on(sim)) {
        sim_hostile_finished(device, result);
    }
    sim_sync_abandon(device);
    sim_check_sync_finished(device);
}

/*
 * Nobody has shown the server yet that it went back, and it has gone on: a laptop that was told more sees it by itself, the others by
 * what such a laptop signed, which names the log that it was shown.
 */
static bool sees_a_silence(const struct sim_device *device)
{
    const struct sim *sim = device->sim;
    bool by_another = strstr(sim->problem.text, "showed the device that signed") != NULL;
    for (size_t i = 0; by_another && i < sim->device_count; i++) {
        if (sim->devices[i].knows_more) {
            return true;
        }
    }
    return device->knows_more;
}

/* What may end a sync without anybody being at fault. */
static bool is_expected(const struct sim_device *device, enum cs_status status)
{
    if (sim_hostile_explains(device, status) || sim_fork_explains(device, status)) {
        return true;
    }
    switch ((int)status) {
    case CS_FORGED: /* bits flipped, an old response, the second one to a request that came twice */
    case CS_MALFORMED:
    case CS_WRONG_SERVER:
    case CS_UNSUPPORTED:
        return device->sim->plan.rates[SIM_FAULT_RESPONSE_FLIPPED] > 0 ||
               device->sim->plan.rates[SIM_FAULT_RESPONSE_REPLAYED] > 0 ||
               device->sim->plan.rates[SIM_FAULT_DUPLICATED] > 0 ||
               device->sim->plan.rates[SIM_FAULT_RESPONSE_CUT] > 0;
    case CS_UNAVAILABLE: /* the server's disk */
        return true;
    case CS_REFUSED: /* overtaken on its way */
        return true;
    case CS_IO: /* the own disk */
    case CS_DISK_FULL:
        return true;
    case CS_FORKED:
        return device->was_restored || device->in_clone_group;
    case CS_OTHER_HISTORY:
        return sees_a_silence(device);
    case CS_ROLLED_BACK: /* it went back during the sync */
        return device->sim->went_back > 0 && device->session_since_ms <= device->sim->went_back_ms;
    case CS_REVOKED:
        return sim_revoking_explains(device);
    default:
        return false;
    }
}

static void failed(struct sim_device *device, enum cs_status status)
{
    struct sim *sim = device->sim;
    sim_event(sim, "laptop %zu's sync failed: %s: %.90s", device->index, cs_status_name(status),
              sim->problem.text);
    sim_count(sim, SIM_ACTION_SYNC_FAILED);
    if (!device->machine.disk->dead && !is_expected(device, status)) {
        sim_fail(
            sim,
            status == CS_FORKED ? SIM_INVARIANT_FORK_UNREPORTED : SIM_INVARIANT_UNEXPECTED_STATUS,
            "laptop %zu's sync: %s: %s", device->index, cs_status_name(status), sim->problem.text);
    }
    if (status == CS_OTHER_HISTORY && sees_a_silence(device) &&
        (sim->healing || sim_permille(&sim->random, 300))) {
        sim_restore(sim);
    }
    if (status == CS_REVOKED) {
        sim_revoking_told(device);
    }
    if (status == CS_FORKED) {
        device->state = SIM_DEVICE_FORKED;
        device->set_back = false;
    }
    sim_sync_abandon(device);
}

static void send_next(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_buffer request;
    bool more = false;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    enum cs_status status = cs_sync_next(device->session, &request, &more, &sim->problem);
    if (status != CS_OK) {
        failed(device, status);
    } else if (!more) {
        finish(device);
    } else {
        if (++device->rounds > ROUNDS_MAX) {
            sim_fail(sim, SIM_INVARIANT_NOT_LIVE, "laptop %zu: more than %d exchanges",
                     device->index, ROUNDS_MAX);
        }
        sim_network_send(device, cs_buffer_bytes(&request));
    }
    cs_buffer_release(&request);
    (void)sim_device_recover(device);
}

void sim_sync_start(struct sim_device *device)
{
    struct sim *sim = device->sim;
    sim_sync_abandon(device);
    device->machine.true_ms = sim->now_ms;
    device->session_number++;
    device->session_since_ms = sim->now_ms;
    device->rounds = 0;
    sim_hostile_sync_starts(device);
    sim->problem.text[0] = '\0';
    sim_count(sim, SIM_ACTION_SYNC_STARTED);
    sim_check_sync_begins(device);
    sim_fork_sync_begins(device);
    if (device->set_back) {
        int64_t counter = 0;
        int64_t looked = sim_disk_look(device->machine.disk);
        sim_expect(sim, cs_replica_meta_number(device->replica, CS_META_REQUEST_COUNTER, &counter),
                   "the counter of requests");
        sim_disk_look_away(device->machine.disk, looked);
        device->first_request = (uint64_t)counter + 1;
    }
    enum cs_status status = cs_sync_begin(device->replica, &device->session);
    if (status != CS_OK) {
        device->session = NULL;
        failed(device, status);
        (void)sim_device_recover(device);
        return;
    }
    send_next(device);
}

void sim_sync_receive(struct sim_device *device, struct cs_bytes response)
{
    struct sim *sim = device->sim;
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    sim->receiving = device;
    enum cs_status status = cs_sync_receive(device->session, response, &sim->problem);
    sim->receiving = NULL;
    sim_event(sim, "laptop %zu receives %zu bytes: %s", device->index, response.size,
              cs_status_name(status));
    sim_hostile_received(device, status);
    if (status == CS_OK) {
        send_next(device);
        return;
    }
    failed(device, status);
    (void)sim_device_recover(device);
}
