/* What would be taken along for a work order, see lease_offer.h. */
#include "field-client/vault/lease_offer.h"

#include "field-client/vault/lease_internal.h"
#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A lease that ends only so much earlier is as good: nobody is disclosed to again for a few hours. */
#define SAME_END_MS (INT64_C(6) * 3600 * 1000)

struct gathering {
    struct cs_vault_book *book;
    struct cs_arena *arena;
    struct cs_vault_lease_offer *offer;
    size_t capacity;
    const struct cs_vault_lease *leases; /* live ones */
    size_t lease_count;
    int64_t expires_ms;
};

/* ---- which versions ---- */

static bool same_field(const struct cs_vault_kept_version *a, const struct cs_vault_kept_version *b)
{
    return cs_bytes_equal(a->version.field, b->version.field);
}

/* Archived, or behind a later one of its field that was confirmed. */
static bool is_past(const struct cs_vault_kept_version *versions, size_t count, size_t index)
{
    if (versions[index].state == CS_VAULT_ARCHIVED) {
        return true;
    }
    for (size_t i = index + 1; i < count; i++) {
        if (same_field(&versions[i], &versions[index]) && versions[i].state == CS_VAULT_CONFIRMED) {
            return true;
        }
    }
    return false;
}

static bool is_leased(const struct gathering *gathering, const struct cs_id *version)
{
    for (size_t i = 0; i < gathering->lease_count; i++) {
        const struct cs_vault_lease *lease = &gathering->leases[i];
        size_t index = 0;
        if (lease->state != CS_VAULT_LEASE_OVER &&
            lease->record.expires_ms >= gathering->expires_ms - SAME_END_MS &&
            cs_id_equal(&lease->record.vault, &gathering->offer->vault) &&
            cs_bytes_equal(lease->record.work_order, cs_id_bytes(&gathering->offer->work_order)) &&
            cs_vault_versions_find(lease->record.versions, version, &index)) {
            return true;
        }
    }
    return false;
}

/* ---- gathering them ---- */

static enum cs_status copy_texts(struct cs_arena *arena, const struct cs_vault_listing *listing,
                                 struct cs_bytes field, struct cs_vault_lease_choice *out)
{
    enum cs_status status = cs_arena_copy(arena, listing->name, &out->name);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, listing->user, &out->user);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, listing->address, &out->address);
    }
    return status != CS_OK ? status : cs_arena_copy(arena, field, &out->field);
}

static enum cs_status choose(struct gathering *gathering, const struct cs_vault_listed *listed,
                             const struct cs_vault_kept_version *kept)
{
    struct cs_vault_lease_offer *offer = gathering->offer;
    struct cs_vault_lease_choice choice = {.item = listed->item,
                                           .version = kept->version.version,
                                           .state = kept->state,
                                           .four_eyes = kept->version.approvers.size > 0};
    if (is_leased(gathering, &choice.version)) {
        offer->leased++;
        return CS_OK;
    }
    enum cs_status status =
        copy_texts(gathering->arena, &listed->listing, kept->version.field, &choice);
    if (status != CS_OK) {
        return status;
    }
    offer->choices = cs_arena_grow(gathering->arena, offer->choices, offer->count,
                                   &gathering->capacity, sizeof *offer->choices);
    if (offer->choices == NULL) {
        return CS_NO_MEMORY;
    }
    offer->choices[offer->count++] = choice;
    offer->four_eyes = offer->four_eyes || choice.four_eyes;
    return CS_OK;
}

static enum cs_status gather(void *context, const struct cs_vault_listed *listed)
{
    struct gathering *gathering = context;
    struct cs_arena arena;
    struct cs_vault_kept_version *versions = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_catalog_versions(gathering->book, &listed->vault,
                                                      &listed->item, &arena, &versions, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (!is_past(versions, count, i)) {
            status = choose(gathering, listed, &versions[i]);
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status has_right(struct cs_vault_book *book, const struct cs_id *vault, bool *out)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_world *world = cs_replica_world(replica);
    struct cs_vault_log *log = NULL;
    struct cs_problem ignored = {""};
    const uint8_t *own = cs_identity_certificate_id(cs_replica_identity(replica));
    enum cs_status status = cs_vault_book_log(book, vault, &log, &ignored);
    *out = status == CS_OK &&
           cs_vault_log_permits(log, own, CS_VAULT_MAY_LEASE, cs_vault_log_position(log),
                                world->wall_ms(world->context), &ignored) == CS_OK;
    return status;
}

static enum cs_status gather_all(struct gathering *gathering, struct cs_problem *problem)
{
    struct cs_vault_lease_offer *offer = gathering->offer;
    struct cs_vault_lease *leases = NULL;
    bool permitted = false;
    enum cs_status status = has_right(gathering->book, &offer->vault, &permitted);
    if (status == CS_OK && !permitted) {
        offer->lack = CS_VAULT_LEASE_LACKS_RIGHT;
        return CS_OK;
    }
    if (status == CS_OK) {
        status = cs_vault_lease_list(gathering->book, false, gathering->arena, &leases,
                                     &gathering->lease_count);
    }
    if (status == CS_OK) {
        gathering->leases = leases;
        status = cs_vault_catalog_items(gathering->book, &offer->vault, gather, gathering, problem);
    }
    if (status == CS_OK && offer->count == 0) {
        offer->lack =
            offer->leased > 0 ? CS_VAULT_LEASE_LACKS_NEWS : CS_VAULT_LEASE_LACKS_PASSWORDS;
    }
    return status;
}

enum cs_status cs_vault_lease_offer(struct cs_vault_book *book, const struct cs_id *work_order,
                                    const struct cs_id *project, int64_t expires_ms,
                                    struct cs_arena *arena, struct cs_vault_lease_offer *out,
                                    struct cs_problem *problem)
{
    struct cs_vault_lease_offer offer = {.work_order = *work_order, .project = *project};
    struct gathering gathering = {
        .book = book, .arena = arena, .offer = &offer, .expires_ms = expires_ms};
    enum cs_status status = cs_vault_catalog_find(book, project, &offer.vault);
    if (status == CS_NOT_FOUND) {
        offer.lack = CS_VAULT_LEASE_LACKS_VAULT;
        status = CS_OK;
    } else if (status == CS_OK) {
        status = gather_all(&gathering, problem);
    }
    if (status == CS_OK) {
        *out = offer;
    }
    return status;
}

/* ---- accepting ---- */

static int by_id(const void *left, const void *right)
{
    return memcmp(left, right, CS_ID_SIZE);
}

static enum cs_status accept_part(struct cs_vault_book *book,
                                  const struct cs_vault_lease_offer *offer, size_t from,
                                  size_t count, const struct cs_vault_lease_wish *wish,
                                  uint8_t out_id[static CS_HASH_SIZE], struct cs_problem *problem)
{
    struct cs_vault_lease_wish part = *wish;
    struct cs_id *ids = cs_alloc_zero(count, sizeof *ids);
    if (ids == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = offer->choices[from + i].version;
    }
    qsort(ids, count, sizeof *ids, by_id);
    part.versions = cs_bytes_make(ids[0].bytes, count * CS_ID_SIZE);
    enum cs_status status = cs_vault_lease_take(book, &part, out_id, problem);
    cs_free(ids);
    return status;
}

enum cs_status cs_vault_lease_accept(struct cs_vault_book *book,
                                     const struct cs_vault_lease_offer *offer,
                                     struct cs_bytes reason, int64_t expires_ms,
                                     struct cs_arena *arena, uint8_t (**out_ids)[CS_HASH_SIZE],
                                     size_t *out_count, struct cs_problem *problem)
{
    const struct cs_vault_lease_wish wish = {.vault = offer->vault,
                                             .work_order = offer->work_order,
                                             .reason = reason,
                                             .expires_ms = expires_ms};
    size_t parts = (offer->count + CS_VAULT_VERSIONS_MAX - 1) / CS_VAULT_VERSIONS_MAX;
    uint8_t(*ids)[CS_HASH_SIZE] = cs_arena_take_array(arena, parts, sizeof *ids);
    enum cs_status status = ids == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < parts; i++) {
        size_t from = i * CS_VAULT_VERSIONS_MAX;
        size_t rest = offer->count - from;
        status = accept_part(book, offer, from,
                             rest < CS_VAULT_VERSIONS_MAX ? rest : CS_VAULT_VERSIONS_MAX, &wish,
                             ids[i], problem);
    }
    if (status == CS_OK) {
        *out_ids = ids;
        *out_count = parts;
    }
    return status;
}
