/*
 * Joining again with new keys in a home whose log cannot go on: its disk was copied or set back
 * (CS_FORKED), or for which the server lost change-sets that it was told to remove (CS_ROLLED_BACK). The replica stays; what the server has not confirmed goes out under the new log.
 *
 * Used by session.c (noting it), sync/join.c (announcing the new certificate) and replica.c, which
 * hands the replica over when it is first opened with the new identity. So each step can be cut
 * off: before the new identity file stands, the old one works as before; after it, the next opening
 * finishes.
 *
 * What must stay true: a transaction keeps its id, time stamps and values; only its version, and
 * versions of other carried transactions that it names, change. The server takes an id once, so
 * carrying one that it has already is safe. Signed bytes inside of rows are never touched.
 */
#ifndef CS_REPLICA_REJOIN_H
#define CS_REPLICA_REJOIN_H

#include "field-client/replica/replica.h"

/* Refused transactions are numbered apart from the new log: by so much more for each joining. */
#define CS_REJOIN_REFUSED_OFFSET INT64_C(1000000000)

/* Notes that this log cannot go on, if `status` says so; other statuses change nothing. */
enum cs_status cs_rejoin_note(struct cs_replica *replica, enum cs_status status) CS_MUST_USE;
/*
 * The server lost change-sets that this log was told to remove. That the log cannot go on is noted, as CS_ROLLED_BACK, until a sync
 * works after all: the server may be restored from a later backup.
 */
enum cs_status cs_rejoin_note_lost(struct cs_replica *replica) CS_MUST_USE;
/* A sync works. Takes part in the transaction that is open. */
enum cs_status cs_rejoin_excuse(struct cs_replica *replica) CS_MUST_USE;
/* Why this log cannot go on; CS_OK: it can. */
enum cs_status cs_rejoin_reason(struct cs_replica *replica, enum cs_status *out) CS_MUST_USE;
/* From now on this certificate may take the replica over. */
enum cs_status cs_rejoin_announce(struct cs_replica *replica,
                                  const uint8_t certificate[static CS_HASH_SIZE]) CS_MUST_USE;
/*
 * For cs_replica_open, in its transaction, when the replica is another certificate's than the
 * identity's. *out_done false: this one was not announced, nothing was changed.
 */
enum cs_status cs_rejoin_take_over(struct cs_replica *replica, bool *out_done) CS_MUST_USE;
/* Transactions that the last joining again took over. */
enum cs_status cs_rejoin_carried(struct cs_replica *replica, uint64_t *out) CS_MUST_USE;

#endif
