/* Invariants after healing: every replica shows what the server holds, and the server holds what the ledger gives. */
#include "tests/simulation/whole/model.h"
#include "tests/simulation/whole/sim.h"

#include <string.h>

static enum cs_status add_hash(void *context, const struct cs_stored_row *row)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status == CS_OK) {
        cs_multiset_add(context, hash);
    }
    return status;
}

static bool takes_part(const struct sim_device *device)
{
    return sim_device_is_usable(device) && device->state == SIM_DEVICE_ON;
}

static void check_full_replica(struct sim_device *device, const struct cs_multiset *server)
{
    struct cs_multiset own = {{0}};
    sim_expect(device->sim, cs_row_scan_all(cs_replica_tables(device->replica), add_hash, &own),
               "reading a replica");
    if (memcmp(&own, server, sizeof own) != 0) {
        sim_fail(device->sim, SIM_INVARIANT_REPLICA_DIFFERS, "laptop %zu", device->index);
    }
}

struct comparison {
    struct sim_device *device;
    struct cs_arena arena;
};

static enum cs_status compare_row(void *context, const struct cs_stored_row *row)
{
    struct comparison *comparison = context;
    struct sim *sim = comparison->device->sim;
    struct cs_stored_row other;
    uint8_t own_hash[CS_HASH_SIZE];
    uint8_t server_hash[CS_HASH_SIZE] = {0};
    cs_arena_release(&comparison->arena);
    sim_expect(sim,
               cs_row_load(cs_store_rows(cs_server_store(sim->server)), row->name, &row->id,
                           &comparison->arena, &other),
               "reading the server's row");
    sim_expect(sim, cs_stored_row_hash(row, own_hash), "hashing");
    if (other.exists) {
        sim_expect(sim, cs_stored_row_hash(&other, server_hash), "hashing");
    }
    if (memcmp(own_hash, server_hash, sizeof own_hash) != 0) {
        sim_fail(sim, SIM_INVARIANT_REPLICA_DIFFERS, "laptop %zu: a %.*s",
                 comparison->device->index, (int)row->name.size, (const char *)row->name.data);
    }
    return CS_OK;
}

static void check_part_replica(struct sim_device *device)
{
    struct comparison comparison = {.device = device};
    cs_arena_init(&comparison.arena, CS_MESSAGE_ARENA_MAX);
    sim_expect(device->sim,
               cs_row_scan_all(cs_replica_tables(device->replica), compare_row, &comparison),
               "reading a replica");
    cs_arena_release(&comparison.arena);
}

/* Nothing waits any more, and what was refused is on its author's list. */
static void check_outcomes(struct sim *sim)
{
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        const struct sim_device *device = &sim->devices[entry->author];
        if (!entry->acknowledged && !entry->vanished && takes_part(device)) {
            sim_fail(sim, SIM_INVARIANT_HELD_FOR_EVER, "transaction %llu of laptop %zu",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}

/* The server has no other transactions than those people made, and each of them once. */
static void check_count(struct sim *sim, size_t known)
{
    struct sim_disk *disk = sim_disk_copy(sim->machine.disk);
    int64_t count = sim_vfs_ask(disk, SIM_DATABASE_PATH,
                                "SELECT count(DISTINCT id) FROM _transaction", CS_BYTES_NONE);
    int64_t doubles = sim_vfs_ask(disk, SIM_DATABASE_PATH,
                                  "SELECT count(*) - count(DISTINCT id) FROM _transaction "
                                  "WHERE outcome = 1",
                                  CS_BYTES_NONE);
    if (doubles != 0) {
        sim_fail(sim, SIM_INVARIANT_APPLIED_TWICE, "%lld transactions", (long long)doubles);
    }
    sim_disk_destroy(disk);
    if (count != (int64_t)known) {
        sim_fail(sim, SIM_INVARIANT_APPLIED_TWICE,
                 "the server has %lld transactions, people made %zu", (long long)count, known);
    }
}

void sim_check_end(struct sim *sim)
{
    struct cs_multiset server = {{0}};
    sim->quiet = true;
    sim_expect(sim, cs_row_scan_all(cs_store_rows(cs_server_store(sim->server)), add_hash, &server),
               "reading the server's rows");
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (!takes_part(device)) {
            continue;
        }
        if (device->sees_everything) {
            check_full_replica(device, &server);
        } else {
            check_part_replica(device);
        }
    }
    sim_check_visible(sim);
    sim_check_disks(sim);
    sim_check_went_back(sim);
    check_outcomes(sim);
    check_count(sim, sim_model_check(sim));
    sim_revoking_check(sim);
    sim_check_refused(sim);
    sim_hostile_check(sim);
    sim_evidence_check_end(sim);
    if (sim_vfs_check(sim->machine.disk, SIM_DATABASE_PATH, &sim->problem) != CS_OK) {
        sim_fail(sim, SIM_INVARIANT_DATABASE_DAMAGED, "%s", sim->problem.text);
    }
}
