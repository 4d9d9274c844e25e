/*
 * Notices that the network came back: a new address, or a new route, as the kernel tells it (rtnetlink(7)). Needs no rights.
 */
#ifndef CS_AGENT_NETWORK_WATCH_H
#define CS_AGENT_NETWORK_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor that becomes readable when something changed; -1: the system does not tell. */
int cs_network_watch_open(void);
/* Reads all that there is. true: there is an address or a route that was not there before. */
bool cs_network_watch_read(int watch);
/* The same of one datagram. */
bool cs_network_news(const void *datagram, size_t size);

#endif
