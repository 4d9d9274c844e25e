/*
 * Bounded CBOR, see cbor.h.
 *
 * libcbor's streaming decoder reads one item at a time and allocates nothing; what is refused beyond its own checks
 * (longer forms than needed, other types) is refused here, in one place: next_item.
 */
#include "shared/wire/cbor.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"

#include <cbor.h>
#include <string.h>

/* Initial byte and up to eight bytes of argument. */
#define HEAD_SIZE_MAX 9

static void append_head(struct cs_buffer *out, const uint8_t *head, size_t size)
{
    cs_require(size > 0);
    cs_buffer_append(out, head, size);
}

void cs_cbor_put_unsigned(struct cs_buffer *out, uint64_t value)
{
    uint8_t head[HEAD_SIZE_MAX];
    append_head(out, head, cbor_encode_uint(value, head, sizeof head));
}

void cs_cbor_put_integer(struct cs_buffer *out, int64_t value)
{
    if (value >= 0) {
        cs_cbor_put_unsigned(out, (uint64_t)value);
        return;
    }
    uint8_t head[HEAD_SIZE_MAX];
    append_head(out, head, cbor_encode_negint(~(uint64_t)value, head, sizeof head));
}

void cs_cbor_put_bytes(struct cs_buffer *out, struct cs_bytes bytes)
{
    uint8_t head[HEAD_SIZE_MAX];
    append_head(out, head, cbor_encode_bytestring_start(bytes.size, head, sizeof head));
    cs_buffer_append_bytes(out, bytes);
}

void cs_cbor_put_text(struct cs_buffer *out, struct cs_bytes text)
{
    if (!cs_utf8_valid(text)) {
        /* Nobody could read it again. */
        out->status = out->status == CS_OK ? CS_INVALID : out->status;
        return;
    }
    uint8_t head[HEAD_SIZE_MAX];
    append_head(out, head, cbor_encode_string_start(text.size, head, sizeof head));
    cs_buffer_append_bytes(out, text);
}

void cs_cbor_put_array(struct cs_buffer *out, size_t count)
{
    uint8_t head[HEAD_SIZE_MAX];
    append_head(out, head, cbor_encode_array_start(count, head, sizeof head));
}

void cs_cbor_put_null(struct cs_buffer *out)
{
    uint8_t head[1];
    append_head(out, head, cbor_encode_null(head, sizeof head));
}

void cs_cbor_put_boolean(struct cs_buffer *out, bool value)
{
    uint8_t head[1];
    append_head(out, head, cbor_encode_bool(value, head, sizeof head));
}

void cs_cbor_put_value(struct cs_buffer *out, const struct cs_value *value)
{
    switch (value->kind) {
    case CS_VALUE_NULL:
        cs_cbor_put_null(out);
        return;
    case CS_VALUE_INTEGER:
        cs_cbor_put_integer(out, value->integer);
        return;
    case CS_VALUE_TEXT:
        cs_cbor_put_text(out, value->bytes);
        return;
    case CS_VALUE_BYTES:
        cs_cbor_put_bytes(out, value->bytes);
        return;
    }
    cs_require(false);
}

/* One decoded item: the head's argument, and the content of a string. */
struct item {
    enum cs_cbor_type type;
    uint64_t argument;
    struct cs_bytes bytes;
};

static void set_argument(void *context, enum cs_cbor_type type, uint64_t argument)
{
    struct item *item = context;
    item->type = type;
    item->argument = argument;
}

static void on_unsigned_8(void *context, uint8_t value)
{
    set_argument(context, CS_CBOR_UNSIGNED, value);
}

static void on_unsigned_16(void *context, uint16_t value)
{
    set_argument(context, CS_CBOR_UNSIGNED, value);
}

static void on_unsigned_32(void *context, uint32_t value)
{
    set_argument(context, CS_CBOR_UNSIGNED, value);
}

static void on_unsigned_64(void *context, uint64_t value)
{
    set_argument(context, CS_CBOR_UNSIGNED, value);
}

static void on_negative_8(void *context, uint8_t value)
{
    set_argument(context, CS_CBOR_NEGATIVE, value);
}

static void on_negative_16(void *context, uint16_t value)
{
    set_argument(context, CS_CBOR_NEGATIVE, value);
}

static void on_negative_32(void *context, uint32_t value)
{
    set_argument(context, CS_CBOR_NEGATIVE, value);
}

static void on_negative_64(void *context, uint64_t value)
{
    set_argument(context, CS_CBOR_NEGATIVE, value);
}

static void set_string(void *context, enum cs_cbor_type type, cbor_data data, size_t size)
{
    struct item *item = context;
    item->type = type;
    item->argument = size;
    item->bytes = cs_bytes_make(data, size);
}

static void on_bytes(void *context, cbor_data data, size_t size)
{
    set_string(context, CS_CBOR_BYTES, data, size);
}

static void on_text(void *context, cbor_data data, size_t size)
{
    set_string(context, CS_CBOR_TEXT, data, size);
}

static void on_array(void *context, size_t count)
{
    set_argument(context, CS_CBOR_ARRAY, count);
}

static void on_null(void *context)
{
    set_argument(context, CS_CBOR_NULL, 0);
}

static void on_boolean(void *context, bool value)
{
    set_argument(context, CS_CBOR_BOOLEAN, value);
}

/* What is left to libcbor's empty callbacks leaves the item's type at CS_CBOR_OTHER, and so is refused. */
static const struct cbor_callbacks callbacks = {
    .uint8 = on_unsigned_8,
    .uint16 = on_unsigned_16,
    .uint32 = on_unsigned_32,
    .uint64 = on_unsigned_64,
    .negint64 = on_negative_64,
    .negint32 = on_negative_32,
    .negint16 = on_negative_16,
    .negint8 = on_negative_8,
    .byte_string_start = cbor_null_byte_string_start_callback,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = cbor_null_string_start_callback,
    .indef_array_start = cbor_null_indef_array_start_callback,
    .array_start = on_array,
    .indef_map_start = cbor_null_indef_map_start_callback,
    .map_start = cbor_null_map_start_callback,
    .tag = cbor_null_tag_callback,
    .float2 = cbor_null_float2_callback,
    .float4 = cbor_null_float4_callback,
    .float8 = cbor_null_float8_callback,
    .undefined = cbor_null_undefined_callback,
    .null = on_null,
    .boolean = on_boolean,
    .indef_break = cbor_null_indef_break_callback,
};

/* Size of the shortest head that carries `argument`. */
static size_t shortest_head_size(uint64_t argument)
{
    if (argument < 24) {
        return 1;
    }
    if (argument <= UINT8_MAX) {
        return 2;
    }
    if (argument <= UINT16_MAX) {
        return 3;
    }
    return argument <= UINT32_MAX ? 5 : HEAD_SIZE_MAX;
}

static void fail(struct cs_cbor_reader *reader, enum cs_status status)
{
    if (reader->status == CS_OK) {
        reader->status = status;
    }
}

/* Size that this item must have had in its only allowed form. */
static size_t shortest_size(const struct item *item)
{
    if (item->type == CS_CBOR_NULL || item->type == CS_CBOR_BOOLEAN) {
        return 1;
    }
    return shortest_head_size(item->argument) + item->bytes.size;
}

/* Takes one item of any allowed type; an item of type CS_CBOR_OTHER after a failure. */
static struct item next_item(struct cs_cbor_reader *reader)
{
    struct item item = {.type = CS_CBOR_OTHER};
    if (reader->status != CS_OK) {
        return item;
    }
    if (reader->rest.size == 0) {
        fail(reader, CS_MALFORMED);
        return item;
    }
    struct cbor_decoder_result result =
        cbor_stream_decode(reader->rest.data, reader->rest.size, &callbacks, &item);
    if (result.status != CBOR_DECODER_FINISHED || item.type == CS_CBOR_OTHER ||
        result.read != shortest_size(&item)) {
        fail(reader, CS_MALFORMED);
        return (struct item){.type = CS_CBOR_OTHER};
    }
    reader->rest.data += result.read;
    reader->rest.size -= result.read;
    return item;
}

/* Takes one item that must have the given type. */
static struct item expect(struct cs_cbor_reader *reader, enum cs_cbor_type type)
{
    struct item item = next_item(reader);
    if (item.type != type) {
        fail(reader, CS_MALFORMED);
        return (struct item){.type = CS_CBOR_OTHER};
    }
    return item;
}

void cs_cbor_reader_init(struct cs_cbor_reader *reader, struct cs_bytes bytes)
{
    *reader = (struct cs_cbor_reader){bytes, CS_OK, 0};
}

enum cs_cbor_type cs_cbor_peek(const struct cs_cbor_reader *reader)
{
    static const enum cs_cbor_type by_major[] = {CS_CBOR_UNSIGNED, CS_CBOR_NEGATIVE, CS_CBOR_BYTES,
                                                 CS_CBOR_TEXT,     CS_CBOR_ARRAY,    CS_CBOR_OTHER,
                                                 CS_CBOR_OTHER,    CS_CBOR_OTHER};
    if (reader->status != CS_OK || reader->rest.size == 0) {
        return CS_CBOR_END;
    }
    uint8_t initial = reader->rest.data[0];
    if (initial == 0xf6) {
        return CS_CBOR_NULL;
    }
    if (initial == 0xf4 || initial == 0xf5) {
        return CS_CBOR_BOOLEAN;
    }
    /* 28 to 31: reserved or indefinite */
    return (initial & 0x1f) >= 28 ? CS_CBOR_OTHER : by_major[initial >> 5];
}

uint64_t cs_cbor_take_unsigned(struct cs_cbor_reader *reader)
{
    return expect(reader, CS_CBOR_UNSIGNED).argument;
}

/* The int64 that an item means. */
static int64_t item_integer(struct cs_cbor_reader *reader, const struct item *item)
{
    if ((item->type != CS_CBOR_UNSIGNED && item->type != CS_CBOR_NEGATIVE) ||
        item->argument > INT64_MAX) {
        fail(reader, CS_MALFORMED);
        return 0;
    }
    int64_t argument = (int64_t)item->argument;
    return item->type == CS_CBOR_UNSIGNED ? argument : -1 - argument;
}

int64_t cs_cbor_take_integer(struct cs_cbor_reader *reader)
{
    struct item item = next_item(reader);
    return item_integer(reader, &item);
}

struct cs_bytes cs_cbor_take_bytes(struct cs_cbor_reader *reader)
{
    return expect(reader, CS_CBOR_BYTES).bytes;
}

void cs_cbor_take_fixed(struct cs_cbor_reader *reader, uint8_t *out, size_t size)
{
    struct cs_bytes bytes = cs_cbor_take_bytes(reader);
    if (reader->status == CS_OK && bytes.size != size) {
        fail(reader, CS_MALFORMED);
    }
    if (reader->status != CS_OK) {
        memset(out, 0, size);
        return;
    }
    if (size > 0) {
        memcpy(out, bytes.data, size);
    }
}

/* The text of an item, if it is well-formed. */
static struct cs_bytes item_text(struct cs_cbor_reader *reader, const struct item *item)
{
    if (reader->status == CS_OK && !cs_utf8_valid(item->bytes)) {
        fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? item->bytes : CS_BYTES_NONE;
}

struct cs_bytes cs_cbor_take_text(struct cs_cbor_reader *reader)
{
    struct item item = expect(reader, CS_CBOR_TEXT);
    return item_text(reader, &item);
}

bool cs_cbor_take_boolean(struct cs_cbor_reader *reader)
{
    return expect(reader, CS_CBOR_BOOLEAN).argument != 0;
}

void cs_cbor_take_null(struct cs_cbor_reader *reader)
{
    (void)expect(reader, CS_CBOR_NULL);
}

struct cs_value cs_cbor_take_value(struct cs_cbor_reader *reader)
{
    struct item item = next_item(reader);
    if (item.bytes.size > CS_VALUE_MAX) {
        fail(reader, CS_LIMIT);
    }
    struct cs_value value = CS_NULL;
    if (item.type == CS_CBOR_UNSIGNED || item.type == CS_CBOR_NEGATIVE) {
        value = cs_value_integer(item_integer(reader, &item));
    } else if (item.type == CS_CBOR_TEXT) {
        value = cs_value_text(item_text(reader, &item));
    } else if (item.type == CS_CBOR_BYTES) {
        value = cs_value_bytes(item.bytes);
    } else if (item.type != CS_CBOR_NULL) {
        fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? value : CS_NULL;
}

size_t cs_cbor_enter_array(struct cs_cbor_reader *reader, size_t count_max)
{
    struct item item = expect(reader, CS_CBOR_ARRAY);
    if (item.argument > reader->rest.size || reader->depth >= CS_CBOR_DEPTH_MAX) {
        /* Every item takes at least one byte. */
        fail(reader, CS_MALFORMED);
    } else if (item.argument > count_max) {
        fail(reader, CS_LIMIT);
    }
    if (reader->status != CS_OK) {
        return 0;
    }
    reader->depth++;
    return (size_t)item.argument;
}

void cs_cbor_enter_exact(struct cs_cbor_reader *reader, size_t count)
{
    if (cs_cbor_enter_array(reader, SIZE_MAX) != count) {
        fail(reader, CS_MALFORMED);
    }
}

void cs_cbor_leave(struct cs_cbor_reader *reader)
{
    if (reader->status != CS_OK) {
        return;
    }
    cs_require(reader->depth > 0);
    reader->depth--;
}

enum cs_status cs_cbor_finish(const struct cs_cbor_reader *reader)
{
    if (reader->status != CS_OK) {
        return reader->status;
    }
    return reader->rest.size == 0 && reader->depth == 0 ? CS_OK : CS_MALFORMED;
}
