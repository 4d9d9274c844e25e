/* Rows the server makes itself, see computed.h. */
#include "sync-server/reconcile/computed.h"

#include "shared/base/text.h"
#include "shared/domain/value_text.h"
#include "shared/merge/row_versions.h"
#include "sync-server/reconcile/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cs_computed_id(const char *label, const struct cs_bytes *parts, size_t part_count,
                    struct cs_id *out)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash_parts(label, parts, part_count, hash);
    memcpy(out->bytes, hash, CS_ID_SIZE);
    out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x80);
    out->bytes[8] = (uint8_t)((out->bytes[8] & 0x3f) | 0x80);
}

static enum cs_status make_row(struct cs_reconcile *reconcile, struct cs_working_row *row,
                               const struct cs_version *version)
{
    const struct cs_entity *entity = row->now.row.entity;
    struct cs_buffer packed;
    cs_buffer_init(&packed, 64);
    cs_row_versions_pack(&(struct cs_row_versions){.created = *version}, &packed);
    row->now.row.values =
        cs_arena_take_array(reconcile->arena, entity->field_count, sizeof(struct cs_value));
    enum cs_status status = row->now.row.values == NULL ? CS_NO_MEMORY : packed.status;
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_buffer_bytes(&packed), &row->now.row.versions);
    }
    cs_buffer_release(&packed);
    row->now.row.exists = status == CS_OK;
    row->now.changed = true;
    row->now.last_author = *version;
    return status;
}

enum cs_status cs_computed_put(struct cs_reconcile *reconcile, const char *entity,
                               const struct cs_id *id, const struct cs_computed_value *values,
                               size_t count)
{
    struct cs_working_row *row;
    enum cs_status status = cs_working_set_get(&reconcile->set, cs_bytes_of_text(entity), id, &row);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_entity *descriptor = row->now.row.entity;
    cs_require(descriptor != NULL);
    struct cs_version version = {CS_LOG_SERVER, reconcile->position + 1};
    bool is_new = !row->now.row.exists;
    if (is_new) {
        status = cs_working_set_touch(&reconcile->set, row);
        if (status == CS_OK) {
            status = make_row(reconcile, row, &version);
        }
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        int index = cs_entity_field_index(descriptor, cs_bytes_of_text(values[i].field));
        cs_require(index >= 0);
        if (is_new) {
            row->now.row.values[index] = values[i].value;
        } else if (!cs_value_equal(&row->now.row.values[index], &values[i].value)) {
            struct cs_unit unit;
            cs_unit_of(descriptor, (size_t)index, &unit);
            status = cs_working_set_touch(&reconcile->set, row);
            if (status == CS_OK) {
                /* Who wrote a note on it in the same push could not know this. */
                row->now.surprising = true;
                status = cs_unit_assign(reconcile, row, &unit, &values[i].value, &version);
            }
        }
    }
    return status;
}

struct cs_value cs_stored_value(const struct cs_stored_row *row, const char *field)
{
    int index = row->exists && row->entity != NULL
                    ? cs_entity_field_index(row->entity, cs_bytes_of_text(field))
                    : -1;
    return index < 0 ? CS_NULL : row->values[index];
}

struct cs_value cs_working_value(const struct cs_working_row *row, const char *field)
{
    return cs_stored_value(&row->now.row, field);
}

enum cs_status cs_row_label(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                            struct cs_bytes *out)
{
    struct cs_buffer text;
    cs_buffer_init(&text, CS_VALUE_MAX * 4);
    if (row->exists && row->entity != NULL) {
        size_t index = cs_entity_label_field(row->entity);
        if (row->entity->fields[index].type != CS_FIELD_REFERENCE) {
            cs_value_format(&row->entity->fields[index], &row->values[index], &text);
        }
    }
    if (text.size == 0) {
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&row->id, id);
        cs_buffer_append_text(&text, id);
    }
    const char *whole = cs_buffer_text(&text);
    enum cs_status status = CS_NO_MEMORY;
    if (whole != NULL) {
        size_t size = text.size <= 200 ? text.size : cs_utf8_cut(whole, 200);
        status = cs_arena_copy(reconcile->arena, cs_bytes_make(whole, size), out);
    }
    cs_buffer_release(&text);
    return status;
}

#define COMPUTED_TEXT_MAX 4000

enum cs_status cs_computed_text(struct cs_arena *arena, struct cs_value *out, const char *format,
                                ...)
{
    char text[COMPUTED_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return CS_INVALID;
    }
    size_t size =
        (size_t)length < sizeof text ? (size_t)length : cs_utf8_cut(text, COMPUTED_TEXT_MAX);
    struct cs_bytes copy;
    enum cs_status status = cs_arena_copy(arena, cs_bytes_make(text, size), &copy);
    if (status == CS_OK) {
        *out = cs_value_text(copy);
    }
    return status;
}
