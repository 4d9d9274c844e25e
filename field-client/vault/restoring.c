/* What is in a vault stored anew in another, see restoring.h. */
#include "field-client/vault/restoring.h"

#include "field-client/vault/catalog.h"
#include "field-client/vault/half.h"
#include "field-client/vault/storing.h"

#include <string.h>

struct restoring {
    struct cs_vault_book *book;
    const struct cs_id *from;
    const struct cs_id *to;
    const struct cs_seal_key *key;
    struct cs_vault_keyring *keyring; /* of `from` */
    struct cs_vault_recovery recovery;
    struct cs_vault_restored *out;
    struct cs_problem *problem;
};

/* ---- the recovery key ---- */

enum cs_status cs_vault_restoring_recovery(struct cs_vault_book *book, const struct cs_id *vault,
                                           struct cs_vault_recovery *out,
                                           struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_kept_recovery kept;
    struct cs_vault_log *log = NULL;
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_chain *own = cs_identity_chain_parsed(cs_replica_identity(replica));
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    const struct cs_vault_epoch *epoch =
        status == CS_OK ? cs_vault_log_epoch_at(log, cs_vault_log_position(log)) : NULL;
    if (status == CS_OK && epoch == NULL) {
        status = cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key: nothing is in it");
    }
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MEBI);
    status = cs_kept_recovery_get(replica, epoch->recovery, &arena, &kept);
    if (status == CS_OK) {
        status = cs_vault_recovery_verify(kept.statement, own->root_key, out);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- one secret ---- */

static bool is_there(const struct cs_vault_kept_version *list, size_t count, struct cs_bytes field,
                     bool in_force)
{
    for (size_t i = 0; i < count; i++) {
        bool confirmed = list[i].state == CS_VAULT_CONFIRMED;
        bool coming = cs_vault_state_is_coming(list[i].state);
        if (cs_bytes_equal(list[i].version.field, field) && (in_force ? confirmed : coming)) {
            return true;
        }
    }
    return false;
}

static enum cs_status open_version(struct restoring *restoring,
                                   const struct cs_vault_record *version, struct cs_secret **out)
{
    struct cs_secret *half = NULL;
    enum cs_status status =
        cs_vault_half_recover(restoring->key, version, &half, restoring->problem);
    if (status == CS_OK) {
        status = cs_vault_version_open(restoring->keyring, version, cs_secret_bytes(half), out,
                                       restoring->problem);
    }
    cs_secret_destroy(half);
    return status;
}

static enum cs_status store_version(struct restoring *restoring,
                                    const struct cs_vault_kept_version *kept)
{
    struct cs_secret *secret = NULL;
    struct cs_vault_stored stored;
    struct cs_vault_storing wish = {.item = kept->version.item,
                                    .field = kept->version.field,
                                    .in_force = kept->state == CS_VAULT_CONFIRMED};
    if (memcmp(kept->version.recovery, restoring->recovery.id, CS_HASH_SIZE) != 0) {
        restoring->out->closed++;
        return CS_OK;
    }
    enum cs_status status = open_version(restoring, &kept->version, &secret);
    if (status == CS_OK) {
        wish.secret = cs_secret_bytes(secret);
        status = cs_vault_store(restoring->book, restoring->to, &wish, &stored, restoring->problem);
        restoring->out->secrets += status == CS_OK ? 1 : 0;
    }
    cs_secret_destroy(secret);
    return status;
}

/* ---- one item ---- */

static enum cs_status store_listing(struct restoring *restoring, const struct cs_id *item)
{
    struct cs_arena arena;
    struct cs_buffer storage;
    struct cs_vault_record entry;
    struct cs_vault_listing listing;
    struct cs_vault_stored stored;
    const struct cs_kept_filter there = {
        .vault = *restoring->to, .kind = CS_VAULT_ENTRY, .item = item};
    const struct cs_kept_filter here = {
        .vault = *restoring->from, .kind = CS_VAULT_ENTRY, .item = item};
    const struct cs_vault_storing wish = {.item = *item, .listing = &listing};
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&storage, CS_VAULT_LISTING_MAX);
    enum cs_status status = cs_vault_book_newest(restoring->book, &there, &arena, &entry);
    bool had = status == CS_OK;
    if (status == CS_NOT_FOUND) {
        status = cs_vault_book_newest(restoring->book, &here, &arena, &entry);
    }
    if (status == CS_OK && !had) {
        status = cs_vault_entry_open(restoring->keyring, &entry, &storage, &listing);
    }
    if (status == CS_OK && !had) {
        status = cs_vault_store(restoring->book, restoring->to, &wish, &stored, restoring->problem);
    }
    cs_buffer_release(&storage);
    cs_arena_release(&arena);
    return status;
}

/* Did an earlier one of this field get stored just now? Only what the server has can be followed. */
static bool follows(const struct cs_vault_kept_version *list, const bool *stored, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (stored[i] && cs_bytes_equal(list[i].version.field, list[index].version.field)) {
            return true;
        }
    }
    return false;
}

static enum cs_status store_versions(struct restoring *restoring,
                                     const struct cs_vault_kept_version *here, size_t here_count,
                                     const struct cs_vault_kept_version *there, size_t there_count,
                                     bool *stored)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < here_count; i++) {
        bool in_force = here[i].state == CS_VAULT_CONFIRMED;
        if (here[i].state == CS_VAULT_ARCHIVED) {
            continue;
        }
        if (is_there(there, there_count, here[i].version.field, in_force)) {
            restoring->out->there++;
        } else if (follows(here, stored, i)) {
            restoring->out->later++;
        } else {
            status = store_version(restoring, &here[i]);
            stored[i] = true;
        }
    }
    return status;
}

static enum cs_status store_item(struct restoring *restoring, const struct cs_id *item)
{
    struct cs_arena arena;
    struct cs_vault_kept_version *here = NULL;
    struct cs_vault_kept_version *there = NULL;
    size_t here_count = 0;
    size_t there_count = 0;
    restoring->out->items++;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = store_listing(restoring, item);
    if (status == CS_OK) {
        status = cs_vault_catalog_versions(restoring->book, restoring->from, item, &arena, &here,
                                           &here_count);
    }
    if (status == CS_OK) {
        status = cs_vault_catalog_versions(restoring->book, restoring->to, item, &arena, &there,
                                           &there_count);
    }
    bool *stored = status == CS_OK ? cs_arena_take_array(&arena, here_count, sizeof *stored) : NULL;
    if (status == CS_OK && stored == NULL) {
        status = CS_NO_MEMORY;
    }
    if (status == CS_OK) {
        status = store_versions(restoring, here, here_count, there, there_count, stored);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- all of them ---- */

struct items {
    struct cs_arena arena;
    struct cs_id *ids;
    size_t count;
    size_t capacity;
};

/* Each item once: where it has no entry before. */
static enum cs_status gather(void *context, const struct cs_kept_record *kept)
{
    static const uint8_t none[CS_HASH_SIZE];
    struct items *items = context;
    struct cs_vault_record entry;
    enum cs_status status = cs_vault_record_decode(kept->record, &entry);
    if (status != CS_OK || memcmp(entry.previous, none, sizeof none) != 0) {
        return status;
    }
    items->ids = cs_arena_grow(&items->arena, items->ids, items->count, &items->capacity,
                               sizeof *items->ids);
    if (items->ids == NULL) {
        return CS_NO_MEMORY;
    }
    items->ids[items->count++] = entry.item;
    return CS_OK;
}

static enum cs_status store_all(struct restoring *restoring)
{
    struct items items = {.count = 0};
    cs_arena_init(&items.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_kept_records(cs_vault_book_replica(restoring->book), restoring->from,
                                            CS_VAULT_ENTRY, gather, &items);
    for (size_t i = 0; status == CS_OK && i < items.count; i++) {
        status = store_item(restoring, &items.ids[i]);
    }
    cs_arena_release(&items.arena);
    return status;
}

enum cs_status cs_vault_restore(struct cs_vault_book *book, const struct cs_id *from,
                                const struct cs_id *to, const struct cs_seal_key *recovery_key,
                                struct cs_vault_restored *out, struct cs_problem *problem)
{
    struct restoring restoring = {
        .book = book, .from = from, .to = to, .key = recovery_key, .out = out, .problem = problem};
    struct cs_vault_log *log = NULL;
    *out = (struct cs_vault_restored){.items = 0};
    enum cs_status status = cs_vault_restoring_recovery(book, from, &restoring.recovery, problem);
    if (status == CS_OK) {
        status = cs_vault_book_log(book, from, &log, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_keyring_recover(
            log, cs_identity_organisation(cs_replica_identity(cs_vault_book_replica(book))),
            recovery_key, &restoring.keyring, problem);
    }
    if (status == CS_OK) {
        status = store_all(&restoring);
    }
    cs_vault_keyring_destroy(restoring.keyring);
    return status;
}
