/* Joining and failing (PROTOCOL.md, chapters "Join" and "Failure"), see messages.h. */
#include "shared/wire/messages.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

/* These messages are small: chains and statements, each at most CS_CHAIN_BYTES_MAX. */
#define PLAIN_MAX (4 * CS_CHAIN_BYTES_MAX)
/* chain, bearer, server identity */
#define JOIN_REQUEST_ITEMS 3
/* incarnation, server time, server statement, server identity */
#define JOIN_RESPONSE_ITEMS 4
/* status, expected sequence, text */
#define FAILURE_ITEMS 3

static struct cs_bytes take_part(struct cs_cbor_reader *reader)
{
    struct cs_bytes part = cs_cbor_take_bytes(reader);
    if (part.size > CS_CHAIN_BYTES_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    return part;
}

/* CS_LIMIT if a part could not be read again. */
static enum cs_status check_part(struct cs_bytes part)
{
    return part.size > CS_CHAIN_BYTES_MAX ? CS_LIMIT : CS_OK;
}

enum cs_status cs_join_request_encode(const struct cs_join_request *request, struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, PLAIN_MAX, JOIN_REQUEST_ITEMS);
    enum cs_status status = check_part(request->chain);
    if (status == CS_OK) {
        status = check_part(request->bearer);
    }
    if (status == CS_OK) {
        status = check_part(request->server_identity);
    }
    cs_cbor_put_bytes(&plain, request->chain);
    cs_cbor_put_bytes(&plain, request->bearer);
    cs_cbor_put_bytes(&plain, request->server_identity);
    return cs_message_end(&plain, status, out);
}

enum cs_status cs_join_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                      struct cs_join_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_join_request request = {0};
    cs_message_open(&reader, bytes, PLAIN_MAX, JOIN_REQUEST_ITEMS, arena);
    request.chain = take_part(&reader);
    request.bearer = take_part(&reader);
    request.server_identity = take_part(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

enum cs_status cs_join_response_encode(const struct cs_join_response *response,
                                       struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, PLAIN_MAX, JOIN_RESPONSE_ITEMS);
    enum cs_status status = check_part(response->server_statement);
    if (status == CS_OK) {
        status = check_part(response->server_identity);
    }
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
    cs_cbor_put_integer(&plain, response->server_time_ms);
    cs_cbor_put_bytes(&plain, response->server_statement);
    cs_cbor_put_bytes(&plain, response->server_identity);
    return cs_message_end(&plain, status, out);
}

enum cs_status cs_join_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_join_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_join_response response = {0};
    cs_message_open(&reader, bytes, PLAIN_MAX, JOIN_RESPONSE_ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.server_time_ms = cs_cbor_take_integer(&reader);
    response.server_statement = take_part(&reader);
    response.server_identity = take_part(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}

enum cs_status cs_failure_response_encode(const struct cs_failure_response *response,
                                          struct cs_buffer *out)
{
    struct cs_buffer plain;
    enum cs_status status = CS_OK;
    cs_message_begin(&plain, PLAIN_MAX, FAILURE_ITEMS);
    if (response->status <= CS_OK || response->status >= CS_STATUS_COUNT ||
        response->expected_sequence > INT64_MAX) {
        status = CS_INVALID;
    } else if (response->text.size > CS_PROBLEM_TEXT_MAX) {
        status = CS_TOO_LARGE;
    } else {
        cs_cbor_put_text(&plain, cs_bytes_of_text(cs_status_name(response->status)));
        cs_cbor_put_unsigned(&plain, response->expected_sequence);
        cs_cbor_put_text(&plain, response->text);
    }
    return cs_message_end(&plain, status, out);
}

enum cs_status cs_failure_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_failure_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_failure_response response = {0};
    cs_message_open(&reader, bytes, PLAIN_MAX, FAILURE_ITEMS, arena);
    response.status = cs_message_take_status(&reader);
    response.expected_sequence = cs_message_take_bounded(&reader, INT64_MAX);
    response.text = cs_cbor_take_text(&reader);
    if (response.text.size > CS_PROBLEM_TEXT_MAX) {
        cs_cbor_fail(&reader, CS_LIMIT);
    }
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
