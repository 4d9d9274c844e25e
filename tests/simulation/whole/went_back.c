/*
 * The server's disk is replaced by an older image of itself: restored by its administrator, who says so (a new incarnation), or
 * put there in silence. What it had acknowledged since is gone from it, and has to come back from the laptops.
 *
 * Nothing of that may be gone from the laptops too, or it cannot come back: while a laptop is copied or set back itself, or a
 * device is at work that sends nothing again, the server stays as it is; see check_went_back.c for what must come of it.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/log_state.h"
#include "field-client/replica/outbox.h"
#include "shared/domain/departments.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/recovery.h"

#include <string.h>

/* That it goes back in one run, at most. */
#define TIMES_MAX 3

bool sim_may_go_back(const struct sim *sim)
{
    static const enum sim_fault apart[] = {SIM_FAULT_INTRUDER,  SIM_FAULT_REVOKED,
                                           SIM_FAULT_LIE_ROWS,  SIM_FAULT_LIE_KEYS,
                                           SIM_FAULT_LIE_PAGES, SIM_FAULT_LIE_OLD};
    bool may = sim->went_back < TIMES_MAX && sim->fork.server == NULL;
    for (size_t i = 0; i < CS_COUNT(apart); i++) {
        may = may && sim->plan.rates[apart[i]] == 0;
    }
    for (size_t i = 0; i < sim->device_count; i++) {
        const struct sim_device *device = &sim->devices[i];
        may = may && device->state != SIM_DEVICE_FORKED && !device->in_clone_group &&
              !device->was_restored;
    }
    return may;
}

/* A server that went back may go back once more to a disk from after that: then it knows again what it had told the office. */
static bool knows_incarnation(struct sim_device *device)
{
    uint8_t known[16];
    if (!sim_device_is_usable(device)) {
        return false;
    }
    sim_device_incarnation(device, known);
    return memcmp(known, device->sim->incarnation, sizeof known) == 0;
}

static void put_aside(struct sim *sim)
{
    memcpy(sim->incarnation_aside, sim->incarnation, sizeof sim->incarnation);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        device->loss_aside = device->loss;
        device->loss_aside.reported = knows_incarnation(device);
    }
}

static void know_again(struct sim *sim)
{
    memcpy(sim->incarnation, sim->incarnation_aside, sizeof sim->incarnation);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        device->loss = device->loss_aside;
        device->loss.forgotten = !device->loss.reported && knows_incarnation(device);
    }
}

/* The image is a verified backup: the server that goes on tells laptops that they may remove what it has. */
static void move_horizon(struct sim *sim)
{
    struct cs_arena arena;
    struct cs_device *devices = NULL;
    struct cs_store *store = cs_server_store(sim->server);
    const struct cs_world *world = &sim->machine.world;
    struct cs_horizon horizon = {.backup = sim->went_back + 1};
    cs_arena_init(&arena, CS_MEBI);
    sim_expect(
        sim,
        cs_fact_fixed(store, CS_FACT_INCARNATION, horizon.incarnation, sizeof horizon.incarnation),
        "reading the incarnation");
    sim_expect(sim, cs_store_devices(store, &arena, &devices, &horizon.count), "reading devices");
    horizon.entries = cs_arena_take_array(&arena, horizon.count, sizeof *horizon.entries);
    cs_require(horizon.entries != NULL);
    for (size_t i = 0; i < horizon.count; i++) {
        horizon.entries[i] = (struct cs_horizon_entry){devices[i].log, devices[i].sequence};
    }
    sim_expect(sim, cs_horizon_write(world, SIM_SERVER_FOLDER "/" CS_SERVER_HORIZON_FILE, &horizon),
               "moving the horizon");
    cs_arena_release(&arena);
}

static void take_image(struct sim *sim)
{
    sim_server_restart(sim);
    put_aside(sim);
    sim->server_image = sim_disk_copy(sim->machine.disk);
    move_horizon(sim);
    sim->image_joined = sim->counts.actions[SIM_ACTION_REJOIN];
    sim_event(sim, "the server's disk is put aside");
}

bool sim_is_kept(struct sim_device *device, uint64_t counter)
{
    struct cs_arena arena;
    struct cs_outbox_entry entry;
    cs_arena_init(&arena, CS_MEBI);
    int64_t looked = sim_disk_look(device->machine.disk);
    enum cs_status status = cs_outbox_load_counter(device->replica, counter, &arena, &entry);
    sim_disk_look_away(device->machine.disk, looked);
    bool kept = status == CS_OK && entry.first_counter <= counter;
    cs_arena_release(&arena);
    if (status != CS_NOT_FOUND) {
        sim_expect(device->sim, status, "looking for a change-set that is kept");
    }
    return kept;
}

static bool server_has(struct sim *sim, const struct sim_entry *entry)
{
    struct cs_arena arena;
    struct cs_logged_transaction logged;
    cs_arena_init(&arena, CS_MEBI);
    bool has = sim_server_transaction(sim, entry, &arena, &logged);
    cs_arena_release(&arena);
    return has;
}

bool sim_owes(struct sim_device *device)
{
    struct sim *sim = device->sim;
    bool owes = false;
    for (size_t i = 0; sim->went_back > 0 && !owes && i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        if (entry->author == device->index && entry->lost) {
            entry->lost = !server_has(sim, entry);
            owes = entry->lost;
        }
    }
    return owes;
}

void sim_note_arrived(struct sim *sim, struct cs_server *server)
{
    struct cs_server *own = sim->server;
    sim->server = server;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        entry->arrived = !entry->acknowledged && server_has(sim, entry);
    }
    sim->server = own;
}

/* What the server had acknowledged and has no longer: its author's laptop has it, to send it again. */
static void mark_lost(struct sim *sim)
{
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        if (!entry->acknowledged) {
            entry->was_lost = entry->was_lost || (entry->arrived && !server_has(sim, entry));
            continue;
        }
        entry->lost = !server_has(sim, entry);
        entry->was_lost = entry->was_lost || entry->lost;
        if (entry->lost && !sim_is_kept(&sim->devices[entry->author], entry->version.counter)) {
            sim_fail(sim, SIM_INVARIANT_ACKNOWLEDGED_LOST,
                     "transaction %llu is not on laptop %zu any more, to be sent again",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}

/*
 * Has this laptop been told more than the server knows now? A longer log than it knew may be another one: the server may have gone
 * back before, and have gone on since without this laptop.
 */
static void compare(struct sim_device *device, bool silent)
{
    struct sim *sim = device->sim;
    struct cs_log_state log;
    int64_t looked = sim_disk_look(device->machine.disk);
    sim_expect(sim, cs_log_state_load(device->replica, &log), "the known log");
    sim_disk_look_away(device->machine.disk, looked);
    device->log_told = log.checkpoint;
    device->knows_more = log.any && !sim_evidence_begins_with(sim, &log.checkpoint);
    /* Who has not noticed one silence has not noticed it when the next loss comes. */
    device->behind_silence = device->behind_silence || silent;
    device->notice_from = device->session_number + 1;
    sim_device_incarnation(device, device->incarnation);
}

/* A new incarnation has begun: this much of each laptop's log the server has then. */
static void note_incarnation(struct sim *sim)
{
    struct cs_store *store = cs_server_store(sim->server);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        struct cs_device known;
        struct cs_arena arena;
        if (!sim_device_is_usable(device)) {
            continue;
        }
        cs_arena_init(&arena, CS_MEBI);
        sim_expect(sim,
                   cs_store_device_by_log(store, cs_identity_log(device->identity), &arena, &known),
                   "the server knows a device");
        device->loss = (struct sim_loss){.log = known.log, .after = known.sequence};
        cs_arena_release(&arena);
        sim_note_confirmed(device);
    }
}

void sim_check_incarnation(struct sim *sim)
{
    uint8_t now[16];
    if (sim->went_back == 0) {
        return;
    }
    int64_t looked = sim_disk_look(sim->machine.disk);
    sim_expect(sim,
               cs_fact_fixed(cs_server_store(sim->server), CS_FACT_INCARNATION, now, sizeof now),
               "the incarnation");
    if (memcmp(now, sim->incarnation, sizeof now) != 0) {
        memcpy(sim->incarnation, now, sizeof now);
        sim->went_back_ms = sim->now_ms;
        note_incarnation(sim);
    }
    sim_disk_look_away(sim->machine.disk, looked);
}

/* What the command `restore` does. */
static void own_up(struct sim *sim)
{
    struct cs_arena arena;
    uint8_t incarnation[16];
    struct cs_store *store = cs_server_store(sim->server);
    const struct cs_witness administrator = {.device = NULL};
    const struct cs_push_clock clock = {.now_ms = sim_machine_wall_ms(&sim->machine)};
    sim->machine.world.random(&sim->machine, incarnation, sizeof incarnation);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    sim_expect(sim, cs_store_begin(store), "restoring");
    sim_expect(sim, cs_recovery_begin(store, &clock, &arena, incarnation, &administrator),
               "restoring");
    sim_expect(sim, cs_store_commit(store), "restoring");
    cs_arena_release(&arena);
    sim_check_incarnation(sim);
}

void sim_restore(struct sim *sim)
{
    sim_event(sim, "the office hears of it, and the server owns up to it");
    sim_server_restart(sim);
    own_up(sim);
}

void sim_note_gone_back(struct sim *sim, bool silent)
{
    sim->went_back++;
    sim_evidence_went_back(sim);
    sim->went_back_ms = sim->now_ms;
    mark_lost(sim);
    for (size_t i = 0; i < sim->device_count; i++) {
        if (sim_device_is_usable(&sim->devices[i])) {
            compare(&sim->devices[i], silent);
        }
    }
}

static void put_back(struct sim *sim, enum sim_fault how)
{
    sim_server_restart(sim);
    for (size_t i = 0; i < sim->device_count; i++) {
        if (sim_device_is_usable(&sim->devices[i])) {
            sim_device_restart(&sim->devices[i]);
            /* Copies of laptops from before know less than has to come back. */
            sim_disk_destroy(sim->devices[i].image);
            sim->devices[i].image = NULL;
        }
    }
    bool again = sim_permille(&sim->random, 300);
    sim_note_arrived(sim, sim->server);
    sim_server_close(sim);
    sim_machine_insert(&sim->machine, again ? sim_disk_copy(sim->server_image) : sim->server_image);
    sim->server_image = again ? sim->server_image : NULL;
    know_again(sim);
    sim_server_open(sim);
    sim_event(sim, "the server goes back in time%s",
              how == SIM_FAULT_SERVER_IMAGE ? ", and says so" : "");
    sim_note_gone_back(sim, how == SIM_FAULT_SERVER_SILENT);
    if (how == SIM_FAULT_SERVER_IMAGE) {
        own_up(sim);
    }
}

void sim_server_image(struct sim *sim)
{
    static const enum sim_fault ways[] = {SIM_FAULT_SERVER_IMAGE, SIM_FAULT_SERVER_SILENT};
    for (size_t i = 0; i < CS_COUNT(ways); i++) {
        if (!sim_fault(sim, ways[i])) {
            continue;
        }
        sim->counts.faults[ways[i]]--; /* counted when it does go back */
        if (!sim_may_go_back(sim)) {
            continue;
        }
        /* Who has joined again since is a stranger to it. */
        if (sim->image_joined != sim->counts.actions[SIM_ACTION_REJOIN]) {
            sim_disk_destroy(sim->server_image);
            sim->server_image = NULL;
        }
        if (sim->server_image == NULL) {
            take_image(sim);
        } else {
            sim->counts.faults[ways[i]]++;
            put_back(sim, ways[i]);
        }
    }
}

/* Does this exception say that a device is waited for that will not come? Devices that take part do come. */
static bool waits_in_vain(struct sim *sim, const struct cs_stored_row *exception)
{
    int kind = cs_entity_field_index(exception->entity, cs_bytes_of_text("kind"));
    int subject = cs_entity_field_index(exception->entity, cs_bytes_of_text("row"));
    bool vain = cs_bytes_equal_text(exception->values[kind].bytes, "server_went_back");
    for (size_t i = 0; vain && i < sim->device_count; i++) {
        struct cs_id id;
        if (!sim_device_is_usable(&sim->devices[i])) {
            continue;
        }
        cs_directory_row_id(cs_identity_certificate_id(sim->devices[i].identity), &id);
        vain = sim->devices[i].state != SIM_DEVICE_ON ||
               !cs_bytes_equal(exception->values[subject].bytes, cs_id_bytes(&id));
    }
    return vain;
}

static void give_up(struct sim_device *office, const struct cs_id *id)
{
    struct sim *sim = office->sim;
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("decision"), cs_value_text(cs_bytes_of_text("accepted"))}};
    struct cs_edit *edit;
    sim_expect(sim, cs_edit_begin(office->replica, &edit), "giving up a device");
    enum cs_status status = cs_edit_update(edit, cs_bytes_of_text("exception"), id, values,
                                           CS_COUNT(values), &sim->problem);
    (void)sim_conclude(office, edit, status, SIM_ACTION_GIVE_UP);
}

static bool give_up_all(struct sim_device *office)
{
    struct sim *sim = office->sim;
    struct cs_arena arena;
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_bytes name = cs_bytes_of_text("exception");
    struct cs_id *ids;
    size_t count;
    bool any = false;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    sim_expect(sim,
               cs_query_find(office->replica, name, cs_bytes_of_text("state"), &open, 1000, &arena,
                             &ids, &count, NULL),
               "looking for exceptions");
    for (size_t i = 0; i < count; i++) {
        struct cs_stored_row row;
        sim_expect(sim, cs_query_get(office->replica, name, &ids[i], &arena, &row, NULL),
                   "reading an exception");
        if (waits_in_vain(sim, &row)) {
            sim_event(sim, "laptop %zu gives up a device that will not come", office->index);
            give_up(office, &ids[i]);
            any = true;
        }
    }
    cs_arena_release(&arena);
    return any;
}

struct sim_device *sim_desk(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (sim_device_is_usable(device) && device->state == SIM_DEVICE_ON &&
            (device->roles & CS_ROLES_DESK) != 0) {
            return device;
        }
    }
    return NULL;
}

bool sim_alone_decides(struct sim_device *device)
{
    struct sim *sim = device->sim;
    bool alone = sim->went_back > 0 && (device->roles & CS_ROLES_DESK) != 0 &&
                 cs_identity_root_key(device->identity) == NULL;
    for (size_t i = 0; alone && i < sim->device_count; i++) {
        struct sim_device *other = &sim->devices[i];
        alone = other == device || !sim_device_is_usable(other) || other->state != SIM_DEVICE_ON ||
                (other->roles & CS_ROLES_DESK) == 0;
    }
    return alone;
}

bool sim_give_up_waiting(struct sim *sim)
{
    struct sim_device *desk = sim->went_back > 0 ? sim_desk(sim) : NULL;
    return desk != NULL && give_up_all(desk);
}
