/* Asking what a row was, see history.h. */
#include "field-client/sync/history.h"

#include "field-client/replica/meta.h"
#include "field-client/sync/device_request.h"
#include "shared/base/limits.h"

#include <string.h>

/* A row with more states is shown from the newest on as far as this goes. */
#define PAGES_MAX 64

static enum cs_status incarnation_of(struct cs_replica *replica, uint8_t out[static 16],
                                     struct cs_problem *problem)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 16);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_INCARNATION, &bytes);
    if (status == CS_OK && bytes.size != 16) {
        status = cs_problem_set(problem, CS_BUSY, "this replica has never synced: sync first");
    }
    if (status == CS_OK) {
        memcpy(out, bytes.data, 16);
    }
    cs_buffer_release(&bytes);
    return status;
}

static enum cs_status receive(struct cs_replica *replica, struct cs_bytes answer,
                              const uint8_t hash[static CS_HASH_SIZE], struct cs_arena *arena,
                              struct cs_history_response *out, struct cs_problem *problem)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    enum cs_message_kind kind;
    struct cs_bytes body;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_status status =
        cs_response_open(answer, cs_identity_seal_key(identity), cs_identity_server(identity), hash,
                         &plain, &kind, &body);
    if (status == CS_OK && kind == CS_MESSAGE_FAILURE) {
        struct cs_failure_response failure;
        status = cs_failure_response_decode(body, arena, &failure);
        if (status == CS_OK) {
            status = cs_device_request_failed(&failure, problem);
        }
    } else if (status == CS_OK && kind == CS_MESSAGE_REVOKED) {
        status = cs_problem_set(problem, CS_REVOKED, "this device was revoked");
    } else if (status == CS_OK) {
        status = kind == CS_MESSAGE_HISTORY ? cs_history_response_decode(body, arena, out)
                                            : CS_MALFORMED;
    }
    cs_buffer_release(&plain);
    return status;
}

static enum cs_status exchange(struct cs_replica *replica, const struct cs_history_request *request,
                               struct cs_arena *arena, struct cs_history_response *out,
                               struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_peer *peer = cs_identity_peer(cs_replica_identity(replica));
    uint8_t hash[CS_HASH_SIZE];
    uint64_t counter = 0;
    struct cs_buffer body;
    struct cs_buffer sealed;
    struct cs_buffer answer;
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_buffer_init(&sealed, CS_REQUEST_MAX);
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    enum cs_status status = cs_history_request_encode(request, &body);
    if (status == CS_OK) {
        status = cs_device_request_count(replica, &counter);
    }
    if (status == CS_OK) {
        status = cs_device_request_seal(replica, CS_MESSAGE_HISTORY, counter,
                                        cs_buffer_bytes(&body), &sealed, hash);
    }
    if (status == CS_OK) {
        status = world->exchange(world->exchange_context, peer, cs_buffer_bytes(&sealed), &answer,
                                 problem);
    }
    if (status == CS_OK) {
        status = receive(replica, cs_buffer_bytes(&answer), hash, arena, out, problem);
    }
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    cs_buffer_release(&answer);
    return status;
}

/* The row that was asked about, as rows are here. */
static enum cs_status take(struct cs_replica *replica, const struct cs_history_request *request,
                           const struct cs_history_state *state, struct cs_arena *arena,
                           struct cs_past_state *out)
{
    const struct cs_registry *registry = cs_row_tables_registry(cs_replica_tables(replica));
    if (!cs_id_equal(&state->row.id, &request->row) ||
        !cs_bytes_equal(state->row.entity, request->entity)) {
        return CS_MALFORMED;
    }
    out->state = *state;
    enum cs_status status = cs_row_from_fields(registry, request->entity, state->row.fields,
                                               state->row.field_count, arena, &out->row);
    out->row.id = request->row;
    out->row.exists = true;
    out->row.deleted = state->row.deleted;
    out->row.versions = state->row.versions;
    return status;
}

static enum cs_status read_page(struct cs_replica *replica, struct cs_history_request *request,
                                struct cs_arena *arena, size_t *capacity, struct cs_past *past,
                                struct cs_problem *problem)
{
    struct cs_history_response response = {.more = 0};
    enum cs_status status = exchange(replica, request, arena, &response, problem);
    if (status == CS_OK &&
        memcmp(response.incarnation, request->incarnation, sizeof response.incarnation) != 0) {
        status = cs_problem_set(problem, CS_BUSY, "the server is another one since: sync first");
    }
    if (status == CS_OK && response.more != 0 && request->from != 0 &&
        response.more >= request->from) {
        status = CS_MALFORMED; /* it goes on where it was */
    }
    for (size_t i = 0; status == CS_OK && i < response.state_count; i++) {
        past->items = cs_arena_grow(arena, past->items, past->count, capacity, sizeof *past->items);
        status = past->items == NULL ? CS_NO_MEMORY
                                     : take(replica, request, &response.states[i], arena,
                                            &past->items[past->count++]);
    }
    past->reach_ms = response.reach_ms;
    request->from = response.more;
    return status;
}

enum cs_status cs_past_read(struct cs_replica *replica, const struct cs_entity *entity,
                            const struct cs_id *row, int64_t at_ms, struct cs_arena *arena,
                            struct cs_past *out, struct cs_problem *problem)
{
    struct cs_history_request request = {
        .entity = cs_bytes_of_text(entity->name), .row = *row, .at_ms = at_ms};
    struct cs_past past = {.count = 0};
    size_t capacity = 0;
    enum cs_status status = incarnation_of(replica, request.incarnation, problem);
    for (int page = 0; status == CS_OK && page < PAGES_MAX; page++) {
        status = read_page(replica, &request, arena, &capacity, &past, problem);
        if (request.from == 0) {
            break;
        }
    }
    if (status == CS_OK) {
        *out = past;
    }
    return status;
}
