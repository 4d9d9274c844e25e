/*
 * Somebody with a USB stick: the product's bundles, exported on a laptop, carried, imported at the server; and the server's back (shared/wire/BUNDLE.md).
 *
 * A stick comes late, twice, out of order, not at all, or cut off at any byte: then it is refused, and copied once more. What an import may end with is
 * judged here; what became of the work, by the invariants of syncs. There is no courier where the server lies or shows another history.
 */
#include "tests/simulation/whole/sim.h"
#include "tests/simulation/whole/stick_files.h"

#include "field-client/sync/bundle.h"
#include "sync-server/handlers/bundle.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)

static void drop(struct sim_stick *stick)
{
    free(stick->bytes);
    *stick = (struct sim_stick){.used = false};
}

void sim_courier_release(struct sim *sim)
{
    for (size_t i = 0; i < SIM_STICKS_MAX; i++) {
        drop(&sim->sticks[i]);
    }
}

static bool is_honest(const struct sim *sim)
{
    return !sim_hostile_is_on(sim) && sim->plan.rates[SIM_FAULT_FORK] == 0 &&
           sim->plan.rates[SIM_FAULT_NOT_KEPT] == 0 && sim->plan.rates[SIM_FAULT_NOT_OWNED_UP] == 0;
}

static void later(struct sim_stick *stick)
{
    stick->due_ms = stick->device->sim->now_ms + HOUR_MS;
}

/* ---- what happens on the way ---- */

static void damage(struct sim *sim, struct sim_stick *stick)
{
    if (sim_permille(&sim->random, 150)) {
        stick->cut = 1 + sim_below(&sim->random, stick->size - 1);
    } else if (sim_permille(&sim->random, 50)) {
        stick->flipped = 1 + sim_below(&sim->random, stick->size * 8);
    }
}

/* What was exported just now sets out; `like` says from whom and what was known then. */
static void set_out(struct sim *sim, const struct sim_stick *like)
{
    struct cs_bytes bytes = sim_stick_written();
    struct sim_stick *stick = NULL;
    sim_trace_bytes(sim, bytes);
    sim_check_wire(sim, bytes);
    for (size_t i = 0; i < SIM_STICKS_MAX && stick == NULL; i++) {
        stick = sim->sticks[i].used ? NULL : &sim->sticks[i];
    }
    if (stick == NULL || sim_permille(&sim->random, 150)) {
        sim_event(sim, "the stick of laptop %zu is lost", like->device->index);
        return;
    }
    *stick = *like;
    stick->used = true;
    stick->order = ++sim->sticks_made;
    int64_t hours = sim_permille(&sim->random, 600) ? 10 : 90;
    stick->due_ms = sim->now_ms + sim_between(&sim->random, HOUR_MS, hours * HOUR_MS);
    stick->again = sim_permille(&sim->random, 250) ? 1 : 0;
    stick->went_back = sim->went_back;
    stick->size = bytes.size;
    stick->bytes = malloc(bytes.size);
    cs_require(stick->bytes != NULL);
    memcpy(stick->bytes, bytes.data, bytes.size);
    damage(sim, stick);
}

/* A copy that was damaged has to be refused, whoever reads it; then it is made once more. */
static void refuse_damaged(struct sim *sim, struct sim_stick *stick,
                           const struct cs_bundle_expected *expected)
{
    struct cs_bundle_reader reader;
    size_t bit = stick->flipped == 0 ? 0 : stick->flipped - 1;
    uint8_t mask = (uint8_t)(stick->flipped == 0 ? 0 : 1u << (bit % 8));
    stick->bytes[bit / 8] ^= mask;
    sim_stick_insert(stick->bytes, stick->cut > 0 ? stick->cut : stick->size);
    enum cs_status status = cs_bundle_reader_open("the stick", expected, &reader, &sim->problem);
    if (status == CS_OK) {
        cs_bundle_reader_close(&reader);
        sim_fail(sim, SIM_INVARIANT_BUNDLE_WRONG, "a damaged copy of laptop %zu's was accepted",
                 stick->device->index);
    }
    sim_count(sim, SIM_ACTION_BUNDLE_DAMAGED);
    stick->bytes[bit / 8] ^= mask;
    stick->cut = stick->flipped = 0;
    later(stick);
}

/* ---- statuses ---- */

static bool is_of_disk(const struct sim_machine *machine, enum cs_status status)
{
    return machine->disk->dead || status == CS_IO || status == CS_DISK_FULL ||
           status == CS_UNAVAILABLE;
}

/* It was copied or set back, or was another device when this was made. */
static bool may_be_forked(const struct sim_stick *stick)
{
    const struct sim_device *device = stick->device;
    return device->was_restored || device->in_clone_group || device->log != stick->log;
}

static bool is_expected(const struct sim_stick *stick, enum cs_status status)
{
    const struct sim_device *device = stick->device;
    const struct sim *sim = device->sim;
    /* Nothing has reached this laptop since it was asked for, nor has it gone back to before that. */
    bool fresh = stick->session_number == device->session_number &&
                 stick->bundles_taken == device->bundles_taken && !may_be_forked(stick);
    switch ((int)status) {
    case CS_FORKED:
        return may_be_forked(stick);
    case CS_GAP:
        return sim->went_back > 0 || (!stick->to_server && !fresh);
    case CS_ROLLED_BACK:
    case CS_OTHER_HISTORY:
        return sim->went_back > 0;
    case CS_REVOKED:
        return sim_revoking_explains(device);
    case CS_DENIED:
        return !stick->to_server && device->log != stick->log;
    default:
        return false;
    }
}

static void judge(const struct sim_stick *stick, enum cs_status status)
{
    struct sim *sim = stick->device->sim;
    if (!is_expected(stick, status)) {
        sim_fail(sim, SIM_INVARIANT_BUNDLE_WRONG, "a bundle %s laptop %zu: %s: %s",
                 stick->to_server ? "of" : "for", stick->device->index, cs_status_name(status),
                 sim->problem.text);
    }
}

/* ---- from a laptop ---- */

static void export_up(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_bundle_made made;
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    struct sim_stick stick = {.device = device,
                              .to_server = true,
                              .log = device->log,
                              .session_number = device->session_number,
                              .bundles_taken = device->bundles_taken};
    memcpy(stick.certificate, cs_identity_certificate_id(device->identity), CS_HASH_SIZE);
    enum cs_status status =
        cs_bundle_export(device->replica, "the stick", false, &made, &sim->problem);
    sim_event(sim, "laptop %zu makes a bundle: %s", device->index, cs_status_name(status));
    if (status == CS_OK && !device->machine.disk->dead) {
        set_out(sim, &stick);
    } else if (!is_of_disk(&device->machine, status)) {
        sim_expect(sim, status, "making a bundle");
    }
    (void)sim_device_recover(device);
}

/* ---- at the server ---- */

/* As a person at the server would: part after part, until one is not taken. */
static enum cs_status take_parts(struct sim *sim, struct cs_bundle_reader *reader)
{
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK && more && !sim->machine.disk->dead) {
        struct cs_bundle_taken taken = {.status = CS_OK};
        struct cs_buffer part;
        struct cs_arena arena;
        cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_require(cs_bundle_reader_next(reader, &part, &more) == CS_OK);
        if (more) {
            sim_revoking_before(sim);
            status =
                cs_server_take_bundle_part(sim->server, cs_buffer_bytes(&part), &arena, &taken);
            sim_revoking_after(sim, 1);
            status = status == CS_OK ? taken.status : status;
            sim_event(sim, "server takes %llu of %llu change-sets from a stick: %s",
                      (unsigned long long)taken.taken, (unsigned long long)taken.change_sets,
                      cs_status_name(status));
            (void)cs_problem_set(&sim->problem, status, "%.*s", (int)taken.text.size,
                                 (const char *)taken.text.data);
        }
        cs_arena_release(&arena);
        cs_buffer_release(&part);
    }
    return status;
}

static enum cs_status write_parts(struct sim *sim, struct cs_bundle_export *bundle,
                                  const struct cs_bundle_header *header)
{
    struct cs_bundle_writer *writer;
    uint64_t size;
    bool more = true;
    enum cs_status status =
        cs_bundle_writer_begin("the stick", header, false, &writer, &sim->problem);
    sim_expect(sim, status, "writing a bundle");
    while (status == CS_OK && more) {
        struct cs_buffer part;
        cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
        status = cs_server_export_next(bundle, &part, &more);
        if (status == CS_OK && more) {
            status = cs_bundle_writer_add(writer, cs_buffer_bytes(&part));
        }
        cs_buffer_release(&part);
    }
    if (status == CS_OK) {
        status = cs_bundle_writer_finish(writer, &size, &sim->problem);
    }
    cs_bundle_writer_end(writer);
    return status;
}

static void export_down(struct sim *sim, const struct sim_stick *answered)
{
    struct sim_stick stick = *answered;
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_DEVICE, .made_ms = sim->now_ms};
    struct cs_bundle_export *bundle = NULL;
    stick.to_server = false;
    memcpy(header.recipient, stick.certificate, CS_HASH_SIZE);
    enum cs_status status = cs_server_bundle_names(sim->server, header.organisation, header.sender);
    if (status == CS_OK) {
        status = cs_server_export_begin(sim->server, stick.certificate, &bundle, &sim->problem);
    }
    if (status == CS_OK) {
        status = write_parts(sim, bundle, &header);
    }
    cs_server_export_end(bundle);
    sim_event(sim, "server makes a bundle for laptop %zu: %s", stick.device->index,
              cs_status_name(status));
    if (status == CS_OK && !sim->machine.disk->dead) {
        sim_check_server_answered(sim);
        set_out(sim, &stick);
    } else if (!is_of_disk(&sim->machine, status)) {
        judge(&stick, status);
    }
}

static bool carry_up(struct sim *sim, struct sim_stick *stick)
{
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_HASH_SIZE];
    struct cs_bundle_reader reader;
    sim->machine.true_ms = sim->now_ms;
    enum cs_status status = cs_server_bundle_names(sim->server, organisation, identity);
    if (status == CS_OK) {
        const struct cs_bundle_expected expected = {CS_BUNDLE_TO_SERVER, organisation, NULL,
                                                    identity};
        if (stick->cut + stick->flipped > 0) {
            refuse_damaged(sim, stick, &expected);
            return false;
        }
        sim_stick_insert(stick->bytes, stick->size);
        sim_expect(sim, cs_bundle_reader_open("the stick", &expected, &reader, &sim->problem),
                   "reading a bundle at the server");
        status = take_parts(sim, &reader);
        cs_bundle_reader_close(&reader);
    }
    bool disk = is_of_disk(&sim->machine, status);
    if (!disk && status == CS_OK) {
        sim_check_incarnation(sim);
        sim_count(sim, SIM_ACTION_BUNDLE_UP);
        if (sim_permille(&sim->random, 800)) {
            export_down(sim, stick);
        }
    } else if (!disk) {
        judge(stick, status);
    }
    (void)sim_server_recover(sim);
    if (disk) {
        later(stick);
    }
    return !disk;
}

/* ---- on a laptop ---- */

static void taken_down(struct sim_stick *stick, const struct cs_bundle_imported *imported)
{
    struct sim_device *device = stick->device;
    struct sim *sim = device->sim;
    const struct cs_sync_result *result = &imported->sync;
    sim_count(sim, imported->already ? SIM_ACTION_BUNDLE_KNOWN : SIM_ACTION_BUNDLE_DOWN);
    device->bundles_taken += imported->already ? 0 : 1;
    if (!imported->already && result->digest != CS_SYNC_DIGEST_EQUAL && !device->behind_silence) {
        sim_fail(sim, SIM_INVARIANT_DIGEST_UNEQUAL, "laptop %zu, by a bundle", device->index);
    }
    /* One that is known already says nothing, not even how far the server is. */
    if (!imported->already) {
        sim->ledger_moves += result->pushed + result->pulled + result->departed;
        sim_check_sync_finished(device);
    }
}

static void refused_down(struct sim_stick *stick, enum cs_status status)
{
    struct sim_device *device = stick->device;
    judge(stick, status);
    if (status == CS_REVOKED) {
        sim_revoking_told(device);
    }
    if (status == CS_FORKED) {
        device->state = SIM_DEVICE_FORKED;
        device->set_back = false;
    }
}

static bool carry_down(struct sim *sim, struct sim_stick *stick)
{
    struct sim_device *device = stick->device;
    struct cs_bundle_imported imported;
    if (!sim_device_is_usable(device) || device->session != NULL) {
        later(stick);
        return false;
    }
    if (stick->cut + stick->flipped > 0) {
        const struct cs_bundle_expected any = {CS_BUNDLE_TO_DEVICE, NULL, NULL, NULL};
        refuse_damaged(sim, stick, &any);
        return false;
    }
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    sim_stick_insert(stick->bytes, stick->size);
    cs_bundle_imported_init(&imported);
    sim->receiving = device;
    enum cs_status status =
        cs_bundle_import(device->replica, "the stick", &imported, &sim->problem);
    sim->receiving = NULL;
    sim_event(sim, "laptop %zu imports a bundle: %s%s: %.60s", device->index,
              cs_status_name(status), imported.already ? ", known already" : "", sim->problem.text);
    bool disk = is_of_disk(&device->machine, status);
    if (status == CS_OK && !device->machine.disk->dead) {
        disk = false;
        taken_down(stick, &imported);
    } else if (!disk) {
        refused_down(stick, status);
    }
    cs_bundle_imported_release(&imported);
    (void)sim_device_recover(device);
    if (disk) {
        later(stick);
    }
    return !disk;
}

/* ---- when ---- */

static bool carry(struct sim *sim, struct sim_stick *stick)
{
    if (stick->to_server) {
        return carry_up(sim, stick);
    }
    /* What the server said before it lost it is what its laptops know: another story, told by syncs. */
    return stick->went_back != sim->went_back || carry_down(sim, stick);
}

static struct sim_stick *next_due(struct sim *sim)
{
    struct sim_stick *best = NULL;
    for (size_t i = 0; i < SIM_STICKS_MAX; i++) {
        struct sim_stick *stick = &sim->sticks[i];
        if (stick->used && stick->due_ms <= sim->now_ms &&
            (best == NULL || stick->due_ms < best->due_ms ||
             (stick->due_ms == best->due_ms && stick->order < best->order))) {
            best = stick;
        }
    }
    return best;
}

void sim_courier_deliver(struct sim *sim)
{
    for (struct sim_stick *stick = next_due(sim); stick != NULL; stick = next_due(sim)) {
        if (!carry(sim, stick)) {
            continue;
        }
        if (stick->again == 0) {
            drop(stick);
        } else {
            stick->again--;
            stick->due_ms = sim->now_ms + sim_between(&sim->random, HOUR_MS, 200 * HOUR_MS);
        }
    }
}

void sim_courier(struct sim *sim)
{
    sim_courier_deliver(sim);
    if (!is_honest(sim) || !sim_fault(sim, SIM_FAULT_STICK)) {
        return;
    }
    struct sim_device *device = &sim->devices[sim_below(&sim->random, sim->device_count)];
    if (sim_device_is_usable(device) && device->session == NULL) {
        export_up(device);
    }
}
