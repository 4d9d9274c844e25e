/*
 * Writing of bodies (PROTOCOL.md, chapter "Body"), see change_set.h.
 *
 * First everything is checked, then operations are sorted by shape, then columns are written one after another.
 */
#include "shared/wire/body_format.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/compression.h"
#include "shared/wire/shapes.h"

#include <stdlib.h>

struct encoder {
    const struct cs_transaction *transactions;
    size_t transaction_count;
    const struct cs_operation **operations; /* of all transactions, in order */
    size_t operation_count;
    struct cs_shapes shapes;
    uint64_t *logs; /* ascending, no doubles */
    size_t log_count;
    size_t base_count;       /* versions in all bases */
    struct cs_arena scratch; /* everything above */
    struct cs_buffer *out;
};

/* What the reader calls a passed limit or malformed is the caller's fault here. */
static enum cs_status blame_caller(enum cs_status status)
{
    if (status == CS_LIMIT) {
        return CS_TOO_LARGE;
    }
    return status == CS_MALFORMED ? CS_INVALID : status;
}

static enum cs_status check_change(const struct cs_operation *operation,
                                   const struct cs_field_change *change)
{
    if (!cs_name_valid(change->field) ||
        (operation->kind == CS_OPERATION_INSERT && change->base.count > 0)) {
        return CS_INVALID;
    }
    if (change->value.bytes.size > CS_VALUE_MAX) {
        return CS_TOO_LARGE;
    }
    return blame_caller(cs_base_check(change->base));
}

static enum cs_status check_operation(const struct cs_operation *operation)
{
    if (operation->kind < CS_OPERATION_INSERT || operation->kind > CS_OPERATION_DELETE ||
        !cs_name_valid(operation->entity) ||
        (operation->kind == CS_OPERATION_DELETE && operation->change_count > 0)) {
        return CS_INVALID;
    }
    if (operation->change_count > CS_FIELDS_PER_ENTITY_MAX) {
        return CS_TOO_LARGE;
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        enum cs_status status = check_change(operation, &operation->changes[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

/* Also counts operations and versions in bases. */
static enum cs_status check_transaction(struct encoder *encoder,
                                        const struct cs_transaction *transaction)
{
    if (transaction->operation_count > CS_OPERATIONS_PER_TRANSACTION_MAX) {
        return CS_TOO_LARGE;
    }
    for (size_t i = 0; i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        enum cs_status status = check_operation(operation);
        if (status != CS_OK) {
            return status;
        }
        for (size_t j = 0; j < operation->change_count; j++) {
            encoder->base_count += operation->changes[j].base.count;
        }
    }
    encoder->operation_count += transaction->operation_count;
    return CS_OK;
}

static enum cs_status check_all(struct encoder *encoder)
{
    size_t count = encoder->transaction_count;
    if (count > CS_TRANSACTIONS_PER_CHANGE_SET_MAX) {
        return CS_TOO_LARGE;
    }
    if (count == 0 || encoder->transactions[0].counter == 0 ||
        encoder->transactions[0].counter > CS_COUNTER_MAX - (count - 1)) {
        return CS_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (encoder->transactions[i].counter != encoder->transactions[0].counter + i) {
            return CS_INVALID;
        }
        enum cs_status status = check_transaction(encoder, &encoder->transactions[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    return encoder->operation_count > CS_OPERATIONS_PER_CHANGE_SET_MAX ? CS_TOO_LARGE : CS_OK;
}

static enum cs_status list_operations(struct encoder *encoder)
{
    encoder->operations = cs_arena_take_array(&encoder->scratch, encoder->operation_count,
                                              sizeof *encoder->operations);
    if (encoder->operations == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < encoder->transaction_count; i++) {
        const struct cs_transaction *transaction = &encoder->transactions[i];
        for (size_t j = 0; j < transaction->operation_count; j++) {
            encoder->operations[count++] = &transaction->operations[j];
        }
    }
    return CS_OK;
}

static int compare_logs(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Adds the logs of one operation's bases, without immediate repeats. */
static void collect_logs_of(struct encoder *encoder, const struct cs_operation *operation)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        struct cs_versions base = operation->changes[i].base;
        for (size_t j = 0; j < base.count; j++) {
            uint64_t log = base.items[j].log;
            if (encoder->log_count == 0 || encoder->logs[encoder->log_count - 1] != log) {
                encoder->logs[encoder->log_count++] = log;
            }
        }
    }
}

static enum cs_status collect_logs(struct encoder *encoder)
{
    encoder->logs =
        cs_arena_take_array(&encoder->scratch, encoder->base_count, sizeof *encoder->logs);
    if (encoder->logs == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < encoder->operation_count; i++) {
        collect_logs_of(encoder, encoder->operations[i]);
    }
    qsort(encoder->logs, encoder->log_count, sizeof *encoder->logs, compare_logs);
    size_t kept = 0;
    for (size_t i = 0; i < encoder->log_count; i++) {
        if (kept == 0 || encoder->logs[kept - 1] != encoder->logs[i]) {
            encoder->logs[kept++] = encoder->logs[i];
        }
    }
    encoder->log_count = kept;
    return CS_OK;
}

static uint64_t hash_operation(const void *items, size_t index)
{
    const struct cs_operation *operation = ((const struct cs_operation *const *)items)[index];
    uint64_t hash =
        cs_shape_hash_name(CS_SHAPE_HASH_START ^ (uint64_t)operation->kind, operation->entity);
    for (size_t i = 0; i < operation->change_count; i++) {
        hash = cs_shape_hash_name(hash, operation->changes[i].field);
    }
    return hash;
}

static bool same_shape(const void *items, size_t a, size_t b)
{
    const struct cs_operation *left = ((const struct cs_operation *const *)items)[a];
    const struct cs_operation *right = ((const struct cs_operation *const *)items)[b];
    if (left->kind != right->kind || left->change_count != right->change_count ||
        !cs_bytes_equal(left->entity, right->entity)) {
        return false;
    }
    for (size_t i = 0; i < left->change_count; i++) {
        if (!cs_bytes_equal(left->changes[i].field, right->changes[i].field)) {
            return false;
        }
    }
    return true;
}

static bool names_unique(const struct cs_operation *operation)
{
    for (size_t i = 1; i < operation->change_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (cs_bytes_equal(operation->changes[i].field, operation->changes[j].field)) {
                return false;
            }
        }
    }
    return true;
}

/* The operation at a place within a shape. */
static const struct cs_operation *operation_at(const struct encoder *encoder, size_t shape,
                                               size_t index)
{
    return encoder->operations[encoder->shapes.order[encoder->shapes.starts[shape] + index]];
}

static enum cs_status assign_shapes(struct encoder *encoder)
{
    struct cs_shape_rules rules = {encoder->operations, hash_operation, same_shape};
    enum cs_status status =
        cs_shapes_assign(&rules, encoder->operation_count, &encoder->scratch, &encoder->shapes);
    for (size_t shape = 0; status == CS_OK && shape < encoder->shapes.shape_count; shape++) {
        status = names_unique(operation_at(encoder, shape, 0)) ? CS_OK : CS_INVALID;
    }
    return status;
}

static void put_logs(struct encoder *encoder)
{
    struct cs_buffer logs;
    cs_buffer_init(&logs, encoder->log_count * sizeof *encoder->logs);
    for (size_t i = 0; i < encoder->log_count; i++) {
        cs_buffer_append_u64(&logs, encoder->logs[i]);
    }
    if (logs.status == CS_OK) {
        cs_cbor_put_bytes(encoder->out, cs_buffer_bytes(&logs));
    } else if (encoder->out->status == CS_OK) {
        encoder->out->status = logs.status;
    }
    cs_buffer_release(&logs);
}

static void put_transactions(struct encoder *encoder)
{
    const struct cs_transaction *transactions = encoder->transactions;
    size_t count = encoder->transaction_count;
    struct cs_buffer *out = encoder->out;
    struct cs_transaction_id_column ids = {{0}};
    struct cs_delta_column claimed = {0};
    struct cs_delta_column server_times = {0};
    struct cs_delta_column elapsed = {0};

    cs_cbor_put_array(out, CS_BODY_TRANSACTION_ITEMS);
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_transaction_id_column_put(&ids, out, transactions[i].id);
    }
    cs_cbor_put_unsigned(out, transactions[0].counter);
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_delta_column_put(&claimed, out, transactions[i].claimed);
    }
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_delta_column_put(&server_times, out, transactions[i].server_time_ms);
    }
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_delta_column_put(&elapsed, out, transactions[i].elapsed_ms);
    }
    cs_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_unsigned(out, transactions[i].operation_count);
    }
}

static void put_seen(struct encoder *encoder, size_t shape)
{
    size_t count = cs_shapes_size(&encoder->shapes, shape);
    cs_cbor_put_array(encoder->out, count);
    for (size_t i = 0; i < count; i++) {
        cs_cbor_put_bytes(encoder->out, cs_bytes_of_array(operation_at(encoder, shape, i)->seen));
    }
}

static void put_bases(struct encoder *encoder, size_t shape, size_t field)
{
    size_t count = cs_shapes_size(&encoder->shapes, shape);
    struct cs_base_column bases = {encoder->logs, encoder->log_count, {0, 0}};
    cs_cbor_put_array(encoder->out, count);
    for (size_t i = 0; i < count; i++) {
        cs_base_column_put(&bases, encoder->out,
                           operation_at(encoder, shape, i)->changes[field].base);
    }
}

/* `values` has room for a pointer per operation of the shape. */
static void put_columns(struct encoder *encoder, size_t shape, const struct cs_value **values)
{
    const struct cs_operation *first = operation_at(encoder, shape, 0);
    size_t count = cs_shapes_size(&encoder->shapes, shape);
    cs_cbor_put_array(encoder->out, cs_body_column_count(first->kind, first->change_count));
    if (first->kind == CS_OPERATION_DELETE) {
        put_seen(encoder, shape);
    }
    for (size_t field = 0; field < first->change_count; field++) {
        for (size_t i = 0; i < count; i++) {
            values[i] = &operation_at(encoder, shape, i)->changes[field].value;
        }
        cs_value_column_put(encoder->out, values, count);
        if (first->kind == CS_OPERATION_UPDATE) {
            put_bases(encoder, shape, field);
        }
    }
}

static void put_shape(struct encoder *encoder, size_t shape, const struct cs_value **values)
{
    const struct cs_operation *first = operation_at(encoder, shape, 0);
    size_t count = cs_shapes_size(&encoder->shapes, shape);
    struct cs_id_column rows = {0};
    cs_cbor_put_array(encoder->out, CS_BODY_SHAPE_ITEMS);
    cs_cbor_put_unsigned(encoder->out, first->kind);
    cs_cbor_put_text(encoder->out, first->entity);
    cs_cbor_put_array(encoder->out, first->change_count);
    for (size_t i = 0; i < first->change_count; i++) {
        cs_cbor_put_text(encoder->out, first->changes[i].field);
    }
    cs_cbor_put_array(encoder->out, count);
    for (size_t i = 0; i < count; i++) {
        cs_id_column_put(&rows, encoder->out, &operation_at(encoder, shape, i)->row);
    }
    put_columns(encoder, shape, values);
}

static enum cs_status put_body(struct encoder *encoder)
{
    const struct cs_value **values =
        cs_arena_take_array(&encoder->scratch, encoder->operation_count, sizeof *values);
    if (values == NULL) {
        return CS_NO_MEMORY;
    }
    cs_cbor_put_array(encoder->out, CS_BODY_ITEMS);
    cs_cbor_put_unsigned(encoder->out, CS_BODY_FORMAT);
    put_logs(encoder);
    put_transactions(encoder);
    cs_shapes_put(&encoder->shapes, encoder->out);
    cs_cbor_put_array(encoder->out, encoder->shapes.shape_count);
    for (size_t shape = 0; shape < encoder->shapes.shape_count; shape++) {
        put_shape(encoder, shape, values);
    }
    return encoder->out->status;
}

/* The body before compression, appended to `out`. */
static enum cs_status encode_plain(const struct cs_transaction *transactions, size_t count,
                                   struct cs_buffer *out)
{
    struct encoder encoder = {.transactions = transactions, .transaction_count = count, .out = out};
    cs_arena_init(&encoder.scratch, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = check_all(&encoder);
    if (status == CS_OK) {
        status = list_operations(&encoder);
    }
    if (status == CS_OK) {
        status = collect_logs(&encoder);
    }
    if (status == CS_OK) {
        status = assign_shapes(&encoder);
    }
    if (status == CS_OK) {
        status = put_body(&encoder);
    }
    cs_arena_release(&encoder.scratch);
    return status;
}

enum cs_status cs_body_encode(const struct cs_transaction *transactions, size_t count,
                              struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = blame_caller(encode_plain(transactions, count, &plain));
    if (status == CS_OK) {
        status = cs_compress(cs_buffer_bytes(&plain), out);
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_transaction_encode(const struct cs_transaction *transaction,
                                     struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_CHANGE_SET_BODY_MAX);
    enum cs_status status = blame_caller(encode_plain(transaction, 1, &plain));
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_buffer_bytes(&plain));
        status = out->status;
    }
    cs_buffer_release(&plain);
    return status;
}
