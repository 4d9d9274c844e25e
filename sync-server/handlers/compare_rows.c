/*
 * Comparing with a device: the rows it lacks or has otherwise, of the ranges whose rows it listed; see compare_read.h.
 *
 * First names only, sorted by list, each row once: those that differ, and those listed that are not there. Then rows are loaded list by
 * list as long as they fit.
 */
#include "shared/base/limits.h"
#include "sync-server/handlers/compare_internal.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
    uint32_t list;
    struct cs_departure name;
};

struct row_scan {
    struct cs_comparison *comparison;
    uint32_t scope; /* index */
    size_t *firsts; /* per list, index of its first entry */
    bool *seen;     /* per entry: it stands in its range here, equal or not */
    struct candidate *candidates;
    size_t count;
};

static enum cs_status add_candidate(struct row_scan *scan, size_t list, struct cs_bytes entity,
                                    const struct cs_id *row)
{
    if (scan->count == CS_PAGE_ROWS_MAX) {
        return CS_LIMIT;
    }
    struct candidate *candidate = &scan->candidates[scan->count++];
    *candidate = (struct candidate){.list = (uint32_t)list, .name = {.row = *row}};
    return cs_arena_copy(scan->comparison->arena, entity, &candidate->name.entity);
}

/* The entry of this name in a list; entry_count if it is not listed. */
static size_t find_entry(const struct row_scan *scan, size_t list,
                         const struct cs_scope_entry *entry)
{
    const struct cs_compare_request *request = scan->comparison->request;
    size_t low = scan->firsts[list];
    size_t high = low + request->list_counts[list];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cs_compare_entry *listed = &request->entries[middle];
        int order = cs_compare_name_order(listed->entity, &listed->row, entry->entity, &entry->row);
        if (order == 0) {
            return middle;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return request->entry_count;
}

static enum cs_status compare_row(void *context, const struct cs_scope_entry *entry,
                                  const struct cs_stored_row *row)
{
    struct row_scan *scan = context;
    const struct cs_compare_request *request = scan->comparison->request;
    uint64_t number = scan->comparison->subscriptions[scan->scope].number;
    if (entry->position > request->position || !cs_compare_stands(entry, row, number)) {
        return CS_OK;
    }
    size_t list = cs_compare_range_find(request->ranges, request->range_count, scan->scope,
                                        cs_compare_key(entry->entity, &entry->row));
    if (list == request->range_count) {
        return CS_OK;
    }
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status != CS_OK) {
        return status;
    }
    size_t listed = find_entry(scan, list, entry);
    if (listed < request->entry_count) {
        scan->seen[listed] = true;
        if (request->entries[listed].hash == cs_compare_short(hash)) {
            return CS_OK;
        }
    }
    return add_candidate(scan, list, entry->entity, &entry->row);
}

/* Listed, but not there: unless it has just moved, it stands elsewhere or not at all. */
static enum cs_status add_unseen(struct row_scan *scan)
{
    const struct cs_compare_request *request = scan->comparison->request;
    enum cs_status status = CS_OK;
    for (size_t list = 0; list < request->range_count; list++) {
        size_t end = scan->firsts[list] + request->list_counts[list];
        for (size_t i = scan->firsts[list]; status == CS_OK && i < end; i++) {
            const struct cs_compare_entry *entry = &request->entries[i];
            if (!scan->seen[i] && !cs_compare_moved(scan->comparison, entry->entity, &entry->row)) {
                status = add_candidate(scan, list, entry->entity, &entry->row);
            }
        }
    }
    return status;
}

static enum cs_status scan_scopes(struct row_scan *scan)
{
    struct cs_comparison *comparison = scan->comparison;
    const struct cs_compare_request *request = comparison->request;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < request->range_count; i++) {
        scan->scope = request->ranges[i].scope;
        bool first = i == 0 || request->ranges[i - 1].scope != scan->scope;
        if (first && comparison->subscriptions[scan->scope].exists) {
            status = cs_store_scope_rows(comparison->reader,
                                         comparison->subscriptions[scan->scope].number, compare_row,
                                         scan);
        }
    }
    return status != CS_OK ? status : add_unseen(scan);
}

static int compare_names(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    int order = cs_compare_name_order(left->name.entity, &left->name.row, right->name.entity,
                                      &right->name.row);
    return order != 0 ? order : (left->list > right->list) - (left->list < right->list);
}

static int compare_lists(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    return left->list != right->list ? (left->list > right->list ? 1 : -1) : compare_names(a, b);
}

/* Each row once, in the first list that names it. */
static void drop_doubles(struct row_scan *scan)
{
    qsort(scan->candidates, scan->count, sizeof *scan->candidates, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < scan->count; i++) {
        const struct cs_departure *name = &scan->candidates[i].name;
        if (kept == 0 || cs_compare_name_order(scan->candidates[kept - 1].name.entity,
                                               &scan->candidates[kept - 1].name.row, name->entity,
                                               &name->row) != 0) {
            scan->candidates[kept++] = scan->candidates[i];
        }
    }
    scan->count = kept;
    qsort(scan->candidates, scan->count, sizeof *scan->candidates, compare_lists);
}

/* The set of the device's scopes that hold the row; false: none does. */
static enum cs_status scope_set(struct cs_comparison *comparison, struct cs_bytes scopes,
                                uint32_t *out, bool *out_any)
{
    size_t scope_count = comparison->request->scope_count;
    struct cs_compare_response *response = comparison->response;
    uint32_t *members = cs_arena_take_array(comparison->arena, scope_count, sizeof *members);
    if (members == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < scope_count; i++) {
        if (comparison->subscriptions[i].exists &&
            cs_scope_numbers_contain(scopes, comparison->subscriptions[i].number)) {
            members[count++] = (uint32_t)i;
        }
    }
    *out_any = count > 0;
    size_t set = 0;
    while (set < response->scope_set_count &&
           (response->scope_sets[set].count != count ||
            memcmp(response->scope_sets[set].scopes, members, count * sizeof *members) != 0)) {
        set++;
    }
    if (count > 0 && set == response->scope_set_count) {
        response->scope_sets[response->scope_set_count++] = (struct cs_scope_set){members, count};
    }
    *out = (uint32_t)set;
    return CS_OK;
}

/* A row of the device's scopes as it is, or the news that it is none. */
static enum cs_status add_row(struct cs_comparison *comparison, const struct cs_departure *name,
                              size_t *bytes)
{
    struct cs_compare_response *response = comparison->response;
    struct cs_row_key key = {name->entity, name->row};
    struct cs_row row = {.entity = name->entity, .id = name->row};
    struct cs_stored_row stored;
    bool any = false;
    enum cs_status status =
        cs_store_load_rows(comparison->reader, &key, 1, comparison->arena, &stored);
    if (status == CS_OK && stored.exists) {
        status = scope_set(comparison, stored.scopes, &row.scope_set, &any);
    }
    if (status != CS_OK || !any) {
        if (status == CS_OK) {
            response->departures[response->departure_count++] = *name;
        }
        return status;
    }
    row.deleted = stored.deleted;
    row.versions = stored.versions;
    status = cs_row_fields(&stored, comparison->arena, &row.fields, &row.field_count);
    if (status == CS_OK) {
        *bytes += CS_ID_SIZE + row.versions.size;
        for (size_t i = 0; i < row.field_count; i++) {
            *bytes += 9 + row.fields[i].name.size + row.fields[i].value.bytes.size;
        }
        response->rows[response->row_count++] = row;
    }
    return status;
}

/* Whole lists only: what did not fit is asked for again, in smaller ranges if need be. */
static enum cs_status load_lists(struct row_scan *scan)
{
    struct cs_comparison *comparison = scan->comparison;
    struct cs_compare_response *response = comparison->response;
    size_t bytes = 0;
    size_t next = 0;
    enum cs_status status = CS_OK;
    for (uint32_t list = 0; list < comparison->request->range_count; list++) {
        size_t row_count = response->row_count;
        size_t departure_count = response->departure_count;
        while (status == CS_OK && next < scan->count && scan->candidates[next].list == list &&
               bytes < CS_PAGE_BYTES_TARGET) {
            status = add_row(comparison, &scan->candidates[next++].name, &bytes);
        }
        if (status != CS_OK) {
            return status;
        }
        if (next < scan->count && scan->candidates[next].list == list) {
            response->row_count = row_count;
            response->departure_count = departure_count;
            return CS_OK;
        }
        response->answered = list + 1;
    }
    return CS_OK;
}

enum cs_status cs_compare_read_rows(struct cs_comparison *comparison)
{
    const struct cs_compare_request *request = comparison->request;
    struct cs_compare_response *response = comparison->response;
    struct cs_arena *arena = comparison->arena;
    struct row_scan scan = {
        .comparison = comparison,
        .firsts = cs_arena_take_array(arena, request->range_count, sizeof *scan.firsts),
        .seen = cs_arena_take_array(arena, request->entry_count, sizeof *scan.seen),
        .candidates = cs_arena_take_array(arena, CS_PAGE_ROWS_MAX, sizeof *scan.candidates),
    };
    response->rows = cs_arena_take_array(arena, CS_PAGE_ROWS_MAX, sizeof *response->rows);
    response->departures =
        cs_arena_take_array(arena, CS_PAGE_ROWS_MAX, sizeof *response->departures);
    response->scope_sets =
        cs_arena_take_array(arena, CS_PAGE_ROWS_MAX, sizeof *response->scope_sets);
    if (scan.firsts == NULL || scan.seen == NULL || scan.candidates == NULL ||
        response->rows == NULL || response->departures == NULL || response->scope_sets == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 1; i < request->range_count; i++) {
        scan.firsts[i] = scan.firsts[i - 1] + request->list_counts[i - 1];
    }
    enum cs_status status = scan_scopes(&scan);
    if (status == CS_OK) {
        drop_doubles(&scan);
        status = load_lists(&scan);
    }
    return status;
}
