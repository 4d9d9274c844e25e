/*
 * Numbering what the server has not confirmed anew, under the log of the present identity; see
 * rejoin.h. Called inside a transaction, with the outbox empty.
 */
#ifndef CS_REPLICA_RECERTIFY_H
#define CS_REPLICA_RECERTIFY_H

#include "field-client/replica/replica.h"

/*
 * Waiting, packed and held transactions of `former_log` become the transactions 1 … *out_count of
 * the new log, all waiting, in their order. Refused ones keep their content and get numbers apart.
 * The view of the rows they touch has to be recomputed.
 */
enum cs_status cs_recertify(struct cs_replica *replica, uint64_t former_log,
                            uint64_t *out_count) CS_MUST_USE;

#endif
