/* Columns of values, see columns.h. */
#include "shared/wire/columns.h"

#include "shared/base/limits.h"

/* How the entries of a value column are written. */
enum form { FORM_PLAIN = 0, FORM_IDS = 1 };

static bool is_null(const struct cs_value *value)
{
    return value == NULL || value->kind == CS_VALUE_NULL;
}

/* References are ids: their column is worth the id form if it holds nothing else. */
static enum form choose_form(const struct cs_value *const *values, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (is_null(values[i])) {
            continue;
        }
        if (values[i]->kind != CS_VALUE_BYTES || values[i]->bytes.size != CS_ID_SIZE) {
            return FORM_PLAIN;
        }
        found = true;
    }
    return found ? FORM_IDS : FORM_PLAIN;
}

void cs_value_column_put(struct cs_buffer *out, const struct cs_value *const *values, size_t count)
{
    enum form form = choose_form(values, count);
    struct cs_id_column ids = {0};
    cs_cbor_put_array(out, 2);
    cs_cbor_put_unsigned(out, form);
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        struct cs_id id;
        if (is_null(values[i])) {
            cs_cbor_put_null(out);
        } else if (form == FORM_IDS && cs_id_from_bytes(values[i]->bytes, &id)) {
            cs_id_column_put(&ids, out, &id);
        } else {
            cs_cbor_put_value(out, values[i]);
        }
    }
}

void cs_value_column_enter(struct cs_value_column *column, struct cs_cbor_reader *reader,
                           size_t count, struct cs_arena *arena)
{
    *column = (struct cs_value_column){0};
    cs_cbor_enter_exact(reader, 2);
    uint64_t form = cs_cbor_take_unsigned(reader);
    cs_cbor_enter_exact(reader, count);
    if (form != FORM_PLAIN && form != FORM_IDS) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    if (reader->status != CS_OK || form == FORM_PLAIN) {
        return;
    }
    column->of_ids = true;
    column->id_storage = cs_arena_take_array(arena, count, sizeof *column->id_storage);
    if (column->id_storage == NULL) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
    }
}

struct cs_value cs_value_column_take(struct cs_value_column *column, struct cs_cbor_reader *reader)
{
    if (!column->of_ids || cs_cbor_peek(reader) == CS_CBOR_NULL) {
        return cs_cbor_take_value(reader);
    }
    struct cs_id id = cs_id_column_take(&column->ids, reader);
    if (reader->status != CS_OK) {
        return CS_NULL;
    }
    struct cs_id *place = column->id_storage++;
    *place = id;
    return cs_value_bytes(cs_id_bytes(place));
}

void cs_value_column_leave(struct cs_value_column *column, struct cs_cbor_reader *reader)
{
    (void)column;
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
}
