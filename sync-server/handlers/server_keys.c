/* The server's keys, see server_keys.h. */
#include "sync-server/handlers/server_keys.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/evidence/server_statement.h"
#include "shared/wire/cbor.h"

#include <string.h>

#define KEYS_FILE_MAX (64 * CS_KIBI)
#define KEYS_LABEL "countersign server keys 1"
#define KEYS_ITEMS 7

static const uint8_t magic[5] = {'C', 'S', 'S', 'K', 1};

struct cs_server_keys {
    struct cs_sign_key *identity;
    struct cs_seal_key *bundle;
    struct cs_seal_key *half;
    struct cs_secret *tls_key;
    struct cs_buffer tls_certificate;
    struct cs_tls_material tls; /* views into the two above */
    uint64_t epoch;
    struct cs_buffer statement;
};

void cs_server_keys_destroy(struct cs_server_keys *keys)
{
    if (keys != NULL) {
        cs_sign_key_destroy(keys->identity);
        cs_seal_key_destroy(keys->bundle);
        cs_seal_key_destroy(keys->half);
        cs_secret_destroy(keys->tls_key);
        cs_buffer_release(&keys->tls_certificate);
        cs_buffer_release(&keys->statement);
        cs_free(keys);
    }
}

static enum cs_status take_tls(struct cs_server_keys *keys, const struct cs_tls_material *tls)
{
    enum cs_status status = cs_secret_create_copy(tls->key, &keys->tls_key);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_append_bytes(&keys->tls_certificate, tls->certificate);
    keys->tls.key = cs_secret_bytes(keys->tls_key);
    keys->tls.certificate = cs_buffer_bytes(&keys->tls_certificate);
    memcpy(keys->tls.key_hash, tls->key_hash, sizeof keys->tls.key_hash);
    return keys->tls_certificate.status;
}

/* The statement follows from the keys, so it is made anew at every start. */
static enum cs_status make_statement(struct cs_server_keys *keys)
{
    struct cs_server_statement statement = {.epoch = keys->epoch};
    cs_sign_key_public(keys->identity, statement.identity);
    cs_seal_key_public(keys->bundle, statement.bundle_key);
    cs_seal_key_public(keys->half, statement.half_key);
    memcpy(statement.tls_key_hash, keys->tls.key_hash, sizeof statement.tls_key_hash);
    return cs_server_statement_encode(&statement, keys->identity, &keys->statement);
}

static struct cs_server_keys *allocate(void)
{
    struct cs_server_keys *keys = cs_alloc_zero(1, sizeof *keys);
    if (keys != NULL) {
        cs_buffer_init(&keys->tls_certificate, KEYS_FILE_MAX);
        cs_buffer_init(&keys->statement, KEYS_FILE_MAX);
    }
    return keys;
}

static enum cs_status seal_to_file(const struct cs_world *world, const char *path,
                                   struct cs_bytes master_key, const struct cs_server_keys *keys)
{
    struct cs_buffer plain;
    struct cs_buffer file;
    cs_buffer_init(&plain, KEYS_FILE_MAX);
    cs_buffer_init(&file, KEYS_FILE_MAX);
    cs_cbor_put_array(&plain, KEYS_ITEMS);
    cs_cbor_put_bytes(&plain, cs_sign_key_seed(keys->identity));
    cs_cbor_put_bytes(&plain, cs_seal_key_secret(keys->bundle));
    cs_cbor_put_bytes(&plain, cs_seal_key_secret(keys->half));
    cs_cbor_put_bytes(&plain, keys->tls.key);
    cs_cbor_put_bytes(&plain, keys->tls.certificate);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(keys->tls.key_hash));
    cs_cbor_put_unsigned(&plain, keys->epoch);
    uint8_t nonce[CS_AEAD_NONCE_SIZE];
    world->random(world->context, nonce, sizeof nonce);
    cs_buffer_append(&file, magic, sizeof magic);
    enum cs_status status = plain.status;
    if (status == CS_OK) {
        status = cs_aead_encrypt(master_key, KEYS_LABEL, cs_bytes_of_array(magic),
                                 cs_buffer_bytes(&plain), nonce, &file);
    }
    if (status == CS_OK) {
        status = world->file_replace(world->context, path, cs_buffer_bytes(&file));
    }
    cs_buffer_release(&plain);
    cs_buffer_release(&file);
    return status;
}

enum cs_status cs_server_keys_create(const struct cs_world *world, const char *path,
                                     struct cs_bytes master_key, const struct cs_tls_material *tls,
                                     struct cs_server_keys **out, struct cs_problem *problem)
{
    struct cs_server_keys *keys = allocate();
    if (keys == NULL) {
        return CS_NO_MEMORY;
    }
    keys->epoch = 1;
    enum cs_status status = cs_sign_key_create_random(world, &keys->identity);
    if (status == CS_OK) {
        status = cs_seal_key_create_random(world, &keys->bundle);
    }
    if (status == CS_OK) {
        status = cs_seal_key_create_random(world, &keys->half);
    }
    if (status == CS_OK) {
        status = take_tls(keys, tls);
    }
    if (status == CS_OK) {
        status = make_statement(keys);
    }
    if (status == CS_OK) {
        status = seal_to_file(world, path, master_key, keys);
    }
    if (status != CS_OK) {
        cs_server_keys_destroy(keys);
        return cs_problem_set(problem, status, "the server's keys cannot be written to %s: %s",
                              path, cs_status_text(status));
    }
    *out = keys;
    return CS_OK;
}

static enum cs_status parse(struct cs_bytes plain, struct cs_server_keys *keys)
{
    struct cs_cbor_reader reader;
    cs_cbor_reader_init(&reader, plain);
    cs_cbor_enter_exact(&reader, KEYS_ITEMS);
    struct cs_bytes identity = cs_cbor_take_bytes(&reader);
    struct cs_bytes bundle = cs_cbor_take_bytes(&reader);
    struct cs_bytes half = cs_cbor_take_bytes(&reader);
    struct cs_tls_material tls = {.key = cs_cbor_take_bytes(&reader)};
    tls.certificate = cs_cbor_take_bytes(&reader);
    cs_cbor_take_fixed(&reader, tls.key_hash, sizeof tls.key_hash);
    keys->epoch = cs_cbor_take_unsigned(&reader);
    cs_cbor_leave(&reader);
    enum cs_status status = cs_cbor_finish(&reader);
    if (status == CS_OK) {
        status = cs_sign_key_create(identity, &keys->identity);
    }
    if (status == CS_OK) {
        status = cs_seal_key_create(bundle, &keys->bundle);
    }
    if (status == CS_OK) {
        status = cs_seal_key_create(half, &keys->half);
    }
    if (status == CS_OK) {
        status = take_tls(keys, &tls);
    }
    return status != CS_OK ? status : make_statement(keys);
}

enum cs_status cs_server_keys_open(const struct cs_world *world, const char *path,
                                   struct cs_bytes master_key, struct cs_server_keys **out,
                                   struct cs_problem *problem)
{
    struct cs_buffer file;
    struct cs_buffer plain;
    cs_buffer_init(&file, KEYS_FILE_MAX);
    cs_buffer_init(&plain, KEYS_FILE_MAX);
    struct cs_server_keys *keys = NULL;
    enum cs_status status = world->file_read(world->context, path, &file);
    if (status != CS_OK) {
        status =
            cs_problem_set(problem, status, "%s cannot be read: %s", path, cs_status_text(status));
        goto out;
    }
    if (file.size < sizeof magic || memcmp(file.data, magic, sizeof magic) != 0) {
        status = cs_problem_set(problem, CS_CORRUPT, "%s is not a file of server keys", path);
        goto out;
    }
    status =
        cs_aead_decrypt(master_key, KEYS_LABEL, cs_bytes_of_array(magic),
                        cs_bytes_make(file.data + sizeof magic, file.size - sizeof magic), &plain);
    if (status != CS_OK) {
        status = cs_problem_set(problem, status == CS_NO_MEMORY ? status : CS_WRONG_PASSPHRASE,
                                "the keys in %s do not open with this master key", path);
        goto out;
    }
    keys = allocate();
    status = keys == NULL ? CS_NO_MEMORY : parse(cs_buffer_bytes(&plain), keys);
    if (status != CS_OK) {
        cs_server_keys_destroy(keys);
        status = cs_problem_set(problem, status == CS_NO_MEMORY ? status : CS_CORRUPT,
                                "%s is damaged", path);
        goto out;
    }
    *out = keys;
out:
    cs_buffer_release(&file);
    cs_buffer_release(&plain);
    return status;
}

const struct cs_sign_key *cs_server_keys_identity(const struct cs_server_keys *keys)
{
    return keys->identity;
}

const struct cs_seal_key *cs_server_keys_bundle(const struct cs_server_keys *keys)
{
    return keys->bundle;
}

const struct cs_seal_key *cs_server_keys_half(const struct cs_server_keys *keys)
{
    return keys->half;
}

const struct cs_tls_material *cs_server_keys_tls(const struct cs_server_keys *keys)
{
    return &keys->tls;
}

struct cs_bytes cs_server_keys_statement(const struct cs_server_keys *keys)
{
    return cs_buffer_bytes(&keys->statement);
}
