/*
 * Transactions that wait: for a base that has not arrived (CS_GAP), or for a newer server (CS_UNSUPPORTED).
 *
 * The former are tried again with every change-set, the latter when the server starts, perhaps with a newer registry; what that one
 * understands and still cannot apply waits for its base like the former. What waits is bounded for one device and for all, in
 * number and bytes: nobody's held work may slow or stop the others.
 */
#ifndef CS_SERVER_RECONCILE_HELD_H
#define CS_SERVER_RECONCILE_HELD_H

#include "sync-server/reconcile/context.h"

struct cs_held {
    struct cs_arena arena; /* its own: it is as large as what others hold */
    struct cs_logged_transaction *items;
    size_t count;
    bool *gone; /* items that wait no longer */
    /* With what this push adds. */
    size_t all_count;
    size_t all_bytes;
    size_t own_waiting; /* CS_GAP, of the device that pushes */
    size_t own_newer;   /* CS_UNSUPPORTED */
    size_t own_bytes;
    /* Rows that held transactions make, found by id; filled when first asked for. */
    struct cs_held_row *rows;
    size_t row_count;
    size_t row_capacity; /* a power of two, 0: not filled */
};

/* Reads what waits and makes it known to `reconcile`; `log` is the device that pushes. Release in any case. */
enum cs_status cs_held_load(struct cs_reconcile *reconcile, uint64_t log,
                            struct cs_held *out) CS_MUST_USE;
/* Reads it again: with what began to wait in this change-set, which decided about work of others. */
enum cs_status cs_held_renew(struct cs_reconcile *reconcile, uint64_t log) CS_MUST_USE;
void cs_held_release(struct cs_reconcile *reconcile);

struct cs_edit cs_edit_of(const struct cs_transaction *transaction, const struct cs_device *device,
                          const struct cs_push_clock *clock);
/* Of one that waited: with the times it had when it came. */
struct cs_edit cs_edit_of_held(const struct cs_transaction *transaction,
                               const struct cs_device *device,
                               const struct cs_logged_transaction *held);

/*
 * Writes what became of a transaction; held ones with their body. A held one that passes a quota is
 * refused instead: the verdict is changed.
 */
enum cs_status cs_transaction_log(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_id *person,
                                  struct cs_verdict *verdict) CS_MUST_USE;
/* Writes it as it is, with this body. */
enum cs_status cs_transaction_put(struct cs_reconcile *reconcile, const struct cs_edit *edit,
                                  const struct cs_verdict *verdict,
                                  struct cs_bytes body) CS_MUST_USE;
/* A transaction of another device was applied: whoever pushes now did not predict what it does to the same rows. */
enum cs_status cs_mark_surprising(struct cs_reconcile *reconcile,
                                  const struct cs_transaction *transaction) CS_MUST_USE;
/* Why the held transaction that makes this row waits; CS_OK: there is none. */
enum cs_status cs_held_row(struct cs_reconcile *reconcile, const struct cs_id *id,
                           enum cs_status *out_why) CS_MUST_USE;

enum cs_held_which { CS_HELD_WAITING, CS_HELD_ALL };
/* Tries what waits, again as long as one of them goes through. */
enum cs_status cs_held_retry(struct cs_reconcile *reconcile, enum cs_held_which which) CS_MUST_USE;

#endif
