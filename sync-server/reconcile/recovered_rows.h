/*
 * Rows that devices still have and a server that went back in time has lost: kept, and shown to the office (design §8).
 *
 * A row that is not here at all is stored as it was offered, under the versions it had; when the change-sets that it rests on
 * come after all, they say the same again and the exception closes. Of a row that is here in an older state only the office is told:
 * what the offered values had seen is not known, so laying them over what is here could overwrite somebody's work.
 */
#ifndef CS_SERVER_RECONCILE_RECOVERED_ROWS_H
#define CS_SERVER_RECONCILE_RECOVERED_ROWS_H

#include "sync-server/reconcile/context.h"

struct cs_recovered_count {
    uint64_t taken;
    uint64_t older; /* here in an older state: reported */
};
/* Inside a batch. Rows that the server has, or knows to have been refused or removed, are passed over, as are those it makes
 * itself and those whose values it would not take. */
enum cs_status cs_recovered_rows_offer(struct cs_store *store, const struct cs_push_clock *clock,
                                       struct cs_arena *arena, const struct cs_device *device,
                                       const struct cs_row *rows, size_t count,
                                       struct cs_recovered_count *out) CS_MUST_USE;

/* These changes have come, which rows may rest on that were offered: of those that lack nothing any more the office need not be
 * told. */
enum cs_status cs_recovered_rows_returned(struct cs_reconcile *reconcile, uint64_t log,
                                          const struct cs_transactions *transactions) CS_MUST_USE;

/* An insert of a row that was recovered before: is this its author's own word? Then it is applied: its values stand where no
 * later version does. *out_taken false: the row is another's. */
enum cs_status cs_recovered_row_insert(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                       const struct cs_operation *operation,
                                       const struct cs_edit *edit, bool *out_taken) CS_MUST_USE;

#endif
