/* Rows and scope sets of a message, see page_parts.h. */
#include "shared/wire/page_parts.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/rows.h"

void cs_scope_sets_put(struct cs_buffer *out, const struct cs_scope_set *sets, size_t count)
{
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_array(out, sets[i].count);
        for (size_t j = 0; j < sets[i].count; j++) {
            cs_cbor_put_unsigned(out, sets[i].scopes[j]);
        }
    }
}

static void take_scope_set(struct cs_cbor_reader *reader, struct cs_arena *arena,
                           struct cs_scope_set *out)
{
    size_t count = cs_cbor_enter_array(reader, CS_SCOPES_PER_DEVICE_MAX);
    out->scopes = cs_message_array(reader, arena, count, sizeof *out->scopes);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        out->scopes[i] = (uint32_t)cs_message_take_bounded(reader, UINT32_MAX);
    }
    out->count = count;
    cs_cbor_leave(reader);
}

struct cs_scope_set *cs_scope_sets_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                        size_t max, size_t *out_count)
{
    size_t count = cs_cbor_enter_array(reader, max);
    struct cs_scope_set *sets = cs_message_array(reader, arena, count, sizeof *sets);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        take_scope_set(reader, arena, &sets[i]);
    }
    cs_cbor_leave(reader);
    *out_count = count;
    return sets;
}

enum cs_status cs_page_rows_put(struct cs_buffer *out, const struct cs_row *rows, size_t count)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_PAGE_BYTES_MAX);
    enum cs_status status = cs_rows_encode(rows, count, &bytes);
    if (status == CS_OK) {
        cs_cbor_put_bytes(out, cs_buffer_bytes(&bytes));
    }
    cs_buffer_release(&bytes);
    return status;
}

struct cs_row *cs_page_rows_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                 size_t *out_count)
{
    struct cs_row *rows = NULL;
    struct cs_bytes bytes = cs_cbor_take_bytes(reader);
    if (bytes.size > CS_PAGE_BYTES_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    if (reader->status == CS_OK) {
        enum cs_status status = cs_rows_decode_borrowing(bytes, arena, &rows, out_count);
        if (status != CS_OK) {
            cs_cbor_fail(reader, status);
        }
    }
    return rows;
}
