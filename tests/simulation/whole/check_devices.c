/* Invariants of one laptop: nothing that was committed is lost, no transaction is half there. */
#include "tests/simulation/whole/sim.h"

#include <string.h>

/* The number that a transaction has in the device's own list; 0: it has none there. */
static uint64_t number_in(const struct sim_device *device, const struct sim_entry *entry)
{
    for (size_t i = entry->name_count; i-- > 0;) {
        if (entry->names[i].log == device->log) {
            return entry->names[i].counter;
        }
    }
    return 0;
}

static bool is_body_of(struct cs_bytes body, const struct sim_entry *entry)
{
    struct cs_arena arena;
    struct cs_transaction transaction;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    bool same = cs_transaction_decode(body, &arena, &transaction) == CS_OK &&
                memcmp(transaction.id, entry->id, sizeof entry->id) == 0;
    cs_arena_release(&arena);
    return same;
}

/* The state of one of its transactions in the device's own list, 0: not there; -1: its disk failed. */
static int pending_state(struct sim_device *device, const struct sim_entry *entry)
{
    struct cs_statement *statement;
    int state = 0;
    bool found = false;
    sim_expect(device->sim,
               cs_statement_get(cs_replica_database(device->replica),
                                "SELECT state, body FROM _pending WHERE counter = ?1", &statement),
               "looking for a transaction");
    cs_bind_integer(statement, 1, (int64_t)number_in(device, entry));
    enum cs_status status = cs_statement_step(statement, &found);
    if (status == CS_OK) {
        found = found && is_body_of(cs_column_bytes(statement, 1), entry);
        state = found ? (int)cs_column_integer(statement, 0) : 0;
        cs_statement_done(statement);
    }
    return status == CS_OK ? state : -1;
}

/* Does the server know what became of it? */
static bool server_knows(struct sim *sim, const struct sim_entry *entry, enum cs_outcome *out)
{
    struct cs_arena arena;
    struct cs_logged_transaction logged;
    cs_arena_init(&arena, CS_MEBI);
    bool known = sim_server_transaction(sim, entry, &arena, &logged);
    if (known) {
        *out = logged.outcome;
    }
    cs_arena_release(&arena);
    return known;
}

static void settle(struct sim *sim, struct sim_entry *entry, int state)
{
    entry->acknowledged = true;
    entry->refused = state == CS_PENDING_REFUSED;
    if (entry->refused) {
        sim_count(sim, SIM_ACTION_REFUSED);
    }
}

/* What is not acknowledged is still waiting; what has left the list, the server has. */
static void check_unsent(struct sim_device *device)
{
    struct sim *sim = device->sim;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        if (entry->author != device->index || entry->acknowledged || entry->vanished) {
            continue;
        }
        int state = pending_state(device, entry);
        if (state < 0) {
            return; /* its disk */
        }
        enum cs_outcome outcome = CS_OUTCOME_HELD;
        if (state == CS_PENDING_REFUSED) {
            if (sim_fork_is_shown_to(device) && !server_knows(sim, entry, &outcome)) {
                entry->lost = entry->was_lost = true;
            }
            settle(sim, entry, state);
        } else if (state == 0 && !server_knows(sim, entry, &outcome)) {
            /* It was told before the server went back, or in another history, and sends it again. */
            if ((sim->went_back > 0 || sim_fork_is_shown_to(device)) &&
                sim_is_kept(device, entry->version.counter)) {
                entry->lost = entry->was_lost = true;
                settle(sim, entry, state);
                continue;
            }
            sim_fail(sim, SIM_INVARIANT_UNSENT_LOST, "transaction %llu of laptop %zu",
                     (unsigned long long)entry->version.counter, device->index);
        } else if (state == 0) {
            if (outcome == CS_OUTCOME_REFUSED && !entry->forgotten) {
                sim_fail(sim, SIM_INVARIANT_REFUSAL_LOST, "transaction %llu of laptop %zu",
                         (unsigned long long)entry->version.counter, device->index);
            }
            settle(sim, entry, state);
        }
    }
}

static size_t rows_there(struct sim_device *device, const struct sim_entry *entry)
{
    struct cs_arena arena;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    for (size_t i = 0; i < entry->op_count; i++) {
        struct cs_stored_row row;
        if (cs_row_load(cs_replica_tables(device->replica),
                        cs_bytes_of_text(entry->ops[i].entity->name), &entry->ops[i].row, &arena,
                        &row) == CS_OK) {
            count += row.exists ? 1 : 0;
        }
    }
    cs_arena_release(&arena);
    return count;
}

/* Several new rows that belong to everyone: an action on several parts. */
static bool is_for_everyone(const struct sim_entry *entry)
{
    for (size_t i = 0; i < entry->op_count; i++) {
        if (entry->ops[i].kind != CS_OPERATION_INSERT ||
            entry->ops[i].entity->scope != CS_SCOPE_RULE_EVERYONE) {
            return false;
        }
    }
    return entry->op_count > 1;
}

void sim_check_whole(struct sim_device *device)
{
    struct sim *sim = device->sim;
    for (size_t i = 0; !device->misled && i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        /* Of a refused one a row stays in sight as long as a later edit of it waits for its own refusal. */
        if (!is_for_everyone(entry) || entry->refused) {
            continue;
        }
        /* What the server lost may come back row by row, from others than its author; whole in the end. */
        if (entry->was_lost && !device->sim->quiet) {
            continue;
        }
        size_t count = rows_there(device, entry);
        if (count != 0 && count != entry->op_count && !device->machine.disk->dead) {
            sim_fail(sim, SIM_INVARIANT_HALF_TRANSACTION,
                     "laptop %zu shows %zu of %zu rows of transaction %llu of laptop %zu",
                     device->index, count, entry->op_count,
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}

void sim_check_device_started(struct sim_device *device)
{
    check_unsent(device);
    sim_check_whole(device);
}

void sim_check_sync_finished(struct sim_device *device)
{
    check_unsent(device);
    sim_evidence_synced(device);
    if (sim_permille(&device->sim->random, 250)) {
        sim_check_whole(device);
    }
}
