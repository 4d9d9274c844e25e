/*
 * What a server says of itself, and what the organisation's root says of the server (design §9). Pure.
 */
#ifndef CS_EVIDENCE_SERVER_STATEMENT_H
#define CS_EVIDENCE_SERVER_STATEMENT_H

#include "shared/crypto/hash.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"

/* Signed by the server's identity: its current keys. Lower epochs than one seen are never accepted (by the caller). */
struct cs_server_statement {
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    uint64_t epoch;
    uint8_t bundle_key[CS_SEAL_KEY_SIZE];
    uint8_t half_key[CS_SEAL_KEY_SIZE];
    uint8_t tls_key_hash[32]; /* SHA-256 of the SubjectPublicKeyInfo */
};
enum cs_status cs_server_statement_encode(const struct cs_server_statement *statement,
                                          const struct cs_sign_key *identity,
                                          struct cs_buffer *out) CS_MUST_USE;
/* Verifies the signature by `identity` (CS_FORGED), and that it names it (CS_WRONG_SERVER). */
enum cs_status cs_server_statement_verify(struct cs_bytes bytes,
                                          const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                          struct cs_server_statement *out) CS_MUST_USE;

/* Short mark of a signed statement, by which a device says which one it knows. */
#define CS_SERVER_STATEMENT_MARK_SIZE 8
void cs_server_statement_mark(struct cs_bytes bytes,
                              uint8_t out[static CS_SERVER_STATEMENT_MARK_SIZE]);

/* Signed by the root key: this identity is the organisation's server. */
struct cs_server_identity {
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    uint64_t epoch;
};
enum cs_status cs_server_identity_encode(const struct cs_server_identity *statement,
                                         const struct cs_sign_key *root,
                                         struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_server_identity_verify(struct cs_bytes bytes,
                                         const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                         struct cs_server_identity *out) CS_MUST_USE;

#endif
