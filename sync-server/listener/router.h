/*
 * The fixed routes, and the heads of answers. Pure.
 */
#ifndef CS_LISTENER_ROUTER_H
#define CS_LISTENER_ROUTER_H

#include "sync-server/listener/http_parser_adapter.h"

enum cs_route { CS_ROUTE_EXCHANGE, CS_ROUTE_HEALTH };

#define CS_ROUTE_EXCHANGE_TARGET "/v1/exchange"
#define CS_ROUTE_HEALTH_TARGET "/v1/health"

/* 0 and *out_route, or the HTTP status to answer with: 400, 404, 405, 411, 413, 415, 417. */
int cs_route_choose(const struct cs_http_request *request, size_t body_bytes_max,
                    enum cs_route *out_route);

/* Appends the head of an answer. Errors always close: keep_alive is for 200 only. */
void cs_answer_head(int http_status, size_t body_size, bool keep_alive, struct cs_buffer *out);

#endif
