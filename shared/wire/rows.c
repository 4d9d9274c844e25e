/*
 * Rows (PROTOCOL.md, chapter "Rows"), see rows.h.
 *
 * A shape is an entity; its columns are the union of the fields of its rows, NULL where a row has none.
 */
#include "shared/wire/rows.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/shapes.h"

#define FORMAT 1
/* [format, count, runs, shapes] */
#define ROWS_ITEMS 4
/* [entity, names, ids, versions, scope sets, deleted, columns] */
#define SHAPE_ITEMS 7

struct encoder {
    const struct cs_row *rows;
    size_t count;
    struct cs_shapes shapes;
    struct cs_arena scratch;
    struct cs_buffer *out;
};

/* One shape while it is written. */
struct columns {
    size_t shape;
    size_t size; /* rows */
    struct cs_bytes *names;
    size_t name_count;
    size_t value_count; /* over all rows */
    const struct cs_value *
        *values; /* name_count columns of `size` values, NULL where a row has none */
};

static enum cs_status check_field(const struct cs_named_value *field)
{
    if (!cs_name_valid(field->name)) {
        return CS_INVALID;
    }
    return field->value.bytes.size > CS_VALUE_MAX ? CS_TOO_LARGE : CS_OK;
}

static enum cs_status check_row(const struct cs_row *row)
{
    if (!cs_name_valid(row->entity)) {
        return CS_INVALID;
    }
    if (row->field_count > CS_FIELDS_PER_ENTITY_MAX || row->versions.size > CS_VALUE_MAX) {
        return CS_TOO_LARGE;
    }
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < row->field_count && status == CS_OK; i++) {
        status = check_field(&row->fields[i]);
    }
    return status;
}

static enum cs_status check_rows(const struct encoder *encoder)
{
    enum cs_status status = encoder->count > CS_PAGE_ROWS_MAX ? CS_TOO_LARGE : CS_OK;
    for (size_t i = 0; i < encoder->count && status == CS_OK; i++) {
        status = check_row(&encoder->rows[i]);
    }
    return status;
}

static uint64_t hash_row(const void *items, size_t index)
{
    return cs_shape_hash_name(CS_SHAPE_HASH_START, ((const struct cs_row *)items)[index].entity);
}

static bool same_entity(const void *items, size_t a, size_t b)
{
    const struct cs_row *rows = items;
    return cs_bytes_equal(rows[a].entity, rows[b].entity);
}

static const struct cs_row *row_at(const struct encoder *encoder, const struct columns *columns,
                                   size_t index)
{
    size_t place = encoder->shapes.starts[columns->shape] + index;
    return &encoder->rows[encoder->shapes.order[place]];
}

/* Index of a name, name_count if it is none. `hint`: where to look first. */
static size_t find_name(const struct columns *columns, struct cs_bytes name, size_t hint)
{
    if (hint < columns->name_count && cs_bytes_equal(columns->names[hint], name)) {
        return hint;
    }
    size_t i = 0;
    while (i < columns->name_count && !cs_bytes_equal(columns->names[i], name)) {
        i++;
    }
    return i;
}

static enum cs_status collect_names(struct encoder *encoder, struct columns *columns)
{
    columns->names =
        cs_arena_take_array(&encoder->scratch, CS_FIELDS_PER_ENTITY_MAX, sizeof *columns->names);
    if (columns->names == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < columns->size; i++) {
        const struct cs_row *row = row_at(encoder, columns, i);
        for (size_t j = 0; j < row->field_count; j++) {
            if (row->fields[j].value.kind == CS_VALUE_NULL ||
                find_name(columns, row->fields[j].name, j) < columns->name_count) {
                continue;
            }
            if (columns->name_count == CS_FIELDS_PER_ENTITY_MAX) {
                return CS_TOO_LARGE;
            }
            columns->names[columns->name_count++] = row->fields[j].name;
        }
    }
    return CS_OK;
}

static enum cs_status collect_values(struct encoder *encoder, struct columns *columns)
{
    columns->values = cs_arena_take_array(&encoder->scratch, columns->name_count * columns->size,
                                          sizeof *columns->values);
    if (columns->values == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < columns->size; i++) {
        const struct cs_row *row = row_at(encoder, columns, i);
        for (size_t j = 0; j < row->field_count; j++) {
            if (row->fields[j].value.kind == CS_VALUE_NULL) {
                continue;
            }
            size_t name = find_name(columns, row->fields[j].name, j);
            const struct cs_value **place = &columns->values[name * columns->size + i];
            if (*place != NULL) {
                return CS_INVALID; /* a name twice */
            }
            *place = &row->fields[j].value;
        }
    }
    return CS_OK;
}

static void put_row_columns(struct encoder *encoder, const struct columns *columns)
{
    struct cs_buffer *out = encoder->out;
    struct cs_id_column ids = {0};
    struct cs_row_version_column versions = {0};
    cs_cbor_put_array(out, columns->size);
    for (size_t i = 0; i < columns->size; i++) {
        cs_id_column_put(&ids, out, &row_at(encoder, columns, i)->id);
    }
    cs_cbor_put_array(out, columns->size);
    for (size_t i = 0; i < columns->size; i++) {
        cs_row_version_column_put(&versions, out, row_at(encoder, columns, i)->versions);
    }
    cs_cbor_put_array(out, columns->size);
    for (size_t i = 0; i < columns->size; i++) {
        cs_cbor_put_unsigned(out, row_at(encoder, columns, i)->scope_set);
    }
    cs_cbor_put_array(out, columns->size);
    for (size_t i = 0; i < columns->size; i++) {
        cs_cbor_put_boolean(out, row_at(encoder, columns, i)->deleted);
    }
}

static enum cs_status put_shape(struct encoder *encoder, size_t shape)
{
    struct columns columns = {.shape = shape, .size = cs_shapes_size(&encoder->shapes, shape)};
    enum cs_status status = collect_names(encoder, &columns);
    if (status == CS_OK) {
        status = collect_values(encoder, &columns);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer *out = encoder->out;
    cs_cbor_put_array(out, SHAPE_ITEMS);
    cs_cbor_put_text(out, row_at(encoder, &columns, 0)->entity);
    cs_cbor_put_array(out, columns.name_count);
    for (size_t i = 0; i < columns.name_count; i++) {
        cs_cbor_put_text(out, columns.names[i]);
    }
    put_row_columns(encoder, &columns);
    cs_cbor_put_array(out, columns.name_count);
    for (size_t i = 0; i < columns.name_count; i++) {
        cs_value_column_put(out, columns.values + i * columns.size, columns.size);
    }
    return out->status;
}

static enum cs_status put_rows(struct encoder *encoder)
{
    enum cs_status status = check_rows(encoder);
    if (status == CS_OK) {
        struct cs_shape_rules rules = {encoder->rows, hash_row, same_entity};
        status = cs_shapes_assign(&rules, encoder->count, &encoder->scratch, &encoder->shapes);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_cbor_put_array(encoder->out, ROWS_ITEMS);
    cs_cbor_put_unsigned(encoder->out, FORMAT);
    cs_cbor_put_unsigned(encoder->out, encoder->count);
    cs_shapes_put(&encoder->shapes, encoder->out);
    cs_cbor_put_array(encoder->out, encoder->shapes.shape_count);
    for (size_t i = 0; i < encoder->shapes.shape_count && status == CS_OK; i++) {
        status = put_shape(encoder, i);
    }
    return status == CS_OK ? encoder->out->status : status;
}

enum cs_status cs_rows_encode(const struct cs_row *rows, size_t count, struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_PAGE_BYTES_MAX);
    struct encoder encoder = {.rows = rows, .count = count, .out = &plain};
    cs_arena_init(&encoder.scratch, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = put_rows(&encoder);
    status = status == CS_LIMIT ? CS_TOO_LARGE : status;
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_buffer_bytes(&plain));
        status = out->status;
    }
    cs_arena_release(&encoder.scratch);
    cs_buffer_release(&plain);
    return status;
}

struct decoder {
    struct cs_cbor_reader reader;
    struct cs_arena *arena; /* what the caller gets */
    struct cs_arena scratch;
    struct cs_row *rows;
    size_t count;
    struct cs_shapes shapes;
};

static bool failed(const struct decoder *decoder)
{
    return decoder->reader.status != CS_OK;
}

static void *take_array(struct decoder *decoder, struct cs_arena *arena, size_t count, size_t size)
{
    if (failed(decoder)) {
        return NULL;
    }
    void *items = cs_arena_take_array(arena, count, size);
    if (items == NULL) {
        cs_cbor_fail(&decoder->reader, CS_NO_MEMORY);
    }
    return items;
}

static struct cs_row *decoded_row(const struct decoder *decoder, size_t shape, size_t index)
{
    return &decoder->rows[decoder->shapes.order[decoder->shapes.starts[shape] + index]];
}

static struct cs_bytes *take_names(struct decoder *decoder, size_t *out_count)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    size_t count = cs_cbor_enter_array(reader, CS_FIELDS_PER_ENTITY_MAX);
    struct cs_bytes *names = take_array(decoder, &decoder->scratch, count, sizeof *names);
    for (size_t i = 0; i < count && !failed(decoder); i++) {
        names[i] = cs_cbor_take_name(reader);
        for (size_t j = 0; j < i; j++) {
            if (cs_bytes_equal(names[i], names[j])) {
                cs_cbor_fail(reader, CS_MALFORMED);
            }
        }
    }
    cs_cbor_leave(reader);
    *out_count = failed(decoder) ? 0 : count;
    return names;
}

static void take_row_columns(struct decoder *decoder, size_t shape, struct cs_bytes entity)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    size_t size = cs_shapes_size(&decoder->shapes, shape);
    struct cs_id_column ids = {0};
    struct cs_row_version_column versions = {0};
    cs_cbor_enter_exact(reader, size);
    for (size_t i = 0; i < size && !failed(decoder); i++) {
        decoded_row(decoder, shape, i)->entity = entity;
        decoded_row(decoder, shape, i)->id = cs_id_column_take(&ids, reader);
    }
    cs_cbor_leave(reader);
    cs_cbor_enter_exact(reader, size);
    for (size_t i = 0; i < size && !failed(decoder); i++) {
        decoded_row(decoder, shape, i)->versions =
            cs_row_version_column_take(&versions, reader, decoder->arena);
    }
    cs_cbor_leave(reader);
    cs_cbor_enter_exact(reader, size);
    for (size_t i = 0; i < size && !failed(decoder); i++) {
        uint64_t scope_set = cs_cbor_take_unsigned(reader);
        if (scope_set > UINT32_MAX) {
            cs_cbor_fail(reader, CS_MALFORMED);
        }
        decoded_row(decoder, shape, i)->scope_set = (uint32_t)scope_set;
    }
    cs_cbor_leave(reader);
    cs_cbor_enter_exact(reader, size);
    for (size_t i = 0; i < size && !failed(decoder); i++) {
        decoded_row(decoder, shape, i)->deleted = cs_cbor_take_boolean(reader);
    }
    cs_cbor_leave(reader);
}

/* Room for every field of every row of the shape: at least that many bytes of value columns are left. */
static void place_fields(struct decoder *decoder, size_t shape, size_t field_count)
{
    size_t size = cs_shapes_size(&decoder->shapes, shape);
    size_t count = size * field_count;
    if (count > decoder->reader.rest.size) {
        cs_cbor_fail(&decoder->reader, CS_MALFORMED);
    }
    struct cs_named_value *fields =
        count == 0 ? NULL : take_array(decoder, decoder->arena, count, sizeof *fields);
    for (size_t i = 0; fields != NULL && i < size; i++) {
        decoded_row(decoder, shape, i)->fields = &fields[i * field_count];
    }
}

static void take_column(struct decoder *decoder, size_t shape, struct cs_bytes name)
{
    struct cs_value_column column;
    size_t size = cs_shapes_size(&decoder->shapes, shape);
    cs_value_column_enter(&column, &decoder->reader, size, decoder->arena);
    for (size_t i = 0; i < size && !failed(decoder); i++) {
        struct cs_value value = cs_value_column_take(&column, &decoder->reader);
        if (value.kind != CS_VALUE_NULL) {
            struct cs_row *row = decoded_row(decoder, shape, i);
            row->fields[row->field_count++] = (struct cs_named_value){name, value};
        }
    }
    cs_value_column_leave(&column, &decoder->reader);
}

static void take_shape(struct decoder *decoder, size_t shape)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    cs_cbor_enter_exact(reader, SHAPE_ITEMS);
    struct cs_bytes entity = cs_cbor_take_name(reader);
    size_t name_count = 0;
    struct cs_bytes *names = take_names(decoder, &name_count);
    take_row_columns(decoder, shape, entity);
    cs_cbor_enter_exact(reader, name_count);
    place_fields(decoder, shape, name_count);
    for (size_t i = 0; i < name_count && !failed(decoder); i++) {
        take_column(decoder, shape, names[i]);
    }
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
}

static void take_rows(struct decoder *decoder)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    cs_cbor_enter_exact(reader, ROWS_ITEMS);
    uint64_t format = cs_cbor_take_unsigned(reader);
    if (!failed(decoder) && format != FORMAT) {
        cs_cbor_fail(reader, CS_UNSUPPORTED);
    }
    uint64_t count = cs_cbor_take_unsigned(reader);
    if (count > CS_PAGE_ROWS_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    } else if (count > reader->rest.size) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    decoder->count = (size_t)count;
    decoder->rows = take_array(decoder, decoder->arena, decoder->count, sizeof *decoder->rows);
    cs_shapes_take(reader, decoder->count, &decoder->scratch, &decoder->shapes);
    cs_cbor_enter_exact(reader, decoder->shapes.shape_count);
    for (size_t i = 0; i < decoder->shapes.shape_count && !failed(decoder); i++) {
        take_shape(decoder, i);
    }
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
}

enum cs_status cs_rows_decode_borrowing(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_row **out_rows, size_t *out_count)
{
    struct decoder decoder = {.arena = arena};
    cs_cbor_reader_init(&decoder.reader, bytes);
    cs_arena_init(&decoder.scratch, CS_MESSAGE_ARENA_MAX);
    take_rows(&decoder);
    enum cs_status status = cs_cbor_finish(&decoder.reader);
    if (status == CS_OK) {
        *out_rows = decoder.rows;
        *out_count = decoder.count;
    }
    cs_arena_release(&decoder.scratch);
    return status;
}

enum cs_status cs_rows_decode(struct cs_bytes bytes, struct cs_arena *arena,
                              struct cs_row **out_rows, size_t *out_count)
{
    if (bytes.size > CS_PAGE_BYTES_MAX) {
        return CS_LIMIT;
    }
    struct cs_bytes copy;
    enum cs_status status = cs_arena_copy(arena, bytes, &copy);
    return status == CS_OK ? cs_rows_decode_borrowing(copy, arena, out_rows, out_count) : status;
}
