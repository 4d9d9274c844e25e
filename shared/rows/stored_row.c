/*
 * Rows in memory, see row_table.h: to and from named fields, one blob, and their hash.
 */
#include "shared/rows/row_table.h"

#include <string.h>

enum cs_status cs_row_fields(const struct cs_stored_row *row, struct cs_arena *arena,
                             struct cs_named_value **out_fields, size_t *out_count)
{
    size_t known = row->entity == NULL || row->values == NULL ? 0 : row->entity->field_count;
    struct cs_named_value *fields =
        cs_arena_take_array(arena, known + row->extra_count, sizeof *fields);
    if (fields == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < known; i++) {
        if (row->values[i].kind != CS_VALUE_NULL) {
            fields[count++] = (struct cs_named_value){cs_bytes_of_text(row->entity->fields[i].name),
                                                      row->values[i]};
        }
    }
    for (size_t i = 0; i < row->extra_count; i++) {
        if (row->extra[i].value.kind != CS_VALUE_NULL) {
            fields[count++] = row->extra[i];
        }
    }
    *out_fields = fields;
    *out_count = count;
    return CS_OK;
}

/* Keeps `extra` ascending by name; a second value for a name is malformed. */
static enum cs_status add_extra(struct cs_stored_row *row, const struct cs_named_value *field)
{
    size_t place = row->extra_count;
    while (place > 0) {
        int order = cs_bytes_compare(row->extra[place - 1].name, field->name);
        if (order == 0) {
            return CS_MALFORMED;
        }
        if (order < 0) {
            break;
        }
        row->extra[place] = row->extra[place - 1];
        place--;
    }
    row->extra[place] = *field;
    row->extra_count++;
    return CS_OK;
}

static enum cs_status set_known(struct cs_value *place, const struct cs_value *value)
{
    if (place->kind != CS_VALUE_NULL) {
        return CS_MALFORMED;
    }
    *place = *value;
    return CS_OK;
}

enum cs_status cs_row_from_fields(const struct cs_registry *registry, struct cs_bytes name,
                                  const struct cs_named_value *fields, size_t count,
                                  struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_stored_row row = {.entity = cs_registry_find(registry, name), .name = name};
    row.extra = cs_arena_take_array(arena, count, sizeof *row.extra);
    if (row.entity != NULL) {
        row.name = cs_bytes_of_text(row.entity->name);
        row.values = cs_arena_take_array(arena, row.entity->field_count, sizeof *row.values);
    }
    if (row.extra == NULL || (row.entity != NULL && row.values == NULL)) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        int index = row.entity == NULL ? -1 : cs_entity_field_index(row.entity, fields[i].name);
        enum cs_status status = index >= 0 ? set_known(&row.values[index], &fields[i].value)
                                           : add_extra(&row, &fields[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    *out = row;
    return CS_OK;
}

enum cs_status cs_stored_row_hash(const struct cs_stored_row *row, uint8_t out[static CS_HASH_SIZE])
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value *fields;
    size_t count;
    enum cs_status status = cs_row_fields(row, &arena, &fields, &count);
    if (status == CS_OK) {
        status = cs_row_hash(row->name, &row->id, row->deleted, row->versions, fields, count, out);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status copy_value(struct cs_arena *arena, struct cs_value *value)
{
    return cs_arena_copy(arena, value->bytes, &value->bytes);
}

static enum cs_status copy_extra(const struct cs_stored_row *row, struct cs_arena *arena,
                                 struct cs_named_value **out)
{
    struct cs_named_value *extra = cs_arena_take_array(arena, row->extra_count, sizeof *extra);
    if (extra == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < row->extra_count; i++) {
        extra[i] = row->extra[i];
        if (cs_arena_copy(arena, extra[i].name, &extra[i].name) != CS_OK ||
            copy_value(arena, &extra[i].value) != CS_OK) {
            return CS_NO_MEMORY;
        }
    }
    *out = extra;
    return CS_OK;
}

enum cs_status cs_stored_row_copy(const struct cs_stored_row *row, struct cs_arena *arena,
                                  struct cs_stored_row *out)
{
    struct cs_stored_row copy = *row;
    size_t known = row->values == NULL ? 0 : row->entity->field_count;
    if (row->values != NULL) {
        copy.values = cs_arena_take_array(arena, known, sizeof *copy.values);
        if (copy.values == NULL) {
            return CS_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < known; i++) {
        copy.values[i] = row->values[i];
        if (copy_value(arena, &copy.values[i]) != CS_OK) {
            return CS_NO_MEMORY;
        }
    }
    if (copy_extra(row, arena, &copy.extra) != CS_OK ||
        (row->entity == NULL && cs_arena_copy(arena, row->name, &copy.name) != CS_OK) ||
        cs_arena_copy(arena, row->versions, &copy.versions) != CS_OK ||
        cs_arena_copy(arena, row->scopes, &copy.scopes) != CS_OK) {
        return CS_NO_MEMORY;
    }
    *out = copy;
    return CS_OK;
}

void cs_named_values_put(const struct cs_named_value *fields, size_t count, struct cs_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_prefixed(out, fields[i].name);
        cs_unit_value_encode(&fields[i].value, 1, out);
    }
}

/* One name and value; the value is a unit of one (merge/row_digest.h). */
static enum cs_status take_named_value(struct cs_reader *reader, struct cs_named_value *out)
{
    out->name = cs_read_prefixed(reader);
    struct cs_bytes start = reader->rest;
    (void)cs_read_prefixed(reader);
    if (reader->status != CS_OK) {
        return CS_CORRUPT;
    }
    struct cs_bytes unit = {start.data, start.size - reader->rest.size};
    return cs_unit_value_decode(unit, &out->value, 1) == CS_OK ? CS_OK : CS_CORRUPT;
}

enum cs_status cs_named_values_take(struct cs_bytes bytes, struct cs_arena *arena,
                                    struct cs_named_value **out_fields, size_t *out_count)
{
    struct cs_reader reader;
    size_t count = 0;
    for (cs_reader_init(&reader, bytes); reader.rest.size > 0 && reader.status == CS_OK; count++) {
        (void)cs_read_prefixed(&reader);
        (void)cs_read_prefixed(&reader);
    }
    struct cs_named_value *fields = cs_arena_take_array(arena, count, sizeof *fields);
    if (fields == NULL) {
        return CS_NO_MEMORY;
    }
    cs_reader_init(&reader, bytes);
    for (size_t i = 0; i < count; i++) {
        enum cs_status status = take_named_value(&reader, &fields[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    *out_fields = fields;
    *out_count = count;
    return CS_OK;
}

enum cs_status cs_stored_row_encode(const struct cs_stored_row *row, struct cs_buffer *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_named_value *fields;
    size_t count;
    enum cs_status status = cs_row_fields(row, &arena, &fields, &count);
    if (status == CS_OK) {
        cs_buffer_append_u8(out, row->deleted ? 1 : 0);
        cs_buffer_append_u64(out, row->position);
        cs_buffer_append_prefixed(out, row->versions);
        cs_buffer_append_prefixed(out, row->scopes);
        cs_named_values_put(fields, count, out);
        status = out->status;
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_stored_row_decode(const struct cs_registry *registry, struct cs_bytes name,
                                    const struct cs_id *id, struct cs_bytes bytes,
                                    struct cs_arena *arena, struct cs_stored_row *out)
{
    struct cs_bytes copy;
    struct cs_bytes own_name; /* an opaque row keeps it */
    if (cs_arena_copy(arena, bytes, &copy) != CS_OK ||
        cs_arena_copy(arena, name, &own_name) != CS_OK) {
        return CS_NO_MEMORY;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, copy);
    uint8_t deleted = cs_read_u8(&reader);
    uint64_t position = cs_read_u64(&reader);
    struct cs_bytes versions = cs_read_prefixed(&reader);
    struct cs_bytes scopes = cs_read_prefixed(&reader);
    if (reader.status != CS_OK || deleted > 1) {
        return CS_CORRUPT;
    }
    struct cs_named_value *fields;
    size_t count;
    enum cs_status status = cs_named_values_take(reader.rest, arena, &fields, &count);
    if (status != CS_OK) {
        return status;
    }
    struct cs_stored_row row;
    status = cs_row_from_fields(registry, own_name, fields, count, arena, &row);
    if (status != CS_OK) {
        return status == CS_MALFORMED ? CS_CORRUPT : status;
    }
    row.id = *id;
    row.exists = true;
    row.deleted = deleted != 0;
    row.position = position;
    row.versions = versions;
    row.scopes = scopes;
    *out = row;
    return CS_OK;
}
