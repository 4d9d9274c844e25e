/* Columns, see columns.h. */
#include "shared/wire/columns.h"

#include "shared/base/limits.h"

#include <string.h>

void cs_cbor_fail(struct cs_cbor_reader *reader, enum cs_status status)
{
    if (reader->status == CS_OK) {
        reader->status = status;
    }
}

bool cs_name_valid(struct cs_bytes name)
{
    return name.size >= 1 && name.size <= CS_NAME_MAX;
}

struct cs_bytes cs_cbor_take_name(struct cs_cbor_reader *reader)
{
    struct cs_bytes name = cs_cbor_take_text(reader);
    if (!cs_name_valid(name)) {
        cs_cbor_fail(reader, name.size == 0 ? CS_MALFORMED : CS_LIMIT);
        return CS_BYTES_NONE;
    }
    return name;
}

/* The parts of an id: what a generator advances, and what it leaves alone. */
#define ID_COUNTER_BITS 18
#define ID_COUNTER_MASK (((uint64_t)1 << ID_COUNTER_BITS) - 1)
#define ID_MS_END ((uint64_t)1 << 48)
/* Largest distance in milliseconds that is written as a difference: keeps it within int64. */
#define ID_MS_DISTANCE_END ((uint64_t)1 << 44)

static uint64_t id_ms(const struct cs_id *id)
{
    uint64_t ms = 0;
    for (size_t i = 0; i < 6; i++) {
        ms = ms << 8 | id->bytes[i];
    }
    return ms;
}

static uint64_t id_counter(const struct cs_id *id)
{
    return (uint64_t)(id->bytes[6] & 0x0f) << 14 | (uint64_t)id->bytes[7] << 6 |
           (id->bytes[8] & 0x3f);
}

static bool id_rest_equal(const struct cs_id *a, const struct cs_id *b)
{
    return (a->bytes[6] & 0xf0) == (b->bytes[6] & 0xf0) &&
           (a->bytes[8] & 0xc0) == (b->bytes[8] & 0xc0) &&
           memcmp(a->bytes + 9, b->bytes + 9, 7) == 0;
}

/* The same generator's id at another place; version, variant and tail stay. */
static struct cs_id id_at(const struct cs_id *id, uint64_t ms, uint64_t counter)
{
    struct cs_id moved = *id;
    for (size_t i = 0; i < 6; i++) {
        moved.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    moved.bytes[6] = (uint8_t)((id->bytes[6] & 0xf0) | (counter >> 14 & 0x0f));
    moved.bytes[7] = (uint8_t)(counter >> 6);
    moved.bytes[8] = (uint8_t)((id->bytes[8] & 0xc0) | (counter & 0x3f));
    return moved;
}

/* Steps from one id to the other, if the difference form can carry them. */
static bool id_distance(const struct cs_id *from, const struct cs_id *to, int64_t *out)
{
    uint64_t from_ms = id_ms(from);
    uint64_t to_ms = id_ms(to);
    uint64_t apart = to_ms > from_ms ? to_ms - from_ms : from_ms - to_ms;
    if (!id_rest_equal(from, to) || apart >= ID_MS_DISTANCE_END) {
        return false;
    }
    int64_t steps = (int64_t)(apart << ID_COUNTER_BITS);
    *out = (to_ms > from_ms ? steps : -steps) + (int64_t)id_counter(to) - (int64_t)id_counter(from);
    return true;
}

void cs_id_column_put(struct cs_id_column *column, struct cs_buffer *out, const struct cs_id *id)
{
    int64_t distance = 0;
    if (id_distance(&column->previous, id, &distance)) {
        cs_cbor_put_integer(out, distance);
    } else {
        cs_cbor_put_bytes(out, cs_id_bytes(id));
    }
    column->previous = *id;
}

/* The id `distance` steps from `from`, false if its time would leave 48 bits. */
static bool id_move(const struct cs_id *from, int64_t distance, struct cs_id *out)
{
    /* Within 2^63 + 2^18 either way: whole milliseconds and the rest apart, so that nothing overflows. */
    int64_t whole = distance / (1 << ID_COUNTER_BITS);
    int64_t rest = distance % (1 << ID_COUNTER_BITS) + (int64_t)id_counter(from);
    if (rest < 0) {
        whole--;
        rest += 1 << ID_COUNTER_BITS;
    } else if ((uint64_t)rest > ID_COUNTER_MASK) {
        whole++;
        rest -= 1 << ID_COUNTER_BITS;
    }
    int64_t ms = (int64_t)id_ms(from) + whole;
    if (ms < 0 || (uint64_t)ms >= ID_MS_END) {
        return false;
    }
    *out = id_at(from, (uint64_t)ms, (uint64_t)rest);
    return true;
}

struct cs_id cs_id_column_take(struct cs_id_column *column, struct cs_cbor_reader *reader)
{
    struct cs_id id = {{0}};
    if (cs_cbor_peek(reader) == CS_CBOR_BYTES) {
        cs_cbor_take_fixed(reader, id.bytes, CS_ID_SIZE);
    } else {
        int64_t distance = cs_cbor_take_integer(reader);
        if (!id_move(&column->previous, distance, &id)) {
            cs_cbor_fail(reader, CS_MALFORMED);
        }
    }
    if (reader->status == CS_OK) {
        column->previous = id;
    }
    return id;
}

/* Bytes of a transaction id before its counter. */
#define TRANSACTION_PREFIX_SIZE 12

static uint32_t transaction_counter(const uint8_t id[static 16])
{
    return (uint32_t)id[12] << 24 | (uint32_t)id[13] << 16 | (uint32_t)id[14] << 8 | id[15];
}

void cs_transaction_id_column_put(struct cs_transaction_id_column *column, struct cs_buffer *out,
                                  const uint8_t id[static 16])
{
    uint32_t before = transaction_counter(column->previous);
    uint32_t now = transaction_counter(id);
    if (memcmp(column->previous, id, TRANSACTION_PREFIX_SIZE) == 0 && now >= before) {
        cs_cbor_put_unsigned(out, now - before);
    } else {
        cs_cbor_put_bytes(out, cs_bytes_make(id, 16));
    }
    memcpy(column->previous, id, 16);
}

void cs_transaction_id_column_take(struct cs_transaction_id_column *column,
                                   struct cs_cbor_reader *reader, uint8_t out[static 16])
{
    if (cs_cbor_peek(reader) == CS_CBOR_BYTES) {
        cs_cbor_take_fixed(reader, column->previous, sizeof column->previous);
    } else {
        uint64_t step = cs_cbor_take_unsigned(reader);
        uint32_t before = transaction_counter(column->previous);
        if (step > UINT32_MAX - before) {
            cs_cbor_fail(reader, CS_MALFORMED);
            step = 0;
        }
        uint32_t now = before + (uint32_t)step;
        for (size_t i = 0; i < 4; i++) {
            column->previous[TRANSACTION_PREFIX_SIZE + i] = (uint8_t)(now >> (24 - 8 * i));
        }
    }
    memcpy(out, column->previous, sizeof column->previous);
}

void cs_delta_column_put(struct cs_delta_column *column, struct cs_buffer *out, int64_t value)
{
    cs_cbor_put_integer(out, (int64_t)((uint64_t)value - (uint64_t)column->previous));
    column->previous = value;
}

int64_t cs_delta_column_take(struct cs_delta_column *column, struct cs_cbor_reader *reader)
{
    uint64_t delta = (uint64_t)cs_cbor_take_integer(reader);
    column->previous = (int64_t)((uint64_t)column->previous + delta);
    return column->previous;
}
