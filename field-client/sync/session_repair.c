/* The end of a session: what was left here is compared with the server, and what differs put right; see repair.h. */
#include "field-client/sync/session_internal.h"

#include <string.h>

static void take_result(struct cs_sync_session *session)
{
    if (session->repair != NULL) {
        struct cs_repair_result result;
        cs_repair_result(session->repair, &result);
        session->result.digest = result.equal ? CS_SYNC_DIGEST_EQUAL : CS_SYNC_DIGEST_UNEQUAL;
        session->result.repaired = result.repaired;
        session->result.sums_mended = result.sums;
        session->result.unequal_text = result.text;
    }
}

void cs_session_note_checkpoint(struct cs_sync_session *session,
                                const struct cs_sync_response *last)
{
    struct cs_repair_checkpoint *checkpoint = &session->checkpoint;
    checkpoint->position = last->position;
    memcpy(checkpoint->incarnation, last->incarnation, sizeof checkpoint->incarnation);
    memcpy(checkpoint->digest, last->digest, sizeof checkpoint->digest);
    session->proved = false;
}

/* Not while the page is received: what fails here must not look as if the page had not been applied. */
static enum cs_status prove(struct cs_sync_session *session)
{
    enum cs_status status =
        session->repair != NULL
            ? cs_repair_resume(session->repair, &session->checkpoint)
            : cs_repair_begin(session->replica, &session->checkpoint, &session->repair);
    if (status == CS_OK) {
        session->proved = true;
        take_result(session);
    }
    return status;
}

enum cs_status cs_session_clean(struct cs_sync_session *session)
{
    bool any = false;
    enum cs_status status = cs_repair_clean(session->replica, &any);
    return status == CS_OK && !any ? CS_CORRUPT : status;
}

enum cs_status cs_session_repair_next(struct cs_sync_session *session,
                                      struct cs_buffer *out_request, bool *out_more)
{
    enum cs_status status = session->proved ? CS_OK : prove(session);
    if (status != CS_OK) {
        session->failed = status;
        return status;
    }
    if (!cs_repair_pending(session->repair)) {
        *out_more = false;
        return CS_OK;
    }
    struct cs_buffer body;
    uint64_t counter = 0;
    cs_buffer_init(&body, CS_COMPARE_REQUEST_MAX);
    status = cs_repair_next(session->repair, &body);
    if (status == CS_OK) {
        status = cs_device_request_count(session->replica, &counter);
    }
    if (status == CS_OK) {
        status = cs_session_seal(session, CS_MESSAGE_COMPARE, counter, cs_buffer_bytes(&body),
                                 out_request);
    }
    cs_buffer_release(&body);
    if (status == CS_OK) {
        *out_more = true;
    }
    return status;
}

static enum cs_status refused(struct cs_sync_session *session, struct cs_bytes body)
{
    struct cs_arena arena;
    struct cs_failure_response failure;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_failure_response_decode(body, &arena, &failure);
    if (status == CS_OK) {
        status = cs_repair_refused(session->repair, failure.text);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_session_repair_receive(struct cs_sync_session *session, enum cs_message_kind kind,
                                         struct cs_bytes body, struct cs_problem *problem)
{
    enum cs_status status = CS_MALFORMED;
    if (kind == CS_MESSAGE_FAILURE) {
        status = refused(session, body);
    } else if (kind == CS_MESSAGE_COMPARE) {
        status = cs_repair_receive(session->repair, body, problem);
    }
    take_result(session);
    session->done = !cs_repair_wants_pull(session->repair);
    if (status == CS_OK || (problem != NULL && problem->text[0] != '\0')) {
        return status;
    }
    return cs_problem_set(problem, status,
                          "what the server answered to a comparison is not acceptable: %s; this "
                          "laptop differs from it, tell the office",
                          cs_status_text(status));
}
