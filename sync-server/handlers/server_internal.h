/* Inside of the request core; for files of this folder only. */
#ifndef CS_SERVER_HANDLERS_SERVER_INTERNAL_H
#define CS_SERVER_HANDLERS_SERVER_INTERNAL_H

#include "shared/evidence/certificate.h"
#include "shared/evidence/invite_text.h"
#include "shared/wire/attachment_message.h"
#include "shared/wire/compare.h"
#include "shared/wire/envelope.h"
#include "shared/wire/history.h"
#include "shared/wire/recover.h"
#include "shared/wire/vault_message.h"
#include "sync-server/handlers/horizon_answer.h"
#include "sync-server/handlers/pull.h"
#include "sync-server/handlers/server.h"
#include "sync-server/reconcile/push.h"
#include "sync-server/vault/office.h"

#include <pthread.h>

#define CS_SERVER_READERS_MAX 8
#define CS_SERVER_PATH_MAX 4096

/* Names under which facts stand in the store. */
#define CS_FACT_INCARNATION                                                                        \
    "incarnation" /* 16 bytes; changes when the server went back in time: read it where it is needed */
#define CS_FACT_ORGANISATION "organisation" /* 32 bytes; missing before the first join */
#define CS_FACT_ORGANISATION_SINCE "organisation_since_ms" /* u64 */
#define CS_FACT_BEARER "bearer_hash"                       /* hash of the first invite's token */
#define CS_FACT_OWNER_RETURN                                                                       \
    "owner_return_hash" /* hash of the token of owner_return.c; empty: used up */
#define CS_FACT_ADDRESS "address"
#define CS_FACT_SERVER_IDENTITY "server_identity" /* root's statement about this server */

struct cs_server {
    const struct cs_world *world;
    const struct cs_registry *registry;
    const struct cs_log *log;
    struct cs_server_keys *keys;
    struct cs_store *writer;
    pthread_mutex_t writer_lock;    /* held while a batch is committed */
    struct cs_vault_office *vaults; /* the committer's */
    struct cs_page_limits page;
    uint64_t attachment_bytes_max; /* of one device */
    char database_path[CS_SERVER_PATH_MAX];
    /* Readers that nobody uses now. */
    pthread_mutex_t readers_lock;
    struct cs_store *readers[CS_SERVER_READERS_MAX];
    size_t reader_count;
    struct { /* see upkeep.c; the committer's */
        bool began;
        bool runs;         /* up to before_ms, from step to step */
        int64_t next_ms;   /* monotonic: when the next run may begin */
        int64_t before_ms; /* of the present run */
        uint64_t removed;  /* in it */
    } upkeep;
    bool unsound; /* a comparison found a stored digest wrong; under readers_lock too */
    struct cs_horizon_answer horizon;
};

struct cs_server_request {
    struct cs_arena arena;
    struct cs_buffer plain;
    struct cs_opened_request opened;
    struct cs_device device; /* the sender; in a join, as its certificate says */
    /* SYNC */
    struct cs_sync_request sync;
    struct cs_push_change_set *change_sets;
    size_t change_set_count; /* of those sent, as many as memory for one request carries */
    struct cs_push_result push;
    /* BUNDLE, with what SYNC has */
    uint64_t bundle_first_counter;
    uint64_t bundle_sequence_before;
    size_t bundle_skip; /* change-sets at its beginning that were taken already */
    /* COMPARE */
    struct cs_compare_request compare;
    /* RECOVER */
    struct cs_recover_request recover;
    struct cs_recover_response recovered;
    /* VAULT */
    struct cs_vault_request vault;
    struct cs_vault_response vault_answer; /* what became of what was sent */
    bool
        vault_last_words; /* by a revoked device, which is told what became of them and nothing more */
    /* HISTORY */
    struct cs_history_request history;
    /* ATTACHMENT */
    struct cs_attachment_request attachment;
    /* JOIN */
    struct cs_join_request join;
    struct cs_chain chain;
    /* Nothing was written for it: it can be answered whatever becomes of the batch. */
    bool only_reads;
    /* What to answer instead. */
    struct cs_failure_response failure; /* status CS_OK: none */
    struct cs_problem problem;
};

/* A reader for one use, opened if need be; give it back. */
enum cs_status cs_server_borrow_reader(struct cs_server *server, struct cs_store **out) CS_MUST_USE;
void cs_server_return_reader(struct cs_server *server, struct cs_store *reader);

/* Makes the answer a failure with this status and text. Returns CS_OK: the request itself goes on. */
enum cs_status cs_request_fail(struct cs_server_request *request, enum cs_status status,
                               const char *format, ...) CS_PRINTF(3, 4);

/* Has its content taken so much memory that it, not this machine, is why there is no more? */
bool cs_request_exhausted(const struct cs_server_request *request);

/* Whose request it is: known, signed by it, of this organisation. Outcomes other than CS_OK get no answer. */
enum cs_status cs_request_find_sender(struct cs_server_request *request,
                                      struct cs_store *reader) CS_MUST_USE;
/*
 * Inside a batch: may this device be served now? Loads it anew, finds clones and forks, counts the request. CS_OK with a failure
 * in the request: it is answered with that.
 */
enum cs_status cs_request_admit(struct cs_server *server, struct cs_server_request *request,
                                struct cs_push_clock *clock) CS_MUST_USE;

/* The same of a request that only reads, and is not counted: nothing is written for it. */
enum cs_status cs_request_look_at(struct cs_server *server, struct cs_server_request *request,
                                  struct cs_push_clock *clock) CS_MUST_USE;

/* Stages of the kinds. Open stages run in parallel and only read. */
enum cs_status cs_recover_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_recover_commit(struct cs_server *server,
                                 struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_recover_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
enum cs_status cs_sync_open(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_sync_commit(struct cs_server *server,
                              struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_sync_reply(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
/* The same stages of a sync request that another one carries, and the answer before it is encoded. */
enum cs_status cs_sync_open_body(struct cs_server *server, struct cs_server_request *request,
                                 struct cs_bytes body) CS_MUST_USE;
enum cs_status cs_sync_fill(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader, struct cs_sync_response *out) CS_MUST_USE;
/* As cs_server_open_request, of a part of a bundle without its first `skip` change-sets; each of the two refuses what is the other's. */
enum cs_status cs_server_open_bundle_part(struct cs_server *server, struct cs_bytes part,
                                          size_t skip, struct cs_server_request **out) CS_MUST_USE;
/* bundle_take.c. There is no answer to a bundle: what it brings about is exported later. */
enum cs_status cs_bundle_open(struct cs_server *server, struct cs_server_request *request,
                              struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_bundle_commit(struct cs_server *server,
                                struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_compare_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_compare_commit(struct cs_server *server,
                                 struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_compare_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
enum cs_status cs_vault_open(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_vault_commit(struct cs_server *server,
                               struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_vault_reply(struct cs_server *server, struct cs_server_request *request,
                              struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
enum cs_status cs_history_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_history_commit(struct cs_server *server,
                                 struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_history_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
enum cs_status cs_attachment_open(struct cs_server *server, struct cs_server_request *request,
                                  struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_attachment_commit(struct cs_server *server,
                                    struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_attachment_reply(struct cs_server *server, struct cs_server_request *request,
                                   struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;
/* server.c: folder/name, at most CS_SERVER_PATH_MAX; and the server's own invite with this token, appended: a secret. */
enum cs_status cs_server_path(const char *folder, const char *name, char *out,
                              struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_server_write_invite(const struct cs_server_keys *keys, struct cs_bytes address,
                                      const uint8_t token[static CS_BEARER_SIZE],
                                      struct cs_buffer *out) CS_MUST_USE;
/* revoked.c: the answer to a revoked device. */
enum cs_status cs_revoked_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, const struct cs_device *device,
                                struct cs_buffer *body) CS_MUST_USE;
/* The failure for a revoked device whose change-sets cannot be told apart from a copy's: FORKED, so that it may join again. */
enum cs_status cs_revoked_refuse_copy(struct cs_server *server,
                                      struct cs_server_request *request) CS_MUST_USE;
/* May the device of this verified chain join: is none above it revoked before the one below joined? Else the request fails. */
enum cs_status cs_revoked_check_chain(struct cs_server *server,
                                      struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_join_open(struct cs_server *server, struct cs_server_request *request,
                            struct cs_store *reader) CS_MUST_USE;
enum cs_status cs_join_commit(struct cs_server *server,
                              struct cs_server_request *request) CS_MUST_USE;
enum cs_status cs_join_reply(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader, struct cs_buffer *body) CS_MUST_USE;

/* A fact as a fixed number of bytes. CS_NOT_FOUND, CS_CORRUPT. */
enum cs_status cs_fact_fixed(struct cs_store *store, const char *key, uint8_t *out,
                             size_t size) CS_MUST_USE;

#endif
