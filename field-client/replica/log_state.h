/*
 * What this replica knows of the server's evidence log: the last checkpoint it has verified, and
 * what was wrong if anything was. Written by field-client/sync, read by whoever signs records or
 * shows them.
 */
#ifndef CS_REPLICA_LOG_STATE_H
#define CS_REPLICA_LOG_STATE_H

#include "field-client/replica/replica.h"
#include "shared/evidence/checkpoint.h"

struct cs_log_state {
    bool any; /* a checkpoint was verified */
    struct cs_checkpoint checkpoint;
    uint8_t note[CS_CHECKPOINT_MAX]; /* it, verbatim as the server signed it */
    size_t note_size;
};

/* CS_CORRUPT for a stored note that is none. */
enum cs_status cs_log_state_load(struct cs_replica *replica, struct cs_log_state *out) CS_MUST_USE;
/* Takes part in the transaction that is open. Writes nothing where nothing was verified. */
enum cs_status cs_log_state_save(struct cs_replica *replica,
                                 const struct cs_log_state *state) CS_MUST_USE;

/*
 * The alarm: why the server's history could not be believed, in words; appended to `out`, nothing
 * if there is none. It stays until a sync has verified everything again.
 */
enum cs_status cs_log_alarm(struct cs_replica *replica, struct cs_buffer *out) CS_MUST_USE;
/* Empty text: no alarm any more; costs nothing where there was none. */
enum cs_status cs_log_alarm_set(struct cs_replica *replica, struct cs_bytes text) CS_MUST_USE;

#endif
