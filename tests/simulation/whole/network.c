/* What lies between laptops and server: it loses, delays, repeats, reorders, cuts and changes; and somebody with a USB stick. */
#include "tests/simulation/whole/sim.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)

static void drop(struct sim_message *message)
{
    free(message->bytes);
    memset(message, 0, sizeof *message);
}

void sim_network_release(struct sim *sim)
{
    for (size_t i = 0; i < SIM_MESSAGES_MAX; i++) {
        drop(&sim->messages[i]);
    }
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        drop(&sim->last_responses[i]);
    }
}

void sim_network_drop(struct sim *sim, size_t device)
{
    for (size_t i = 0; i < SIM_MESSAGES_MAX; i++) {
        if (sim->messages[i].used && sim->messages[i].device == device) {
            drop(&sim->messages[i]);
        }
    }
}

static struct sim_message *put(struct sim *sim, size_t device, struct cs_bytes bytes,
                               int64_t delay_ms)
{
    struct sim_message *message = NULL;
    for (size_t i = 0; i < SIM_MESSAGES_MAX && message == NULL; i++) {
        message = sim->messages[i].used ? NULL : &sim->messages[i];
    }
    if (message == NULL) {
        return NULL; /* more than the network carries: lost */
    }
    *message = (struct sim_message){.used = true,
                                    .device = device,
                                    .session = sim->devices[device].session_number,
                                    .round = sim->devices[device].rounds,
                                    .due_ms = sim->now_ms + delay_ms,
                                    .order = ++sim->messages_sent,
                                    .bytes = malloc(bytes.size + 1),
                                    .size = bytes.size};
    cs_require(message->bytes != NULL);
    memcpy(message->bytes, bytes.data, bytes.size);
    return message;
}

static int64_t delay(struct sim *sim)
{
    return sim_fault(sim, SIM_FAULT_DELAYED) ? sim_between(&sim->random, 1, 20 * HOUR_MS) : 0;
}

/* Changes the bytes of a message on its way. */
static void damage(struct sim *sim, struct sim_message *message, enum sim_fault cut,
                   enum sim_fault flip)
{
    if (message == NULL || message->size == 0) {
        return;
    }
    if (sim_fault(sim, cut)) {
        message->size = sim_below(&sim->random, message->size);
        message->damaged = true;
        sim_event(sim, "cut after %zu bytes", message->size);
    }
    if (message->size > 0 && sim_fault(sim, flip)) {
        size_t bit = sim_below(&sim->random, message->size * 8);
        message->bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        message->damaged = true;
        sim_event(sim, "bit %zu flipped", bit);
    }
}

void sim_network_send(struct sim_device *device, struct cs_bytes request)
{
    struct sim *sim = device->sim;
    sim_trace_bytes(sim, request);
    if (device->partitioned_till_ms > sim->now_ms || sim_fault(sim, SIM_FAULT_REQUEST_LOST)) {
        sim_event(sim, "laptop %zu's request is lost", device->index);
        sim_sync_abandon(device);
        return;
    }
    struct sim_message *message = NULL;
    if (sim_fault(sim, SIM_FAULT_COURIER)) {
        sim_event(sim, "laptop %zu's request goes by hand", device->index);
        message =
            put(sim, device->index, request, sim_between(&sim->random, HOUR_MS, 90 * HOUR_MS));
        if (message != NULL) {
            message->to_server = true;
            message->by_hand = sim_permille(&sim->random, 500);
        }
        return;
    }
    message = put(sim, device->index, request, delay(sim));
    if (message == NULL) {
        return;
    }
    message->to_server = true;
    if (sim_fault(sim, SIM_FAULT_DUPLICATED)) {
        struct sim_message *twin =
            put(sim, device->index, request, sim_between(&sim->random, 0, 30 * HOUR_MS));
        if (twin != NULL) {
            twin->to_server = true;
        }
    }
    damage(sim, message, SIM_FAULT_REQUEST_CUT, SIM_FAULT_REQUEST_FLIPPED);
}

static void keep_for_replay(struct sim *sim, size_t device, struct cs_bytes response)
{
    struct sim_message *kept = &sim->last_responses[device];
    if (kept->used && !sim_permille(&sim->random, 300)) {
        return;
    }
    free(kept->bytes);
    *kept = (struct sim_message){.used = true, .bytes = malloc(response.size + 1)};
    cs_require(kept->bytes != NULL);
    memcpy(kept->bytes, response.data, response.size);
    kept->size = response.size;
}

static void send_response(struct sim *sim, const struct sim_message *request,
                          struct cs_bytes response, struct sim_lie lie)
{
    struct sim_device *device = &sim->devices[request->device];
    sim_trace_bytes(sim, response);
    if (request->by_hand || device->partitioned_till_ms > sim->now_ms ||
        sim_fault(sim, SIM_FAULT_RESPONSE_LOST)) {
        sim_event(sim, "the answer to laptop %zu is lost", device->index);
        return;
    }
    const struct sim_message *old = &sim->last_responses[device->index];
    if (old->used && sim_fault(sim, SIM_FAULT_RESPONSE_REPLAYED)) {
        response = cs_bytes_make(old->bytes, old->size);
        lie = (struct sim_lie){.number = 0};
        sim_event(sim, "laptop %zu gets an old answer instead", device->index);
    } else if (sim->plan.rates[SIM_FAULT_RESPONSE_REPLAYED] > 0) {
        keep_for_replay(sim, device->index, response);
    }
    struct sim_message *message = put(sim, device->index, response, delay(sim));
    if (message != NULL) {
        message->session = request->session;
        message->round = request->round;
        message->lie = lie;
        damage(sim, message, SIM_FAULT_RESPONSE_CUT, SIM_FAULT_RESPONSE_FLIPPED);
    }
}

/* The message that is due first; of several due, mostly the one sent first. */
static struct sim_message *next_due(struct sim *sim)
{
    struct sim_message *best = NULL;
    for (size_t i = 0; i < SIM_MESSAGES_MAX; i++) {
        struct sim_message *message = &sim->messages[i];
        if (message->used && message->due_ms <= sim->now_ms &&
            (best == NULL || message->due_ms < best->due_ms ||
             (message->due_ms == best->due_ms && message->order < best->order))) {
            best = message;
        }
    }
    return best;
}

static void serve(struct sim *sim, struct sim_message *first)
{
    struct sim_message batch[4];
    struct cs_bytes requests[CS_COUNT(batch)] = {{NULL, 0}};
    struct cs_buffer responses[CS_COUNT(batch)];
    size_t count = 0;
    bool forked = sim_fork_is_shown_to(&sim->devices[first->device]);
    for (struct sim_message *message = first; message != NULL;) {
        batch[count] = *message;
        message->used = false;
        message->bytes = NULL;
        requests[count] = cs_bytes_make(batch[count].bytes, batch[count].size);
        cs_buffer_init(&responses[count++], CS_RESPONSE_MAX);
        bool more = !forked && count < CS_COUNT(batch) && sim_fault(sim, SIM_FAULT_BATCHED);
        message = more ? next_due(sim) : NULL;
        message = message != NULL && message->to_server &&
                          !sim_fork_is_shown_to(&sim->devices[message->device])
                      ? message
                      : NULL;
    }
    if (forked) {
        sim_fork_serve(sim, requests[0], &responses[0]);
    } else {
        sim_server_serve(sim, requests, count, responses);
    }
    for (size_t i = 0; i < count; i++) {
        if (responses[i].size > 0) {
            struct sim_lie lie =
                sim_hostile_answer(sim, batch[i].device, requests[i], &responses[i]);
            send_response(sim, &batch[i], cs_buffer_bytes(&responses[i]), lie);
        } else if (sim->devices[batch[i].device].session_number == batch[i].session) {
            sim_sync_abandon(&sim->devices[batch[i].device]);
        }
        cs_buffer_release(&responses[i]);
        free(batch[i].bytes);
    }
    (void)sim_server_recover(sim);
}

void sim_network_deliver(struct sim *sim)
{
    for (struct sim_message *message = next_due(sim); message != NULL; message = next_due(sim)) {
        if (message->to_server) {
            serve(sim, message);
            continue;
        }
        struct sim_message taken = *message;
        message->used = false;
        message->bytes = NULL;
        struct sim_device *device = &sim->devices[taken.device];
        if (device->session != NULL && device->session_number == taken.session &&
            device->rounds == taken.round) {
            if (taken.damaged) {
                taken.lie = (struct sim_lie){.number = 0};
            }
            sim_hostile_receiving(device, taken.lie);
            sim_sync_receive(device, cs_bytes_make(taken.bytes, taken.size));
        }
        free(taken.bytes);
    }
}
