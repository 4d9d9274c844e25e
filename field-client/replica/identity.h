/*
 * Who this laptop is: its keys, certificate and server, in one file under a passphrase.
 *
 * HOME/identity, mode 0600. A random master key (32 bytes, secret memory) is wrapped under
 * Argon2id(passphrase); the master key wraps everything else and will later open the encrypted
 * database too. Made by join, unlocked by every command.
 *
 * File: "CSID" ‖ u8 1 ‖ u32 kdf memory KiB ‖ u32 kdf passes ‖ salt(16)
 * ‖ prefixed cs_aead("countersign identity master 1", associated = everything before, master key)
 * ‖ prefixed cs_aead("countersign identity keys 1", associated = everything before the first
 * ciphertext, CBOR array of
 * sign seed, seal secret, root seed (empty unless first device; also if forgotten), organisation, certificate id,
 * chain, server identity,
 *         server address, server statement, root's statement about the server; and, where the master key was changed, the own key)
 */
#ifndef CS_REPLICA_IDENTITY_H
#define CS_REPLICA_IDENTITY_H

#include "shared/base/world.h"
#include "shared/crypto/passphrase.h"
#include "shared/evidence/certificate.h"
#include "shared/evidence/server_statement.h"

#define CS_IDENTITY_FILE "identity"
#define CS_IDENTITY_JOINING_FILE "identity.joining"
/* And the log of the device that this laptop was before it joined again, in hexadecimal. */
#define CS_IDENTITY_FORMER_FILE "identity.former-"

struct cs_identity; /* opaque; owned by the program, borrowed by replica and sync */

/* What join knows. All borrowed and copied. */
struct cs_identity_parts {
    struct cs_bytes sign_seed;           /* 32 */
    struct cs_bytes seal_secret;         /* 32 */
    struct cs_bytes root_seed;           /* 32 on the first device, else empty */
    struct cs_bytes chain;               /* of the own certificate; verified here */
    uint8_t server[CS_SIGN_PUBLIC_SIZE]; /* pinned identity of the server */
    struct cs_bytes address;             /* "host:port" */
    struct cs_bytes server_statement;    /* verified here against `server` */
    struct cs_bytes server_identity; /* root's statement; verified here against the chain's root */
};

/*
 * In memory only; cs_identity_save puts it on disk. kdf_memory_kib 0 = default. CS_FORGED,
 * CS_WRONG_SERVER, CS_WRONG_ORGANISATION when the parts do not belong together; CS_INVALID for KDF
 * parameters under the floor.
 */
enum cs_status cs_identity_create(const struct cs_world *world,
                                  const struct cs_identity_parts *parts, struct cs_bytes passphrase,
                                  uint32_t kdf_memory_kib, struct cs_identity **out,
                                  struct cs_problem *problem) CS_MUST_USE;
/*
 * Reads HOME/`file` (CS_IDENTITY_FILE). CS_NOT_FOUND: no identity here (not joined yet);
 * CS_WRONG_PASSPHRASE; CS_CORRUPT: the file is damaged; CS_UNSUPPORTED: made by a newer version.
 */
enum cs_status cs_identity_unlock(const struct cs_world *world, const char *home, const char *file,
                                  struct cs_bytes passphrase, struct cs_identity **out,
                                  struct cs_problem *problem) CS_MUST_USE;
/* Writes HOME/`file` atomically, mode 0600. */
enum cs_status cs_identity_save(const struct cs_world *world, const struct cs_identity *identity,
                                const char *home, const char *file) CS_MUST_USE;
/* Does HOME/`file` hold this identity under this passphrase, or is there none? false also if it cannot be read. */
bool cs_identity_is_saved(const struct cs_world *world, const struct cs_identity *identity,
                          const char *home, const char *file);
/*
 * Wraps the same master key under another passphrase, with a new salt, and saves: what is encrypted under the master key stays as it
 * is. On failure the identity is as before; the file holds the old passphrase or, if only its durability could not be made sure (CS_IO), the
 * new one. kdf_memory_kib 0 = as it was; CS_INVALID under the floor. An older copy of the file still opens with the old
 * passphrase.
 */
enum cs_status cs_identity_change_passphrase(const struct cs_world *world,
                                             struct cs_identity *identity,
                                             struct cs_bytes passphrase, uint32_t kdf_memory_kib,
                                             const char *home, const char *file) CS_MUST_USE;
/*
 * The same device with a new master key under this passphrase, in memory only: what older copies of the identity file give opens nothing
 * that is encrypted under it. For cs_replica_renew, and then cs_identity_save. kdf_memory_kib 0 = as it was; CS_INVALID under the floor.
 */
enum cs_status cs_identity_renew(const struct cs_world *world, const struct cs_identity *identity,
                                 struct cs_bytes passphrase, uint32_t kdf_memory_kib,
                                 struct cs_identity **out) CS_MUST_USE;
/* Wipes; NULL is accepted. */
void cs_identity_destroy(struct cs_identity *identity);

/* Getters; everything borrowed and valid until destroyed (statement and peer: until changed). */
const struct cs_sign_key *cs_identity_sign_key(const struct cs_identity *identity);
const struct cs_seal_key *cs_identity_seal_key(const struct cs_identity *identity);
/* NULL unless this is the organisation's first device and has not forgotten it (commands/root.c). */
const struct cs_sign_key *cs_identity_root_key(const struct cs_identity *identity);
/* 32 bytes, for files that are encrypted at rest. */
struct cs_bytes cs_identity_master_key(const struct cs_identity *identity);
/* 32 bytes, for what the device seals for itself within the replica: the first master key, which stays when that is changed. */
struct cs_bytes cs_identity_own_key(const struct cs_identity *identity);
const uint8_t *
cs_identity_organisation(const struct cs_identity *identity); /* CS_HASH_SIZE bytes */
const uint8_t *
cs_identity_certificate_id(const struct cs_identity *identity); /* CS_HASH_SIZE bytes */
const struct cs_certificate *cs_identity_certificate(const struct cs_identity *identity);
cs_roles cs_identity_roles(const struct cs_identity *identity);
/* Log id of the own device: the `log` of its versions. */
uint64_t cs_identity_log(const struct cs_identity *identity);
struct cs_bytes cs_identity_chain(const struct cs_identity *identity);
/* The verified chain, parsed. */
const struct cs_chain *cs_identity_chain_parsed(const struct cs_identity *identity);
const uint8_t *
cs_identity_server(const struct cs_identity *identity); /* CS_SIGN_PUBLIC_SIZE bytes */
/* Address and TLS key hash, for world->exchange. */
const struct cs_peer *cs_identity_peer(const struct cs_identity *identity);
struct cs_bytes cs_identity_server_statement_bytes(const struct cs_identity *identity);
const struct cs_server_statement *cs_identity_server_statement(const struct cs_identity *identity);
/* Root's statement about the server. */
struct cs_bytes cs_identity_server_identity(const struct cs_identity *identity);

/*
 * Takes over a statement the server sent: verified with the pinned identity (CS_FORGED,
 * CS_WRONG_SERVER); a lower epoch than the known one is CS_ROLLED_BACK. *out_changed tells whether
 * cs_identity_save is due.
 */
enum cs_status cs_identity_set_server_statement(struct cs_identity *identity,
                                                struct cs_bytes statement,
                                                bool *out_changed) CS_MUST_USE;
/* Root's statement about the same server, as the server itself shows it. CS_FORGED, CS_WRONG_ORGANISATION, CS_WRONG_SERVER. */
enum cs_status cs_identity_set_server_identity(struct cs_identity *identity,
                                               struct cs_bytes statement) CS_MUST_USE;
/* CS_INVALID for an empty address or one over 255 bytes. */
enum cs_status cs_identity_set_address(struct cs_identity *identity,
                                       struct cs_bytes address) CS_MUST_USE;
/* In memory only, like creating: the root key is wiped, the next cs_identity_save writes none. */
void cs_identity_forget_root(struct cs_identity *identity);

#endif
