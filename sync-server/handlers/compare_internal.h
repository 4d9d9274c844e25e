/* What compare_read.c (sums) and compare_rows.c (rows) share. */
#ifndef CS_SERVER_HANDLERS_COMPARE_INTERNAL_H
#define CS_SERVER_HANDLERS_COMPARE_INTERNAL_H

#include "sync-server/handlers/compare_read.h"
#include "sync-server/handlers/subscriptions.h"

struct cs_comparison {
    struct cs_store *reader;
    struct cs_arena *arena;
    const struct cs_compare_request *request;
    struct cs_subscription *subscriptions; /* the request's scopes, as the store knows them */
    struct cs_compare_response *response;
};

/* Is the row what its entry says? Otherwise it counts nowhere. */
bool cs_compare_stands(const struct cs_scope_entry *entry, const struct cs_stored_row *row,
                       uint64_t scope);
/* Did it move since the device's checkpoint? */
bool cs_compare_moved(const struct cs_comparison *comparison, struct cs_bytes entity,
                      const struct cs_id *row);
/* Step ROWS. */
enum cs_status cs_compare_read_rows(struct cs_comparison *comparison) CS_MUST_USE;

#endif
