/* A row as one hash, and the canonical encoding of values, see row_digest.h. */
#include "shared/merge/row_digest.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"

#include <stdlib.h>

enum encoded_kind { ENCODED_NULL = 0, ENCODED_INTEGER = 1, ENCODED_TEXT = 2, ENCODED_BYTES = 3 };

void cs_value_encode(const struct cs_value *value, struct cs_buffer *out)
{
    if (value->kind == CS_VALUE_NULL) {
        cs_buffer_append_u8(out, ENCODED_NULL);
    } else if (value->kind == CS_VALUE_INTEGER) {
        cs_buffer_append_u8(out, ENCODED_INTEGER);
        cs_buffer_append_u64(out, (uint64_t)value->integer);
    } else {
        cs_buffer_append_u8(out, value->kind == CS_VALUE_TEXT ? ENCODED_TEXT : ENCODED_BYTES);
        cs_buffer_append_bytes(out, value->bytes);
    }
}

static void append_prefixed_value(struct cs_buffer *out, const struct cs_value *value)
{
    size_t size = 1;
    if (value->kind == CS_VALUE_INTEGER) {
        size += 8;
    } else if (value->kind != CS_VALUE_NULL) {
        size += value->bytes.size;
    }
    if (size > UINT32_MAX) {
        out->status = out->status == CS_OK ? CS_LIMIT : out->status;
        return;
    }
    cs_buffer_append_u32(out, (uint32_t)size);
    cs_value_encode(value, out);
}

void cs_unit_value_encode(const struct cs_value *values, size_t count, struct cs_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        append_prefixed_value(out, &values[i]);
    }
}

static bool decode_value(struct cs_bytes encoded, struct cs_value *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, encoded);
    uint8_t kind = cs_read_u8(&reader);
    if (reader.status != CS_OK || kind > ENCODED_BYTES) {
        return false;
    }
    if (kind == ENCODED_NULL) {
        *out = CS_NULL;
    } else if (kind == ENCODED_INTEGER) {
        *out = cs_value_integer((int64_t)cs_read_u64(&reader));
    } else {
        struct cs_bytes content = cs_read_bytes(&reader, reader.rest.size);
        if (kind == ENCODED_TEXT && !cs_utf8_valid(content)) {
            return false;
        }
        *out = kind == ENCODED_TEXT ? cs_value_text(content) : cs_value_bytes(content);
    }
    return cs_reader_finish(&reader) == CS_OK;
}

enum cs_status cs_unit_value_decode(struct cs_bytes encoded, struct cs_value *out_values,
                                    size_t count)
{
    /* The first pass only checks: outputs are written on success alone. */
    for (int pass = 0; pass < 2; pass++) {
        struct cs_reader reader;
        cs_reader_init(&reader, encoded);
        for (size_t i = 0; i < count; i++) {
            struct cs_value value;
            struct cs_bytes item = cs_read_prefixed(&reader);
            if (reader.status != CS_OK || !decode_value(item, &value)) {
                return CS_MALFORMED;
            }
            if (pass == 1) {
                out_values[i] = value;
            }
        }
        if (cs_reader_finish(&reader) != CS_OK) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct cs_named_value *const *left = a;
    const struct cs_named_value *const *right = b;
    return cs_bytes_compare((*left)->name, (*right)->name);
}

/* Appends the fields that have a value, in ascending order of names; `sorted` has room for all. */
static void append_fields(struct cs_buffer *out, const struct cs_named_value *fields, size_t count,
                          const struct cs_named_value **sorted)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.kind != CS_VALUE_NULL) {
            sorted[used++] = &fields[i];
        }
    }
    if (used > 1) {
        qsort(sorted, used, sizeof *sorted, compare_names);
    }
    for (size_t i = 0; i < used; i++) {
        cs_require(i == 0 || !cs_bytes_equal(sorted[i - 1]->name, sorted[i]->name));
        cs_buffer_append_prefixed(out, sorted[i]->name);
        append_prefixed_value(out, &sorted[i]->value);
    }
}

enum cs_status cs_row_hash(struct cs_bytes entity, const struct cs_id *id, bool deleted,
                           struct cs_bytes packed_versions, const struct cs_named_value *fields,
                           size_t field_count, uint8_t out[static CS_HASH_SIZE])
{
    const struct cs_named_value **sorted = cs_alloc_zero(field_count, sizeof *sorted);
    if (sorted == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_buffer row;
    cs_buffer_init(&row, CS_MESSAGE_ARENA_MAX);
    cs_buffer_append_prefixed(&row, entity);
    cs_buffer_append_bytes(&row, cs_id_bytes(id));
    cs_buffer_append_u8(&row, deleted ? 1 : 0);
    cs_buffer_append_prefixed(&row, packed_versions);
    append_fields(&row, fields, field_count, sorted);
    enum cs_status status = row.status;
    if (status == CS_OK) {
        cs_hash("countersign row 1", cs_buffer_bytes(&row), out);
    }
    cs_buffer_release(&row);
    cs_free(sorted);
    return status;
}
