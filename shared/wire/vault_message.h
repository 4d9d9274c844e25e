/*
 * Vaults over the network: signed records in, verified ones out (PROTOCOL.md, chapter "Vault"). Pure.
 *
 * Records travel as the bytes their author signed; what they say is shared/vault's business.
 */
#ifndef CS_WIRE_VAULT_MESSAGE_H
#define CS_WIRE_VAULT_MESSAGE_H

#include "shared/wire/messages.h"

/* How much of a vault its holder is given. */
enum cs_vault_level {
    CS_VAULT_LEVEL_NONE = 0,     /* nothing, or nothing any more */
    CS_VAULT_LEVEL_FORMER = 1,   /* its log, up to the withdrawal of the last grant */
    CS_VAULT_LEVEL_MEMBER = 2,   /* all but what others were shown or asked for */
    CS_VAULT_LEVEL_OVERSEER = 3, /* everything: who manages or approves */
};

/* What a device has of a vault. */
struct cs_vault_cursor {
    struct cs_id vault;
    enum cs_vault_level level;
    uint64_t through;    /* position in the feed up to which everything of this level has come */
    uint64_t log_length; /* records of the vault's log it holds */
};

struct cs_vault_request {
    uint8_t incarnation[16];         /* the server's, as last applied by the device */
    uint64_t log_size;               /* of the evidence log, as in a sync request */
    uint64_t recovery;               /* number of the newest recovery key known; 0: none */
    struct cs_bytes statement;       /* of a new recovery key, to be entered; empty: none */
    struct cs_vault_cursor *cursors; /* vaults ascending */
    size_t cursor_count;             /* ≤ CS_VAULTS_PER_DEVICE_MAX */
    struct cs_bytes *records;        /* signed by this device */
    size_t record_count;             /* ≤ CS_VAULT_RECORDS_PER_REQUEST_MAX */
};

/* What became of a record that was sent: taken (CS_OK), known already (CS_EXISTS), or why not. */
struct cs_vault_outcome {
    enum cs_status status;
    struct cs_bytes text; /* for people */
};
/* How a vault stands at the end of this page; those that stand as the cursors say are left out. */
struct cs_vault_standing {
    struct cs_vault_cursor cursor; /* for the next request; log_length: of the server's log */
    uint8_t head[CS_HASH_SIZE];    /* id of the last record of that log; zeros below MEMBER */
};
struct cs_vault_fed {
    uint64_t feed;         /* position in the feed, ascending in each vault */
    uint64_t position;     /* as in the leaf: cs_leaf_moment */
    uint64_t log_position; /* likewise */
    int64_t logged_ms;     /* likewise */
    uint64_t leaf;
    struct cs_bytes path; /* that the leaf stands in the evidence log */
    struct cs_bytes record;
};
/* A statement of a recovery key, with the proof that it stands in the evidence log. */
struct cs_vault_recovery_fed {
    uint64_t leaf;
    struct cs_bytes path;
    struct cs_bytes statement;
};

struct cs_vault_response {
    uint8_t incarnation[16];
    int64_t server_time_ms;
    struct cs_bytes checkpoint;        /* as in a sync response */
    struct cs_bytes consistency;       /* likewise */
    struct cs_vault_outcome entered;   /* of the statement; CS_OK where none was sent */
    struct cs_vault_outcome *outcomes; /* one for each record of the request */
    size_t outcome_count;
    struct cs_vault_recovery_fed *recoveries; /* numbers ascending, above the one known */
    size_t recovery_count;                    /* ≤ CS_VAULT_RECOVERIES_MAX */
    struct cs_vault_standing *standings;      /* vaults ascending */
    size_t standing_count;
    struct cs_vault_fed *records; /* vault by vault */
    size_t record_count;          /* ≤ CS_VAULT_PAGE_RECORDS_MAX */
    bool last;                    /* nothing more is to be had */
};

enum cs_status cs_vault_request_encode(const struct cs_vault_request *request,
                                       struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_vault_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_vault_request *out) CS_MUST_USE;
enum cs_status cs_vault_response_encode(const struct cs_vault_response *response,
                                        struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_vault_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_vault_response *out) CS_MUST_USE;

#endif
