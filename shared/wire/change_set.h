/*
 * Change-sets: transactions of one device, encoded, committed to, signed and chained (design §5). Pure.
 * Byte layout: PROTOCOL.md, chapters "Body" and "Inner".
 */
#ifndef CS_WIRE_CHANGE_SET_H
#define CS_WIRE_CHANGE_SET_H

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/base/value.h"
#include "shared/base/version.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/sign.h"

enum cs_operation_kind {
    CS_OPERATION_INSERT = 1,
    CS_OPERATION_UPDATE = 2,
    CS_OPERATION_DELETE = 3
};

struct cs_field_change {
    struct cs_bytes field; /* name */
    struct cs_value value; /* NULL clears: a change like any other */
    struct cs_versions
        base; /* versions its author had seen of the field's unit; empty for INSERT */
};

struct cs_operation {
    enum cs_operation_kind kind;
    struct cs_bytes entity; /* name */
    struct cs_id row;
    struct cs_field_change *changes; /* none for DELETE */
    size_t change_count;
    uint8_t seen[CS_HASH_SIZE]; /* DELETE: cs_row_versions_hash of what its author had seen */
};

struct cs_transaction {
    uint8_t
        id[16]; /* for deduplication across logs: 12 random bytes for each commit, then a count */
    uint64_t counter;       /* in its device log, from 1; version of all its edits */
    int64_t claimed;        /* instant by the device's clock */
    int64_t server_time_ms; /* last server time the device had seen, 0 = none */
    int64_t elapsed_ms;     /* monotonic time since then, -1 = unknown (restarted since) */
    struct cs_operation *operations;
    size_t operation_count;
};

struct cs_transactions {
    struct cs_transaction *items;
    size_t count;
};

/* Body: zstd(CBOR), columnar. Limits of limits.h are checked both ways; CS_TOO_LARGE when encoding passes one. */
enum cs_status cs_body_encode(const struct cs_transaction *transactions, size_t count,
                              struct cs_buffer *out) CS_MUST_USE;
/* Everything lives in the arena or in storage that it owns; `body` may be freed. Counters ascend by exactly 1. */
enum cs_status cs_body_decode(struct cs_bytes body, struct cs_arena *arena,
                              struct cs_transactions *out) CS_MUST_USE;
/* One transaction uncompressed: the form in which a replica keeps it until it is packed. */
enum cs_status cs_transaction_encode(const struct cs_transaction *transaction,
                                     struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_transaction_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                     struct cs_transaction *out) CS_MUST_USE;

struct cs_inner_header {
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t certificate
        [CS_HASH_SIZE]; /* id of the device's certificate; its first 8 bytes are the log id */
    uint64_t sequence;  /* from 1, no gaps */
    uint8_t previous[CS_HASH_SIZE]; /* hash of the device's previous inner; zero for sequence 1 */
    uint8_t server[CS_SIGN_PUBLIC_SIZE]; /* identity of the server it is meant for */
    uint64_t first_counter;
    uint32_t transaction_count; /* ≥ 1 */
    uint8_t body_hash[CS_HASH_SIZE];
};

/* Appends: signature(64) ‖ header ‖ body. body_hash in `header` is computed here. */
enum cs_status cs_inner_encode(const struct cs_inner_header *header, struct cs_bytes body,
                               const struct cs_sign_key *key, struct cs_buffer *out) CS_MUST_USE;
/* Parses the fixed header only: nothing is trusted yet. *out_body is a view. CS_MALFORMED, CS_UNSUPPORTED, CS_LIMIT. */
enum cs_status cs_inner_split(struct cs_bytes inner, struct cs_inner_header *out_header,
                              struct cs_bytes *out_body) CS_MUST_USE;
/* Signature over the header and commitment over the raw body. CS_FORGED. Only then may the body be decoded. */
enum cs_status cs_inner_verify(struct cs_bytes inner,
                               const uint8_t device_key[static CS_SIGN_PUBLIC_SIZE]) CS_MUST_USE;
/* Names the inner in the chain: over its signed header, never its signature bytes. */
enum cs_status cs_inner_hash(struct cs_bytes inner, uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
