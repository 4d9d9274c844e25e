/* Caps and penalties per client address, see addresses.h. */
#include "sync-server/listener/addresses.h"

#include "shared/base/memory.h"

#include <string.h>

struct cs_address {
    struct cs_address_key key;
    struct cs_address *next; /* in its chain, or in the list of free ones */
    uint32_t connections;
    uint32_t points;
    uint64_t decayed_ms; /* points are right as of this moment */
    bool used;
};

struct cs_addresses {
    struct cs_addresses_limits limits;
    struct cs_address *entries;
    struct cs_address *free;
    struct cs_address **chains; /* limits.capacity of them */
};

enum cs_status cs_addresses_create(const struct cs_addresses_limits *limits,
                                   struct cs_addresses **out_addresses)
{
    cs_require(limits->capacity > 0 && limits->half_life_ms > 0);
    struct cs_addresses *addresses = cs_alloc_zero(1, sizeof *addresses);
    if (addresses == NULL) {
        return CS_NO_MEMORY;
    }
    addresses->limits = *limits;
    addresses->entries = cs_alloc_zero(limits->capacity, sizeof *addresses->entries);
    addresses->chains = cs_alloc_zero(limits->capacity, sizeof(struct cs_address *));
    if (addresses->entries == NULL || addresses->chains == NULL) {
        cs_addresses_destroy(addresses);
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < limits->capacity; i++) {
        addresses->entries[i].next = addresses->free;
        addresses->free = &addresses->entries[i];
    }
    *out_addresses = addresses;
    return CS_OK;
}

void cs_addresses_destroy(struct cs_addresses *addresses)
{
    if (addresses != NULL) {
        cs_free(addresses->entries);
        cs_free(addresses->chains);
        cs_free(addresses);
    }
}

/* The chain of a key: multiply-and-shift mixing from the seed; good enough against a remote attacker without it. */
static struct cs_address **chain_of(struct cs_addresses *addresses,
                                    const struct cs_address_key *key)
{
    uint64_t hash = addresses->limits.seed;
    for (size_t i = 0; i < sizeof key->bytes; i++) {
        hash = (hash ^ key->bytes[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return &addresses->chains[hash % addresses->limits.capacity];
}

static void decay(const struct cs_addresses *addresses, struct cs_address *address, uint64_t now_ms)
{
    uint64_t half_lives = (now_ms - address->decayed_ms) / addresses->limits.half_life_ms;
    address->points = half_lives >= 32 ? 0 : address->points >> half_lives;
    address->decayed_ms += half_lives * addresses->limits.half_life_ms;
}

static void unlink_entry(struct cs_addresses *addresses, struct cs_address *address)
{
    struct cs_address **place = chain_of(addresses, &address->key);
    while (*place != address) {
        place = &(*place)->next;
    }
    *place = address->next;
}

/* Makes a free entry by forgetting the address without connections that has the fewest points. */
static void forget_one(struct cs_addresses *addresses, uint64_t now_ms)
{
    struct cs_address *best = NULL;
    for (size_t i = 0; i < addresses->limits.capacity; i++) {
        struct cs_address *entry = &addresses->entries[i];
        if (entry->used && entry->connections == 0) {
            decay(addresses, entry, now_ms);
            if (best == NULL || entry->points < best->points) {
                best = entry;
            }
        }
    }
    if (best != NULL) {
        unlink_entry(addresses, best);
        *best = (struct cs_address){.next = addresses->free};
        addresses->free = best;
    }
}

static struct cs_address *find_or_add(struct cs_addresses *addresses,
                                      const struct cs_address_key *key, uint64_t now_ms)
{
    struct cs_address **chain = chain_of(addresses, key);
    for (struct cs_address *entry = *chain; entry != NULL; entry = entry->next) {
        if (memcmp(&entry->key, key, sizeof *key) == 0) {
            return entry;
        }
    }
    if (addresses->free == NULL) {
        forget_one(addresses, now_ms);
    }
    struct cs_address *entry = addresses->free;
    if (entry != NULL) {
        addresses->free = entry->next;
        *entry =
            (struct cs_address){.key = *key, .next = *chain, .decayed_ms = now_ms, .used = true};
        *chain = entry;
    }
    return entry;
}

struct cs_address *cs_addresses_enter(struct cs_addresses *addresses,
                                      const struct cs_address_key *key, uint64_t now_ms)
{
    struct cs_address *address = find_or_add(addresses, key, now_ms);
    if (address == NULL) {
        return NULL;
    }
    decay(addresses, address, now_ms);
    if (address->connections >= addresses->limits.connections_per_address_max ||
        address->points >= addresses->limits.penalty_max) {
        return NULL;
    }
    address->connections++;
    return address;
}

void cs_addresses_leave(struct cs_addresses *addresses, struct cs_address *address)
{
    (void)addresses;
    cs_require(address->connections > 0);
    address->connections--;
}

void cs_addresses_offend(struct cs_addresses *addresses, struct cs_address *address,
                         uint32_t points, uint64_t now_ms)
{
    decay(addresses, address, now_ms);
    /* Kept low enough that one burst is forgotten after a few half-lives. */
    uint32_t ceiling = addresses->limits.penalty_max > UINT32_MAX / 4
                           ? UINT32_MAX
                           : addresses->limits.penalty_max * 4;
    address->points = points > ceiling - address->points ? ceiling : address->points + points;
}
