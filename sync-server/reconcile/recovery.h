/*
 * A server that went back in time (design §8): a new incarnation begins, and what devices bring back is counted for the office.
 *
 * Recovery is open as long as a device is awaited: one that was active when the incarnation began, has not brought back
 * everything it names, and that the office has not given up (it accepts the device's exception). While it is open nothing is
 * refused for a reference or row that is missing: it waits.
 *
 * All of it runs inside a batch. Devices are believed about how much they had sent only as far as counting goes.
 */
#ifndef CS_SERVER_RECONCILE_RECOVERY_H
#define CS_SERVER_RECONCILE_RECOVERY_H

#include "sync-server/reconcile/context.h"

#define CS_FACT_WENT_BACK "went_back" /* text for people: when, and how it was noticed */
#define CS_FACT_RECOVERY_OPEN                                                                      \
    "recovery_open" /* a byte, 1: what waits for it has not been tried since */
#define CS_FACT_WENT_BACK_MS "went_back_ms" /* u64; missing: this server never went back */

/* How it came out. */
struct cs_witness {
    const struct cs_device
        *device;             /* it showed what the server had signed; NULL: restored by command */
    uint64_t position;       /* that it showed */
    uint8_t incarnation[16]; /* of what it showed */
};
/* Ends the present incarnation; all active devices are awaited. */
enum cs_status cs_recovery_begin(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena, const uint8_t incarnation[static 16],
                                 const struct cs_witness *witness) CS_MUST_USE;
/* The device says how much of its log had been confirmed to it. Where the server never went back nothing is noted. */
enum cs_status cs_recovery_heard(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena, const struct cs_device *device,
                                 uint64_t acknowledged) CS_MUST_USE;
/* After a push: counts what came back. `sequence_before` is the device's before it. */
enum cs_status cs_recovery_pushed(struct cs_store *store, const struct cs_push_clock *clock,
                                  struct cs_arena *arena, const struct cs_device *device,
                                  uint64_t sequence_before) CS_MUST_USE;
/*
 * After a push of a device that knows the present incarnation and has made `own_sequence` change-sets in all. It is still awaited where
 * the server went back once more, to before it was heard: it says nothing again. If all of its log is here it is awaited no longer, and
 * *out_told is true.
 */
enum cs_status cs_recovery_synced(struct cs_store *store, const struct cs_push_clock *clock,
                                  struct cs_arena *arena, const struct cs_device *device,
                                  uint64_t own_sequence, bool *out_told) CS_MUST_USE;
/* The office has accepted this exception: if it is about a device that is awaited, it is awaited no longer. */
enum cs_status cs_recovery_given_up(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *exception) CS_MUST_USE;
/*
 * After a push or what was heard: if nobody is awaited any more since recovery was last open, what waited for it is tried once
 * more. Otherwise nothing is done.
 */
enum cs_status cs_recovery_close(struct cs_store *store, const struct cs_push_clock *clock,
                                 struct cs_arena *arena) CS_MUST_USE;
/* Did this server ever go back, and when was it noticed? CS_NOT_FOUND. */
enum cs_status cs_recovery_since(struct cs_store *store, int64_t *out_ms) CS_MUST_USE;

#endif
