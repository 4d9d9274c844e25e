/* Responses of a comparison (PROTOCOL.md, chapter "Compare"), see compare.h. */
#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/compare.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/page_parts.h"
#include "shared/wire/row_names.h"

#include <string.h>

/* incarnation, position, moved, sums, children, answered, scope sets, rows, departures */
#define ITEMS 9
/* counts, sums, sound */
#define SUM_ITEMS 3
/* counts, sums */
#define CHILD_ITEMS 2
#define CHILDREN_MAX (CS_COMPARE_RANGES_MAX * CS_COMPARE_FANOUT)
#define SHORT_BYTES 8

static enum cs_status check_scope_sets(const struct cs_compare_response *response)
{
    if (response->scope_set_count > CS_PAGE_ROWS_MAX) {
        return CS_LIMIT;
    }
    for (size_t i = 0; i < response->scope_set_count; i++) {
        const struct cs_scope_set *set = &response->scope_sets[i];
        for (size_t j = 0; j < set->count; j++) {
            if (set->scopes[j] >= CS_SCOPES_PER_DEVICE_MAX ||
                (j > 0 && set->scopes[j] <= set->scopes[j - 1])) {
                return CS_MALFORMED;
            }
        }
        if (set->count == 0) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < response->row_count; i++) {
        if (response->rows[i].scope_set >= response->scope_set_count) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

static enum cs_status check_response(const struct cs_compare_response *response)
{
    if (response->position > INT64_MAX || response->child_count % CS_COMPARE_FANOUT != 0) {
        return CS_MALFORMED;
    }
    if (response->sum_count > CS_SCOPES_PER_DEVICE_MAX || response->child_count > CHILDREN_MAX ||
        response->answered > CS_COMPARE_RANGES_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status =
        cs_row_names_check(response->moved, response->moved_count, CS_COMPARE_MOVED_MAX);
    if (status == CS_OK) {
        status =
            cs_row_names_check(response->departures, response->departure_count, CS_PAGE_ROWS_MAX);
    }
    return status == CS_OK ? check_scope_sets(response) : status;
}

static void put_sums(struct cs_buffer *out, const struct cs_compare_response *response)
{
    struct cs_buffer sums;
    cs_buffer_init(&sums, CS_HASH_SIZE * CS_SCOPES_PER_DEVICE_MAX);
    cs_cbor_put_array(out, SUM_ITEMS);
    cs_cbor_put_array(out, response->sum_count);
    for (size_t i = 0; i < response->sum_count; i++) {
        cs_cbor_put_unsigned(out, response->sums[i].count);
        cs_buffer_append(&sums, response->sums[i].multiset.sum, CS_HASH_SIZE);
    }
    cs_cbor_put_bytes(out, cs_buffer_bytes(&sums));
    cs_cbor_put_array(out, response->sum_count);
    for (size_t i = 0; i < response->sum_count; i++) {
        cs_cbor_put_boolean(out, response->sums[i].sound);
    }
    out->status = out->status == CS_OK ? sums.status : out->status;
    cs_buffer_release(&sums);
}

static void put_children(struct cs_buffer *out, const struct cs_compare_response *response)
{
    struct cs_buffer sums;
    cs_buffer_init(&sums, SHORT_BYTES * CHILDREN_MAX);
    cs_cbor_put_array(out, CHILD_ITEMS);
    cs_cbor_put_array(out, response->child_count);
    for (size_t i = 0; i < response->child_count; i++) {
        cs_cbor_put_unsigned(out, response->children[i].count);
        cs_buffer_append_u64(&sums, response->children[i].sum);
    }
    cs_cbor_put_bytes(out, cs_buffer_bytes(&sums));
    out->status = out->status == CS_OK ? sums.status : out->status;
    cs_buffer_release(&sums);
}

enum cs_status cs_compare_response_encode(const struct cs_compare_response *response,
                                          struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, CS_RESPONSE_MAX, ITEMS);
    enum cs_status status = check_response(response);
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
        cs_cbor_put_unsigned(&plain, response->position);
        cs_row_names_put(&plain, response->moved, response->moved_count);
        put_sums(&plain, response);
        put_children(&plain, response);
        cs_cbor_put_unsigned(&plain, response->answered);
        cs_scope_sets_put(&plain, response->scope_sets, response->scope_set_count);
        status = cs_page_rows_put(&plain, response->rows, response->row_count);
        cs_row_names_put(&plain, response->departures, response->departure_count);
    }
    return cs_message_end(&plain, status, out);
}

static void take_sums(struct cs_cbor_reader *reader, struct cs_arena *arena,
                      struct cs_compare_response *response)
{
    cs_cbor_enter_exact(reader, SUM_ITEMS);
    size_t count = cs_cbor_enter_array(reader, CS_SCOPES_PER_DEVICE_MAX);
    response->sums = cs_message_array(reader, arena, count, sizeof *response->sums);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->sums[i].count = cs_message_take_bounded(reader, INT64_MAX);
    }
    cs_cbor_leave(reader);
    struct cs_bytes sums = cs_cbor_take_bytes(reader);
    if (sums.size != CS_HASH_SIZE * count) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    cs_cbor_enter_exact(reader, count);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        memcpy(response->sums[i].multiset.sum, sums.data + CS_HASH_SIZE * i, CS_HASH_SIZE);
        response->sums[i].sound = cs_cbor_take_boolean(reader);
    }
    cs_cbor_leave(reader);
    cs_cbor_leave(reader);
    response->sum_count = count;
}

static void take_children(struct cs_cbor_reader *reader, struct cs_arena *arena,
                          struct cs_compare_response *response)
{
    cs_cbor_enter_exact(reader, CHILD_ITEMS);
    size_t count = cs_cbor_enter_array(reader, CHILDREN_MAX);
    response->children = cs_message_array(reader, arena, count, sizeof *response->children);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->children[i].count = cs_message_take_bounded(reader, INT64_MAX);
    }
    cs_cbor_leave(reader);
    struct cs_bytes sums = cs_cbor_take_bytes(reader);
    if (sums.size != SHORT_BYTES * count) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    struct cs_reader bytes;
    cs_reader_init(&bytes, sums);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->children[i].sum = cs_read_u64(&bytes);
    }
    cs_cbor_leave(reader);
    response->child_count = count;
}

enum cs_status cs_compare_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_compare_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_compare_response response = {.position = 0};
    cs_message_open(&reader, bytes, CS_RESPONSE_MAX, ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.position = cs_message_take_bounded(&reader, INT64_MAX);
    response.moved = cs_row_names_take(&reader, arena, CS_COMPARE_MOVED_MAX, &response.moved_count);
    take_sums(&reader, arena, &response);
    take_children(&reader, arena, &response);
    response.answered = (size_t)cs_message_take_bounded(&reader, CS_COMPARE_RANGES_MAX);
    response.scope_sets =
        cs_scope_sets_take(&reader, arena, CS_PAGE_ROWS_MAX, &response.scope_set_count);
    response.rows = cs_page_rows_take(&reader, arena, &response.row_count);
    response.departures =
        cs_row_names_take(&reader, arena, CS_PAGE_ROWS_MAX, &response.departure_count);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_response(&response);
    }
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
