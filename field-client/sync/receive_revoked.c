/* This device was revoked: what the answer says, and sending the rest for review; see session_internal.h. */
#include "field-client/replica/outbox.h"
#include "field-client/replica/revocation.h"
#include "field-client/sync/session_internal.h"
#include "shared/base/text.h"

#include <string.h>

/* What the server has of this log must be what this device made. */
static enum cs_status check_log(struct cs_sync_session *session,
                                const struct cs_revoked_response *answer,
                                struct cs_problem *problem)
{
    uint8_t hash[CS_HASH_SIZE];
    if (answer->log_sequence == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_outbox_hash(session->replica, answer->log_sequence, hash);
    if (status == CS_NOT_FOUND ||
        (status == CS_OK && memcmp(hash, answer->log_head, CS_HASH_SIZE) != 0)) {
        return cs_problem_set(problem, CS_FORKED,
                              "this device was revoked, and the server knows change-sets of it "
                              "that it did not make: it was copied or restored");
    }
    return status;
}

static enum cs_status keep(struct cs_sync_session *session,
                           const struct cs_revoked_response *answer)
{
    struct cs_database *database = cs_replica_database(session->replica);
    uint64_t taken = 0;
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_own_revocation_note(session->replica, answer, &taken);
    if (status == CS_OK) {
        status = cs_session_check_done(session);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    if (status == CS_OK) {
        session->result.pushed += taken;
        session->result.held += taken;
    }
    return status;
}

static int fitting(struct cs_bytes text, size_t size_max)
{
    return (int)(text.size <= size_max ? text.size
                                       : cs_utf8_cut((const char *)text.data, size_max));
}

static enum cs_status explain(const struct cs_sync_session *session,
                              const struct cs_revoked_response *answer, struct cs_problem *problem)
{
    char at[CS_TIME_TEXT_MAX];
    const struct cs_world *world = cs_replica_world(session->replica);
    cs_instant_format(cs_instant_make(answer->revoked_ms, world->offset_minutes(world->context)),
                      at);
    return cs_problem_set(
        problem, CS_REVOKED,
        "this device was revoked by %.*s at %s (%.*s). It gets no more data; nothing on it was "
        "deleted. %s. To go on working, ask for a new invite and join with it in a new folder",
        fitting(answer->revoked_by, 60), (const char *)answer->revoked_by.data, at,
        fitting(answer->reason, 120), (const char *)answer->reason.data,
        answer->full ? "The office has much of it to review already: the rest stays here until then"
                     : "What it had not sent was taken, and the office reviews it");
}

enum cs_status cs_session_receive_revoked(struct cs_sync_session *session, struct cs_bytes body,
                                          struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_revoked_response answer;
    uint64_t before = session->answered;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_revoked_response_decode(body, &arena, &answer);
    if (status == CS_OK) {
        status = check_log(session, &answer, problem);
    }
    if (status == CS_OK) {
        session->answered = answer.log_sequence > before ? answer.log_sequence : before;
        status = keep(session, &answer);
    }
    bool goes_on = status == CS_OK && !session->done && !answer.full && session->answered > before;
    if (status == CS_OK && !goes_on) {
        status = explain(session, &answer, problem);
    }
    cs_arena_release(&arena);
    return status;
}
