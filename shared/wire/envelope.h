/*
 * Envelopes: one sealed, signed message (PROTOCOL.md, chapter "Envelope").
 *
 * Request:  clear header (magic, version, kind, organisation, recipient key) ‖ seal to the server's bundle key of
 *           signature(64) ‖ sender header ‖ body
 * Response: clear header ‖ seal to the device's X25519 key of signature(64) ‖ kind ‖ request hash ‖ body
 * The clear header is the seal's associated data and is covered by the signature, as is the body's hash.
 */
#ifndef CS_WIRE_ENVELOPE_H
#define CS_WIRE_ENVELOPE_H

#include "shared/crypto/hash.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"

enum cs_message_kind {
    CS_MESSAGE_JOIN = 1,
    CS_MESSAGE_SYNC = 2,
    CS_MESSAGE_FAILURE = 3, /* responses only */
    CS_MESSAGE_COMPARE = 4,
    CS_MESSAGE_REVOKED = 5,     /* responses only; see revoked.h */
    CS_MESSAGE_RECOVER = 6,     /* recover.h */
    CS_MESSAGE_VAULT = 7,       /* vault_message.h */
    CS_MESSAGE_HISTORY = 8,     /* history.h */
    CS_MESSAGE_BUNDLE = 9,      /* in files only, never over the network; bundle.h */
    CS_MESSAGE_ATTACHMENT = 10, /* attachment_message.h */
};

struct cs_request_header {
    enum cs_message_kind kind;
    uint8_t organisation[CS_HASH_SIZE]; /* zero in the very first join */
    uint8_t certificate[CS_HASH_SIZE];  /* sender's certificate id */
    uint64_t counter;                   /* ascends with every request of the device */
    uint8_t nonce[16];
    uint64_t log_sequence; /* own log head, 0 = empty */
    uint8_t log_head[CS_HASH_SIZE];
};

/* Appends the request. *out_hash names it (over the signed part, not the seal): the response must carry it. */
enum cs_status cs_request_seal(const struct cs_world *world, const struct cs_request_header *header,
                               struct cs_bytes body, const struct cs_sign_key *key,
                               const uint8_t bundle_key[static CS_SEAL_KEY_SIZE],
                               struct cs_buffer *out,
                               uint8_t out_hash[static CS_HASH_SIZE]) CS_MUST_USE;

struct cs_opened_request {
    struct cs_request_header header;
    uint8_t hash[CS_HASH_SIZE];
    struct cs_bytes signed_part; /* for cs_request_verify; view into `plain` */
    struct cs_bytes body;        /* view into `plain`: not to be parsed before cs_request_verify */
};
/* Which recipient key is asked for: clear header only. CS_MALFORMED, CS_UNSUPPORTED. */
enum cs_status cs_request_recipient(struct cs_bytes request,
                                    uint8_t out_key[static CS_SEAL_KEY_SIZE]) CS_MUST_USE;
/* Decrypts into `plain` and splits. Still unverified: the caller looks up the sender by header.certificate. */
enum cs_status cs_request_open(struct cs_bytes request, const struct cs_seal_key *key,
                               struct cs_buffer *plain, struct cs_opened_request *out) CS_MUST_USE;
enum cs_status cs_request_verify(const struct cs_opened_request *request,
                                 const uint8_t device_key[static CS_SIGN_PUBLIC_SIZE]) CS_MUST_USE;

enum cs_status cs_response_seal(const struct cs_world *world, enum cs_message_kind kind,
                                const uint8_t request_hash[static CS_HASH_SIZE],
                                struct cs_bytes body, const struct cs_sign_key *server_key,
                                const uint8_t device_key[static CS_SEAL_KEY_SIZE],
                                struct cs_buffer *out) CS_MUST_USE;
/* Decrypts into `plain`, checks signature and request hash. *out_body is a view into `plain`. CS_FORGED; CS_WRONG_SERVER if
 * another server signed it. */
enum cs_status cs_response_open(struct cs_bytes response, const struct cs_seal_key *key,
                                const uint8_t server_key[static CS_SIGN_PUBLIC_SIZE],
                                const uint8_t request_hash[static CS_HASH_SIZE],
                                struct cs_buffer *plain, enum cs_message_kind *out_kind,
                                struct cs_bytes *out_body) CS_MUST_USE;
/*
 * An answer that was kept, as cs_response_open left it in `plain`: was it signed by this server, whichever request it answers?
 * CS_MALFORMED, CS_WRONG_SERVER, CS_UNSUPPORTED. *out_body is a view into `opened`.
 */
enum cs_status cs_response_verify(struct cs_bytes opened,
                                  const uint8_t server_key[static CS_SIGN_PUBLIC_SIZE],
                                  enum cs_message_kind *out_kind,
                                  struct cs_bytes *out_body) CS_MUST_USE;

#endif
