/*
 * Caps and penalties per client address: an IPv4 address, or an IPv6 /64 (what one customer of a provider has).
 *
 * Called by listener.c when a connection comes and goes, and by connection.c when it misbehaves. An address has points
 * that halve every half-life; at penalty_max it is refused until they have decayed. Clock-free: `now` is handed in.
 */
#ifndef CS_LISTENER_ADDRESSES_H
#define CS_LISTENER_ADDRESSES_H

#include "shared/base/bytes.h"

struct cs_addresses;
struct cs_address; /* one known address; stays valid while a connection of it is entered */

struct cs_address_key {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d, IPv6 with the lower half zero */
};

struct cs_addresses_limits {
    size_t capacity; /* addresses kept; at least the number of connections + 1 */
    uint32_t connections_per_address_max;
    uint32_t penalty_max;
    uint64_t half_life_ms;
    uint64_t seed; /* unpredictable, so that nobody can aim at one chain of the table */
};

/* Points. */
#define CS_PENALTY_SLIGHT 2   /* a wrong route, a body too large */
#define CS_PENALTY_SERIOUS 10 /* a failed handshake, malformed HTTP, stalling */

enum cs_status cs_addresses_create(const struct cs_addresses_limits *limits,
                                   struct cs_addresses **out_addresses) CS_MUST_USE;
void cs_addresses_destroy(struct cs_addresses *addresses);
/* One more connection of this address; NULL if it is refused. */
struct cs_address *cs_addresses_enter(struct cs_addresses *addresses,
                                      const struct cs_address_key *key, uint64_t now_ms);
void cs_addresses_leave(struct cs_addresses *addresses, struct cs_address *address);
void cs_addresses_offend(struct cs_addresses *addresses, struct cs_address *address,
                         uint32_t points, uint64_t now_ms);

#endif
