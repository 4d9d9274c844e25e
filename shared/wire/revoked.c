/* The answer to a revoked device (PROTOCOL.md, chapter "Revoked"), see revoked.h. */
#include "shared/wire/revoked.h"

#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

#define PLAIN_MAX (4 * CS_REVOKED_TEXT_MAX)
/* incarnation, server time, revoked at, log sequence, log head, last sequence, full, by, reason */
#define ITEMS 9

enum cs_status cs_revoked_response_encode(const struct cs_revoked_response *response,
                                          struct cs_buffer *out)
{
    struct cs_buffer plain;
    enum cs_status status = CS_OK;
    if (response->log_sequence > INT64_MAX || response->last_sequence > response->log_sequence) {
        status = CS_INVALID;
    } else if (response->revoked_by.size > CS_REVOKED_TEXT_MAX ||
               response->reason.size > CS_REVOKED_TEXT_MAX) {
        status = CS_TOO_LARGE;
    }
    cs_message_begin(&plain, PLAIN_MAX, ITEMS);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
    cs_cbor_put_integer(&plain, response->server_time_ms);
    cs_cbor_put_integer(&plain, response->revoked_ms);
    cs_cbor_put_unsigned(&plain, response->log_sequence);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->log_head));
    cs_cbor_put_unsigned(&plain, response->last_sequence);
    cs_cbor_put_boolean(&plain, response->full);
    cs_cbor_put_text(&plain, response->revoked_by);
    cs_cbor_put_text(&plain, response->reason);
    return cs_message_end(&plain, status, out);
}

static struct cs_bytes take_text(struct cs_cbor_reader *reader)
{
    struct cs_bytes text = cs_cbor_take_text(reader);
    if (text.size > CS_REVOKED_TEXT_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    return text;
}

enum cs_status cs_revoked_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_revoked_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_revoked_response response = {0};
    cs_message_open(&reader, bytes, PLAIN_MAX, ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.server_time_ms = cs_cbor_take_integer(&reader);
    response.revoked_ms = cs_cbor_take_integer(&reader);
    response.log_sequence = cs_message_take_bounded(&reader, INT64_MAX);
    cs_cbor_take_fixed(&reader, response.log_head, sizeof response.log_head);
    response.last_sequence = cs_message_take_bounded(&reader, response.log_sequence);
    response.full = cs_cbor_take_boolean(&reader);
    response.revoked_by = take_text(&reader);
    response.reason = take_text(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
