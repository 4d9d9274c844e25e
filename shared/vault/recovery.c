/* The root's statement of the recovery key, see recovery.h. */
#include "shared/vault/recovery.h"

#include "shared/evidence/certificate.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define RECOVERY_LABEL "countersign recovery key 1"
#define RECOVERY_ITEMS 8

static bool fits(const struct cs_vault_recovery *recovery)
{
    return recovery->threshold >= CS_VAULT_SHARES_MIN && recovery->threshold <= recovery->count &&
           recovery->count <= CS_VAULT_SHARES_MAX;
}

enum cs_status cs_vault_recovery_encode(const struct cs_vault_recovery *recovery,
                                        const struct cs_sign_key *root, struct cs_buffer *out)
{
    if (!fits(recovery)) {
        return CS_INVALID;
    }
    struct cs_buffer statement;
    cs_statement_begin(&statement, RECOVERY_ITEMS);
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(recovery->organisation));
    cs_cbor_put_unsigned(&statement, recovery->number);
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(recovery->key));
    cs_cbor_put_bytes(&statement, cs_id_bytes(&recovery->set));
    cs_cbor_put_unsigned(&statement, recovery->threshold);
    cs_cbor_put_unsigned(&statement, recovery->count);
    cs_cbor_put_bytes(&statement,
                      cs_bytes_make(recovery->commitments, (size_t)recovery->count * CS_HASH_SIZE));
    enum cs_status status = cs_signed_append(&statement, RECOVERY_LABEL, root, out);
    cs_buffer_release(&statement);
    return status;
}

static enum cs_status take(struct cs_bytes statement, struct cs_vault_recovery *out)
{
    struct cs_cbor_reader reader;
    enum cs_status status = cs_statement_enter(&reader, statement, RECOVERY_ITEMS);
    if (status != CS_OK) {
        return status;
    }
    cs_cbor_take_fixed(&reader, out->organisation, sizeof out->organisation);
    out->number = cs_cbor_take_unsigned(&reader);
    cs_cbor_take_fixed(&reader, out->key, sizeof out->key);
    cs_cbor_take_fixed(&reader, out->set.bytes, sizeof out->set.bytes);
    uint64_t threshold = cs_cbor_take_unsigned(&reader);
    uint64_t count = cs_cbor_take_unsigned(&reader);
    if (threshold > CS_VAULT_SHARES_MAX || count > CS_VAULT_SHARES_MAX) {
        return CS_MALFORMED;
    }
    out->threshold = (unsigned)threshold;
    out->count = (unsigned)count;
    cs_cbor_take_fixed(&reader, out->commitments[0], (size_t)count * CS_HASH_SIZE);
    status = cs_statement_leave(&reader);
    return status == CS_OK && !fits(out) ? CS_MALFORMED : status;
}

enum cs_status cs_vault_recovery_decode(struct cs_bytes bytes, struct cs_vault_recovery *out)
{
    struct cs_vault_recovery found;
    struct cs_bytes statement;
    memset(&found, 0, sizeof found);
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        status = take(statement, &found);
    }
    if (status == CS_OK) {
        cs_hash("countersign recovery key", statement, found.id);
        *out = found;
    }
    return status;
}

enum cs_status cs_vault_recovery_verify(struct cs_bytes bytes,
                                        const uint8_t root_key[static CS_SIGN_PUBLIC_SIZE],
                                        struct cs_vault_recovery *out)
{
    struct cs_vault_recovery found;
    uint8_t organisation[CS_HASH_SIZE];
    enum cs_status status = cs_signed_verify(bytes, RECOVERY_LABEL, root_key);
    if (status == CS_OK) {
        status = cs_vault_recovery_decode(bytes, &found);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_organisation_id(root_key, organisation);
    if (memcmp(organisation, found.organisation, CS_HASH_SIZE) != 0) {
        return CS_WRONG_ORGANISATION;
    }
    *out = found;
    return CS_OK;
}

void cs_vault_share_commitment(const struct cs_id *set, unsigned index, struct cs_bytes share,
                               uint8_t out[static CS_HASH_SIZE])
{
    const uint8_t index_byte = (uint8_t)index;
    const struct cs_bytes parts[] = {cs_id_bytes(set), cs_bytes_make(&index_byte, 1), share};
    cs_require(index >= 1 && index <= CS_VAULT_SHARES_MAX);
    cs_hash_parts("countersign recovery share 1", parts, CS_COUNT(parts), out);
}
