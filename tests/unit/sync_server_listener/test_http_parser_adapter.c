/* Tests of what one request head says. */
#include "sync-server/listener/http_parser_adapter.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define START "POST /v1/exchange HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

static int parse(const char *head, struct cs_http_request *out)
{
    *out = (struct cs_http_request){.content_length = 77};
    return cs_http_request_parse(cs_bytes_of_text(head), 64, out);
}

static void fields_are_understood(void **state)
{
    (void)state;
    struct cs_http_request request;
    assert_int_equal(parse(START HOST "Content-Length: 1234\r\nContent-Type: "
                                      "application/octet-stream\r\nExpect: 100-continue\r\n\r\n",
                           &request),
                     0);
    assert_int_equal(request.method, CS_HTTP_METHOD_POST);
    assert_string_equal(request.target, "/v1/exchange");
    assert_true(request.has_content_length);
    assert_int_equal(request.content_length, 1234);
    assert_true(request.keep_alive);
    assert_true(request.expects_continue);
    assert_false(request.expects_other);
    assert_false(request.has_other_content);
}

static void absent_fields_are_absent(void **state)
{
    (void)state;
    struct cs_http_request request;
    assert_int_equal(parse("GET /v1/health HTTP/1.1\r\n" HOST "\r\n", &request), 0);
    assert_int_equal(request.method, CS_HTTP_METHOD_GET);
    assert_string_equal(request.target, "/v1/health");
    assert_false(request.has_content_length);
    assert_int_equal(request.content_length, 0);
    assert_false(request.expects_continue);
    assert_true(request.keep_alive);
}

static void names_and_values_are_read_as_the_rfc_says(void **state)
{
    (void)state;
    struct cs_http_request request;
    assert_int_equal(parse(START "hOST:h\r\nCONTENT-length:   7  \r\nexpect:100-Continue\r\n"
                                 "content-TYPE: Application/Octet-Stream\r\n\r\n",
                           &request),
                     0);
    assert_int_equal(request.content_length, 7);
    assert_true(request.expects_continue);
    assert_false(request.has_other_content);
    assert_int_equal(parse(START HOST "Connection: close\r\nContent-Length: 0\r\n\r\n", &request),
                     0);
    assert_false(request.keep_alive);
    assert_int_equal(parse(START HOST "Expect: x\r\nContent-Type: text/plain\r\n\r\n", &request),
                     0);
    assert_true(request.expects_other);
    assert_true(request.has_other_content);
}

static void what_only_resembles_a_known_field_is_ignored(void **state)
{
    (void)state;
    struct cs_http_request request;
    char head[1000];
    /* Longer than what is kept, with the same beginning. */
    (void)snprintf(head, sizeof head, START HOST "Content-Length-%0100d: 5\r\n\r\n", 0);
    assert_int_equal(parse(head, &request), 0);
    assert_false(request.has_content_length);
    (void)snprintf(head, sizeof head, START HOST "X-Content-Length: 5\r\n\r\n");
    assert_int_equal(parse(head, &request), 0);
    assert_false(request.has_content_length);
}

static void long_targets_are_cut(void **state)
{
    (void)state;
    struct cs_http_request request;
    char head[1000];
    (void)snprintf(head, sizeof head, "GET /%0500d HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_int_equal(parse(head, &request), 0);
    assert_int_equal(strlen(request.target), CS_HTTP_TARGET_MAX);
}

static void other_methods_are_other(void **state)
{
    (void)state;
    static const char *const methods[] = {"PUT", "HEAD", "DELETE", "OPTIONS", "PATCH"};
    for (size_t i = 0; i < CS_COUNT(methods); i++) {
        char head[100];
        struct cs_http_request request;
        (void)snprintf(head, sizeof head, "%s / HTTP/1.1\r\n" HOST "\r\n", methods[i]);
        assert_int_equal(parse(head, &request), 0);
        assert_int_equal(request.method, CS_HTTP_METHOD_OTHER);
    }
}

static void ambiguous_requests_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int status;
    } cases[] = {
        {START "\r\n", 400},
        {START "Host:\r\n\r\n", 400},
        {START HOST HOST "\r\n", 400},
        {START HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {START HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {START HOST "Content-Length: 1,1\r\n\r\n", 400},
        {START HOST "Content-Length: 1 1\r\n\r\n", 400},
        {START HOST "Content-Length: \r\n\r\n", 400},
        {START HOST "Content-Length: +1\r\n\r\n", 400},
        {START HOST "Content-Length: -1\r\n\r\n", 400},
        {START HOST "Content-Length: 1e3\r\n\r\n", 400},
        {START HOST "Content-Length: 0000000000000000001\r\n\r\n", 400},
        {START HOST "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {START HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
        {START HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
        {START HOST "Transfer-Encoding:\r\n\r\n", 400},
        {START HOST "transfer-encoding : chunked\r\n\r\n", 400},
        {START HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
        {START HOST "Content Length: 1\r\n\r\n", 400},
        {START HOST "Content-Length : 1\r\n\r\n", 400},
        {START HOST "A(: b\r\n\r\n", 400},
        {START HOST ": b\r\n\r\n", 400},
        {START HOST "no colon\r\n\r\n", 400},
        {"POST /v1/exchange HTTP/1.0\r\n" HOST "\r\n", 505},
        {"POST /v1/exchange HTTP/2.0\r\n" HOST "\r\n", 505},
        {"POST /v1/exchange HTTX/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/ex change HTTP/1.1\r\n" HOST "\r\n", 400},
        {"NONSENSE / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST\r\n\r\n", 400},
        {"POST /v1/exchange\r\n" HOST "\r\n", 400},
        {"POST  /v1/exchange HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/exchange  HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/exchange HTTP/1.1 \r\n" HOST "\r\n", 400},
        {"POST /v1/exchange HTTP/1.10\r\n" HOST "\r\n", 400},
        {"POST /v1/exchange HTTP/11\r\n" HOST "\r\n", 400},
        {"POST /v1/exchange http/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/ex\tchange HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"P(ST /v1/exchange HTTP/1.1\r\n" HOST "\r\n", 400},
        {" /v1/exchange HTTP/1.1\r\n" HOST "\r\n", 400},
        {"POST /v1/exchange HTTP/1.2\r\n" HOST "\r\n", 505},
        {START HOST "A: b\x01\r\n\r\n", 400},
        {START HOST "A: \x7f\r\n\r\n", 400},
        {"", 400},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_http_request request;
        int status = parse(cases[i].head, &request);
        if (status != cases[i].status) {
            fail_msg("%d instead of %d for %s", status, cases[i].status, cases[i].head);
        }
        assert_int_equal(request.content_length, 77); /* no output */
    }
}

static void fields_are_counted(void **state)
{
    (void)state;
    static const char head[] = START HOST "A: 1\r\nB: 2\r\nC:\r\n\r\n";
    struct cs_http_request request;
    assert_int_equal(cs_http_request_parse(cs_bytes_of_text(head), 4, &request), 0);
    assert_int_equal(cs_http_request_parse(cs_bytes_of_text(head), 3, &request), 431);
    assert_int_equal(cs_http_request_parse(cs_bytes_of_text(head), 0, &request), 431);
}

static void incomplete_heads_are_refused_at_every_byte(void **state)
{
    (void)state;
    static const char head[] = START HOST "Content-Length: 10\r\n\r\n";
    struct cs_http_request request;
    for (size_t size = 0; size < sizeof head - 1; size++) {
        assert_int_equal(cs_http_request_parse(cs_bytes_make(head, size), 64, &request), 400);
    }
    assert_int_equal(cs_http_request_parse(cs_bytes_make(head, sizeof head - 1), 64, &request), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_understood),
        cmocka_unit_test(absent_fields_are_absent),
        cmocka_unit_test(names_and_values_are_read_as_the_rfc_says),
        cmocka_unit_test(what_only_resembles_a_known_field_is_ignored),
        cmocka_unit_test(long_targets_are_cut),
        cmocka_unit_test(other_methods_are_other),
        cmocka_unit_test(ambiguous_requests_are_refused),
        cmocka_unit_test(fields_are_counted),
        cmocka_unit_test(incomplete_heads_are_refused_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
