/*
 * One request in the hands of the service: open (pool) → commit (committer) → reply (pool) → back to its connection.
 *
 * Called by connection.c, which may go away at any moment; the exchange then finishes alone and discards. All functions
 * are for the loop thread.
 */
#ifndef CS_LISTENER_EXCHANGE_H
#define CS_LISTENER_EXCHANGE_H

#include "sync-server/listener/listener_internal.h"

struct cs_exchange;

enum cs_status cs_exchange_create(struct cs_listener *listener, struct cs_connection *connection,
                                  size_t body_size, struct cs_exchange **out_exchange) CS_MUST_USE;
/* Adds bytes of the body. CS_UNAVAILABLE if the server's buffers are full, CS_NO_MEMORY. */
enum cs_status cs_exchange_add(struct cs_exchange *exchange, struct cs_bytes bytes) CS_MUST_USE;
/* Bytes of the body that are still to come. */
size_t cs_exchange_missing(const struct cs_exchange *exchange);
size_t cs_exchange_received(const struct cs_exchange *exchange);

/* The body is complete: hands it to the service. cs_connection_answered is called with the outcome later. */
void cs_exchange_start(struct cs_exchange *exchange);
/* HTTP status and body of the answer; after cs_connection_answered. The body is borrowed. */
int cs_exchange_http_status(const struct cs_exchange *exchange);
struct cs_bytes cs_exchange_answer(const struct cs_exchange *exchange);
/* The connection has no more use for it: freed now, or when the service has given it back. NULL is accepted. */
void cs_exchange_release(struct cs_exchange *exchange);

/* After the committer's notice: sends what is committed on to reply. */
void cs_exchange_take_committed(struct cs_listener *listener);

#endif
