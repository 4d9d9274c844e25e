/* Invariants of the server: nothing acknowledged is lost, nothing is acknowledged early, nothing is readable on the wire. */
#include "tests/simulation/whole/sim.h"

#include <string.h>

void sim_check_server_started(struct sim *sim)
{
    struct cs_arena arena;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        if (!entry->acknowledged) {
            continue;
        }
        struct cs_logged_transaction logged;
        cs_arena_init(&arena, CS_MEBI);
        enum cs_status status =
            cs_store_transaction(cs_server_store(sim->server), &entry->version, &arena, &logged);
        bool same = status == CS_OK && memcmp(logged.id, entry->id, sizeof entry->id) == 0;
        cs_arena_release(&arena);
        if (!same) {
            sim_fail(sim, SIM_INVARIANT_ACKNOWLEDGED_LOST, "transaction %llu of laptop %zu",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}

void sim_check_server_answered(struct sim *sim)
{
    const struct sim_disk *disk = sim->machine.disk;
    /* A commit that failed may leave behind what no answer speaks of. */
    bool may_have_failed = sim->plan.rates[SIM_FAULT_SERVER_DISK_ERROR] > 0 ||
                           sim->plan.rates[SIM_FAULT_SERVER_DISK_FULL] > 0;
    if (!may_have_failed && sim_disk_has_unsynced(disk)) {
        sim_fail(sim, SIM_INVARIANT_EARLY_ACKNOWLEDGEMENT, "%s",
                 "an answer left while written data was not synced");
    }
}

/* What people entered always holds the canary; here it is looked for in every dress it could wear. */
static const struct {
    const char *dress;
    const char *bytes;
    size_t size;
} canaries[] = {
    {"raw", SIM_CANARY, sizeof SIM_CANARY - 1},
    {"hexadecimal", "4b414e415249454e564f47454c", 26},
    {"hexadecimal", "4B414E415249454E564F47454C", 26},
    {"base64", "S0FOQVJJRU5WT0dFT", 17},
    {"base64", "tBTkFSSUVOVk9HRU", 16},
    {"base64", "LQU5BUklFTlZPR0VM", 17},
    {"UTF-16", "K\0A\0N\0A\0R\0I\0E\0N\0V\0O\0G\0E\0L", 25},
};

void sim_check_wire(struct sim *sim, struct cs_bytes bytes)
{
    for (size_t i = 0; i < CS_COUNT(canaries); i++) {
        if (memmem(bytes.data, bytes.size, canaries[i].bytes, canaries[i].size) != NULL) {
            sim_fail(sim, SIM_INVARIANT_CANARY_SEEN, "%s", canaries[i].dress);
        }
    }
}
