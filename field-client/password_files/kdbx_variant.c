/* The dictionary of variants in a KDBX 4 header, which names the derivation of the key, see kdbx_format.h. */
#include "field-client/password_files/kdbx_format.h"

#include <string.h>

#define DICTIONARY_VERSION 0x0100u
#define DICTIONARY_VERSION_MASK 0xff00u
#define ITEMS_MAX 64

enum variant_type {
    VARIANT_END = 0,
    VARIANT_U32 = 0x04,
    VARIANT_U64 = 0x05,
    VARIANT_BOOLEAN = 0x08,
    VARIANT_I32 = 0x0c,
    VARIANT_I64 = 0x0d,
    VARIANT_TEXT = 0x18,
    VARIANT_BYTES = 0x42,
};

static const uint8_t kdf_aes_3[CS_KDBX_UUID_SIZE] = {
    0xc9, 0xd9, 0xf3, 0x9a, 0x62, 0x8a, 0x44, 0x60, 0xbf, 0x74, 0x0d, 0x08, 0xc1, 0x8a, 0x4f, 0xea};
static const uint8_t kdf_aes_4[CS_KDBX_UUID_SIZE] = {
    0x7c, 0x02, 0xbb, 0x82, 0x79, 0xa7, 0x4a, 0xc0, 0x92, 0x7d, 0x11, 0x4a, 0x00, 0x64, 0x82, 0x38};
static const uint8_t kdf_argon2d[CS_KDBX_UUID_SIZE] = {
    0xef, 0x63, 0x6d, 0xdf, 0x8c, 0x29, 0x44, 0x4b, 0x91, 0xf7, 0xa9, 0xa4, 0x03, 0xe3, 0x0a, 0x0c};
const uint8_t cs_kdbx_kdf_argon2id[CS_KDBX_UUID_SIZE] = {
    0x9e, 0x29, 0x8b, 0x19, 0x56, 0xdb, 0x47, 0x73, 0xb2, 0x3d, 0xfc, 0x3e, 0xc6, 0xf0, 0xa1, 0xe6};

struct variant {
    uint8_t type;
    struct cs_bytes name;
    struct cs_bytes value;
};

struct dictionary {
    struct variant items[ITEMS_MAX];
    size_t count;
};

static enum cs_status damaged(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_MALFORMED,
                          "the key derivation in the header of the KeePass file is damaged");
}

static enum cs_status read_dictionary(struct cs_bytes bytes, struct dictionary *out,
                                      struct cs_problem *problem)
{
    struct cs_reader reader;
    cs_reader_init(&reader, bytes);
    uint64_t version = cs_kdbx_read_number(&reader, 2);
    out->count = 0;
    if ((version & DICTIONARY_VERSION_MASK) > DICTIONARY_VERSION) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the key derivation of the KeePass file is in a newer form");
    }
    for (uint8_t type = cs_read_u8(&reader); reader.status == CS_OK && type != VARIANT_END;
         type = cs_read_u8(&reader)) {
        if (out->count == ITEMS_MAX) {
            return damaged(problem);
        }
        struct variant *item = &out->items[out->count++];
        item->type = type;
        item->name = cs_read_bytes(&reader, (size_t)cs_kdbx_read_number(&reader, 4));
        item->value = cs_read_bytes(&reader, (size_t)cs_kdbx_read_number(&reader, 4));
    }
    return cs_reader_finish(&reader) == CS_OK ? CS_OK : damaged(problem);
}

static const struct variant *find(const struct dictionary *dictionary, const char *name)
{
    for (size_t i = 0; i < dictionary->count; i++) {
        if (cs_bytes_equal_text(dictionary->items[i].name, name)) {
            return &dictionary->items[i];
        }
    }
    return NULL;
}

static struct cs_bytes bytes_of(const struct dictionary *dictionary, const char *name)
{
    const struct variant *item = find(dictionary, name);
    return item == NULL || item->type != VARIANT_BYTES ? CS_BYTES_NONE : item->value;
}

/* An unsigned number of that type; 0 where there is none, which no derivation takes. */
static uint64_t number_of(const struct dictionary *dictionary, const char *name,
                          enum variant_type type)
{
    const struct variant *item = find(dictionary, name);
    if (item == NULL || item->type != type || item->value.size != (type == VARIANT_U32 ? 4u : 8u)) {
        return 0;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, item->value);
    return cs_kdbx_read_number(&reader, item->value.size);
}

static bool is_uuid(struct cs_bytes bytes, const uint8_t uuid[static CS_KDBX_UUID_SIZE])
{
    return cs_bytes_equal(bytes, cs_bytes_make(uuid, CS_KDBX_UUID_SIZE));
}

static enum cs_status read_argon2(const struct dictionary *dictionary,
                                  enum cs_key_derivation_kind kind, struct cs_key_derivation *out,
                                  struct cs_problem *problem)
{
    uint64_t memory_bytes = number_of(dictionary, "M", VARIANT_U64);
    if (bytes_of(dictionary, "K").size > 0 || bytes_of(dictionary, "A").size > 0) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the key derivation of the KeePass file has a secret key or "
                              "associated data, which are not read");
    }
    *out = (struct cs_key_derivation){
        .kind = kind,
        .passes = number_of(dictionary, "I", VARIANT_U64),
        .memory_kib = memory_bytes / 1024,
        .lanes = number_of(dictionary, "P", VARIANT_U32),
        .version = (uint32_t)number_of(dictionary, "V", VARIANT_U32),
        .salt = bytes_of(dictionary, "S"),
    };
    return CS_OK;
}

enum cs_status cs_kdbx_derivation_read(struct cs_bytes dictionary, struct cs_key_derivation *out,
                                       struct cs_problem *problem)
{
    struct dictionary read;
    enum cs_status status = read_dictionary(dictionary, &read, problem);
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes uuid = bytes_of(&read, "$UUID");
    if (is_uuid(uuid, kdf_argon2d)) {
        return read_argon2(&read, CS_KEY_BY_ARGON2D, out, problem);
    }
    if (is_uuid(uuid, cs_kdbx_kdf_argon2id)) {
        return read_argon2(&read, CS_KEY_BY_ARGON2ID, out, problem);
    }
    if (!is_uuid(uuid, kdf_aes_3) && !is_uuid(uuid, kdf_aes_4)) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the key of the KeePass file is derived in an unknown way");
    }
    *out = (struct cs_key_derivation){
        .kind = CS_KEY_BY_AES,
        .passes = number_of(&read, "R", VARIANT_U64),
        .salt = bytes_of(&read, "S"),
    };
    return CS_OK;
}

static void append_item(struct cs_buffer *out, enum variant_type type, const char *name,
                        struct cs_bytes value)
{
    cs_buffer_append_u8(out, (uint8_t)type);
    cs_kdbx_append_number(out, strlen(name), 4);
    cs_buffer_append_text(out, name);
    cs_kdbx_append_number(out, value.size, 4);
    cs_buffer_append_bytes(out, value);
}

static void append_number_item(struct cs_buffer *out, enum variant_type type, const char *name,
                               uint64_t number)
{
    uint8_t storage[8];
    size_t size = type == VARIANT_U32 ? 4 : 8;
    for (size_t i = 0; i < size; i++) {
        storage[i] = (uint8_t)(number >> (8 * i));
    }
    append_item(out, type, name, cs_bytes_make(storage, size));
}

void cs_kdbx_derivation_write(const struct cs_key_derivation *argon2id, struct cs_buffer *out)
{
    cs_kdbx_append_number(out, DICTIONARY_VERSION, 2);
    append_item(out, VARIANT_BYTES, "$UUID", cs_bytes_of_array(cs_kdbx_kdf_argon2id));
    append_item(out, VARIANT_BYTES, "S", argon2id->salt);
    append_number_item(out, VARIANT_U32, "P", argon2id->lanes);
    append_number_item(out, VARIANT_U64, "M", argon2id->memory_kib * 1024);
    append_number_item(out, VARIANT_U64, "I", argon2id->passes);
    append_number_item(out, VARIANT_U32, "V", argon2id->version);
    cs_buffer_append_u8(out, VARIANT_END);
}
