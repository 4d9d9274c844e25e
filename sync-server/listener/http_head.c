/* The head of a request from pieces, see http_head.h. */
#include "sync-server/listener/http_head.h"

#include <string.h>

void cs_http_head_init(struct cs_http_head *head, size_t size_max)
{
    cs_buffer_init(&head->bytes, size_max);
}

void cs_http_head_release(struct cs_http_head *head)
{
    cs_buffer_release(&head->bytes);
}

/* May `byte` follow `previous` (0 at the start) in a head? */
static bool byte_fits(uint8_t previous, uint8_t byte)
{
    if (previous == 0) {
        return byte >= 'A' && byte <= 'Z';
    }
    if (byte == 0 || (byte == '\n') != (previous == '\r')) {
        return false;
    }
    return !(previous == '\n' && (byte == ' ' || byte == '\t'));
}

/* How many bytes fit, to the end of the head if it is among them. `tail` are the last four bytes. */
static enum cs_http_head_progress scan(uint8_t tail[static 4], struct cs_bytes bytes,
                                       size_t *out_used)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        if (!byte_fits(tail[3], byte)) {
            *out_used = i;
            return CS_HTTP_HEAD_MALFORMED;
        }
        memmove(tail, tail + 1, 3);
        tail[3] = byte;
        if (memcmp(tail, "\r\n\r\n", 4) == 0) {
            *out_used = i + 1;
            return CS_HTTP_HEAD_COMPLETE;
        }
    }
    *out_used = bytes.size;
    return CS_HTTP_HEAD_MORE;
}

enum cs_http_head_progress cs_http_head_feed(struct cs_http_head *head, struct cs_bytes bytes,
                                             size_t *out_used)
{
    uint8_t tail[4] = {0};
    struct cs_buffer *taken = &head->bytes;
    size_t known = taken->size < sizeof tail ? taken->size : sizeof tail;
    if (known > 0) {
        memcpy(tail + sizeof tail - known, taken->data + taken->size - known, known);
    }
    enum cs_http_head_progress progress = scan(tail, bytes, out_used);
    cs_buffer_append(taken, bytes.data, *out_used);
    if (taken->status != CS_OK) {
        return taken->status == CS_LIMIT ? CS_HTTP_HEAD_TOO_LARGE : CS_HTTP_HEAD_NO_MEMORY;
    }
    /* A full buffer without its end can only become too large. */
    return progress == CS_HTTP_HEAD_MORE && taken->size == taken->limit ? CS_HTTP_HEAD_TOO_LARGE
                                                                        : progress;
}
