/* Invariants of the server: nothing acknowledged is lost, nothing is acknowledged early, nothing is readable on the wire. */
#include "tests/simulation/whole/sim.h"

#include <sodium.h>
#include <string.h>

bool sim_server_transaction(struct sim *sim, const struct sim_entry *entry, struct cs_arena *arena,
                            struct cs_logged_transaction *out)
{
    struct cs_store *store = cs_server_store(sim->server);
    struct cs_logged_transaction taken;
    int64_t looked = sim_disk_look(sim->machine.disk);
    bool found = cs_store_transaction(store, &entry->version, arena, out) == CS_OK &&
                 memcmp(out->id, entry->id, sizeof entry->id) == 0;
    /* The same work may have come through another log: of the other copy of a laptop. */
    if ((!found || out->outcome == CS_OUTCOME_DUPLICATE) &&
        (cs_store_transaction_taken(store, entry->id, arena, &taken) == CS_OK ||
         cs_store_transaction_refused(store, entry->id, arena, &taken) == CS_OK)) {
        *out = taken;
        found = true;
    }
    sim_disk_look_away(sim->machine.disk, looked);
    return found;
}

void sim_check_server_started(struct sim *sim)
{
    struct cs_arena arena;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        if (!entry->acknowledged && !entry->handed_over) {
            continue;
        }
        struct cs_logged_transaction logged;
        cs_arena_init(&arena, CS_MEBI);
        bool same = sim_server_transaction(sim, entry, &arena, &logged);
        cs_arena_release(&arena);
        entry->lost = entry->lost && !same;
        if (!same && !entry->lost) {
            sim_fail(sim, SIM_INVARIANT_ACKNOWLEDGED_LOST, "transaction %llu of laptop %zu",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}

void sim_check_server_answered(struct sim *sim)
{
    sim_check_nonces(sim);
    const struct sim_disk *disk = sim->machine.disk;
    /* Of the database itself a checkpoint may leave something: the log still has it. A commit that failed may leave behind what no answer speaks of. */
    bool may_have_failed = sim->plan.rates[SIM_FAULT_SERVER_DISK_ERROR] > 0 ||
                           sim->plan.rates[SIM_FAULT_SERVER_DISK_FULL] > 0;
    if (!may_have_failed && sim_disk_has_unsynced(disk, SIM_DATABASE_PATH "-wal")) {
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

/*
 * Keys and nonces that have been used, as fingerprints of both together in an open table; a run holds some thousands. Seen through
 * libsodium's function, see CMakeLists.txt.
 */
#define NONCES_MAX 16384
static uint64_t nonces[NONCES_MAX];
static size_t nonce_count;
static bool nonce_reused;

typedef int encrypt_function(unsigned char *c, unsigned long long *clen_p, const unsigned char *m,
                             unsigned long long mlen, const unsigned char *ad,
                             unsigned long long adlen, const unsigned char *nsec,
                             const unsigned char *npub, const unsigned char *k);
encrypt_function __real_crypto_aead_xchacha20poly1305_ietf_encrypt;
encrypt_function __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt;

static void note_nonce(const uint8_t *nonce, const uint8_t *key)
{
    const struct cs_bytes parts[] = {
        cs_bytes_make(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES),
        cs_bytes_make(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES)};
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        for (size_t j = 0; j < parts[i].size; j++) {
            hash = (hash ^ parts[i].data[j]) * 0x100000001b3u;
        }
    }
    size_t slot = (size_t)(hash ^ (hash >> 31)) % NONCES_MAX;
    while (nonces[slot] != 0 && nonces[slot] != hash) {
        slot = (slot + 1) % NONCES_MAX;
    }
    nonce_reused = nonce_reused || nonces[slot] == hash;
    if (nonce_count < NONCES_MAX / 2 && nonces[slot] == 0) {
        nonces[slot] = hash;
        nonce_count++;
    }
}

int __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt(
    unsigned char *c, unsigned long long *clen_p, const unsigned char *m, unsigned long long mlen,
    const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
    const unsigned char *npub, const unsigned char *k)
{
    note_nonce(npub, k);
    return __real_crypto_aead_xchacha20poly1305_ietf_encrypt(c, clen_p, m, mlen, ad, adlen, nsec,
                                                             npub, k);
}

void sim_check_nonces_begin(void)
{
    memset(nonces, 0, sizeof nonces);
    nonce_count = 0;
    nonce_reused = false;
}

void sim_check_nonces(struct sim *sim)
{
    if (nonce_reused) {
        sim_fail(sim, SIM_INVARIANT_NONCE_REUSED, "%zu were in use", nonce_count);
    }
}
