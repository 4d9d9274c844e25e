/*
 * Taking away what is no longer promised to be kept of the past (design §12, policy A34: whatever changed within two months can be found and
 * brought back).
 *
 * What goes: what rows were before changes older than the period, and the moments that belong to them. What stays: rows, heads, conflicts,
 * refusals, work that is held or under review, evidence, change-sets with their bodies (who verifies the server's database needs them, and so
 * does whoever asks what was entered), what became of every transaction. So nothing that reconciling, recovery or a backup reads is touched.
 *
 * What must stay true: whatever changed at or after the store's reach is all there, after a crash at any point too. A clock that is wrong takes
 * at most a day with it for each run.
 */
#ifndef CS_SERVER_HISTORY_COMPACTION_H
#define CS_SERVER_HISTORY_COMPACTION_H

#include "sync-server/stores/history_store.h"

#define CS_DAY_MS ((int64_t)24 * 3600 * 1000)
/* The policy. Two months have at most 62 days; never set it lower. */
#define CS_HISTORY_KEPT_DAYS 62
#define CS_HISTORY_KEPT_MS (CS_HISTORY_KEPT_DAYS * CS_DAY_MS)

/* Up to when the past may go now: before the period, and at most a day further than it has gone yet. *out_due false: it goes no
 * further. */
enum cs_status cs_compaction_due(struct cs_store *store, int64_t now_ms, bool *out_due,
                                 int64_t *out_before_ms) CS_MUST_USE;
/* One bounded step, inside a batch: at most `limit` (≥ 1) changes from before that moment go, and about as many moments. From then on the
 * store's reach is `before_ms`. *out_more: something is left to go. */
enum cs_status cs_compaction_step(struct cs_store *store, int64_t before_ms, size_t limit,
                                  uint64_t *out_removed, bool *out_more) CS_MUST_USE;

#endif
