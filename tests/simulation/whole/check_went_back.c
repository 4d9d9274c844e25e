/*
 * Invariants of a server that went back in time (went_back.c): who had been told more notices it with its next sync, and says
 * so; what was acknowledged comes back (model.c looks for all of it); the office is told of every device what was lost of
 * it, and of nothing that was not; nobody is waited for in the end.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/renewal.h"

#include "sync-server/reconcile/directory.h"

#include <stdio.h>
#include <string.h>

static bool takes_part(const struct sim_device *device)
{
    return sim_device_is_usable(device) && device->state == SIM_DEVICE_ON;
}

void sim_device_incarnation(struct sim_device *device, uint8_t out[static 16])
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 64);
    int64_t looked = sim_disk_look(device->machine.disk);
    enum cs_status status = cs_replica_meta_bytes(device->replica, CS_META_INCARNATION, &bytes);
    sim_disk_look_away(device->machine.disk, looked);
    memset(out, 0, 16);
    if (status == CS_OK && bytes.size == 16) {
        memcpy(out, bytes.data, 16);
    }
    cs_buffer_release(&bytes);
}

void sim_note_confirmed(struct sim_device *device)
{
    int64_t looked = sim_disk_look(device->machine.disk);
    sim_expect(device->sim, cs_outbox_acknowledged(device->replica, &device->loss.confirmed),
               "what was confirmed");
    sim_disk_look_away(device->machine.disk, looked);
}

/* What is confirmed to it until it notices. */
void sim_check_sync_begins(struct sim_device *device)
{
    if (device->sim->went_back == 0) {
        return;
    }
    uint8_t before[16];
    memcpy(before, device->incarnation, sizeof before);
    sim_device_incarnation(device, device->incarnation);
    /* It noticed in a session that broke off after that. */
    device->knows_more =
        device->knows_more && memcmp(before, device->incarnation, sizeof before) == 0;
    if (memcmp(device->incarnation, device->sim->incarnation, sizeof device->incarnation) != 0) {
        sim_note_confirmed(device);
    }
}

/*
 * Others may have sent again all that was lost of what it had been told, in the same order, before it came: then the log that
 * it knew is the beginning of the server's, and it can see nothing but what differs in the rows.
 */
static bool has_come_again(const struct sim_device *device)
{
    struct sim *sim = device->sim;
    (void)sim_server_recover(sim);
    int64_t looked = sim_disk_look(sim->machine.disk);
    bool again = sim_evidence_begins_with(sim, &device->log_told);
    sim_disk_look_away(sim->machine.disk, looked);
    return again;
}

void sim_check_went_back_noticed(struct sim_device *device, const struct cs_sync_result *result)
{
    struct sim *sim = device->sim;
    uint8_t now[16];
    if (sim->went_back == 0) {
        return;
    }
    sim_device_incarnation(device, now);
    bool renewed = memcmp(now, device->incarnation, sizeof now) != 0;
    if (renewed != result->went_back) {
        sim_fail(sim, SIM_INVARIANT_FORK_UNREPORTED, "laptop %zu %s", device->index,
                 renewed ? "does not say that the server went back"
                         : "says that the server went back under one incarnation");
    }
    if (device->knows_more && !renewed && device->session_number >= device->notice_from &&
        !has_come_again(device)) {
        sim_fail(sim, SIM_INVARIANT_FORK_UNREPORTED,
                 "laptop %zu did not notice that the server has gone back", device->index);
    }
    device->knows_more = device->knows_more && !renewed;
    device->behind_silence = device->behind_silence && !renewed;
}

struct told {
    struct sim *sim;
    struct sim_device *device;
    struct cs_id subject;
    char state[16];
    char detail[1024];
};

static struct cs_bytes text_of(const struct cs_stored_row *row, const char *name)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(name));
    return index < 0 ? CS_BYTES_NONE : row->values[index].bytes;
}

static enum cs_status find_told(void *context, const struct cs_stored_row *row)
{
    struct told *told = context;
    /* It may have been open before, about another time. */
    if (strcmp(told->state, "open") != 0 &&
        cs_bytes_equal_text(text_of(row, "kind"), "server_went_back") &&
        cs_bytes_equal(text_of(row, "row"), cs_id_bytes(&told->subject))) {
        struct cs_bytes state = text_of(row, "state");
        struct cs_bytes detail = text_of(row, "detail");
        (void)snprintf(told->state, sizeof told->state, "%.*s", (int)state.size,
                       (const char *)state.data);
        (void)snprintf(told->detail, sizeof told->detail, "%.*s", (int)detail.size,
                       (const char *)detail.data);
    }
    return CS_OK;
}

static void look_up(struct sim_device *device, struct told *out)
{
    struct sim *sim = device->sim;
    *out = (struct told){.sim = sim, .device = device};
    cs_directory_row_id(cs_identity_certificate_id(device->identity), &out->subject);
    sim_expect(sim,
               cs_row_scan(cs_store_rows(cs_server_store(sim->server)),
                           cs_registry_find(sim->registry, cs_bytes_of_text("exception")), NULL, 0,
                           CS_ROWS_LIVE, find_told, out),
               "reading exceptions");
}

/* By number: what had been confirmed and was not there any more has been sent again, all of it. */
static void check_told(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct told told;
    char all[160];
    if (cs_identity_log(device->identity) != device->loss.log) {
        return; /* it has joined again since, and the other log is not awaited */
    }
    look_up(device, &told);
    bool open = strcmp(told.state, "open") == 0;
    bool lost = device->loss.confirmed > device->loss.after;
    (void)snprintf(all, sizeof all, "all %llu change-sets that it had lost",
                   (unsigned long long)(device->loss.confirmed - device->loss.after));
    bool right = open == lost && (!lost || strstr(told.detail, all) != NULL);
    /* What it had reported is gone too: then only that all is here can be known. */
    if (device->loss.forgotten) {
        right = !open || strstr(told.detail, "has not synced since") == NULL;
    }
    if (!right) {
        sim_fail(sim, SIM_INVARIANT_NOT_TOLD,
                 "of laptop %zu %llu change-sets after %llu were lost; %s: %s", device->index,
                 (unsigned long long)(device->loss.confirmed - device->loss.after),
                 (unsigned long long)device->loss.after, told.state, told.detail);
    }
}

static void check_device(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_went_back last;
    uint8_t own[16];
    sim_device_incarnation(device, own);
    sim_expect(sim, cs_renewal_last(device->replica, &last), "what is remembered");
    if (memcmp(own, sim->incarnation, sizeof own) != 0) {
        sim_fail(sim, SIM_INVARIANT_REPLICA_DIFFERS, "laptop %zu knows another incarnation",
                 device->index);
    }
    sim_check_whole(device);
    if (last.kept > 0) {
        sim_fail(sim, SIM_INVARIANT_VALUE_LOST,
                 "laptop %zu still keeps %llu rows that the server lost", device->index,
                 (unsigned long long)last.kept);
    }
}

/* The first device that the server waits for, for the failure's text. */
static const char *awaited(struct sim *sim)
{
    static char text[128];
    struct cs_store *store = cs_server_store(sim->server);
    struct cs_arena arena;
    struct cs_device *devices;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    sim_expect(sim, cs_store_devices(store, &arena, &devices, &count), "reading devices");
    for (size_t i = 0; i < count; i++) {
        struct cs_returning returning;
        if (cs_store_returning(store, devices[i].log, &returning) == CS_OK && returning.awaited) {
            (void)snprintf(
                text, sizeof text, "a device of %.*s, at %llu of %llu to %llu",
                (int)devices[i].person_name.size, (const char *)devices[i].person_name.data,
                (unsigned long long)devices[i].sequence, (unsigned long long)returning.sequence,
                (unsigned long long)returning.named);
        }
    }
    cs_arena_release(&arena);
    return text;
}

static enum cs_status count_recovered(void *context, const struct cs_stored_row *row)
{
    size_t *count = context;
    *count += cs_bytes_equal_text(text_of(row, "kind"), "recovered_row") &&
                      cs_bytes_equal_text(text_of(row, "state"), "open")
                  ? 1
                  : 0;
    return CS_OK;
}

void sim_check_went_back(struct sim *sim)
{
    bool awaits = true;
    size_t recovered = 0;
    struct cs_store *store = cs_server_store(sim->server);
    if (sim->went_back == 0) {
        return;
    }
    for (size_t i = 0; i < sim->device_count; i++) {
        if (takes_part(&sim->devices[i])) {
            check_device(&sim->devices[i]);
            check_told(&sim->devices[i]);
        }
    }
    sim_expect(sim, cs_store_awaits_any(store, &awaits), "who is awaited");
    /* Somebody of the desk is needed to give up who never comes. */
    if (awaits && sim_desk(sim) != NULL) {
        sim_fail(sim, SIM_INVARIANT_HELD_FOR_EVER, "the server still waits for %s", awaited(sim));
    }
    sim_expect(sim,
               cs_row_scan(cs_store_rows(store),
                           cs_registry_find(sim->registry, cs_bytes_of_text("exception")), NULL, 0,
                           CS_ROWS_LIVE, count_recovered, &recovered),
               "reading exceptions");
    /* Who has joined again says the same under other names. */
    if (recovered > 0 && !sim->rejoined) {
        sim_fail(sim, SIM_INVARIANT_NOT_TOLD,
                 "%zu rows are said to be kept by a device alone, though their authors have synced",
                 recovered);
    }
}
