/*
 * Reconciling one push: the change-sets of one device become rows, conflicts, exceptions and outcomes (design §5, §6).
 *
 * Called by the committer inside a batch, one request after another, each in its own savepoint. What was signed has been
 * verified before; here nothing is cryptography. Everything lives in the push's arena.
 */
#ifndef CS_SERVER_RECONCILE_PUSH_H
#define CS_SERVER_RECONCILE_PUSH_H

#include "sync-server/stores/store.h"

/* What the server knows about itself and the moment. */
struct cs_push_clock {
    int64_t now_ms;                /* of receipt */
    int64_t organisation_since_ms; /* claimed times before it are anomalies */
};

struct cs_push_change_set {
    struct cs_inner_header header; /* verified */
    struct cs_bytes inner;
    uint8_t hash[CS_HASH_SIZE];
    struct cs_transactions transactions;
};

/* How one operation ended, for the echo (wire/messages.h). */
struct cs_push_echo {
    bool plain;               /* the row is exactly what its author predicted */
    uint64_t position_before; /* 0: the row was new */
    uint64_t position;        /* given by this push */
    struct cs_bytes scopes;   /* packed numbers of the row after this push */
    struct cs_bytes scopes_before;
    struct cs_row_key key;
};

struct cs_push_result {
    uint64_t first_counter;
    struct cs_outcome_run *outcomes;
    size_t outcome_count;
    struct cs_refusal *refusals;
    size_t refusal_count;
    struct cs_push_echo *echoes; /* one per operation of the transactions in `outcomes`, in order */
    size_t echo_count;
    uint64_t expected_sequence; /* with CS_GAP */
    bool review_is_full; /* of a revoked device: some were left, for too much waits for review */
};

/*
 * Takes the change-sets in order. Those already on disk are answered again; the next ones are appended and applied. `device` is
 * updated (sequence, head, counter) and saved. What is new of a revoked device is kept and held for review (review.h).
 * CS_GAP: a change-set is missing (expected_sequence); those before it were taken. CS_FORKED: same sequence with another hash, or
 * a broken chain; nothing was changed, also by the change-sets before it: the caller marks the device. CS_MALFORMED: counters do
 * not continue. Others: the caller undoes the savepoint.
 */
enum cs_status cs_push_apply(struct cs_store *store, const struct cs_push_clock *clock,
                             struct cs_device *device, const struct cs_push_change_set *change_sets,
                             size_t count, struct cs_arena *arena,
                             struct cs_push_result *out) CS_MUST_USE;

/* At start, inside a batch: tries again what waits for a newer server, since this may be one. */
enum cs_status cs_push_wake(struct cs_store *store, const struct cs_push_clock *clock,
                            struct cs_arena *arena) CS_MUST_USE;

#endif
