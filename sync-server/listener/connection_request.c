/* Reading requests on a connection: plain bytes into heads and bodies. See connection_internal.h. */
#include "sync-server/listener/connection_internal.h"
#include "sync-server/listener/router.h"

static void body_complete(struct cs_connection *c)
{
    cs_connection_move(c, WORK);
    cs_exchange_start(c->exchange);
}

static void begin_body(struct cs_connection *c, const struct cs_http_request *request)
{
    size_t size = (size_t)request->content_length; /* bounded by the router */
    if (cs_exchange_create(c->listener, c, size, &c->exchange) != CS_OK) {
        cs_connection_refuse(c, 503);
        return;
    }
    cs_connection_move(c, BODY);
    if (size == 0) {
        body_complete(c);
    } else if (request->expects_continue &&
               cs_tls_stream_write(c->tls, cs_bytes_of_text("HTTP/1.1 100 Continue\r\n\r\n")) !=
                   CS_TLS_DONE) {
        cs_connection_close(c);
    }
}

static void head_complete(struct cs_connection *c)
{
    const struct cs_listener_limits *limits = &c->listener->limits;
    struct cs_http_request request;
    enum cs_route route = CS_ROUTE_HEALTH;
    c->requests++;
    int refusal =
        cs_http_request_parse(cs_buffer_bytes(&c->head.bytes), limits->header_fields_max, &request);
    if (refusal == 0) {
        refusal = cs_route_choose(&request, limits->body_bytes_max, &route);
    }
    if (refusal != 0) {
        cs_connection_refuse(c, refusal);
        return;
    }
    c->keep_alive = request.keep_alive;
    if (route == CS_ROUTE_HEALTH) {
        cs_connection_answer(c, 200, cs_bytes_of_text("ok\n"));
    } else {
        begin_body(c, &request);
    }
}

static size_t consume_head(struct cs_connection *c, struct cs_bytes bytes)
{
    size_t used = 0;
    switch (cs_http_head_feed(&c->head, bytes, &used)) {
    case CS_HTTP_HEAD_MORE:
        break;
    case CS_HTTP_HEAD_COMPLETE:
        head_complete(c);
        break;
    case CS_HTTP_HEAD_MALFORMED:
        cs_connection_refuse(c, 400);
        break;
    case CS_HTTP_HEAD_TOO_LARGE:
        cs_connection_refuse(c, 431);
        break;
    case CS_HTTP_HEAD_NO_MEMORY:
        cs_connection_refuse(c, 503);
        break;
    }
    return used;
}

static size_t consume_body(struct cs_connection *c, struct cs_bytes bytes)
{
    size_t missing = cs_exchange_missing(c->exchange);
    size_t used = bytes.size < missing ? bytes.size : missing;
    if (cs_exchange_add(c->exchange, cs_bytes_make(bytes.data, used)) != CS_OK) {
        cs_exchange_release(c->exchange);
        c->exchange = NULL;
        cs_connection_refuse(c, 503);
    } else if (used == missing) {
        body_complete(c);
    }
    return used;
}

static bool wants_plain(const struct cs_connection *c)
{
    return c->state == IDLE || c->state == HEAD || c->state == BODY;
}

/* Takes what the state wants of the bytes; returns how many. */
static size_t consume(struct cs_connection *c, struct cs_bytes bytes)
{
    size_t used = 0;
    while (used < bytes.size && wants_plain(c)) {
        struct cs_bytes rest = {bytes.data + used, bytes.size - used};
        if (c->state == IDLE) {
            cs_connection_move(c, HEAD);
        }
        used += c->state == HEAD ? consume_head(c, rest) : consume_body(c, rest);
    }
    return used;
}

static bool consume_pending(struct cs_connection *c)
{
    if (c->pending.size == 0) {
        return false;
    }
    struct cs_buffer taken = c->pending;
    cs_buffer_init(&c->pending, taken.limit);
    size_t used = consume(c, cs_buffer_bytes(&taken));
    if (c->state != CLOSED) {
        cs_buffer_append(&c->pending, taken.data + used, taken.size - used);
    }
    cs_buffer_release(&taken);
    return true;
}

bool cs_connection_read(struct cs_connection *c)
{
    if (consume_pending(c)) {
        return true;
    }
    uint8_t *space = c->listener->plain_space;
    size_t size = 0;
    switch (cs_tls_stream_read(c->tls, space, sizeof c->listener->plain_space, &size)) {
    case CS_TLS_DONE: {
        size_t used = consume(c, cs_bytes_make(space, size));
        if (c->state != CLOSED) {
            cs_buffer_append(&c->pending, space + used, size - used);
        }
        break;
    }
    case CS_TLS_WANT:
        return false;
    case CS_TLS_CLOSED:
        cs_connection_close_in_order(c);
        break;
    case CS_TLS_FAILED:
        cs_connection_offend(c, CS_PENALTY_SERIOUS);
        cs_connection_move(c, DRAIN); /* the alert is in the output already */
        break;
    }
    if (c->pending.status != CS_OK) {
        cs_connection_close(c);
    }
    return true;
}
