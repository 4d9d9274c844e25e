/* One exchange about vaults, see vault_exchange.h. */
#include "field-client/sync/vault_exchange.h"

#include "field-client/replica/meta.h"
#include "field-client/sync/device_request.h"
#include "field-client/sync/evidence_check.h"

#include <string.h>

static enum cs_status incarnation_of(struct cs_replica *replica, uint8_t out[static 16])
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, 16);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_INCARNATION, &bytes);
    if (status == CS_OK && bytes.size != 16) {
        status = CS_BUSY; /* never synced */
    }
    if (status == CS_OK) {
        memcpy(out, bytes.data, 16);
    }
    cs_buffer_release(&bytes);
    return status;
}

/* The checkpoint goes on from the last one that was verified, as in a sync. */
static enum cs_status check_log(struct cs_replica *replica, const uint8_t incarnation[static 16],
                                struct cs_vault_page *page, struct cs_problem *problem)
{
    struct cs_log_state known;
    struct cs_sync_response shown = {.position = UINT64_MAX,
                                     .checkpoint = page->response.checkpoint,
                                     .consistency = page->response.consistency};
    if (memcmp(page->response.incarnation, incarnation, 16) != 0) {
        return cs_problem_set(problem, CS_BUSY,
                              "the server is another one than at the last sync: sync first");
    }
    memcpy(shown.incarnation, incarnation, sizeof shown.incarnation);
    enum cs_status status = cs_log_state_load(replica, &known);
    return status != CS_OK ? status
                           : cs_evidence_check(replica, &known, &shown, &page->log, problem);
}

static enum cs_status receive(struct cs_replica *replica, struct cs_bytes response,
                              const uint8_t hash[static CS_HASH_SIZE], struct cs_arena *arena,
                              struct cs_vault_response *out, struct cs_problem *problem)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    enum cs_message_kind kind;
    struct cs_bytes body;
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_status status =
        cs_response_open(response, cs_identity_seal_key(identity), cs_identity_server(identity),
                         hash, &plain, &kind, &body);
    if (status == CS_OK && kind == CS_MESSAGE_FAILURE) {
        struct cs_failure_response failure;
        status = cs_failure_response_decode(body, arena, &failure);
        if (status == CS_OK) {
            status = cs_device_request_failed(&failure, problem);
        }
    } else if (status == CS_OK && kind == CS_MESSAGE_REVOKED) {
        status = cs_problem_set(problem, CS_REVOKED, "this device was revoked");
    } else if (status == CS_OK) {
        status =
            kind == CS_MESSAGE_VAULT ? cs_vault_response_decode(body, arena, out) : CS_MALFORMED;
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_vault_exchange(struct cs_replica *replica, struct cs_vault_request *request,
                                 struct cs_arena *arena, struct cs_vault_page *out,
                                 struct cs_vault_sync_result *result, struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(replica);
    const struct cs_peer *peer = cs_identity_peer(cs_replica_identity(replica));
    uint8_t hash[CS_HASH_SIZE];
    uint64_t counter = 0;
    struct cs_log_state known;
    struct cs_buffer body;
    struct cs_buffer sealed;
    struct cs_buffer response;
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_buffer_init(&sealed, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    enum cs_status status = incarnation_of(replica, request->incarnation);
    if (status == CS_OK) {
        status = cs_log_state_load(replica, &known);
    }
    if (status == CS_OK) {
        request->log_size = cs_evidence_known_size(&known, request->incarnation);
        status = cs_vault_request_encode(request, &body);
    }
    if (status == CS_OK) {
        status = cs_device_request_count(replica, &counter);
    }
    if (status == CS_OK) {
        status = cs_device_request_seal(replica, CS_MESSAGE_VAULT, counter, cs_buffer_bytes(&body),
                                        &sealed, hash);
    }
    if (status == CS_OK) {
        status = world->exchange(world->exchange_context, peer, cs_buffer_bytes(&sealed), &response,
                                 problem);
    }
    if (status == CS_OK) {
        result->round_trips++;
        result->bytes_up += sealed.size;
        result->bytes_down += response.size;
        status = receive(replica, cs_buffer_bytes(&response), hash, arena, &out->response, problem);
    }
    if (status == CS_OK) {
        status = check_log(replica, request->incarnation, out, problem);
    }
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    cs_buffer_release(&response);
    return status;
}
