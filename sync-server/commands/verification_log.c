/* The evidence log against what it is a log of, and its tree against its leaves; see verification.h. */
#include "shared/base/text.h"
#include "sync-server/commands/verification.h"
#include "sync-server/reconcile/evidence_log.h"

#include <stdio.h>
#include <string.h>

/* Room for a leaf in words. */
#define LEAF_TEXT_MAX 256

struct log_walk {
    struct cs_verification *verification;
    struct cs_store *store;
    struct cs_merkle_range range;
};

static void describe(struct cs_bytes leaf, char out[static LEAF_TEXT_MAX])
{
    struct cs_leaf_parts parts;
    char hash[2 * CS_HASH_SIZE + 1];
    char row[CS_ID_TEXT_SIZE];
    if (cs_leaf_parse(leaf, &parts) != CS_OK) {
        (void)snprintf(out, LEAF_TEXT_MAX, "something unknown");
        return;
    }
    cs_hex_encode(cs_bytes_of_array(parts.hash), hash);
    cs_id_format(&parts.row, row);
    switch (parts.kind) {
    case CS_LEAF_CERTIFICATE:
        (void)snprintf(out, LEAF_TEXT_MAX, "certificate %s", hash);
        break;
    case CS_LEAF_ROW:
        (void)snprintf(out, LEAF_TEXT_MAX, "%.*s %s", (int)parts.entity.size,
                       (const char *)parts.entity.data, row);
        break;
    case CS_LEAF_CHANGE_SET:
        (void)snprintf(out, LEAF_TEXT_MAX, "device %016llx, change-set %llu",
                       (unsigned long long)parts.log, (unsigned long long)parts.sequence);
        break;
    case CS_LEAF_VAULT:
        (void)snprintf(out, LEAF_TEXT_MAX, "record %s of a vault", hash);
        break;
    }
}

/* What stands in the store must stand in the log. */
static enum cs_status check_source(void *context, const struct cs_leaf *leaf)
{
    struct log_walk *walk = context;
    uint64_t number;
    enum cs_status status = cs_store_leaf_number(walk->store, cs_leaf_bytes(leaf), &number);
    if (status == CS_NOT_FOUND) {
        char text[LEAF_TEXT_MAX];
        describe(cs_leaf_bytes(leaf), text);
        cs_verification_found(walk->verification, "evidence log: %s is not in it as it is stored",
                              text);
        return CS_OK;
    }
    return status;
}

static enum cs_status row_has_leaf(struct cs_store *store, const struct cs_leaf_parts *parts,
                                   struct cs_bytes leaf, bool *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    struct cs_leaf made;
    struct cs_row_key key = {parts->entity, parts->row};
    enum cs_status status = cs_store_load_rows(store, &key, 1, &arena, &row);
    if (status == CS_OK) {
        *out = row.exists && (row.entity == NULL || (cs_evidence_log_row_leaf(&row, &made) &&
                                                     cs_bytes_equal(cs_leaf_bytes(&made), leaf)));
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status change_set_has_leaf(struct cs_store *store, const struct cs_leaf_parts *parts,
                                          bool *out)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_store_change_set_hash(store, parts->log, parts->sequence, hash);
    *out = status == CS_OK && memcmp(hash, parts->hash, sizeof hash) == 0;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status device_has_leaf(struct cs_store *store, const struct cs_leaf_parts *parts,
                                      bool *out)
{
    struct cs_arena arena;
    struct cs_device device;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_store_device(store, parts->hash, &arena, &device);
    *out = status == CS_OK;
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

/* A record of a vault, or (of no vault) the statement of a recovery key, by its number. */
static enum cs_status vault_has_leaf(struct cs_store *store, const struct cs_leaf_parts *parts,
                                     struct cs_bytes leaf, bool *out)
{
    static const struct cs_id nowhere;
    struct cs_arena arena;
    struct cs_stored_recovery *list;
    size_t count = 0;
    struct cs_leaf made;
    if (!cs_id_equal(&parts->vault, &nowhere)) {
        return cs_store_vault_has_leaf(store, &parts->vault, parts->moment.logged_ms, leaf, out);
    }
    if (parts->moment.log_position == 0) {
        return CS_OK;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_store_recoveries(store, parts->moment.log_position - 1, 1, &arena, &list, &count);
    if (status == CS_OK && count == 1) {
        cs_evidence_log_recovery_leaf(&list[0], &made);
        *out = cs_bytes_equal(cs_leaf_bytes(&made), leaf);
    }
    cs_arena_release(&arena);
    return status;
}

/* What stands in the log must stand in the store. */
static enum cs_status check_target(struct log_walk *walk, uint64_t number, struct cs_bytes leaf)
{
    struct cs_leaf_parts parts;
    bool held = false;
    enum cs_status status = cs_leaf_parse(leaf, &parts);
    if (status == CS_OK && parts.kind == CS_LEAF_CERTIFICATE) {
        status = device_has_leaf(walk->store, &parts, &held);
    } else if (status == CS_OK && parts.kind == CS_LEAF_CHANGE_SET) {
        status = change_set_has_leaf(walk->store, &parts, &held);
    } else if (status == CS_OK && parts.kind == CS_LEAF_VAULT) {
        status = vault_has_leaf(walk->store, &parts, leaf, &held);
    } else if (status == CS_OK) {
        status = row_has_leaf(walk->store, &parts, leaf, &held);
    }
    if ((status == CS_OK && !held) || status == CS_MALFORMED) {
        char text[LEAF_TEXT_MAX];
        describe(leaf, text);
        cs_verification_found(walk->verification,
                              "evidence log, leaf %llu: %s is not stored as it was entered",
                              (unsigned long long)number, text);
        return CS_OK;
    }
    return status;
}

static enum cs_status check_node(void *context, unsigned level, uint64_t number,
                                 const uint8_t hash[static CS_HASH_SIZE])
{
    struct log_walk *walk = context;
    uint8_t stored[CS_HASH_SIZE];
    if (level == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_store_log_node(walk->store, level, number, stored);
    if (status == CS_NOT_FOUND || status == CS_CORRUPT ||
        (status == CS_OK && memcmp(stored, hash, sizeof stored) != 0)) {
        cs_verification_found(walk->verification,
                              "evidence log: node %u/%llu is not what its leaves give", level,
                              (unsigned long long)number);
        return CS_OK;
    }
    return status;
}

static enum cs_status check_leaf(void *context, uint64_t number, struct cs_bytes leaf)
{
    struct log_walk *walk = context;
    uint8_t hash[CS_HASH_SIZE];
    if (number != walk->range.size) {
        cs_verification_found(walk->verification, "evidence log: leaf %llu is missing",
                              (unsigned long long)walk->range.size);
        /* The tree ends here; what stands behind the hole is still looked at. */
        return number < walk->range.size ? CS_OK : check_target(walk, number, leaf);
    }
    cs_merkle_leaf(leaf, hash);
    enum cs_status status = cs_merkle_range_append(&walk->range, hash, check_node, walk);
    cs_verification_progress(walk->verification, "leaves", ++walk->verification->leaves);
    return status != CS_OK ? status : check_target(walk, number, leaf);
}

/* Every whole node above the leaves, and no other. */
static enum cs_status check_node_count(struct log_walk *walk)
{
    uint64_t expected = 0;
    uint64_t count;
    for (uint64_t whole = walk->range.size / 2; whole > 0; whole /= 2) {
        expected += whole;
    }
    enum cs_status status = cs_store_log_node_count(walk->store, &count);
    if (status == CS_OK && count != expected) {
        cs_verification_found(walk->verification,
                              "evidence log: %llu nodes stored, its leaves give "
                              "%llu",
                              (unsigned long long)count, (unsigned long long)expected);
    }
    return status;
}

enum cs_status cs_verification_log(struct cs_verification *verification, struct cs_store *store)
{
    struct log_walk walk = {.verification = verification, .store = store};
    enum cs_status status = cs_store_leaves(store, check_leaf, &walk);
    if (status == CS_OK) {
        status = check_node_count(&walk);
    }
    if (status == CS_OK) {
        status = cs_evidence_log_sources(store, check_source, &walk);
    }
    if (status == CS_OK) {
        cs_merkle_range_root(&walk.range, verification->log_root);
    }
    return status;
}
