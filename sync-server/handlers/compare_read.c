/* Comparing with a device: what has moved, sums of scopes and of ranges; see compare_read.h. */
#include "sync-server/handlers/compare_internal.h"

#include <stdlib.h>
#include <string.h>

bool cs_compare_stands(const struct cs_scope_entry *entry, const struct cs_stored_row *row,
                       uint64_t scope)
{
    return row->exists && row->position == entry->position &&
           cs_scope_numbers_contain(row->scopes, scope);
}

static int compare_names(const void *a, const void *b)
{
    const struct cs_departure *left = a;
    const struct cs_departure *right = b;
    return cs_compare_name_order(left->entity, &left->row, right->entity, &right->row);
}

bool cs_compare_moved(const struct cs_comparison *comparison, struct cs_bytes entity,
                      const struct cs_id *row)
{
    const struct cs_compare_response *response = comparison->response;
    struct cs_departure wanted = {entity, *row};
    return response->moved_count > 0 && bsearch(&wanted, response->moved, response->moved_count,
                                                sizeof wanted, compare_names) != NULL;
}

/* Entries beyond the device's checkpoint: sorted, each row once. */
static enum cs_status read_moved(struct cs_comparison *comparison)
{
    const struct cs_compare_request *request = comparison->request;
    struct cs_compare_response *response = comparison->response;
    struct cs_departure *moved =
        cs_arena_take_array(comparison->arena, CS_COMPARE_MOVED_MAX, sizeof *moved);
    if (moved == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < request->scope_count; i++) {
        struct cs_scope_entry *entries = NULL;
        size_t entry_count = 0;
        enum cs_status status =
            !comparison->subscriptions[i].exists
                ? CS_OK
                : cs_store_scope_entries(comparison->reader, comparison->subscriptions[i].number,
                                         request->position, CS_COMPARE_MOVED_MAX - count + 1,
                                         comparison->arena, &entries, &entry_count);
        if (status != CS_OK || entry_count > CS_COMPARE_MOVED_MAX - count) {
            return status != CS_OK ? status : CS_BUSY;
        }
        for (size_t j = 0; j < entry_count; j++) {
            moved[count++] = (struct cs_departure){entries[j].entity, entries[j].row};
        }
    }
    qsort(moved, count, sizeof *moved, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (response->moved_count == 0 ||
            compare_names(&moved[response->moved_count - 1], &moved[i]) != 0) {
            moved[response->moved_count++] = moved[i];
        }
    }
    response->moved = moved;
    return CS_OK;
}

struct sum_scan {
    uint64_t scope;
    uint64_t position;
    uint64_t count;
    struct cs_multiset then; /* of rows that have not moved since */
    struct cs_multiset now;
};

static enum cs_status add_to_sum(void *context, const struct cs_scope_entry *entry,
                                 const struct cs_stored_row *row)
{
    struct sum_scan *scan = context;
    if (!cs_compare_stands(entry, row, scan->scope)) {
        return CS_OK;
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status == CS_OK) {
        cs_multiset_add(&scan->now, hash);
        if (entry->position <= scan->position) {
            cs_multiset_add(&scan->then, hash);
            scan->count++;
        }
    }
    return status;
}

enum cs_status cs_compare_scope_sum(struct cs_store *store, uint64_t scope, struct cs_multiset *out)
{
    struct sum_scan scan = {.scope = scope, .position = UINT64_MAX};
    enum cs_status status = cs_store_scope_rows(store, scope, add_to_sum, &scan);
    if (status == CS_OK) {
        *out = scan.now;
    }
    return status;
}

static enum cs_status read_sum(struct cs_comparison *comparison, size_t index,
                               struct cs_compare_sum *out)
{
    const struct cs_subscription *subscription = &comparison->subscriptions[index];
    *out = (struct cs_compare_sum){.sound = true};
    if (!subscription->exists) {
        return CS_OK;
    }
    struct cs_multiset stored;
    struct sum_scan scan = {.scope = subscription->number,
                            .position = comparison->request->position};
    enum cs_status status =
        cs_store_scope_rows(comparison->reader, subscription->number, add_to_sum, &scan);
    if (status == CS_OK) {
        status = cs_store_scope_digest(comparison->reader, subscription->number, &stored);
    }
    if (status == CS_OK) {
        out->count = scan.count;
        out->multiset = scan.then;
        out->sound = memcmp(stored.sum, scan.now.sum, sizeof stored.sum) == 0;
    }
    return status;
}

static enum cs_status read_sums(struct cs_comparison *comparison, bool *out_unsound)
{
    size_t count = comparison->request->scope_count;
    struct cs_compare_sum *sums = cs_arena_take_array(comparison->arena, count, sizeof *sums);
    enum cs_status status = sums == NULL ? CS_NO_MEMORY : CS_OK;
    bool unsound = false;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = read_sum(comparison, i, &sums[i]);
        unsound = unsound || !sums[i].sound;
    }
    if (status == CS_OK) {
        comparison->response->sums = sums;
        comparison->response->sum_count = count;
        *out_unsound = unsound;
    }
    return status;
}

struct range_scan {
    struct cs_comparison *comparison;
    uint32_t scope; /* index */
    struct cs_compare_child *children;
};

static enum cs_status add_to_range(void *context, const struct cs_scope_entry *entry,
                                   const struct cs_stored_row *row)
{
    struct range_scan *scan = context;
    const struct cs_compare_request *request = scan->comparison->request;
    if (entry->position > request->position ||
        !cs_compare_stands(entry, row, scan->comparison->subscriptions[scan->scope].number)) {
        return CS_OK;
    }
    uint64_t key = cs_compare_key(entry->entity, &entry->row);
    size_t index = cs_compare_range_find(request->ranges, request->range_count, scan->scope, key);
    if (index == request->range_count) {
        return CS_OK;
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status == CS_OK) {
        struct cs_compare_range child = cs_compare_range_child(&request->ranges[index], key);
        size_t place = index * CS_COMPARE_FANOUT + (size_t)(child.prefix % CS_COMPARE_FANOUT);
        scan->children[place].count++;
        scan->children[place].sum += cs_compare_short(hash);
    }
    return status;
}

static enum cs_status read_ranges(struct cs_comparison *comparison)
{
    const struct cs_compare_request *request = comparison->request;
    size_t count = request->range_count * CS_COMPARE_FANOUT;
    struct range_scan scan = {
        .comparison = comparison,
        .children = cs_arena_take_array(comparison->arena, count, sizeof *scan.children)};
    enum cs_status status = scan.children == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < request->range_count; i++) {
        scan.scope = request->ranges[i].scope;
        /* Ranges are in the order of scopes: one scan for all of a scope. */
        bool first = i == 0 || request->ranges[i - 1].scope != scan.scope;
        if (first && comparison->subscriptions[scan.scope].exists) {
            status = cs_store_scope_rows(comparison->reader,
                                         comparison->subscriptions[scan.scope].number, add_to_range,
                                         &scan);
        }
    }
    if (status == CS_OK) {
        comparison->response->children = scan.children;
        comparison->response->child_count = count;
    }
    return status;
}

/* The device must hold exactly the scopes that are its own now: nothing else may be asked about. */
static enum cs_status find_scopes(struct cs_comparison *comparison, const struct cs_device *device)
{
    const struct cs_compare_request *request = comparison->request;
    size_t count = 0;
    enum cs_status status = cs_subscriptions_of(comparison->reader, device, comparison->arena,
                                                &comparison->subscriptions, &count);
    if (status == CS_OK && count != request->scope_count) {
        status = CS_BUSY;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_scope_name_compare(&comparison->subscriptions[i].name, &request->scopes[i]) != 0) {
            status = CS_BUSY;
        }
    }
    return status;
}

enum cs_status cs_compare_read(struct cs_store *reader, const struct cs_device *device,
                               const struct cs_compare_request *request, struct cs_arena *arena,
                               struct cs_compare_response *response, bool *out_unsound)
{
    struct cs_comparison comparison = {
        .reader = reader, .arena = arena, .request = request, .response = response};
    *out_unsound = false;
    enum cs_status status = cs_store_position(reader, &response->position);
    if (status == CS_OK && request->position > response->position) {
        status = CS_REFUSED;
    }
    if (status != CS_OK || request->step == CS_COMPARE_REPORT) {
        return status;
    }
    status = find_scopes(&comparison, device);
    if (status == CS_OK) {
        status = read_moved(&comparison);
    }
    if (status == CS_OK && request->step == CS_COMPARE_SCOPES) {
        status = read_sums(&comparison, out_unsound);
    }
    if (status == CS_OK && request->step == CS_COMPARE_RANGES) {
        status = read_ranges(&comparison);
    }
    return status == CS_OK && request->step == CS_COMPARE_ROWS ? cs_compare_read_rows(&comparison)
                                                               : status;
}
