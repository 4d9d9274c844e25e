/* The evidence log over the store, see evidence_log.h. */
#include "sync-server/reconcile/evidence_log.h"

#include <stdlib.h>
#include <string.h>

enum cs_status cs_evidence_log_node(void *context, unsigned level, uint64_t number,
                                    uint8_t out[static CS_HASH_SIZE])
{
    struct cs_store *store = context;
    if (level > 0) {
        enum cs_status status = cs_store_log_node(store, level, number, out);
        return status == CS_NOT_FOUND ? CS_CORRUPT : status;
    }
    struct cs_buffer leaf;
    cs_buffer_init(&leaf, CS_LEAF_MAX);
    enum cs_status status = cs_store_leaf(store, number, &leaf);
    if (status == CS_OK) {
        cs_merkle_leaf(cs_buffer_bytes(&leaf), out);
    }
    cs_buffer_release(&leaf);
    return status == CS_NOT_FOUND || status == CS_LIMIT ? CS_CORRUPT : status;
}

/* Leaves are stored as they are; only what stands above them as hashes. */
static enum cs_status put_node(void *context, unsigned level, uint64_t number,
                               const uint8_t hash[static CS_HASH_SIZE])
{
    return level == 0 ? CS_OK : cs_store_put_log_node(context, level, number, hash);
}

enum cs_status cs_evidence_log_enter(struct cs_store *store, const struct cs_leaf *leaf)
{
    struct cs_merkle_range range;
    uint64_t number;
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_store_leaf_number(store, cs_leaf_bytes(leaf), &number);
    if (status != CS_NOT_FOUND) {
        return status;
    }
    status = cs_store_log_size(store, &number);
    if (status == CS_OK) {
        status = cs_merkle_range_load(&range, number, cs_evidence_log_node, store);
    }
    if (status == CS_OK) {
        status = cs_store_put_leaf(store, number, cs_leaf_bytes(leaf));
    }
    if (status == CS_OK) {
        cs_leaf_hash(leaf, hash);
        status = cs_merkle_range_append(&range, hash, put_node, store);
    }
    return status;
}

bool cs_evidence_log_row_leaf(const struct cs_stored_row *row, struct cs_leaf *out)
{
    if (!row->exists || !cs_leaf_is_evidence(row->entity)) {
        return false;
    }
    int field = cs_entity_field_index(row->entity, cs_bytes_of_text(CS_LEAF_RECORD_FIELD));
    struct cs_bytes record = field < 0 ? CS_BYTES_NONE : row->values[field].bytes;
    cs_leaf_row(row->name, &row->id, record, out);
    return true;
}

enum cs_status cs_evidence_log_enter_row(struct cs_store *store, const struct cs_stored_row *row)
{
    struct cs_leaf leaf;
    return cs_evidence_log_row_leaf(row, &leaf) ? cs_evidence_log_enter(store, &leaf) : CS_OK;
}

struct sources {
    cs_evidence_visitor *visit;
    void *context;
};

static int by_joining(const void *a, const void *b)
{
    const struct cs_device *one = a;
    const struct cs_device *other = b;
    if (one->joined_ms != other->joined_ms) {
        return one->joined_ms < other->joined_ms ? -1 : 1;
    }
    return memcmp(one->certificate, other->certificate, sizeof one->certificate);
}

static enum cs_status visit_devices(struct cs_store *store, const struct sources *sources)
{
    struct cs_arena arena;
    struct cs_device *devices;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_store_devices(store, &arena, &devices, &count);
    if (status == CS_OK && count > 1) {
        qsort(devices, count, sizeof *devices, by_joining);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_leaf leaf;
        cs_leaf_certificate(devices[i].certificate, &leaf);
        status = sources->visit(sources->context, &leaf);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status visit_change_set(void *context, uint64_t log, uint64_t sequence,
                                       const uint8_t hash[static CS_HASH_SIZE],
                                       struct cs_bytes inner)
{
    (void)inner;
    const struct sources *sources = context;
    struct cs_leaf leaf;
    cs_leaf_change_set(log, sequence, hash, &leaf);
    return sources->visit(sources->context, &leaf);
}

static enum cs_status visit_row(void *context, const struct cs_stored_row *row)
{
    const struct sources *sources = context;
    struct cs_leaf leaf;
    return cs_evidence_log_row_leaf(row, &leaf) ? sources->visit(sources->context, &leaf) : CS_OK;
}

static enum cs_status visit_vault_record(void *context, const struct cs_vault_row *row)
{
    const struct sources *sources = context;
    struct cs_leaf leaf;
    cs_leaf_vault(&row->vault, &row->moment, row->record, &leaf);
    return sources->visit(sources->context, &leaf);
}

void cs_evidence_log_recovery_leaf(const struct cs_stored_recovery *recovery, struct cs_leaf *out)
{
    static const struct cs_id nowhere;
    struct cs_leaf_moment moment = {.log_position = recovery->number};
    cs_leaf_vault(&nowhere, &moment, recovery->statement, out);
}

static enum cs_status visit_recoveries(struct cs_store *store, const struct sources *sources)
{
    struct cs_arena arena;
    struct cs_stored_recovery *list;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_store_recoveries(store, 0, SIZE_MAX, &arena, &list, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_leaf leaf;
        cs_evidence_log_recovery_leaf(&list[i], &leaf);
        status = sources->visit(sources->context, &leaf);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_evidence_log_sources(struct cs_store *store, cs_evidence_visitor *visit,
                                       void *context)
{
    struct sources sources = {visit, context};
    const struct cs_registry *registry = cs_store_registry(store);
    enum cs_status status = visit_devices(store, &sources);
    if (status == CS_OK) {
        status = cs_store_change_sets(store, visit_change_set, &sources);
    }
    if (status == CS_OK) {
        status = cs_store_vault_records(store, visit_vault_record, &sources);
    }
    if (status == CS_OK) {
        status = visit_recoveries(store, &sources);
    }
    for (size_t i = 0; status == CS_OK && i < registry->entity_count; i++) {
        if (cs_leaf_is_evidence(registry->entities[i])) {
            status = cs_row_scan(cs_store_rows(store), registry->entities[i], NULL, 0,
                                 CS_ROWS_WITH_DELETED, visit_row, &sources);
        }
    }
    return status;
}

static enum cs_status enter(void *context, const struct cs_leaf *leaf)
{
    return cs_evidence_log_enter(context, leaf);
}

enum cs_status cs_evidence_log_fill(struct cs_store *store)
{
    uint64_t size = 0;
    enum cs_status status = cs_store_log_size(store, &size);
    return status != CS_OK || size > 0 ? status : cs_evidence_log_sources(store, enter, store);
}

static enum cs_status root_at(struct cs_store *store, uint64_t size,
                              uint8_t out_root[static CS_HASH_SIZE])
{
    struct cs_merkle_range range;
    enum cs_status status = cs_merkle_range_load(&range, size, cs_evidence_log_node, store);
    if (status == CS_OK) {
        cs_merkle_range_root(&range, out_root);
    }
    return status;
}

enum cs_status cs_evidence_log_root(struct cs_store *store, uint64_t *out_size,
                                    uint8_t out_root[static CS_HASH_SIZE])
{
    uint64_t size;
    enum cs_status status = cs_store_log_size(store, &size);
    if (status == CS_OK) {
        status = root_at(store, size, out_root);
    }
    if (status == CS_OK) {
        *out_size = size;
    }
    return status;
}

enum cs_status cs_evidence_log_root_at(struct cs_store *store, uint64_t size,
                                       uint8_t out_root[static CS_HASH_SIZE])
{
    uint64_t own = 0;
    enum cs_status status = cs_store_log_size(store, &own);
    if (status == CS_OK && size > own) {
        status = CS_NOT_FOUND;
    }
    return status != CS_OK ? status : root_at(store, size, out_root);
}

enum cs_status cs_evidence_log_prove(struct cs_store *store, const struct cs_leaf *leaf,
                                     uint64_t size, uint64_t *out_number,
                                     struct cs_merkle_proof *out)
{
    uint64_t number;
    enum cs_status status = cs_store_leaf_number(store, cs_leaf_bytes(leaf), &number);
    if (status == CS_OK) {
        status = cs_merkle_prove_inclusion(number, size, cs_evidence_log_node, store, out);
    }
    if (status == CS_OK) {
        *out_number = number;
    }
    return status;
}
