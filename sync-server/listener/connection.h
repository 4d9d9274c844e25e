/*
 * One connection: TLS, then requests one after another, each read, worked on and answered before the next.
 *
 *   HANDSHAKE → IDLE → HEAD → BODY → WORK → REPLY → IDLE …
 *   any refusal: → REPLY → DRAIN (we have said all, the peer may still be sending) → CLOSED
 *
 * Called by listener.c (accept, stop) and exchange.c (answered), on the loop thread. While WORK and REPLY last nothing is
 * read from the socket, so a peer cannot make us hold more than one request.
 */
#ifndef CS_LISTENER_CONNECTION_H
#define CS_LISTENER_CONNECTION_H

#include "sync-server/listener/listener_internal.h"

/*
 * Takes the connection that waits at the listening socket. CS_NO_MEMORY: it still waits. CS_OK also when its address is
 * refused or it is already gone: then it is closed.
 */
enum cs_status cs_connection_accept(struct cs_listener *listener) CS_MUST_USE;
/* Closes at once the connection that has been idle longest; false if none is idle. */
bool cs_connection_evict_idle(struct cs_listener *listener);
/* Closes those without a request in progress; the others close after their answer. */
void cs_connection_stop_all(struct cs_listener *listener);
/* Closes all. */
void cs_connection_close_all(struct cs_listener *listener);

/* The exchange of this connection came back from the service. */
void cs_connection_answered(struct cs_connection *connection);

#endif
