/* Where a replica differs: sums of scopes and ranges against the server's; see repair_internal.h. */
#include "field-client/replica/recount.h"
#include "field-client/sync/repair_internal.h"

#include <stdlib.h>
#include <string.h>

/* Rows of a range that are listed rather than divided: listing costs about 12 bytes for each of our own. */
#define LISTED_OWN_MAX 64
#define LISTED_THEIRS_MAX 1000
/* Where most children of a range differ, dividing on finds nothing more. */
#define LISTED_SPOILT_MAX 2000
/* Rows of all ranges in one request. */
#define REQUEST_ROWS_MAX 8000
/* Ranges that wait; more differ only where a server says so without reason, or nearly everything is lost. */
#define RANGES_MAX 50000

struct scan {
    struct cs_repair *repair;
    struct cs_departure *moved; /* sorted */
    size_t moved_count;
    cs_repair_visitor *visit;
    void *context;
};

static int compare_names(const void *a, const void *b)
{
    const struct cs_departure *left = a;
    const struct cs_departure *right = b;
    return cs_compare_name_order(left->entity, &left->row, right->entity, &right->row);
}

static enum cs_status visit_row(void *context, const struct cs_stored_row *row)
{
    struct scan *scan = context;
    struct cs_departure name = {row->name, row->id};
    if (scan->moved_count > 0 &&
        bsearch(&name, scan->moved, scan->moved_count, sizeof name, compare_names) != NULL) {
        return CS_OK;
    }
    struct cs_repair_seen seen = {.row = row, .key = cs_compare_key(row->name, &row->id)};
    enum cs_status status = cs_stored_row_hash(row, seen.hash);
    for (size_t i = 0; status == CS_OK && i < scan->repair->scope_count; i++) {
        if (cs_scope_numbers_contain(row->scopes, scan->repair->numbers[i])) {
            seen.scope = (uint32_t)i;
            status = scan->visit(scan->context, &seen);
        }
    }
    return status;
}

enum cs_status cs_repair_scan(struct cs_repair *repair, const struct cs_compare_response *response,
                              cs_repair_visitor *visit, void *context)
{
    struct scan scan = {.repair = repair, .visit = visit, .context = context};
    if (response != NULL && response->moved_count > 0) {
        scan.moved = response->moved;
        scan.moved_count = response->moved_count;
        qsort(scan.moved, scan.moved_count, sizeof *scan.moved, compare_names);
    }
    return cs_confirmed_scan(repair->replica, visit_row, &scan);
}

static enum cs_status add_range(struct cs_repair *repair, const struct cs_repair_range *range)
{
    if (repair->range_count == RANGES_MAX) {
        return CS_OK; /* what is left out is found when the scopes are compared again */
    }
    if (repair->range_count == repair->range_capacity) {
        size_t capacity = repair->range_capacity == 0 ? 64 : repair->range_capacity * 2;
        struct cs_repair_range *grown = cs_resize(repair->ranges, capacity * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        repair->ranges = grown;
        repair->range_capacity = capacity;
    }
    repair->ranges[repair->range_count++] = *range;
    return CS_OK;
}

static bool is_small(const struct cs_repair_range *range, bool spoilt)
{
    uint64_t own_max = spoilt ? LISTED_SPOILT_MAX : LISTED_OWN_MAX;
    uint64_t theirs_max = spoilt ? LISTED_SPOILT_MAX : LISTED_THEIRS_MAX;
    return range->range.depth == CS_COMPARE_DEPTH_MAX ||
           (range->own <= own_max && range->theirs <= theirs_max);
}

static int compare_ranges(const void *a, const void *b)
{
    return cs_compare_range_order(a, b);
}

struct scope_sums {
    struct cs_multiset *sums;
    uint64_t *counts;
};

static enum cs_status add_to_sum(void *context, const struct cs_repair_seen *seen)
{
    struct scope_sums *own = context;
    cs_multiset_add(&own->sums[seen->scope], seen->hash);
    own->counts[seen->scope]++;
    return CS_OK;
}

enum cs_status cs_repair_take_sums(struct cs_repair *repair,
                                   const struct cs_compare_response *response, bool *out_any,
                                   bool *out_unsound)
{
    struct scope_sums own = {
        cs_alloc_zero(repair->scope_count + 1, sizeof *own.sums),
        cs_alloc_zero(repair->scope_count + 1, sizeof *own.counts),
    };
    enum cs_status status = own.sums == NULL || own.counts == NULL
                                ? CS_NO_MEMORY
                                : cs_repair_scan(repair, response, add_to_sum, &own);
    for (size_t i = 0; status == CS_OK && i < repair->scope_count; i++) {
        const struct cs_compare_sum *theirs = &response->sums[i];
        bool differs = memcmp(&own.sums[i], &theirs->multiset, sizeof own.sums[i]) != 0;
        *out_any = *out_any || differs;
        *out_unsound = *out_unsound || !theirs->sound;
        if (differs && theirs->sound) {
            struct cs_repair_range range = {
                {(uint32_t)i, 0, 0}, own.counts[i], theirs->count, false};
            range.listed = is_small(&range, false);
            status = add_range(repair, &range);
        }
    }
    cs_free(own.sums);
    cs_free(own.counts);
    return status;
}

struct range_sums {
    const struct cs_compare_request *request;
    struct cs_compare_child *children;
};

static enum cs_status add_to_child(void *context, const struct cs_repair_seen *seen)
{
    struct range_sums *own = context;
    const struct cs_compare_request *request = own->request;
    size_t index =
        cs_compare_range_find(request->ranges, request->range_count, seen->scope, seen->key);
    if (index < request->range_count) {
        struct cs_compare_range child = cs_compare_range_child(&request->ranges[index], seen->key);
        struct cs_compare_child *sum =
            &own->children[index * CS_COMPARE_FANOUT + (size_t)(child.prefix % CS_COMPARE_FANOUT)];
        sum->count++;
        sum->sum += cs_compare_short(seen->hash);
    }
    return CS_OK;
}

static enum cs_status add_children(struct cs_repair *repair, size_t index,
                                   const struct cs_compare_child *own,
                                   const struct cs_compare_child *theirs)
{
    const struct cs_compare_range *parent = &repair->request.ranges[index];
    size_t differing = 0;
    for (size_t i = 0; i < CS_COMPARE_FANOUT; i++) {
        differing += own[i].count != theirs[i].count || own[i].sum != theirs[i].sum;
    }
    bool spoilt = differing > CS_COMPARE_FANOUT / 2;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < CS_COMPARE_FANOUT; i++) {
        if (own[i].count == theirs[i].count && own[i].sum == theirs[i].sum) {
            continue;
        }
        struct cs_repair_range range = {
            {parent->scope, (uint8_t)(parent->depth + 1), parent->prefix * CS_COMPARE_FANOUT + i},
            own[i].count,
            theirs[i].count,
            false};
        range.listed = is_small(&range, spoilt);
        status = add_range(repair, &range);
    }
    return status;
}

enum cs_status cs_repair_take_children(struct cs_repair *repair,
                                       const struct cs_compare_response *response)
{
    const struct cs_compare_request *request = &repair->request;
    struct range_sums own = {request, cs_alloc_zero(response->child_count, sizeof *own.children)};
    enum cs_status status =
        own.children == NULL ? CS_NO_MEMORY : cs_repair_scan(repair, response, add_to_child, &own);
    cs_repair_forget(repair, request->range_count);
    for (size_t i = 0; status == CS_OK && i < request->range_count; i++) {
        size_t first = i * CS_COMPARE_FANOUT;
        status = add_children(repair, i, own.children + first, response->children + first);
    }
    cs_free(own.children);
    return status;
}

void cs_repair_forget(struct cs_repair *repair, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; count > 0 && i < repair->range_count; i++) {
        const struct cs_compare_range *asked = repair->request.ranges;
        if (bsearch(&repair->ranges[i].range, asked, count, sizeof *asked, compare_ranges) ==
            NULL) {
            repair->ranges[kept++] = repair->ranges[i];
        }
    }
    repair->range_count = count > 0 ? kept : repair->range_count;
}

enum cs_status cs_repair_choose(struct cs_repair *repair)
{
    struct cs_compare_request *request = &repair->request;
    request->ranges =
        cs_arena_take_array(&repair->arena, CS_COMPARE_RANGES_MAX, sizeof *request->ranges);
    if (request->ranges == NULL) {
        return CS_NO_MEMORY;
    }
    /* What can be put right goes first, so that what is left to do stays little. */
    bool listed = false;
    for (size_t i = 0; !listed && i < repair->range_count; i++) {
        listed = repair->ranges[i].listed;
    }
    uint64_t rows = 0;
    for (size_t i = 0; i < repair->range_count; i++) {
        const struct cs_repair_range *range = &repair->ranges[i];
        uint64_t more = range->own > range->theirs ? range->own : range->theirs;
        bool fits = !listed || request->range_count == 0 || more <= REQUEST_ROWS_MAX - rows;
        if (range->listed == listed && fits && request->range_count < CS_COMPARE_RANGES_MAX) {
            request->ranges[request->range_count++] = range->range;
            rows += listed && more < REQUEST_ROWS_MAX - rows ? more : 0;
        }
    }
    qsort(request->ranges, request->range_count, sizeof *request->ranges, compare_ranges);
    request->step = listed ? CS_COMPARE_ROWS : CS_COMPARE_RANGES;
    return CS_OK;
}
