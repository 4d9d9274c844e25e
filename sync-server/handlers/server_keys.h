/*
 * The server's keys: identity (Ed25519), bundle and half keys (X25519), TLS key; sealed in one file under a master key.
 *
 * DIR/keys: "CSSK" ‖ u8 1 ‖ cs_aead("countersign server keys 1", associated = the five bytes before, CBOR array of identity seed,
 * bundle secret, half secret, TLS key (DER), TLS certificate (DER), SHA-256 of its SubjectPublicKeyInfo, statement epoch).
 * The master key is 32 random bytes in a file of its own, given at start (a file or a systemd credential).
 */
#ifndef CS_SERVER_HANDLERS_SERVER_KEYS_H
#define CS_SERVER_HANDLERS_SERVER_KEYS_H

#include "shared/base/world.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/sign.h"

#define CS_MASTER_KEY_SIZE 32

/* What the listener's folder makes (TLS is its library's business). DER. */
struct cs_tls_material {
    struct cs_bytes key;
    struct cs_bytes certificate;
    uint8_t key_hash[32];
};

struct cs_server_keys; /* opaque */

/* Makes new keys and writes them to `path`, sealed under `master_key` (32 bytes). */
enum cs_status cs_server_keys_create(const struct cs_world *world, const char *path,
                                     struct cs_bytes master_key, const struct cs_tls_material *tls,
                                     struct cs_server_keys **out,
                                     struct cs_problem *problem) CS_MUST_USE;
/* CS_NOT_FOUND, CS_WRONG_PASSPHRASE (another master key), CS_CORRUPT. */
enum cs_status cs_server_keys_open(const struct cs_world *world, const char *path,
                                   struct cs_bytes master_key, struct cs_server_keys **out,
                                   struct cs_problem *problem) CS_MUST_USE;
void cs_server_keys_destroy(struct cs_server_keys *keys);

const struct cs_sign_key *cs_server_keys_identity(const struct cs_server_keys *keys);
const struct cs_seal_key *cs_server_keys_bundle(const struct cs_server_keys *keys);
const struct cs_seal_key *cs_server_keys_half(const struct cs_server_keys *keys);
/* Borrowed. */
const struct cs_tls_material *cs_server_keys_tls(const struct cs_server_keys *keys);
/* Signed statement of the current keys (evidence/server_statement.h); borrowed. */
struct cs_bytes cs_server_keys_statement(const struct cs_server_keys *keys);

#endif
