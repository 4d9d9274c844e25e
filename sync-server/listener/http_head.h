/*
 * The head of a request (request line and fields) put together from pieces, up to and with its empty line.
 *
 * Called by connection.c. Strict where the parser libraries are lenient, so that we and any proxy before us can never
 * disagree on where a request ends: every line ends with CR LF (RFC 9112 §2.2), no NUL, no line folding (§5.2), nothing
 * before the request line.
 */
#ifndef CS_LISTENER_HTTP_HEAD_H
#define CS_LISTENER_HTTP_HEAD_H

#include "shared/base/bytes.h"

struct cs_http_head {
    struct cs_buffer bytes;
};

enum cs_http_head_progress {
    CS_HTTP_HEAD_MORE,
    CS_HTTP_HEAD_COMPLETE,
    CS_HTTP_HEAD_MALFORMED,
    CS_HTTP_HEAD_TOO_LARGE,
    CS_HTTP_HEAD_NO_MEMORY,
};

void cs_http_head_init(struct cs_http_head *head, size_t size_max);
void cs_http_head_release(struct cs_http_head *head);
/* *out_used of the bytes belong to the head; after COMPLETE the rest is body. Not to be called after the end. */
enum cs_http_head_progress cs_http_head_feed(struct cs_http_head *head, struct cs_bytes bytes,
                                             size_t *out_used);

#endif
