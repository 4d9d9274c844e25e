/*
 * Invariants of the evidence log (shared/evidence/LOG.md): it only grows, every laptop's checkpoint is its beginning, and at the end
 * everything that was acknowledged stands in it, leaf by leaf.
 *
 * The tree is computed here once more, from the leaves and from what LOG.md says, not with the engine's functions.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/log_state.h"
#include "shared/evidence/leaf.h"
#include "sync-server/reconcile/evidence_log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void hash_parts(uint8_t prefix, struct cs_bytes left, struct cs_bytes right,
                       uint8_t out[static CS_HASH_SIZE])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, CS_HASH_SIZE);
    (void)crypto_generichash_update(&state, &prefix, 1);
    (void)crypto_generichash_update(&state, left.data, left.size);
    if (right.size > 0) {
        (void)crypto_generichash_update(&state, right.data, right.size);
    }
    (void)crypto_generichash_final(&state, out, CS_HASH_SIZE);
}

static void join(uint8_t left[static CS_HASH_SIZE], const uint8_t right[static CS_HASH_SIZE])
{
    hash_parts(1, cs_bytes_make(left, CS_HASH_SIZE), cs_bytes_make(right, CS_HASH_SIZE), left);
}

/* One leaf more: peaks of whole subtrees as the bits of the size, and the root over them. */
static void append(struct sim_evidence *evidence, struct cs_bytes leaf)
{
    uint8_t hash[CS_HASH_SIZE];
    size_t size = evidence->size;
    hash_parts(0, leaf, CS_BYTES_NONE, hash);
    if (size + 1 >= evidence->capacity) {
        evidence->capacity = evidence->capacity * 2 + 256;
        evidence->roots = realloc(evidence->roots, evidence->capacity * CS_HASH_SIZE);
        evidence->leaves = realloc(evidence->leaves, evidence->capacity * CS_HASH_SIZE);
        cs_require(evidence->roots != NULL && evidence->leaves != NULL);
    }
    memcpy(evidence->leaves[size], hash, CS_HASH_SIZE);
    size_t level = 0;
    for (; (size >> level & 1) != 0; level++) {
        uint8_t left[CS_HASH_SIZE];
        memcpy(left, evidence->peaks[level], CS_HASH_SIZE);
        join(left, hash);
        memcpy(hash, left, CS_HASH_SIZE);
    }
    memcpy(evidence->peaks[level], hash, CS_HASH_SIZE);
    evidence->size = ++size;
    for (level++; level < SIM_EVIDENCE_LEVELS && size >> level != 0; level++) {
        if ((size >> level & 1) != 0) {
            uint8_t left[CS_HASH_SIZE];
            memcpy(left, evidence->peaks[level], CS_HASH_SIZE);
            join(left, hash);
            memcpy(hash, left, CS_HASH_SIZE);
        }
    }
    /* `hash` began at the lowest whole subtree. */
    memcpy(evidence->roots[size], hash, CS_HASH_SIZE);
}

void sim_evidence_went_back(struct sim *sim)
{
    memset(sim->evidence.incarnation, 0, sizeof sim->evidence.incarnation);
    for (size_t i = 0; i < sim->device_count; i++) {
        sim->devices[i].log_is_seen = false;
    }
}

void sim_evidence_release(struct sim *sim)
{
    free(sim->evidence.roots);
    free(sim->evidence.leaves);
    memset(&sim->evidence, 0, sizeof sim->evidence);
}

static void load_incarnation(struct sim *sim, uint8_t out[static CS_INCARNATION_SIZE])
{
    struct cs_arena arena;
    struct cs_bytes bytes;
    cs_arena_init(&arena, 64 * CS_KIBI);
    sim_expect(sim, cs_store_get(cs_server_store(sim->server), "incarnation", &arena, &bytes),
               "the server's incarnation");
    cs_require(bytes.size == CS_INCARNATION_SIZE);
    memcpy(out, bytes.data, CS_INCARNATION_SIZE);
    cs_arena_release(&arena);
}

static bool leaf_is(struct sim *sim, uint64_t number)
{
    struct cs_buffer leaf;
    uint8_t hash[CS_HASH_SIZE];
    cs_buffer_init(&leaf, CS_LEAF_MAX);
    enum cs_status status = cs_store_leaf(cs_server_store(sim->server), number, &leaf);
    hash_parts(0, cs_buffer_bytes(&leaf), CS_BYTES_NONE, hash);
    cs_buffer_release(&leaf);
    return status == CS_OK && memcmp(hash, sim->evidence.leaves[number], CS_HASH_SIZE) == 0;
}

static void add_leaf(struct sim *sim, uint64_t number)
{
    struct cs_buffer leaf;
    cs_buffer_init(&leaf, CS_LEAF_MAX);
    sim_expect(sim, cs_store_leaf(cs_server_store(sim->server), number, &leaf), "reading a leaf");
    append(&sim->evidence, cs_buffer_bytes(&leaf));
    cs_buffer_release(&leaf);
}

/* Takes up what the server has entered since; nothing that was there may have gone or changed. */
static void follow(struct sim *sim)
{
    struct sim_evidence *evidence = &sim->evidence;
    uint8_t incarnation[CS_INCARNATION_SIZE];
    uint64_t size = 0;
    uint64_t position = 0;
    load_incarnation(sim, incarnation);
    sim_expect(sim, cs_store_log_size(cs_server_store(sim->server), &size), "the log's size");
    sim_expect(sim, cs_store_position(cs_server_store(sim->server), &position), "the position");
    if (memcmp(incarnation, evidence->incarnation, sizeof incarnation) != 0) {
        evidence->size = 0;
        memcpy(evidence->incarnation, incarnation, sizeof incarnation);
    } else if (size < evidence->size || position < evidence->position ||
               (evidence->size > 0 && !leaf_is(sim, evidence->size - 1))) {
        sim_fail(sim, SIM_INVARIANT_EVIDENCE_CHANGED,
                 "the server's log went from %zu leaves at %llu to %llu at %llu", evidence->size,
                 (unsigned long long)evidence->position, (unsigned long long)size,
                 (unsigned long long)position);
    }
    evidence->position = position;
    while (evidence->size < size) {
        add_leaf(sim, evidence->size);
    }
}

static void check_grown(struct sim_device *device, const struct cs_checkpoint *now)
{
    const struct cs_checkpoint *seen = &device->log_seen;
    bool same = device->log_is_seen &&
                memcmp(seen->incarnation, now->incarnation, sizeof now->incarnation) == 0;
    if (same && (now->size < seen->size || now->position < seen->position)) {
        sim_fail(device->sim, SIM_INVARIANT_EVIDENCE_CHANGED,
                 "laptop %zu's checkpoint went from %llu at %llu to %llu at %llu", device->index,
                 (unsigned long long)seen->size, (unsigned long long)seen->position,
                 (unsigned long long)now->size, (unsigned long long)now->position);
    }
    device->log_is_seen = true;
    device->log_seen = *now;
}

bool sim_evidence_begins_with(struct sim *sim, const struct cs_checkpoint *checkpoint)
{
    const struct sim_evidence *evidence = &sim->evidence;
    follow(sim);
    return memcmp(checkpoint->incarnation, evidence->incarnation, CS_INCARNATION_SIZE) == 0 &&
           checkpoint->size <= evidence->size && checkpoint->position <= evidence->position &&
           memcmp(checkpoint->root, evidence->roots[checkpoint->size], CS_HASH_SIZE) == 0;
}

void sim_evidence_synced(struct sim_device *device)
{
    struct sim *sim = device->sim;
    const struct sim_evidence *evidence = &sim->evidence;
    struct cs_log_state log;
    /* A sync that began before the server went back may have ended with what it said then. */
    if (sim->went_back > 0 && device->session_since_ms <= sim->went_back_ms) {
        return;
    }
    int64_t looked = sim_disk_look(sim->machine.disk);
    if (sim->machine.disk->dead || device->machine.disk->dead || sim_fork_is_shown_to(device) ||
        cs_log_state_load(device->replica, &log) != CS_OK) {
        sim_disk_look_away(sim->machine.disk, looked);
        return;
    }
    follow(sim);
    sim_disk_look_away(sim->machine.disk, looked);
    const struct cs_checkpoint *now = &log.checkpoint;
    bool of_server = log.any && now->size > 0 && now->size <= evidence->size &&
                     now->position <= evidence->position &&
                     memcmp(now->incarnation, evidence->incarnation, CS_INCARNATION_SIZE) == 0 &&
                     memcmp(now->root, evidence->roots[now->size], CS_HASH_SIZE) == 0;
    if (!of_server) {
        sim_fail(sim, SIM_INVARIANT_CHECKPOINT_WRONG,
                 "laptop %zu knows %llu leaves at %llu, the server has %zu at %llu", device->index,
                 (unsigned long long)now->size, (unsigned long long)now->position, evidence->size,
                 (unsigned long long)evidence->position);
    }
    check_grown(device, now);
}

/* ---- the end ---- */

static void must_stand(struct sim *sim, const struct cs_leaf *leaf, const char *whose)
{
    uint64_t number;
    enum cs_status status =
        cs_store_leaf_number(cs_server_store(sim->server), cs_leaf_bytes(leaf), &number);
    if (status != CS_OK || number >= sim->evidence.size || !leaf_is(sim, number)) {
        struct cs_leaf_parts parts = {.sequence = 0};
        enum cs_status read = cs_leaf_parse(cs_leaf_bytes(leaf), &parts);
        sim_fail(sim, SIM_INVARIANT_EVIDENCE_LOST, "%s (%s): kind %d, log %016llx, number %llu",
                 whose, cs_status_name(read), (int)parts.kind, (unsigned long long)parts.log,
                 (unsigned long long)parts.sequence);
    }
}

static enum cs_status check_change_set(void *context, uint64_t log, uint64_t sequence,
                                       const uint8_t hash[static CS_HASH_SIZE],
                                       struct cs_bytes inner)
{
    struct cs_leaf leaf;
    (void)inner;
    cs_leaf_change_set(log, sequence, hash, &leaf);
    must_stand(context, &leaf, "a change-set that the server keeps");
    return CS_OK;
}

/* What a laptop takes for acknowledged, by what it keeps itself. */
static void check_outbox(struct sim_device *device, const char *sql, uint64_t log)
{
    struct sim *sim = device->sim;
    struct cs_statement *statement;
    bool more = true;
    sim_expect(sim, cs_statement_get(cs_replica_database(device->replica), sql, &statement),
               "reading an outbox");
    enum cs_status status = cs_statement_step(statement, &more);
    while (status == CS_OK && more) {
        uint8_t hash[CS_HASH_SIZE];
        struct cs_leaf leaf;
        uint64_t sequence = (uint64_t)cs_column_integer(statement, 0);
        struct cs_bytes certificate = cs_column_bytes(statement, 2);
        uint64_t whose =
            certificate.size == CS_HASH_SIZE ? cs_certificate_log(certificate.data) : log;
        struct cs_bytes inner = cs_column_bytes(statement, 1);
        struct cs_bytes known = cs_column_bytes(statement, 3);
        /* Of what a backup has only the hash is kept. */
        if (inner.size > 0) {
            cs_require(cs_inner_hash(inner, hash) == CS_OK);
        } else {
            cs_require(known.size == sizeof hash);
            memcpy(hash, known.data, sizeof hash);
        }
        cs_leaf_change_set(whose, sequence, hash, &leaf);
        must_stand(sim, &leaf, "an acknowledged change-set");
        status = cs_statement_step(statement, &more);
    }
    cs_statement_done(statement);
    sim_expect(sim, status, "reading an outbox");
}

static void check_rows(struct sim *sim)
{
    for (size_t i = 0; i < sim->ledger.row_count; i++) {
        const struct sim_row *row = &sim->ledger.rows[i];
        struct cs_stored_row stored;
        struct cs_arena arena;
        struct cs_leaf leaf;
        if (!cs_leaf_is_evidence(row->entity)) {
            continue;
        }
        cs_arena_init(&arena, CS_MEBI);
        sim_expect(sim,
                   cs_row_load(cs_store_rows(cs_server_store(sim->server)),
                               cs_bytes_of_text(row->entity->name), &row->id, &arena, &stored),
                   "reading a row");
        if (stored.exists) {
            int field = cs_entity_field_index(row->entity, cs_bytes_of_text(CS_LEAF_RECORD_FIELD));
            cs_leaf_row(cs_bytes_of_text(row->entity->name), &row->id,
                        field < 0 ? CS_BYTES_NONE : stored.values[field].bytes, &leaf);
            must_stand(sim, &leaf, row->entity->name);
        }
        cs_arena_release(&arena);
    }
}

static void check_tree(struct sim *sim)
{
    uint64_t size = 0;
    uint8_t root[CS_HASH_SIZE];
    sim_expect(sim, cs_evidence_log_root(cs_server_store(sim->server), &size, root), "the root");
    bool same =
        size == sim->evidence.size && memcmp(root, sim->evidence.roots[size], CS_HASH_SIZE) == 0;
    for (uint64_t i = 0; i < size && same; i++) {
        same = leaf_is(sim, i);
    }
    if (!same) {
        sim_fail(sim, SIM_INVARIANT_EVIDENCE_CHANGED, "the server's log of %llu leaves",
                 (unsigned long long)size);
    }
}

void sim_evidence_check_end(struct sim *sim)
{
    static const char own[] =
        "SELECT sequence, \"inner\", NULL, hash FROM _outbox WHERE acknowledged = 1";
    static const char former[] =
        "SELECT sequence, \"inner\", certificate, NULL FROM _former_outbox WHERE acknowledged = 1";
    follow(sim);
    check_tree(sim);
    sim_expect(sim, cs_store_change_sets(cs_server_store(sim->server), check_change_set, sim),
               "reading change-sets");
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        struct cs_leaf leaf;
        if (sim_device_is_usable(device)) {
            cs_leaf_certificate(cs_identity_certificate_id(device->identity), &leaf);
            must_stand(sim, &leaf, "a certificate");
            check_outbox(device, own, cs_identity_log(device->identity));
            check_outbox(device, former, 0);
        }
    }
    check_rows(sim);
}
