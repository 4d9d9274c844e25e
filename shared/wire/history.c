/* Asking what a row was (PROTOCOL.md, chapter "History"), see history.h. */
#include "shared/wire/history.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

/* incarnation, entity, row, at, from */
#define REQUEST_ITEMS 5
#define REQUEST_PLAIN_MAX CS_KIBI
/* incarnation, reach, more, states, rows */
#define RESPONSE_ITEMS 5
/* number, from, until, log, counter, claimed, received, heads */
#define STATE_ITEMS 8
/* unit, log, counter, value */
#define HEAD_ITEMS 4

enum cs_status cs_history_request_encode(const struct cs_history_request *request,
                                         struct cs_buffer *out)
{
    struct cs_buffer plain;
    bool sound = request->entity.size > 0 && request->entity.size <= CS_NAME_MAX &&
                 request->from <= INT64_MAX;
    cs_message_begin(&plain, REQUEST_PLAIN_MAX, REQUEST_ITEMS);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
    cs_cbor_put_text(&plain, request->entity);
    cs_cbor_put_bytes(&plain, cs_id_bytes(&request->row));
    cs_cbor_put_integer(&plain, request->at_ms);
    cs_cbor_put_unsigned(&plain, request->from);
    return cs_message_end(&plain, sound ? CS_OK : CS_INVALID, out);
}

enum cs_status cs_history_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_history_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_history_request request = {.from = 0};
    cs_message_open(&reader, bytes, REQUEST_PLAIN_MAX, REQUEST_ITEMS, arena);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    request.entity = cs_cbor_take_text(&reader);
    if (request.entity.size == 0 || request.entity.size > CS_NAME_MAX) {
        cs_cbor_fail(&reader, CS_MALFORMED);
    }
    cs_cbor_take_fixed(&reader, request.row.bytes, sizeof request.row.bytes);
    request.at_ms = cs_cbor_take_integer(&reader);
    request.from = cs_message_take_bounded(&reader, INT64_MAX);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

static bool is_sound(const struct cs_history_response *response)
{
    bool sound = response->more <= INT64_MAX && response->state_count <= CS_HISTORY_STATES_MAX;
    for (size_t i = 0; sound && i < response->state_count; i++) {
        const struct cs_history_state *state = &response->states[i];
        sound = state->number <= INT64_MAX && state->head_count <= CS_HISTORY_HEADS_MAX &&
                state->row.scope_set == 0;
        for (size_t j = 0; sound && j < state->head_count; j++) {
            sound = state->heads[j].unit.size <= CS_NAME_MAX;
        }
    }
    return sound;
}

static void put_state(struct cs_buffer *plain, const struct cs_history_state *state)
{
    cs_cbor_put_array(plain, STATE_ITEMS);
    cs_cbor_put_unsigned(plain, state->number);
    cs_cbor_put_integer(plain, state->from_ms);
    cs_cbor_put_integer(plain, state->until_ms);
    cs_cbor_put_unsigned(plain, state->author.log);
    cs_cbor_put_unsigned(plain, state->author.counter);
    cs_cbor_put_integer(plain, state->claimed);
    cs_cbor_put_integer(plain, state->received_ms);
    cs_cbor_put_array(plain, state->head_count);
    for (size_t i = 0; i < state->head_count; i++) {
        const struct cs_history_head *head = &state->heads[i];
        cs_cbor_put_array(plain, HEAD_ITEMS);
        cs_cbor_put_text(plain, head->unit);
        cs_cbor_put_unsigned(plain, head->version.log);
        cs_cbor_put_unsigned(plain, head->version.counter);
        cs_cbor_put_bytes(plain, head->value);
    }
}

/* The rows of all states, columnar: what does not change from one to the next costs little. */
static enum cs_status put_rows(const struct cs_history_response *response, struct cs_buffer *out)
{
    struct cs_row *rows = cs_alloc_zero(response->state_count + 1, sizeof *rows);
    if (rows == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < response->state_count; i++) {
        rows[i] = response->states[i].row;
    }
    enum cs_status status =
        response->state_count == 0 ? CS_OK : cs_rows_encode(rows, response->state_count, out);
    cs_free(rows);
    return status;
}

enum cs_status cs_history_response_encode(const struct cs_history_response *response,
                                          struct cs_buffer *out)
{
    struct cs_buffer plain;
    struct cs_buffer rows;
    cs_buffer_init(&rows, CS_PAGE_BYTES_MAX);
    cs_message_begin(&plain, CS_RESPONSE_MAX, RESPONSE_ITEMS);
    enum cs_status status = is_sound(response) ? put_rows(response, &rows) : CS_INVALID;
    if (status == CS_OK) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
        cs_cbor_put_integer(&plain, response->reach_ms);
        cs_cbor_put_unsigned(&plain, response->more);
        cs_cbor_put_array(&plain, response->state_count);
        for (size_t i = 0; i < response->state_count; i++) {
            put_state(&plain, &response->states[i]);
        }
        cs_cbor_put_bytes(&plain, cs_buffer_bytes(&rows));
    }
    cs_buffer_release(&rows);
    return cs_message_end(&plain, status, out);
}

static void take_heads(struct cs_cbor_reader *reader, struct cs_arena *arena,
                       struct cs_history_state *out)
{
    size_t count = cs_cbor_enter_array(reader, CS_HISTORY_HEADS_MAX);
    out->heads = cs_message_array(reader, arena, count, sizeof *out->heads);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        struct cs_history_head *head = &out->heads[i];
        cs_cbor_enter_exact(reader, HEAD_ITEMS);
        head->unit = cs_cbor_take_text(reader);
        head->version.log = cs_cbor_take_unsigned(reader);
        head->version.counter = cs_cbor_take_unsigned(reader);
        head->value = cs_cbor_take_bytes(reader);
        cs_cbor_leave(reader);
        if (head->unit.size > CS_NAME_MAX) {
            cs_cbor_fail(reader, CS_LIMIT);
        }
    }
    out->head_count = count;
    cs_cbor_leave(reader);
}

static void take_state(struct cs_cbor_reader *reader, struct cs_arena *arena,
                       struct cs_history_state *out)
{
    cs_cbor_enter_exact(reader, STATE_ITEMS);
    out->number = cs_message_take_bounded(reader, INT64_MAX);
    out->from_ms = cs_cbor_take_integer(reader);
    out->until_ms = cs_cbor_take_integer(reader);
    out->author.log = cs_cbor_take_unsigned(reader);
    out->author.counter = cs_cbor_take_unsigned(reader);
    out->claimed = cs_cbor_take_integer(reader);
    out->received_ms = cs_cbor_take_integer(reader);
    take_heads(reader, arena, out);
    cs_cbor_leave(reader);
}

/* One row for each state, all the same one. */
static enum cs_status take_rows(struct cs_bytes bytes, struct cs_arena *arena,
                                struct cs_history_response *response)
{
    struct cs_row *rows = NULL;
    size_t count = 0;
    enum cs_status status = bytes.size == 0 ? CS_OK : cs_rows_decode(bytes, arena, &rows, &count);
    if (status == CS_OK && count != response->state_count) {
        status = CS_MALFORMED;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        bool same = rows[i].scope_set == 0 && cs_id_equal(&rows[i].id, &rows[0].id) &&
                    cs_bytes_equal(rows[i].entity, rows[0].entity);
        response->states[i].row = rows[i];
        status = same ? CS_OK : CS_MALFORMED;
    }
    return status;
}

enum cs_status cs_history_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                          struct cs_history_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_history_response response = {.more = 0};
    cs_message_open(&reader, bytes, CS_RESPONSE_MAX, RESPONSE_ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.reach_ms = cs_cbor_take_integer(&reader);
    response.more = cs_message_take_bounded(&reader, INT64_MAX);
    response.state_count = cs_cbor_enter_array(&reader, CS_HISTORY_STATES_MAX);
    response.states =
        cs_message_array(&reader, arena, response.state_count, sizeof *response.states);
    for (size_t i = 0; i < response.state_count && reader.status == CS_OK; i++) {
        take_state(&reader, arena, &response.states[i]);
    }
    cs_cbor_leave(&reader);
    struct cs_bytes rows = cs_cbor_take_bytes(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = take_rows(rows, arena, &response);
    }
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
