/*
 * What the store keeps of devices that use bundles, beside store.h and by its rules: where each was when it made its newest bundle, and what
 * was exported to it since.
 */
#ifndef CS_SERVER_STORES_BUNDLE_STORE_H
#define CS_SERVER_STORES_BUNDLE_STORE_H

#include "shared/wire/messages.h"
#include "sync-server/stores/store.h"

struct cs_bundle_device {
    uint64_t log;
    uint64_t counter;             /* of the newest bundle of the device */
    uint64_t first_counter;       /* the first transaction whose outcome it lacked then */
    struct cs_sync_request known; /* its cursors, position and log size then; no change-sets */
    struct cs_scope_cursor
        *told; /* up to where rows were exported to it, whether it has them or not */
    size_t told_count;
};

/* CS_NOT_FOUND: it never brought one. */
enum cs_status cs_store_bundle_device(struct cs_store *store, uint64_t log, struct cs_arena *arena,
                                      struct cs_bundle_device *out) CS_MUST_USE;
enum cs_status cs_store_put_bundle_device(struct cs_store *store,
                                          const struct cs_bundle_device *device) CS_MUST_USE;

#endif
