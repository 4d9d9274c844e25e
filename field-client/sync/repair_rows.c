/* What a replica lacks or has otherwise: listing own rows, applying the server's; see repair_internal.h. */
#include "field-client/sync/apply.h"
#include "field-client/sync/repair_internal.h"

#include <stdlib.h>
#include <string.h>

struct listed {
    uint32_t list;
    struct cs_compare_entry entry;
};

struct listing {
    struct cs_repair *repair;
    struct listed *items;
    size_t count;
    size_t capacity;
};

static enum cs_status add_entry(void *context, const struct cs_repair_seen *seen)
{
    struct listing *listing = context;
    const struct cs_compare_request *request = &listing->repair->request;
    size_t list =
        cs_compare_range_find(request->ranges, request->range_count, seen->scope, seen->key);
    if (list == request->range_count) {
        return CS_OK;
    }
    if (listing->count == CS_COMPARE_ENTRIES_MAX) {
        return CS_LIMIT;
    }
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 256 : listing->capacity * 2;
        struct listed *grown = cs_resize(listing->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        listing->items = grown;
        listing->capacity = capacity;
    }
    struct listed *item = &listing->items[listing->count++];
    *item = (struct listed){(uint32_t)list,
                            {.row = seen->row->id, .hash = cs_compare_short(seen->hash)}};
    return cs_arena_copy(&listing->repair->arena, seen->row->name, &item->entry.entity);
}

static int compare_listed(const void *a, const void *b)
{
    const struct listed *left = a;
    const struct listed *right = b;
    if (left->list != right->list) {
        return left->list < right->list ? -1 : 1;
    }
    return cs_compare_name_order(left->entry.entity, &left->entry.row, right->entry.entity,
                                 &right->entry.row);
}

enum cs_status cs_repair_list(struct cs_repair *repair)
{
    struct cs_compare_request *request = &repair->request;
    struct listing listing = {.repair = repair};
    enum cs_status status = cs_repair_scan(repair, NULL, add_entry, &listing);
    if (status == CS_OK) {
        request->list_counts =
            cs_arena_take_array(&repair->arena, request->range_count, sizeof *request->list_counts);
        request->entries =
            cs_arena_take_array(&repair->arena, listing.count, sizeof *request->entries);
        status = request->list_counts == NULL || request->entries == NULL ? CS_NO_MEMORY : CS_OK;
    }
    if (status == CS_OK && listing.count > 0) {
        qsort(listing.items, listing.count, sizeof *listing.items, compare_listed);
    }
    for (size_t i = 0; status == CS_OK && i < listing.count; i++) {
        request->entries[i] = listing.items[i].entry;
        request->list_counts[listing.items[i].list]++;
    }
    request->entry_count = status == CS_OK ? listing.count : 0;
    cs_free(listing.items);
    return status;
}

/* Lies the row in one of the lists that are answered? */
static bool was_asked(const struct cs_repair *repair, const struct cs_compare_response *response,
                      struct cs_bytes entity, const struct cs_id *row)
{
    const struct cs_compare_request *request = &repair->request;
    uint64_t key = cs_compare_key(entity, row);
    for (size_t i = 0; i < response->answered; i++) {
        if (cs_compare_range_holds(&request->ranges[i], key)) {
            return true;
        }
    }
    return false;
}

static enum cs_status check_rows(const struct cs_repair *repair,
                                 const struct cs_compare_response *response)
{
    for (size_t i = 0; i < response->scope_set_count; i++) {
        const struct cs_scope_set *set = &response->scope_sets[i];
        if (set->scopes[set->count - 1] >= repair->scope_count) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < response->row_count; i++) {
        if (!was_asked(repair, response, response->rows[i].entity, &response->rows[i].id)) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < response->departure_count; i++) {
        const struct cs_departure *departure = &response->departures[i];
        if (!was_asked(repair, response, departure->entity, &departure->row)) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

/* The answer as the page of a sync, so that its rows go the same way and through the same checks. */
static enum cs_status apply_rows(struct cs_repair *repair,
                                 const struct cs_compare_response *response,
                                 struct cs_problem *problem)
{
    struct cs_apply apply;
    struct cs_sync_result result = {.digest = CS_SYNC_DIGEST_UNKNOWN};
    struct cs_apply_refusals none = {NULL, NULL};
    struct cs_sync_response page = {
        .scope_sets = response->scope_sets,
        .scope_set_count = response->scope_set_count,
        .rows = response->rows,
        .row_count = response->row_count,
        .departures = response->departures,
        .departure_count = response->departure_count,
    };
    struct cs_scope_cursor *cursors = cs_alloc_zero(repair->scope_count + 1, sizeof *cursors);
    if (cursors == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < repair->scope_count; i++) {
        cursors[i].scope = repair->scopes[i];
    }
    page.cursors = cursors;
    page.cursor_count = repair->scope_count;
    enum cs_status status = cs_apply_init(&apply, repair->replica, &result, none);
    if (status == CS_OK) {
        status = cs_apply_repair(&apply, &page, problem);
    }
    cs_apply_release(&apply);
    cs_free(cursors);
    if (status == CS_OK) {
        status = cs_repair_keep_note(repair);
    }
    if (status == CS_OK) {
        repair->note.report.rows += response->row_count;
        repair->note.report.departed += result.departed;
        repair->repaired += response->row_count + result.departed;
        status = cs_repair_note_save(repair->replica, &repair->note);
    }
    return status;
}

/* The first list did not fit into an answer: its range is divided instead. */
static enum cs_status divide_first(struct cs_repair *repair)
{
    for (size_t i = 0; i < repair->range_count; i++) {
        struct cs_repair_range *range = &repair->ranges[i];
        if (cs_compare_range_order(&range->range, &repair->request.ranges[0]) == 0 &&
            range->range.depth < CS_COMPARE_DEPTH_MAX) {
            range->listed = false;
            return CS_OK;
        }
    }
    return cs_repair_give_up(repair,
                             "rows that differ are too large for one answer: tell the office");
}

enum cs_status cs_repair_take_rows(struct cs_repair *repair,
                                   const struct cs_compare_response *response,
                                   struct cs_problem *problem)
{
    if (response->answered == 0) {
        return response->row_count + response->departure_count == 0 ? divide_first(repair)
                                                                    : CS_MALFORMED;
    }
    struct cs_database *database = cs_replica_database(repair->replica);
    enum cs_status status = check_rows(repair, response);
    if (status == CS_OK) {
        status = cs_database_begin(database);
    }
    if (status != CS_OK) {
        return status;
    }
    status = apply_rows(repair, response, problem);
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    cs_repair_forget(repair, response->answered);
    return status;
}
