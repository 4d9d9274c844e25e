/* Signed structures, see signed_bytes.h. */
#include "shared/evidence/signed_bytes.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"

#define STATEMENT_VERSION 1
/* More items than any version may have; only to tell a newer version from noise. */
#define STATEMENT_ITEMS_MAX 64

enum cs_status cs_signed_statement(struct cs_bytes bytes, struct cs_bytes *out)
{
    if (bytes.size <= CS_SIGNATURE_SIZE) {
        return CS_MALFORMED;
    }
    *out = cs_bytes_make(bytes.data + CS_SIGNATURE_SIZE, bytes.size - CS_SIGNATURE_SIZE);
    return CS_OK;
}

enum cs_status cs_signed_verify(struct cs_bytes bytes, const char *label,
                                const uint8_t signer[static CS_SIGN_PUBLIC_SIZE])
{
    struct cs_bytes statement;
    enum cs_status status = cs_signed_statement(bytes, &statement);
    return status != CS_OK ? status : cs_sign_verify(signer, label, statement, bytes.data);
}

enum cs_status cs_signed_append(const struct cs_buffer *statement, const char *label,
                                const struct cs_sign_key *key, struct cs_buffer *out)
{
    if (statement->status != CS_OK) {
        return statement->status;
    }
    uint8_t *place = cs_buffer_extend(out, CS_SIGNATURE_SIZE + statement->size);
    if (place == NULL) {
        return out->status;
    }
    cs_sign(key, label, cs_buffer_bytes(statement), place);
    for (size_t i = 0; i < statement->size; i++) {
        place[CS_SIGNATURE_SIZE + i] = statement->data[i];
    }
    return CS_OK;
}

void cs_statement_begin(struct cs_buffer *statement, size_t count)
{
    cs_buffer_init(statement, CS_STATEMENT_MAX);
    cs_cbor_put_array(statement, count);
    cs_cbor_put_unsigned(statement, STATEMENT_VERSION);
}

enum cs_status cs_statement_enter(struct cs_cbor_reader *reader, struct cs_bytes statement,
                                  size_t count)
{
    cs_cbor_reader_init(reader, statement);
    size_t found = cs_cbor_enter_array(reader, STATEMENT_ITEMS_MAX);
    uint64_t version = cs_cbor_take_unsigned(reader);
    if (reader->status != CS_OK) {
        return CS_MALFORMED;
    }
    if (version != STATEMENT_VERSION) {
        return CS_UNSUPPORTED;
    }
    return found == count ? CS_OK : CS_MALFORMED;
}

enum cs_status cs_statement_leave(struct cs_cbor_reader *reader)
{
    cs_cbor_leave(reader);
    return cs_cbor_finish(reader) == CS_OK ? CS_OK : CS_MALFORMED;
}

bool cs_statement_name_valid(struct cs_bytes name, size_t size_min, size_t size_max)
{
    if (name.size < size_min || name.size > size_max || !cs_utf8_valid(name)) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < 0x20 || name.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}
