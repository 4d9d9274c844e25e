/* Writing a KeePass database, see kdbx.h. */
#include "field-client/password_files/kdbx_format.h"

#include "field-client/password_files/aes.h"
#include "field-client/password_files/gzip.h"
#include "shared/crypto/hash.h"

#include <inttypes.h>

#define VERSION_4_0 0x00040000u
#define ARGON2_VERSION_1_3 0x13u
#define INNER_KEY_SIZE 64
#define PASSES_MIN 2u

/* Everything random in a file. */
struct fresh {
    uint8_t master_seed[CS_KDBX_SEED_SIZE];
    uint8_t salt[CS_KDBX_SEED_SIZE];
    uint8_t iv[CS_AES_BLOCK_SIZE];
    uint8_t inner_key[INNER_KEY_SIZE];
};

struct cs_kdbx_options cs_kdbx_options_default(void)
{
    return (struct cs_kdbx_options){
        .cipher = CS_KDBX_CHACHA20, .memory_kib = (uint64_t)64 * 1024, .passes = 10, .lanes = 2};
}

static enum cs_status check_options(const struct cs_kdbx_options *options,
                                    const struct cs_kdbx_key *key,
                                    const struct cs_key_derivation *derivation,
                                    struct cs_problem *problem)
{
    bool is_empty = key->key_file.data == NULL && key->password.size == 0;
    if (is_empty) {
        return cs_problem_set(problem, CS_USAGE, "a KeePass file needs a password or a key file");
    }
    if (options->memory_kib < CS_KDBX_MEMORY_KIB_MIN || options->passes < PASSES_MIN) {
        return cs_problem_set(problem, CS_INVALID,
                              "a KeePass file is written with at least %" PRIu64
                              " KiB of memory and %u passes",
                              CS_KDBX_MEMORY_KIB_MIN, PASSES_MIN);
    }
    return cs_key_derivation_check(derivation, NULL, problem) == CS_OK ? CS_OK : CS_INVALID;
}

static void put_field(struct cs_buffer *out, unsigned type, struct cs_bytes content)
{
    cs_buffer_append_u8(out, (uint8_t)type);
    cs_kdbx_append_number(out, content.size, 4);
    cs_buffer_append_bytes(out, content);
}

static struct cs_bytes iv_of(const struct cs_kdbx_options *options, const struct fresh *fresh)
{
    return cs_bytes_make(fresh->iv, options->cipher == CS_KDBX_AES256 ? 16 : 12);
}

static void put_header(struct cs_buffer *out, const struct cs_kdbx_options *options,
                       const struct cs_key_derivation *derivation, const struct fresh *fresh)
{
    static const uint8_t gzip[4] = {1, 0, 0, 0};
    struct cs_buffer dictionary;
    cs_buffer_init(&dictionary, CS_KIBI);
    cs_kdbx_derivation_write(derivation, &dictionary);
    cs_kdbx_append_number(out, CS_KDBX_SIGNATURE_1, 4);
    cs_kdbx_append_number(out, CS_KDBX_SIGNATURE_2, 4);
    cs_kdbx_append_number(out, VERSION_4_0, 4);
    put_field(out, CS_KDBX_FIELD_CIPHER,
              cs_bytes_make(options->cipher == CS_KDBX_AES256 ? cs_kdbx_cipher_aes
                                                              : cs_kdbx_cipher_chacha20,
                            CS_KDBX_UUID_SIZE));
    put_field(out, CS_KDBX_FIELD_COMPRESSION, cs_bytes_of_array(gzip));
    put_field(out, CS_KDBX_FIELD_MASTER_SEED, cs_bytes_of_array(fresh->master_seed));
    put_field(out, CS_KDBX_FIELD_IV, iv_of(options, fresh));
    put_field(out, CS_KDBX_FIELD_KDF, cs_buffer_bytes(&dictionary));
    put_field(out, CS_KDBX_FIELD_END, cs_bytes_of_text("\r\n\r\n"));
    if (out->status == CS_OK) {
        out->status = dictionary.status;
    }
    cs_buffer_release(&dictionary);
}

/* Inner header and document, packed. */
static enum cs_status pack(const struct cs_password_list *list, const struct fresh *fresh,
                           const struct cs_world *world, struct cs_buffer *out)
{
    static const uint8_t chacha20[4] = {CS_KDBX_STREAM_CHACHA20, 0, 0, 0};
    struct cs_buffer content;
    struct cs_stream stream;
    cs_buffer_init(&content, CS_PASSWORD_FILE_UNPACKED_MAX);
    put_field(&content, CS_KDBX_INNER_STREAM_ID, cs_bytes_of_array(chacha20));
    put_field(&content, CS_KDBX_INNER_STREAM_KEY, cs_bytes_of_array(fresh->inner_key));
    put_field(&content, CS_KDBX_INNER_END, CS_BYTES_NONE);
    enum cs_status status = cs_kdbx_stream_init(CS_KDBX_STREAM_CHACHA20,
                                                cs_bytes_of_array(fresh->inner_key), &stream, NULL);
    if (status == CS_OK) {
        status = cs_kdbx_document_write(list, &stream, world, &content);
        cs_stream_release(&stream);
    }
    status = status == CS_OK ? cs_gzip(cs_buffer_bytes(&content), out) : status;
    cs_buffer_release(&content);
    return status;
}

static enum cs_status encrypt(const struct cs_kdbx_options *options, const struct fresh *fresh,
                              const struct cs_kdbx_keys *keys, struct cs_bytes packed,
                              struct cs_buffer *out)
{
    if (options->cipher == CS_KDBX_AES256) {
        return cs_aes_cbc_encrypt(keys->cipher, fresh->iv, packed, out);
    }
    struct cs_stream stream;
    cs_buffer_append_bytes(out, packed);
    cs_stream_init(&stream, CS_STREAM_CHACHA20, keys->cipher, fresh->iv);
    bool applied = out->status == CS_OK && cs_stream_apply(&stream, out->data, out->size);
    cs_stream_release(&stream);
    return out->status != CS_OK ? out->status : applied ? CS_OK : CS_LIMIT;
}

/* Header, its hash and HMAC, and the blocks. */
static enum cs_status put_file(const struct cs_kdbx_options *options,
                               const struct cs_key_derivation *derivation,
                               const struct fresh *fresh, const struct cs_kdbx_keys *keys,
                               struct cs_bytes packed, struct cs_buffer *out)
{
    struct cs_buffer header;
    struct cs_buffer encrypted;
    uint8_t sum[CS_SHA256_SIZE];
    cs_buffer_init(&header, CS_KIBI);
    cs_buffer_init(&encrypted, CS_PASSWORD_FILE_MAX);
    put_header(&header, options, derivation, fresh);
    enum cs_status status = header.status;
    if (status == CS_OK) {
        status = encrypt(options, fresh, keys, packed, &encrypted);
    }
    if (status == CS_OK) {
        struct cs_bytes bytes = cs_buffer_bytes(&header);
        cs_buffer_append_bytes(out, bytes);
        cs_sha256(bytes, sum);
        cs_buffer_append(out, sum, sizeof sum);
        cs_kdbx_block_hmac(keys, CS_KDBX_HEADER_BLOCK, &bytes, 1, sum);
        cs_buffer_append(out, sum, sizeof sum);
        cs_kdbx_blocks_write(keys, cs_buffer_bytes(&encrypted), out);
        status = out->status;
    }
    cs_buffer_release(&header);
    cs_buffer_release(&encrypted);
    return status;
}

static enum cs_status write_file(const struct cs_password_list *list, const struct cs_kdbx_key *key,
                                 const struct cs_kdbx_options *options,
                                 const struct cs_key_derivation *derivation,
                                 const struct fresh *fresh, const struct cs_world *world,
                                 struct cs_buffer *out, struct cs_problem *problem)
{
    struct cs_buffer packed;
    struct cs_kdbx_keys keys;
    size_t size_before = out->size;
    cs_buffer_init(&packed, CS_PASSWORD_FILE_MAX);
    enum cs_status status = pack(list, fresh, world, &packed);
    if (status == CS_OK) {
        status = cs_kdbx_keys_derive(key, derivation, cs_bytes_of_array(fresh->master_seed), &keys,
                                     problem);
    }
    if (status == CS_OK) {
        status = put_file(options, derivation, fresh, &keys, cs_buffer_bytes(&packed), out);
        cs_wipe(&keys, sizeof keys);
    }
    cs_buffer_release(&packed);
    if (status != CS_OK && out->size > size_before) {
        out->size = size_before;
    }
    return status;
}

enum cs_status cs_kdbx_write(const struct cs_password_list *list, const struct cs_kdbx_key *key,
                             const struct cs_kdbx_options *options, const struct cs_world *world,
                             struct cs_buffer *out, struct cs_problem *problem)
{
    struct fresh fresh;
    const struct cs_key_derivation derivation = {.kind = CS_KEY_BY_ARGON2ID,
                                                 .passes = options->passes,
                                                 .memory_kib = options->memory_kib,
                                                 .lanes = options->lanes,
                                                 .version = ARGON2_VERSION_1_3,
                                                 .salt = cs_bytes_of_array(fresh.salt)};
    enum cs_status status = check_options(options, key, &derivation, problem);
    status = status == CS_OK ? cs_password_list_check_ids(list, problem) : status;
    if (status != CS_OK) {
        return status;
    }
    world->random(world->context, (uint8_t *)&fresh, sizeof fresh);
    status = write_file(list, key, options, &derivation, &fresh, world, out, problem);
    cs_wipe(&fresh, sizeof fresh);
    if (status == CS_LIMIT) {
        return cs_problem_set(problem, CS_LIMIT, "the KeePass file would have more than %zu bytes",
                              CS_PASSWORD_FILE_MAX);
    }
    return status;
}
