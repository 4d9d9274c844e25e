/*
 * Attachments: a file cut into chunks, each encrypted and named by its hash (FORMAT.md). Pure.
 *
 * Used by the client, which encrypts, stores and opens, and by the server, which verifies what it is given and stores it.
 *
 * What must stay true: nothing is kept or handed on that is not verified against the address, which stands in a signed row; and no
 * chunk opens in another place, in another file, or in another organisation.
 */
#ifndef CS_ATTACHMENT_ATTACHMENT_H
#define CS_ATTACHMENT_ATTACHMENT_H

#include "shared/crypto/aead.h"
#include "shared/crypto/hash.h"

#define CS_ATTACHMENT_KEY_SIZE CS_AEAD_KEY_SIZE

/* How a file is cut. */
struct cs_attachment_form {
    uint64_t size;       /* of the file, bytes; may be 0 */
    uint64_t chunk_size; /* of a chunk before encryption, but for the last one */
};

/* Everything below asks for a form that passes this. CS_TOO_LARGE: too many bytes or chunks; CS_INVALID: no chunk size of ours. */
enum cs_status cs_attachment_form_check(const struct cs_attachment_form *form) CS_MUST_USE;
/* At least 1: an empty file has one empty chunk. */
size_t cs_attachment_chunk_count(const struct cs_attachment_form *form);
/* Bytes of chunk `index` before encryption, and after. */
size_t cs_attachment_chunk_plain_size(const struct cs_attachment_form *form, size_t index);
size_t cs_attachment_chunk_size(const struct cs_attachment_form *form, size_t index);
/* All of it as it is stored: the list of chunk hashes, then the chunks. */
uint64_t cs_attachment_stored_size(const struct cs_attachment_form *form);
size_t cs_attachment_list_size(const struct cs_attachment_form *form);
/* Where chunk `index` stands in that. */
uint64_t cs_attachment_chunk_offset(const struct cs_attachment_form *form, size_t index);

/* What a chunk is bound to. */
struct cs_attachment_place {
    const uint8_t *organisation; /* 32 bytes */
    struct cs_attachment_form form;
    size_t index;
};
/* Appends the chunk. `nonce` is fresh and random, `key` the file's own. CS_INVALID: not as many bytes as stand in this place. */
enum cs_status cs_attachment_chunk_seal(struct cs_bytes key,
                                        const struct cs_attachment_place *place,
                                        struct cs_bytes plain,
                                        const uint8_t nonce[static CS_AEAD_NONCE_SIZE],
                                        struct cs_buffer *out) CS_MUST_USE;
/* Appends what was in it. CS_MALFORMED: another size than that of this place; CS_FORGED: another key or place, or altered. */
enum cs_status cs_attachment_chunk_open(struct cs_bytes key,
                                        const struct cs_attachment_place *place,
                                        struct cs_bytes chunk, struct cs_buffer *out) CS_MUST_USE;

/* Of a chunk as it is stored. */
void cs_attachment_chunk_hash(struct cs_bytes chunk, uint8_t out[static CS_HASH_SIZE]);
/* Of form and list. */
void cs_attachment_address(const struct cs_attachment_form *form, struct cs_bytes list,
                           uint8_t out[static CS_HASH_SIZE]);
/* Is this the list of the file with this address? CS_MALFORMED (its size), CS_FORGED. */
enum cs_status cs_attachment_list_check(const struct cs_attachment_form *form,
                                        const uint8_t address[static CS_HASH_SIZE],
                                        struct cs_bytes list) CS_MUST_USE;
/* Is this chunk `index` of the list, which was checked? CS_MALFORMED (no such place, or its size), CS_FORGED. */
enum cs_status cs_attachment_chunk_check(const struct cs_attachment_form *form,
                                         struct cs_bytes list, size_t index,
                                         struct cs_bytes chunk) CS_MUST_USE;

#endif
