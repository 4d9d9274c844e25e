/* What the tests of single connections share. */
#ifndef TESTS_UNIT_SYNC_SERVER_LISTENER_CONNECTION_FIXTURE_H
#define TESTS_UNIT_SYNC_SERVER_LISTENER_CONNECTION_FIXTURE_H

#include "tests/support/listener_fixture.h"
#include "tests/support/testing.h"

#define POST "POST /v1/exchange HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

/* These tests offend without end. */
static inline int connection_setup(void **state)
{
    (void)listener_fixture_setup(state);
    struct listener_fixture *fixture = *state;
    fixture->options.limits.penalty_max = UINT32_MAX;
    return 0;
}

#define WITH_LISTENER(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, connection_setup, listener_fixture_teardown)

#endif
