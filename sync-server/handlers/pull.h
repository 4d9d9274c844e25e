/* Reading what a device has not seen: its scopes, merged in the order of changes, one page (design §7, §8). */
#ifndef CS_SERVER_HANDLERS_PULL_H
#define CS_SERVER_HANDLERS_PULL_H

#include "sync-server/reconcile/push.h"
#include "sync-server/stores/store.h"

/* When a page is closed: at this many rows and departures, or when its rows have about so many bytes. */
struct cs_page_limits {
    size_t rows_max;     /* 1 to CS_PAGE_ROWS_MAX */
    size_t bytes_target; /* at most CS_PAGE_BYTES_TARGET */
};

/*
 * Fills position, echoes, cursors, scope sets, rows, departures, last and digest of the response from the reader's snapshot.
 * Rows that this push wrote as their author predicted are echoed instead of sent. Nothing outside the device's scopes is read. Of rows that left, only those are named that stood in a scope of the
 * device at its cursor.
 */
enum cs_status cs_pull_read(struct cs_store *reader, const struct cs_device *device,
                            const struct cs_sync_request *request,
                            const struct cs_push_result *push, const struct cs_page_limits *limits,
                            struct cs_arena *arena, struct cs_sync_response *response) CS_MUST_USE;

#endif
