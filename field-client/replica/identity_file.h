/*
 * The two layers of the identity file, apart, so that tests can alter every byte without paying for
 * a key derivation each time. Used by identity.c only.
 */
#ifndef CS_REPLICA_IDENTITY_FILE_H
#define CS_REPLICA_IDENTITY_FILE_H

#include "field-client/replica/identity.h"

/* Largest identity file, bytes. */
#define CS_IDENTITY_SIZE_MAX (256 * CS_KIBI)

struct cs_identity_file {
    struct cs_kdf_parameters parameters;
    struct cs_bytes bound;  /* everything before the first ciphertext: associated data of both */
    struct cs_bytes master; /* first ciphertext */
    struct cs_bytes keys;   /* second ciphertext */
};

/* Splits without opening; views. CS_CORRUPT, CS_UNSUPPORTED (another version). */
enum cs_status cs_identity_file_split(struct cs_bytes file,
                                      struct cs_identity_file *out) CS_MUST_USE;
/* CS_WRONG_PASSPHRASE if the key does not open it. */
enum cs_status cs_identity_file_open_master(const struct cs_identity_file *file,
                                            struct cs_bytes kdf_key,
                                            struct cs_secret **out_master) CS_MUST_USE;
/* Appends the plain CBOR array. CS_CORRUPT. */
enum cs_status cs_identity_file_open_keys(const struct cs_identity_file *file,
                                          struct cs_bytes master,
                                          struct cs_buffer *out_plain) CS_MUST_USE;

/* What the key derivation of this first layer takes, which was made here or split before. */
uint32_t cs_identity_file_memory_kib(struct cs_bytes layer);
/* Appends the first layer: magic to the first ciphertext. */
enum cs_status cs_identity_file_put_master(const struct cs_world *world,
                                           const struct cs_kdf_parameters *parameters,
                                           struct cs_bytes kdf_key, struct cs_bytes master,
                                           struct cs_buffer *out) CS_MUST_USE;
/* Appends the second layer behind the first, which `out` must begin with. */
enum cs_status cs_identity_file_put_keys(const struct cs_world *world, struct cs_bytes master,
                                         struct cs_bytes plain, struct cs_buffer *out) CS_MUST_USE;

#endif
