/* Reading a row of entity `attachment`, see attachment_row.h. */
#include "shared/attachment/attachment_row.h"

#include <string.h>

static struct cs_value field(const struct cs_entity *entity, const struct cs_value *values,
                             const char *name)
{
    int index = cs_entity_field_index(entity, cs_bytes_of_text(name));
    return index < 0 ? CS_NULL : values[index];
}

static bool read_fixed(struct cs_value value, uint8_t *out, size_t size)
{
    if (value.kind != CS_VALUE_BYTES || value.bytes.size != size) {
        return false;
    }
    memcpy(out, value.bytes.data, size);
    return true;
}

static bool read_number(struct cs_value value, uint64_t *out)
{
    *out = (uint64_t)value.integer;
    return value.kind == CS_VALUE_INTEGER && value.integer >= 0;
}

static struct cs_bytes read_text(struct cs_value value)
{
    return value.kind == CS_VALUE_TEXT ? value.bytes : CS_BYTES_NONE;
}

enum cs_status cs_attachment_row_read(const struct cs_entity *entity, const struct cs_value *values,
                                      struct cs_attachment_row *out)
{
    struct cs_attachment_row row = {
        .file_name = read_text(field(entity, values, "file_name")),
        .media_type = read_text(field(entity, values, "media_type")),
    };
    bool whole = read_fixed(field(entity, values, "address"), row.address, sizeof row.address) &&
                 read_fixed(field(entity, values, "key"), row.key, sizeof row.key) &&
                 read_number(field(entity, values, "size"), &row.form.size) &&
                 read_number(field(entity, values, "chunk_size"), &row.form.chunk_size);
    if (!whole || cs_attachment_form_check(&row.form) != CS_OK) {
        return CS_MALFORMED;
    }
    *out = row;
    return CS_OK;
}
