/*
 * Leases on this device (design §10): passwords that can be seen without network, for work orders, until an end.
 *
 * A lease is a signed record with a key of its own, and what the server releases for it opens with that key alone. The key is kept in the
 * replica, sealed under the identity's master key (waiting_key.h), from the commit that queues the record on; it is destroyed when the
 * lease ends. Every reveal is signed and on disk before anything is shown, and goes out with the next sync.
 *
 * Clocks: a lease has ended once either the own clock or the latest moment that this device has known (clock_mark.h) is at its end; and at
 * once when the own clock is behind that moment by more than CS_VAULT_CLOCK_SLACK_MS. So setting a clock back ends all leases, and setting it
 * forward can only shorten them: past their end they are over for good, and if it is put right again it has gone back.
 *
 * Say of it: whoever has a copy of the disk from before the end, and the passphrase, still has the key.
 */
#ifndef CS_FIELD_CLIENT_VAULT_LEASE_H
#define CS_FIELD_CLIENT_VAULT_LEASE_H

#include "field-client/vault/actions.h"

/* Why a lease is over. Numbers are kept on disk. */
enum cs_vault_lease_end {
    CS_VAULT_LEASE_LIVE = 0,
    CS_VAULT_LEASE_RETURNED = 1,
    CS_VAULT_LEASE_EXPIRED = 2,
    CS_VAULT_LEASE_CLOCK = 3,     /* the clock was set back */
    CS_VAULT_LEASE_REVOKED = 4,   /* this device was */
    CS_VAULT_LEASE_WITHDRAWN = 5, /* the right to it, or the whole vault */
    CS_VAULT_LEASE_REFUSED = 6,   /* by the server: it never was one */
    CS_VAULT_LEASE_REPLACED = 7,  /* this device joined again: another one's lease now */
    CS_VAULT_LEASE_END_COUNT = 8
};
/* "expired"; static. */
const char *cs_vault_lease_end_name(enum cs_vault_lease_end end);

struct cs_vault_lease_wish {
    struct cs_id vault;
    struct cs_id work_order;
    struct cs_bytes versions; /* ids, ascending */
    struct cs_bytes reason;
    int64_t expires_ms;
};
/*
 * Asks for a lease: record and encrypted key in one commit, so that neither is ever there alone. It can be used once it was sent and the
 * answer has come (cs_vault_sync_run); with versions that need four eyes, once somebody else has approved it (cs_vault_act_approve).
 * CS_EXPIRED: this device's clock is behind the server's. CS_NOT_FOUND, CS_LOCKED: what it would cover is not here, or could not be opened.
 * As cs_vault_act_ask.
 */
enum cs_status cs_vault_lease_take(struct cs_vault_book *book,
                                   const struct cs_vault_lease_wish *wish, uint8_t *out_id,
                                   struct cs_problem *problem) CS_MUST_USE;

struct cs_vault_settled {
    size_t live;                            /* left */
    size_t ended[CS_VAULT_LEASE_END_COUNT]; /* now, by reason */
    size_t requests; /* that waited and were not approved in time: over now (waiting_end.h) */
};
/*
 * Ends what is over, and queues the signed return of it: for every command, right after the replica was opened, and after every sync. Costs one look where there is no lease.
 * A key that is destroyed is in none of the replica's files when this returns. Outside of transactions.
 */
enum cs_status cs_vault_leases_settle(struct cs_replica *replica,
                                      struct cs_vault_settled *out) CS_MUST_USE;

/* Gives one back before its end. CS_NOT_FOUND: this device has no such lease; CS_USED: it has ended. */
enum cs_status cs_vault_lease_return(struct cs_vault_book *book,
                                     const uint8_t id[static CS_HASH_SIZE],
                                     struct cs_problem *problem) CS_MUST_USE;

enum cs_vault_lease_state {
    CS_VAULT_LEASE_QUEUED,  /* not sent yet */
    CS_VAULT_LEASE_WAITING, /* logged; somebody has to approve it */
    CS_VAULT_LEASE_USABLE,
    CS_VAULT_LEASE_OVER,
};
struct cs_vault_lease {
    enum cs_vault_lease_state state;
    enum cs_vault_lease_end end;
    int64_t taken_ms;
    int64_t ended_ms;              /* OVER */
    struct cs_vault_record record; /* the lease; views into the arena */
};
/* All leases that this device has taken, the oldest first; in the arena. */
enum cs_status cs_vault_leases(struct cs_vault_book *book, struct cs_arena *arena,
                               struct cs_vault_lease **out, size_t *out_count) CS_MUST_USE;

struct cs_vault_lease_view {
    struct cs_id vault;
    struct cs_id version;
    struct cs_bytes reason;
    struct cs_bytes work_order; /* id; empty: the lease's */
};
/* Is there a lease that this version could be shown under now? Ends nothing and writes nothing. */
enum cs_status cs_vault_lease_covers(struct cs_vault_book *book, const struct cs_id *vault,
                                     const struct cs_id *version, bool *out) CS_MUST_USE;
/*
 * The secret of a leased version, without network. When this returns CS_OK the signed reveal is on disk, in the queue; on failure nothing
 * was shown, and nothing is in the queue but returns of leases that were found to be over.
 *   CS_NOT_FOUND  no lease of this device has this version
 *   CS_DENIED     another device's lease has it; or the right to lease was withdrawn
 *   CS_LOCKED     the lease was not answered yet, or waits for an approval
 *   CS_EXPIRED    it has ended: by its time, by a clock that went back, or it was returned
 *   CS_REVOKED    this device was revoked
 *   CS_FORGED     its key does not open any more
 *   as cs_vault_half_take, cs_vault_version_open
 */
enum cs_status cs_vault_lease_reveal(struct cs_vault_book *book,
                                     const struct cs_vault_lease_view *view, struct cs_secret **out,
                                     struct cs_problem *problem) CS_MUST_USE;

#endif
