/* Outer header of a KeePass database, see kdbx_format.h. */
#include "field-client/password_files/kdbx_format.h"

#include <inttypes.h>
#include <string.h>

const uint8_t cs_kdbx_cipher_aes[CS_KDBX_UUID_SIZE] = {
    0x31, 0xc1, 0xf2, 0xe6, 0xbf, 0x71, 0x43, 0x50, 0xbe, 0x58, 0x05, 0x21, 0x6a, 0xfc, 0x5a, 0xff};
const uint8_t cs_kdbx_cipher_chacha20[CS_KDBX_UUID_SIZE] = {
    0xd6, 0x03, 0x8a, 0x2b, 0x8b, 0x6f, 0x4c, 0xb5, 0xa5, 0x24, 0x33, 0x9a, 0x31, 0xdb, 0xb5, 0x9a};
static const uint8_t cipher_twofish[CS_KDBX_UUID_SIZE] = {
    0xad, 0x68, 0xf2, 0x9f, 0x57, 0x6f, 0x4b, 0xb9, 0xa3, 0x6a, 0xd4, 0x7a, 0xf9, 0x65, 0x34, 0x6c};

/* The first version of the format had another second number. */
#define KDB_SIGNATURE_2 0xb54bfb65u
#define VERSION_3_1 0x00030001u
#define AES_IV_SIZE 16
#define CHACHA20_IV_SIZE 12

uint64_t cs_kdbx_read_number(struct cs_reader *reader, size_t size)
{
    struct cs_bytes bytes = cs_read_bytes(reader, size);
    uint64_t number = 0;
    for (size_t i = bytes.size; i > 0; i--) {
        number = number << 8 | bytes.data[i - 1];
    }
    return number;
}

void cs_kdbx_append_number(struct cs_buffer *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        cs_buffer_append_u8(out, (uint8_t)(number >> (8 * i)));
    }
}

static enum cs_status malformed(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_MALFORMED, "the header of the KeePass file is damaged");
}

static bool is_uuid(struct cs_bytes bytes, const uint8_t uuid[static CS_KDBX_UUID_SIZE])
{
    return cs_bytes_equal(bytes, cs_bytes_make(uuid, CS_KDBX_UUID_SIZE));
}

static enum cs_status read_version(struct cs_reader *reader, unsigned *out_major,
                                   struct cs_problem *problem)
{
    uint64_t first = cs_kdbx_read_number(reader, 4);
    uint64_t second = cs_kdbx_read_number(reader, 4);
    uint32_t version = (uint32_t)cs_kdbx_read_number(reader, 4);
    if (reader->status != CS_OK || first != CS_KDBX_SIGNATURE_1) {
        return cs_problem_set(problem, CS_MALFORMED, "this is not a KeePass file");
    }
    if (second == KDB_SIGNATURE_2) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the file is of KeePass 1 (KDB): save it as KDBX with KeePass 2");
    }
    if (second != CS_KDBX_SIGNATURE_2) {
        return cs_problem_set(problem, CS_MALFORMED, "this is not a KeePass file");
    }
    *out_major = version >> 16;
    if (version != VERSION_3_1 && *out_major != 4) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "KDBX %" PRIu32 ".%" PRIu32 " is not read, only 3.1 and 4",
                              version >> 16, version & 0xffffu);
    }
    return CS_OK;
}

/* Sizes that the version fixes; 0 = any. */
static size_t wanted_size(unsigned field)
{
    switch (field) {
    case CS_KDBX_FIELD_CIPHER:
        return CS_KDBX_UUID_SIZE;
    case CS_KDBX_FIELD_COMPRESSION:
    case CS_KDBX_FIELD_STREAM_ID:
        return 4;
    case CS_KDBX_FIELD_TRANSFORM_ROUNDS:
        return 8;
    case CS_KDBX_FIELD_MASTER_SEED:
    case CS_KDBX_FIELD_TRANSFORM_SEED:
    case CS_KDBX_FIELD_STREAM_START:
        return CS_KDBX_SEED_SIZE;
    default:
        return 0;
    }
}

/* All fields up to the end mark; one that comes twice is refused, an unknown one skipped. */
static enum cs_status read_fields(struct cs_reader *reader, unsigned major,
                                  struct cs_bytes fields[static CS_KDBX_FIELD_COUNT],
                                  struct cs_problem *problem)
{
    for (unsigned type = CS_KDBX_FIELD_COUNT; type != CS_KDBX_FIELD_END;) {
        type = cs_read_u8(reader);
        uint64_t size = cs_kdbx_read_number(reader, major == 4 ? 4 : 2);
        if (reader->status == CS_OK && size > CS_PASSWORD_HEADER_FIELD_MAX) {
            return cs_problem_set(problem, CS_LIMIT,
                                  "a field of the file's header has %" PRIu64
                                  " bytes, at most %zu are read",
                                  size, CS_PASSWORD_HEADER_FIELD_MAX);
        }
        struct cs_bytes content = cs_read_bytes(reader, (size_t)size);
        if (reader->status != CS_OK) {
            return malformed(problem);
        }
        if (type >= CS_KDBX_FIELD_COUNT) {
            continue;
        }
        if (fields[type].data != NULL ||
            (wanted_size(type) != 0 && content.size != wanted_size(type))) {
            return malformed(problem);
        }
        fields[type] = content;
    }
    return CS_OK;
}

static uint64_t number_of(struct cs_bytes field)
{
    struct cs_reader reader;
    cs_reader_init(&reader, field);
    return cs_kdbx_read_number(&reader, field.size);
}

static enum cs_status set_cipher(struct cs_kdbx_header *header, struct cs_bytes uuid,
                                 struct cs_problem *problem)
{
    if (is_uuid(uuid, cipher_twofish)) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the file is encrypted with Twofish, which is not read: choose AES "
                              "or ChaCha20 in the database settings");
    }
    if (!is_uuid(uuid, cs_kdbx_cipher_aes) && !is_uuid(uuid, cs_kdbx_cipher_chacha20)) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the file is encrypted with an unknown cipher");
    }
    bool is_aes = is_uuid(uuid, cs_kdbx_cipher_aes);
    header->cipher = is_aes ? CS_KDBX_AES256 : CS_KDBX_CHACHA20;
    return header->iv.size == (is_aes ? AES_IV_SIZE : CHACHA20_IV_SIZE) ? CS_OK
                                                                        : malformed(problem);
}

/* What both versions have. */
static enum cs_status set_common(struct cs_kdbx_header *header, const struct cs_bytes *fields,
                                 struct cs_problem *problem)
{
    if (fields[CS_KDBX_FIELD_CIPHER].data == NULL || fields[CS_KDBX_FIELD_IV].data == NULL ||
        fields[CS_KDBX_FIELD_MASTER_SEED].data == NULL ||
        fields[CS_KDBX_FIELD_COMPRESSION].data == NULL) {
        return malformed(problem);
    }
    uint64_t compression = number_of(fields[CS_KDBX_FIELD_COMPRESSION]);
    if (compression > 1) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the file is compressed in an unknown way (%" PRIu64 ")",
                              compression);
    }
    header->is_compressed = compression == 1;
    header->master_seed = fields[CS_KDBX_FIELD_MASTER_SEED];
    header->iv = fields[CS_KDBX_FIELD_IV];
    return set_cipher(header, fields[CS_KDBX_FIELD_CIPHER], problem);
}

static enum cs_status set_version_3(struct cs_kdbx_header *header, const struct cs_bytes *fields,
                                    struct cs_problem *problem)
{
    static const enum cs_kdbx_field needed[] = {
        CS_KDBX_FIELD_TRANSFORM_SEED, CS_KDBX_FIELD_TRANSFORM_ROUNDS, CS_KDBX_FIELD_STREAM_KEY,
        CS_KDBX_FIELD_STREAM_START, CS_KDBX_FIELD_STREAM_ID};
    for (size_t i = 0; i < CS_COUNT(needed); i++) {
        if (fields[needed[i]].data == NULL) {
            return malformed(problem);
        }
    }
    header->derivation = (struct cs_key_derivation){
        .kind = CS_KEY_BY_AES,
        .passes = number_of(fields[CS_KDBX_FIELD_TRANSFORM_ROUNDS]),
        .salt = fields[CS_KDBX_FIELD_TRANSFORM_SEED],
    };
    header->stream_key = fields[CS_KDBX_FIELD_STREAM_KEY];
    header->stream_start = fields[CS_KDBX_FIELD_STREAM_START];
    header->stream_id = number_of(fields[CS_KDBX_FIELD_STREAM_ID]);
    return CS_OK;
}

enum cs_status cs_kdbx_header_read(struct cs_bytes file, struct cs_kdbx_header *out,
                                   struct cs_problem *problem)
{
    struct cs_bytes fields[CS_KDBX_FIELD_COUNT] = {{NULL, 0}};
    struct cs_kdbx_header header = {0};
    struct cs_reader reader;
    cs_reader_init(&reader, file);
    enum cs_status status = read_version(&reader, &header.major, problem);
    status = status == CS_OK ? read_fields(&reader, header.major, fields, problem) : status;
    status = status == CS_OK ? set_common(&header, fields, problem) : status;
    if (status == CS_OK && header.major == 3) {
        status = set_version_3(&header, fields, problem);
    } else if (status == CS_OK) {
        status =
            fields[CS_KDBX_FIELD_KDF].data == NULL
                ? malformed(problem)
                : cs_kdbx_derivation_read(fields[CS_KDBX_FIELD_KDF], &header.derivation, problem);
    }
    if (status == CS_OK) {
        header.rest = reader.rest;
        header.raw = cs_bytes_make(file.data, file.size - reader.rest.size);
        *out = header;
    }
    return status;
}
