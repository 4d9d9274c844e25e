/* One connection and its states, see connection.h. */
#include "sync-server/listener/connection.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "sync-server/listener/connection_internal.h"
#include "sync-server/listener/router.h"

#include <string.h>

#define TO(state) (1u << (state))
static const unsigned allowed_moves[STATE_COUNT] = {
    [HANDSHAKE] = TO(IDLE) | TO(DRAIN) | TO(CLOSED),
    [IDLE] = TO(HEAD) | TO(DRAIN) | TO(CLOSED),
    [HEAD] = TO(BODY) | TO(REPLY) | TO(DRAIN) | TO(CLOSED),
    [BODY] = TO(WORK) | TO(REPLY) | TO(DRAIN) | TO(CLOSED),
    [WORK] = TO(REPLY) | TO(CLOSED),
    [REPLY] = TO(IDLE) | TO(DRAIN) | TO(CLOSED),
    [DRAIN] = TO(CLOSED),
    [CLOSED] = 0,
};

/* Plain bytes encrypted at once; one round of these is in flight to the socket at any time. */
#define REPLY_PIECE_SIZE (64 * CS_KIBI)
/* Of the body, in one record with the head of the answer. */
#define FIRST_PIECE_SIZE (15 * CS_KIBI)

static void on_timer(uv_timer_t *timer);

void cs_connection_move(struct cs_connection *c, enum cs_connection_state state)
{
    cs_require((allowed_moves[c->state] & TO(state)) != 0);
    c->state = state;
    c->entered_ms = uv_now(&c->listener->loop);
}

void cs_connection_offend(struct cs_connection *c, uint32_t points)
{
    struct cs_listener *listener = c->listener;
    cs_addresses_offend(listener->addresses, c->address, points, uv_now(&listener->loop));
}

/* --- Closing --- */

static void free_connection(struct cs_connection *c)
{
    struct cs_listener *listener = c->listener;
    cs_tls_stream_destroy(c->tls);
    cs_buffer_release(&c->pending);
    cs_http_head_release(&c->head);
    cs_buffer_release(&c->in_flight);
    cs_free(c);
    cs_listener_connection_gone(listener);
}

static void on_closed(uv_handle_t *handle)
{
    struct cs_connection *c = handle->data;
    if (--c->open_handles == 0) {
        free_connection(c);
    }
}

void cs_connection_close(struct cs_connection *c)
{
    if (c->state == CLOSED) {
        return;
    }
    cs_connection_move(c, CLOSED);
    cs_exchange_release(c->exchange);
    c->exchange = NULL;
    c->reply_rest = CS_BYTES_NONE;
    if (c->address != NULL) {
        cs_addresses_leave(c->listener->addresses, c->address);
        c->address = NULL;
    }
    *(c->previous == NULL ? &c->listener->connections : &c->previous->next) = c->next;
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    uv_close((uv_handle_t *)&c->socket, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

void cs_connection_close_in_order(struct cs_connection *c)
{
    cs_tls_stream_close(c->tls);
    cs_connection_move(c, DRAIN);
}

/* --- Deadlines --- */

/* The moment by which `done` bytes must have become more, or the work have ended. */
static uint64_t rate_deadline(const struct cs_connection *c, size_t done)
{
    const struct cs_listener_limits *limits = &c->listener->limits;
    return c->entered_ms + limits->rate_grace_ms + (uint64_t)done * 1000 / limits->rate_min;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* UINT64_MAX: none. */
static uint64_t deadline(const struct cs_connection *c)
{
    const struct cs_listener_limits *limits = &c->listener->limits;
    switch (c->state) {
    case HANDSHAKE:
        return c->entered_ms + limits->handshake_ms_max;
    case IDLE:
        return c->entered_ms + limits->idle_ms_max;
    case HEAD:
        return c->entered_ms + limits->header_ms_max;
    case BODY:
        return earlier(c->entered_ms + limits->body_ms_max,
                       rate_deadline(c, cs_exchange_received(c->exchange)));
    case REPLY:
        return earlier(c->progress_ms + limits->write_stall_ms_max,
                       rate_deadline(c, c->reply_sent - c->unsent));
    case DRAIN:
        return c->entered_ms + limits->linger_ms_max;
    case WORK:
    case CLOSED:
    case STATE_COUNT:
        break;
    }
    return UINT64_MAX;
}

static void set_timer(struct cs_connection *c)
{
    uint64_t due = deadline(c);
    if (due == UINT64_MAX) {
        uv_timer_stop(&c->timer);
        return;
    }
    uint64_t now = uv_now(&c->listener->loop);
    cs_require(uv_timer_start(&c->timer, on_timer, due > now ? due - now : 0, 0) == 0);
}

/* --- Answering --- */

static void count_answer(struct cs_connection *c, int http_status)
{
    struct cs_listener_sums *sums = &c->listener->sums;
    if (http_status < 400) {
        cs_sum_add(&sums->answers_ok, 1);
    } else if (http_status < 500) {
        cs_sum_add(&sums->answers_refused, 1);
        bool slight = http_status == 404 || http_status == 405 || http_status == 411 ||
                      http_status == 413 || http_status == 415 || http_status == 417;
        cs_connection_offend(c, slight ? CS_PENALTY_SLIGHT : CS_PENALTY_SERIOUS);
    } else {
        cs_sum_add(&sums->answers_failed, 1);
    }
}

void cs_connection_answer(struct cs_connection *c, int http_status, struct cs_bytes body)
{
    cs_connection_move(c, REPLY);
    c->progress_ms = c->entered_ms;
    c->reply_sent = 0;
    c->unsent = 0;
    c->keep_alive = c->keep_alive && http_status == 200 && c->listener->stops_seen == 0 &&
                    c->requests < c->listener->limits.requests_per_connection_max;
    count_answer(c, http_status);
    /* The head and the beginning of the body go in one record: most answers are small. */
    struct cs_buffer first;
    cs_buffer_init(&first, FIRST_PIECE_SIZE + 512);
    cs_answer_head(http_status, body.size, c->keep_alive, &first);
    size_t taken = body.size < FIRST_PIECE_SIZE ? body.size : FIRST_PIECE_SIZE;
    cs_buffer_append(&first, body.data, taken);
    c->reply_rest =
        taken < body.size ? cs_bytes_make(body.data + taken, body.size - taken) : CS_BYTES_NONE;
    bool written = first.status == CS_OK &&
                   cs_tls_stream_write(c->tls, cs_buffer_bytes(&first)) == CS_TLS_DONE;
    cs_buffer_release(&first);
    if (!written) {
        cs_connection_close(c);
    }
}

void cs_connection_refuse(struct cs_connection *c, int http_status)
{
    c->keep_alive = false;
    cs_connection_answer(c, http_status, CS_BYTES_NONE);
}

void cs_connection_answered(struct cs_connection *c)
{
    int http_status = cs_exchange_http_status(c->exchange);
    if (http_status != 200) {
        c->keep_alive = false;
    }
    cs_connection_answer(c, http_status, cs_exchange_answer(c->exchange));
    cs_connection_advance(c);
}

/* The next piece of the answer into the TLS output, or the end of the answer when all of it is with the socket. */
static void continue_reply(struct cs_connection *c)
{
    if (c->reply_rest.size > 0) {
        size_t size = c->reply_rest.size < REPLY_PIECE_SIZE ? c->reply_rest.size : REPLY_PIECE_SIZE;
        if (cs_tls_stream_write(c->tls, cs_bytes_make(c->reply_rest.data, size)) != CS_TLS_DONE) {
            cs_connection_close(c);
            return;
        }
        c->reply_rest.data += size;
        c->reply_rest.size -= size;
        return;
    }
    cs_exchange_release(c->exchange);
    c->exchange = NULL;
    if (c->keep_alive) {
        cs_connection_move(c, IDLE);
        cs_http_head_release(&c->head);
        cs_buffer_release(&c->in_flight);
        cs_tls_stream_trim(c->tls);
    } else {
        cs_connection_close_in_order(c);
    }
}

/* false: more bytes of the peer are needed. */
static bool shake_hands(struct cs_connection *c)
{
    switch (cs_tls_stream_handshake(c->tls)) {
    case CS_TLS_DONE:
        cs_connection_move(c, IDLE);
        return true;
    case CS_TLS_WANT:
        return false;
    case CS_TLS_CLOSED:
    case CS_TLS_FAILED:
        break;
    }
    cs_sum_add(&c->listener->sums.handshakes_failed, 1);
    cs_connection_offend(c, CS_PENALTY_SERIOUS);
    /* The alert is in the output already. */
    cs_connection_move(c, DRAIN);
    return true;
}

/* One step of the state; false when it waits for the socket, the service or the clock. */
static bool step(struct cs_connection *c)
{
    switch (c->state) {
    case HANDSHAKE:
        return shake_hands(c);
    case IDLE:
    case HEAD:
    case BODY:
        return cs_connection_read(c);
    case REPLY:
        if (c->writing || cs_tls_stream_output(c->tls)->size > 0) {
            return false;
        }
        continue_reply(c);
        return true;
    case DRAIN:
        cs_connection_drain(c);
        return false;
    case WORK:
    case CLOSED:
    case STATE_COUNT:
        break;
    }
    return false;
}

void cs_connection_advance(struct cs_connection *c)
{
    bool again;
    do {
        again = step(c);
        if (c->state != CLOSED) {
            cs_connection_flush(c);
        }
    } while (again && c->state != CLOSED);
    if (c->state != CLOSED) {
        cs_connection_set_reading(c);
    }
    if (c->state != CLOSED) {
        set_timer(c);
    }
}

static void timed_out(struct cs_connection *c)
{
    if (c->state == IDLE) {
        cs_connection_close_in_order(c);
        return;
    }
    if (c->state == DRAIN) {
        cs_connection_close(c);
        return;
    }
    cs_sum_add(&c->listener->sums.timeouts, 1);
    if (c->state == HEAD || c->state == BODY) {
        cs_exchange_release(c->exchange);
        c->exchange = NULL;
        cs_connection_refuse(c, 408);
    } else {
        cs_connection_offend(c, CS_PENALTY_SERIOUS);
        cs_connection_close(c);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct cs_connection *c = timer->data;
    if (c->state == CLOSED) {
        return;
    }
    size_t unsent = uv_stream_get_write_queue_size((const uv_stream_t *)&c->socket);
    if (unsent < c->unsent) {
        c->progress_ms = uv_now(&c->listener->loop);
        c->unsent = unsent;
    }
    if (deadline(c) <= uv_now(&c->listener->loop)) {
        timed_out(c);
    }
    if (c->state != CLOSED) {
        cs_connection_advance(c);
    }
}

/* --- Coming and going --- */

static bool key_of(const uv_tcp_t *socket, struct cs_address_key *out)
{
    struct sockaddr_storage name;
    int size = sizeof name;
    *out = (struct cs_address_key){{0}};
    if (uv_tcp_getpeername(socket, (struct sockaddr *)&name, &size) != 0) {
        return false;
    }
    if (name.ss_family == AF_INET) {
        out->bytes[10] = 0xff;
        out->bytes[11] = 0xff;
        memcpy(out->bytes + 12, &((const struct sockaddr_in *)&name)->sin_addr, 4);
        return true;
    }
    const struct in6_addr *address = &((const struct sockaddr_in6 *)&name)->sin6_addr;
    /* An IPv4 client of a dual-stack socket is one address, not the whole IPv4 internet. */
    memcpy(out->bytes, address->s6_addr, IN6_IS_ADDR_V4MAPPED(address) ? 16 : 8);
    return true;
}

static void enter_list(struct cs_connection *c)
{
    struct cs_listener *listener = c->listener;
    c->next = listener->connections;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    listener->connections = c;
    listener->connection_count++;
}

/* Whether the accepted connection may stay. */
static bool admit(struct cs_connection *c)
{
    struct cs_listener *listener = c->listener;
    struct cs_address_key key;
    if (!key_of(&c->socket, &key)) {
        return false;
    }
    c->address = cs_addresses_enter(listener->addresses, &key, uv_now(&listener->loop));
    if (c->address == NULL) {
        cs_sum_add(&listener->sums.refused, 1);
        return false;
    }
    cs_sum_add(&listener->sums.accepted, 1);
    return uv_tcp_nodelay(&c->socket, 1) == 0;
}

enum cs_status cs_connection_accept(struct cs_listener *listener)
{
    struct cs_connection *c = cs_alloc_zero(1, sizeof *c);
    if (c == NULL) {
        return CS_NO_MEMORY;
    }
    c->listener = listener;
    c->entered_ms = uv_now(&listener->loop);
    c->open_handles = 2;
    cs_buffer_init(&c->pending, sizeof listener->plain_space);
    cs_http_head_init(&c->head, listener->limits.header_bytes_max);
    enum cs_status status = cs_tls_stream_create(listener->tls, &c->tls);
    if (status != CS_OK) {
        cs_free(c);
        return status;
    }
    cs_require(uv_tcp_init(&listener->loop, &c->socket) == 0 &&
               uv_timer_init(&listener->loop, &c->timer) == 0);
    c->socket.data = c->timer.data = c->write.data = c->shutdown.data = c;
    enter_list(c);
    if (uv_accept((uv_stream_t *)&listener->server, (uv_stream_t *)&c->socket) != 0 || !admit(c)) {
        cs_connection_close(c);
    } else {
        cs_connection_advance(c);
    }
    return CS_OK;
}

bool cs_connection_evict_idle(struct cs_listener *listener)
{
    struct cs_connection *oldest = NULL;
    for (struct cs_connection *c = listener->connections; c != NULL; c = c->next) {
        if (c->state == IDLE && (oldest == NULL || c->entered_ms < oldest->entered_ms)) {
            oldest = c;
        }
    }
    if (oldest != NULL) {
        cs_sum_add(&listener->sums.evicted, 1);
        cs_connection_close(oldest);
    }
    return oldest != NULL;
}

void cs_connection_stop_all(struct cs_listener *listener)
{
    struct cs_connection *next = NULL;
    for (struct cs_connection *c = listener->connections; c != NULL; c = next) {
        next = c->next;
        c->keep_alive = false;
        if (c->state == HANDSHAKE) {
            cs_connection_close(c);
        } else if (c->state == IDLE) {
            cs_connection_close_in_order(c);
            cs_connection_advance(c);
        }
    }
}

void cs_connection_close_all(struct cs_listener *listener)
{
    struct cs_connection *next = NULL;
    for (struct cs_connection *c = listener->connections; c != NULL; c = next) {
        next = c->next;
        cs_connection_close(c);
    }
}
