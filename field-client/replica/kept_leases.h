/*
 * Leases that this device took (design §10), and how each ended. The key that opens what was released for a lease stands beside it
 * (vault_keys.h), sealed; that of a lease that has ended is nowhere in the files any more.
 *
 * Writing takes part in the transaction that is open. Lists are in the arena.
 */
#ifndef CS_REPLICA_KEPT_LEASES_H
#define CS_REPLICA_KEPT_LEASES_H

#include "field-client/replica/replica.h"

struct cs_kept_lease {
    uint8_t id[CS_HASH_SIZE]; /* of the lease's record */
    struct cs_id vault;
    uint8_t certificate
        [CS_HASH_SIZE]; /* of the device that took it: of this one, or of what it was before it joined again */
    int64_t taken_ms;
    int64_t expires_ms;
    int64_t end; /* of enum cs_vault_lease_end; 0: it has not ended */
    int64_t ended_ms;
    bool reported; /* nothing more has to be signed about its end */
};

enum cs_status cs_kept_lease_put(struct cs_replica *replica,
                                 const struct cs_kept_lease *lease) CS_MUST_USE;
/* Those that have not ended, or whose end is to be reported; or all, in the order in which they were taken. */
enum cs_status cs_kept_leases(struct cs_replica *replica, bool all, struct cs_arena *arena,
                              struct cs_kept_lease **out, size_t *out_count) CS_MUST_USE;
/* Takes the key away; what was ended before is left as it is. */
enum cs_status cs_kept_lease_end(struct cs_replica *replica, const uint8_t id[static CS_HASH_SIZE],
                                 int64_t end, int64_t ended_ms) CS_MUST_USE;
enum cs_status cs_kept_lease_reported(struct cs_replica *replica,
                                      const uint8_t id[static CS_HASH_SIZE]) CS_MUST_USE;
/*
 * After the commit that took keys away: none of their bytes is left in database or WAL when this returns. Does nothing when they were cleared
 * before; outside of transactions.
 */
enum cs_status cs_kept_leases_clear(struct cs_replica *replica) CS_MUST_USE;

#endif
