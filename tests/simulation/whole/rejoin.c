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

static void invite(struct sim_device *inviter, const struct sim_device *device,
                   struct cs_buffer *out)
{
    struct sim *sim = inviter->sim;
    struct cs_invite_made made;
    struct cs_id person;
    char text[CS_ID_TEXT_SIZE];
    cs_require(sim_template_person(device->person, &person));
    cs_id_format(&person, text);
    inviter->machine.true_ms = sim->now_ms;
    sim_expect(sim,
               cs_invite_make(inviter->replica, cs_bytes_of_text(text), device->roles,
                              sim->now_ms + DAY_MS, out, &made, &sim->problem),
               "inviting once more");
}

static void join(struct sim_device *device, struct cs_bytes invite_text)
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
    sim_expect(sim, cs_join_run(&input, &result, &sim->problem), "joining again");
    sim_event(sim, "laptop %zu joins again and takes %llu transactions with it", device->index,
              (unsigned long long)result.carried);
    device->state = SIM_DEVICE_ON;
    device->in_clone_group = device->was_restored = device->set_back = false;
    device->rejoined = true;
    device->counter_recorded = 0;
    sim->rejoined = true;
    sim_count(sim, SIM_ACTION_REJOIN);
    sim_device_open(device);
    sim_record(device);
}

bool sim_rejoin_all(struct sim *sim)
{
    bool any = false;
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (!sim_device_is_usable(device) || device->state != SIM_DEVICE_FORKED) {
            continue;
        }
        struct sim_device *inviter = inviter_for(sim, device);
        if (inviter != NULL) {
            struct cs_buffer text;
            cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
            invite(inviter, device, &text);
            join(device, cs_buffer_bytes(&text));
            cs_buffer_release(&text);
            any = true;
        }
    }
    return any;
}
