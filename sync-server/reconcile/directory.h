/* The rows by which everyone knows the organisation's devices (entity `device`). */
#ifndef CS_SERVER_RECONCILE_DIRECTORY_H
#define CS_SERVER_RECONCILE_DIRECTORY_H

#include "sync-server/reconcile/context.h"

/* Makes or renews the row of a device and gives it to everyone. Inside a batch. */
enum cs_status cs_directory_put(struct cs_store *store, const struct cs_push_clock *clock,
                                const struct cs_device *device, struct cs_arena *arena) CS_MUST_USE;
/* The same as part of a change-set that is being reconciled. */
enum cs_status cs_directory_show(struct cs_reconcile *reconcile,
                                 const struct cs_device *device) CS_MUST_USE;
/* An exception for the office: this device exists twice or was set back. Inside a batch. */
enum cs_status cs_directory_report_fork(struct cs_store *store, const struct cs_push_clock *clock,
                                        const struct cs_device *device,
                                        struct cs_arena *arena) CS_MUST_USE;
void cs_directory_row_id(const uint8_t certificate[static CS_HASH_SIZE], struct cs_id *out);

#endif
