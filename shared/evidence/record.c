/* Signed evidence records, see record.h. */
#include "shared/evidence/record.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "shared/evidence/signed_bytes.h"

#define RECORD_LABEL "countersign record 1"
#define RECORD_ITEMS 7

static bool value_valid(const struct cs_value *value)
{
    return value->bytes.size <= CS_VALUE_MAX &&
           (value->kind != CS_VALUE_TEXT || cs_utf8_valid(value->bytes));
}

/* Names ascend strictly, so that a record has one form and no field twice. */
static bool field_valid(const struct cs_named_value *fields, size_t index)
{
    const struct cs_named_value *field = &fields[index];
    return cs_statement_name_valid(field->name, 1, CS_NAME_MAX) && value_valid(&field->value) &&
           (index == 0 || cs_bytes_compare(fields[index - 1].name, field->name) < 0);
}

static bool head_valid(const struct cs_record *record)
{
    return cs_statement_name_valid(record->kind, 1, CS_NAME_MAX) &&
           cs_instant_valid(record->claimed) && record->checkpoint.size <= CS_RECORD_CHECKPOINT_MAX;
}

static enum cs_status check_record(const struct cs_record *record)
{
    if (!head_valid(record) || record->field_count > CS_RECORD_FIELDS_MAX) {
        return CS_INVALID;
    }
    for (size_t i = 0; i < record->field_count; i++) {
        if (!field_valid(record->fields, i)) {
            return CS_INVALID;
        }
    }
    return CS_OK;
}

static void put_record(struct cs_buffer *statement, const struct cs_record *record)
{
    cs_statement_begin(statement, RECORD_ITEMS);
    cs_cbor_put_text(statement, record->kind);
    cs_cbor_put_bytes(statement, cs_bytes_of_array(record->organisation));
    cs_cbor_put_bytes(statement, cs_bytes_of_array(record->certificate));
    cs_cbor_put_integer(statement, record->claimed);
    cs_cbor_put_bytes(statement, record->checkpoint);
    cs_cbor_put_array(statement, record->field_count);
    for (size_t i = 0; i < record->field_count; i++) {
        cs_cbor_put_array(statement, 2);
        cs_cbor_put_text(statement, record->fields[i].name);
        cs_cbor_put_value(statement, &record->fields[i].value);
    }
}

enum cs_status cs_record_encode(const struct cs_record *record, const struct cs_sign_key *key,
                                struct cs_buffer *out)
{
    enum cs_status status = check_record(record);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer statement;
    put_record(&statement, record);
    status = statement.status == CS_LIMIT ? CS_TOO_LARGE
                                          : cs_signed_append(&statement, RECORD_LABEL, key, out);
    cs_buffer_release(&statement);
    return status;
}

static enum cs_status take_fields(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                  struct cs_record *record)
{
    size_t count = cs_cbor_enter_array(reader, CS_RECORD_FIELDS_MAX);
    if (reader->status != CS_OK) {
        return CS_MALFORMED;
    }
    record->fields = cs_arena_take_array(arena, count, sizeof *record->fields);
    if (record->fields == NULL) {
        return CS_NO_MEMORY;
    }
    record->field_count = count;
    for (size_t i = 0; i < count; i++) {
        cs_cbor_enter_exact(reader, 2);
        record->fields[i].name = cs_cbor_take_text(reader);
        record->fields[i].value = cs_cbor_take_value(reader);
        cs_cbor_leave(reader);
        if (reader->status != CS_OK || !field_valid(record->fields, i)) {
            return CS_MALFORMED;
        }
    }
    cs_cbor_leave(reader);
    return CS_OK;
}

enum cs_status cs_record_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                struct cs_record *out)
{
    struct cs_bytes statement;
    struct cs_cbor_reader reader;
    enum cs_status status = bytes.size > CS_RECORD_MAX ? CS_LIMIT : CS_OK;
    if (status == CS_OK) {
        status = cs_signed_statement(bytes, &statement);
    }
    if (status == CS_OK) {
        status = cs_statement_enter(&reader, statement, RECORD_ITEMS);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_record record;
    record.kind = cs_cbor_take_text(&reader);
    cs_cbor_take_fixed(&reader, record.organisation, sizeof record.organisation);
    cs_cbor_take_fixed(&reader, record.certificate, sizeof record.certificate);
    record.claimed = cs_cbor_take_integer(&reader);
    record.checkpoint = cs_cbor_take_bytes(&reader);
    status = take_fields(&reader, arena, &record);
    if (status == CS_OK) {
        status = cs_statement_leave(&reader);
    }
    if (status == CS_OK) {
        status = head_valid(&record) ? CS_OK : CS_MALFORMED;
    }
    if (status == CS_OK) {
        *out = record;
    }
    return status;
}

enum cs_status cs_record_verify(struct cs_bytes bytes,
                                const uint8_t signer[static CS_SIGN_PUBLIC_SIZE])
{
    return cs_signed_verify(bytes, RECORD_LABEL, signer);
}
