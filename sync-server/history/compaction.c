/* Taking away the past, see compaction.h. */
#include "sync-server/history/compaction.h"

enum cs_status cs_compaction_due(struct cs_store *store, int64_t now_ms, bool *out_due,
                                 int64_t *out_before_ms)
{
    int64_t reach_ms = INT64_MIN;
    enum cs_status status = cs_store_history_reach(store, &reach_ms);
    if (status == CS_OK && reach_ms == INT64_MIN) {
        status = cs_store_moment(store, 0, &reach_ms);
    }
    if (status == CS_NOT_FOUND) {
        *out_due = false; /* nothing has ever changed */
        return CS_OK;
    }
    if (status != CS_OK) {
        return status;
    }
    int64_t oldest_ms = now_ms - CS_HISTORY_KEPT_MS;
    *out_due = reach_ms < oldest_ms;
    if (*out_due) {
        *out_before_ms = oldest_ms - reach_ms > CS_DAY_MS ? reach_ms + CS_DAY_MS : oldest_ms;
    }
    return CS_OK;
}

enum cs_status cs_compaction_step(struct cs_store *store, int64_t before_ms, size_t limit,
                                  uint64_t *out_removed, bool *out_more)
{
    int64_t reach_ms = INT64_MIN;
    uint64_t removed = 0;
    uint64_t moments = 0;
    enum cs_status status = cs_store_history_reach(store, &reach_ms);
    if (status == CS_OK && reach_ms < before_ms) {
        status = cs_store_set_history_reach(store, before_ms);
    }
    if (status == CS_OK) {
        status = cs_store_forget_history(store, before_ms, limit, &removed);
    }
    if (status == CS_OK) {
        status = cs_store_forget_moments(store, before_ms, limit, &moments);
    }
    if (status == CS_OK) {
        *out_removed = removed;
        *out_more = removed >= limit || moments >= limit;
    }
    return status;
}
