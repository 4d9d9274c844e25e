/*
 * KeePass databases: KDBX 4 (read and written) and KDBX 3.1 (read). The format in prose: README.md.
 *
 * Nothing behind the header is looked at before it is authenticated: KDBX 4 by its HMACs, KDBX 3.1 by what it has, a known start and
 * hashes inside the encryption. cs_crypto_start must have been called.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_H

#include "field-client/password_files/key_derivation.h"
#include "field-client/password_files/password_list.h"
#include "shared/base/world.h"

/* What opens a database. */
struct cs_kdbx_key {
    struct cs_bytes password; /* data NULL: none; of size 0 with data: the empty password */
    struct cs_bytes key_file; /* the file's content; data NULL: none */
};

/*
 * Adds everything that is in the file to the list; on failure the list may hold part of it and is to be released. CS_WRONG_PASSPHRASE;
 * CS_UNSUPPORTED with the name of a cipher, derivation or version that is not read; CS_LIMIT with figure and limit (also for what the file
 * asks of the derivation of its key, see key_derivation.h; `bounds` NULL: the default); CS_FORGED for a file that was changed;
 * CS_MALFORMED; CS_NO_MEMORY.
 */
enum cs_status cs_kdbx_read(struct cs_bytes file, const struct cs_kdbx_key *key,
                            const struct cs_key_derivation_bounds *bounds,
                            struct cs_password_list *list, struct cs_problem *problem) CS_MUST_USE;

enum cs_kdbx_cipher { CS_KDBX_AES256, CS_KDBX_CHACHA20 };

/* The least that is written. */
#define CS_KDBX_MEMORY_KIB_MIN ((uint64_t)8 * 1024)

struct cs_kdbx_options {
    enum cs_kdbx_cipher cipher;
    uint64_t memory_kib; /* of Argon2id; at least CS_KDBX_MEMORY_KIB_MIN, at most what is read */
    uint64_t passes;     /* at least 2 */
    uint64_t lanes;
};

/* ChaCha20; 64 MiB, 10 passes, 2 lanes: half a second, and a telephone still opens it. */
struct cs_kdbx_options cs_kdbx_options_default(void);

/*
 * Appends a KDBX 4 database. Times that an entry does not have become those of the world's clock. A text that XML cannot hold is stored
 * as a protected one, which may be anything. CS_USAGE without password and key file, CS_INVALID for options out of bounds, CS_LIMIT, CS_NO_MEMORY.
 */
enum cs_status cs_kdbx_write(const struct cs_password_list *list, const struct cs_kdbx_key *key,
                             const struct cs_kdbx_options *options, const struct cs_world *world,
                             struct cs_buffer *out, struct cs_problem *problem) CS_MUST_USE;

#endif
