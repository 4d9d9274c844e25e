/* Columns of versions, see columns.h: bases of changes, packed versions of rows. */
#include "shared/wire/columns.h"

#include "shared/base/limits.h"

enum cs_status cs_base_check(struct cs_versions base)
{
    if (base.count > CS_BASES_PER_FIELD_MAX) {
        return CS_LIMIT;
    }
    for (size_t i = 0; i < base.count; i++) {
        if (base.items[i].counter > INT64_MAX ||
            (i > 0 && cs_version_compare(&base.items[i - 1], &base.items[i]) >= 0)) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

/* Small numbers for small differences of either sign. */
static uint64_t zigzag(int64_t value)
{
    return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static int64_t unzigzag(uint64_t value)
{
    return (value & 1) != 0 ? (int64_t) ~(value >> 1) : (int64_t)(value >> 1);
}

static size_t log_index(const struct cs_base_column *column, uint64_t log)
{
    size_t low = 0;
    size_t high = column->log_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (column->logs[middle] < log) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    cs_require(low < column->log_count && column->logs[low] == log);
    return low;
}

static void put_list(const struct cs_base_column *column, struct cs_buffer *out,
                     struct cs_versions base)
{
    cs_cbor_put_array(out, 2 * base.count);
    for (size_t i = 0; i < base.count; i++) {
        cs_cbor_put_unsigned(out, log_index(column, base.items[i].log));
        cs_cbor_put_unsigned(out, base.items[i].counter);
    }
}

void cs_base_column_put(struct cs_base_column *column, struct cs_buffer *out,
                        struct cs_versions base)
{
    if (base.count == 0) {
        cs_cbor_put_unsigned(out, 0);
        return;
    }
    if (base.count > 1) {
        put_list(column, out, base);
        return;
    }
    struct cs_version single = {log_index(column, base.items[0].log), base.items[0].counter};
    if (single.log == column->previous.log) {
        /* Counters are within int64, so neither the difference nor 1 more overflows. */
        int64_t delta = (int64_t)single.counter - (int64_t)column->previous.counter;
        cs_cbor_put_unsigned(out, zigzag(delta) + 1);
    } else {
        put_list(column, out, base);
    }
    column->previous = single;
}

static void store(struct cs_base_column *column, struct cs_cbor_reader *reader,
                  struct cs_version indexed, struct cs_version *out)
{
    if (indexed.log >= column->log_count || indexed.counter > INT64_MAX) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return;
    }
    *out = (struct cs_version){column->logs[indexed.log], indexed.counter};
}

static struct cs_versions take_list(struct cs_base_column *column, struct cs_cbor_reader *reader,
                                    struct cs_arena *arena)
{
    size_t size = cs_cbor_enter_array(reader, 2 * CS_BASES_PER_FIELD_MAX);
    size_t count = size / 2;
    if (size % 2 != 0 || count == 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return (struct cs_versions){NULL, 0};
    }
    struct cs_version *items = cs_arena_take_array(arena, count, sizeof *items);
    if (items == NULL) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
        return (struct cs_versions){NULL, 0};
    }
    struct cs_version indexed = {0, 0};
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        indexed.log = cs_cbor_take_unsigned(reader);
        indexed.counter = cs_cbor_take_unsigned(reader);
        store(column, reader, indexed, &items[i]);
    }
    cs_cbor_leave(reader);
    if (count == 1) {
        column->previous = indexed;
    }
    return (struct cs_versions){items, count};
}

static struct cs_versions take_single(struct cs_base_column *column, struct cs_cbor_reader *reader,
                                      uint64_t step, struct cs_arena *arena)
{
    struct cs_version *item = cs_arena_take(arena, sizeof *item);
    if (item == NULL) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
        return (struct cs_versions){NULL, 0};
    }
    column->previous.counter += (uint64_t)unzigzag(step - 1);
    store(column, reader, column->previous, item);
    return (struct cs_versions){item, 1};
}

struct cs_versions cs_base_column_take(struct cs_base_column *column, struct cs_cbor_reader *reader,
                                       struct cs_arena *arena)
{
    struct cs_versions base = {NULL, 0};
    if (cs_cbor_peek(reader) == CS_CBOR_ARRAY) {
        base = take_list(column, reader, arena);
    } else {
        uint64_t step = cs_cbor_take_unsigned(reader);
        if (step != 0) {
            base = take_single(column, reader, step, arena);
        }
    }
    if (reader->status == CS_OK) {
        enum cs_status status = cs_base_check(base);
        if (status != CS_OK) {
            cs_cbor_fail(reader, status);
        }
    }
    return reader->status == CS_OK ? base : (struct cs_versions){NULL, 0};
}

/* true if the packed versions are one default version and nothing else. */
static bool is_plain(struct cs_bytes packed, struct cs_version *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    struct cs_version version = {cs_read_u64(&reader), cs_read_varint(&reader)};
    if (cs_reader_finish(&reader) != CS_OK || version.counter > INT64_MAX) {
        return false;
    }
    *out = version;
    return true;
}

void cs_row_version_column_put(struct cs_row_version_column *column, struct cs_buffer *out,
                               struct cs_bytes packed)
{
    struct cs_version version;
    if (!is_plain(packed, &version)) {
        cs_cbor_put_bytes(out, packed);
        return;
    }
    if (column->started && version.log == column->previous.log) {
        cs_cbor_put_integer(out, (int64_t)version.counter - (int64_t)column->previous.counter);
    } else {
        cs_cbor_put_bytes(out, packed);
    }
    column->previous = version;
    column->started = true;
}

/* log(8) ‖ varint */
#define PLAIN_SIZE_MAX 18

static struct cs_bytes pack_plain(const struct cs_version *version, struct cs_cbor_reader *reader,
                                  struct cs_arena *arena)
{
    uint8_t packed[PLAIN_SIZE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < 8; i++) {
        packed[size++] = (uint8_t)(version->log >> (56 - 8 * i));
    }
    uint64_t rest = version->counter;
    for (; rest > 0x7f; rest >>= 7) {
        packed[size++] = (uint8_t)(rest | 0x80);
    }
    packed[size++] = (uint8_t)rest;
    struct cs_bytes copy = CS_BYTES_NONE;
    if (cs_arena_copy(arena, cs_bytes_make(packed, size), &copy) != CS_OK) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
    }
    return copy;
}

struct cs_bytes cs_row_version_column_take(struct cs_row_version_column *column,
                                           struct cs_cbor_reader *reader, struct cs_arena *arena)
{
    if (cs_cbor_peek(reader) == CS_CBOR_BYTES) {
        struct cs_bytes packed = cs_cbor_take_bytes(reader);
        if (packed.size > CS_VALUE_MAX) {
            cs_cbor_fail(reader, CS_LIMIT);
        }
        column->started = is_plain(packed, &column->previous) || column->started;
        return packed;
    }
    uint64_t delta = (uint64_t)cs_cbor_take_integer(reader);
    column->previous.counter += delta;
    if (!column->started || column->previous.counter > INT64_MAX) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? pack_plain(&column->previous, reader, arena) : CS_BYTES_NONE;
}
