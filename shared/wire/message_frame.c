/* What all messages share, see message_frame.h. */
#include "shared/wire/message_frame.h"

#include "shared/wire/columns.h"
#include "shared/wire/compression.h"

#include <string.h>

#define FORMAT 1
#define STATUS_NAME_MAX 32

void cs_message_begin(struct cs_buffer *plain, size_t size_max, size_t item_count)
{
    cs_message_begin_format(plain, size_max, FORMAT, item_count);
}

void cs_message_begin_format(struct cs_buffer *plain, size_t size_max, uint64_t format,
                             size_t item_count)
{
    cs_buffer_init(plain, size_max);
    cs_cbor_put_array(plain, item_count + 1);
    cs_cbor_put_unsigned(plain, format);
}

enum cs_status cs_message_blame_caller(enum cs_status status)
{
    if (status == CS_LIMIT) {
        return CS_TOO_LARGE;
    }
    return status == CS_MALFORMED ? CS_INVALID : status;
}

enum cs_status cs_message_end(struct cs_buffer *plain, enum cs_status status, struct cs_buffer *out)
{
    if (status == CS_OK) {
        status = plain->status;
    }
    status = cs_message_blame_caller(status);
    if (status == CS_OK) {
        status = cs_compress(cs_buffer_bytes(plain), out);
    }
    cs_buffer_release(plain);
    return status;
}

void cs_message_open(struct cs_cbor_reader *reader, struct cs_bytes message, size_t size_max,
                     size_t item_count, struct cs_arena *arena)
{
    (void)cs_message_open_formats(reader, message, size_max, &item_count, 1, arena);
}

uint64_t cs_message_open_formats(struct cs_cbor_reader *reader, struct cs_bytes message,
                                 size_t size_max, const size_t *item_counts, size_t format_count,
                                 struct cs_arena *arena)
{
    struct cs_bytes plain = CS_BYTES_NONE;
    enum cs_status status = cs_decompress_to_arena(message, size_max, arena, &plain);
    cs_cbor_reader_init(reader, plain);
    if (status != CS_OK) {
        cs_cbor_fail(reader, status);
        return 0;
    }
    size_t count = cs_cbor_enter_array(reader, SIZE_MAX);
    uint64_t format = cs_cbor_take_unsigned(reader);
    if (reader->status == CS_OK && (format == 0 || format > format_count)) {
        cs_cbor_fail(reader, CS_UNSUPPORTED);
    }
    if (reader->status == CS_OK && count != item_counts[format - 1] + 1) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? format : 0;
}

enum cs_status cs_message_close(struct cs_cbor_reader *reader)
{
    cs_cbor_leave(reader);
    return cs_cbor_finish(reader);
}

void *cs_message_array(struct cs_cbor_reader *reader, struct cs_arena *arena, size_t count,
                       size_t size)
{
    if (reader->status != CS_OK) {
        return NULL;
    }
    void *items = cs_arena_take_array(arena, count, size);
    if (items == NULL) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
    }
    return items;
}

uint64_t cs_message_take_bounded(struct cs_cbor_reader *reader, uint64_t value_max)
{
    uint64_t value = cs_cbor_take_unsigned(reader);
    if (value > value_max) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return 0;
    }
    return value;
}

enum cs_status cs_message_take_status(struct cs_cbor_reader *reader)
{
    char name[STATUS_NAME_MAX + 1] = {0};
    enum cs_status status = CS_REFUSED;
    struct cs_bytes text = cs_cbor_take_text(reader);
    if (text.size == 0 || text.size > STATUS_NAME_MAX) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return status;
    }
    memcpy(name, text.data, text.size);
    if (!cs_status_from_name(name, &status)) {
        return CS_REFUSED;
    }
    if (status == CS_OK) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return status;
}
