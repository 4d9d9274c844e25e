/* Encrypting and opening at a place, see opening.h. */
#include "field-client/vault/opening.h"

#include <string.h>

#define PAD_TO ((size_t)64)
#define PREFIX_SIZE ((size_t)4)

enum cs_status cs_vault_encrypt(const struct cs_world *world, struct cs_bytes key,
                                const struct cs_vault_place *place, struct cs_bytes plaintext,
                                struct cs_buffer *out)
{
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    struct cs_vault_binding binding;
    cs_vault_bind(place, &binding);
    world->random(world->context, nonce, sizeof nonce);
    return cs_aead_encrypt(key, cs_vault_class_label(place->class_value),
                           cs_vault_binding_bytes(&binding), plaintext, nonce, out);
}

enum cs_status cs_vault_seal(const struct cs_world *world,
                             const uint8_t recipient[static CS_SEAL_KEY_SIZE],
                             const struct cs_vault_place *place, struct cs_bytes plaintext,
                             struct cs_buffer *out)
{
    struct cs_vault_binding binding;
    cs_vault_bind(place, &binding);
    return cs_seal(world, recipient, cs_vault_class_label(place->class_value),
                   cs_vault_binding_bytes(&binding), plaintext, out);
}

/* Secret memory of the size that this ciphertext opens to. */
static enum cs_status create_for(struct cs_bytes ciphertext, size_t overhead,
                                 struct cs_secret **out)
{
    *out = NULL;
    return ciphertext.size < overhead ? CS_MALFORMED
                                      : cs_secret_create(ciphertext.size - overhead, out);
}

/* Hands the secret over, or destroys it. */
static enum cs_status give(struct cs_secret *owned_secret, enum cs_status status,
                           struct cs_secret **out)
{
    if (status != CS_OK) {
        cs_secret_destroy(owned_secret);
        owned_secret = NULL;
    }
    *out = owned_secret;
    return status;
}

enum cs_status cs_vault_decrypt(struct cs_bytes key, const struct cs_vault_place *place,
                                struct cs_bytes ciphertext, struct cs_secret **out)
{
    struct cs_vault_binding binding;
    struct cs_secret *opened = NULL;
    enum cs_status status = create_for(ciphertext, CS_AEAD_OVERHEAD, &opened);
    if (status == CS_OK) {
        struct cs_buffer buffer = cs_secret_buffer(opened);
        cs_vault_bind(place, &binding);
        status = cs_aead_decrypt(key, cs_vault_class_label(place->class_value),
                                 cs_vault_binding_bytes(&binding), ciphertext, &buffer);
    }
    return give(opened, status, out);
}

enum cs_status cs_vault_unseal(const struct cs_seal_key *key, const struct cs_vault_place *place,
                               struct cs_bytes sealed, struct cs_secret **out)
{
    struct cs_vault_binding binding;
    struct cs_secret *opened = NULL;
    enum cs_status status = create_for(sealed, CS_SEAL_OVERHEAD, &opened);
    if (status == CS_OK) {
        struct cs_buffer buffer = cs_secret_buffer(opened);
        cs_vault_bind(place, &binding);
        status = cs_unseal(key, cs_vault_class_label(place->class_value),
                           cs_vault_binding_bytes(&binding), sealed, &buffer);
    }
    return give(opened, status, out);
}

static size_t padded_size(size_t size)
{
    return (PREFIX_SIZE + size + PAD_TO - 1) / PAD_TO * PAD_TO;
}

enum cs_status cs_vault_pad(struct cs_bytes bytes, struct cs_secret **out)
{
    *out = NULL;
    if (bytes.size > CS_VAULT_SECRET_MAX - PREFIX_SIZE) {
        return CS_TOO_LARGE;
    }
    enum cs_status status = cs_secret_create(padded_size(bytes.size), out);
    if (status == CS_OK) {
        struct cs_buffer buffer = cs_secret_buffer(*out);
        cs_buffer_append_prefixed(&buffer, bytes);
        status = buffer.status;
    }
    return status;
}

enum cs_status cs_vault_unpad(struct cs_bytes padded, struct cs_bytes *out)
{
    struct cs_reader reader;
    uint8_t rest = 0;
    cs_reader_init(&reader, padded);
    struct cs_bytes found = cs_read_prefixed(&reader);
    for (size_t i = 0; i < reader.rest.size; i++) {
        rest |= reader.rest.data[i];
    }
    if (reader.status != CS_OK || rest != 0 || padded.size != padded_size(found.size)) {
        return CS_MALFORMED;
    }
    *out = found;
    return CS_OK;
}
