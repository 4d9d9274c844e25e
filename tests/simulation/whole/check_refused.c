/*
 * What was refused was refused for a reason that lies outside of it: an honest program asks for nothing that is not permitted, so
 * what it wrote rests on something else that was refused, or that the server never had. Then the author is told.
 */
#include "tests/simulation/whole/sim.h"

#include <string.h>

static bool failed(const struct sim_entry *entry)
{
    return entry->outcome != CS_OUTCOME_APPLIED;
}

/* Is there no change by which this row stands? */
static bool is_missing(struct sim *sim, const struct cs_id *id)
{
    const struct sim_row *row = sim_ledger_row(&sim->ledger, id);
    bool missing = row != NULL && row->last != NULL;
    for (const struct sim_op *op = row == NULL ? NULL : row->last; op != NULL; op = op->earlier) {
        missing = missing && !(op->kind == CS_OPERATION_INSERT && !failed(op->entry));
        if (op->kind == CS_OPERATION_INSERT && failed(op->entry)) {
            return true;
        }
    }
    return missing && row->entity->kind != CS_ENTITY_COMPUTED;
}

static bool rests_on_failed_base(struct sim *sim, const struct sim_op *op,
                                 const struct sim_change *change)
{
    const struct sim_row *row = sim_ledger_row(&sim->ledger, &op->row);
    for (size_t i = 0; i < change->base.count; i++) {
        for (const struct sim_op *other = row->last; other != NULL; other = other->earlier) {
            const struct cs_version *base = &change->base.items[i];
            if (failed(other->entry) && (cs_version_equal(&other->entry->version, base) ||
                                         cs_version_equal(&other->entry->written, base))) {
                return true;
            }
        }
    }
    return false;
}

static bool refers_to_missing(struct sim *sim, const struct sim_op *op,
                              const struct sim_change *change)
{
    struct cs_id id;
    return change->field != SIM_KEEP &&
           op->entity->fields[change->field].type == CS_FIELD_REFERENCE &&
           cs_id_from_bytes(change->value.bytes, &id) && is_missing(sim, &id);
}

static bool rests_on_refused(struct sim *sim, const struct sim_entry *entry)
{
    for (size_t i = 0; i < entry->op_count; i++) {
        const struct sim_op *op = &entry->ops[i];
        if (op->kind != CS_OPERATION_INSERT && is_missing(sim, &op->row)) {
            return true;
        }
        for (size_t j = 0; j < op->change_count; j++) {
            if (rests_on_failed_base(sim, op, &op->changes[j]) ||
                refers_to_missing(sim, op, &op->changes[j])) {
                return true;
            }
        }
    }
    return false;
}

/* A decision counts under the keys that signed it only: who has joined again is told to decide anew. */
static bool is_carried_decision(const struct sim_entry *entry)
{
    return entry->version.log != entry->written.log &&
           strcmp(entry->ops[0].entity->name, "review") == 0;
}

void sim_check_refused(struct sim *sim)
{
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        struct cs_logged_transaction logged;
        struct cs_arena arena;
        /* Of a device that obeys no rules nothing is expected; of one that was set back, not what it did before. */
        if (entry->outcome != CS_OUTCOME_REFUSED || entry->lax || entry->vanished ||
            entry->misled || sim_revoking_refuses(sim, entry) || rests_on_refused(sim, entry) ||
            is_carried_decision(entry)) {
            continue;
        }
        cs_arena_init(&arena, CS_MEBI);
        cs_require(sim_server_transaction(sim, entry, &arena, &logged));
        if (logged.status == CS_REVOKED || logged.status == CS_USED) {
            cs_arena_release(&arena); /* persons decided so, one after the other: revoking.c */
            continue;
        }
        sim_fail(sim, SIM_INVARIANT_REFUSED_WRONGLY,
                 "transaction %llu of laptop %zu, first on %s: %s: %.*s",
                 (unsigned long long)entry->version.counter, entry->author,
                 entry->ops[0].entity->name, cs_status_name(logged.status), (int)logged.text.size,
                 (const char *)logged.text.data);
    }
}
