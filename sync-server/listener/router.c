/* The fixed routes, and the heads of answers, see router.h. */
#include "sync-server/listener/router.h"

#include <string.h>

static int check_exchange(const struct cs_http_request *request, size_t body_bytes_max)
{
    if (request->method != CS_HTTP_METHOD_POST) {
        return 405;
    }
    if (!request->has_content_length) {
        return 411;
    }
    if (request->content_length > body_bytes_max) {
        return 413;
    }
    if (request->has_other_content) {
        return 415;
    }
    return request->expects_other ? 417 : 0;
}

static int check_health(const struct cs_http_request *request)
{
    if (request->method != CS_HTTP_METHOD_GET) {
        return 405;
    }
    return request->content_length > 0 ? 400 : 0;
}

int cs_route_choose(const struct cs_http_request *request, size_t body_bytes_max,
                    enum cs_route *out_route)
{
    bool exchange = strcmp(request->target, CS_ROUTE_EXCHANGE_TARGET) == 0;
    if (!exchange && strcmp(request->target, CS_ROUTE_HEALTH_TARGET) != 0) {
        return 404;
    }
    int refusal = exchange ? check_exchange(request, body_bytes_max) : check_health(request);
    if (refusal == 0) {
        *out_route = exchange ? CS_ROUTE_EXCHANGE : CS_ROUTE_HEALTH;
    }
    return refusal;
}

static const char *reason_of(int http_status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < CS_COUNT(reasons); i++) {
        if (reasons[i].status == http_status) {
            return reasons[i].reason;
        }
    }
    return "Error";
}

void cs_answer_head(int http_status, size_t body_size, bool keep_alive, struct cs_buffer *out)
{
    cs_buffer_append_format(out, "HTTP/1.1 %d %s\r\n", http_status, reason_of(http_status));
    if (http_status == 405) {
        cs_buffer_append_text(out, "Allow: GET, POST\r\n");
    } else if (http_status == 503) {
        cs_buffer_append_text(out, "Retry-After: 5\r\n");
    }
    cs_buffer_append_format(out, "Content-Length: %zu\r\n", body_size);
    /* Staying open is the default of HTTP/1.1 (RFC 9112 §9.3): not said, to save bytes. */
    cs_buffer_append_text(out, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}
