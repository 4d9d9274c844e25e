/*
 * The server's request core: bytes in, bytes out, over a store. No sockets, no clock of its own.
 *
 * A request goes through three stages: `open` (decrypt, verify, decode: in parallel), `commit` (apply a batch and put it
 * on disk: one thread), `reply` (read a snapshot, sign and seal: in parallel). The listener drives them; simulations call them in
 * a row. No acknowledgement leaves before commit returned.
 */
#ifndef CS_SERVER_HANDLERS_SERVER_H
#define CS_SERVER_HANDLERS_SERVER_H

#include "shared/base/log.h"
#include "shared/base/memory.h"
#include "sync-server/handlers/server_keys.h"
#include "sync-server/stores/store.h"

#define CS_SERVER_DATABASE_FILE "server.db"
#define CS_SERVER_KEYS_FILE "keys"

struct cs_server; /* opaque */

struct cs_server_options {
    const struct cs_world *world;
    const char *folder; /* existing, the server's own */
    const struct cs_registry *registry;
    struct cs_bytes master_key;    /* 32 bytes */
    const struct cs_log *log;      /* may be NULL */
    uint64_t attachment_bytes_max; /* files of one device; 0: CS_ATTACHMENT_DEVICE_BYTES_MAX */
    size_t page_rows_max;          /* rows in one page of a pull; 0: as many as the formats allow */
};

/*
 * Prepares an empty folder: keys, database, incarnation, and the invite for the owner's device (appended to `out_invite`: a
 * secret). `address` is what devices will connect to. CS_EXISTS if the folder holds a server already.
 */
enum cs_status cs_server_init(const struct cs_server_options *options,
                              const struct cs_tls_material *tls, const char *address,
                              struct cs_buffer *out_invite, struct cs_problem *problem) CS_MUST_USE;
/* Opens for serving: the one writer and as many readers as are asked for at one time. CS_BUSY: served already. */
enum cs_status cs_server_open(const struct cs_server_options *options, struct cs_server **out,
                              struct cs_problem *problem) CS_MUST_USE;
void cs_server_close(struct cs_server *server);
const struct cs_tls_material *cs_server_tls(const struct cs_server *server);
/* The writer; not while requests are being committed. */
struct cs_store *cs_server_store(struct cs_server *server);

struct cs_server_request; /* one request between its stages */

/* Any thread. CS_MALFORMED, CS_FORGED, …: nothing is kept, the sender gets no sealed answer (it could not be told apart from noise). */
enum cs_status cs_server_open_request(struct cs_server *server, struct cs_bytes body,
                                      struct cs_server_request **out) CS_MUST_USE;
/* One thread at a time. Afterwards everything that will be acknowledged is on disk. */
void cs_server_commit(struct cs_server *server, struct cs_server_request **requests, size_t count);
/* On the committer's thread, every second or so between batches: what is to be done when nobody asks, in short steps. */
void cs_server_upkeep(struct cs_server *server);
/* Any thread, after commit. Appends the response and ends the request, also on failure. */
enum cs_status cs_server_reply(struct cs_server *server, struct cs_server_request *owned_request,
                               struct cs_buffer *response) CS_MUST_USE;
/* Ends a request without an answer. */
void cs_server_discard(struct cs_server_request *owned_request);

#endif
