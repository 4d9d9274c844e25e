/*
 * Who runs commands for others in a replica that is open already: an agent (field-client/agent). A command sees it as command->host; NULL: it
 * is alone, and opens the replica itself.
 */
#ifndef CS_CONSOLE_HOST_H
#define CS_CONSOLE_HOST_H

#include "field-client/replica/replica.h"

/* How a command that speaks with the server shares the replica meanwhile. */
enum cs_online {
    CS_ONLINE_ALONE, /* it stays this command's alone */
    CS_ONLINE_SHARED, /* while bytes are on the network others may use it: what the command holds must stand that */
    CS_ONLINE_SYNC, /* shared, and a sync: what it comes to is that of the background, too */
};

/* What runs in the background, for people. Times are of the wall clock, 0: none. */
struct cs_host_state {
    int64_t locks_at_ms; /* if nobody uses it until then */
    bool syncs;          /* by itself */
    bool syncing;        /* now, whoever asked for it */
    int64_t next_sync_ms;
    uint64_t failures; /* of syncs by itself, one after the other */
    /* Of the sync that runs; 0: nothing is known yet. */
    uint64_t pages;
    uint64_t rows;
    uint64_t rows_expected;
    uint64_t bytes;
};

/* "http://127.0.0.1:PORT/#token=…" and its end. */
#define CS_HOST_ADDRESS_SIZE ((size_t)96)

struct cs_host {
    void *context;
    /* The open replica and its identity, borrowed for this command. CS_LOCKED; CS_BUSY: too many have it already. */
    enum cs_status (*borrow)(void *context, struct cs_identity **out_identity,
                             struct cs_replica **out_replica, struct cs_problem *problem);
    /* Before a command makes its first request: nobody else makes any until it has ended. Waits for whoever does now, and others may use the
     * replica while it waits. CS_INTERRUPTED. */
    enum cs_status (*go_online)(void *context, enum cs_online how, struct cs_problem *problem);
    /* How far a sync has come; the fields from `pages` on. */
    void (*tell)(void *context, const struct cs_host_state *progress);
    void (*describe)(void *context, struct cs_host_state *out);
    /* CS_OK also if it is so already. CS_WRONG_PASSPHRASE, and what opening says. */
    enum cs_status (*unlock)(void *context, struct cs_bytes passphrase, struct cs_problem *problem);
    void (*lock)(void *context);
    bool (*is_locked)(void *context);
    /* The address of the pages (field-client/api), which are served from then on, with a token that works once. NULL: there are none. */
    enum cs_status (*open_pages)(void *context, char out[static CS_HOST_ADDRESS_SIZE],
                                 struct cs_problem *problem);
    /* Ends the agent when this command has been answered. */
    void (*stop)(void *context);
};

#endif
