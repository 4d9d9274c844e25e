/* What bundle_export.c and bundle_import.c share. */
#ifndef CS_SYNC_BUNDLE_INTERNAL_H
#define CS_SYNC_BUNDLE_INTERNAL_H

#include "field-client/replica/log_state.h"
#include "field-client/sync/apply.h"
#include "field-client/sync/bundle.h"

/* Where this replica is: what was applied, not what an interrupted pull has staged. */
struct cs_bundle_place {
    struct cs_apply_known known;
    struct cs_log_state log;
    struct cs_scope_cursor *cursors; /* in the arena */
    size_t cursor_count;
};
enum cs_status cs_bundle_place_load(struct cs_replica *replica, struct cs_arena *arena,
                                    struct cs_bundle_place *out) CS_MUST_USE;

#endif
