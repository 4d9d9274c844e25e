/*
 * What the files of the listener share: the listener itself. All of it belongs to the loop thread, except what is said
 * to be for any thread.
 */
#ifndef CS_LISTENER_LISTENER_INTERNAL_H
#define CS_LISTENER_LISTENER_INTERNAL_H

#include "sync-server/listener/addresses.h"
#include "sync-server/listener/committer.h"
#include "sync-server/listener/listener.h"
#include "sync-server/listener/tls_stream.h"

#include <stdatomic.h>
#include <uv.h>

struct cs_connection;

/* The fields of cs_listener_counters; for any thread. */
struct cs_listener_sums {
    _Atomic uint64_t accepted, refused, evicted, handshakes_failed, timeouts, requests;
    _Atomic uint64_t answers_ok, answers_refused, answers_failed, bytes_in, bytes_out;
};

#define CS_READ_SIZE_MAX (64 * 1024)

struct cs_listener {
    struct cs_listener_limits limits;
    struct cs_listener_service service;
    const struct cs_log *log;
    uint16_t port;

    uv_loop_t loop;
    uv_tcp_t server;
    uv_async_t wake; /* stop was asked for, or a batch is committed; for any thread */
    uv_signal_t signals[2];
    uv_timer_t grace;  /* of stopping */
    uv_timer_t retry;  /* of accepting while it waits */
    bool accept_waits; /* a connection is left in the kernel or in libuv until there is room */

    struct cs_tls_context *tls;
    struct cs_addresses *addresses;
    struct cs_committer *committer;

    struct cs_connection *connections; /* linked list */
    size_t connection_count;           /* also those being closed */
    size_t connections_max;            /* by limit and by descriptors */
    size_t exchange_count;             /* requests in the hands of the service */
    size_t buffered_bytes;

    _Atomic unsigned stops_wanted; /* for any thread */
    unsigned stops_seen;
    bool run_called;
    bool aborting; /* the grace is over: nothing new goes to the service */

    struct cs_listener_sums sums;
    /* One read at a time on the loop thread: shared by all connections. */
    char read_space[CS_READ_SIZE_MAX];
    uint8_t plain_space[16 * 1024];
};

/* The connection is gone (its memory too): room for another, or the end of stopping. */
void cs_listener_connection_gone(struct cs_listener *listener);
/* A request left the hands of the service. */
void cs_listener_exchange_gone(struct cs_listener *listener);

static inline void cs_sum_add(_Atomic uint64_t *sum, uint64_t amount)
{
    atomic_fetch_add_explicit(sum, amount, memory_order_relaxed);
}

#endif
