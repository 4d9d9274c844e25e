/*
 * Who may see what: worked out from the ledger alone, generously. A person may see a row if any edit that was ever made, sent
 * or not, put it into reach. Whatever else arrives at a laptop is a leak.
 */
#include "tests/simulation/whole/sim.h"

#include "shared/wire/messages.h"

#include <string.h>

#define EVERYBODY ((uint32_t)-1)

static struct sim *receiver; /* whose sync is being received now */

/* The library's function, which this program sees through: see CMakeLists.txt. */
enum cs_status __real_cs_sync_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                              struct cs_sync_response *out);
enum cs_status __wrap_cs_sync_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                              struct cs_sync_response *out);
enum cs_status __wrap_cs_sync_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                              struct cs_sync_response *out)
{
    enum cs_status status = __real_cs_sync_response_decode(bytes, arena, out);
    /* The server reads such pages too, when somebody shows it what it had signed; and what a lie brings is not the core's doing. */
    if (status == CS_OK && receiver != NULL && receiver->receiving != NULL &&
        !receiver->receiving->misled) {
        sim_check_page(receiver->receiving, out);
    }
    return status;
}

void sim_check_begin(struct sim *sim)
{
    receiver = sim;
    sim_canary_begin(sim);
    sim_check_nonces_begin();
}

uint32_t sim_person_bit(struct cs_bytes id)
{
    for (size_t i = 0; i < SIM_DEVICES_MAX; i++) {
        struct cs_id person;
        if (sim_template_person(i, &person) && cs_bytes_equal(cs_id_bytes(&person), id)) {
            return (uint32_t)1 << i;
        }
    }
    return 0;
}

static bool widen(struct sim_row *row, uint32_t persons)
{
    bool more = row != NULL && (persons & ~row->persons) != 0;
    if (more) {
        row->persons |= persons;
    }
    return more;
}

/* One reference that once stood in a row. */
static bool follow(struct sim_ledger *ledger, struct sim_row *row, const struct cs_field *field,
                   const struct cs_value *value)
{
    struct cs_id id;
    if (field->type != CS_FIELD_REFERENCE || !cs_id_from_bytes(value->bytes, &id)) {
        return false;
    }
    bool more = (field->flags & CS_FIELD_OWNER) != 0 && widen(row, sim_person_bit(value->bytes));
    struct sim_row *other = sim_ledger_row(ledger, &id);
    if (other == NULL) {
        return more;
    }
    if ((field->flags & (CS_FIELD_FOLLOWS | CS_FIELD_PROJECT)) != 0) {
        more = widen(row, other->persons) || more;
    }
    if ((field->flags & CS_FIELD_CARRIES) != 0) {
        more = widen(other, row->persons) || more;
    }
    return more;
}

static bool pass(struct sim_ledger *ledger)
{
    bool more = false;
    for (size_t i = 0; i < ledger->row_count; i++) {
        struct sim_row *row = &ledger->rows[i];
        if (row->entity->scope == CS_SCOPE_RULE_EVERYONE) {
            more = widen(row, EVERYBODY) || more;
        }
        for (const struct sim_op *op = row->last; op != NULL; op = op->earlier) {
            for (size_t j = 0; j < op->change_count; j++) {
                if (op->changes[j].field != SIM_KEEP) {
                    more = follow(ledger, row, &op->entity->fields[op->changes[j].field],
                                  &op->changes[j].value) ||
                           more;
                }
            }
        }
    }
    return more;
}

void sim_scopes_work_out(struct sim_ledger *ledger)
{
    if (ledger->scoped == ledger->entry_count) {
        return;
    }
    while (pass(ledger)) {
    }
    ledger->scoped = ledger->entry_count;
}

static struct cs_bytes field_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return row->fields[i].value.bytes;
        }
    }
    return CS_BYTES_NONE;
}

static bool may_see(struct sim *sim, const struct sim_device *device, struct cs_bytes entity,
                    const struct cs_id *id, const struct cs_row *row)
{
    uint32_t bit = (uint32_t)1 << device->person;
    const struct sim_row *known = sim_ledger_row(&sim->ledger, id);
    if (known != NULL) {
        return (known->persons & bit) != 0;
    }
    if (cs_bytes_equal_text(entity, "person") || cs_bytes_equal_text(entity, "device")) {
        return true;
    }
    if (row == NULL) {
        return true; /* the departure of a row the server made */
    }
    if (cs_bytes_equal_text(entity, "conflict")) {
        struct cs_id subject;
        const struct sim_row *about = cs_id_from_bytes(field_of(row, "row"), &subject)
                                          ? sim_ledger_row(&sim->ledger, &subject)
                                          : NULL;
        return about != NULL && (about->persons & bit) != 0;
    }
    if (cs_bytes_equal_text(entity, "refusal") || cs_bytes_equal_text(entity, "held_work")) {
        return sim_person_bit(field_of(row, "author")) == bit;
    }
    return false;
}

/* What this page acknowledges is on the server's disk already, whatever happens to it next. */
static void check_acknowledged(struct sim *sim, const struct sim_device *device,
                               const struct cs_sync_response *page)
{
    if (page->outcome_count == 0 || sim_fork_is_shown_to(device) ||
        !sim_permille(&sim->random, 100)) {
        return;
    }
    struct sim_disk *durable = sim_disk_durable(sim->machine.disk);
    int64_t sequence = sim_vfs_ask(
        durable, SIM_DATABASE_PATH, "SELECT sequence FROM _device WHERE certificate = ?1",
        cs_bytes_make(cs_identity_certificate_id(device->identity), CS_HASH_SIZE));
    sim_disk_destroy(durable);
    if (sequence < 0 || (uint64_t)sequence < page->log_sequence) {
        sim_fail(sim, SIM_INVARIANT_EARLY_ACKNOWLEDGEMENT,
                 "laptop %zu was told of change-set %llu, on disk are %lld", device->index,
                 (unsigned long long)page->log_sequence, (long long)sequence);
    }
}

void sim_check_page(const struct sim_device *device, const struct cs_sync_response *page)
{
    struct sim *sim = device->sim;
    check_acknowledged(sim, device, page);
    sim_revoking_check_page(sim, device, page);
    if (device->sees_everything) {
        return;
    }
    sim_scopes_work_out(&sim->ledger);
    for (size_t i = 0; i < page->row_count; i++) {
        if (!may_see(sim, device, page->rows[i].entity, &page->rows[i].id, &page->rows[i])) {
            sim_fail(sim, SIM_INVARIANT_SCOPE_LEAK, "a %.*s reached laptop %zu",
                     (int)page->rows[i].entity.size, (const char *)page->rows[i].entity.data,
                     device->index);
        }
    }
    for (size_t i = 0; i < page->departure_count; i++) {
        if (!may_see(sim, device, page->departures[i].entity, &page->departures[i].row, NULL)) {
            sim_fail(sim, SIM_INVARIANT_SCOPE_LEAK, "the id of a %.*s reached laptop %zu",
                     (int)page->departures[i].entity.size,
                     (const char *)page->departures[i].entity.data, device->index);
        }
    }
}
