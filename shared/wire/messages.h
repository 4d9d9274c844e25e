/*
 * The bodies of requests and responses (PROTOCOL.md, chapters "Join" and "Sync"). Pure.
 *
 * Encoded as zstd(CBOR). Decoded messages borrow from their arena only.
 */
#ifndef CS_WIRE_MESSAGES_H
#define CS_WIRE_MESSAGES_H

#include "shared/wire/change_set.h"
#include "shared/wire/rows.h"

/* The name of a scope; `id` is zero for those without one. */
enum cs_scope_kind {
    CS_SCOPE_EVERYONE = 1,
    CS_SCOPE_OFFICE = 2,
    CS_SCOPE_SECURITY = 3,
    CS_SCOPE_PERSON = 4,
    CS_SCOPE_PROJECT = 5,
};
struct cs_scope_name {
    uint8_t kind; /* of enum cs_scope_kind; unknown kinds are kept */
    struct cs_id id;
};
int cs_scope_name_compare(const struct cs_scope_name *a, const struct cs_scope_name *b);

/*
 * Added to a kind in the cursors of a request: this scope is being gained by the pull under way, which began at that position of the
 * server. Rows that left the scope before are none of the device's business, not even their ids.
 */
#define CS_SCOPE_GAINED 128

struct cs_scope_cursor {
    struct cs_scope_name scope;
    uint64_t position; /* everything of this scope up to here has been applied */
};

struct cs_sync_request {
    uint8_t incarnation[16]; /* the server's, as last seen; zero = never */
    uint64_t position;       /* the greatest response position seen */
    struct cs_scope_cursor *cursors;
    size_t cursor_count;
    struct cs_bytes *inners; /* change-sets in sequence order */
    size_t inner_count;
    /* Format 1: without the rest, and answered without it. A zeroed request is of format 2. */
    bool without_log;
    uint64_t log_size;              /* of the last checkpoint the device has verified; 0 = none */
    struct cs_bytes statement_mark; /* of the server statement it knows, 8 bytes; empty: none */
    bool with_vaults; /* format 3, never without_log: the same, and answered with vault_news */
    /* Format 4, never without vaults: names the log by log_mark too, and is answered with horizon. */
    bool with_horizon;
    /* The first CS_LOG_MARK_SIZE bytes of that checkpoint's root; empty: none. */
    struct cs_bytes log_mark;
    /* Not sent: up to where more was given to the device, which may have it or not (bundles). */
    const struct cs_scope_cursor *told;
    size_t told_count;
};

/* That a leaf stands in the evidence log: hashes one after the other, see evidence/merkle.h. */
struct cs_row_proof {
    uint32_t row; /* index in `rows` of the response */
    uint64_t leaf;
    struct cs_bytes path;
};
/* That the log of the response's checkpoint goes on from the one of this size. */
struct cs_growth_proof {
    uint64_t size;
    struct cs_bytes path;
};

/* What became of a transaction. */
enum cs_outcome {
    CS_OUTCOME_APPLIED = 1,
    CS_OUTCOME_REFUSED = 2,
    CS_OUTCOME_HELD = 3,      /* waits for a base or for a newer server */
    CS_OUTCOME_DUPLICATE = 4, /* its id was already applied through another log */
};
struct cs_outcome_run {
    enum cs_outcome outcome;
    uint64_t count;
};
struct cs_refusal {
    uint64_t counter;
    enum cs_status status;
    uint32_t operation;    /* index in its transaction */
    struct cs_bytes field; /* name; may be empty */
    struct cs_bytes text;  /* for people */
};
/*
 * Echo: how rows written by this push ended. One entry per operation of the transactions in `outcomes`, in order,
 * run-length encoded. 0: not confirmed this way (refused, or the row is among `rows`). k > 0: the row now is exactly what the
 * device predicted, and is in scope set k - 1: the device takes its own copy as confirmed.
 */
struct cs_echo_run {
    uint32_t scope_set_plus_one;
    uint64_t count;
};
struct cs_scope_set {
    uint32_t *scopes; /* indexes in `cursors` of the response, ascending */
    size_t count;
};
struct cs_departure {
    struct cs_bytes entity;
    struct cs_id row;
};

struct cs_sync_response {
    uint8_t incarnation[16];
    uint64_t
        position; /* the state of the server this was read from; never goes back within an incarnation */
    int64_t server_time_ms;
    uint64_t log_sequence; /* last change-set of this device that is on the server's disk */
    uint8_t log_head[CS_HASH_SIZE];
    uint64_t first_counter; /* of the first transaction in `outcomes` */
    struct cs_outcome_run *outcomes;
    size_t outcome_count;
    struct cs_refusal *refusals;
    size_t refusal_count;
    struct cs_echo_run *echoes;
    size_t echo_count;
    struct cs_scope_cursor
        *cursors; /* all scopes the device is subscribed to, with the cursors after this page */
    size_t cursor_count;
    struct cs_scope_set *scope_sets;
    size_t scope_set_count;
    struct cs_row *rows;
    size_t row_count;
    struct cs_departure *departures; /* rows no scope of the device holds any more */
    size_t departure_count;
    bool last;                    /* no further page: what was staged becomes visible */
    uint8_t digest[CS_HASH_SIZE]; /* with `last`: cs_scopes_digest over the device's scopes */
    /* Current keys, see evidence/server_statement.h; empty in format 2 when the device knows them. */
    struct cs_bytes server_statement;
    /* Format 1 has nothing of the evidence log. A zeroed response is of format 2. */
    bool without_log;
    bool with_vaults;            /* format 3, never without_log: has vault_news */
    bool with_horizon;           /* format 4, never without vaults: has horizon */
    struct cs_bytes checkpoint;  /* see evidence/checkpoint.h; empty: the device has the newest */
    struct cs_bytes consistency; /* of `checkpoint` with the device's last one */
    struct cs_row_proof *row_proofs; /* ascending by row: rows of evidence and of devices */
    size_t row_proof_count;
    bool own_proved; /* after a push: the device's newest change-set stands in the log */
    uint64_t own_leaf;
    struct cs_bytes own_path;
    struct cs_growth_proof *earlier; /* ascending by size: of checkpoints in records of `rows` */
    size_t earlier_count;
    /* Another number than before: something was taken of vaults, of whichever; 0: there never was anything. */
    uint64_t vault_news;
    /* Change-sets of this device up to here are in a verified backup of the server; 0: none. At most log_sequence. */
    uint64_t horizon;
};

/* Hash over (name, multiset hash) of each scope in ascending order of names: the root digest. `scopes` must be sorted. */
struct cs_scope_digest {
    struct cs_scope_name scope;
    struct cs_multiset multiset;
};
void cs_scopes_digest(const struct cs_scope_digest *scopes, size_t count,
                      uint8_t out[static CS_HASH_SIZE]);

struct cs_join_request {
    struct cs_bytes chain; /* certificate chain of the joining device, see evidence/chain.h */
    struct cs_bytes
        bearer; /* the very first device: token of the server's invite; otherwise empty */
    struct cs_bytes
        server_identity; /* the very first device: root's statement about the server; otherwise empty */
};
struct cs_join_response {
    uint8_t incarnation[16];
    int64_t server_time_ms;
    struct cs_bytes server_statement;
    struct cs_bytes server_identity; /* root's statement about the server's identity */
};

/* What the server answers instead, when it cannot or will not: signed and sealed like any response. */
struct cs_failure_response {
    enum cs_status status;
    uint64_t expected_sequence; /* with CS_GAP: the change-set it needs next */
    struct cs_bytes text;       /* for people */
};

enum cs_status cs_sync_request_encode(const struct cs_sync_request *request,
                                      struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_sync_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                      struct cs_sync_request *out) CS_MUST_USE;
enum cs_status cs_sync_response_encode(const struct cs_sync_response *response,
                                       struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_sync_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_sync_response *out) CS_MUST_USE;
enum cs_status cs_join_request_encode(const struct cs_join_request *request,
                                      struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_join_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                      struct cs_join_request *out) CS_MUST_USE;
enum cs_status cs_join_response_encode(const struct cs_join_response *response,
                                       struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_join_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_join_response *out) CS_MUST_USE;
enum cs_status cs_failure_response_encode(const struct cs_failure_response *response,
                                          struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_failure_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_failure_response *out) CS_MUST_USE;

#endif
