/* What a device has committed goes into the ledger, and is compared with what was asked of it. */
#include "tests/simulation/whole/sim.h"

#include "shared/merge/row_versions.h"

#include <string.h>

static void check_base(struct sim_device *device, const struct sim_op *op,
                       const struct sim_change *change)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    struct cs_row_versions versions;
    cs_arena_init(&arena, CS_MEBI);
    cs_require(cs_row_versions_unpack(device->asked.versions, &arena, &versions) == CS_OK);
    size_t unit = cs_entity_unit(op->entity, change->field);
    struct cs_versions shown =
        cs_row_versions_of(&versions, cs_bytes_of_text(op->entity->fields[unit].name));
    if (!cs_versions_equal(shown, change->base)) {
        sim_fail(sim, SIM_INVARIANT_BASE_WRONG, "laptop %zu: %s.%s", device->index,
                 op->entity->name, op->entity->fields[change->field].name);
    }
    cs_arena_release(&arena);
}

static bool was_asked(const struct sim_asked *asked, const struct sim_op *op,
                      const struct sim_change *change)
{
    const char *name = op->entity->fields[change->field].name;
    bool found = false;
    for (size_t i = 0; i < asked->value_count; i++) {
        found = found || (cs_bytes_equal_text(asked->values[i].name, name) &&
                          cs_value_equal(&asked->values[i].value, &change->value));
    }
    return found;
}

/* Fields that move together are sent together: those that nobody named as they were shown. */
static bool came_along(const struct sim_asked *asked, const struct sim_op *op,
                       const struct sim_change *change)
{
    const struct cs_entity *entity = op->entity;
    size_t unit = cs_entity_unit(entity, change->field);
    bool named = false;
    bool unit_named = false;
    for (size_t i = 0; i < asked->value_count; i++) {
        int field = cs_entity_field_index(entity, asked->values[i].name);
        named = named || (size_t)field == change->field;
        unit_named = unit_named || (field >= 0 && cs_entity_unit(entity, (size_t)field) == unit);
    }
    return asked->shown != NULL && unit_named && !named &&
           cs_value_equal(&asked->shown[change->field], &change->value);
}

static void check_asked(struct sim_device *device, struct sim_op *op)
{
    struct sim *sim = device->sim;
    const struct sim_asked *asked = &device->asked;
    if (op->kind != asked->kind ||
        (asked->kind != CS_OPERATION_INSERT && !cs_id_equal(&op->row, &asked->row))) {
        sim_fail(sim, SIM_INVARIANT_COMMIT_ALTERED, "laptop %zu wrote down another operation",
                 device->index);
    }
    for (size_t i = 0; i < op->change_count; i++) {
        const struct sim_change *change = &op->changes[i];
        if (!was_asked(asked, op, change) && !came_along(asked, op, change)) {
            sim_fail(sim, SIM_INVARIANT_COMMIT_ALTERED, "laptop %zu: %s.%s", device->index,
                     op->entity->name, op->entity->fields[change->field].name);
        }
        if (op->kind == CS_OPERATION_UPDATE) {
            check_base(device, op, change);
        }
    }
    if (op->kind == CS_OPERATION_DELETE) {
        uint8_t seen[CS_HASH_SIZE];
        cs_row_versions_hash(asked->versions, seen);
        if (memcmp(seen, op->seen, sizeof seen) != 0) {
            sim_fail(sim, SIM_INVARIANT_BASE_WRONG, "laptop %zu deletes what it did not see",
                     device->index);
        }
        cs_require(cs_arena_copy(&sim->ledger.arena, asked->versions, &op->seen_versions) == CS_OK);
    }
}

/* What it took over when it joined again has only got another name. */
static bool carried(struct sim_device *device, const struct cs_transaction *transaction)
{
    struct sim_entry *entry =
        device->sim->rejoined ? sim_ledger_find(&device->sim->ledger, transaction->id) : NULL;
    const struct cs_version name = {device->log, transaction->counter};
    if (entry != NULL) {
        sim_ledger_name(&device->sim->ledger, entry, &name);
    }
    if (entry != NULL && entry->author == device->index && !entry->acknowledged) {
        entry->version = name;
    }
    return entry != NULL;
}

/* `number`: in the device's list; a refused one keeps its body when that changes. */
static enum cs_status record_one(struct sim_device *device, struct cs_bytes body, uint64_t number)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    struct cs_transaction transaction;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_transaction_decode(body, &arena, &transaction);
    if (status == CS_OK) {
        transaction.counter = number;
    }
    if (status == CS_OK && carried(device, &transaction)) {
        cs_arena_release(&arena);
        return CS_OK;
    }
    if (status == CS_OK) {
        struct sim_entry *entry = sim_ledger_add(&sim->ledger, sim->registry,
                                                 cs_identity_log(device->identity), &transaction);
        entry->author = device->index;
        entry->roles = device->roles;
        entry->lax = device->lax;
        entry->misled = device->misled;
        device->counter_recorded = transaction.counter;
        sim_count(sim, SIM_ACTION_TRANSACTION);
        sim_event(sim, "laptop %zu commits %llu: %zu operations, first on %s", device->index,
                  (unsigned long long)transaction.counter, entry->op_count,
                  entry->ops[0].entity->name);
        if (device->asked.active) {
            check_asked(device, &entry->ops[0]);
            device->asked.active = false;
        }
    }
    cs_arena_release(&arena);
    return status;
}

void sim_record(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_statement *statement;
    bool more = true;
    sim_expect(
        sim,
        cs_statement_get(cs_replica_database(device->replica),
                         "SELECT body, counter FROM _pending WHERE counter > ?1 ORDER BY counter",
                         &statement),
        "reading what was committed");
    cs_bind_integer(statement, 1, (int64_t)device->counter_recorded);
    enum cs_status status = cs_statement_step(statement, &more);
    while (status == CS_OK && more) {
        status = record_one(device, cs_column_bytes(statement, 0),
                            (uint64_t)cs_column_integer(statement, 1));
        if (status == CS_OK) {
            status = cs_statement_step(statement, &more);
        }
    }
    if (status == CS_OK) {
        cs_statement_done(statement);
    }
    device->asked.active = false;
    if (status == CS_IO) {
        return; /* the disk: the next start reads it again */
    }
    sim_expect(sim, status, "reading what was committed");
}

bool sim_committed(struct sim_device *device, enum cs_status status, enum sim_action action)
{
    struct sim *sim = device->sim;
    if (sim_device_recover(device)) {
        return false;
    }
    if (status == CS_OK) {
        sim_count(sim, action);
        sim_record(device);
        return true;
    }
    bool local = cs_status_class(status) == CS_CLASS_LOCAL;
    sim_count(sim, local ? SIM_ACTION_FAILED : SIM_ACTION_DECLINED);
    sim_event(sim, "laptop %zu declines: %s: %.90s", device->index, cs_status_name(status),
              sim->problem.text);
    device->asked.active = false;
    bool may_fail = sim->plan.rates[SIM_FAULT_CLIENT_DISK_ERROR] > 0 ||
                    sim->plan.rates[SIM_FAULT_CLIENT_DISK_FULL] > 0;
    if (local && !may_fail) {
        sim_fail(sim, SIM_INVARIANT_UNEXPECTED_STATUS, "laptop %zu: %s", device->index,
                 cs_status_name(status));
    }
    return false;
}

bool sim_conclude(struct sim_device *device, struct cs_edit *owned_edit, enum cs_status status,
                  enum sim_action action)
{
    if (status == CS_OK) {
        status = cs_edit_commit(owned_edit);
    } else {
        cs_edit_abort(owned_edit);
    }
    return sim_committed(device, status, action);
}
