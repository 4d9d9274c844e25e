/* Small named values of a server's database that several commands show or need. */
#ifndef CS_SERVER_COMMANDS_FACTS_H
#define CS_SERVER_COMMANDS_FACTS_H

#include "sync-server/stores/store.h"

#define CS_FACTS_INCARNATION "incarnation"
#define CS_FACTS_ORGANISATION "organisation"
#define CS_FACTS_ADDRESS "address"
#define CS_FACTS_INCARNATION_SIZE 16

struct cs_facts {
    bool has_organisation; /* false: no device has joined yet */
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t incarnation[CS_FACTS_INCARNATION_SIZE];
    struct cs_bytes address; /* empty: not known */
    uint64_t position;
};

/* CS_CORRUPT, with the fact in `problem`, for a missing incarnation or a wrong size. */
enum cs_status cs_facts_read(struct cs_store *store, struct cs_arena *arena, struct cs_facts *out,
                             struct cs_problem *problem) CS_MUST_USE;

/* "active", "suspended", "forked", "revoked", "unknown". */
const char *cs_facts_device_state(enum cs_device_state state);

#endif
