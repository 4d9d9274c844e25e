/* Bytes, see bytes.h. */
#include "shared/base/bytes.h"

#include "shared/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cs_bytes cs_bytes_make(const void *data, size_t size)
{
    return (struct cs_bytes){data, size};
}

struct cs_bytes cs_bytes_of_text(const char *text)
{
    return cs_bytes_make(text, text == NULL ? 0 : strlen(text));
}

bool cs_bytes_equal(struct cs_bytes a, struct cs_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool cs_bytes_equal_text(struct cs_bytes bytes, const char *text)
{
    return cs_bytes_equal(bytes, cs_bytes_of_text(text));
}

int cs_bytes_compare(struct cs_bytes a, struct cs_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

void cs_buffer_init(struct cs_buffer *buffer, size_t limit)
{
    *buffer = (struct cs_buffer){.limit = limit};
}

void cs_buffer_release(struct cs_buffer *buffer)
{
    if (buffer->data != NULL) {
        cs_wipe(buffer->data, buffer->capacity);
        cs_free(buffer->data);
    }
    cs_buffer_init(buffer, buffer->limit);
}

void cs_buffer_clear(struct cs_buffer *buffer)
{
    buffer->size = 0;
    buffer->status = CS_OK;
}

/* Makes room for `more` bytes beyond size; the ceiling allows one more byte for the end mark of a text. */
static bool reserve(struct cs_buffer *buffer, size_t more, size_t ceiling)
{
    if (buffer->status != CS_OK) {
        return false;
    }
    if (more > ceiling - buffer->size) {
        buffer->status = CS_LIMIT;
        return false;
    }
    size_t needed = buffer->size + more;
    if (buffer->data != NULL && needed <= buffer->capacity) {
        return true;
    }
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    uint8_t *data = cs_alloc(capacity);
    if (data == NULL) {
        buffer->status = CS_NO_MEMORY;
        return false;
    }
    if (buffer->data != NULL) {
        memcpy(data, buffer->data, buffer->size);
        cs_wipe(buffer->data, buffer->capacity);
        cs_free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

/* One more than the limit, for an end mark. */
static size_t text_ceiling(const struct cs_buffer *buffer)
{
    return buffer->limit == SIZE_MAX ? SIZE_MAX : buffer->limit + 1;
}

/* Most appends find room: growing is left to a function of its own. */
static bool has_room(const struct cs_buffer *buffer, size_t size)
{
    return buffer->status == CS_OK && buffer->data != NULL &&
           size <= buffer->limit - buffer->size && size <= buffer->capacity - buffer->size;
}

uint8_t *cs_buffer_extend(struct cs_buffer *buffer, size_t size)
{
    if (!has_room(buffer, size) && !reserve(buffer, size, buffer->limit)) {
        return NULL;
    }
    uint8_t *place = buffer->data + buffer->size;
    buffer->size += size;
    return place;
}

void cs_buffer_append(struct cs_buffer *buffer, const void *data, size_t size)
{
    if (size == 0) {
        return;
    }
    uint8_t *place = cs_buffer_extend(buffer, size);
    if (place != NULL) {
        memcpy(place, data, size);
    }
}

void cs_buffer_append_bytes(struct cs_buffer *buffer, struct cs_bytes bytes)
{
    cs_buffer_append(buffer, bytes.data, bytes.size);
}

void cs_buffer_append_text(struct cs_buffer *buffer, const char *text)
{
    cs_buffer_append(buffer, text, strlen(text));
}

void cs_buffer_append_format(struct cs_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buffer->status = buffer->status == CS_OK ? CS_INVALID : buffer->status;
    } else if (reserve(buffer, (size_t)length + 1, text_ceiling(buffer))) {
        (void)vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
}

void cs_buffer_append_u8(struct cs_buffer *buffer, uint8_t value)
{
    cs_buffer_append(buffer, &value, 1);
}

void cs_buffer_append_u32(struct cs_buffer *buffer, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    cs_buffer_append(buffer, bytes, sizeof bytes);
}

void cs_buffer_append_u64(struct cs_buffer *buffer, uint64_t value)
{
    cs_buffer_append_u32(buffer, (uint32_t)(value >> 32));
    cs_buffer_append_u32(buffer, (uint32_t)value);
}

void cs_buffer_append_varint(struct cs_buffer *buffer, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = 0;
    do {
        uint8_t low = (uint8_t)(value & 0x7f);
        value >>= 7;
        bytes[size++] = value != 0 ? (uint8_t)(low | 0x80) : low;
    } while (value != 0);
    cs_buffer_append(buffer, bytes, size);
}

void cs_buffer_append_prefixed(struct cs_buffer *buffer, struct cs_bytes bytes)
{
    if (bytes.size > UINT32_MAX) {
        buffer->status = buffer->status == CS_OK ? CS_LIMIT : buffer->status;
        return;
    }
    cs_buffer_append_u32(buffer, (uint32_t)bytes.size);
    cs_buffer_append_bytes(buffer, bytes);
}

struct cs_bytes cs_buffer_bytes(const struct cs_buffer *buffer)
{
    return cs_bytes_make(buffer->data, buffer->size);
}

const char *cs_buffer_text(struct cs_buffer *buffer)
{
    if (!reserve(buffer, 1, text_ceiling(buffer))) {
        return NULL;
    }
    buffer->data[buffer->size] = '\0';
    return (const char *)buffer->data;
}

void cs_reader_init(struct cs_reader *reader, struct cs_bytes bytes)
{
    *reader = (struct cs_reader){bytes, CS_OK};
}

struct cs_bytes cs_read_bytes(struct cs_reader *reader, size_t size)
{
    if (reader->status != CS_OK || size > reader->rest.size) {
        reader->status = reader->status == CS_OK ? CS_MALFORMED : reader->status;
        return CS_BYTES_NONE;
    }
    struct cs_bytes bytes = {reader->rest.data, size};
    if (size > 0) {
        reader->rest.data += size;
        reader->rest.size -= size;
    }
    return bytes;
}

uint8_t cs_read_u8(struct cs_reader *reader)
{
    struct cs_bytes bytes = cs_read_bytes(reader, 1);
    return bytes.size == 1 ? bytes.data[0] : 0;
}

uint32_t cs_read_u32(struct cs_reader *reader)
{
    struct cs_bytes bytes = cs_read_bytes(reader, 4);
    if (bytes.size != 4) {
        return 0;
    }
    return (uint32_t)bytes.data[0] << 24 | (uint32_t)bytes.data[1] << 16 |
           (uint32_t)bytes.data[2] << 8 | (uint32_t)bytes.data[3];
}

uint64_t cs_read_u64(struct cs_reader *reader)
{
    uint64_t high = cs_read_u32(reader);
    uint64_t low = cs_read_u32(reader);
    return high << 32 | low;
}

uint64_t cs_read_varint(struct cs_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cs_read_u8(reader);
        if (reader->status != CS_OK) {
            return 0;
        }
        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    reader->status = CS_MALFORMED;
    return 0;
}

struct cs_bytes cs_read_prefixed(struct cs_reader *reader)
{
    uint32_t size = cs_read_u32(reader);
    return cs_read_bytes(reader, size);
}

void cs_read_copy(struct cs_reader *reader, uint8_t *out, size_t size)
{
    struct cs_bytes bytes = cs_read_bytes(reader, size);
    if (bytes.size == size && size > 0) {
        memcpy(out, bytes.data, size);
    } else {
        memset(out, 0, size);
    }
}

enum cs_status cs_reader_finish(const struct cs_reader *reader)
{
    if (reader->status != CS_OK) {
        return reader->status;
    }
    return reader->rest.size == 0 ? CS_OK : CS_MALFORMED;
}
