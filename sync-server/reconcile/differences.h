/* What the office is told when a device's records differed from the server's. */
#ifndef CS_SERVER_RECONCILE_DIFFERENCES_H
#define CS_SERVER_RECONCILE_DIFFERENCES_H

#include "shared/wire/compare.h"
#include "sync-server/reconcile/context.h"

/* Opens an exception about the device, replica_differed or server_sums_wrong. Inside a batch. */
enum cs_status cs_difference_report(struct cs_store *store, const struct cs_push_clock *clock,
                                    const struct cs_device *device,
                                    const struct cs_compare_report *report,
                                    struct cs_arena *arena) CS_MUST_USE;

#endif
