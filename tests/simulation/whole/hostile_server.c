/*
 * A server that lies: it has its true keys, and answers with something else than it holds. The answers are the real core's, opened
 * again, changed, and signed and sealed anew (the simulator owns the server's keys and the laptops'). What it says from another disk
 * is in hostile_fork.c.
 *
 * Each lie names what has to come of it: the check that catches it, with its status and its words; or that it cannot be seen at once,
 * and then the digests differ until what was said is put right.
 */
#include "tests/simulation/whole/lies.h"

#include "field-client/replica/log_state.h"
#include "sync-server/handlers/server_internal.h"

#include <stdlib.h>
#include <string.h>

#define BIT(status) ((uint64_t)1 << (status))
_Static_assert(CS_STATUS_COUNT <= 64, "a set of statuses is one word");

static const struct {
    const char *name;
    enum sim_fault fault;
    lie_function *make;
    uint64_t
        caught; /* by one of these statuses, at once; 0: it cannot be seen in the answer alone */
    uint64_t others;  /* what else may come of it, sooner or later in that sync */
    const char *said; /* to the user when it is caught */
} lies[] = {
    {"none", SIM_FAULT_COUNT, NULL, 0, 0, NULL},
    {"rows are withheld", SIM_FAULT_LIE_ROWS, lie_withhold_rows, 0, 0, NULL},
    {"a value is changed", SIM_FAULT_LIE_ROWS, lie_change_value, 0, 0, NULL},
    {"an author is changed", SIM_FAULT_LIE_ROWS, lie_change_author, 0, 0, NULL},
    {"a signed record is changed", SIM_FAULT_LIE_ROWS, lie_change_record, BIT(CS_OTHER_HISTORY), 0,
     "is not in the server's evidence log as it was sent"},
    {"a device gets other roles", SIM_FAULT_LIE_KEYS, lie_change_roles, BIT(CS_FORGED), 0,
     "does not verify"},
    {"a device gets another's certificate", SIM_FAULT_LIE_KEYS, lie_swap_chain,
     BIT(CS_OTHER_HISTORY), 0, "is not in the server's evidence log as it was sent"},
    {"a checkpoint is signed by another key", SIM_FAULT_LIE_KEYS, lie_forge_checkpoint,
     BIT(CS_FORGED), 0, "checkpoint of the server's evidence log is not acceptable"},
    {"other keys are stated", SIM_FAULT_LIE_KEYS, lie_forge_statement,
     BIT(CS_FORGED) | BIT(CS_WRONG_SERVER), 0, "statement about its keys is not acceptable"},
    {"an answer is signed by another key", SIM_FAULT_LIE_KEYS, lie_sign_by_another,
     BIT(CS_FORGED) | BIT(CS_WRONG_SERVER), 0, "answer is not acceptable"},
    {"an answer is sealed to another", SIM_FAULT_LIE_KEYS, lie_seal_to_another,
     BIT(CS_FORGED) | BIT(CS_MALFORMED), 0, "answer is not acceptable"},
    {"a row's proof is missing", SIM_FAULT_LIE_PAGES, lie_drop_row_proof, BIT(CS_OTHER_HISTORY), 0,
     "is not in the server's evidence log as it was sent"},
    {"the proof of a push is missing", SIM_FAULT_LIE_PAGES, lie_drop_own_proof,
     BIT(CS_OTHER_HISTORY), 0, "of this device is not in the server's evidence log"},
    {"the proof of growth is missing", SIM_FAULT_LIE_PAGES, lie_drop_growth, BIT(CS_OTHER_HISTORY),
     0, "another history than before"},
    {"a page is called the last", SIM_FAULT_LIE_PAGES, lie_call_it_last, 0, 0, NULL},
    {"departures are withheld", SIM_FAULT_LIE_PAGES, lie_drop_departures, 0, 0, NULL},
    {"outcomes are withheld", SIM_FAULT_LIE_PAGES, lie_drop_outcomes, 0, BIT(CS_LIMIT), NULL},
    {"an old answer is given again", SIM_FAULT_LIE_OLD, lie_answer_as_before, 0,
     BIT(CS_ROLLED_BACK) | BIT(CS_OTHER_HISTORY) | BIT(CS_LIMIT), NULL},
    {"another's answer is given", SIM_FAULT_LIE_OLD, lie_answer_as_to_others, 0,
     BIT(CS_ROLLED_BACK) | BIT(CS_OTHER_HISTORY) | BIT(CS_LIMIT) | BIT(CS_FORKED) |
         BIT(CS_MALFORMED) | BIT(CS_FORGED),
     NULL},
    {"a comparison is refused", SIM_FAULT_LIE_ROWS, lie_refuse_to_compare, 0, 0, NULL},
};

/* ---- answering ---- */

bool sim_hostile_is_on(const struct sim *sim)
{
    return sim->plan.rates[SIM_FAULT_LIE_ROWS] + sim->plan.rates[SIM_FAULT_LIE_KEYS] +
               sim->plan.rates[SIM_FAULT_LIE_PAGES] + sim->plan.rates[SIM_FAULT_LIE_OLD] >
           0;
}

static void keep_said(struct answer *answer)
{
    struct sim_said *said = &answer->sim->hostile.said[answer->device->index];
    if (answer->kind != CS_MESSAGE_SYNC ||
        (said->body != NULL && !sim_permille(&answer->sim->random, 300))) {
        return;
    }
    free(said->body);
    said->body = malloc(answer->body.size + 1);
    cs_require(said->body != NULL);
    memcpy(said->body, answer->body.data, answer->body.size);
    said->size = answer->body.size;
    said->position = answer->page.position;
    said->log = cs_identity_log(answer->device->identity);
}

/* The lies of this kind that an answer of its kind can be made into, in an order of their own. */
static size_t candidates(struct answer *answer, enum sim_fault fault,
                         size_t out[static CS_COUNT(lies)])
{
    size_t count = 0;
    for (size_t i = 1; i < CS_COUNT(lies); i++) {
        bool of_page = lies[i].make != lie_refuse_to_compare;
        if (lies[i].fault == fault && of_page == (answer->kind == CS_MESSAGE_SYNC)) {
            /* What can rarely be lied about comes first. */
            bool rare = lies[i].make == lie_change_roles;
            size_t place = rare ? 0 : sim_below(&answer->sim->random, count + 1);
            out[count++] = out[place];
            out[place] = i;
        }
    }
    return count;
}

static unsigned choose(struct answer *answer)
{
    struct sim *sim = answer->sim;
    for (size_t fault = SIM_FAULT_LIE_ROWS; fault <= SIM_FAULT_LIE_OLD; fault++) {
        size_t list[CS_COUNT(lies)] = {0};
        if (!sim_fault(sim, (enum sim_fault)fault)) {
            continue;
        }
        sim->counts.faults[fault]--; /* counted where something can be lied about */
        size_t count = candidates(answer, (enum sim_fault)fault, list);
        for (size_t i = 0; i < count; i++) {
            if (lies[list[i]].make(answer)) {
                sim->counts.faults[fault]++;
                return (unsigned)list[i];
            }
        }
    }
    return 0;
}

/* What was said to a laptop before it joined again was said to another one. */
static unsigned known_as(const struct answer *answer, unsigned lie)
{
    const struct sim_said *said = &answer->sim->hostile.said[answer->device->index];
    if (lies[lie].make != lie_answer_as_before ||
        said->log == cs_identity_log(answer->device->identity)) {
        return lie;
    }
    for (lie = 1; lies[lie].make != lie_answer_as_to_others; lie++) {
    }
    return lie;
}

static void send_anew(struct answer *answer, struct cs_buffer *response)
{
    struct sim *sim = answer->sim;
    struct cs_buffer body;
    uint8_t key[CS_SEAL_KEY_SIZE];
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    if (!answer->whole) {
        sim_expect(sim, cs_sync_response_encode(&answer->page, &body), "a lie is encoded");
        answer->body = cs_buffer_bytes(&body);
    }
    cs_seal_key_public(cs_identity_seal_key(answer->sealed_to->identity), key);
    cs_buffer_clear(response);
    sim_expect(sim,
               cs_response_seal(&sim->machine.world, answer->kind, answer->request, answer->body,
                                answer->key, key, response),
               "a lie is sealed");
    cs_buffer_release(&body);
}

/* What the server says here is read again. False: it says nothing that a laptop could read. */
static bool read_answer(struct answer *answer, struct cs_bytes request, struct cs_bytes response,
                        struct cs_buffer *plain)
{
    const struct cs_identity *identity = answer->device->identity;
    struct cs_opened_request opened;
    struct cs_buffer inside;
    const struct cs_server_keys *keys = answer->sim->server->keys;
    cs_buffer_init(&inside, CS_REQUEST_MAX);
    bool read =
        cs_request_open(request, cs_server_keys_bundle(keys), &inside, &opened) == CS_OK &&
        memcmp(opened.header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE) == 0;
    if (read) {
        memcpy(answer->request, opened.hash, CS_HASH_SIZE);
        read =
            cs_response_open(response, cs_identity_seal_key(identity), cs_identity_server(identity),
                             answer->request, plain, &answer->kind, &answer->body) == CS_OK;
    }
    cs_buffer_release(&inside);
    if (read && answer->kind == CS_MESSAGE_SYNC) {
        read = cs_sync_response_decode(answer->body, &answer->arena, &answer->page) == CS_OK;
    }
    return read;
}

struct sim_lie sim_hostile_answer(struct sim *sim, size_t index, struct cs_bytes request,
                                  struct cs_buffer *response)
{
    struct sim_device *device = &sim->devices[index];
    struct answer answer = {.sim = sim, .device = device, .sealed_to = device};
    struct cs_buffer plain;
    if (!sim_hostile_is_on(sim) || sim->healing || sim->machine.disk->dead ||
        !sim_device_is_usable(device)) {
        return answer.lie;
    }
    cs_arena_init(&answer.arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    answer.key = cs_server_keys_identity(sim->server->keys);
    if (read_answer(&answer, request, cs_buffer_bytes(response), &plain)) {
        answer.lie.number = known_as(&answer, choose(&answer));
        if (answer.lie.number != 0) {
            sim_event(sim, "the server lies to laptop %zu: %s", index,
                      lies[answer.lie.number].name);
            send_anew(&answer, response);
        } else {
            keep_said(&answer);
        }
    }
    cs_buffer_release(&plain);
    cs_arena_release(&answer.arena);
    return answer.lie;
}

void sim_hostile_release(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX; i++) {
        free(sim->hostile.said[i].body);
    }
    cs_sign_key_destroy(sim->hostile.key);
    memset(&sim->hostile, 0, sizeof sim->hostile);
}

/* ---- receiving ---- */

void sim_hostile_sync_starts(struct sim_device *device)
{
    device->must_notice = false;
    device->lies_now = 0;
}

void sim_hostile_receiving(struct sim_device *device, struct sim_lie lie)
{
    device->lie = lie.number;
    if (lie.number != 0) {
        device->misled = device->was_misled = true;
        device->must_notice = device->must_notice || lie.older;
        device->lies_now |= (uint32_t)1 << lie.number;
        device->lies_told |= device->lies_now;
    }
}

/* What is wrong with the server's history is said until a sync finds it right again. */
static void check_told(struct sim_device *device, unsigned lie)
{
    struct sim *sim = device->sim;
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    enum cs_status status = cs_log_alarm(device->replica, &alarm);
    bool log = (lies[lie].caught & BIT(CS_OTHER_HISTORY)) != 0;
    bool said = strstr(sim->problem.text, lies[lie].said) != NULL;
    if (!device->machine.disk->dead && status == CS_OK && (!said || (log && alarm.size == 0))) {
        sim_fail(sim, SIM_INVARIANT_LIE_UNREPORTED, "%s; laptop %zu says: %s", lies[lie].name,
                 device->index, sim->problem.text);
    }
    cs_buffer_release(&alarm);
}

void sim_hostile_received(struct sim_device *device, enum cs_status status)
{
    unsigned lie = device->lie;
    bool own = cs_status_class(status) == CS_CLASS_LOCAL || device->machine.disk->dead;
    /* To an earlier request of this sync, which the network has delivered twice: it is not even read. */
    bool late = status == CS_FORGED && (lies[lie].caught & BIT(CS_FORGED)) == 0 &&
                strstr(device->sim->problem.text, "the server's answer is not acceptable") != NULL;
    device->lie = 0;
    if (lie == 0 || lies[lie].caught == 0 || own || late) {
        return;
    }
    if (status == CS_OK || (lies[lie].caught & BIT(status)) == 0) {
        sim_fail(device->sim, SIM_INVARIANT_LIE_BELIEVED, "%s; laptop %zu: %s", lies[lie].name,
                 device->index, cs_status_name(status));
    }
    sim_count(device->sim, SIM_ACTION_LIE_CAUGHT);
    check_told(device, lie);
}

bool sim_hostile_explains(const struct sim_device *device, enum cs_status status)
{
    for (unsigned i = 1; i < CS_COUNT(lies); i++) {
        if ((device->lies_told & (uint32_t)1 << i) != 0 &&
            ((lies[i].caught | lies[i].others) & BIT(status)) != 0) {
            return true;
        }
    }
    return false;
}

/* A sync went through to the end, told by whom it may. */
void sim_hostile_finished(struct sim_device *device, const struct cs_sync_result *result)
{
    struct sim *sim = device->sim;
    struct cs_buffer alarm;
    if (device->must_notice) {
        sim_fail(sim, SIM_INVARIANT_LIE_BELIEVED,
                 "laptop %zu took an older state for the present one", device->index);
    }
    if (result->digest != CS_SYNC_DIGEST_EQUAL || result->repaired > 0) {
        sim_count(sim, SIM_ACTION_LIE_SEEN);
    }
    if (result->digest == CS_SYNC_DIGEST_UNEQUAL && result->unequal_text[0] == '\0') {
        sim_fail(sim, SIM_INVARIANT_LIE_UNREPORTED, "laptop %zu does not say what differs",
                 device->index);
    }
    bool others = false;
    for (size_t i = 1; i < CS_COUNT(lies); i++) {
        bool now = (device->lies_now & (uint32_t)1 << i) != 0;
        others = others || (now && lies[i].make == lie_answer_as_to_others);
    }
    /* Equal to what the server holds: but for a digest that was another's. */
    if (result->digest == CS_SYNC_DIGEST_EQUAL && !others) {
        device->misled = false;
        device->lies_told = 0;
    }
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    if (cs_log_alarm(device->replica, &alarm) == CS_OK && alarm.size > 0) {
        sim_fail(sim, SIM_INVARIANT_LIE_UNREPORTED, "laptop %zu goes on about a log that is right",
                 device->index);
    }
    cs_buffer_release(&alarm);
}

void sim_hostile_check(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        const struct sim_device *device = &sim->devices[i];
        if (sim_device_is_usable(device) && device->state == SIM_DEVICE_ON && device->misled) {
            sim_fail(sim, SIM_INVARIANT_LIE_BELIEVED,
                     "laptop %zu was never put right after it was lied to", i);
        }
    }
}
