/* Joining, first half: is the invite to be believed, and the keys; see join.h. */
#include "field-client/sync/join_internal.h"

#include <stdio.h>
#include <string.h>

#define KIB_PER_MIB 1024

static int64_t wall_ms(const struct cs_join *join)
{
    return join->input->world->wall_ms(join->input->world->context);
}

/*
 * A device's invite: chain, invite and one-time key must belong together before any of it is used.
 */
static enum cs_status check_device_invite(struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_invite_package *package = &join->package;
    enum cs_status status = cs_invite_decode(package->invite, &join->invite);
    if (status == CS_OK) {
        status =
            cs_chain_verify(package->chain, join->invite.organisation, &join->inviter, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_sign_key *key = NULL;
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    status = cs_sign_key_create(cs_bytes_of_array(package->token), &key);
    if (status != CS_OK) {
        return status;
    }
    cs_sign_key_public(key, public_key);
    cs_sign_key_destroy(key);
    if (memcmp(public_key, join->invite.invite_key, sizeof public_key) != 0 ||
        memcmp(join->invite.inviter, join->inviter.leaf_id, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_FORGED,
                              "the parts of this invite do not belong together");
    }
    if (join->invite.expires_ms <= wall_ms(join)) {
        (void)snprintf(join->warning, sizeof join->warning,
                       "by this laptop's clock the invite has expired");
    }
    return CS_OK;
}

/* Root must have said that this identity is the organisation's server. */
static enum cs_status check_server_identity(const struct cs_join *join, struct cs_problem *problem)
{
    struct cs_server_identity stated;
    enum cs_status status =
        cs_server_identity_verify(join->package.server_identity, join->inviter.root_key, &stated);
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "the organisation's statement about its server does not verify");
    }
    if (memcmp(stated.organisation, join->invite.organisation, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "the invite names the server of another organisation");
    }
    if (memcmp(stated.identity, join->package.server, sizeof stated.identity) != 0) {
        return cs_problem_set(problem, CS_WRONG_SERVER,
                              "the invite names a server that is not the organisation's");
    }
    return CS_OK;
}

static enum cs_status check_names(const struct cs_join *join, struct cs_problem *problem)
{
    struct cs_bytes person = join->input->person_name;
    if (join->input->device_name.size > CS_PERSON_NAME_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the name of the device is too long");
    }
    if (join->package.first && join->former == NULL &&
        (person.size == 0 || person.size > CS_PERSON_NAME_MAX)) {
        return cs_problem_set(problem, CS_INVALID,
                              "the first device needs the name of its person (--person NAME)");
    }
    if (join->former != NULL && join->package.first && person.size > 0 &&
        !cs_bytes_equal(person, cs_identity_certificate(join->former)->person_name)) {
        return cs_problem_set(problem, CS_INVALID, "this laptop belongs to another person");
    }
    if (!join->package.first && person.size > 0 &&
        !cs_bytes_equal(person, join->invite.person_name)) {
        return cs_problem_set(problem, CS_INVALID, "this invite is for another person");
    }
    return CS_OK;
}

bool cs_join_returns(const struct cs_join *join)
{
    return join->package.first && join->former == NULL && join->input->root_key != NULL;
}

enum cs_status cs_join_check_invite(struct cs_join *join, struct cs_problem *problem)
{
    struct cs_server_statement statement;
    enum cs_status status = cs_server_statement_verify(join->package.server_statement,
                                                       join->package.server, &statement);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the server's statement in the invite: %s",
                              cs_status_text(status));
    }
    if (!join->package.first && join->input->root_key != NULL) {
        return cs_problem_set(problem, CS_INVALID,
                              "shares of the root key go with the server's own invite: "
                              "countersign-server invite-owner");
    }
    if (!join->package.first) {
        status = check_device_invite(join, problem);
        if (status == CS_OK) {
            status = check_server_identity(join, problem);
        }
    }
    return status != CS_OK ? status : check_names(join, problem);
}

/* Keys of the device that is being made. */
struct fresh_keys {
    struct cs_sign_key *sign;
    struct cs_seal_key *seal;
    const struct cs_sign_key *root; /* only where it signs: borrowed, or the next */
    struct cs_sign_key *new_root;   /* first device only */
    struct cs_buffer certificate;
    struct cs_buffer chain;
    struct cs_buffer server_identity;
};

static void release_keys(struct fresh_keys *keys)
{
    cs_sign_key_destroy(keys->sign);
    cs_seal_key_destroy(keys->seal);
    cs_sign_key_destroy(keys->new_root);
    cs_buffer_release(&keys->certificate);
    cs_buffer_release(&keys->chain);
    cs_buffer_release(&keys->server_identity);
}

static enum cs_status draw_keys(const struct cs_join *join, struct fresh_keys *keys)
{
    const struct cs_world *world = join->input->world;
    cs_buffer_init(&keys->certificate, CS_CHAIN_BYTES_MAX);
    cs_buffer_init(&keys->chain, CS_CHAIN_BYTES_MAX);
    cs_buffer_init(&keys->server_identity, CS_CHAIN_BYTES_MAX);
    enum cs_status status = cs_sign_key_create_random(world, &keys->sign);
    if (status == CS_OK) {
        status = cs_seal_key_create_random(world, &keys->seal);
    }
    if (status != CS_OK || !join->package.first) {
        return status;
    }
    keys->root = join->input->root_key != NULL ? join->input->root_key
                 : join->former != NULL        ? cs_identity_root_key(join->former)
                                               : NULL;
    if (keys->root == NULL) {
        status = cs_sign_key_create_random(world, &keys->new_root);
        keys->root = keys->new_root;
    }
    return status;
}

static struct cs_certificate certificate_of(const struct cs_join *join,
                                            const struct fresh_keys *keys)
{
    struct cs_certificate certificate = {
        .created_ms = wall_ms(join),
        .device_name = join->input->device_name,
    };
    cs_sign_key_public(keys->sign, certificate.sign_key);
    cs_seal_key_public(keys->seal, certificate.seal_key);
    return certificate;
}

/* The root key stays on the device that made it, and never on one that had it from shares. */
static struct cs_bytes kept_root(const struct cs_join *join, const struct fresh_keys *keys)
{
    return keys->root == NULL || join->input->root_key != NULL ? CS_BYTES_NONE
                                                               : cs_sign_key_seed(keys->root);
}

/* Root, the owner's person, and what root says about the server: of who returns that is a place-holder until the server has shown its own. */
static enum cs_status certify_first(const struct cs_join *join, struct fresh_keys *keys)
{
    const struct cs_world *world = join->input->world;
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    uint8_t random[7];
    struct cs_id_generator ids;
    struct cs_server_identity stated = {.epoch = 1};
    struct cs_certificate certificate = certificate_of(join, keys);
    cs_sign_key_public(keys->root, root);
    world->random(world->context, random, sizeof random);
    cs_id_generator_init(&ids, random, random + 3);
    cs_organisation_id(root, certificate.organisation);
    certificate.person = join->input->person != NULL ? *join->input->person
                                                     : cs_id_next(&ids, certificate.created_ms);
    certificate.person_name = join->input->person_name;
    certificate.roles = CS_ROLE(OWNER);
    memcpy(stated.organisation, certificate.organisation, CS_HASH_SIZE);
    memcpy(stated.identity, join->package.server, sizeof stated.identity);
    enum cs_status status = cs_certificate_encode(&certificate, keys->root, &keys->certificate);
    if (status == CS_OK) {
        status = cs_chain_encode_first(root, cs_buffer_bytes(&keys->certificate), &keys->chain);
    }
    return status != CS_OK ? status
                           : cs_server_identity_encode(&stated, keys->root, &keys->server_identity);
}

/* The root key certifies its own laptop anew: the same person, and what root has said about the server stays. */
static enum cs_status certify_owner_again(const struct cs_join *join, struct fresh_keys *keys)
{
    const struct cs_certificate *former = cs_identity_certificate(join->former);
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    struct cs_certificate certificate = certificate_of(join, keys);
    cs_sign_key_public(keys->root, root);
    memcpy(certificate.organisation, former->organisation, CS_HASH_SIZE);
    certificate.person = former->person;
    certificate.person_name = former->person_name;
    certificate.roles = former->roles;
    enum cs_status status = cs_certificate_encode(&certificate, keys->root, &keys->certificate);
    if (status == CS_OK) {
        status = cs_chain_encode_first(root, cs_buffer_bytes(&keys->certificate), &keys->chain);
    }
    if (status == CS_OK) {
        cs_buffer_append_bytes(&keys->server_identity, cs_identity_server_identity(join->former));
        status = keys->server_identity.status;
    }
    return status;
}

/* What the invite says, signed with its one-time key. */
static enum cs_status certify_invited(const struct cs_join *join, struct fresh_keys *keys)
{
    struct cs_sign_key *one_time = NULL;
    struct cs_certificate certificate = certificate_of(join, keys);
    memcpy(certificate.organisation, join->invite.organisation, CS_HASH_SIZE);
    certificate.person = join->invite.person;
    certificate.person_name = join->invite.person_name;
    certificate.roles = join->invite.roles;
    /*
     * Whether the invite has expired is judged by the server's clock, not by this laptop's, which
     * may be wrong.
     */
    if (certificate.created_ms >= join->invite.expires_ms) {
        certificate.created_ms = join->invite.expires_ms - 1;
    }
    enum cs_status status = cs_invite_id(join->package.invite, certificate.issuer);
    if (status == CS_OK) {
        status = cs_sign_key_create(cs_bytes_of_array(join->package.token), &one_time);
    }
    if (status == CS_OK) {
        status = cs_certificate_encode(&certificate, one_time, &keys->certificate);
    }
    if (status == CS_OK) {
        status = cs_chain_encode_next(join->package.chain, join->package.invite,
                                      cs_buffer_bytes(&keys->certificate), &keys->chain);
    }
    if (status == CS_OK) {
        cs_buffer_append_bytes(&keys->server_identity, join->package.server_identity);
        status = keys->server_identity.status;
    }
    cs_sign_key_destroy(one_time);
    return status;
}

static enum cs_status make_identity(struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    struct fresh_keys keys = {.sign = NULL};
    if (input->kdf_memory_mib > CS_KDF_MEMORY_KIB_MAX / KIB_PER_MIB) {
        return cs_problem_set(problem, CS_INVALID, "the passphrase may use at most %u MiB",
                              CS_KDF_MEMORY_KIB_MAX / KIB_PER_MIB);
    }
    enum cs_status status = draw_keys(join, &keys);
    if (status == CS_OK) {
        status = !join->package.first   ? certify_invited(join, &keys)
                 : join->former == NULL ? certify_first(join, &keys)
                                        : certify_owner_again(join, &keys);
    }
    if (status == CS_OK) {
        struct cs_identity_parts parts = {
            .sign_seed = cs_sign_key_seed(keys.sign),
            .seal_secret = cs_seal_key_secret(keys.seal),
            .root_seed = kept_root(join, &keys),
            .chain = cs_buffer_bytes(&keys.chain),
            .address = join->package.address,
            .server_statement = join->package.server_statement,
            .server_identity = cs_buffer_bytes(&keys.server_identity),
        };
        memcpy(parts.server, join->package.server, sizeof parts.server);
        status = cs_identity_create(input->world, &parts, input->passphrase,
                                    input->kdf_memory_mib * KIB_PER_MIB, &join->identity, problem);
    }
    if (status == CS_OK) {
        status =
            cs_identity_save(input->world, join->identity, input->home, CS_IDENTITY_JOINING_FILE);
    }
    release_keys(&keys);
    return status;
}

/* Signed by the root key in hand, if there is one; else by one that it holds itself. */
static bool same_root(const struct cs_join *join, const struct cs_identity *unfinished)
{
    const struct cs_chain *chain = cs_identity_chain_parsed(unfinished);
    uint8_t root[CS_SIGN_PUBLIC_SIZE];
    if (join->input->root_key == NULL) {
        return cs_identity_root_key(unfinished) != NULL;
    }
    cs_sign_key_public(join->input->root_key, root);
    return chain->length == 1 && memcmp(root, chain->root_key, sizeof root) == 0;
}

/* Was the unfinished identity made with this very invite? */
static bool same_invite(const struct cs_join *join, const struct cs_identity *unfinished)
{
    const struct cs_chain *chain = cs_identity_chain_parsed(unfinished);
    if (memcmp(cs_identity_server(unfinished), join->package.server, CS_SIGN_PUBLIC_SIZE) != 0) {
        return false;
    }
    if (join->package.first) {
        return same_root(join, unfinished);
    }
    uint8_t id[CS_HASH_SIZE];
    return cs_identity_root_key(unfinished) == NULL &&
           cs_invite_id(join->package.invite, id) == CS_OK && chain->length > 1 &&
           memcmp(chain->invite_id, id, sizeof id) == 0;
}

enum cs_status cs_join_prepare_identity(struct cs_join *join, struct cs_problem *problem)
{
    const struct cs_join_input *input = join->input;
    struct cs_identity *unfinished = NULL;
    enum cs_status status = cs_identity_unlock(input->world, input->home, CS_IDENTITY_JOINING_FILE,
                                               input->passphrase, &unfinished, problem);
    if (status == CS_NOT_FOUND) {
        return make_identity(join, problem);
    }
    if (status != CS_OK) {
        return status;
    }
    if (same_invite(join, unfinished)) {
        join->identity = unfinished;
        bool changed;
        /*
         * A newer invite text may carry newer keys of the server; older ones must not bring old
         * keys back.
         */
        status =
            cs_identity_set_server_statement(unfinished, join->package.server_statement, &changed);
        return status == CS_ROLLED_BACK ? CS_OK : status;
    }
    bool has_root = cs_identity_root_key(unfinished) != NULL;
    bool returning = cs_identity_chain_parsed(unfinished)->length == 1 && !has_root;
    cs_identity_destroy(unfinished);
    if (returning && join->package.first && join->input->root_key == NULL) {
        return cs_problem_set(problem, CS_DENIED,
                              "the join that was begun here needs the shares of the root key again "
                              "(--root-shares)");
    }
    /* Of one who joins again the root key stands in the former identity too. */
    if (has_root && join->former == NULL) {
        return cs_problem_set(problem, CS_EXISTS,
                              "this folder holds the organisation key of an unfinished join with "
                              "another server; use an empty folder");
    }
    return make_identity(join, problem);
}
