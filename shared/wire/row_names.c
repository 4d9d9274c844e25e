/* Lists of rows by name, see row_names.h. */
#include "shared/wire/row_names.h"

#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

enum cs_status cs_row_names_check(const struct cs_departure *names, size_t count, size_t count_max)
{
    if (count > count_max) {
        return CS_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!cs_name_valid(names[i].entity)) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

void cs_row_names_put(struct cs_buffer *out, const struct cs_departure *names, size_t count)
{
    struct cs_id_column ids = {0};
    cs_cbor_put_array(out, 2);
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_text(out, names[i].entity);
    }
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_id_column_put(&ids, out, &names[i].row);
    }
}

struct cs_departure *cs_row_names_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                       size_t count_max, size_t *out_count)
{
    struct cs_id_column ids = {0};
    cs_cbor_enter_exact(reader, 2);
    size_t count = cs_cbor_enter_array(reader, count_max);
    struct cs_departure *names = cs_message_array(reader, arena, count, sizeof *names);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        names[i].entity = cs_cbor_take_name(reader);
    }
    cs_cbor_leave(reader);
    cs_cbor_enter_exact(reader, count);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        names[i].row = cs_id_column_take(&ids, reader);
    }
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
    *out_count = reader->status == CS_OK ? count : 0;
    return reader->status == CS_OK ? names : NULL;
}
