/* Sync requests (PROTOCOL.md, chapter "Sync"), see messages.h. */
#include "shared/wire/messages.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/scopes.h"

/* incarnation, position, cursors, inners; from format 2 on: log size, statement mark; 3: the same, answered in 3; 4: log mark */
static const size_t item_counts[] = {4, 6, 6, 7};
#define STATEMENT_MARK_SIZE 8

static bool is_mark(struct cs_bytes mark, size_t size)
{
    return mark.size == 0 || mark.size == size;
}

static enum cs_status check_request(const struct cs_sync_request *request)
{
    struct cs_arena scratch;
    cs_arena_init(&scratch, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_scope_cursors_check(request->cursors, request->cursor_count, &scratch);
    cs_arena_release(&scratch);
    bool marks_valid = is_mark(request->statement_mark, STATEMENT_MARK_SIZE) &&
                       is_mark(request->log_mark, CS_LOG_MARK_SIZE);
    if (status == CS_OK &&
        (request->position > INT64_MAX || request->log_size > INT64_MAX || !marks_valid)) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK && request->inner_count > CS_CHANGE_SETS_PER_REQUEST_MAX) {
        status = CS_LIMIT;
    }
    for (size_t i = 0; status == CS_OK && i < request->inner_count; i++) {
        status = request->inners[i].size > CS_CHANGE_SET_INNER_MAX ? CS_LIMIT : CS_OK;
    }
    return status;
}

enum cs_status cs_sync_request_encode(const struct cs_sync_request *request, struct cs_buffer *out)
{
    struct cs_buffer plain;
    uint64_t format = request->without_log     ? 1
                      : !request->with_vaults  ? 2
                      : !request->with_horizon ? 3
                                               : 4;
    cs_message_begin_format(&plain, CS_REQUEST_MAX, format, item_counts[format - 1]);
    enum cs_status status = check_request(request);
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
        cs_cbor_put_unsigned(&plain, request->position);
        cs_scope_cursors_put(&plain, request->cursors, request->cursor_count);
        cs_cbor_put_array(&plain, request->inner_count);
        for (size_t i = 0; i < request->inner_count; i++) {
            cs_cbor_put_bytes(&plain, request->inners[i]);
        }
    }
    if (status == CS_OK && !request->without_log) {
        cs_cbor_put_unsigned(&plain, request->log_size);
        cs_cbor_put_bytes(&plain, request->statement_mark);
    }
    if (status == CS_OK && request->with_horizon) {
        cs_cbor_put_bytes(&plain, request->log_mark);
    }
    return cs_message_end(&plain, status, out);
}

static struct cs_bytes take_mark(struct cs_cbor_reader *reader, size_t size)
{
    struct cs_bytes mark = cs_cbor_take_bytes(reader);
    if (!is_mark(mark, size)) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return mark;
}

static void take_inners(struct cs_cbor_reader *reader, struct cs_arena *arena,
                        struct cs_sync_request *request)
{
    size_t count = cs_cbor_enter_array(reader, CS_CHANGE_SETS_PER_REQUEST_MAX);
    request->inners = cs_message_array(reader, arena, count, sizeof *request->inners);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        request->inners[i] = cs_cbor_take_bytes(reader);
        if (request->inners[i].size > CS_CHANGE_SET_INNER_MAX) {
            cs_cbor_fail(reader, CS_LIMIT);
        }
    }
    request->inner_count = count;
    cs_cbor_leave(reader);
}

enum cs_status cs_sync_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                      struct cs_sync_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_sync_request request = {0};
    uint64_t format = cs_message_open_formats(&reader, bytes, CS_REQUEST_MAX, item_counts,
                                              CS_COUNT(item_counts), arena);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    request.position = cs_message_take_bounded(&reader, INT64_MAX);
    request.cursors = cs_scope_cursors_take(&reader, arena, &request.cursor_count);
    take_inners(&reader, arena, &request);
    request.without_log = format == 1;
    request.with_vaults = format >= 3;
    request.with_horizon = format == 4;
    if (format > 1) {
        request.log_size = cs_message_take_bounded(&reader, INT64_MAX);
        request.statement_mark = take_mark(&reader, STATEMENT_MARK_SIZE);
    }
    if (request.with_horizon) {
        request.log_mark = take_mark(&reader, CS_LOG_MARK_SIZE);
    }
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}
