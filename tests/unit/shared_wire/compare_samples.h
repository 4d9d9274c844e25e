/* Samples of comparison messages and when they are the same: see samples.h. */
#ifndef TESTS_UNIT_SHARED_WIRE_COMPARE_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_COMPARE_SAMPLES_H

#include "tests/unit/shared_wire/message_samples.h"

#include "shared/wire/compare.h"

static inline int sample_entry_order(const void *a, const void *b)
{
    const struct cs_compare_entry *left = a;
    const struct cs_compare_entry *right = b;
    return cs_compare_name_order(left->entity, &left->row, right->entity, &right->row);
}

/* Rows of one range at depth 1, found by trying ids. */
static inline void sample_list(struct sample_random *random, struct cs_compare_request *request,
                               size_t range, size_t count)
{
    struct cs_compare_entry *first = request->entries + request->entry_count;
    for (size_t i = 0; i < count; i++) {
        first[i].entity = cs_bytes_of_text("part");
        first[i].hash = sample_next(random);
        do {
            sample_fill(random, first[i].row.bytes, CS_ID_SIZE);
        } while (!cs_compare_range_holds(&request->ranges[range],
                                         cs_compare_key(first[i].entity, &first[i].row)));
    }
    qsort(first, count, sizeof *first, sample_entry_order);
    request->list_counts[range] = (uint32_t)count;
    request->entry_count += count;
}

/* Four scopes; for RANGES and ROWS one range in each of three of them, for ROWS with lists of 0, 2 and 3 rows. */
static inline struct cs_compare_request sample_compare_request(struct sample_random *random,
                                                               struct cs_arena *arena,
                                                               enum cs_compare_step step)
{
    struct cs_compare_request request = {.step = step, .position = sample_number(random) >> 1};
    sample_fill(random, request.incarnation, sizeof request.incarnation);
    request.scope_count = 4;
    request.scopes = sample_take(arena, 4, sizeof *request.scopes);
    for (size_t i = 0; i < 4; i++) {
        request.scopes[i].kind = (uint8_t)(i + 1);
        request.scopes[i].id.bytes[3] = i < 2 ? 0 : (uint8_t)(1 + sample_next(random) % 255);
    }
    if (step == CS_COMPARE_REPORT) {
        request.report = (struct cs_compare_report){CS_COMPARE_REPAIRED, sample_below(random, 9),
                                                    sample_below(random, 9), 1};
    }
    if (step == CS_COMPARE_RANGES || step == CS_COMPARE_ROWS) {
        request.range_count = 3;
        request.ranges = sample_take(arena, 3, sizeof *request.ranges);
        request.list_counts = sample_take(arena, 3, sizeof *request.list_counts);
        request.entries = sample_take(arena, 5, sizeof *request.entries);
        for (size_t i = 0; i < 3; i++) {
            request.ranges[i] = (struct cs_compare_range){(uint32_t)i, 1, sample_below(random, 64)};
        }
    }
    if (step == CS_COMPARE_ROWS) {
        sample_list(random, &request, 0, 0);
        sample_list(random, &request, 1, 2);
        sample_list(random, &request, 2, 3);
    }
    return request;
}

static inline bool sample_compare_requests_equal(const struct cs_compare_request *a,
                                                 const struct cs_compare_request *b)
{
    bool equal = a->step == b->step && a->position == b->position &&
                 memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0 &&
                 a->scope_count == b->scope_count && a->range_count == b->range_count &&
                 a->entry_count == b->entry_count && a->report.outcome == b->report.outcome &&
                 a->report.rows == b->report.rows && a->report.departed == b->report.departed &&
                 a->report.sums == b->report.sums;
    for (size_t i = 0; equal && i < a->scope_count; i++) {
        equal = cs_scope_name_compare(&a->scopes[i], &b->scopes[i]) == 0;
    }
    for (size_t i = 0; equal && i < a->range_count; i++) {
        equal = cs_compare_range_order(&a->ranges[i], &b->ranges[i]) == 0 &&
                (a->step != CS_COMPARE_ROWS || a->list_counts[i] == b->list_counts[i]);
    }
    for (size_t i = 0; equal && i < a->entry_count; i++) {
        equal = sample_entry_order(&a->entries[i], &b->entries[i]) == 0 &&
                a->entries[i].hash == b->entries[i].hash;
    }
    return equal;
}

static inline struct cs_departure *sample_names(struct sample_random *random,
                                                struct cs_arena *arena, size_t count)
{
    struct cs_departure *names = sample_take(arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i].entity = sample_word(random);
        sample_fill(random, names[i].row.bytes, CS_ID_SIZE);
    }
    return names;
}

static inline struct cs_compare_response sample_compare_response(struct sample_random *random,
                                                                 struct cs_arena *arena)
{
    struct cs_compare_response response = {.position = sample_number(random) >> 1, .answered = 3};
    sample_fill(random, response.incarnation, sizeof response.incarnation);
    response.moved_count = sample_below(random, 4);
    response.moved = sample_names(random, arena, response.moved_count);
    response.sum_count = 3;
    response.sums = sample_take(arena, 3, sizeof *response.sums);
    for (size_t i = 0; i < 3; i++) {
        response.sums[i].count = sample_below(random, 10000);
        response.sums[i].sound = i != 1;
        sample_fill(random, response.sums[i].multiset.sum, CS_HASH_SIZE);
    }
    response.child_count = CS_COMPARE_FANOUT;
    response.children = sample_take(arena, CS_COMPARE_FANOUT, sizeof *response.children);
    for (size_t i = 0; i < CS_COMPARE_FANOUT; i++) {
        response.children[i] =
            (struct cs_compare_child){sample_below(random, 300), sample_next(random)};
    }
    response.scope_set_count = 3;
    response.scope_sets = sample_take(arena, 3, sizeof *response.scope_sets);
    for (uint32_t i = 0; i < 3; i++) {
        response.scope_sets[i].count = 1 + i;
        response.scope_sets[i].scopes = sample_take(arena, 3, sizeof(uint32_t));
        for (uint32_t j = 0; j <= i; j++) {
            response.scope_sets[i].scopes[j] = 2 * j + i;
        }
    }
    response.row_count = 4;
    response.rows = sample_rows(random, arena, response.row_count);
    for (size_t i = 0; i < response.row_count; i++) {
        response.rows[i].scope_set = (uint32_t)(i % 3);
    }
    response.departure_count = sample_below(random, 4);
    response.departures = sample_names(random, arena, response.departure_count);
    return response;
}

static inline bool sample_names_equal(const struct cs_departure *a, size_t a_count,
                                      const struct cs_departure *b, size_t b_count)
{
    bool equal = a_count == b_count;
    for (size_t i = 0; equal && i < a_count; i++) {
        equal = cs_compare_name_order(a[i].entity, &a[i].row, b[i].entity, &b[i].row) == 0;
    }
    return equal;
}

static inline bool sample_compare_responses_equal(const struct cs_compare_response *a,
                                                  const struct cs_compare_response *b)
{
    bool equal =
        a->position == b->position && a->answered == b->answered &&
        memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0 &&
        a->sum_count == b->sum_count && a->child_count == b->child_count &&
        a->scope_set_count == b->scope_set_count &&
        sample_names_equal(a->moved, a->moved_count, b->moved, b->moved_count) &&
        sample_names_equal(a->departures, a->departure_count, b->departures, b->departure_count) &&
        sample_rows_equal(a->rows, a->row_count, b->rows, b->row_count);
    for (size_t i = 0; equal && i < a->sum_count; i++) {
        equal = a->sums[i].count == b->sums[i].count && a->sums[i].sound == b->sums[i].sound &&
                memcmp(a->sums[i].multiset.sum, b->sums[i].multiset.sum, CS_HASH_SIZE) == 0;
    }
    for (size_t i = 0; equal && i < a->child_count; i++) {
        equal = a->children[i].count == b->children[i].count &&
                a->children[i].sum == b->children[i].sum;
    }
    for (size_t i = 0; equal && i < a->scope_set_count; i++) {
        const struct cs_scope_set *left = &a->scope_sets[i];
        const struct cs_scope_set *right = &b->scope_sets[i];
        equal = left->count == right->count &&
                memcmp(left->scopes, right->scopes, left->count * sizeof *left->scopes) == 0;
    }
    return equal;
}

#endif
