/*
 * Device certificates, invites and chains to the organisation's root (design §9). Pure: time and keys are passed in.
 * Byte layouts: CERTIFICATES.md beside this file.
 *
 * The organisation's id is cs_hash("countersign organisation", root public key). A chain leads from a device's certificate
 * over the invite it was made with to the inviter's certificate and so on to the first device's, which the root key signed.
 */
#ifndef CS_EVIDENCE_CERTIFICATE_H
#define CS_EVIDENCE_CERTIFICATE_H

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"
#include "shared/domain/descriptor.h"

struct cs_certificate {
    uint8_t organisation[CS_HASH_SIZE];
    struct cs_id person;
    struct cs_bytes person_name; /* 1 … CS_PERSON_NAME_MAX bytes */
    cs_roles roles;
    uint8_t sign_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t seal_key[CS_SEAL_KEY_SIZE];
    int64_t created_ms;           /* claimed */
    struct cs_bytes device_name;  /* 0 … CS_PERSON_NAME_MAX bytes */
    uint8_t issuer[CS_HASH_SIZE]; /* id of the invite; zero: signed by the root key */
};

/* Appends signature(64) ‖ statement. `issuer_key` is the invite's one-time key, or the root key. CS_INVALID for limits. */
enum cs_status cs_certificate_encode(const struct cs_certificate *certificate,
                                     const struct cs_sign_key *issuer_key,
                                     struct cs_buffer *out) CS_MUST_USE;
/* Parses without trusting; views into `bytes`. CS_MALFORMED, or CS_UNSUPPORTED for a version or role not known here. */
enum cs_status cs_certificate_decode(struct cs_bytes bytes, struct cs_certificate *out) CS_MUST_USE;
/* cs_hash("countersign certificate", statement). */
enum cs_status cs_certificate_id(struct cs_bytes bytes,
                                 uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;
/* First 8 bytes of the id, big-endian; never CS_LOG_SERVER (a key pair that gives 0 is refused as CS_INVALID on encode). */
uint64_t cs_certificate_log(const uint8_t certificate_id[static CS_HASH_SIZE]);
/* The id of the row of entity `device` that shows this certificate: the first 16 bytes of a hash of the certificate's id, in UUIDv8 form. */
void cs_certificate_row_id(const uint8_t certificate_id[static CS_HASH_SIZE], struct cs_id *out);
/* Four groups of five digits people can read out, from the certificate id; `out` takes 24 bytes. */
void cs_certificate_fingerprint(const uint8_t certificate_id[static CS_HASH_SIZE],
                                char out[static 24]);

struct cs_invite {
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t invite_key[CS_SIGN_PUBLIC_SIZE]; /* one-time */
    struct cs_id person;
    struct cs_bytes person_name;
    cs_roles roles;
    int64_t expires_ms;
    uint8_t inviter[CS_HASH_SIZE]; /* certificate id */
};
enum cs_status cs_invite_encode(const struct cs_invite *invite,
                                const struct cs_sign_key *inviter_key,
                                struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_invite_decode(struct cs_bytes bytes, struct cs_invite *out) CS_MUST_USE;
enum cs_status cs_invite_id(struct cs_bytes bytes, uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

void cs_organisation_id(const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                        uint8_t out[static CS_HASH_SIZE]);

/*
 * A chain is CBOR: [root public key, certificate n, invite n, certificate n-1, …, certificate 0 (signed by root)].
 */
/* The chain of the first device. */
enum cs_status cs_chain_encode_first(const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                     struct cs_bytes certificate,
                                     struct cs_buffer *out) CS_MUST_USE;
/* Puts a new certificate and its invite in front of the inviter's chain. Checks form, not trust; CS_LIMIT if it gets too long. */
enum cs_status cs_chain_encode_next(struct cs_bytes inviter_chain, struct cs_bytes invite,
                                    struct cs_bytes certificate, struct cs_buffer *out) CS_MUST_USE;

/* The organisation a chain claims to lead to, by its root key alone: nothing is verified. CS_MALFORMED, CS_UNSUPPORTED, CS_LIMIT. */
enum cs_status cs_chain_organisation(struct cs_bytes bytes,
                                     uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

/* The certificate id of the device a chain claims to be of: nothing is verified. CS_MALFORMED, CS_UNSUPPORTED, CS_LIMIT. */
enum cs_status cs_chain_leaf_id(struct cs_bytes bytes,
                                uint8_t out[static CS_HASH_SIZE]) CS_MUST_USE;

struct cs_chain {
    struct cs_certificate leaf;
    struct cs_bytes leaf_bytes;
    uint8_t leaf_id[CS_HASH_SIZE];
    struct cs_invite invite; /* of the leaf; meaningless when length is 1 */
    uint8_t invite_id[CS_HASH_SIZE];
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    size_t length; /* certificates, 1 … CS_CHAIN_LENGTH_MAX */
    uint8_t certificate_ids[CS_CHAIN_LENGTH_MAX][CS_HASH_SIZE]; /* leaf first */
    struct cs_id persons[CS_CHAIN_LENGTH_MAX]; /* whose they are, in the same order */
};
/*
 * Every signature, every name and role copied faithfully from invite to certificate, roles within cs_roles_may_invite,
 * every certificate's organisation, length, and certificate made before its invite's expiry. The root key must give `organisation`
 * (CS_WRONG_ORGANISATION). CS_FORGED, CS_EXPIRED, CS_DENIED, CS_MALFORMED, CS_LIMIT (longer than
 * CS_CHAIN_LENGTH_MAX or CS_CHAIN_BYTES_MAX), CS_UNSUPPORTED (a version or role of a newer program); `problem` names the link.
 * Views of `out` are into `bytes`.
 */
enum cs_status cs_chain_verify(struct cs_bytes bytes,
                               const uint8_t organisation[static CS_HASH_SIZE],
                               struct cs_chain *out, struct cs_problem *problem) CS_MUST_USE;

#endif
