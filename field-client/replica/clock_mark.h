/*
 * The latest moment that this device has known, for what must not outlive it when the clock is set back: leases of passwords
 * (design §10, §14). Made of the marks that are kept anyway (the server's time at the last sync, and how long this machine has been up
 * since: meta.h), and of the own clock's latest reading while there is something to watch over.
 *
 * A clock that was set forward leaves its mark: put right again it looks set back, and is. So the mark begins anew when there is nothing left to
 * watch over (cs_clock_mark_begin).
 */
#ifndef CS_REPLICA_CLOCK_MARK_H
#define CS_REPLICA_CLOCK_MARK_H

#include "field-client/replica/replica.h"

/* By the server alone: it is later than this, whatever the own clock says. 0: never synced. */
enum cs_status cs_clock_server_ms(struct cs_replica *replica, int64_t *out) CS_MUST_USE;
/* The later of that and the mark. */
enum cs_status cs_clock_seen_ms(struct cs_replica *replica, int64_t *out) CS_MUST_USE;

/* The own clock's reading as the mark, whatever it was; or only if it is later. In the transaction that is open, or in one of its own. */
enum cs_status cs_clock_mark_begin(struct cs_replica *replica) CS_MUST_USE;
enum cs_status cs_clock_mark_raise(struct cs_replica *replica) CS_MUST_USE;

#endif
