/* Blocks of a KeePass database, see kdbx_format.h. */
#include "field-client/password_files/kdbx_format.h"

#include "shared/crypto/hash.h"

#include <string.h>

#define WRITTEN_BLOCK_SIZE CS_MEBI

static void number_bytes(uint64_t number, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(number >> (8 * i));
    }
}

static enum cs_status cut_short(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_MALFORMED, "the KeePass file is cut short");
}

static enum cs_status was_changed(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_FORGED, "the KeePass file was changed or is damaged");
}

/* Each block has a key of its own: SHA-512 over its index and the key of all. */
void cs_kdbx_block_hmac(const struct cs_kdbx_keys *keys, uint64_t index,
                        const struct cs_bytes *parts, size_t count,
                        uint8_t out[static CS_SHA256_SIZE])
{
    uint8_t key[CS_SHA512_SIZE];
    uint8_t encoded[8];
    number_bytes(index, encoded, sizeof encoded);
    const struct cs_bytes key_parts[] = {cs_bytes_of_array(encoded), cs_bytes_of_array(keys->hmac)};
    cs_sha512_parts(key_parts, CS_COUNT(key_parts), key);
    cs_hmac_sha256_parts(cs_bytes_of_array(key), parts, count, out);
    cs_wipe(key, sizeof key);
}

static void content_hmac(const struct cs_kdbx_keys *keys, uint64_t index, struct cs_bytes content,
                         uint8_t out[static CS_SHA256_SIZE])
{
    uint8_t encoded[8];
    uint8_t size[4];
    number_bytes(index, encoded, sizeof encoded);
    number_bytes(content.size, size, sizeof size);
    const struct cs_bytes parts[] = {cs_bytes_of_array(encoded), cs_bytes_of_array(size), content};
    cs_kdbx_block_hmac(keys, index, parts, CS_COUNT(parts), out);
}

enum cs_status cs_kdbx_blocks_read(const struct cs_kdbx_keys *keys, struct cs_bytes blocks,
                                   struct cs_buffer *out, struct cs_problem *problem)
{
    struct cs_reader reader;
    struct cs_bytes content = {NULL, 1};
    cs_reader_init(&reader, blocks);
    for (uint64_t index = 0; content.size > 0; index++) {
        uint8_t expected[CS_SHA256_SIZE];
        struct cs_bytes hmac = cs_read_bytes(&reader, sizeof expected);
        content = cs_read_bytes(&reader, (size_t)cs_kdbx_read_number(&reader, 4));
        if (reader.status != CS_OK) {
            return cut_short(problem);
        }
        content_hmac(keys, index, content, expected);
        if (!cs_secret_equal(hmac, cs_bytes_of_array(expected))) {
            return was_changed(problem);
        }
        cs_buffer_append_bytes(out, content);
    }
    return cs_reader_finish(&reader) != CS_OK ? was_changed(problem) : out->status;
}

static void append_block(const struct cs_kdbx_keys *keys, uint64_t index, struct cs_bytes content,
                         struct cs_buffer *out)
{
    uint8_t hmac[CS_SHA256_SIZE];
    content_hmac(keys, index, content, hmac);
    cs_buffer_append(out, hmac, sizeof hmac);
    cs_kdbx_append_number(out, content.size, 4);
    cs_buffer_append_bytes(out, content);
}

void cs_kdbx_blocks_write(const struct cs_kdbx_keys *keys, struct cs_bytes content,
                          struct cs_buffer *out)
{
    uint64_t index = 0;
    for (size_t done = 0; done < content.size; index++) {
        size_t left = content.size - done;
        size_t size = left < WRITTEN_BLOCK_SIZE ? left : WRITTEN_BLOCK_SIZE;
        append_block(keys, index, cs_bytes_make(content.data + done, size), out);
        done += size;
    }
    append_block(keys, index, CS_BYTES_NONE, out);
}

enum cs_status cs_kdbx_hashed_blocks_read(struct cs_bytes blocks, struct cs_buffer *out,
                                          struct cs_problem *problem)
{
    struct cs_reader reader;
    struct cs_bytes content = {NULL, 1};
    cs_reader_init(&reader, blocks);
    for (uint64_t index = 0; content.size > 0; index++) {
        uint8_t expected[CS_SHA256_SIZE] = {0};
        uint64_t claimed = cs_kdbx_read_number(&reader, 4);
        struct cs_bytes hash = cs_read_bytes(&reader, sizeof expected);
        content = cs_read_bytes(&reader, (size_t)cs_kdbx_read_number(&reader, 4));
        if (reader.status != CS_OK) {
            return cut_short(problem);
        }
        /* The last one is empty, and its hash is zero. */
        if (content.size > 0) {
            cs_sha256(content, expected);
        }
        if (claimed != index || !cs_secret_equal(hash, cs_bytes_of_array(expected))) {
            return was_changed(problem);
        }
        cs_buffer_append_bytes(out, content);
    }
    return cs_reader_finish(&reader) != CS_OK ? was_changed(problem) : out->status;
}
