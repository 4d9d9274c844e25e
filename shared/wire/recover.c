/* Recovering (PROTOCOL.md, chapter "Recover"), see recover.h. */
#include "shared/wire/recover.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

/* incarnation, acknowledged, checkpoint, answer, rows */
#define REQUEST_ITEMS 5
/* incarnation, log sequence, log head, taken, older */
#define RESPONSE_ITEMS 5
#define RESPONSE_PLAIN_MAX CS_KIBI

static enum cs_status encode_rows(const struct cs_recover_request *request, struct cs_buffer *out)
{
    return request->row_count == 0 ? CS_OK : cs_rows_encode(request->rows, request->row_count, out);
}

enum cs_status cs_recover_request_encode(const struct cs_recover_request *request,
                                         struct cs_buffer *out)
{
    struct cs_buffer plain;
    struct cs_buffer rows;
    cs_buffer_init(&rows, CS_REQUEST_MAX);
    cs_message_begin(&plain, CS_REQUEST_MAX, REQUEST_ITEMS);
    bool large = request->checkpoint.size > CS_RECOVER_PROOF_MAX ||
                 request->answer.size > CS_RECOVER_PROOF_MAX;
    enum cs_status status = request->acknowledged > INT64_MAX ? CS_INVALID : CS_OK;
    if (status == CS_OK && large) {
        status = CS_LIMIT;
    }
    if (status == CS_OK) {
        status = encode_rows(request, &rows);
    }
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
        cs_cbor_put_unsigned(&plain, request->acknowledged);
        cs_cbor_put_bytes(&plain, request->checkpoint);
        cs_cbor_put_bytes(&plain, request->answer);
        cs_cbor_put_bytes(&plain, cs_buffer_bytes(&rows));
    }
    cs_buffer_release(&rows);
    return cs_message_end(&plain, status, out);
}

static struct cs_bytes take_proof(struct cs_cbor_reader *reader)
{
    struct cs_bytes proof = cs_cbor_take_bytes(reader);
    if (proof.size > CS_RECOVER_PROOF_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    return proof;
}

enum cs_status cs_recover_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_recover_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_recover_request request = {.row_count = 0};
    cs_message_open(&reader, bytes, CS_REQUEST_MAX, REQUEST_ITEMS, arena);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    request.acknowledged = cs_message_take_bounded(&reader, INT64_MAX);
    request.checkpoint = take_proof(&reader);
    request.answer = take_proof(&reader);
    struct cs_bytes rows = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK && rows.size > 0) {
        status = cs_rows_decode(rows, arena, &request.rows, &request.row_count);
    }
    for (size_t i = 0; status == CS_OK && i < request.row_count; i++) {
        status = request.rows[i].scope_set == 0 ? CS_OK : CS_MALFORMED;
    }
    if (status == CS_OK && rows.size > 0 && request.row_count == 0) {
        status = CS_MALFORMED; /* no rows are written as no bytes */
    }
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

enum cs_status cs_recover_response_encode(const struct cs_recover_response *response,
                                          struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, RESPONSE_PLAIN_MAX, RESPONSE_ITEMS);
    bool bounded = response->log_sequence <= INT64_MAX && response->taken <= CS_PAGE_ROWS_MAX &&
                   response->older <= CS_PAGE_ROWS_MAX;
    if (bounded) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
        cs_cbor_put_unsigned(&plain, response->log_sequence);
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->log_head));
        cs_cbor_put_unsigned(&plain, response->taken);
        cs_cbor_put_unsigned(&plain, response->older);
    }
    return cs_message_end(&plain, bounded ? CS_OK : CS_INVALID, out);
}

enum cs_status cs_recover_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_recover_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_recover_response response = {.taken = 0};
    cs_message_open(&reader, bytes, RESPONSE_PLAIN_MAX, RESPONSE_ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.log_sequence = cs_message_take_bounded(&reader, INT64_MAX);
    cs_cbor_take_fixed(&reader, response.log_head, sizeof response.log_head);
    response.taken = cs_message_take_bounded(&reader, CS_PAGE_ROWS_MAX);
    response.older = cs_message_take_bounded(&reader, CS_PAGE_ROWS_MAX);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
