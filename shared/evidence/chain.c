/* Chains of certificates to the organisation's root, see certificate.h. */
#include "shared/evidence/certificate.h"

#include "shared/base/limits.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

/* Root key, certificates, and an invite between each two of them. */
#define CHAIN_ITEMS_MAX (2 * CS_CHAIN_LENGTH_MAX)

/* A chain taken apart: views. Index 0 is the leaf; invites[i] is the one that certificates[i]
 * was made with. */
struct links {
    uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_bytes certificates[CS_CHAIN_LENGTH_MAX];
    struct cs_bytes invites[CS_CHAIN_LENGTH_MAX];
    size_t length; /* certificates */
};

static enum cs_status take_apart(struct cs_bytes chain, struct links *out)
{
    if (chain.size > CS_CHAIN_BYTES_MAX) {
        return CS_LIMIT;
    }
    struct links links = {.length = 0};
    struct cs_cbor_reader reader;
    cs_cbor_reader_init(&reader, chain);
    size_t count = cs_cbor_enter_array(&reader, CHAIN_ITEMS_MAX);
    if (reader.status != CS_OK) {
        return reader.status == CS_LIMIT ? CS_LIMIT : CS_MALFORMED;
    }
    if (count < 2 || count % 2 != 0) {
        return CS_MALFORMED;
    }
    links.length = count / 2;
    cs_cbor_take_fixed(&reader, links.root_key, sizeof links.root_key);
    for (size_t i = 0; i < links.length; i++) {
        links.certificates[i] = cs_cbor_take_bytes(&reader);
        if (i + 1 < links.length) {
            links.invites[i] = cs_cbor_take_bytes(&reader);
        }
    }
    enum cs_status status = cs_statement_leave(&reader);
    if (status == CS_OK) {
        *out = links;
    }
    return status;
}

enum cs_status cs_chain_organisation(struct cs_bytes bytes, uint8_t out[static CS_HASH_SIZE])
{
    struct links links;
    enum cs_status status = take_apart(bytes, &links);
    if (status == CS_OK) {
        cs_organisation_id(links.root_key, out);
    }
    return status;
}

enum cs_status cs_chain_leaf_id(struct cs_bytes bytes, uint8_t out[static CS_HASH_SIZE])
{
    struct links links;
    enum cs_status status = take_apart(bytes, &links);
    return status != CS_OK ? status : cs_certificate_id(links.certificates[0], out);
}

static enum cs_status put_together(const struct links *links, struct cs_buffer *out)
{
    struct cs_buffer chain;
    cs_buffer_init(&chain, CS_CHAIN_BYTES_MAX);
    cs_cbor_put_array(&chain, 2 * links->length);
    cs_cbor_put_bytes(&chain, cs_bytes_of_array(links->root_key));
    for (size_t i = 0; i < links->length; i++) {
        cs_cbor_put_bytes(&chain, links->certificates[i]);
        if (i + 1 < links->length) {
            cs_cbor_put_bytes(&chain, links->invites[i]);
        }
    }
    enum cs_status status = chain.status;
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_buffer_bytes(&chain));
        status = out->status;
    }
    cs_buffer_release(&chain);
    return status;
}

enum cs_status cs_chain_encode_first(const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                     struct cs_bytes certificate, struct cs_buffer *out)
{
    struct cs_certificate parsed;
    enum cs_status status = cs_certificate_decode(certificate, &parsed);
    if (status != CS_OK) {
        return status;
    }
    struct links links = {.certificates = {certificate}, .length = 1};
    memcpy(links.root_key, root_key, sizeof links.root_key);
    return put_together(&links, out);
}

enum cs_status cs_chain_encode_next(struct cs_bytes inviter_chain, struct cs_bytes invite,
                                    struct cs_bytes certificate, struct cs_buffer *out)
{
    struct cs_certificate parsed_certificate;
    struct cs_invite parsed_invite;
    struct links links;
    enum cs_status status = take_apart(inviter_chain, &links);
    if (status == CS_OK) {
        status = cs_invite_decode(invite, &parsed_invite);
    }
    if (status == CS_OK) {
        status = cs_certificate_decode(certificate, &parsed_certificate);
    }
    if (status != CS_OK) {
        return status;
    }
    if (links.length == CS_CHAIN_LENGTH_MAX) {
        return CS_LIMIT;
    }
    memmove(links.certificates + 1, links.certificates,
            links.length * sizeof links.certificates[0]);
    memmove(links.invites + 1, links.invites, links.length * sizeof links.invites[0]);
    links.certificates[0] = certificate;
    links.invites[0] = invite;
    links.length++;
    return put_together(&links, out);
}

/* ---- verification, from the root to the leaf ---- */

/* One link while it is checked, and how to speak of it. */
struct walk {
    const uint8_t *organisation;
    size_t number; /* 1 = signed by the root */
    size_t length;
    struct cs_problem *problem;
};

static enum cs_status refuse(const struct walk *walk, enum cs_status status, const char *reason)
{
    return cs_problem_set(walk->problem, status,
                          "certificate %zu of %zu, counted from the root: %s", walk->number,
                          walk->length, reason);
}

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, CS_HASH_SIZE) == 0;
}

/* Signature first, over the bytes as they are; only then is it parsed. */
static enum cs_status open_certificate(const struct walk *walk, struct cs_bytes bytes,
                                       const uint8_t *signer, struct cs_certificate *out,
                                       uint8_t *out_id)
{
    enum cs_status status = cs_signed_verify(bytes, CS_CERTIFICATE_LABEL, signer);
    if (status != CS_OK) {
        return refuse(walk, status, "its signature is not by the key it was issued with");
    }
    struct cs_certificate certificate;
    status = cs_certificate_decode(bytes, &certificate);
    if (status == CS_OK) {
        status = cs_certificate_id(bytes, out_id);
    }
    if (status != CS_OK) {
        return refuse(walk, status, "it cannot be read");
    }
    if (!same_hash(certificate.organisation, walk->organisation)) {
        return refuse(walk, CS_WRONG_ORGANISATION, "it belongs to another organisation");
    }
    *out = certificate;
    return CS_OK;
}

static enum cs_status open_first(const struct walk *walk, const struct links *links,
                                 struct cs_certificate *out, uint8_t *out_id)
{
    static const uint8_t root_issuer[CS_HASH_SIZE];
    enum cs_status status = open_certificate(walk, links->certificates[links->length - 1],
                                             links->root_key, out, out_id);
    if (status == CS_OK && !same_hash(out->issuer, root_issuer)) {
        return refuse(walk, CS_FORGED, "it names an invite, but the root signed it");
    }
    return status;
}

static enum cs_status open_invite(const struct walk *walk, struct cs_bytes bytes,
                                  const struct cs_certificate *inviter, const uint8_t *inviter_id,
                                  struct cs_invite *out, uint8_t *out_id)
{
    enum cs_status status = cs_signed_verify(bytes, CS_INVITE_LABEL, inviter->sign_key);
    if (status != CS_OK) {
        return refuse(walk, status, "its invite is not signed by the inviter before it");
    }
    struct cs_invite invite;
    status = cs_invite_decode(bytes, &invite);
    if (status == CS_OK) {
        status = cs_invite_id(bytes, out_id);
    }
    if (status != CS_OK) {
        return refuse(walk, status, "its invite cannot be read");
    }
    if (!same_hash(invite.organisation, walk->organisation)) {
        return refuse(walk, CS_WRONG_ORGANISATION, "its invite belongs to another organisation");
    }
    if (!same_hash(invite.inviter, inviter_id)) {
        return refuse(walk, CS_FORGED, "its invite names another certificate as the inviter");
    }
    if ((invite.roles & ~cs_roles_may_invite(inviter->roles)) != 0) {
        return refuse(walk, CS_DENIED, "the inviter may not give these roles");
    }
    *out = invite;
    return CS_OK;
}

/* The certificate says what its invite said, and in time. */
static enum cs_status check_faithful(const struct walk *walk,
                                     const struct cs_certificate *certificate,
                                     const struct cs_invite *invite, const uint8_t *invite_id)
{
    if (!same_hash(certificate->issuer, invite_id)) {
        return refuse(walk, CS_FORGED, "it was made with another invite");
    }
    if (!cs_id_equal(&certificate->person, &invite->person) ||
        !cs_bytes_equal(certificate->person_name, invite->person_name)) {
        return refuse(walk, CS_FORGED, "it names another person than its invite");
    }
    if (certificate->roles != invite->roles) {
        return refuse(walk, CS_DENIED, "its roles are not those of its invite");
    }
    if (certificate->created_ms >= invite->expires_ms) {
        return refuse(walk, CS_EXPIRED, "it was made after its invite had expired");
    }
    return CS_OK;
}

/* `chain` holds the inviter as leaf and becomes the chain of the next certificate. */
static enum cs_status follow(struct walk *walk, const struct links *links, size_t index,
                             struct cs_chain *chain)
{
    const struct cs_certificate inviter = chain->leaf;
    struct cs_certificate certificate;
    walk->number = links->length - index;
    enum cs_status status =
        open_invite(walk, links->invites[index], &inviter, chain->certificate_ids[index + 1],
                    &chain->invite, chain->invite_id);
    if (status == CS_OK) {
        status = open_certificate(walk, links->certificates[index], chain->invite.invite_key,
                                  &certificate, chain->certificate_ids[index]);
    }
    if (status == CS_OK) {
        status = check_faithful(walk, &certificate, &chain->invite, chain->invite_id);
    }
    if (status == CS_OK) {
        chain->leaf = certificate;
        chain->persons[index] = certificate.person;
    }
    return status;
}

static enum cs_status read_links(struct cs_bytes bytes, struct links *out,
                                 struct cs_problem *problem)
{
    enum cs_status status = take_apart(bytes, out);
    if (status == CS_LIMIT) {
        return cs_problem_set(problem, status,
                              "the chain of certificates is too long: at most %zu are allowed",
                              CS_CHAIN_LENGTH_MAX);
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the chain of certificates cannot be read");
    }
    return CS_OK;
}

enum cs_status cs_chain_verify(struct cs_bytes bytes,
                               const uint8_t organisation[static CS_HASH_SIZE],
                               struct cs_chain *out, struct cs_problem *problem)
{
    struct links links;
    enum cs_status status = read_links(bytes, &links, problem);
    if (status != CS_OK) {
        return status;
    }
    uint8_t root_organisation[CS_HASH_SIZE];
    cs_organisation_id(links.root_key, root_organisation);
    if (!same_hash(root_organisation, organisation)) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "the chain of certificates leads to another organisation's root");
    }
    struct cs_chain chain;
    memset(&chain, 0, sizeof chain);
    chain.length = links.length;
    memcpy(chain.root_key, links.root_key, sizeof chain.root_key);
    struct walk walk = {organisation, 1, links.length, problem};
    status = open_first(&walk, &links, &chain.leaf, chain.certificate_ids[links.length - 1]);
    if (status == CS_OK) {
        chain.persons[links.length - 1] = chain.leaf.person;
    }
    for (size_t index = links.length - 1; index > 0 && status == CS_OK; index--) {
        status = follow(&walk, &links, index - 1, &chain);
    }
    if (status != CS_OK) {
        return status;
    }
    chain.leaf_bytes = links.certificates[0];
    memcpy(chain.leaf_id, chain.certificate_ids[0], sizeof chain.leaf_id);
    *out = chain;
    return CS_OK;
}
