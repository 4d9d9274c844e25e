/* Which scopes a device is subscribed to: derived from its roles, its person and the projects open to it. */
#ifndef CS_SERVER_HANDLERS_SUBSCRIPTIONS_H
#define CS_SERVER_HANDLERS_SUBSCRIPTIONS_H

#include "sync-server/stores/store.h"

struct cs_subscription {
    struct cs_scope_name name;
    bool exists; /* the store knows the scope: some row is or was in it */
    uint64_t number;
};

/* Ascending by name; in the arena. */
enum cs_status cs_subscriptions_of(struct cs_store *reader, const struct cs_device *device,
                                   struct cs_arena *arena, struct cs_subscription **out,
                                   size_t *out_count) CS_MUST_USE;

#endif
