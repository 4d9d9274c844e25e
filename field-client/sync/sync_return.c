/* Coming back to a server that does not know this device, see sync_return.h. */
#include "field-client/sync/sync_return.h"

#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"

#include <string.h>

static enum cs_status build(const struct cs_world *world, const struct cs_identity *identity,
                            struct cs_buffer *out, uint8_t out_hash[static CS_HASH_SIZE])
{
    struct cs_join_request request = {.chain = cs_identity_chain(identity)};
    struct cs_request_header header = {.kind = CS_MESSAGE_JOIN, .counter = 0};
    struct cs_buffer body;
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    world->random(world->context, header.nonce, sizeof header.nonce);
    cs_buffer_init(&body, CS_MEBI);
    enum cs_status status = cs_join_request_encode(&request, &body);
    if (status == CS_OK) {
        status =
            cs_request_seal(world, &header, cs_buffer_bytes(&body), cs_identity_sign_key(identity),
                            cs_identity_server_statement(identity)->bundle_key, out, out_hash);
    }
    cs_buffer_release(&body);
    return status;
}

/* Nothing of the answer is kept: the sync that follows sees for itself what the server is. */
static enum cs_status judge(enum cs_message_kind kind, struct cs_bytes body,
                            struct cs_problem *problem)
{
    if (kind == CS_MESSAGE_JOIN) {
        return CS_OK;
    }
    if (kind != CS_MESSAGE_FAILURE) {
        return CS_MALFORMED;
    }
    struct cs_arena arena;
    struct cs_failure_response failure;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_failure_response_decode(body, &arena, &failure);
    if (status == CS_OK) {
        int size = (int)failure.text.size;
        status = cs_problem_set(problem, failure.status,
                                "the server does not know this laptop any more, and answered: %.*s",
                                size, size == 0 ? "" : (const char *)failure.text.data);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_sync_return(struct cs_replica *replica, struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_identity *identity = cs_replica_identity(replica);
    uint8_t hash[CS_HASH_SIZE];
    struct cs_buffer request;
    struct cs_buffer response;
    struct cs_buffer plain;
    enum cs_message_kind kind;
    struct cs_bytes body;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_status status = build(world, identity, &request, hash);
    if (status == CS_OK) {
        status = world->exchange(world->exchange_context, cs_identity_peer(identity),
                                 cs_buffer_bytes(&request), &response, problem);
    }
    if (status == CS_OK) {
        status = cs_response_open(cs_buffer_bytes(&response), cs_identity_seal_key(identity),
                                  cs_identity_server(identity), hash, &plain, &kind, &body);
    }
    if (status == CS_OK) {
        status = judge(kind, body, problem);
    }
    cs_buffer_release(&request);
    cs_buffer_release(&response);
    cs_buffer_release(&plain);
    return status;
}
