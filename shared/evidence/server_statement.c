/* What a server says of itself and the root of the server, see server_statement.h. */
#include "shared/evidence/server_statement.h"

#include "shared/evidence/certificate.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define STATEMENT_LABEL "countersign server statement 1"
#define STATEMENT_ITEMS 6
#define IDENTITY_LABEL "countersign server identity 1"
#define IDENTITY_ITEMS 4

enum cs_status cs_server_statement_encode(const struct cs_server_statement *statement,
                                          const struct cs_sign_key *identity, struct cs_buffer *out)
{
    struct cs_buffer bytes;
    cs_statement_begin(&bytes, STATEMENT_ITEMS);
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->identity));
    cs_cbor_put_unsigned(&bytes, statement->epoch);
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->bundle_key));
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->half_key));
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->tls_key_hash));
    enum cs_status status = cs_signed_append(&bytes, STATEMENT_LABEL, identity, out);
    cs_buffer_release(&bytes);
    return status;
}

/* Checks the signature over the raw bytes, then enters the statement. */
static enum cs_status open_signed(struct cs_bytes bytes, const char *label, const uint8_t *signer,
                                  size_t count, struct cs_cbor_reader *reader)
{
    struct cs_bytes statement;
    enum cs_status status = cs_signed_verify(bytes, label, signer);
    if (status == CS_OK) {
        status = cs_signed_statement(bytes, &statement);
    }
    return status != CS_OK ? status : cs_statement_enter(reader, statement, count);
}

enum cs_status cs_server_statement_verify(struct cs_bytes bytes,
                                          const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                          struct cs_server_statement *out)
{
    struct cs_cbor_reader reader;
    enum cs_status status = open_signed(bytes, STATEMENT_LABEL, identity, STATEMENT_ITEMS, &reader);
    if (status != CS_OK) {
        return status;
    }
    struct cs_server_statement found;
    cs_cbor_take_fixed(&reader, found.identity, sizeof found.identity);
    found.epoch = cs_cbor_take_unsigned(&reader);
    cs_cbor_take_fixed(&reader, found.bundle_key, sizeof found.bundle_key);
    cs_cbor_take_fixed(&reader, found.half_key, sizeof found.half_key);
    cs_cbor_take_fixed(&reader, found.tls_key_hash, sizeof found.tls_key_hash);
    status = cs_statement_leave(&reader);
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(found.identity, identity, sizeof found.identity) != 0) {
        return CS_WRONG_SERVER;
    }
    *out = found;
    return CS_OK;
}

void cs_server_statement_mark(struct cs_bytes bytes,
                              uint8_t out[static CS_SERVER_STATEMENT_MARK_SIZE])
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash("countersign server statement", bytes, hash);
    memcpy(out, hash, CS_SERVER_STATEMENT_MARK_SIZE);
}

enum cs_status cs_server_identity_encode(const struct cs_server_identity *statement,
                                         const struct cs_sign_key *root, struct cs_buffer *out)
{
    struct cs_buffer bytes;
    cs_statement_begin(&bytes, IDENTITY_ITEMS);
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->organisation));
    cs_cbor_put_bytes(&bytes, cs_bytes_of_array(statement->identity));
    cs_cbor_put_unsigned(&bytes, statement->epoch);
    enum cs_status status = cs_signed_append(&bytes, IDENTITY_LABEL, root, out);
    cs_buffer_release(&bytes);
    return status;
}

enum cs_status cs_server_identity_verify(struct cs_bytes bytes,
                                         const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                         struct cs_server_identity *out)
{
    struct cs_cbor_reader reader;
    enum cs_status status = open_signed(bytes, IDENTITY_LABEL, root_key, IDENTITY_ITEMS, &reader);
    if (status != CS_OK) {
        return status;
    }
    struct cs_server_identity found;
    cs_cbor_take_fixed(&reader, found.organisation, sizeof found.organisation);
    cs_cbor_take_fixed(&reader, found.identity, sizeof found.identity);
    found.epoch = cs_cbor_take_unsigned(&reader);
    status = cs_statement_leave(&reader);
    if (status != CS_OK) {
        return status;
    }
    uint8_t organisation[CS_HASH_SIZE];
    cs_organisation_id(root_key, organisation);
    if (memcmp(found.organisation, organisation, sizeof organisation) != 0) {
        return CS_WRONG_ORGANISATION;
    }
    *out = found;
    return CS_OK;
}
