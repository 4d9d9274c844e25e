/*
 * The organisation that every run starts from: a server, six people with a laptop each, customers, parts and work orders, all of
 * it synced. Made once per process; a run gets copies of the disks, which share their pages until somebody writes.
 */
#include "tests/simulation/whole/registries.h"
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/invite.h"
#include "field-client/sync/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS ((int64_t)1772413200000)
/* The last one obeys no rules. */
#define PEOPLE (SIM_DEVICES_MAX + 1)
#define INTRUDER SIM_DEVICES_MAX
#define DAY_MS ((int64_t)24 * 3600 * 1000)

static const struct {
    const char *name;
    cs_roles roles;
    bool has_van;
} people[PEOPLE] = {
    {"王芳", CS_ROLE(OWNER), false},     {"李强", CS_ROLE(OFFICE), false},
    {"张伟", CS_ROLE(TECHNICIAN), true}, {"赵敏", CS_ROLE(TECHNICIAN), true},
    {"孙丽", CS_ROLE(WAREHOUSE), false}, {"周杰", CS_ROLE(TECHNICIAN), true},
    {"吴刚", SIM_INTRUDER_ROLES, false},
};

static struct {
    struct sim sim;
    struct sim_disk *server;
    struct sim_disk *devices[PEOPLE];
    struct cs_id persons[PEOPLE];
    uint64_t counters[PEOPLE];
} made;

static const struct cs_tls_material no_tls = {.key = {(const uint8_t *)"key", 3},
                                              .certificate = {(const uint8_t *)"certificate", 11}};

bool sim_template_person(size_t person, struct cs_id *out)
{
    *out = made.persons[person];
    return true;
}

enum cs_status sim_exchange_directly(void *context, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem)
{
    struct sim_device *device = context;
    (void)peer;
    (void)problem;
    device->sim->now_ms += 1000;
    sim_server_serve(device->sim, &request, 1, response);
    return response->size > 0 ? CS_OK : CS_MALFORMED;
}

static void start_device(struct sim *sim, size_t index, struct sim_disk *owned_disk)
{
    struct sim_device *device = &sim->devices[index];
    *device = (struct sim_device){.sim = sim,
                                  .index = index,
                                  .person = index,
                                  .roles = people[index].roles,
                                  .registry = sim->registry};
    device->sees_everything = (device->roles & CS_ROLES_OFFICE_SCOPE) != 0;
    sim_machine_start(&device->machine, index, owned_disk, sim->seed);
    device->machine.true_ms = sim->now_ms;
}

static void join(struct sim *sim, size_t index, struct cs_bytes invite)
{
    start_device(sim, index, sim_disk_create(index));
    struct sim_device *device = &sim->devices[index];
    sim->device_count = index + 1;
    device->machine.world.exchange = sim_exchange_directly;
    device->machine.world.exchange_context = device;
    struct cs_join_input input = {
        .world = &device->machine.world,
        .home = SIM_HOME,
        .registry = sim->registry,
        .invite_text = invite,
        .person_name = cs_bytes_of_text(index == 0 ? people[0].name : ""),
        .device_name = cs_bytes_of_text("laptop"),
        .passphrase = cs_bytes_of_text(SIM_PASSPHRASE),
        .kdf_memory_mib = 64,
    };
    struct cs_join_result result;
    sim_expect(sim, cs_join_run(&input, &result, &sim->problem), "joining");
    made.persons[index] = result.person;
    sim_device_open(device);
}

static void sync(struct sim_device *device)
{
    struct cs_sync_session *session = NULL;
    sim_record(device);
    enum cs_status status = cs_sync_run(device->replica, &session, &device->sim->problem);
    cs_sync_end(session);
    sim_expect(device->sim, status, "the template's sync");
}

static void invite(struct sim *sim, size_t index)
{
    struct cs_buffer text;
    struct cs_invite_made invited;
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
    struct sim_device *owner = &sim->devices[0];
    owner->machine.true_ms = sim->now_ms;
    sim_expect(sim,
               cs_invite_make(owner->replica, cs_bytes_of_text(people[index].name),
                              people[index].roles, sim->now_ms + DAY_MS, &text, &invited,
                              &sim->problem),
               "inviting");
    sync(owner);
    join(sim, index, cs_buffer_bytes(&text));
    cs_buffer_release(&text);
}

static struct cs_id make(struct sim_device *device, const char *entity,
                         const struct cs_named_value *values, size_t count)
{
    struct cs_edit *edit;
    struct cs_id id;
    sim_expect(device->sim, cs_edit_begin(device->replica, &edit), "the template's edit");
    sim_expect(device->sim,
               cs_edit_insert(edit, cs_bytes_of_text(entity), NULL, values, count, &id,
                              &device->sim->problem),
               entity);
    sim_expect(device->sim, cs_edit_commit(edit), "the template's commit");
    return id;
}

/* One row with up to two texts that nobody else has, and up to two references. */
struct row_of {
    const char *entity;
    const char *texts[2];
    const char *references[2];
};
static struct cs_id make_row(struct sim_device *device, const struct row_of *row,
                             const struct cs_id *first, const struct cs_id *second)
{
    struct cs_arena arena;
    struct cs_named_value values[4];
    const struct cs_id *ids[] = {first, second};
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    for (size_t i = 0; i < 2; i++) {
        if (row->texts[i] != NULL) {
            values[count++] = (struct cs_named_value){cs_bytes_of_text(row->texts[i]),
                                                      cs_value_text(sim_name(device->sim, &arena))};
        }
        if (row->references[i] != NULL) {
            values[count++] = (struct cs_named_value){cs_bytes_of_text(row->references[i]),
                                                      cs_value_bytes(cs_id_bytes(ids[i]))};
        }
    }
    struct cs_id id = make(device, row->entity, values, count);
    cs_arena_release(&arena);
    return id;
}

static void make_branch(struct sim_device *office, size_t person)
{
    static const struct row_of rows[] = {
        {"customer", {"name", "code"}, {NULL, NULL}},
        {"site", {"name", "address"}, {"customer", NULL}},
        {"project", {"name", "code"}, {"customer", NULL}},
        {"system", {"name", "note"}, {"project", "site"}},
        {"service_request", {"reported_fault", "number"}, {"customer", "system"}},
        {"work_order", {"number", "instruction"}, {"request", "technician"}},
    };
    struct cs_id customer = make_row(office, &rows[0], NULL, NULL);
    struct cs_id site = make_row(office, &rows[1], &customer, NULL);
    struct cs_id project = make_row(office, &rows[2], &customer, NULL);
    struct cs_id system = make_row(office, &rows[3], &project, &site);
    for (size_t i = 0; i < 2; i++) {
        struct cs_id request = make_row(office, &rows[4], &customer, &system);
        (void)make_row(office, &rows[5], &request, &made.persons[person]);
    }
}

static void make_data(struct sim *sim)
{
    static const struct row_of van = {"stock_location", {"name", "code"}, {"owner", NULL}};
    static const struct row_of part = {"part", {"code", "name"}, {NULL, NULL}};
    struct sim_device *office = &sim->devices[0];
    for (size_t i = 0; i < 5; i++) {
        (void)make_row(office, &part, NULL, NULL);
    }
    for (size_t i = 0; i < SIM_DEVICES_MAX; i++) {
        if (people[i].has_van) {
            struct cs_id id = make_row(office, &van, &made.persons[i], NULL);
            (void)id;
            make_branch(office, i);
        }
    }
}

static void start_server(struct sim *sim, struct sim_disk *owned_disk)
{
    sim_machine_start(&sim->machine, SIM_SERVER_SLOT, owned_disk, sim->seed);
    sim->machine.true_ms = sim->now_ms;
    sim_expect(sim,
               cs_secret_create_copy(cs_bytes_of_text("0123456789abcdef0123456789abcdef"),
                                     &sim->master_key),
               "the master key");
}

static void init_server(struct sim *sim, struct cs_buffer *invite_text)
{
    start_server(sim, sim_disk_create(77));
    struct cs_server_options options = {.world = &sim->machine.world,
                                        .folder = SIM_SERVER_FOLDER,
                                        .registry = sim->registry,
                                        .master_key = cs_secret_bytes(sim->master_key)};
    sim_expect(sim, cs_server_init(&options, &no_tls, "127.0.0.1:1", invite_text, &sim->problem),
               "making the server");
    sim_server_open(sim);
}

static void take_copies(struct sim *sim)
{
    sim_server_close(sim);
    made.server = sim_disk_copy(sim->machine.disk);
    for (size_t i = 0; i < PEOPLE; i++) {
        made.counters[i] = sim->devices[i].counter_recorded;
        sim_device_close(&sim->devices[i]);
        made.devices[i] = sim_disk_copy(sim->devices[i].machine.disk);
    }
}

void sim_template_make(void)
{
    struct sim *sim = &made.sim;
    struct cs_buffer first;
    *sim = (struct sim){.seed = UINT64_MAX,
                        .now_ms = START_MS,
                        .registry = sim_registry(),
                        .server_registry = sim_registry()};
    sim->random = sim_random_of(1, 0);
    sim_ledger_init(&sim->ledger);
    sim_vfs_seed(1);
    cs_buffer_init(&first, CS_INVITE_TEXT_MAX);
    init_server(sim, &first);
    join(sim, 0, cs_buffer_bytes(&first));
    cs_buffer_release(&first);
    for (size_t i = 1; i < PEOPLE; i++) {
        invite(sim, i);
    }
    make_data(sim);
    sim_record(&sim->devices[0]);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < PEOPLE; i++) {
            sim->devices[i].machine.true_ms = sim->now_ms;
            sync(&sim->devices[i]);
        }
    }
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        sim->ledger.entries[i]->acknowledged = true;
    }
    take_copies(sim);
}

void sim_template_release(void)
{
    struct sim *sim = &made.sim;
    sim_disk_destroy(made.server);
    for (size_t i = 0; i < PEOPLE; i++) {
        sim_disk_destroy(made.devices[i]);
    }
    sim_release(sim);
}

/* Who takes part: always somebody who sees everything, the others as it comes. */
static void choose(struct sim *sim, bool out_chosen[static SIM_DEVICES_MAX])
{
    struct sim_random random = sim_random_of(sim->seed, 4);
    size_t left = sim->plan.device_count;
    memset(out_chosen, 0, SIM_DEVICES_MAX * sizeof *out_chosen);
    out_chosen[sim_below(&random, 2)] = true;
    left--;
    while (left > 0) {
        size_t index = sim_below(&random, SIM_DEVICES_MAX);
        left -= out_chosen[index] ? 0 : 1;
        out_chosen[index] = true;
    }
}

void sim_template_start(struct sim *sim)
{
    bool chosen[SIM_DEVICES_MAX];
    sim->now_ms = made.sim.now_ms;
    sim->registry = sim->server_registry = sim_registry();
    sim->names_given = made.sim.names_given;
    sim_ledger_copy(&sim->ledger, &made.sim.ledger);
    sim->rows_at_start = sim->ledger.row_count;
    start_server(sim, sim_disk_copy(made.server));
    sim->machine.disk->random = sim_random_of(sim->seed, 5);
    sim_server_open(sim);
    sim_machine_start(&sim->intruder, SIM_INTRUDER_SLOT, sim_disk_copy(made.devices[INTRUDER]),
                      sim->seed);
    if (sim->plan.rates[SIM_FAULT_INTRUDER] > 0) {
        sim_unlock(sim, &sim->intruder, &sim->intruder_identity);
    }
    choose(sim, chosen);
    sim->device_count = SIM_DEVICES_MAX;
    for (size_t i = 0; i < SIM_DEVICES_MAX; i++) {
        if (!chosen[i]) {
            sim->devices[i] =
                (struct sim_device){.sim = sim, .index = i, .state = SIM_DEVICE_UNUSED};
            continue;
        }
        struct sim_disk *disk = sim_disk_copy(made.devices[i]);
        disk->random = sim_random_of(sim->seed, 10 + i);
        start_device(sim, i, disk);
        struct sim_device *device = &sim->devices[i];
        device->counter_recorded = made.counters[i];
        device->lax = sim_fault(sim, SIM_FAULT_LAX_CLIENT);
        device->registry = device->lax ? sim_registry_lax() : sim->registry;
        sim_device_open(device);
    }
}
