/*
 * The transport: one request to the server over HTTPS, bytes in and bytes out. The real end of cs_world.exchange.
 *
 * Called through the world by the sync core, and by the commands for its counters. Trust is the pinned key of the server
 * alone (RFC 7469); names, dates and authorities of certificates mean nothing here. What must stay true: CS_OK is never
 * returned with a partial answer, nothing but the pinned server is spoken to, and no environment variable changes where
 * the bytes go.
 */
#ifndef CS_TRANSPORT_TRANSPORT_H
#define CS_TRANSPORT_TRANSPORT_H

#include "shared/base/world.h"

struct cs_transport;

/* Times in milliseconds. */
struct cs_transport_options {
    int64_t connect_ms_max; /* name, TCP and TLS together */
    int64_t total_ms_max;   /* one exchange */
    int64_t
        stall_s_max;   /* whole seconds in which not a byte moves: the server's thinking time too */
    const char *proxy; /* "http://host:port" or "socks5h://host:port"; NULL = none. Copied. */
    /* Called now and then, on the calling thread, with the sums of the exchange in progress; NULL = not wanted. */
    void (*progress)(void *progress_context, uint64_t bytes_up, uint64_t bytes_down);
    void *progress_context;
    /* Asked now and then, on the calling thread, at least once a second; true ends the exchange (CS_UNREACHABLE). NULL = never. */
    bool (*hang_up)(void *hang_up_context);
    void *hang_up_context;
};
void cs_transport_options_default(struct cs_transport_options *out);

/* Sums since creation, of all attempts: heads and bodies of HTTP, without TLS. */
struct cs_transport_counters {
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t requests; /* exchanges that got an answer of HTTP */
};

/* `options` may be NULL: the defaults. CS_NO_MEMORY, CS_INVALID (the proxy). */
enum cs_status cs_transport_create(const struct cs_transport_options *options,
                                   struct cs_transport **out_transport) CS_MUST_USE;
/* NULL is accepted. No world may use it afterwards. */
void cs_transport_destroy(struct cs_transport *transport);

/* Sets world->exchange. The world borrows the transport; one thread at a time uses it. */
void cs_transport_attach(struct cs_transport *transport, struct cs_world *world);

/*
 * As cs_world.exchange: POSTs the request to https://ADDRESS/v1/exchange and appends the answer, at most
 * CS_RESPONSE_MAX + 4 KiB. On failure `response` is as before, and `problem` says what to do.
 *
 *   CS_UNREACHABLE   no such name, nothing listening, connection lost
 *   CS_TIMEOUT       a limit of the options has passed
 *   CS_WRONG_SERVER  another key than peer->tls_key_hash
 *   CS_TLS           no TLS connection
 *   CS_UNAVAILABLE   HTTP 503, 429, 408
 *   CS_TOO_LARGE     HTTP 413
 *   CS_MALFORMED     any other HTTP status; an answer that is not whole or has no length
 *   CS_LIMIT         the answer is larger than allowed or than the buffer takes
 *   CS_INVALID       peer->address is not HOST:PORT
 */
enum cs_status cs_transport_exchange(struct cs_transport *transport, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem) CS_MUST_USE;

void cs_transport_counters(const struct cs_transport *transport, struct cs_transport_counters *out);

#endif
