/* One request in the hands of the service, see exchange.h. */
#include "sync-server/listener/exchange.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "sync-server/listener/connection.h"

enum stage { STAGE_BODY, STAGE_OPEN, STAGE_COMMIT, STAGE_REPLY, STAGE_DONE };

struct cs_exchange {
    struct cs_listener *listener;
    struct cs_connection *connection; /* NULL once it is gone */
    enum stage stage;
    size_t body_size;
    struct cs_buffer body;
    struct cs_buffer response;
    size_t accounted; /* part of listener->buffered_bytes */
    void *request;    /* the service's, from open until reply or discard */
    enum cs_status status;
    uv_work_t work;
    struct cs_commit_item item;
};

enum cs_status cs_exchange_create(struct cs_listener *listener, struct cs_connection *connection,
                                  size_t body_size, struct cs_exchange **out_exchange)
{
    struct cs_exchange *exchange = cs_alloc_zero(1, sizeof *exchange);
    if (exchange == NULL) {
        return CS_NO_MEMORY;
    }
    exchange->listener = listener;
    exchange->connection = connection;
    exchange->body_size = body_size;
    cs_buffer_init(&exchange->body, body_size);
    cs_buffer_init(&exchange->response, CS_RESPONSE_MAX + 4 * CS_KIBI);
    exchange->work.data = exchange;
    *out_exchange = exchange;
    return CS_OK;
}

static void account(struct cs_exchange *exchange)
{
    size_t held = exchange->body.capacity + exchange->response.capacity;
    exchange->listener->buffered_bytes += held - exchange->accounted;
    exchange->accounted = held;
}

static void destroy(struct cs_exchange *exchange)
{
    cs_buffer_release(&exchange->body);
    cs_buffer_release(&exchange->response);
    account(exchange);
    cs_free(exchange);
}

enum cs_status cs_exchange_add(struct cs_exchange *exchange, struct cs_bytes bytes)
{
    struct cs_listener *listener = exchange->listener;
    cs_require(bytes.size <= cs_exchange_missing(exchange));
    /* Only what has really been sent counts: announcing large bodies blocks nobody. */
    if (listener->buffered_bytes > listener->limits.buffered_bytes_max ||
        bytes.size > listener->limits.buffered_bytes_max - listener->buffered_bytes) {
        return CS_UNAVAILABLE;
    }
    cs_buffer_append_bytes(&exchange->body, bytes);
    account(exchange);
    return exchange->body.status;
}

size_t cs_exchange_missing(const struct cs_exchange *exchange)
{
    return exchange->body_size - exchange->body.size;
}

size_t cs_exchange_received(const struct cs_exchange *exchange)
{
    return exchange->body.size;
}

int cs_exchange_http_status(const struct cs_exchange *exchange)
{
    if (exchange->status == CS_OK) {
        return 200;
    }
    enum cs_status_class class = cs_status_class(exchange->status);
    return class == CS_CLASS_PEER || class == CS_CLASS_CALLER ? 400 : 503;
}

struct cs_bytes cs_exchange_answer(const struct cs_exchange *exchange)
{
    return exchange->status == CS_OK ? cs_buffer_bytes(&exchange->response) : CS_BYTES_NONE;
}

void cs_exchange_release(struct cs_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    exchange->connection = NULL;
    if (exchange->stage == STAGE_BODY || exchange->stage == STAGE_DONE) {
        destroy(exchange);
    }
}

/* The service has given it back: to the connection, or nowhere. */
static void finish(struct cs_exchange *exchange)
{
    struct cs_listener *listener = exchange->listener;
    exchange->stage = STAGE_DONE;
    cs_buffer_release(&exchange->body);
    account(exchange);
    listener->exchange_count--;
    if (exchange->connection != NULL) {
        cs_connection_answered(exchange->connection);
    } else {
        destroy(exchange);
    }
    cs_listener_exchange_gone(listener);
}

static void discard(struct cs_exchange *exchange)
{
    const struct cs_listener_service *service = &exchange->listener->service;
    service->discard(service->context, exchange->request);
    exchange->request = NULL;
    exchange->status = CS_UNAVAILABLE;
    finish(exchange);
}

static bool is_unwanted(const struct cs_exchange *exchange)
{
    return exchange->connection == NULL || exchange->listener->aborting;
}

/* Pool thread. */
static void open_work(uv_work_t *work)
{
    struct cs_exchange *exchange = work->data;
    const struct cs_listener_service *service = &exchange->listener->service;
    exchange->status =
        service->open(service->context, cs_buffer_bytes(&exchange->body), &exchange->request);
    cs_require(exchange->status != CS_OK || exchange->request != NULL);
}

static void open_done(uv_work_t *work, int code)
{
    struct cs_exchange *exchange = work->data;
    cs_require(code == 0);
    if (exchange->status != CS_OK) {
        finish(exchange);
    } else if (is_unwanted(exchange)) {
        discard(exchange);
    } else {
        exchange->stage = STAGE_COMMIT;
        exchange->item =
            (struct cs_commit_item){.request = exchange->request, .size = exchange->body.size};
        cs_committer_submit(exchange->listener->committer, &exchange->item);
    }
}

void cs_exchange_start(struct cs_exchange *exchange)
{
    struct cs_listener *listener = exchange->listener;
    cs_require(exchange->stage == STAGE_BODY && cs_exchange_missing(exchange) == 0);
    exchange->stage = STAGE_OPEN;
    listener->exchange_count++;
    cs_sum_add(&listener->sums.requests, 1);
    cs_require(uv_queue_work(&listener->loop, &exchange->work, open_work, open_done) == 0);
}

/* Pool thread. */
static void reply_work(uv_work_t *work)
{
    struct cs_exchange *exchange = work->data;
    const struct cs_listener_service *service = &exchange->listener->service;
    enum cs_status status =
        service->reply(service->context, exchange->request, &exchange->response);
    exchange->status = status != CS_OK ? status : exchange->response.status;
}

static void reply_done(uv_work_t *work, int code)
{
    struct cs_exchange *exchange = work->data;
    cs_require(code == 0);
    exchange->request = NULL;
    finish(exchange);
}

static void committed(struct cs_exchange *exchange)
{
    cs_require(exchange->stage == STAGE_COMMIT);
    if (is_unwanted(exchange)) {
        discard(exchange);
        return;
    }
    exchange->stage = STAGE_REPLY;
    cs_require(uv_queue_work(&exchange->listener->loop, &exchange->work, reply_work, reply_done) ==
               0);
}

void cs_exchange_take_committed(struct cs_listener *listener)
{
    struct cs_commit_item *item = cs_committer_take(listener->committer);
    while (item != NULL) {
        struct cs_commit_item *next = item->next;
        committed(
            (struct cs_exchange *)(void *)((char *)item - offsetof(struct cs_exchange, item)));
        item = next;
    }
}
