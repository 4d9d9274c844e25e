/* Files of attachments (PROTOCOL.md, chapter "Attachments"), see attachment_message.h. */
#include "shared/wire/attachment_message.h"

#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

#include <string.h>

#define PLAIN_MAX (CS_ATTACHMENT_LIST_BYTES_MAX + CS_ATTACHMENT_CHUNK_BYTES_MAX + 32 * CS_KIBI)
/* step, incarnation, rows, addresses, index, with list, list, chunk */
#define REQUEST_ITEMS 8
/* incarnation, position, stored, list, chunk */
#define RESPONSE_ITEMS 5

static enum cs_status check_parts(struct cs_bytes list, struct cs_bytes chunk)
{
    return list.size > CS_ATTACHMENT_LIST_BYTES_MAX || chunk.size > CS_ATTACHMENT_CHUNK_BYTES_MAX
               ? CS_LIMIT
               : CS_OK;
}

/* What a reader refuses, the writer does not write. */
static enum cs_status check_request(const struct cs_attachment_request *request)
{
    bool asks = request->step == CS_ATTACHMENT_ASK;
    bool sends = request->step == CS_ATTACHMENT_SEND;
    if (request->step < CS_ATTACHMENT_ASK || request->step > CS_ATTACHMENT_DAMAGED ||
        request->name_count < 1 || (!asks && request->name_count > 1)) {
        return CS_MALFORMED;
    }
    if (request->name_count > CS_ATTACHMENT_NAMES_MAX) {
        return CS_LIMIT;
    }
    if (request->index >= CS_ATTACHMENT_CHUNKS_MAX || (asks && request->index != 0) ||
        (request->with_list && request->step != CS_ATTACHMENT_FETCH) ||
        sends != (request->chunk.size > 0) || (!sends && request->list.size > 0) ||
        request->list.size % CS_HASH_SIZE != 0) {
        return CS_MALFORMED;
    }
    return check_parts(request->list, request->chunk);
}

static void put_names(struct cs_buffer *plain, const struct cs_attachment_request *request)
{
    struct cs_id_column column = {{{0}}};
    struct cs_buffer addresses;
    cs_buffer_init(&addresses, CS_ATTACHMENT_NAMES_MAX * CS_HASH_SIZE);
    cs_cbor_put_array(plain, request->name_count);
    for (size_t i = 0; i < request->name_count; i++) {
        cs_id_column_put(&column, plain, &request->names[i].row);
        cs_buffer_append(&addresses, request->names[i].address, CS_HASH_SIZE);
    }
    cs_cbor_put_bytes(plain, cs_buffer_bytes(&addresses));
    if (addresses.status != CS_OK && plain->status == CS_OK) {
        plain->status = addresses.status;
    }
    cs_buffer_release(&addresses);
}

enum cs_status cs_attachment_request_encode(const struct cs_attachment_request *request,
                                            struct cs_buffer *out)
{
    struct cs_buffer plain;
    enum cs_status status = check_request(request);
    cs_message_begin(&plain, PLAIN_MAX, REQUEST_ITEMS);
    if (status == CS_OK) {
        cs_cbor_put_unsigned(&plain, (uint64_t)request->step);
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
        put_names(&plain, request);
        cs_cbor_put_unsigned(&plain, request->index);
        cs_cbor_put_boolean(&plain, request->with_list);
        cs_cbor_put_bytes(&plain, request->list);
        cs_cbor_put_bytes(&plain, request->chunk);
    }
    return cs_message_end(&plain, status, out);
}

static void take_names(struct cs_cbor_reader *reader, struct cs_arena *arena,
                       struct cs_attachment_request *request)
{
    struct cs_id_column column = {{{0}}};
    size_t count = cs_cbor_enter_array(reader, CS_ATTACHMENT_NAMES_MAX);
    request->names = cs_message_array(reader, arena, count, sizeof *request->names);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        request->names[i].row = cs_id_column_take(&column, reader);
    }
    cs_cbor_leave(reader);
    struct cs_bytes addresses = cs_cbor_take_bytes(reader);
    if (reader->status == CS_OK && addresses.size != count * CS_HASH_SIZE) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        memcpy(request->names[i].address, addresses.data + i * CS_HASH_SIZE, CS_HASH_SIZE);
    }
    request->name_count = count;
}

enum cs_status cs_attachment_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                            struct cs_attachment_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_attachment_request request = {.index = 0};
    cs_message_open(&reader, bytes, PLAIN_MAX, REQUEST_ITEMS, arena);
    request.step = (enum cs_attachment_step)cs_message_take_bounded(&reader, CS_ATTACHMENT_DAMAGED);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    take_names(&reader, arena, &request);
    request.index = cs_cbor_take_unsigned(&reader);
    request.with_list = cs_cbor_take_boolean(&reader);
    request.list = cs_cbor_take_bytes(&reader);
    request.chunk = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_request(&request);
    }
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

static enum cs_status check_response(const struct cs_attachment_response *response)
{
    enum cs_status status = check_parts(response->list, response->chunk);
    if (response->stored_count > CS_ATTACHMENT_NAMES_MAX) {
        return CS_LIMIT;
    }
    if (response->position > INT64_MAX || response->list.size % CS_HASH_SIZE != 0) {
        return CS_MALFORMED;
    }
    for (size_t i = 0; i < response->stored_count; i++) {
        if (response->stored[i] > CS_ATTACHMENT_CHUNKS_MAX + 1) {
            return CS_MALFORMED;
        }
    }
    return status;
}

enum cs_status cs_attachment_response_encode(const struct cs_attachment_response *response,
                                             struct cs_buffer *out)
{
    struct cs_buffer plain;
    enum cs_status status = check_response(response);
    cs_message_begin(&plain, PLAIN_MAX, RESPONSE_ITEMS);
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
        cs_cbor_put_unsigned(&plain, response->position);
        cs_cbor_put_array(&plain, response->stored_count);
        for (size_t i = 0; i < response->stored_count; i++) {
            cs_cbor_put_unsigned(&plain, response->stored[i]);
        }
        cs_cbor_put_bytes(&plain, response->list);
        cs_cbor_put_bytes(&plain, response->chunk);
    }
    return cs_message_end(&plain, status, out);
}

enum cs_status cs_attachment_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                             struct cs_attachment_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_attachment_response response = {.position = 0};
    cs_message_open(&reader, bytes, PLAIN_MAX, RESPONSE_ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.position = cs_cbor_take_unsigned(&reader);
    response.stored_count = cs_cbor_enter_array(&reader, CS_ATTACHMENT_NAMES_MAX);
    response.stored =
        cs_message_array(&reader, arena, response.stored_count, sizeof *response.stored);
    for (size_t i = 0; i < response.stored_count && reader.status == CS_OK; i++) {
        response.stored[i] = cs_cbor_take_unsigned(&reader);
    }
    cs_cbor_leave(&reader);
    response.list = cs_cbor_take_bytes(&reader);
    response.chunk = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_response(&response);
    }
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
