/* The identity in memory: made by join, unlocked from its file, saved; see identity.h. */
#include "field-client/replica/identity_internal.h"
#include "field-client/replica/replica_internal.h"
#include "shared/wire/cbor.h"

#include <string.h>

#define KEYS_COUNT 10
/* And the own key. */
#define RENEWED_KEYS_COUNT 11
#define ADDRESS_SIZE_MAX ((size_t)255)

static struct cs_identity *make_empty(void)
{
    struct cs_identity *identity = cs_alloc_zero(1, sizeof *identity);
    if (identity != NULL) {
        cs_buffer_init(&identity->layer, CS_IDENTITY_SIZE_MAX);
        cs_buffer_init(&identity->chain, CS_CHAIN_BYTES_MAX);
        cs_buffer_init(&identity->address, ADDRESS_SIZE_MAX + 1);
        cs_buffer_init(&identity->statement, CS_CHAIN_BYTES_MAX);
        cs_buffer_init(&identity->server_identity, CS_CHAIN_BYTES_MAX);
    }
    return identity;
}

void cs_identity_destroy(struct cs_identity *identity)
{
    if (identity == NULL) {
        return;
    }
    cs_secret_destroy(identity->master);
    cs_secret_destroy(identity->own);
    cs_sign_key_destroy(identity->sign_key);
    cs_sign_key_destroy(identity->root_key);
    cs_seal_key_destroy(identity->seal_key);
    cs_buffer_release(&identity->layer);
    cs_buffer_release(&identity->chain);
    cs_buffer_release(&identity->address);
    cs_buffer_release(&identity->statement);
    cs_buffer_release(&identity->server_identity);
    cs_free(identity);
}

void cs_identity_forget_root(struct cs_identity *identity)
{
    cs_sign_key_destroy(identity->root_key);
    identity->root_key = NULL;
}

static void update_peer(struct cs_identity *identity)
{
    identity->peer.address = (const char *)identity->address.data;
    memcpy(identity->peer.tls_key_hash, identity->statement_parsed.tls_key_hash,
           sizeof identity->peer.tls_key_hash);
}

enum cs_status cs_identity_set_address(struct cs_identity *identity, struct cs_bytes address)
{
    if (address.size == 0 || address.size > ADDRESS_SIZE_MAX ||
        memchr(address.data, 0, address.size) != NULL) {
        return CS_INVALID;
    }
    struct cs_buffer copy;
    cs_buffer_init(&copy, ADDRESS_SIZE_MAX + 1);
    cs_buffer_append_bytes(&copy, address);
    if (cs_buffer_text(&copy) == NULL) {
        enum cs_status status = copy.status;
        cs_buffer_release(&copy);
        return status;
    }
    cs_buffer_release(&identity->address);
    identity->address = copy;
    update_peer(identity);
    return CS_OK;
}

enum cs_status cs_identity_set_server_statement(struct cs_identity *identity,
                                                struct cs_bytes statement, bool *out_changed)
{
    struct cs_server_statement parsed;
    enum cs_status status = cs_server_statement_verify(statement, identity->server, &parsed);
    if (status != CS_OK) {
        return status;
    }
    if (identity->statement.size > 0 && parsed.epoch < identity->statement_parsed.epoch) {
        return CS_ROLLED_BACK;
    }
    if (cs_bytes_equal(cs_buffer_bytes(&identity->statement), statement)) {
        *out_changed = false;
        return CS_OK;
    }
    struct cs_buffer copy;
    cs_buffer_init(&copy, CS_CHAIN_BYTES_MAX);
    cs_buffer_append_bytes(&copy, statement);
    status = copy.status;
    if (status != CS_OK) {
        cs_buffer_release(&copy); /* which forgets the status */
        return status;
    }
    cs_buffer_release(&identity->statement);
    identity->statement = copy;
    identity->statement_parsed = parsed;
    update_peer(identity);
    *out_changed = true;
    return CS_OK;
}

static enum cs_status fill_keys(struct cs_identity *identity, const struct cs_identity_parts *parts)
{
    enum cs_status status = cs_sign_key_create(parts->sign_seed, &identity->sign_key);
    if (status == CS_OK) {
        status = cs_seal_key_create(parts->seal_secret, &identity->seal_key);
    }
    if (status == CS_OK && parts->root_seed.size > 0) {
        status = cs_sign_key_create(parts->root_seed, &identity->root_key);
    }
    return status;
}

/* The certificate must be for the keys in hand, and the root key in hand the chain's. */
static enum cs_status check_keys(const struct cs_identity *identity, struct cs_problem *problem)
{
    uint8_t sign_key[CS_SIGN_PUBLIC_SIZE];
    uint8_t seal_key[CS_SEAL_KEY_SIZE];
    cs_sign_key_public(identity->sign_key, sign_key);
    cs_seal_key_public(identity->seal_key, seal_key);
    bool matching = memcmp(sign_key, identity->parsed.leaf.sign_key, sizeof sign_key) == 0 &&
                    memcmp(seal_key, identity->parsed.leaf.seal_key, sizeof seal_key) == 0;
    if (matching && identity->root_key != NULL) {
        cs_sign_key_public(identity->root_key, sign_key);
        matching = memcmp(sign_key, identity->parsed.root_key, sizeof sign_key) == 0;
    }
    return matching ? CS_OK
                    : cs_problem_set(problem, CS_FORGED,
                                     "the certificate does not belong to this device's keys");
}

/* The organisation is what the chain's own root key gives; join has compared it with the invite. */
static enum cs_status fill_chain(struct cs_identity *identity, struct cs_bytes chain,
                                 struct cs_problem *problem)
{
    cs_buffer_append_bytes(&identity->chain, chain);
    if (identity->chain.status != CS_OK) {
        return identity->chain.status;
    }
    enum cs_status status = cs_chain_organisation(chain, identity->organisation);
    if (status != CS_OK) {
        return status;
    }
    return cs_chain_verify(cs_buffer_bytes(&identity->chain), identity->organisation,
                           &identity->parsed, problem);
}

enum cs_status cs_identity_set_server_identity(struct cs_identity *identity,
                                               struct cs_bytes statement)
{
    struct cs_server_identity stated;
    struct cs_buffer copy;
    enum cs_status status =
        cs_server_identity_verify(statement, identity->parsed.root_key, &stated);
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(stated.organisation, identity->organisation, CS_HASH_SIZE) != 0) {
        return CS_WRONG_ORGANISATION;
    }
    if (memcmp(stated.identity, identity->server, sizeof identity->server) != 0) {
        return CS_WRONG_SERVER;
    }
    cs_buffer_init(&copy, CS_CHAIN_BYTES_MAX);
    cs_buffer_append_bytes(&copy, statement);
    status = copy.status;
    if (status != CS_OK) {
        cs_buffer_release(&copy); /* which forgets the status */
        return status;
    }
    cs_buffer_release(&identity->server_identity);
    identity->server_identity = copy;
    return CS_OK;
}

static enum cs_status fill_server(struct cs_identity *identity,
                                  const struct cs_identity_parts *parts, struct cs_problem *problem)
{
    memcpy(identity->server, parts->server, sizeof identity->server);
    enum cs_status status = cs_identity_set_server_identity(identity, parts->server_identity);
    if (status == CS_WRONG_ORGANISATION || status == CS_WRONG_SERVER) {
        return status;
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "the organisation's statement about its server does not verify");
    }
    bool changed;
    status = cs_identity_set_server_statement(identity, parts->server_statement, &changed);
    return status != CS_OK ? status : cs_identity_set_address(identity, parts->address);
}

static enum cs_status fill(struct cs_identity *identity, const struct cs_identity_parts *parts,
                           struct cs_problem *problem)
{
    enum cs_status status = fill_keys(identity, parts);
    if (status == CS_OK) {
        status = fill_chain(identity, parts->chain, problem);
    }
    if (status == CS_OK) {
        status = check_keys(identity, problem);
    }
    return status != CS_OK ? status : fill_server(identity, parts, problem);
}

/* The first layer of the file: the master key under a passphrase, with a salt of its own. */
static enum cs_status make_layer(const struct cs_world *world, struct cs_bytes master,
                                 struct cs_bytes passphrase, uint32_t memory_kib,
                                 struct cs_buffer *out)
{
    struct cs_kdf_parameters parameters = {
        .memory_kib = memory_kib == 0 ? CS_KDF_MEMORY_KIB_DEFAULT : memory_kib,
        .passes = CS_KDF_PASSES_DEFAULT,
    };
    world->random(world->context, parameters.salt, sizeof parameters.salt);
    struct cs_secret *kdf_key = NULL;
    enum cs_status status = cs_kdf_derive(passphrase, &parameters, &kdf_key);
    if (status == CS_OK) {
        status =
            cs_identity_file_put_master(world, &parameters, cs_secret_bytes(kdf_key), master, out);
    }
    cs_secret_destroy(kdf_key);
    return status;
}

static enum cs_status wrap_master(const struct cs_world *world, struct cs_identity *identity,
                                  struct cs_bytes passphrase, uint32_t memory_kib)
{
    enum cs_status status = cs_secret_create_random(world, CS_AEAD_KEY_SIZE, &identity->master);
    if (status == CS_OK) {
        status = make_layer(world, cs_secret_bytes(identity->master), passphrase, memory_kib,
                            &identity->layer);
    }
    return status;
}

/* What was chosen once stays, unless something else is asked for. */
static uint32_t memory_for(const struct cs_identity *identity, uint32_t wanted_kib)
{
    return wanted_kib != 0 ? wanted_kib
                           : cs_identity_file_memory_kib(cs_buffer_bytes(&identity->layer));
}

enum cs_status cs_identity_create(const struct cs_world *world,
                                  const struct cs_identity_parts *parts, struct cs_bytes passphrase,
                                  uint32_t kdf_memory_kib, struct cs_identity **out,
                                  struct cs_problem *problem)
{
    struct cs_identity *identity = make_empty();
    if (identity == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = fill(identity, parts, problem);
    if (status == CS_OK) {
        status = wrap_master(world, identity, passphrase, kdf_memory_kib);
    }
    if (status != CS_OK) {
        cs_identity_destroy(identity);
        return status;
    }
    *out = identity;
    return CS_OK;
}

static struct cs_bytes root_seed(const struct cs_identity *identity)
{
    return identity->root_key == NULL ? CS_BYTES_NONE : cs_sign_key_seed(identity->root_key);
}

static void put_keys(const struct cs_identity *identity, struct cs_buffer *out)
{
    cs_cbor_put_array(out, identity->own == NULL ? KEYS_COUNT : RENEWED_KEYS_COUNT);
    cs_cbor_put_bytes(out, cs_sign_key_seed(identity->sign_key));
    cs_cbor_put_bytes(out, cs_seal_key_secret(identity->seal_key));
    cs_cbor_put_bytes(out, root_seed(identity));
    cs_cbor_put_bytes(out, cs_bytes_of_array(identity->organisation));
    cs_cbor_put_bytes(out, cs_bytes_of_array(identity->parsed.leaf_id));
    cs_cbor_put_bytes(out, cs_buffer_bytes(&identity->chain));
    cs_cbor_put_bytes(out, cs_bytes_of_array(identity->server));
    cs_cbor_put_text(out, cs_buffer_bytes(&identity->address));
    cs_cbor_put_bytes(out, cs_buffer_bytes(&identity->statement));
    cs_cbor_put_bytes(out, cs_buffer_bytes(&identity->server_identity));
    if (identity->own != NULL) {
        cs_cbor_put_bytes(out, cs_secret_bytes(identity->own));
    }
}

enum cs_status cs_identity_save(const struct cs_world *world, const struct cs_identity *identity,
                                const char *home, const char *file)
{
    char path[CS_HOME_PATH_MAX];
    enum cs_status status = cs_home_path(home, file, path);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer plain;
    struct cs_buffer content;
    cs_buffer_init(&plain, CS_IDENTITY_SIZE_MAX / 2);
    cs_buffer_init(&content, CS_IDENTITY_SIZE_MAX);
    put_keys(identity, &plain);
    cs_buffer_append_bytes(&content, cs_buffer_bytes(&identity->layer));
    status = plain.status != CS_OK ? plain.status : content.status;
    if (status == CS_OK) {
        status = cs_identity_file_put_keys(world, cs_secret_bytes(identity->master),
                                           cs_buffer_bytes(&plain), &content);
    }
    if (status == CS_OK) {
        status = world->file_replace(world->context, path, cs_buffer_bytes(&content));
    }
    cs_buffer_release(&plain);
    cs_buffer_release(&content);
    return status;
}

bool cs_identity_is_saved(const struct cs_world *world, const struct cs_identity *identity,
                          const char *home, const char *file)
{
    char path[CS_HOME_PATH_MAX];
    struct cs_buffer content;
    struct cs_bytes layer = cs_buffer_bytes(&identity->layer);
    if (cs_home_path(home, file, path) != CS_OK) {
        return false;
    }
    cs_buffer_init(&content, CS_IDENTITY_SIZE_MAX);
    enum cs_status status = world->file_read(world->context, path, &content);
    bool missing = status == CS_NOT_FOUND || (status == CS_OK && content.size == 0);
    bool same = status == CS_OK && content.size > layer.size &&
                memcmp(content.data, layer.data, layer.size) == 0;
    cs_buffer_release(&content);
    return missing || same;
}

enum cs_status cs_identity_change_passphrase(const struct cs_world *world,
                                             struct cs_identity *identity,
                                             struct cs_bytes passphrase, uint32_t kdf_memory_kib,
                                             const char *home, const char *file)
{
    uint32_t memory_kib = memory_for(identity, kdf_memory_kib);
    struct cs_buffer before = identity->layer;
    cs_buffer_init(&identity->layer, CS_IDENTITY_SIZE_MAX);
    enum cs_status status = make_layer(world, cs_secret_bytes(identity->master), passphrase,
                                       memory_kib, &identity->layer);
    if (status == CS_OK) {
        status = cs_identity_save(world, identity, home, file);
    }
    if (status != CS_OK) {
        cs_buffer_release(&identity->layer);
        identity->layer = before;
        return status;
    }
    cs_buffer_release(&before);
    return CS_OK;
}

/*
 * What the second layer holds must agree with itself; it was authenticated, so anything else is
 * damage.
 */
static enum cs_status take_keys(struct cs_identity *identity, struct cs_bytes plain,
                                struct cs_problem *problem)
{
    struct cs_cbor_reader reader;
    struct cs_identity_parts parts = {.root_seed = CS_BYTES_NONE};
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t certificate[CS_HASH_SIZE];
    cs_cbor_reader_init(&reader, plain);
    size_t count = cs_cbor_enter_array(&reader, RENEWED_KEYS_COUNT);
    parts.sign_seed = cs_cbor_take_bytes(&reader);
    parts.seal_secret = cs_cbor_take_bytes(&reader);
    parts.root_seed = cs_cbor_take_bytes(&reader);
    cs_cbor_take_fixed(&reader, organisation, sizeof organisation);
    cs_cbor_take_fixed(&reader, certificate, sizeof certificate);
    parts.chain = cs_cbor_take_bytes(&reader);
    cs_cbor_take_fixed(&reader, parts.server, sizeof parts.server);
    parts.address = cs_cbor_take_text(&reader);
    parts.server_statement = cs_cbor_take_bytes(&reader);
    parts.server_identity = cs_cbor_take_bytes(&reader);
    struct cs_bytes own_key =
        count == RENEWED_KEYS_COUNT ? cs_cbor_take_bytes(&reader) : CS_BYTES_NONE;
    cs_cbor_leave(&reader);
    enum cs_status status = cs_cbor_finish(&reader);
    if (status == CS_OK) {
        status = fill(identity, &parts, problem);
    }
    if (status == CS_OK && count == RENEWED_KEYS_COUNT) {
        status = own_key.size == CS_AEAD_KEY_SIZE ? cs_secret_create_copy(own_key, &identity->own)
                                                  : CS_CORRUPT;
    }
    bool own = status != CS_OK ||
               (memcmp(organisation, identity->organisation, sizeof organisation) == 0 &&
                memcmp(certificate, identity->parsed.leaf_id, sizeof certificate) == 0);
    if (status == CS_NO_MEMORY || (status == CS_OK && own)) {
        return status;
    }
    return CS_CORRUPT;
}

enum cs_status cs_identity_renew(const struct cs_world *world, const struct cs_identity *identity,
                                 struct cs_bytes passphrase, uint32_t kdf_memory_kib,
                                 struct cs_identity **out)
{
    struct cs_buffer plain;
    struct cs_identity *next = make_empty();
    if (next == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&plain, CS_IDENTITY_SIZE_MAX / 2);
    put_keys(identity, &plain);
    enum cs_status status = plain.status;
    if (status == CS_OK) {
        status = take_keys(next, cs_buffer_bytes(&plain), NULL);
    }
    cs_buffer_release(&plain);
    if (status == CS_OK && next->own == NULL) {
        status = cs_secret_create_copy(cs_identity_own_key(identity), &next->own);
    }
    if (status == CS_OK) {
        status = wrap_master(world, next, passphrase, memory_for(identity, kdf_memory_kib));
    }
    if (status != CS_OK) {
        cs_identity_destroy(next);
        return status;
    }
    *out = next;
    return CS_OK;
}

static enum cs_status open_layers(struct cs_identity *identity, struct cs_bytes content,
                                  struct cs_bytes passphrase, struct cs_problem *problem)
{
    struct cs_identity_file file;
    struct cs_secret *kdf_key = NULL;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_IDENTITY_SIZE_MAX);
    enum cs_status status = cs_identity_file_split(content, &file);
    if (status == CS_OK) {
        status = cs_kdf_derive(passphrase, &file.parameters, &kdf_key);
    }
    if (status == CS_OK) {
        status = cs_identity_file_open_master(&file, cs_secret_bytes(kdf_key), &identity->master);
    }
    if (status == CS_OK) {
        status = cs_identity_file_open_keys(&file, cs_secret_bytes(identity->master), &plain);
    }
    if (status == CS_OK) {
        status = take_keys(identity, cs_buffer_bytes(&plain), problem);
    }
    if (status == CS_OK) {
        size_t first = file.bound.size + 4 + file.master.size;
        cs_buffer_append(&identity->layer, content.data, first);
        status = identity->layer.status;
    }
    cs_buffer_release(&plain);
    cs_secret_destroy(kdf_key);
    return status;
}

static enum cs_status explain(enum cs_status status, const char *file, struct cs_problem *problem)
{
    switch ((int)status) {
    case CS_OK:
        return CS_OK;
    case CS_NOT_FOUND:
        return cs_problem_set(problem, status, "this laptop has not joined yet (no file %s)", file);
    case CS_WRONG_PASSPHRASE:
        return cs_problem_set(problem, status, "wrong passphrase");
    case CS_CORRUPT:
        return cs_problem_set(problem, status, "the file %s is damaged", file);
    case CS_UNSUPPORTED:
        return cs_problem_set(problem, status, "the file %s was made by a newer version", file);
    default:
        return cs_problem_set(problem, status, "the file %s: %s", file, cs_status_text(status));
    }
}

enum cs_status cs_identity_unlock(const struct cs_world *world, const char *home, const char *file,
                                  struct cs_bytes passphrase, struct cs_identity **out,
                                  struct cs_problem *problem)
{
    char path[CS_HOME_PATH_MAX];
    enum cs_status status = cs_home_path(home, file, path);
    if (status != CS_OK) {
        return explain(status, file, problem);
    }
    struct cs_identity *identity = make_empty();
    if (identity == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_buffer content;
    cs_buffer_init(&content, CS_IDENTITY_SIZE_MAX);
    status = world->file_read(world->context, path, &content);
    if (status == CS_LIMIT) {
        status = CS_CORRUPT;
    }
    if (status == CS_OK && content.size == 0) { /* how a finished join leaves its working file */
        status = CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        status = open_layers(identity, cs_buffer_bytes(&content), passphrase, problem);
    }
    cs_buffer_release(&content);
    if (status != CS_OK) {
        cs_identity_destroy(identity);
        return explain(status, file, problem);
    }
    *out = identity;
    return CS_OK;
}
