/*
 * What the files of a connection share: connection.c (states, deadlines, answers), connection_request.c (requests out of
 * plain bytes), connection_socket.c (encrypted bytes). Included by these three only.
 */
#ifndef CS_LISTENER_CONNECTION_INTERNAL_H
#define CS_LISTENER_CONNECTION_INTERNAL_H

#include "sync-server/listener/connection.h"
#include "sync-server/listener/exchange.h"
#include "sync-server/listener/http_head.h"

enum cs_connection_state { HANDSHAKE, IDLE, HEAD, BODY, WORK, REPLY, DRAIN, CLOSED, STATE_COUNT };

struct cs_connection {
    struct cs_listener *listener;
    struct cs_connection *next, *previous; /* in listener->connections */
    uv_tcp_t socket;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    unsigned open_handles; /* socket and timer */
    enum cs_connection_state state;
    uint64_t entered_ms; /* when the state was entered */
    struct cs_address *address;
    struct cs_tls_stream *tls;

    struct cs_buffer pending; /* plain bytes that came after a complete request */
    struct cs_http_head head;
    struct cs_exchange *exchange;
    bool keep_alive;
    uint32_t requests;

    struct cs_bytes reply_rest; /* of the answer's body, not yet encrypted; borrowed */
    size_t reply_sent;          /* encrypted bytes of this answer handed to the socket */
    uint64_t progress_ms;       /* the peer last took bytes */
    size_t unsent;              /* in the socket's queue then */
    size_t drained;

    struct cs_buffer in_flight; /* being written */
    bool writing, reading, shut, ended;
};

/* connection.c */
void cs_connection_move(struct cs_connection *c, enum cs_connection_state state);
void cs_connection_offend(struct cs_connection *c, uint32_t points);
/* At once; the memory follows when libuv lets go. */
void cs_connection_close(struct cs_connection *c);
/* Says goodbye, then waits for the peer to close: closing at once could destroy an answer still on its way. */
void cs_connection_close_in_order(struct cs_connection *c);
/* Begins an answer; `body` stays valid while the state is REPLY. Every refusal ends the connection. */
void cs_connection_answer(struct cs_connection *c, int http_status, struct cs_bytes body);
void cs_connection_refuse(struct cs_connection *c, int http_status);
/* Goes on as far as it can. Everything that happens to a connection ends here. */
void cs_connection_advance(struct cs_connection *c);

/* connection_request.c: reads one record's worth of plain bytes; false when the peer has to send more first. */
bool cs_connection_read(struct cs_connection *c);

/* connection_socket.c */
/* Starts writing the TLS output, unless a write is on its way. */
void cs_connection_flush(struct cs_connection *c);
/* Reads from the socket exactly in the states that want it. */
void cs_connection_set_reading(struct cs_connection *c);
/* Ends our side when all is written. */
void cs_connection_drain(struct cs_connection *c);

#endif
