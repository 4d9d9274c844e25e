/* Tests of "host:port" to listen on. */
#include "sync-server/listener/listen_address.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static enum cs_status resolve(const char *text, struct sockaddr_storage *out,
                              struct cs_problem *problem)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    enum cs_status status = cs_listen_address_resolve(&loop, text, out, problem);
    assert_int_equal(uv_loop_close(&loop), 0);
    return status;
}

static void addresses_of_both_families_are_read(void **state)
{
    (void)state;
    struct sockaddr_storage out;
    assert_int_equal(resolve("127.0.0.1:8443", &out, NULL), CS_OK);
    assert_int_equal(out.ss_family, AF_INET);
    assert_int_equal(((const struct sockaddr_in *)&out)->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(cs_listen_address_port(&out), 8443);
    assert_int_equal(resolve("[::1]:65535", &out, NULL), CS_OK);
    assert_int_equal(out.ss_family, AF_INET6);
    assert_int_equal(cs_listen_address_port(&out), 65535);
    assert_int_equal(resolve("localhost:0", &out, NULL), CS_OK);
    assert_int_equal(cs_listen_address_port(&out), 0);
}

static void anything_else_is_refused_with_its_text(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",         "8443",     ":8443",        "127.0.0.1",
                                        "a:",       "a:x",      "a:-1",         "a:65536",
                                        "a:123456", "::1:8443", "[::1]",        "[]:1",
                                        "[::1:1",   "a:1 ",     "256.0.0.1:80", "no such name:1"};
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        struct sockaddr_storage out = {.ss_family = 99};
        struct cs_problem problem = {""};
        assert_int_equal(resolve(wrong[i], &out, &problem), CS_INVALID);
        assert_int_equal(out.ss_family, 99);
        assert_true(strlen(problem.text) > 10);
    }
    char long_host[400];
    memset(long_host, 'a', sizeof long_host);
    memcpy(long_host + sizeof long_host - 3, ":1", 3);
    struct sockaddr_storage out;
    assert_int_equal(resolve(long_host, &out, NULL), CS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_both_families_are_read),
        cmocka_unit_test(anything_else_is_refused_with_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
