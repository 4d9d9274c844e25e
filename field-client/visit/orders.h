/*
 * The work orders that are dispatched to this device's person, and the project each is about: what he needs to take along. Reads only.
 */
#ifndef CS_VISIT_ORDERS_H
#define CS_VISIT_ORDERS_H

#include "field-client/replica/replica.h"

struct cs_visit_order {
    struct cs_id id;
    struct cs_bytes number; /* may be empty */
    int64_t planned;        /* instant */
    bool is_planned;
    struct cs_id project; /* of the system that the order's request names */
    bool has_project;
};
/*
 * Open orders (assigned to on site, and not done) whose planned start is not after `until_ms`, the earliest first; those without a planned
 * start last, for they may be any day. In the arena.
 */
enum cs_status cs_visit_orders(struct cs_replica *replica, int64_t until_ms, struct cs_arena *arena,
                               struct cs_visit_order **out, size_t *out_count) CS_MUST_USE;
/* One of them, whenever it is planned. CS_NOT_FOUND; CS_DENIED: it is dispatched to somebody else, or to nobody; CS_INVALID: it is not open. */
enum cs_status cs_visit_order_find(struct cs_replica *replica, const struct cs_id *id,
                                   struct cs_arena *arena, struct cs_visit_order *out,
                                   struct cs_problem *problem) CS_MUST_USE;

#endif
