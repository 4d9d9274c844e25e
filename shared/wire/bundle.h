/*
 * Bundles: what a stick carries between a laptop and the server (BUNDLE.md). Pure.
 *
 * A bundle is a header, which says from whom to whom it goes, how long it is and what it hashes to, and parts. Each part is an envelope
 * (envelope.h) of kind CS_MESSAGE_BUNDLE: signed by who made it and sealed to whom it is for. So the header tells people what is in the way (of
 * another organisation, for another laptop, cut off in copying), and nothing is believed because of it.
 */
#ifndef CS_WIRE_BUNDLE_H
#define CS_WIRE_BUNDLE_H

#include "shared/crypto/hash.h"
#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"

/* Bytes of a header. */
#define CS_BUNDLE_HEADER_SIZE ((size_t)186)
/* Of one part: an envelope of either direction. */
#define CS_BUNDLE_PART_MAX CS_RESPONSE_MAX

enum cs_bundle_direction {
    CS_BUNDLE_TO_SERVER = 1,
    CS_BUNDLE_TO_DEVICE = 2,
};

struct cs_bundle_header {
    enum cs_bundle_direction direction;
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t sender[CS_HASH_SIZE];    /* certificate of the device, or the server's identity */
    uint8_t recipient[CS_HASH_SIZE]; /* the other one */
    int64_t made_ms;                 /* claimed; for people */
    uint64_t total_size;             /* of the whole file */
    uint32_t part_count;             /* 1 to CS_BUNDLE_PARTS_MAX */
    uint8_t parts_hash[CS_HASH_SIZE];
};

/* Appends CS_BUNDLE_HEADER_SIZE bytes. CS_INVALID. */
enum cs_status cs_bundle_header_encode(const struct cs_bundle_header *header,
                                       struct cs_buffer *out) CS_MUST_USE;
/* Of the first CS_BUNDLE_HEADER_SIZE bytes of a file: fewer are CS_MALFORMED, as is what is no bundle; CS_UNSUPPORTED: a later version;
 * CS_CORRUPT: damaged. */
enum cs_status cs_bundle_header_decode(struct cs_bytes bytes,
                                       struct cs_bundle_header *out) CS_MUST_USE;

/* The hash of all parts, one part at a time. */
struct cs_bundle_sum {
    uint8_t hash[CS_HASH_SIZE];
};
void cs_bundle_sum_init(struct cs_bundle_sum *sum);
void cs_bundle_sum_add(struct cs_bundle_sum *sum, struct cs_bytes part);

/* ---- the body of a part to the server ---- */

struct cs_bundle_request {
    uint64_t first_counter; /* the first transaction whose final outcome the device lacks */
    struct cs_bytes sync;   /* a sync request of format 3, encoded */
};
enum cs_status cs_bundle_request_encode(const struct cs_bundle_request *request,
                                        struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_bundle_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_bundle_request *out) CS_MUST_USE;

/* ---- the body of a part to a device ---- */

struct cs_bundle_answer {
    uint8_t bundle[16];        /* drawn for each export: parts of two do not mix */
    uint64_t number;           /* of the part, from 1 */
    bool last;                 /* no part follows */
    enum cs_message_kind kind; /* of `body`: SYNC, FAILURE or REVOKED */
    struct cs_bytes body;      /* the body of that response */
    /* The rest in part 1 only, where kind is SYNC; otherwise empty. */
    struct cs_scope_cursor
        *from; /* what was known of the device: everything behind this is in the bundle */
    size_t from_count;
    /* The evidence log between what was known of the device and the checkpoint of the first page, so that the device can prove growth from
     * wherever it is by now: */
    uint64_t log_size;      /* where it begins */
    struct cs_bytes peaks;  /* whole nodes that cover what is before, see evidence/merkle.h */
    struct cs_bytes leaves; /* hashes of the leaves that follow; empty: too many, or none */
};
enum cs_status cs_bundle_answer_encode(const struct cs_bundle_answer *answer,
                                       struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_bundle_answer_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_bundle_answer *out) CS_MUST_USE;

#endif
