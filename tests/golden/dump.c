/* Everything that a replica or a server holds, as text; see replica.h. Lines are only ever added to, never changed: they are
 * compared with what earlier versions wrote. */
#include "tests/golden/replica.h"

#include "field-client/replica/meta.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <string.h>

/* A line is complete by itself, so that order and additions do not matter. */
static void put_hex(struct cs_buffer *out, struct cs_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        cs_buffer_append_format(out, "%02x", bytes.data[i]);
    }
}

static bool is_plain(struct cs_bytes text)
{
    return cs_utf8_valid(text) && (text.size == 0 || memchr(text.data, '\n', text.size) == NULL);
}

static void put_value(struct cs_buffer *out, const struct cs_value *value)
{
    switch (value->kind) {
    case CS_VALUE_NULL:
        cs_buffer_append_text(out, "null");
        break;
    case CS_VALUE_INTEGER:
        cs_buffer_append_format(out, "integer %lld", (long long)value->integer);
        break;
    case CS_VALUE_TEXT:
        if (is_plain(value->bytes)) {
            cs_buffer_append_text(out, "text ");
            cs_buffer_append_bytes(out, value->bytes);
            break;
        }
        cs_buffer_append_text(out, "text in hex ");
        put_hex(out, value->bytes);
        break;
    case CS_VALUE_BYTES:
        cs_buffer_append_text(out, "bytes ");
        put_hex(out, value->bytes);
        break;
    }
}

static void put_name(struct cs_buffer *out, struct cs_bytes entity, const struct cs_id *id)
{
    cs_buffer_append_bytes(out, entity);
    cs_buffer_append_format(out, " %s", id_text(*id));
}

static enum cs_status dump_row(void *context, const struct cs_stored_row *row)
{
    struct cs_buffer *out = context;
    struct cs_arena arena;
    struct cs_named_value *fields;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_row_fields(row, &arena, &fields, &count));
    cs_buffer_append_text(out, "row ");
    put_name(out, row->name, &row->id);
    cs_buffer_append_format(out, " %s versions ", row->deleted ? "deleted" : "live");
    put_hex(out, row->versions);
    cs_buffer_append_text(out, "\n");
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_text(out, "value ");
        put_name(out, row->name, &row->id);
        cs_buffer_append_text(out, " ");
        cs_buffer_append_bytes(out, fields[i].name);
        cs_buffer_append_text(out, " ");
        put_value(out, &fields[i].value);
        cs_buffer_append_text(out, "\n");
    }
    cs_arena_release(&arena);
    return CS_OK;
}

static void dump_operation(struct cs_buffer *out, uint64_t counter,
                           const struct cs_operation *operation)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        cs_buffer_append_format(out, "pending %llu operation %d ", (unsigned long long)counter,
                                (int)operation->kind);
        put_name(out, operation->entity, &operation->row);
        cs_buffer_append_text(out, " ");
        cs_buffer_append_bytes(out, operation->changes[i].field);
        cs_buffer_append_text(out, " ");
        put_value(out, &operation->changes[i].value);
        for (size_t j = 0; j < operation->changes[i].base.count; j++) {
            cs_buffer_append_format(
                out, " base %llx.%llu", (unsigned long long)operation->changes[i].base.items[j].log,
                (unsigned long long)operation->changes[i].base.items[j].counter);
        }
        cs_buffer_append_text(out, "\n");
    }
    if (operation->change_count == 0) {
        cs_buffer_append_format(out, "pending %llu operation %d ", (unsigned long long)counter,
                                (int)operation->kind);
        put_name(out, operation->entity, &operation->row);
        cs_buffer_append_text(out, "\n");
    }
}

static enum cs_status dump_pending(void *context, const struct cs_pending *pending)
{
    struct cs_buffer *out = context;
    cs_buffer_append_format(out, "pending %llu state %d change-set %llu id ",
                            (unsigned long long)pending->counter, (int)pending->state,
                            (unsigned long long)pending->change_set);
    put_hex(out, cs_bytes_of_array(pending->transaction.id));
    cs_buffer_append_format(out, " claimed %lld\n", (long long)pending->transaction.claimed);
    if (pending->state == CS_PENDING_REFUSED) {
        cs_buffer_append_format(out, "pending %llu refused %s operation %u field ",
                                (unsigned long long)pending->counter,
                                cs_status_name(pending->refusal_status),
                                (unsigned)pending->refusal_operation);
        cs_buffer_append_bytes(out, pending->refusal_field);
        cs_buffer_append_text(out, " text ");
        cs_buffer_append_bytes(out, pending->refusal_text);
        cs_buffer_append_text(out, "\n");
    }
    for (size_t i = 0; i < pending->transaction.operation_count; i++) {
        dump_operation(out, pending->counter, &pending->transaction.operations[i]);
    }
    return CS_OK;
}

static void dump_meta(struct laptop *laptop, const char *key, struct cs_buffer *out)
{
    struct cs_buffer value;
    cs_buffer_init(&value, CS_KIBI);
    assert_ok(cs_replica_meta_bytes(laptop->replica, key, &value));
    cs_buffer_append_format(out, "fact %s ", key);
    put_hex(out, cs_buffer_bytes(&value));
    cs_buffer_append_text(out, "\n");
    cs_buffer_release(&value);
}

void golden_dump_laptop(struct laptop *laptop, struct cs_buffer *out)
{
    dump_meta(laptop, CS_META_ORGANISATION, out);
    dump_meta(laptop, CS_META_CERTIFICATE, out);
    dump_meta(laptop, CS_META_INCARNATION, out);
    dump_meta(laptop, CS_META_POSITION, out);
    dump_meta(laptop, CS_META_REQUEST_COUNTER, out);
    dump_meta(laptop, CS_META_NEXT_COUNTER, out);
    assert_ok(cs_row_scan_all(cs_replica_tables(laptop->replica), dump_row, out));
    assert_ok(cs_query_pending(laptop->replica, 0, dump_pending, out));
}

static void dump_device(const struct cs_device *device, struct cs_buffer *out)
{
    cs_buffer_append_format(out, "device %llx state %d sequence %llu head ",
                            (unsigned long long)device->log, (int)device->state,
                            (unsigned long long)device->sequence);
    put_hex(out, cs_bytes_of_array(device->head));
    cs_buffer_append_format(out, " counter %llu request %llu chain ",
                            (unsigned long long)device->counter,
                            (unsigned long long)device->request_counter);
    put_hex(out, device->chain);
    cs_buffer_append_text(out, "\n");
}

static void dump_held(const struct cs_logged_transaction *held, struct cs_buffer *out)
{
    cs_buffer_append_format(out, "held %llx.%llu %s body ", (unsigned long long)held->version.log,
                            (unsigned long long)held->version.counter,
                            cs_status_name(held->status));
    put_hex(out, held->body);
    cs_buffer_append_text(out, "\n");
}

static enum cs_status dump_change_set(void *context, uint64_t log, uint64_t sequence,
                                      const uint8_t hash[static CS_HASH_SIZE],
                                      struct cs_bytes inner)
{
    struct cs_buffer *out = context;
    cs_buffer_append_format(out, "change-set %llx.%llu of %zu bytes ", (unsigned long long)log,
                            (unsigned long long)sequence, inner.size);
    put_hex(out, cs_bytes_make(hash, CS_HASH_SIZE));
    cs_buffer_append_text(out, "\n");
    return CS_OK;
}

void golden_dump_server(struct universe *universe, struct cs_buffer *out)
{
    struct cs_store *store = cs_server_store(universe->server);
    struct cs_arena arena;
    struct cs_device *devices;
    struct cs_logged_transaction *held;
    size_t count;
    uint64_t position;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_position(store, &position));
    cs_buffer_append_format(out, "position %llu\n", (unsigned long long)position);
    assert_ok(cs_store_devices(store, &arena, &devices, &count));
    for (size_t i = 0; i < count; i++) {
        dump_device(&devices[i], out);
    }
    assert_ok(cs_store_held(store, &arena, &held, &count));
    for (size_t i = 0; i < count; i++) {
        dump_held(&held[i], out);
    }
    assert_ok(cs_store_change_sets(store, dump_change_set, out));
    assert_ok(cs_row_scan_all(cs_store_rows(store), dump_row, out));
    cs_arena_release(&arena);
}
