/* A request of this device, whatever it is about: counted, signed and sealed; and what a server says that does not answer it. */
#ifndef CS_SYNC_DEVICE_REQUEST_H
#define CS_SYNC_DEVICE_REQUEST_H

#include "field-client/replica/replica.h"
#include "shared/crypto/hash.h"
#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"

/*
 * Packs the outbox and counts the request in one local commit, so that no counter is ever used for two requests; what is packed by then
 * counts as the own log.
 */
enum cs_status cs_device_request_count(struct cs_replica *replica,
                                       uint64_t *out_counter) CS_MUST_USE;
/* Appends the request, signed by this device and sealed to the server; the answer is bound to `out_hash`. */
enum cs_status cs_device_request_seal(struct cs_replica *replica, enum cs_message_kind kind,
                                      uint64_t counter, struct cs_bytes body, struct cs_buffer *out,
                                      uint8_t out_hash[static CS_HASH_SIZE]) CS_MUST_USE;

/* The status of a failure that the server answered, its text in `problem`. CS_MALFORMED for a failure without one. */
enum cs_status cs_device_request_failed(const struct cs_failure_response *failure,
                                        struct cs_problem *problem) CS_MUST_USE;

#endif
