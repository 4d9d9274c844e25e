/*
 * The parts of a KeePass database. Inside field-client/password_files only; kdbx.h is for everybody else. Integers are little-endian.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_FORMAT_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_FORMAT_H

#include "field-client/password_files/kdbx.h"
#include "shared/base/memory.h"
#include "shared/crypto/foreign.h"

/* --- bytes -------------------------------------------------------------------------------------------------------- */

uint64_t cs_kdbx_read_number(struct cs_reader *reader, size_t size);
void cs_kdbx_append_number(struct cs_buffer *out, uint64_t number, size_t size);

/* --- header (kdbx_header.c) --------------------------------------------------------------------------------------- */

#define CS_KDBX_SIGNATURE_1 0x9aa2d903u
#define CS_KDBX_SIGNATURE_2 0xb54bfb67u
#define CS_KDBX_UUID_SIZE 16
#define CS_KDBX_SEED_SIZE 32

enum cs_kdbx_field {
    CS_KDBX_FIELD_END = 0,
    CS_KDBX_FIELD_CIPHER = 2,
    CS_KDBX_FIELD_COMPRESSION = 3,
    CS_KDBX_FIELD_MASTER_SEED = 4,
    CS_KDBX_FIELD_TRANSFORM_SEED = 5,   /* 3.1 */
    CS_KDBX_FIELD_TRANSFORM_ROUNDS = 6, /* 3.1 */
    CS_KDBX_FIELD_IV = 7,
    CS_KDBX_FIELD_STREAM_KEY = 8,   /* 3.1 */
    CS_KDBX_FIELD_STREAM_START = 9, /* 3.1 */
    CS_KDBX_FIELD_STREAM_ID = 10,   /* 3.1 */
    CS_KDBX_FIELD_KDF = 11,         /* 4 */
    CS_KDBX_FIELD_COUNT = 13,
};

enum cs_kdbx_inner_field {
    CS_KDBX_INNER_END = 0,
    CS_KDBX_INNER_STREAM_ID = 1,
    CS_KDBX_INNER_STREAM_KEY = 2,
    CS_KDBX_INNER_BINARY = 3,
};

enum cs_kdbx_stream_id { CS_KDBX_STREAM_SALSA20 = 2, CS_KDBX_STREAM_CHACHA20 = 3 };

extern const uint8_t cs_kdbx_cipher_aes[CS_KDBX_UUID_SIZE];
extern const uint8_t cs_kdbx_cipher_chacha20[CS_KDBX_UUID_SIZE];
extern const uint8_t cs_kdbx_kdf_argon2id[CS_KDBX_UUID_SIZE];

/* Views of the file. */
struct cs_kdbx_header {
    unsigned major; /* 3 or 4 */
    enum cs_kdbx_cipher cipher;
    bool is_compressed;
    struct cs_bytes master_seed; /* 32 bytes */
    struct cs_bytes iv;          /* as the cipher wants it */
    struct cs_key_derivation derivation;
    struct cs_bytes stream_key;   /* 3.1 */
    struct cs_bytes stream_start; /* 3.1, 32 bytes */
    uint64_t stream_id;           /* 3.1 */
    struct cs_bytes raw;          /* the header itself */
    struct cs_bytes rest;         /* what follows */
};

/* Checks everything but hashes and bounds. */
enum cs_status cs_kdbx_header_read(struct cs_bytes file, struct cs_kdbx_header *out,
                                   struct cs_problem *problem) CS_MUST_USE;
/* Items of a dictionary of variants (kdbx_variant.c): the derivation's parameters. */
enum cs_status cs_kdbx_derivation_read(struct cs_bytes dictionary, struct cs_key_derivation *out,
                                       struct cs_problem *problem) CS_MUST_USE;
void cs_kdbx_derivation_write(const struct cs_key_derivation *argon2id, struct cs_buffer *out);

/* --- keys (kdbx_key.c) -------------------------------------------------------------------------------------------- */

struct cs_kdbx_keys {
    uint8_t cipher[CS_SHA256_SIZE];
    uint8_t hmac[CS_SHA512_SIZE]; /* 4 */
};

/* The slow one. CS_USAGE if `key` has nothing in it. The caller wipes the result. */
enum cs_status cs_kdbx_keys_derive(const struct cs_kdbx_key *key,
                                   const struct cs_key_derivation *derivation,
                                   struct cs_bytes master_seed, struct cs_kdbx_keys *out,
                                   struct cs_problem *problem) CS_MUST_USE;
/* The 32 bytes that a key file stands for (kdbx_key_file.c). */
enum cs_status cs_kdbx_key_file_read(struct cs_bytes file, uint8_t out[static CS_SHA256_SIZE],
                                     struct cs_problem *problem) CS_MUST_USE;

/* --- blocks (kdbx_blocks.c) --------------------------------------------------------------------------------------- */

/* Index of the header's own HMAC. */
#define CS_KDBX_HEADER_BLOCK UINT64_MAX

void cs_kdbx_block_hmac(const struct cs_kdbx_keys *keys, uint64_t index,
                        const struct cs_bytes *parts, size_t count,
                        uint8_t out[static CS_SHA256_SIZE]);
/* KDBX 4: appends the content of all blocks, each checked. CS_FORGED; CS_MALFORMED where it is cut short. */
enum cs_status cs_kdbx_blocks_read(const struct cs_kdbx_keys *keys, struct cs_bytes blocks,
                                   struct cs_buffer *out, struct cs_problem *problem) CS_MUST_USE;
void cs_kdbx_blocks_write(const struct cs_kdbx_keys *keys, struct cs_bytes content,
                          struct cs_buffer *out);
/* KDBX 3.1: likewise with plain hashes. */
enum cs_status cs_kdbx_hashed_blocks_read(struct cs_bytes blocks, struct cs_buffer *out,
                                          struct cs_problem *problem) CS_MUST_USE;

/* --- content (kdbx_inner.c, kdbx_xml_read.c, kdbx_xml_write.c) ---------------------------------------------------- */

/* Decrypted and unpacked content of a KDBX 4 file: inner header and document. */
enum cs_status cs_kdbx_inner_read(struct cs_bytes content, struct cs_password_list *list,
                                  struct cs_problem *problem) CS_MUST_USE;
/* CS_UNSUPPORTED for an unknown stream. */
enum cs_status cs_kdbx_stream_init(uint64_t id, struct cs_bytes key, struct cs_stream *out,
                                   struct cs_problem *problem) CS_MUST_USE;
/* `header` not NULL (3.1): the document must state the SHA-256 of these bytes. */
enum cs_status cs_kdbx_document_read(struct cs_bytes document, struct cs_stream *stream,
                                     const struct cs_bytes *header, struct cs_password_list *list,
                                     struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_kdbx_document_write(const struct cs_password_list *list, struct cs_stream *stream,
                                      const struct cs_world *world,
                                      struct cs_buffer *out) CS_MUST_USE;

#endif
