/* Tests of the fixed routes and the heads of answers. */
#include "sync-server/listener/router.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static struct cs_http_request request(enum cs_http_method method, const char *target)
{
    struct cs_http_request out = {
        .method = method, .has_content_length = true, .content_length = 10};
    (void)snprintf(out.target, sizeof out.target, "%s", target);
    return out;
}

static void the_exchange_route_is_chosen(void **state)
{
    (void)state;
    struct cs_http_request r = request(CS_HTTP_METHOD_POST, "/v1/exchange");
    enum cs_route route = CS_ROUTE_HEALTH;
    assert_int_equal(cs_route_choose(&r, 10, &route), 0);
    assert_int_equal(route, CS_ROUTE_EXCHANGE);
    assert_int_equal(cs_route_choose(&r, 9, &route), 413);
    r.has_other_content = true;
    assert_int_equal(cs_route_choose(&r, 10, &route), 415);
    r.has_other_content = false;
    r.expects_other = true;
    assert_int_equal(cs_route_choose(&r, 10, &route), 417);
    r.expects_other = false;
    r.has_content_length = false;
    assert_int_equal(cs_route_choose(&r, 10, &route), 411);
    r.method = CS_HTTP_METHOD_GET;
    assert_int_equal(cs_route_choose(&r, 10, &route), 405);
    r.method = CS_HTTP_METHOD_OTHER;
    assert_int_equal(cs_route_choose(&r, 10, &route), 405);
}

static void the_health_route_is_chosen(void **state)
{
    (void)state;
    struct cs_http_request r = request(CS_HTTP_METHOD_GET, "/v1/health");
    enum cs_route route = CS_ROUTE_EXCHANGE;
    assert_int_equal(cs_route_choose(&r, 10, &route), 400);
    assert_int_equal(route, CS_ROUTE_EXCHANGE);
    r.content_length = 0;
    assert_int_equal(cs_route_choose(&r, 10, &route), 0);
    assert_int_equal(route, CS_ROUTE_HEALTH);
    r.method = CS_HTTP_METHOD_POST;
    assert_int_equal(cs_route_choose(&r, 10, &route), 405);
}

static void everything_else_is_not_found(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "",  "/",       "/v1", "/v1/exchange/", "/v1/EXCHANGE", "/v1/exchange?", "//v1/exchange",
        "*", "/v1/sync"};
    for (size_t i = 0; i < CS_COUNT(targets); i++) {
        struct cs_http_request r = request(CS_HTTP_METHOD_POST, targets[i]);
        enum cs_route route = CS_ROUTE_HEALTH;
        assert_int_equal(cs_route_choose(&r, 10, &route), 404);
    }
}

static void assert_head(int status, size_t size, bool keep_alive, const char *wanted)
{
    struct cs_buffer out;
    cs_buffer_init(&out, 512);
    cs_answer_head(status, size, keep_alive, &out);
    assert_string_equal(cs_buffer_text(&out), wanted);
    cs_buffer_release(&out);
}

static void heads_of_answers_are_short(void **state)
{
    (void)state;
    assert_head(200, 5, true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert_head(200, 0, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_head(405, 0, false,
                "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST\r\nContent-Length: "
                "0\r\nConnection: close\r\n\r\n");
    assert_head(503, 0, false,
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: "
                "0\r\nConnection: close\r\n\r\n");
    assert_head(599, 0, false,
                "HTTP/1.1 599 Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exchange_route_is_chosen),
        cmocka_unit_test(the_health_route_is_chosen),
        cmocka_unit_test(everything_else_is_not_found),
        cmocka_unit_test(heads_of_answers_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
