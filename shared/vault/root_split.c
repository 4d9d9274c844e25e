/* The root key's statement of its shares, see root_split.h. */
#include "shared/vault/root_split.h"

#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define SPLIT_LABEL "countersign root shares 1"
#define SPLIT_ITEMS 5

static bool fits(const struct cs_root_split *split)
{
    return split->threshold >= CS_VAULT_SHARES_MIN && split->threshold <= split->count &&
           split->count <= CS_VAULT_SHARES_MAX;
}

static struct cs_bytes all_commitments(const struct cs_root_split *split)
{
    return cs_bytes_make(split->commitments, (size_t)split->count * CS_HASH_SIZE);
}

enum cs_status cs_root_split_encode(const struct cs_root_split *split,
                                    const struct cs_sign_key *root, struct cs_buffer *out)
{
    if (!fits(split)) {
        return CS_INVALID;
    }
    struct cs_buffer statement;
    cs_statement_begin(&statement, SPLIT_ITEMS);
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(split->root_key));
    cs_cbor_put_unsigned(&statement, split->threshold);
    cs_cbor_put_unsigned(&statement, split->count);
    cs_cbor_put_bytes(&statement, all_commitments(split));
    enum cs_status status = cs_signed_append(&statement, SPLIT_LABEL, root, out);
    cs_buffer_release(&statement);
    return status;
}

static enum cs_status take(struct cs_bytes statement, struct cs_root_split *out)
{
    struct cs_cbor_reader reader;
    enum cs_status status = cs_statement_enter(&reader, statement, SPLIT_ITEMS);
    if (status != CS_OK) {
        return status;
    }
    cs_cbor_take_fixed(&reader, out->root_key, sizeof out->root_key);
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

enum cs_status cs_root_split_verify(struct cs_bytes bytes, struct cs_root_split *out)
{
    struct cs_root_split found;
    struct cs_bytes statement;
    memset(&found, 0, sizeof found);
    enum cs_status status = cs_signed_statement(bytes, &statement);
    if (status == CS_OK) {
        status = take(statement, &found);
    }
    if (status == CS_OK) {
        status = cs_signed_verify(bytes, SPLIT_LABEL, found.root_key);
    }
    if (status == CS_OK) {
        cs_root_split_set(&found, &found.set);
        *out = found;
    }
    return status;
}

void cs_root_split_set(const struct cs_root_split *split, struct cs_id *out)
{
    const uint8_t numbers[] = {(uint8_t)split->threshold, (uint8_t)split->count};
    const struct cs_bytes parts[] = {cs_bytes_of_array(split->root_key), cs_bytes_of_array(numbers),
                                     all_commitments(split)};
    uint8_t hash[CS_HASH_SIZE];
    cs_require(split->count <= CS_VAULT_SHARES_MAX);
    cs_hash_parts("countersign root share set 1", parts, CS_COUNT(parts), hash);
    memcpy(out->bytes, hash, sizeof out->bytes);
}

void cs_root_share_commitment(unsigned index, struct cs_bytes share,
                              uint8_t out[static CS_HASH_SIZE])
{
    const uint8_t index_byte = (uint8_t)index;
    const struct cs_bytes parts[] = {cs_bytes_make(&index_byte, 1), share};
    cs_require(index >= 1 && index <= CS_VAULT_SHARES_MAX);
    cs_hash_parts("countersign root share 1", parts, CS_COUNT(parts), out);
}
