/* The layers of the identity file, see identity_file.h and the layout in identity.h. */
#include "field-client/replica/identity_file.h"

#include <string.h>

#define MAGIC "CSID"
#define MAGIC_SIZE 4
#define VERSION 1
/* Magic, version, memory, passes, salt. */
#define BOUND_SIZE (MAGIC_SIZE + 1 + 4 + 4 + CS_KDF_SALT_SIZE)
#define MASTER_LABEL "countersign identity master 1"
#define KEYS_LABEL "countersign identity keys 1"

static bool parameters_allowed(const struct cs_kdf_parameters *parameters)
{
    return parameters->memory_kib >= CS_KDF_MEMORY_KIB_MIN &&
           parameters->memory_kib <= CS_KDF_MEMORY_KIB_MAX &&
           parameters->passes >= CS_KDF_PASSES_MIN && parameters->passes <= CS_KDF_PASSES_MAX;
}

enum cs_status cs_identity_file_split(struct cs_bytes file, struct cs_identity_file *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, file);
    struct cs_bytes magic = cs_read_bytes(&reader, MAGIC_SIZE);
    uint8_t version = cs_read_u8(&reader);
    struct cs_identity_file split = {.bound = cs_bytes_make(file.data, BOUND_SIZE)};
    split.parameters.memory_kib = cs_read_u32(&reader);
    split.parameters.passes = cs_read_u32(&reader);
    cs_read_copy(&reader, split.parameters.salt, CS_KDF_SALT_SIZE);
    split.master = cs_read_prefixed(&reader);
    split.keys = cs_read_prefixed(&reader);
    if (cs_reader_finish(&reader) != CS_OK || !cs_bytes_equal_text(magic, MAGIC)) {
        return CS_CORRUPT;
    }
    if (version != VERSION) {
        return CS_UNSUPPORTED;
    }
    if (!parameters_allowed(&split.parameters)) {
        return CS_CORRUPT;
    }
    *out = split;
    return CS_OK;
}

/*
 * A tag that does not match, or a ciphertext that is too short, is `otherwise`; memory and the like
 * stay what they are.
 */
static enum cs_status translate(enum cs_status status, enum cs_status otherwise)
{
    return status == CS_FORGED || status == CS_MALFORMED ? otherwise : status;
}

enum cs_status cs_identity_file_open_master(const struct cs_identity_file *file,
                                            struct cs_bytes kdf_key, struct cs_secret **out_master)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, 64);
    enum cs_status status =
        cs_aead_decrypt(kdf_key, MASTER_LABEL, file->bound, file->master, &plain);
    status = translate(status, CS_WRONG_PASSPHRASE);
    if (status == CS_OK && plain.size != CS_AEAD_KEY_SIZE) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK) {
        status = cs_secret_create_copy(cs_buffer_bytes(&plain), out_master);
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_identity_file_open_keys(const struct cs_identity_file *file,
                                          struct cs_bytes master, struct cs_buffer *out_plain)
{
    return translate(cs_aead_decrypt(master, KEYS_LABEL, file->bound, file->keys, out_plain),
                     CS_CORRUPT);
}

uint32_t cs_identity_file_memory_kib(struct cs_bytes layer)
{
    struct cs_reader reader;
    cs_reader_init(&reader, layer);
    (void)cs_read_bytes(&reader, MAGIC_SIZE + 1);
    uint32_t memory_kib = cs_read_u32(&reader);
    cs_require(reader.status == CS_OK);
    return memory_kib;
}

/* Encrypts and appends with its size in front. */
static enum cs_status put_layer(const struct cs_world *world, const char *label,
                                struct cs_bytes key, struct cs_bytes bound, struct cs_bytes plain,
                                struct cs_buffer *out)
{
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    world->random(world->context, nonce, sizeof nonce);
    struct cs_buffer layer;
    cs_buffer_init(&layer, CS_IDENTITY_SIZE_MAX);
    enum cs_status status = cs_aead_encrypt(key, label, bound, plain, nonce, &layer);
    if (status == CS_OK) {
        cs_buffer_append_prefixed(out, cs_buffer_bytes(&layer));
        status = out->status;
    }
    cs_buffer_release(&layer);
    return status;
}

enum cs_status cs_identity_file_put_master(const struct cs_world *world,
                                           const struct cs_kdf_parameters *parameters,
                                           struct cs_bytes kdf_key, struct cs_bytes master,
                                           struct cs_buffer *out)
{
    cs_buffer_append(out, MAGIC, MAGIC_SIZE);
    cs_buffer_append_u8(out, VERSION);
    cs_buffer_append_u32(out, parameters->memory_kib);
    cs_buffer_append_u32(out, parameters->passes);
    cs_buffer_append(out, parameters->salt, CS_KDF_SALT_SIZE);
    if (out->status != CS_OK) {
        return out->status;
    }
    uint8_t bound[BOUND_SIZE];
    memcpy(bound, out->data, BOUND_SIZE);
    return put_layer(world, MASTER_LABEL, kdf_key, cs_bytes_of_array(bound), master, out);
}

enum cs_status cs_identity_file_put_keys(const struct cs_world *world, struct cs_bytes master,
                                         struct cs_bytes plain, struct cs_buffer *out)
{
    uint8_t bound[BOUND_SIZE];
    memcpy(bound, out->data, BOUND_SIZE);
    return put_layer(world, KEYS_LABEL, master, cs_bytes_of_array(bound), plain, out);
}
