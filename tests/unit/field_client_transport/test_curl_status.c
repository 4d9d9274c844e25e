/* Tests of the translation of libcurl's codes and HTTP's statuses. */
#include "field-client/transport/curl_status.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void codes_have_their_status_and_a_text(void **state)
{
    (void)state;
    static const struct {
        CURLcode code;
        enum cs_status status;
        const char *text;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, CS_UNREACHABLE, "check the network"},
        {CURLE_COULDNT_CONNECT, CS_UNREACHABLE, "check the network"},
        {CURLE_SEND_ERROR, CS_UNREACHABLE, "check the network"},
        {CURLE_RECV_ERROR, CS_UNREACHABLE, "check the network"},
        {CURLE_GOT_NOTHING, CS_UNREACHABLE, "check the network"},
        {CURLE_PARTIAL_FILE, CS_UNREACHABLE, "check the network"},
        {CURLE_OPERATION_TIMEDOUT, CS_TIMEOUT, "try again"},
        {CURLE_SSL_CONNECT_ERROR, CS_TLS, "no secure connection"},
        {CURLE_SSL_CIPHER, CS_TLS, "no secure connection"},
        {CURLE_PEER_FAILED_VERIFICATION, CS_TLS, "no secure connection"},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, CS_WRONG_SERVER, "new invite"},
        {CURLE_OUT_OF_MEMORY, CS_NO_MEMORY, "memory"},
        {CURLE_URL_MALFORMAT, CS_INVALID, "HOST:PORT"},
        {CURLE_FILESIZE_EXCEEDED, CS_LIMIT, "larger than allowed"},
        {CURLE_WEIRD_SERVER_REPLY, CS_MALFORMED, "does not speak"},
        {CURLE_UNSUPPORTED_PROTOCOL, CS_MALFORMED, "does not speak"},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_problem problem = {""};
        assert_int_equal(cs_curl_status(cases[i].code, "server:1", "", &problem), cases[i].status);
        assert_non_null(strstr(problem.text, cases[i].text));
        assert_true(cases[i].status == CS_NO_MEMORY || strstr(problem.text, "server:1") != NULL);
        assert_int_equal(cs_curl_status(cases[i].code, "server:1", "", NULL), cases[i].status);
    }
}

static void success_has_no_text(void **state)
{
    (void)state;
    struct cs_problem problem = {"as before"};
    assert_int_equal(cs_curl_status(CURLE_OK, "server:1", "", &problem), CS_OK);
    assert_int_equal(cs_http_status(200, "server:1", &problem), CS_OK);
    assert_string_equal(problem.text, "as before");
}

static void details_are_shown(void **state)
{
    (void)state;
    struct cs_problem problem = {""};
    assert_int_equal(cs_curl_status(CURLE_COULDNT_CONNECT, "server:1", "refused by port", &problem),
                     CS_UNREACHABLE);
    assert_non_null(strstr(problem.text, "refused by port"));
}

static void no_code_counts_as_success(void **state)
{
    (void)state;
    for (int code = 1; code < CURL_LAST; code++) {
        assert_int_not_equal(cs_curl_status((CURLcode)code, "server:1", "", NULL), CS_OK);
    }
    for (long status = -1; status < 700; status++) {
        assert_true((cs_http_status(status, "server:1", NULL) == CS_OK) == (status == 200));
    }
}

static void http_statuses_have_their_status_and_a_text(void **state)
{
    (void)state;
    static const struct {
        long http_status;
        enum cs_status status;
        const char *text;
    } cases[] = {
        {503, CS_UNAVAILABLE, "HTTP 503"}, {429, CS_UNAVAILABLE, "HTTP 429"},
        {408, CS_UNAVAILABLE, "HTTP 408"}, {413, CS_TOO_LARGE, "HTTP 413"},
        {400, CS_MALFORMED, "HTTP 400"},   {404, CS_MALFORMED, "HTTP 404"},
        {500, CS_MALFORMED, "HTTP 500"},   {301, CS_MALFORMED, "HTTP 301"},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_problem problem = {""};
        assert_int_equal(cs_http_status(cases[i].http_status, "server:1", &problem),
                         cases[i].status);
        assert_non_null(strstr(problem.text, cases[i].text));
        assert_non_null(strstr(problem.text, "server:1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_their_status_and_a_text),
        cmocka_unit_test(success_has_no_text),
        cmocka_unit_test(details_are_shown),
        cmocka_unit_test(no_code_counts_as_success),
        cmocka_unit_test(http_statuses_have_their_status_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
