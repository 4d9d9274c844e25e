/*
 * Reading of bodies (PROTOCOL.md, chapter "Body"), see change_set.h.
 *
 * No count is believed: before anything is allocated for `n` entries, at least `n` bytes are known to be left.
 */
#include "shared/wire/body_format.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/compression.h"
#include "shared/wire/shapes.h"

#include <string.h>

struct decoder {
    struct cs_cbor_reader reader;
    struct cs_arena *arena; /* what the caller gets */
    struct cs_arena scratch;
    uint64_t *logs;
    size_t log_count;
    struct cs_transactions transactions;
    struct cs_operation *operations; /* of all transactions, in order */
    size_t operation_count;
    struct cs_shapes shapes;
};

static bool failed(const struct decoder *decoder)
{
    return decoder->reader.status != CS_OK;
}

/* `count` zeroed items from an arena; fails the reader when memory is out. */
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

static void take_logs(struct decoder *decoder)
{
    struct cs_bytes bytes = cs_cbor_take_bytes(&decoder->reader);
    if (bytes.size % sizeof(uint64_t) != 0) {
        cs_cbor_fail(&decoder->reader, CS_MALFORMED);
    }
    size_t count = bytes.size / sizeof(uint64_t);
    uint64_t *logs = take_array(decoder, &decoder->scratch, count, sizeof *logs);
    if (logs == NULL) {
        return;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, bytes);
    for (size_t i = 0; i < count; i++) {
        logs[i] = cs_read_u64(&reader);
        if (i > 0 && logs[i] <= logs[i - 1]) {
            cs_cbor_fail(&decoder->reader, CS_MALFORMED);
        }
    }
    decoder->logs = logs;
    decoder->log_count = count;
}

/* Enters the column of transaction ids, which says how many there are, and makes room for them. */
static void take_transaction_ids(struct decoder *decoder)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    size_t count = cs_cbor_enter_array(reader, CS_TRANSACTIONS_PER_CHANGE_SET_MAX);
    if (count == 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    struct cs_transaction *items = take_array(decoder, decoder->arena, count, sizeof *items);
    if (items == NULL) {
        return;
    }
    struct cs_transaction_id_column ids = {{0}};
    for (size_t i = 0; i < count && !failed(decoder); i++) {
        cs_transaction_id_column_take(&ids, reader, items[i].id);
    }
    cs_cbor_leave(reader);
    decoder->transactions = (struct cs_transactions){items, count};
}

static void take_counters(struct decoder *decoder)
{
    struct cs_transactions transactions = decoder->transactions;
    uint64_t first = cs_cbor_take_unsigned(&decoder->reader);
    if (!failed(decoder) && (first == 0 || first > CS_COUNTER_MAX - (transactions.count - 1))) {
        cs_cbor_fail(&decoder->reader, CS_MALFORMED);
    }
    for (size_t i = 0; i < transactions.count && !failed(decoder); i++) {
        transactions.items[i].counter = first + i;
    }
}

/* Reads one column of times; `offset` is the place of the int64 in struct cs_transaction. */
static void take_times(struct decoder *decoder, size_t offset)
{
    struct cs_transactions transactions = decoder->transactions;
    struct cs_delta_column column = {0};
    cs_cbor_enter_exact(&decoder->reader, transactions.count);
    for (size_t i = 0; i < transactions.count && !failed(decoder); i++) {
        int64_t value = cs_delta_column_take(&column, &decoder->reader);
        memcpy((uint8_t *)&transactions.items[i] + offset, &value, sizeof value);
    }
    cs_cbor_leave(&decoder->reader);
}

static void take_operation_counts(struct decoder *decoder)
{
    struct cs_transactions transactions = decoder->transactions;
    struct cs_cbor_reader *reader = &decoder->reader;
    size_t total = 0;
    cs_cbor_enter_exact(reader, transactions.count);
    for (size_t i = 0; i < transactions.count && !failed(decoder); i++) {
        uint64_t count = cs_cbor_take_unsigned(reader);
        if (count > CS_OPERATIONS_PER_TRANSACTION_MAX ||
            count > CS_OPERATIONS_PER_CHANGE_SET_MAX - total) {
            cs_cbor_fail(reader, CS_LIMIT);
            return;
        }
        transactions.items[i].operation_count = (size_t)count;
        total += (size_t)count;
    }
    cs_cbor_leave(reader);
    decoder->operation_count = total;
}

static void take_transactions(struct decoder *decoder)
{
    cs_cbor_enter_exact(&decoder->reader, CS_BODY_TRANSACTION_ITEMS);
    take_transaction_ids(decoder);
    take_counters(decoder);
    take_times(decoder, offsetof(struct cs_transaction, claimed));
    take_times(decoder, offsetof(struct cs_transaction, server_time_ms));
    take_times(decoder, offsetof(struct cs_transaction, elapsed_ms));
    take_operation_counts(decoder);
    cs_cbor_leave(&decoder->reader);
}

/* Makes room for all operations and hands each transaction its part. */
static void place_operations(struct decoder *decoder)
{
    if (decoder->operation_count > decoder->reader.rest.size) {
        /* Each has at least one byte in its shape's column of rows. */
        cs_cbor_fail(&decoder->reader, CS_MALFORMED);
    }
    decoder->operations =
        take_array(decoder, decoder->arena, decoder->operation_count, sizeof *decoder->operations);
    if (decoder->operations == NULL) {
        return;
    }
    struct cs_operation *next = decoder->operations;
    for (size_t i = 0; i < decoder->transactions.count; i++) {
        decoder->transactions.items[i].operations = next;
        next += decoder->transactions.items[i].operation_count;
    }
}

/* One shape while it is read. */
struct shape {
    size_t index;
    size_t size; /* operations */
    enum cs_operation_kind kind;
    struct cs_bytes entity;
    struct cs_bytes *names;
    size_t field_count;
};

static struct cs_operation *operation_at(const struct decoder *decoder, const struct shape *shape,
                                         size_t index)
{
    size_t place = decoder->shapes.starts[shape->index] + index;
    return &decoder->operations[decoder->shapes.order[place]];
}

static void take_names(struct decoder *decoder, struct shape *shape)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    shape->field_count = cs_cbor_enter_array(reader, CS_FIELDS_PER_ENTITY_MAX);
    if (shape->kind == CS_OPERATION_DELETE && shape->field_count > 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    shape->names = take_array(decoder, &decoder->scratch, shape->field_count, sizeof *shape->names);
    for (size_t i = 0; i < shape->field_count && !failed(decoder); i++) {
        shape->names[i] = cs_cbor_take_name(reader);
        for (size_t j = 0; j < i; j++) {
            if (cs_bytes_equal(shape->names[i], shape->names[j])) {
                cs_cbor_fail(reader, CS_MALFORMED);
            }
        }
    }
    cs_cbor_leave(reader);
}

static void take_rows(struct decoder *decoder, const struct shape *shape)
{
    struct cs_id_column rows = {0};
    cs_cbor_enter_exact(&decoder->reader, shape->size);
    for (size_t i = 0; i < shape->size && !failed(decoder); i++) {
        struct cs_operation *operation = operation_at(decoder, shape, i);
        operation->kind = shape->kind;
        operation->entity = shape->entity;
        operation->row = cs_id_column_take(&rows, &decoder->reader);
    }
    cs_cbor_leave(&decoder->reader);
}

/* Gives every operation of the shape its changes, with their names. */
static void place_changes(struct decoder *decoder, const struct shape *shape)
{
    /* Each change has at least one byte in its value column. Both factors are within their limits: no overflow. */
    size_t count = shape->size * shape->field_count;
    if (count > decoder->reader.rest.size) {
        cs_cbor_fail(&decoder->reader, CS_MALFORMED);
    }
    struct cs_field_change *changes =
        count == 0 ? NULL : take_array(decoder, decoder->arena, count, sizeof *changes);
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; i < shape->size; i++) {
        struct cs_operation *operation = operation_at(decoder, shape, i);
        operation->changes = &changes[i * shape->field_count];
        operation->change_count = shape->field_count;
        for (size_t j = 0; j < shape->field_count; j++) {
            operation->changes[j].field = shape->names[j];
        }
    }
}

static void take_values(struct decoder *decoder, const struct shape *shape, size_t field)
{
    struct cs_value_column column;
    cs_value_column_enter(&column, &decoder->reader, shape->size, decoder->arena);
    for (size_t i = 0; i < shape->size && !failed(decoder); i++) {
        operation_at(decoder, shape, i)->changes[field].value =
            cs_value_column_take(&column, &decoder->reader);
    }
    cs_value_column_leave(&column, &decoder->reader);
}

static void take_bases(struct decoder *decoder, const struct shape *shape, size_t field)
{
    struct cs_base_column column = {decoder->logs, decoder->log_count, {0, 0}};
    cs_cbor_enter_exact(&decoder->reader, shape->size);
    for (size_t i = 0; i < shape->size && !failed(decoder); i++) {
        operation_at(decoder, shape, i)->changes[field].base =
            cs_base_column_take(&column, &decoder->reader, decoder->arena);
    }
    cs_cbor_leave(&decoder->reader);
}

static void take_seen(struct decoder *decoder, const struct shape *shape)
{
    cs_cbor_enter_exact(&decoder->reader, shape->size);
    for (size_t i = 0; i < shape->size && !failed(decoder); i++) {
        cs_cbor_take_fixed(&decoder->reader, operation_at(decoder, shape, i)->seen, CS_HASH_SIZE);
    }
    cs_cbor_leave(&decoder->reader);
}

static void take_columns(struct decoder *decoder, const struct shape *shape)
{
    cs_cbor_enter_exact(&decoder->reader, cs_body_column_count(shape->kind, shape->field_count));
    if (shape->kind == CS_OPERATION_DELETE) {
        take_seen(decoder, shape);
    }
    place_changes(decoder, shape);
    for (size_t field = 0; field < shape->field_count && !failed(decoder); field++) {
        take_values(decoder, shape, field);
        if (shape->kind == CS_OPERATION_UPDATE) {
            take_bases(decoder, shape, field);
        }
    }
    cs_cbor_leave(&decoder->reader);
}

static void take_shape(struct decoder *decoder, size_t index)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    struct shape shape = {.index = index, .size = cs_shapes_size(&decoder->shapes, index)};
    cs_cbor_enter_exact(reader, CS_BODY_SHAPE_ITEMS);
    uint64_t kind = cs_cbor_take_unsigned(reader);
    if (kind < CS_OPERATION_INSERT || kind > CS_OPERATION_DELETE) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return;
    }
    shape.kind = (enum cs_operation_kind)kind;
    shape.entity = cs_cbor_take_name(reader);
    take_names(decoder, &shape);
    take_rows(decoder, &shape);
    take_columns(decoder, &shape);
    cs_cbor_leave(reader);
}

static void take_body(struct decoder *decoder)
{
    struct cs_cbor_reader *reader = &decoder->reader;
    cs_cbor_enter_exact(reader, CS_BODY_ITEMS);
    uint64_t format = cs_cbor_take_unsigned(reader);
    if (!failed(decoder) && format != CS_BODY_FORMAT) {
        cs_cbor_fail(reader, CS_UNSUPPORTED);
    }
    take_logs(decoder);
    take_transactions(decoder);
    place_operations(decoder);
    cs_shapes_take(reader, decoder->operation_count, &decoder->scratch, &decoder->shapes);
    cs_cbor_enter_exact(reader, decoder->shapes.shape_count);
    for (size_t i = 0; i < decoder->shapes.shape_count && !failed(decoder); i++) {
        take_shape(decoder, i);
    }
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
}

/* `plain` must live as long as the arena: names and values are views into it. */
static enum cs_status decode_plain(struct cs_bytes plain, struct cs_arena *arena,
                                   struct cs_transactions *out)
{
    struct decoder decoder = {.arena = arena};
    cs_cbor_reader_init(&decoder.reader, plain);
    cs_arena_init(&decoder.scratch, CS_MESSAGE_ARENA_MAX);
    take_body(&decoder);
    enum cs_status status = cs_cbor_finish(&decoder.reader);
    if (status == CS_OK) {
        *out = decoder.transactions;
    }
    cs_arena_release(&decoder.scratch);
    return status;
}

enum cs_status cs_body_decode(struct cs_bytes body, struct cs_arena *arena,
                              struct cs_transactions *out)
{
    struct cs_bytes plain;
    enum cs_status status = cs_decompress_to_arena(body, CS_CHANGE_SET_BODY_MAX, arena, &plain);
    return status == CS_OK ? decode_plain(plain, arena, out) : status;
}

enum cs_status cs_transaction_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                     struct cs_transaction *out)
{
    if (bytes.size > CS_CHANGE_SET_BODY_MAX) {
        return CS_LIMIT;
    }
    struct cs_bytes copy;
    enum cs_status status = cs_arena_copy(arena, bytes, &copy);
    if (status != CS_OK) {
        return status;
    }
    struct cs_transactions transactions;
    status = decode_plain(copy, arena, &transactions);
    if (status == CS_OK && transactions.count != 1) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        *out = transactions.items[0];
    }
    return status;
}
