/*
 * Which deletes of a row had seen all there is.
 *
 * A delete carries a hash of the row's versions as its author saw them. Versions are names, and one transaction can have several: a
 * device that was copied or set back joins again and sends what it holds under the numbers of its new log
 * (field-client/replica/rejoin.h); what had been taken already is a duplicate there, and the row keeps the first name. Its author
 * knows it by the other one. So the hash is compared with the row under every name that its transactions have here.
 *
 * What must stay true: a name stands for one transaction id and with it for one content, so a delete that matches under any names
 * had seen exactly the changes that stand now, never fewer.
 */
#ifndef CS_SERVER_RECONCILE_DELETE_SEEN_H
#define CS_SERVER_RECONCILE_DELETE_SEEN_H

#include "sync-server/reconcile/context.h"

/*
 * `alive`: the packed versions of the row without the unit of deletion. Sets out_saw[i] for every one of the heads: true for deletes
 * that had seen `alive`. *out_renamed: one of them only under other names, so its author cannot predict how the row is packed.
 */
enum cs_status cs_deletes_that_saw(struct cs_reconcile *reconcile, struct cs_bytes alive,
                                   const struct cs_stored_head *heads, size_t head_count,
                                   bool *out_saw, bool *out_renamed) CS_MUST_USE;

#endif
