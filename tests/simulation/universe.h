/*
 * A whole organisation in one process: the real client cores, the real server core with its real store, a network that is a
 * function call. Clocks, randomness and faults are set by the test; databases are files in a temporary folder.
 */
#ifndef TESTS_SIMULATION_UNIVERSE_H
#define TESTS_SIMULATION_UNIVERSE_H

#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "field-client/sync/session.h"
#include "sync-server/handlers/server.h"
#include "tests/support/fake_world.h"

#define UNIVERSE_LAPTOPS_MAX 8
/* Of every laptop. */
#define UNIVERSE_PASSPHRASE "correct horse battery staple"

/* What the network does with an exchange. */
enum network_fault {
    NETWORK_FINE,
    NETWORK_DOWN,             /* nothing arrives */
    NETWORK_RESPONSE_LOST,    /* the server has committed, the client hears nothing */
    NETWORK_REQUEST_FLIPPED,  /* one bit of the request is changed: `fault_at` */
    NETWORK_RESPONSE_FLIPPED, /* one bit of the response is changed: `fault_at` */
    NETWORK_REQUEST_TWICE,    /* the request arrives twice */
};

struct laptop {
    struct universe *universe;
    struct fake_world fake;
    const struct cs_registry *registry;
    char home[256];
    struct cs_identity *identity;
    struct cs_replica *replica;
    enum network_fault fault;
    size_t fault_at;
    bool
        damaged; /* by the test: a sync may find something to repair, which it must not otherwise */
    long exchanges_left;        /* before the network is down; -1: never */
    uint64_t answers;           /* by the server, those that were lost too */
    uint64_t answers_size;      /* bytes of them */
    struct cs_sync_result last; /* of the last sync; refusals are not kept */
};

struct universe {
    char folder[128];
    char server_folder[256];
    struct fake_world fake;             /* the server's */
    const struct cs_registry *registry; /* of the server, and of laptops as they join */
    struct cs_secret *master_key;
    struct cs_server *server;
    size_t page_rows_max;          /* of the server, from its next start on; 0: as always */
    uint64_t attachment_bytes_max; /* the same */
    bool server_lies;              /* it does not look which log a request names */
    const char *canary;            /* in no request and no response; NULL: nothing is looked for */
    uint64_t traced;               /* bytes that were looked at */
    struct laptop laptops[UNIVERSE_LAPTOPS_MAX];
    size_t laptop_count;
    struct cs_problem problem; /* of the last failure */
};

/* Everything here asserts that it works unless it returns a status. */
void universe_open(struct universe *universe, const struct cs_registry *registry, uint64_t seed);
void universe_close(struct universe *universe);
/* The server stops and starts again. */
void universe_restart_server(struct universe *universe);
/* The same, which may fail: then it is not running. */
enum cs_status universe_try_restart_server(struct universe *universe) CS_MUST_USE;
/* One exchange as the listener would do it: opened, committed, answered. CS_MALFORMED when the server says nothing. */
enum cs_status universe_serve(struct universe *universe, struct cs_bytes request,
                              struct cs_buffer *response);
/* Everything the server holds: a hash over all its rows, and its last position. */
struct server_state {
    struct cs_multiset rows;
    uint64_t position;
};
void universe_server_state(struct universe *universe, struct server_state *out);
/* All clocks. */
void universe_advance(struct universe *universe, int64_t ms);

/* A server that nobody has joined yet; its own invite is appended. */
void universe_first_invite(struct universe *universe, struct cs_buffer *out);
/* The owner's laptop, with the server's own invite. */
struct laptop *universe_found(struct universe *universe, const char *person);
/* A further laptop, invited by `inviter`. */
struct laptop *universe_join(struct universe *universe, struct laptop *inviter, const char *person,
                             cs_roles roles);
/* The text of an invite, appended. */
void universe_invite(struct laptop *inviter, const char *person, cs_roles roles, int64_t expires_ms,
                     struct cs_buffer *out);
/* A folder with a network, not joined yet; joining it with an invite, which may be tried again. */
struct laptop *universe_new_laptop(struct universe *universe);
enum cs_status laptop_join(struct laptop *laptop, struct cs_bytes invite,
                           const char *person) CS_MUST_USE;
/* The client program stops and starts again. */
void laptop_restart(struct laptop *laptop);
/* In between somebody else may use its folder. */
void laptop_close(struct laptop *laptop);
void laptop_open(struct laptop *laptop);

/* A second laptop with a copy of the first one's disk; both go on. */
struct laptop *universe_clone(struct laptop *laptop);
/* Copies of a disk under a name, and back: the laptop or the server is as it was then. The server's comes back without any
 * command, as when somebody puts yesterday's folder in its place. */
void laptop_save(struct laptop *laptop, const char *name);
void laptop_set_back(struct laptop *laptop, const char *name);
void universe_save_server(struct universe *universe, const char *name);
void universe_set_server_back(struct universe *universe, const char *name);
/* Joins again in its own home, with a fresh invite of `inviter` for the same person. */
enum cs_status laptop_join_again(struct laptop *laptop, struct laptop *inviter) CS_MUST_USE;

/* One whole sync. */
enum cs_status laptop_sync(struct laptop *laptop) CS_MUST_USE;
/* Syncs and asserts that it worked and digests are equal. */
void laptop_sync_equal(struct laptop *laptop);

/* Edits, each one action. Fields as "field=value", NULL-terminated; values as people type them. */
struct cs_id laptop_new(struct laptop *laptop, const char *entity, ...);
enum cs_status laptop_set(struct laptop *laptop, const char *entity, struct cs_id id,
                          ...) CS_MUST_USE;
enum cs_status laptop_delete(struct laptop *laptop, const char *entity,
                             struct cs_id id) CS_MUST_USE;
/* The value as people read it, "" for NULL, "(none)" if there is no such live row; valid until the next call. */
const char *laptop_text(struct laptop *laptop, const char *entity, struct cs_id id,
                        const char *field);
/* Live rows with field = text. */
int64_t laptop_count(struct laptop *laptop, const char *entity, const char *field,
                     const char *text);
/* The first live row with field = text. */
struct cs_id laptop_find(struct laptop *laptop, const char *entity, const char *field,
                         const char *text);
/* A multiset hash over all live and deleted business rows of the view: equal on laptops of one scope. */
void laptop_fingerprint(struct laptop *laptop, struct cs_multiset *out);
/* "id" as text for use in field=value. */
const char *id_text(struct cs_id id);

#endif
