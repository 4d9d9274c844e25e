/* The socket of a connection: encrypted bytes in and out, and the end. See connection_internal.h. */
#include "shared/base/limits.h"
#include "sync-server/listener/connection_internal.h"

/* Bytes of a refused request that are still read, so that the peer gets to see the answer. */
#define DRAIN_SIZE_MAX (CS_MEBI)

static void on_written(uv_write_t *write, int code)
{
    struct cs_connection *c = write->data;
    c->writing = false;
    if (c->state == CLOSED) {
        return;
    }
    if (code != 0) {
        cs_connection_close(c);
        return;
    }
    cs_buffer_clear(&c->in_flight);
    c->progress_ms = uv_now(&c->listener->loop);
    c->unsent = 0;
    cs_connection_advance(c);
}

void cs_connection_flush(struct cs_connection *c)
{
    struct cs_buffer *output = cs_tls_stream_output(c->tls);
    if (output->status != CS_OK) {
        cs_connection_close(c);
        return;
    }
    if (c->writing || output->size == 0) {
        return;
    }
    struct cs_buffer swapped = c->in_flight;
    c->in_flight = *output;
    swapped.limit = output->limit;
    *output = swapped;
    uv_buf_t piece = uv_buf_init((char *)c->in_flight.data, (unsigned)c->in_flight.size);
    cs_sum_add(&c->listener->sums.bytes_out, c->in_flight.size);
    c->reply_sent += c->in_flight.size;
    if (uv_write(&c->write, (uv_stream_t *)&c->socket, &piece, 1, on_written) != 0) {
        cs_connection_close(c);
        return;
    }
    c->writing = true;
    c->unsent = uv_stream_get_write_queue_size((const uv_stream_t *)&c->socket);
}

static void on_shut(uv_shutdown_t *request, int code)
{
    struct cs_connection *c = request->data;
    (void)code; /* a failure is a peer that is gone */
    if (c->state != CLOSED && c->ended) {
        cs_connection_close(c);
    }
}

void cs_connection_drain(struct cs_connection *c)
{
    if (!c->shut && !c->writing) {
        c->shut = true;
        if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->socket, on_shut) != 0) {
            cs_connection_close(c);
        }
    }
}

static void give_read_space(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct cs_connection *c = handle->data;
    (void)suggested;
    *out = uv_buf_init(c->listener->read_space, sizeof c->listener->read_space);
}

static void on_end(struct cs_connection *c, ssize_t code)
{
    c->ended = true;
    /* In DRAIN the last bytes may still be on their way out. */
    if (code != UV_EOF || c->state != DRAIN || (c->shut && !c->writing)) {
        cs_connection_close(c);
        return;
    }
    c->reading = false;
    (void)uv_read_stop((uv_stream_t *)&c->socket);
}

static void on_read(uv_stream_t *socket, ssize_t size, const uv_buf_t *space)
{
    struct cs_connection *c = socket->data;
    if (size == 0 || c->state == CLOSED) {
        return;
    }
    if (size < 0) {
        on_end(c, size);
        return;
    }
    cs_sum_add(&c->listener->sums.bytes_in, (uint64_t)size);
    if (c->state == DRAIN) {
        c->drained += (size_t)size;
        if (c->drained > DRAIN_SIZE_MAX) {
            cs_connection_close(c);
        }
        return;
    }
    if (cs_tls_stream_feed(c->tls, cs_bytes_make(space->base, (size_t)size)) != CS_OK) {
        cs_connection_close(c);
        return;
    }
    cs_connection_advance(c);
}

void cs_connection_set_reading(struct cs_connection *c)
{
    bool wanted = !c->ended && c->state != WORK && c->state != REPLY;
    if (wanted == c->reading) {
        return;
    }
    c->reading = wanted;
    int code = wanted ? uv_read_start((uv_stream_t *)&c->socket, give_read_space, on_read)
                      : uv_read_stop((uv_stream_t *)&c->socket);
    if (code != 0) {
        cs_connection_close(c);
    }
}
