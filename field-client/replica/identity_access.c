/* Getters of an identity, see identity.h. */
#include "field-client/replica/identity_internal.h"

const struct cs_sign_key *cs_identity_sign_key(const struct cs_identity *identity)
{
    return identity->sign_key;
}

const struct cs_seal_key *cs_identity_seal_key(const struct cs_identity *identity)
{
    return identity->seal_key;
}

const struct cs_sign_key *cs_identity_root_key(const struct cs_identity *identity)
{
    return identity->root_key;
}

struct cs_bytes cs_identity_master_key(const struct cs_identity *identity)
{
    return cs_secret_bytes(identity->master);
}

struct cs_bytes cs_identity_own_key(const struct cs_identity *identity)
{
    return cs_secret_bytes(identity->own != NULL ? identity->own : identity->master);
}

const uint8_t *cs_identity_organisation(const struct cs_identity *identity)
{
    return identity->organisation;
}

const uint8_t *cs_identity_certificate_id(const struct cs_identity *identity)
{
    return identity->parsed.leaf_id;
}

const struct cs_certificate *cs_identity_certificate(const struct cs_identity *identity)
{
    return &identity->parsed.leaf;
}

cs_roles cs_identity_roles(const struct cs_identity *identity)
{
    return identity->parsed.leaf.roles;
}

uint64_t cs_identity_log(const struct cs_identity *identity)
{
    return cs_certificate_log(identity->parsed.leaf_id);
}

struct cs_bytes cs_identity_chain(const struct cs_identity *identity)
{
    return cs_buffer_bytes(&identity->chain);
}

const struct cs_chain *cs_identity_chain_parsed(const struct cs_identity *identity)
{
    return &identity->parsed;
}

const uint8_t *cs_identity_server(const struct cs_identity *identity)
{
    return identity->server;
}

const struct cs_peer *cs_identity_peer(const struct cs_identity *identity)
{
    return &identity->peer;
}

struct cs_bytes cs_identity_server_statement_bytes(const struct cs_identity *identity)
{
    return cs_buffer_bytes(&identity->statement);
}

const struct cs_server_statement *cs_identity_server_statement(const struct cs_identity *identity)
{
    return &identity->statement_parsed;
}

struct cs_bytes cs_identity_server_identity(const struct cs_identity *identity)
{
    return cs_buffer_bytes(&identity->server_identity);
}
