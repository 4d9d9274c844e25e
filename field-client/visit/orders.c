/* Work orders dispatched to oneself, see orders.h. */
#include "field-client/visit/orders.h"

#include "field-client/replica/query.h"
#include "field-client/visit/visit_internal.h"
#include "shared/base/text.h"
#include "shared/domain/work_order.h"

#include <stdlib.h>
#include <string.h>

static bool is_mine(const struct cs_replica *replica, const struct cs_stored_row *order)
{
    struct cs_id technician;
    return cs_visit_reference(order, "technician", &technician) &&
           cs_id_equal(&technician, cs_visit_self(replica));
}

static bool is_open(const struct cs_stored_row *order)
{
    return cs_work_order_is_open(cs_visit_text(order, "status"));
}

/* order → request → system → project, as far as it is filled in and in view. */
static enum cs_status find_project(struct cs_replica *replica, const struct cs_stored_row *order,
                                   struct cs_arena *arena, struct cs_visit_order *out)
{
    struct cs_stored_row request;
    struct cs_stored_row system;
    enum cs_status status =
        cs_visit_follow(replica, order, "request", "service_request", arena, &request);
    if (status == CS_OK) {
        status = cs_visit_follow(replica, &request, "system", "system", arena, &system);
    }
    if (status == CS_OK) {
        out->has_project = cs_visit_reference(&system, "project", &out->project);
    }
    return status;
}

static enum cs_status read_order(struct cs_replica *replica, const struct cs_id *id,
                                 const struct cs_stored_row *order, struct cs_arena *arena,
                                 struct cs_visit_order *out)
{
    const struct cs_value *planned = cs_visit_value(order, "planned_start");
    *out = (struct cs_visit_order){
        .id = *id, .is_planned = planned->kind == CS_VALUE_INTEGER, .planned = planned->integer};
    enum cs_status status = cs_arena_copy(arena, cs_visit_text(order, "number"), &out->number);
    return status != CS_OK ? status : find_project(replica, order, arena, out);
}

/* ---- the list ---- */

struct search {
    struct cs_replica *replica;
    struct cs_arena *arena;
    int64_t until_ms;
    struct cs_id *ids;
    size_t count;
    size_t capacity;
};

/* Ids only: rows that are referred to are read when the list is through. */
static enum cs_status collect(void *context, const struct cs_stored_row *order)
{
    struct search *search = context;
    const struct cs_value *planned = cs_visit_value(order, "planned_start");
    if (!is_mine(search->replica, order) || !is_open(order) ||
        (planned->kind == CS_VALUE_INTEGER &&
         cs_instant_utc_ms(planned->integer) > search->until_ms)) {
        return CS_OK;
    }
    search->ids = cs_arena_grow(search->arena, search->ids, search->count, &search->capacity,
                                sizeof *search->ids);
    if (search->ids == NULL) {
        return CS_NO_MEMORY;
    }
    search->ids[search->count++] = order->id;
    return CS_OK;
}

static int by_start(const void *left, const void *right)
{
    const struct cs_visit_order *a = left;
    const struct cs_visit_order *b = right;
    int64_t start_a = a->is_planned ? cs_instant_utc_ms(a->planned) : INT64_MAX;
    int64_t start_b = b->is_planned ? cs_instant_utc_ms(b->planned) : INT64_MAX;
    if (start_a != start_b) {
        return start_a < start_b ? -1 : 1;
    }
    return memcmp(a->id.bytes, b->id.bytes, CS_ID_SIZE);
}

enum cs_status cs_visit_orders(struct cs_replica *replica, int64_t until_ms, struct cs_arena *arena,
                               struct cs_visit_order **out, size_t *out_count)
{
    struct search search = {.replica = replica, .arena = arena, .until_ms = until_ms};
    enum cs_status status =
        cs_query_list(replica, cs_bytes_of_text("work_order"), NULL, 0, collect, &search, NULL);
    struct cs_visit_order *list =
        status == CS_OK ? cs_arena_take_array(arena, search.count, sizeof *list) : NULL;
    if (status == CS_OK && list == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < search.count; i++) {
        struct cs_stored_row row;
        status = cs_visit_load(replica, "work_order", &search.ids[i], arena, &row);
        if (status == CS_OK) {
            status = read_order(replica, &search.ids[i], &row, arena, &list[i]);
        }
    }
    if (status == CS_OK) {
        if (search.count > 1) {
            qsort(list, search.count, sizeof *list, by_start);
        }
        *out = list;
        *out_count = search.count;
    }
    return status;
}

enum cs_status cs_visit_order_find(struct cs_replica *replica, const struct cs_id *id,
                                   struct cs_arena *arena, struct cs_visit_order *out,
                                   struct cs_problem *problem)
{
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_get(replica, cs_bytes_of_text("work_order"), id, arena, &row, problem);
    if (status != CS_OK) {
        return status;
    }
    if (!is_mine(replica, &row)) {
        return cs_problem_set(problem, CS_DENIED,
                              "this work order is not dispatched to you: its technician is "
                              "somebody else, or nobody");
    }
    if (!is_open(&row)) {
        struct cs_bytes state = cs_visit_text(&row, "status");
        if (state.size == 0) {
            state = cs_bytes_of_text("without a state");
        }
        return cs_problem_set(problem, CS_INVALID, "this work order is not open: it is %.*s",
                              (int)state.size, (const char *)state.data);
    }
    return read_order(replica, id, &row, arena, out);
}
