/* Reading a KeePass database, see kdbx.h. */
#include "field-client/password_files/kdbx_format.h"

#include "field-client/password_files/aes.h"
#include "field-client/password_files/gzip.h"
#include "shared/crypto/hash.h"

static enum cs_status wrong_key(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_WRONG_PASSPHRASE,
                          "wrong password or key file for the KeePass file");
}

static enum cs_status decrypt(const struct cs_kdbx_header *header, const struct cs_kdbx_keys *keys,
                              struct cs_bytes ciphertext, struct cs_buffer *out)
{
    if (header->cipher == CS_KDBX_AES256) {
        return cs_aes_cbc_decrypt(keys->cipher, header->iv.data, ciphertext, out);
    }
    struct cs_stream stream;
    cs_buffer_append_bytes(out, ciphertext);
    cs_stream_init(&stream, CS_STREAM_CHACHA20, keys->cipher, header->iv.data);
    bool applied = out->status == CS_OK && cs_stream_apply(&stream, out->data, out->size);
    cs_stream_release(&stream);
    return out->status != CS_OK ? out->status : applied ? CS_OK : CS_LIMIT;
}

/* The content as it was before compression. */
static enum cs_status unpack(const struct cs_kdbx_header *header, struct cs_bytes packed,
                             struct cs_buffer *out, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    if (header->is_compressed) {
        status = cs_gunzip(packed, out);
    } else {
        cs_buffer_append_bytes(out, packed);
        status = out->status;
    }
    if (status == CS_LIMIT) {
        return cs_problem_set(problem, CS_LIMIT,
                              "unpacked, the KeePass file has more than %zu bytes", out->limit);
    }
    return status == CS_MALFORMED
               ? cs_problem_set(problem, status,
                                "the compressed part of the KeePass file is damaged")
               : status;
}

/* KDBX 4: header's hash, header's HMAC, blocks. Whatever is behind is what the owner of the password wrote. */
static enum cs_status authenticate_4(const struct cs_kdbx_header *header,
                                     const struct cs_kdbx_keys *keys, struct cs_bytes hmac,
                                     struct cs_problem *problem)
{
    uint8_t expected[CS_SHA256_SIZE];
    cs_kdbx_block_hmac(keys, CS_KDBX_HEADER_BLOCK, &header->raw, 1, expected);
    return cs_secret_equal(hmac, cs_bytes_of_array(expected)) ? CS_OK : wrong_key(problem);
}

static enum cs_status check_header_hash(const struct cs_kdbx_header *header, struct cs_bytes hash,
                                        struct cs_problem *problem)
{
    uint8_t expected[CS_SHA256_SIZE];
    cs_sha256(header->raw, expected);
    return cs_bytes_equal(hash, cs_bytes_of_array(expected))
               ? CS_OK
               : cs_problem_set(problem, CS_MALFORMED, "the header of the KeePass file is damaged");
}

/* Three stages of content, each wiped with its buffer. */
struct stages {
    struct cs_buffer encrypted;
    struct cs_buffer packed;
    struct cs_buffer content;
};

static void stages_init(struct stages *stages)
{
    cs_buffer_init(&stages->encrypted, CS_PASSWORD_FILE_MAX);
    cs_buffer_init(&stages->packed, CS_PASSWORD_FILE_MAX);
    cs_buffer_init(&stages->content, CS_PASSWORD_FILE_UNPACKED_MAX);
}

static void stages_release(struct stages *stages)
{
    cs_buffer_release(&stages->encrypted);
    cs_buffer_release(&stages->packed);
    cs_buffer_release(&stages->content);
}

static enum cs_status read_4(const struct cs_kdbx_header *header, const struct cs_kdbx_key *key,
                             struct stages *stages, struct cs_password_list *list,
                             struct cs_problem *problem)
{
    struct cs_kdbx_keys keys;
    struct cs_reader reader;
    cs_reader_init(&reader, header->rest);
    struct cs_bytes hash = cs_read_bytes(&reader, CS_SHA256_SIZE);
    struct cs_bytes hmac = cs_read_bytes(&reader, CS_SHA256_SIZE);
    if (reader.status != CS_OK) {
        return cs_problem_set(problem, CS_MALFORMED, "the KeePass file is cut short");
    }
    enum cs_status status = check_header_hash(header, hash, problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_kdbx_keys_derive(key, &header->derivation, header->master_seed, &keys, problem);
    if (status != CS_OK) {
        return status;
    }
    status = authenticate_4(header, &keys, hmac, problem);
    if (status == CS_OK) {
        status = cs_kdbx_blocks_read(&keys, reader.rest, &stages->encrypted, problem);
    }
    if (status == CS_OK) {
        status = decrypt(header, &keys, cs_buffer_bytes(&stages->encrypted), &stages->packed);
        status = status == CS_FORGED || status == CS_MALFORMED
                     ? cs_problem_set(problem, CS_MALFORMED,
                                      "the encrypted part of the KeePass file has no valid end")
                     : status;
    }
    cs_wipe(&keys, sizeof keys);
    if (status == CS_OK) {
        status = unpack(header, cs_buffer_bytes(&stages->packed), &stages->content, problem);
    }
    return status == CS_OK ? cs_kdbx_inner_read(cs_buffer_bytes(&stages->content), list, problem)
                           : status;
}

/* KDBX 3.1 has no HMAC: 32 bytes of the header at the start of the plaintext tell the right password. */
static enum cs_status decrypt_3(const struct cs_kdbx_header *header, const struct cs_kdbx_key *key,
                                struct cs_buffer *out, struct cs_problem *problem)
{
    struct cs_kdbx_keys keys;
    enum cs_status status =
        cs_kdbx_keys_derive(key, &header->derivation, header->master_seed, &keys, problem);
    if (status != CS_OK) {
        return status;
    }
    status = decrypt(header, &keys, header->rest, out);
    cs_wipe(&keys, sizeof keys);
    if (status == CS_MALFORMED) {
        return cs_problem_set(problem, CS_MALFORMED, "the KeePass file is cut short");
    }
    if (status == CS_OK &&
        (out->size < header->stream_start.size ||
         !cs_secret_equal(header->stream_start,
                          cs_bytes_make(out->data, header->stream_start.size)))) {
        status = CS_FORGED;
    }
    return status == CS_FORGED
               ? cs_problem_set(problem, CS_WRONG_PASSPHRASE,
                                "wrong password or key file for the KeePass file, or it is damaged")
               : status;
}

static enum cs_status read_3(const struct cs_kdbx_header *header, const struct cs_kdbx_key *key,
                             struct stages *stages, struct cs_password_list *list,
                             struct cs_problem *problem)
{
    struct cs_stream stream;
    enum cs_status status = decrypt_3(header, key, &stages->encrypted, problem);
    if (status == CS_OK) {
        struct cs_bytes blocks = cs_buffer_bytes(&stages->encrypted);
        blocks.data += header->stream_start.size;
        blocks.size -= header->stream_start.size;
        status = cs_kdbx_hashed_blocks_read(blocks, &stages->packed, problem);
    }
    if (status == CS_OK) {
        status = unpack(header, cs_buffer_bytes(&stages->packed), &stages->content, problem);
    }
    if (status == CS_OK) {
        status = cs_kdbx_stream_init(header->stream_id, header->stream_key, &stream, problem);
    }
    if (status == CS_OK) {
        status = cs_kdbx_document_read(cs_buffer_bytes(&stages->content), &stream, &header->raw,
                                       list, problem);
        cs_stream_release(&stream);
    }
    return status;
}

enum cs_status cs_kdbx_read(struct cs_bytes file, const struct cs_kdbx_key *key,
                            const struct cs_key_derivation_bounds *bounds,
                            struct cs_password_list *list, struct cs_problem *problem)
{
    struct cs_kdbx_header header;
    struct stages stages;
    if (file.size > CS_PASSWORD_FILE_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "the file has %zu bytes, at most %zu are read",
                              file.size, CS_PASSWORD_FILE_MAX);
    }
    enum cs_status status = cs_kdbx_header_read(file, &header, problem);
    status =
        status == CS_OK ? cs_key_derivation_check(&header.derivation, bounds, problem) : status;
    if (status != CS_OK) {
        return status;
    }
    stages_init(&stages);
    status = header.major == 4 ? read_4(&header, key, &stages, list, problem)
                               : read_3(&header, key, &stages, list, problem);
    stages_release(&stages);
    return status == CS_OK ? cs_password_list_check_ids(list, problem) : status;
}
