/*
 * What a row was, for a device (design §12; PROTOCOL.md, chapter "History"). Only reads: nothing is written for it.
 *
 * What must stay true: of a row outside the device's scopes nothing is told, not that it exists; and no state of one that is in them now, from
 * when it was not.
 */
#include "shared/merge/row_versions.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/handlers/subscriptions.h"
#include "sync-server/history/states.h"

#include <string.h>

enum cs_status cs_history_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader)
{
    (void)server;
    enum cs_status status = cs_request_find_sender(request, reader);
    if (status != CS_OK) {
        return status;
    }
    status = cs_history_request_decode(request->opened.body, &request->arena, &request->history);
    if (status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    return cs_request_fail(request, status, "%s", cs_status_text(status));
}

enum cs_status cs_history_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    uint8_t own[16];
    enum cs_status status = cs_request_look_at(server, request, &clock);
    if (status != CS_OK || request->failure.status != CS_OK) {
        return status;
    }
    status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    if (status == CS_OK && memcmp(request->history.incarnation, own, sizeof own) != 0) {
        return cs_request_fail(request, CS_BUSY, "this server is another one since: sync first");
    }
    request->only_reads = status == CS_OK;
    return status;
}

struct answer {
    struct cs_store *reader;
    struct cs_arena *arena;
    const struct cs_subscription *subscriptions;
    size_t subscription_count;
    struct cs_history_response response;
    size_t bytes; /* of the rows in it, about */
};

static bool is_in_scope(const struct answer *answer, const struct cs_stored_row *row)
{
    for (size_t i = 0; i < answer->subscription_count; i++) {
        if (answer->subscriptions[i].exists &&
            cs_scope_numbers_contain(row->scopes, answer->subscriptions[i].number)) {
            return true;
        }
    }
    return false;
}

/* Of deletes only those that wait: of a row that is deleted they are what is shown. */
static enum cs_status put_heads(struct answer *answer, const struct cs_row_state *state,
                                struct cs_history_state *out)
{
    out->heads = cs_arena_take_array(answer->arena, state->head_count, sizeof *out->heads);
    if (out->heads == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < state->head_count; i++) {
        const struct cs_stored_head *head = &state->heads[i];
        if (!state->row.deleted || !cs_bytes_equal_text(head->unit, CS_UNIT_DELETED)) {
            out->heads[out->head_count++] =
                (struct cs_history_head){head->unit, head->version, head->value};
            answer->bytes += head->value.size;
        }
    }
    return CS_OK;
}

static enum cs_status put_author(struct answer *answer, struct cs_history_state *out)
{
    struct cs_logged_transaction logged;
    if (out->author.log == 0) {
        return CS_OK;
    }
    enum cs_status status =
        cs_store_transaction(answer->reader, &out->author, answer->arena, &logged);
    if (status == CS_OK) {
        out->claimed = logged.claimed;
        out->received_ms = logged.received_ms;
    }
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status put_state(struct answer *answer, const struct cs_row_state *state)
{
    struct cs_history_state *out = &answer->response.states[answer->response.state_count];
    *out = (struct cs_history_state){
        .number = state->number,
        .from_ms = state->from_ms,
        .until_ms = state->until_ms,
        .author = state->author,
        .row = {.entity = state->row.name,
                .id = state->row.id,
                .deleted = state->row.deleted,
                .versions = state->row.versions},
    };
    enum cs_status status =
        cs_row_fields(&state->row, answer->arena, &out->row.fields, &out->row.field_count);
    if (status == CS_OK) {
        status = put_heads(answer, state, out);
    }
    if (status == CS_OK) {
        status = put_author(answer, out);
    }
    for (size_t i = 0; i < out->row.field_count; i++) {
        answer->bytes += out->row.fields[i].value.bytes.size + sizeof(int64_t);
    }
    answer->response.state_count += status == CS_OK ? 1 : 0;
    return status;
}

/* As many as fit; `more` tells where it goes on. */
static enum cs_status put_states(struct answer *answer, const struct cs_row_states *states)
{
    enum cs_status status = CS_OK;
    answer->response.states =
        cs_arena_take_array(answer->arena, states->count + 1, sizeof *answer->response.states);
    if (answer->response.states == NULL) {
        return CS_NO_MEMORY;
    }
    answer->response.more = states->more;
    for (size_t i = 0; status == CS_OK && i < states->count; i++) {
        if (i > 0 && answer->bytes > CS_HISTORY_BYTES_TARGET) {
            answer->response.more = states->items[i - 1].number;
            break;
        }
        if (is_in_scope(answer, &states->items[i].row)) {
            status = put_state(answer, &states->items[i]);
        }
    }
    return status;
}

/* CS_NOT_FOUND, whether it is not there or none of the device's business. */
static enum cs_status read(struct answer *answer, const struct cs_history_request *request)
{
    struct cs_row_key key = {request->entity, request->row};
    struct cs_row_states states = {.count = 1};
    struct cs_stored_row present;
    enum cs_status status = cs_store_load_rows(answer->reader, &key, 1, answer->arena, &present);
    if (status == CS_OK && (!present.exists || !is_in_scope(answer, &present))) {
        return CS_NOT_FOUND;
    }
    if (status == CS_OK && request->at_ms == CS_HISTORY_STILL) {
        status = cs_row_states_read(answer->reader, &key, request->from, CS_HISTORY_STATES_MAX,
                                    answer->arena, &states);
        return status != CS_OK ? status : put_states(answer, &states);
    }
    if (status == CS_OK && request->at_ms < answer->response.reach_ms) {
        return CS_OK; /* the answer says how far it reaches */
    }
    struct cs_row_state state;
    states.items = &state;
    if (status == CS_OK) {
        status = cs_row_state_at(answer->reader, &key, request->at_ms, answer->arena, &state);
    }
    if (status == CS_NOT_FOUND) {
        return CS_OK; /* it was not there yet: no state */
    }
    return status != CS_OK ? status : put_states(answer, &states);
}

enum cs_status cs_history_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body)
{
    struct answer answer = {.reader = reader, .arena = &request->arena};
    struct cs_subscription *subscriptions = NULL;
    (void)server;
    enum cs_status status = cs_fact_fixed(reader, CS_FACT_INCARNATION, answer.response.incarnation,
                                          sizeof answer.response.incarnation);
    if (status == CS_OK) {
        status = cs_subscriptions_of(reader, &request->device, &request->arena, &subscriptions,
                                     &answer.subscription_count);
        answer.subscriptions = subscriptions;
    }
    if (status == CS_OK) {
        status = cs_store_history_reach(reader, &answer.response.reach_ms);
    }
    if (status == CS_OK) {
        status = read(&answer, &request->history);
    }
    if (status == CS_NOT_FOUND) {
        return cs_request_fail(request, status, "there is no such row in what this device sees");
    }
    if (status == CS_TOO_LARGE) {
        status = CS_LIMIT;
    }
    return status != CS_OK ? status : cs_history_response_encode(&answer.response, body);
}
