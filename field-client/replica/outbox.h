/*
 * The outbox: waiting transactions packed into signed, chained change-sets, stored before they are
 * first sent.
 *
 * Used by sync (and bundles). Change-sets are kept until a verified backup of the server has them: laptops are the server's redo
 * log. Their hashes are kept for good.
 */
#ifndef CS_REPLICA_OUTBOX_H
#define CS_REPLICA_OUTBOX_H

#include "field-client/replica/replica.h"

/*
 * Packs all waiting transactions in counter order and marks them packed. Must run in a transaction
 * of the caller.
 */
enum cs_status cs_outbox_pack(struct cs_replica *replica, size_t *out_change_sets) CS_MUST_USE;

/* The own log's head; sequence 0 and a zero hash when nothing was ever packed. */
struct cs_outbox_head {
    uint64_t sequence;
    uint8_t hash[CS_HASH_SIZE];
    uint64_t last_counter;
};
enum cs_status cs_outbox_head(struct cs_replica *replica, struct cs_outbox_head *out) CS_MUST_USE;

struct cs_outbox_entry {
    uint64_t sequence;
    uint64_t first_counter, last_counter;
    bool acknowledged; /* final outcomes of all its transactions were applied here */
    uint8_t hash[CS_HASH_SIZE];
    struct cs_bytes inner; /* in the arena; empty: removed, a verified backup has it */
};
/* CS_NOT_FOUND. */
enum cs_status cs_outbox_load(struct cs_replica *replica, uint64_t sequence, struct cs_arena *arena,
                              struct cs_outbox_entry *out) CS_MUST_USE;
/* Hash of one change-set alone: CS_NOT_FOUND. */
enum cs_status cs_outbox_hash(struct cs_replica *replica, uint64_t sequence,
                              uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
/* The change-set that holds this transaction: CS_NOT_FOUND (none does, or only later ones). */
enum cs_status cs_outbox_load_counter(struct cs_replica *replica, uint64_t counter,
                                      struct cs_arena *arena,
                                      struct cs_outbox_entry *out) CS_MUST_USE;
/*
 * Inners to send, a run without gaps from `from` on: unacknowledged ones, or all of them when
 * `resend_from` ≤ their sequence (0 = no resending). At most size_max bytes in sum (but always at
 * least one) and CS_CHANGE_SETS_PER_REQUEST_MAX of them. *out_more tells whether others are left
 * behind.
 */
enum cs_status cs_outbox_collect(struct cs_replica *replica, uint64_t from, uint64_t resend_from,
                                 size_t size_max, struct cs_arena *arena,
                                 struct cs_outbox_entry **out_entries, size_t *out_count,
                                 bool *out_more) CS_MUST_USE;
/*
 * Marks every change-set acknowledged whose sequence ≤ `sequence` and whose counters all lie in
 * first … last. Not one with a held transaction: what becomes of that is only learned by sending it
 * again.
 */
enum cs_status cs_outbox_acknowledge(struct cs_replica *replica, uint64_t sequence,
                                     uint64_t first_counter, uint64_t last_counter) CS_MUST_USE;
/* The greatest sequence ≤ `sequence` whose counters all lie in first … last; 0 if there is none. */
enum cs_status cs_outbox_answered(struct cs_replica *replica, uint64_t sequence,
                                  uint64_t first_counter, uint64_t last_counter,
                                  uint64_t *out_sequence) CS_MUST_USE;
/* Change-sets kept for a server that may lose them: of the present log and of those before it. */
struct cs_outbox_kept {
    int64_t change_sets;
    int64_t bytes;
};
enum cs_status cs_outbox_kept(struct cs_replica *replica, struct cs_outbox_kept *out) CS_MUST_USE;
/*
 * A verified backup of the server has the change-sets up to `horizon`: removes them, but no further than where all are acknowledged,
 * and not too many at a time. Of logs before the present one it has everything that was confirmed then, see outbox_kept.c. Takes part in the transaction that is open. A horizon that went back removes nothing.
 */
enum cs_status cs_outbox_remove(struct cs_replica *replica, uint64_t horizon) CS_MUST_USE;
/* The last one that was removed; 0: none. All before it are too. */
enum cs_status cs_outbox_removed(struct cs_replica *replica, uint64_t *out) CS_MUST_USE;
/* The greatest acknowledged sequence, 0 = none. */
enum cs_status cs_outbox_acknowledged(struct cs_replica *replica, uint64_t *out) CS_MUST_USE;

#endif
