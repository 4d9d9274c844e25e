/* News of the network as the kernel writes them. */
#include "field-client/agent/network_watch.h"

#include "tests/support/testing.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

static uint8_t datagram[256];
static size_t size;

static void put(uint16_t type, uint32_t body_size)
{
    const struct nlmsghdr head = {.nlmsg_len = (uint32_t)sizeof head + body_size,
                                  .nlmsg_type = type};
    memcpy(datagram + size, &head, sizeof head);
    size += NLMSG_ALIGN(sizeof head + body_size);
}

static int setup(void **state)
{
    (void)state;
    memset(datagram, 0, sizeof datagram);
    size = 0;
    return 0;
}

static void test_addresses_and_routes_that_come(void **state)
{
    (void)state;
    put(RTM_NEWADDR, 20);
    assert_true(cs_network_news(datagram, size));
    size = 0;
    put(RTM_NEWROUTE, 28);
    assert_true(cs_network_news(datagram, size));
}

static void test_what_goes_is_no_news(void **state)
{
    (void)state;
    put(RTM_DELADDR, 20);
    put(RTM_DELROUTE, 28);
    assert_false(cs_network_news(datagram, size));
    put(RTM_NEWADDR, 20);
    assert_true(cs_network_news(datagram, size));
}

static void test_damaged_news(void **state)
{
    struct nlmsghdr head = {.nlmsg_len = 4, .nlmsg_type = RTM_NEWADDR};
    (void)state;
    assert_false(cs_network_news(datagram, 0));
    assert_false(cs_network_news(datagram, 3));
    memcpy(datagram, &head, sizeof head); /* shorter than its own head */
    assert_false(cs_network_news(datagram, sizeof datagram));
    head.nlmsg_len = UINT32_MAX; /* longer than the datagram */
    memcpy(datagram, &head, sizeof head);
    assert_false(cs_network_news(datagram, sizeof datagram));
    put(RTM_DELADDR, 20);
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(cs_network_news(datagram, cut));
    }
}

static void test_nothing_has_happened_yet(void **state)
{
    (void)state;
    int watch = cs_network_watch_open();
    if (watch >= 0) { /* a sandbox may refuse it; then edits and time alone lead to a sync */
        assert_false(cs_network_watch_read(watch));
        assert_int_equal(close(watch), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_addresses_and_routes_that_come, setup),
        cmocka_unit_test_setup(test_what_goes_is_no_news, setup),
        cmocka_unit_test_setup(test_damaged_news, setup),
        cmocka_unit_test_setup(test_nothing_has_happened_yet, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
