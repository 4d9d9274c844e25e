/* A laptop whose log cannot go on, since its disk was copied or set back, joins again with a fresh invite and sends its work anew. */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/invite.h"
#include "field-client/sync/join.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct sim_device *inviter_for(struct sim *sim, const struct sim_device *device)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *other = &sim->devices[i];
        if (sim_device_is_usable(other) && other->state == SIM_DEVICE_ON && !other->lax &&
            (device->roles & ~cs_roles_may_invite(other->roles)) == 0) {
            return other;
        }
    }
    return NULL;
}

static enum cs_status invite(struct sim_device *inviter, const struct sim_device *device,
                             struct cs_buffer *out)
{
    struct sim *sim = inviter->sim;
    struct cs_invite_made made;
    struct cs_id person;
    char text[CS_ID_TEXT_SIZE];
    cs_require(sim_template_person(device->person, &person));
    cs_id_format(&person, text);
    inviter->machine.true_ms = sim->now_ms;
    return cs_invite_make(inviter->replica, cs_bytes_of_text(text), device->roles,
                          sim->now_ms + DAY_MS, out, &made, &sim->problem);
}

/* An invite from whoever may make it: another device, or, for the laptop with the root key, the server. CS_NOT_FOUND: nobody. */
static enum cs_status get_invite(struct sim_device *device, struct sim_device *inviter,
                                 struct cs_buffer *out)
{
    if (inviter != NULL) {
        return invite(inviter, device, out);
    }
    return cs_identity_root_key(device->identity) == NULL
               ? CS_NOT_FOUND
               : sim_server_invite_owner(device->sim, out);
}

static enum cs_status join(struct sim_device *device, struct cs_bytes invite_text)
{
    struct sim *sim = device->sim;
    sim_device_close(device);
    device->machine.true_ms = sim->now_ms;
    device->machine.world.exchange = sim_exchange_directly;
    device->machine.world.exchange_context = device;
    struct cs_join_input input = {
        .world = &device->machine.world,
        .home = SIM_HOME,
        .registry = device->registry,
        .invite_text = invite_text,
        .device_name = cs_bytes_of_text("laptop"),
        .passphrase = cs_bytes_of_text(SIM_PASSPHRASE),
        .kdf_memory_mib = 64,
    };
    struct cs_join_result result;
    enum cs_status status = cs_join_run(&input, &result, &sim->problem);
    if (status == CS_OK) {
        sim_event(sim, "laptop %zu joins again and takes %llu transactions with it", device->index,
                  (unsigned long long)result.carried);
    } else {
        sim_event(sim, "laptop %zu cannot join again: %s: %.90s", device->index,
                  cs_status_name(status), sim->problem.text);
    }
    return status;
}

void sim_rejoin_note(struct sim_device *device)
{
    struct sim *sim = device->sim;
    device->state = SIM_DEVICE_ON;
    device->in_clone_group = device->was_restored = device->set_back = false;
    device->counter_recorded = 0;
    sim->rejoined = true;
    sim_count(sim, SIM_ACTION_REJOIN);
}

bool sim_rejoin_all(struct sim *sim)
{
    bool any = false;
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (!sim_device_is_usable(device) || device->state != SIM_DEVICE_FORKED) {
            continue;
        }
        struct cs_buffer text;
        cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
        enum cs_status status = get_invite(device, inviter_for(sim, device), &text);
        /* Nobody is left who may, or only an owner whom nobody asks here. */
        if (status != CS_NOT_FOUND && status != CS_DENIED) {
            sim_expect(sim, status, "inviting once more");
            sim_expect(sim, join(device, cs_buffer_bytes(&text)), "joining again");
            sim_device_open(device);
            sim_record(device);
            any = true;
        }
        cs_buffer_release(&text);
    }
    return any;
}

/* An invite holds for a day: by a clock that is wrong by more, it is none. */
static bool clock_is_right(const struct sim_machine *machine)
{
    return machine->wrong_ms > -DAY_MS / 2 && machine->wrong_ms < DAY_MS / 2;
}

/* What may end it: either side's disk; a server that fell silent; and an inviter who does not know yet that it is a copy itself, or
 * that it was revoked. */
static bool may_end_so(const struct sim_device *inviter, enum cs_status status)
{
    return status == CS_OK ||
           (status == CS_DENIED &&
            (inviter == NULL || inviter->in_clone_group || inviter->was_restored)) ||
           (status == CS_REVOKED && inviter != NULL && sim_revoking_explains(inviter)) ||
           status == CS_IO || status == CS_DISK_FULL || status == CS_UNAVAILABLE ||
           status == CS_MALFORMED || status == CS_NOT_FOUND;
}

void sim_rejoin_try(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_buffer text;
    if (!sim_device_is_usable(device) || device->state != SIM_DEVICE_FORKED ||
        device->partitioned_till_ms > sim->now_ms || !sim_fault(sim, SIM_FAULT_REJOIN)) {
        return;
    }
    struct sim_device *inviter = inviter_for(sim, device);
    if ((inviter != NULL && !clock_is_right(&inviter->machine)) ||
        !clock_is_right(&device->machine) || !clock_is_right(&sim->machine)) {
        return;
    }
    sim->problem.text[0] = '\0';
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
    enum cs_status status = get_invite(device, inviter, &text);
    if (inviter != NULL) {
        (void)sim_device_recover(inviter);
    }
    if (status == CS_OK) {
        status = join(device, cs_buffer_bytes(&text));
        (void)sim_server_recover(sim);
        sim_device_restart(device);
    }
    cs_buffer_release(&text);
    if (!may_end_so(inviter, status)) {
        sim_expect(sim, status, "joining again");
    }
}
