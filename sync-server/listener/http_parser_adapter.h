/*
 * What one request head says. The only user of the HTTP parser library: http-parser (Debian 12) or llhttp (Debian 13),
 * chosen by CS_HAVE_LLHTTP.
 *
 * Called by connection.c with a complete head (http_head.h). The library splits the head; every rule that decides where
 * a request ends is checked again here, because the two libraries and their versions differ in strictness.
 */
#ifndef CS_LISTENER_HTTP_PARSER_ADAPTER_H
#define CS_LISTENER_HTTP_PARSER_ADAPTER_H

#include "shared/base/bytes.h"

enum cs_http_method { CS_HTTP_METHOD_OTHER, CS_HTTP_METHOD_GET, CS_HTTP_METHOD_POST };

/* No route is nearly as long; a longer target is kept cut, and so matches none. */
#define CS_HTTP_TARGET_MAX 64

struct cs_http_request {
    enum cs_http_method method;
    char target[CS_HTTP_TARGET_MAX + 1];
    bool has_content_length;
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue;
    bool expects_other;     /* an Expect we do not know */
    bool has_other_content; /* a Content-Type other than application/octet-stream */
};

/*
 * 0 and *out_request, or the HTTP status to answer with: 400 (malformed; Transfer-Encoding; Host or Content-Length
 * missing or double), 431 (more than fields_max fields), 505 (not HTTP/1.1).
 */
int cs_http_request_parse(struct cs_bytes head, size_t fields_max,
                          struct cs_http_request *out_request);

#endif
