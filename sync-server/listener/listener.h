/*
 * The listener: HTTPS in front of the request core, with group commit.
 *
 * Called by the serve command. One thread runs the event loop (sockets, TLS, HTTP); the work on a request is the
 * caller's, in stages given as a service: `open` and `reply` run in parallel on pool threads, `commit` runs on one
 * committer thread with everything that was queued at that moment, so that many devices share one sync to disk.
 *
 * What must stay true: the service never sees an incomplete body; no answer is sent before `commit` returned for its
 * request; every limit below holds before memory is taken.
 *
 * Routes: POST /v1/exchange (application/octet-stream, Content-Length required) and GET /v1/health ("ok\n").
 */
#ifndef CS_LISTENER_LISTENER_H
#define CS_LISTENER_LISTENER_H

#include "shared/base/bytes.h"
#include "shared/base/log.h"

struct cs_listener;

/* Times in milliseconds, sizes in bytes. */
struct cs_listener_limits {
    size_t header_bytes_max;   /* request line and fields: 431 */
    size_t header_fields_max;  /* 431 */
    size_t body_bytes_max;     /* 413 */
    size_t buffered_bytes_max; /* bodies and answers of all connections together: 503 */

    uint64_t handshake_ms_max;
    uint64_t idle_ms_max;        /* between requests */
    uint64_t header_ms_max;      /* from the first byte of a request: 408 */
    uint64_t body_ms_max;        /* absolute, whatever the rate: 408 */
    uint64_t rate_grace_ms;      /* before the rate below is asked for */
    uint64_t rate_min;           /* bytes a second, of a body (408) and of an answer (cut) */
    uint64_t write_stall_ms_max; /* the peer takes nothing of an answer */
    uint64_t linger_ms_max;      /* after the last answer, for the peer to close */
    uint64_t stop_grace_ms;      /* for requests in progress when stopping */

    uint32_t connections_max;
    uint32_t connections_per_address_max; /* an IPv4 address or an IPv6 /64 */
    uint32_t requests_per_connection_max;
    uint32_t descriptors_reserved; /* kept free of connections: database, logs */
    uint32_t penalty_max; /* points of an address from which it is refused; see addresses.h */
    uint64_t penalty_half_life_ms;

    size_t batch_requests_max; /* of one commit */
    size_t batch_bytes_max;    /* bodies of one commit; a larger single one still goes alone */
};

/* The values a server runs with. */
void cs_listener_limits_default(struct cs_listener_limits *out);

struct cs_listener_options {
    const char
        *address; /* "127.0.0.1:8443", "[::]:8443", "localhost:8443"; port 0 = any free one */
    struct cs_bytes
        tls_key; /* PKCS#1, SEC1 or PKCS#8, DER or PEM (PEM with its NUL counted); EC only */
    struct cs_bytes tls_certificate; /* DER or PEM (with its NUL counted) */
    struct cs_listener_limits limits;
};

/*
 * The work on one request. Each opened request is ended by exactly one of `reply` or `discard`; `body` stays valid
 * until then. Functions must not block for ever: stopping waits for them.
 */
struct cs_listener_service {
    void *context;
    /*
     * Pool threads, in parallel. On success *out_request is the request, not NULL. A failure of class PEER or CALLER is
     * answered with 400, any other with 503; nothing is kept then.
     */
    enum cs_status (*open)(void *context, struct cs_bytes body, void **out_request);
    /* The committer thread alone. Results are kept in the requests; after it returned, what is answered is durable. */
    void (*commit)(void *context, void **requests, size_t count);
    /*
     * Pool threads, in parallel. Appends the answer (200) and ends the request, also on failure: then, or if the
     * buffer's status is not CS_OK, the answer is 503 for class LATER and LOCAL, else 400.
     */
    enum cs_status (*reply)(void *context, void *request, struct cs_buffer *response);
    /* Any thread. Ends a request whose connection is gone; it may or may not have been committed. */
    void (*discard)(void *context, void *request);
    /* The committer thread alone, about once a second between commits: work that can wait, in short steps. NULL: there is none. */
    void (*upkeep)(void *context);
};

/*
 * Binds and listens; nothing is accepted before cs_listener_run. The options' bytes are not kept; `service` is copied;
 * `log` may be NULL and must outlive the listener. CS_INVALID (address, key or certificate), CS_BUSY (the port is
 * taken), CS_DENIED (no right to the port), CS_LIMIT (too few descriptors), CS_IO, CS_NO_MEMORY.
 */
enum cs_status cs_listener_create(const struct cs_listener_options *options,
                                  const struct cs_listener_service *service,
                                  const struct cs_log *log, struct cs_listener **out_listener,
                                  struct cs_problem *problem) CS_MUST_USE;
/* After cs_listener_run returned, or if it was never called. NULL is accepted. */
void cs_listener_destroy(struct cs_listener *listener);

/* The port it is bound to. */
uint16_t cs_listener_port(const struct cs_listener *listener);

/*
 * Serves until cs_listener_stop, SIGTERM or SIGINT; then finishes the requests in progress (stop_grace_ms at most; a
 * second stop ends the grace) and returns. Once per listener. SIGPIPE is held back in the calling thread meanwhile.
 */
enum cs_status cs_listener_run(struct cs_listener *listener) CS_MUST_USE;

/* From any thread and from signal handlers, before, during and after run, until destroy. */
void cs_listener_stop(struct cs_listener *listener);

/* Sums since creation. From any thread; each number is right, together they may be of slightly different moments. */
struct cs_listener_counters {
    uint64_t accepted;
    uint64_t refused; /* by the caps and penalties of an address */
    uint64_t evicted; /* idle connections closed to make room */
    uint64_t handshakes_failed;
    uint64_t timeouts;            /* of any kind but idle */
    uint64_t requests;            /* complete, handed to the service */
    uint64_t answers_ok;          /* 200 */
    uint64_t answers_refused;     /* 4xx */
    uint64_t answers_failed;      /* 5xx */
    uint64_t batches;             /* calls of commit */
    uint64_t bytes_in, bytes_out; /* on the sockets, with TLS */
};
void cs_listener_counters(const struct cs_listener *listener, struct cs_listener_counters *out);

#endif
