/* Certificates and invites, see certificate.h; chains are in chain.c. */
#include "shared/evidence/certificate.h"

#include "shared/base/limits.h"
#include "shared/base/version.h"
#include "shared/evidence/signed_bytes.h"

#include <stdio.h>
#include <string.h>

#define CERTIFICATE_ITEMS 10
#define INVITE_ITEMS 8

void cs_organisation_id(const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                        uint8_t out[static CS_HASH_SIZE])
{
    cs_hash("countersign organisation", cs_bytes_make(root_key, CS_SIGN_PUBLIC_SIZE), out);
}

/* Roles as an unsigned number. CS_UNSUPPORTED for one that this program does not know. */
static enum cs_status check_roles(uint64_t roles)
{
    return (roles & ~(uint64_t)CS_ROLES_ALL) == 0 ? CS_OK : CS_UNSUPPORTED;
}

static bool person_valid(struct cs_bytes person_name, cs_roles roles)
{
    return cs_statement_name_valid(person_name, 1, CS_PERSON_NAME_MAX) &&
           check_roles(roles) == CS_OK;
}

static void put_fixed(struct cs_buffer *out, const uint8_t *bytes, size_t size)
{
    cs_cbor_put_bytes(out, cs_bytes_make(bytes, size));
}

/* ---- certificates ---- */

static void put_certificate(struct cs_buffer *statement, const struct cs_certificate *certificate)
{
    cs_statement_begin(statement, CERTIFICATE_ITEMS);
    put_fixed(statement, certificate->organisation, sizeof certificate->organisation);
    put_fixed(statement, certificate->person.bytes, sizeof certificate->person.bytes);
    cs_cbor_put_text(statement, certificate->person_name);
    cs_cbor_put_unsigned(statement, certificate->roles);
    put_fixed(statement, certificate->sign_key, sizeof certificate->sign_key);
    put_fixed(statement, certificate->seal_key, sizeof certificate->seal_key);
    cs_cbor_put_integer(statement, certificate->created_ms);
    cs_cbor_put_text(statement, certificate->device_name);
    put_fixed(statement, certificate->issuer, sizeof certificate->issuer);
}

static void certificate_statement_id(struct cs_bytes statement, uint8_t out[static CS_HASH_SIZE])
{
    cs_hash("countersign certificate", statement, out);
}

/* Log 0 is the server's own: no device may have it, by chance or by trying keys. */
static bool has_device_log(struct cs_bytes statement)
{
    uint8_t id[CS_HASH_SIZE];
    certificate_statement_id(statement, id);
    return cs_certificate_log(id) != CS_LOG_SERVER;
}

enum cs_status cs_certificate_encode(const struct cs_certificate *certificate,
                                     const struct cs_sign_key *issuer_key, struct cs_buffer *out)
{
    if (!person_valid(certificate->person_name, certificate->roles) ||
        !cs_statement_name_valid(certificate->device_name, 0, CS_PERSON_NAME_MAX)) {
        return CS_INVALID;
    }
    struct cs_buffer statement;
    put_certificate(&statement, certificate);
    enum cs_status status = statement.status;
    if (status == CS_OK) {
        status = has_device_log(cs_buffer_bytes(&statement)) ? CS_OK : CS_INVALID;
    }
    if (status == CS_OK) {
        status = cs_signed_append(&statement, CS_CERTIFICATE_LABEL, issuer_key, out);
    }
    cs_buffer_release(&statement);
    return status;
}

enum cs_status cs_certificate_decode(struct cs_bytes bytes, struct cs_certificate *out)
{
    struct cs_bytes statement;
    struct cs_cbor_reader reader;
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        status = cs_statement_enter(&reader, statement, CERTIFICATE_ITEMS);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_certificate found;
    cs_cbor_take_fixed(&reader, found.organisation, sizeof found.organisation);
    cs_cbor_take_fixed(&reader, found.person.bytes, sizeof found.person.bytes);
    found.person_name = cs_cbor_take_text(&reader);
    uint64_t roles = cs_cbor_take_unsigned(&reader);
    cs_cbor_take_fixed(&reader, found.sign_key, sizeof found.sign_key);
    cs_cbor_take_fixed(&reader, found.seal_key, sizeof found.seal_key);
    found.created_ms = cs_cbor_take_integer(&reader);
    found.device_name = cs_cbor_take_text(&reader);
    cs_cbor_take_fixed(&reader, found.issuer, sizeof found.issuer);
    if (cs_statement_leave(&reader) != CS_OK ||
        !cs_statement_name_valid(found.person_name, 1, CS_PERSON_NAME_MAX) ||
        !cs_statement_name_valid(found.device_name, 0, CS_PERSON_NAME_MAX) ||
        !has_device_log(statement)) {
        return CS_MALFORMED;
    }
    found.roles = (cs_roles)roles;
    status = check_roles(roles);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_certificate_id(struct cs_bytes bytes, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_bytes statement;
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        certificate_statement_id(statement, out);
    }
    return status;
}

static uint64_t read_u64(const uint8_t *bytes)
{
    struct cs_reader reader;
    cs_reader_init(&reader, cs_bytes_make(bytes, 8));
    return cs_read_u64(&reader);
}

uint64_t cs_certificate_log(const uint8_t certificate_id[static CS_HASH_SIZE])
{
    return read_u64(certificate_id);
}

void cs_certificate_row_id(const uint8_t certificate_id[static CS_HASH_SIZE], struct cs_id *out)
{
    uint8_t hash[CS_HASH_SIZE];
    struct cs_bytes part = cs_bytes_make(certificate_id, CS_HASH_SIZE);
    cs_hash_parts("countersign device", &part, 1, hash);
    memcpy(out->bytes, hash, CS_ID_SIZE);
    out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x80);
    out->bytes[8] = (uint8_t)((out->bytes[8] & 0x3f) | 0x80);
}

void cs_certificate_fingerprint(const uint8_t certificate_id[static CS_HASH_SIZE],
                                char out[static 24])
{
    unsigned groups[4];
    for (size_t i = 0; i < CS_COUNT(groups); i++) {
        groups[i] = (unsigned)(read_u64(certificate_id + 8 * i) % 100000);
    }
    (void)snprintf(out, 24, "%05u %05u %05u %05u", groups[0], groups[1], groups[2], groups[3]);
}

/* ---- invites ---- */

enum cs_status cs_invite_encode(const struct cs_invite *invite,
                                const struct cs_sign_key *inviter_key, struct cs_buffer *out)
{
    if (!person_valid(invite->person_name, invite->roles)) {
        return CS_INVALID;
    }
    struct cs_buffer statement;
    cs_statement_begin(&statement, INVITE_ITEMS);
    put_fixed(&statement, invite->organisation, sizeof invite->organisation);
    put_fixed(&statement, invite->invite_key, sizeof invite->invite_key);
    put_fixed(&statement, invite->person.bytes, sizeof invite->person.bytes);
    cs_cbor_put_text(&statement, invite->person_name);
    cs_cbor_put_unsigned(&statement, invite->roles);
    cs_cbor_put_integer(&statement, invite->expires_ms);
    put_fixed(&statement, invite->inviter, sizeof invite->inviter);
    enum cs_status status = cs_signed_append(&statement, CS_INVITE_LABEL, inviter_key, out);
    cs_buffer_release(&statement);
    return status;
}

enum cs_status cs_invite_decode(struct cs_bytes bytes, struct cs_invite *out)
{
    struct cs_bytes statement;
    struct cs_cbor_reader reader;
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        status = cs_statement_enter(&reader, statement, INVITE_ITEMS);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_invite found;
    cs_cbor_take_fixed(&reader, found.organisation, sizeof found.organisation);
    cs_cbor_take_fixed(&reader, found.invite_key, sizeof found.invite_key);
    cs_cbor_take_fixed(&reader, found.person.bytes, sizeof found.person.bytes);
    found.person_name = cs_cbor_take_text(&reader);
    uint64_t roles = cs_cbor_take_unsigned(&reader);
    found.expires_ms = cs_cbor_take_integer(&reader);
    cs_cbor_take_fixed(&reader, found.inviter, sizeof found.inviter);
    if (cs_statement_leave(&reader) != CS_OK ||
        !cs_statement_name_valid(found.person_name, 1, CS_PERSON_NAME_MAX)) {
        return CS_MALFORMED;
    }
    found.roles = (cs_roles)roles;
    status = check_roles(roles);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_invite_id(struct cs_bytes bytes, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_bytes statement;
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        cs_hash("countersign invite", statement, out);
    }
    return status;
}
