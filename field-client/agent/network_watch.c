/* News of the network, see network_watch.h. */
#include "field-client/agent/network_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_SIZE_MAX 8192

int cs_network_watch_open(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                                     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int watch = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (watch >= 0 && bind(watch, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(watch);
        return -1;
    }
    return watch;
}

bool cs_network_news(const void *datagram, size_t size)
{
    struct nlmsghdr head;
    const uint8_t *bytes = datagram;
    for (size_t at = 0; size >= at && size - at >= sizeof head;) {
        memcpy(&head, bytes + at, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > size - at) {
            return false;
        }
        if (head.nlmsg_type == RTM_NEWADDR || head.nlmsg_type == RTM_NEWROUTE) {
            return true;
        }
        at += NLMSG_ALIGN((size_t)head.nlmsg_len);
    }
    return false;
}

bool cs_network_watch_read(int watch)
{
    uint8_t datagram[DATAGRAM_SIZE_MAX];
    bool news = false;
    ssize_t size = 0;
    while ((size = recv(watch, datagram, sizeof datagram, 0)) > 0) {
        news = cs_network_news(datagram, (size_t)size) || news;
    }
    return news;
}
