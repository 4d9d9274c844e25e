/* The listener: binding, accepting, stopping. See listener.h. */
#include "shared/base/memory.h"
#include "sync-server/listener/connection.h"
#include "sync-server/listener/exchange.h"
#include "sync-server/listener/listen_address.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BACKLOG 511
#define ACCEPT_RETRY_MS 200

/* --- Accepting --- */

static bool has_room(struct cs_listener *listener)
{
    return listener->connection_count < listener->connections_max;
}

/*
 * Takes the waiting connection if there is room. While it is not taken libuv accepts no other, so the rest waits in the
 * kernel: that is how descriptors and memory stay bounded. The timer covers the case that nothing else wakes us.
 */
static void accept_waiting(struct cs_listener *listener)
{
    if (!has_room(listener)) {
        (void)cs_connection_evict_idle(listener); /* its room comes when it is closed */
    }
    if (has_room(listener) && cs_connection_accept(listener) == CS_OK) {
        listener->accept_waits = false;
    } else {
        listener->accept_waits = true;
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct cs_listener *listener = timer->data;
    if (listener->accept_waits && listener->stops_seen == 0) {
        accept_waiting(listener);
    }
    if (!listener->accept_waits) {
        uv_timer_stop(timer);
    }
}

static void on_connection(uv_stream_t *server, int code)
{
    struct cs_listener *listener = server->data;
    if (listener->stops_seen > 0) {
        return;
    }
    if (code != 0) {
        cs_log_event(listener->log, CS_LOG_WARNING, "accept failed",
                     CS_LOG_TEXT("reason", uv_err_name(code)));
        return;
    }
    accept_waiting(listener);
    if (listener->accept_waits) {
        cs_require(uv_timer_start(&listener->retry, on_retry, ACCEPT_RETRY_MS, ACCEPT_RETRY_MS) ==
                   0);
    }
}

/* --- Stopping --- */

/* When stopping and nothing is left, lets the loop end. */
static void end_if_done(struct cs_listener *listener)
{
    if (listener->stops_seen > 0 && listener->connection_count == 0 &&
        listener->exchange_count == 0) {
        uv_timer_stop(&listener->grace);
        uv_unref((uv_handle_t *)&listener->wake);
    }
}

void cs_listener_connection_gone(struct cs_listener *listener)
{
    listener->connection_count--;
    if (listener->accept_waits && listener->stops_seen == 0) {
        accept_waiting(listener);
    }
    end_if_done(listener);
}

void cs_listener_exchange_gone(struct cs_listener *listener)
{
    end_if_done(listener);
}

static void abort_rest(struct cs_listener *listener)
{
    if (!listener->aborting) {
        listener->aborting = true;
        cs_log_event(listener->log, CS_LOG_WARNING, "requests cut by the stop",
                     CS_LOG_NUMBER("connections", listener->connection_count));
        cs_connection_close_all(listener);
    }
}

static void on_grace(uv_timer_t *timer)
{
    abort_rest(timer->data);
}

static void begin_stop(struct cs_listener *listener)
{
    cs_log_event(listener->log, CS_LOG_INFO, "stopping",
                 CS_LOG_NUMBER("connections", listener->connection_count),
                 CS_LOG_NUMBER("requests", listener->exchange_count));
    uv_close((uv_handle_t *)&listener->server, NULL);
    uv_timer_stop(&listener->retry);
    for (size_t i = 0; i < CS_COUNT(listener->signals); i++) {
        /* Still heard, for a second signal, but no reason to stay. */
        uv_unref((uv_handle_t *)&listener->signals[i]);
    }
    cs_require(uv_timer_start(&listener->grace, on_grace, listener->limits.stop_grace_ms, 0) == 0);
    cs_connection_stop_all(listener);
    end_if_done(listener);
}

static void on_wake(uv_async_t *wake)
{
    struct cs_listener *listener = wake->data;
    cs_exchange_take_committed(listener);
    unsigned wanted = atomic_load(&listener->stops_wanted);
    if (wanted > listener->stops_seen) {
        bool first = listener->stops_seen == 0;
        listener->stops_seen = wanted;
        if (first) {
            begin_stop(listener);
        }
        if (wanted > 1) {
            abort_rest(listener);
        }
    }
}

void cs_listener_stop(struct cs_listener *listener)
{
    atomic_fetch_add(&listener->stops_wanted, 1);
    (void)uv_async_send(&listener->wake);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    cs_listener_stop(handle->data);
}

static void on_committed(void *context)
{
    struct cs_listener *listener = context;
    (void)uv_async_send(&listener->wake);
}

/* --- Running --- */

/* A peer that is gone must give an error, not the signal; other threads keep their own ways. */
static enum cs_status run_without_sigpipe(struct cs_listener *listener)
{
    sigset_t pipe_only;
    sigset_t before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    cs_require(pthread_sigmask(SIG_BLOCK, &pipe_only, &before) == 0);
    int code = uv_run(&listener->loop, UV_RUN_DEFAULT);
    if (sigismember(&before, SIGPIPE) == 0) {
        const struct timespec now = {0, 0};
        while (sigtimedwait(&pipe_only, NULL, &now) == SIGPIPE) {
        }
    }
    cs_require(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return code == 0 ? CS_OK : CS_IO;
}

enum cs_status cs_listener_run(struct cs_listener *listener)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    cs_require(!listener->run_called);
    listener->run_called = true;
    for (size_t i = 0; i < CS_COUNT(numbers); i++) {
        if (uv_signal_start(&listener->signals[i], on_signal, numbers[i]) != 0) {
            return CS_IO;
        }
    }
    cs_log_event(listener->log, CS_LOG_INFO, "listening", CS_LOG_NUMBER("port", listener->port),
                 CS_LOG_NUMBER("connections_max", listener->connections_max));
    enum cs_status status = run_without_sigpipe(listener);
    cs_log_event(listener->log, CS_LOG_INFO, "stopped",
                 CS_LOG_NUMBER("requests", atomic_load(&listener->sums.requests)));
    return status;
}

/* --- Creating --- */

static void init_loop(struct cs_listener *listener)
{
    uv_loop_t *loop = &listener->loop;
    /* These only link structures and make a few descriptors; without them no program runs. */
    cs_require(uv_async_init(loop, &listener->wake, on_wake) == 0);
    cs_require(uv_timer_init(loop, &listener->grace) == 0);
    cs_require(uv_timer_init(loop, &listener->retry) == 0);
    cs_require(uv_tcp_init(loop, &listener->server) == 0);
    for (size_t i = 0; i < CS_COUNT(listener->signals); i++) {
        cs_require(uv_signal_init(loop, &listener->signals[i]) == 0);
        listener->signals[i].data = listener;
    }
    listener->wake.data = listener->grace.data = listener->retry.data = listener;
    listener->server.data = listener;
    uv_unref((uv_handle_t *)&listener->retry);
}

static enum cs_status find_connections_max(struct cs_listener *listener, struct cs_problem *problem)
{
    struct rlimit limit;
    uint64_t descriptors = listener->limits.connections_max;
    uint64_t reserved = listener->limits.descriptors_reserved;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        if (limit.rlim_cur <= reserved) {
            return cs_problem_set(problem, CS_LIMIT,
                                  "only %llu files may be open and %llu are reserved; raise the "
                                  "limit (ulimit -n, LimitNOFILE)",
                                  (unsigned long long)limit.rlim_cur, (unsigned long long)reserved);
        }
        descriptors = limit.rlim_cur - reserved;
    }
    listener->connections_max = descriptors < listener->limits.connections_max
                                    ? (size_t)descriptors
                                    : listener->limits.connections_max;
    return CS_OK;
}

static enum cs_status create_parts(struct cs_listener *listener,
                                   const struct cs_listener_options *options,
                                   struct cs_problem *problem)
{
    enum cs_status status = find_connections_max(listener, problem);
    if (status != CS_OK) {
        return status;
    }
    status =
        cs_tls_context_create(options->tls_key, options->tls_certificate, &listener->tls, problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_addresses_limits addresses = {
        .capacity = listener->connections_max + 1024,
        .connections_per_address_max = options->limits.connections_per_address_max,
        .penalty_max = options->limits.penalty_max,
        .half_life_ms = options->limits.penalty_half_life_ms,
    };
    if (uv_random(NULL, NULL, &addresses.seed, sizeof addresses.seed, 0, NULL) != 0) {
        return cs_problem_set(problem, CS_IO, "the system gives no randomness");
    }
    status = cs_addresses_create(&addresses, &listener->addresses);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "out of memory");
    }
    struct cs_committer_options committer = {
        .context = listener->service.context,
        .commit = listener->service.commit,
        .upkeep = listener->service.upkeep,
        .notify = on_committed,
        .notify_context = listener,
        .batch_requests_max = options->limits.batch_requests_max,
        .batch_bytes_max = options->limits.batch_bytes_max,
    };
    status = cs_committer_create(&committer, &listener->committer);
    return status == CS_OK ? CS_OK : cs_problem_set(problem, status, "out of memory");
}

static enum cs_status bind_failed(struct cs_problem *problem, const char *address, int code)
{
    switch (code) {
    case UV_EADDRINUSE:
        return cs_problem_set(problem, CS_BUSY,
                              "%s is in use by another program; stop it or choose another port",
                              address);
    case UV_EACCES:
        return cs_problem_set(problem, CS_DENIED,
                              "no right to listen on %s; choose a port from 1024 on", address);
    case UV_EADDRNOTAVAIL:
        return cs_problem_set(problem, CS_INVALID, "%s is not an address of this machine", address);
    default:
        return cs_problem_set(problem, CS_IO, "cannot listen on %s: %s", address,
                              uv_strerror(code));
    }
}

static enum cs_status bind_and_listen(struct cs_listener *listener, const char *address,
                                      struct cs_problem *problem)
{
    struct sockaddr_storage name;
    enum cs_status status = cs_listen_address_resolve(&listener->loop, address, &name, problem);
    if (status != CS_OK) {
        return status;
    }
    int code = uv_tcp_bind(&listener->server, (const struct sockaddr *)&name, 0);
    if (code == 0) {
        code = uv_listen((uv_stream_t *)&listener->server, BACKLOG, on_connection);
    }
    int size = sizeof name;
    if (code == 0) {
        code = uv_tcp_getsockname(&listener->server, (struct sockaddr *)&name, &size);
    }
    if (code != 0) {
        return bind_failed(problem, address, code);
    }
    listener->port = cs_listen_address_port(&name);
    return CS_OK;
}

enum cs_status cs_listener_create(const struct cs_listener_options *options,
                                  const struct cs_listener_service *service,
                                  const struct cs_log *log, struct cs_listener **out_listener,
                                  struct cs_problem *problem)
{
    struct cs_listener *listener = cs_alloc_zero(1, sizeof *listener);
    if (listener == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "out of memory");
    }
    listener->limits = options->limits;
    listener->service = *service;
    listener->log = log;
    int code = uv_loop_init(&listener->loop);
    if (code != 0) {
        cs_free(listener);
        return cs_problem_set(problem, code == UV_ENOMEM ? CS_NO_MEMORY : CS_IO,
                              "cannot start the event loop: %s", uv_strerror(code));
    }
    init_loop(listener);
    enum cs_status status = create_parts(listener, options, problem);
    if (status == CS_OK) {
        status = bind_and_listen(listener, options->address, problem);
    }
    if (status != CS_OK) {
        cs_listener_destroy(listener);
        return status;
    }
    *out_listener = listener;
    return CS_OK;
}

static void close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void cs_listener_destroy(struct cs_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    cs_require(listener->connection_count == 0 && listener->exchange_count == 0);
    cs_committer_destroy(listener->committer);
    uv_walk(&listener->loop, close_handle, NULL);
    cs_require(uv_run(&listener->loop, UV_RUN_DEFAULT) == 0);
    cs_require(uv_loop_close(&listener->loop) == 0);
    cs_addresses_destroy(listener->addresses);
    cs_tls_context_destroy(listener->tls);
    cs_free(listener);
}

uint16_t cs_listener_port(const struct cs_listener *listener)
{
    return listener->port;
}

void cs_listener_counters(const struct cs_listener *listener, struct cs_listener_counters *out)
{
    const struct cs_listener_sums *sums = &listener->sums;
#define TAKE(name) .name = atomic_load_explicit(&sums->name, memory_order_relaxed)
    *out = (struct cs_listener_counters){
        TAKE(accepted),       TAKE(refused),
        TAKE(evicted),        TAKE(handshakes_failed),
        TAKE(timeouts),       TAKE(requests),
        TAKE(answers_ok),     TAKE(answers_refused),
        TAKE(answers_failed), TAKE(bytes_in),
        TAKE(bytes_out),      .batches = cs_committer_batches(listener->committer),
    };
#undef TAKE
}
