/*
 * Recovering (design §8): a device shows that the server went back in time, says what was confirmed to it, and brings back rows.
 *
 * What must stay true: a new incarnation begins only on what this server itself has signed. A device's word alone does not move
 * it: any device could raise that alarm.
 */
#include "shared/evidence/checkpoint.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/recovered_rows.h"
#include "sync-server/reconcile/recovery.h"

#include <string.h>

enum cs_status cs_recover_open(struct cs_server *server, struct cs_server_request *request,
                               struct cs_store *reader)
{
    enum cs_status status = cs_request_find_sender(request, reader);
    (void)server;
    if (status == CS_OK) {
        status =
            cs_recover_request_decode(request->opened.body, &request->arena, &request->recover);
        if (status == CS_NO_MEMORY && cs_request_exhausted(request)) {
            status = CS_LIMIT;
        }
        if (status != CS_OK && cs_status_class(status) != CS_CLASS_LOCAL) {
            status = cs_request_fail(request, status, "%s", cs_status_text(status));
        }
    }
    return status;
}

/* A state that this server was in, as its own signature shows. */
struct shown {
    struct cs_checkpoint state; /* of an answer without size and root */
    bool whole;
};

/* CS_MALFORMED, CS_WRONG_SERVER, …: this server did not sign it. */
static enum cs_status read_answer(struct cs_server_request *request,
                                  const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                  struct shown *out)
{
    enum cs_message_kind kind;
    struct cs_bytes body;
    struct cs_sync_response answer;
    enum cs_status status = cs_response_verify(request->recover.answer, identity, &kind, &body);
    if (status == CS_OK && kind != CS_MESSAGE_SYNC) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        status = cs_sync_response_decode(body, &request->arena, &answer);
    }
    if (status == CS_OK) {
        *out = (struct shown){.state = {.position = answer.position}};
        memcpy(out->state.incarnation, answer.incarnation, sizeof out->state.incarnation);
    }
    return status;
}

/* Does the evidence log that was signed not lie before this one? */
static enum cs_status differs(struct cs_store *store, const struct cs_checkpoint *shown, bool *out)
{
    uint64_t size = 0;
    uint8_t root[CS_HASH_SIZE];
    struct cs_merkle_proof proof;
    enum cs_status status = cs_evidence_log_root(store, &size, root);
    if (status != CS_OK || shown->size > size || shown->size == 0) {
        *out = shown->size > size;
        return status;
    }
    status = cs_merkle_prove_consistency(shown->size, size, cs_evidence_log_node, store, &proof);
    if (status == CS_OK) {
        *out = cs_merkle_verify_consistency(shown->size, shown->root, size, root,
                                            cs_merkle_proof_bytes(&proof)) != CS_OK;
    }
    return status;
}

/* Is it a state that this server has not reached, or of an incarnation it never heard of? */
static enum cs_status judge(struct cs_server *server, const struct shown *shown,
                            const uint8_t own[static 16], bool *out_proven)
{
    struct cs_incarnation ended;
    uint64_t position = 0;
    if (memcmp(shown->state.incarnation, own, sizeof shown->state.incarnation) != 0) {
        enum cs_status found =
            cs_store_incarnation(server->writer, shown->state.incarnation, &ended);
        *out_proven = found == CS_NOT_FOUND;
        return found == CS_NOT_FOUND ? CS_OK : found;
    }
    enum cs_status status = cs_store_position(server->writer, &position);
    *out_proven = status == CS_OK && shown->state.position > position;
    return status != CS_OK || *out_proven || !shown->whole
               ? status
               : differs(server->writer, &shown->state, out_proven);
}

/* Either of what the device shows is enough. */
static enum cs_status judge_proof(struct cs_server *server, struct cs_server_request *request,
                                  const uint8_t own[static 16], struct cs_witness *out,
                                  bool *out_proven)
{
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    *out_proven = false;
    cs_sign_key_public(cs_server_keys_identity(server->keys), identity);
    for (int form = 0; form < 2 && !*out_proven; form++) {
        struct shown shown = {.whole = true};
        enum cs_status status =
            form == 0
                ? cs_checkpoint_verify(request->recover.checkpoint,
                                       request->opened.header.organisation, identity, &shown.state)
                : read_answer(request, identity, &shown);
        if (status != CS_OK && cs_status_class(status) == CS_CLASS_LOCAL) {
            return status;
        }
        if (status == CS_OK) {
            status = judge(server, &shown, own, out_proven);
            *out =
                (struct cs_witness){.device = &request->device, .position = shown.state.position};
            memcpy(out->incarnation, shown.state.incarnation, sizeof out->incarnation);
        } else {
            status = CS_OK; /* not signed here: it shows nothing */
        }
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status begin_incarnation(struct cs_server *server, struct cs_server_request *request,
                                        const struct cs_push_clock *clock,
                                        const struct cs_witness *witness)
{
    uint8_t incarnation[16];
    server->world->random(server->world->context, incarnation, sizeof incarnation);
    cs_log_event(server->log, CS_LOG_ERROR, "server_went_back",
                 CS_LOG_NUMBER("witness", request->device.log),
                 CS_LOG_NUMBER("position_shown", witness->position));
    return cs_recovery_begin(server->writer, clock, &request->arena, incarnation, witness);
}

/* What a device brings back is taken whatever its rights are: it was confirmed once. So nothing is where this server has lost nothing. */
static enum cs_status take_rows(struct cs_server *server, struct cs_server_request *request,
                                const struct cs_push_clock *clock, struct cs_recovered_count *out)
{
    int64_t since_ms;
    if (request->recover.row_count == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_recovery_since(server->writer, &since_ms);
    if (status == CS_NOT_FOUND) {
        return cs_request_fail(request, CS_REFUSED,
                               "this server never went back in time: it takes no rows back");
    }
    return status != CS_OK
               ? status
               : cs_recovered_rows_offer(server->writer, clock, &request->arena, &request->device,
                                         request->recover.rows, request->recover.row_count, out);
}

static enum cs_status recover(struct cs_server *server, struct cs_server_request *request,
                              const struct cs_push_clock *clock)
{
    uint8_t own[16];
    struct cs_witness witness;
    struct cs_recovered_count count = {0, 0};
    bool proven = false;
    enum cs_status status = cs_fact_fixed(server->writer, CS_FACT_INCARNATION, own, sizeof own);
    if (status == CS_OK) {
        status = judge_proof(server, request, own, &witness, &proven);
    }
    if (status == CS_OK && proven) {
        status = begin_incarnation(server, request, clock, &witness);
    }
    /* Who knows the present incarnation already only offers rows. */
    bool returns = proven || memcmp(request->recover.incarnation, own, sizeof own) != 0;
    if (status == CS_OK && returns) {
        status = cs_recovery_heard(server->writer, clock, &request->arena, &request->device,
                                   request->recover.acknowledged);
    }
    if (status == CS_OK) {
        status = take_rows(server, request, clock, &count);
    }
    if (status == CS_OK) {
        status = cs_recovery_close(server->writer, clock, &request->arena);
    }
    request->recovered.taken = count.taken;
    request->recovered.older = count.older;
    return status != CS_OK ? status : cs_store_put_device(server->writer, &request->device);
}

enum cs_status cs_recover_commit(struct cs_server *server, struct cs_server_request *request)
{
    struct cs_push_clock clock;
    enum cs_status status = cs_request_admit(server, request, &clock);
    /* A revoked device is no witness and brings nothing back; its answer tells it why. */
    if (status != CS_OK || request->failure.status != CS_OK ||
        request->device.state == CS_DEVICE_REVOKED) {
        return status;
    }
    request->device.seen_ms = clock.now_ms;
    return recover(server, request, &clock);
}

enum cs_status cs_recover_reply(struct cs_server *server, struct cs_server_request *request,
                                struct cs_store *reader, struct cs_buffer *body)
{
    struct cs_recover_response *response = &request->recovered;
    (void)server;
    response->log_sequence = request->device.sequence;
    memcpy(response->log_head, request->device.head, sizeof response->log_head);
    enum cs_status status = cs_fact_fixed(reader, CS_FACT_INCARNATION, response->incarnation,
                                          sizeof response->incarnation);
    return status != CS_OK ? status : cs_recover_response_encode(response, body);
}
