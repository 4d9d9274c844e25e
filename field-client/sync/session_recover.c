/*
 * A session with a server that went back in time; see session_internal.h for the phases.
 *
 * ASK: the device shows what the server had signed, and learns under which incarnation it goes on and where its copy of the
 * device's log ends. RESEND: what it lost is sent again; pages that come back are not even staged. RENEW: its whole present state
 * is pulled and takes the place of the old one in one local transaction. Until then nothing here has changed, so that a session
 * that breaks off is begun anew by the next one. OFFER, in later sessions: rows that were confirmed and that the server still
 * lacks.
 */
#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/renewal.h"
#include "field-client/sync/session_internal.h"
#include "shared/wire/recover.h"

#include <string.h>

/* Rows and bytes of one offer. */
#define OFFER_ROWS_MAX ((size_t)2000)
#define OFFER_BYTES_MAX (2 * CS_MEBI)

enum cs_status cs_session_forget_renewal(struct cs_sync_session *session)
{
    bool renewing = false;
    enum cs_status status = cs_renewal_begun(session->replica, &renewing);
    return status != CS_OK || !renewing ? status : cs_staging_remove(session->replica);
}

enum cs_status cs_session_begin_offer(struct cs_sync_session *session)
{
    struct cs_database *database = cs_replica_database(session->replica);
    uint64_t kept = 0;
    enum cs_status status = cs_renewal_kept(session->replica, &kept);
    if (status != CS_OK || kept == 0) {
        return status;
    }
    status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_renewal_settle(session->replica, &kept);
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    session->phase = status == CS_OK && kept > 0 ? CS_SESSION_OFFER : session->phase;
    return status;
}

void cs_session_release_offer(struct cs_sync_session *session)
{
    cs_arena_release(&session->offer_arena);
    session->offered = NULL;
    session->offered_count = 0;
}

enum cs_status cs_session_notice(struct cs_sync_session *session, enum cs_status status,
                                 struct cs_problem *problem)
{
    if (session->phase != CS_SESSION_SYNC || session->noticed) {
        return status;
    }
    session->noticed = true;
    session->phase = CS_SESSION_ASK;
    if (problem != NULL) {
        problem->text[0] = '\0';
    }
    enum cs_status removed = cs_staging_remove(session->replica);
    return removed != CS_OK ? removed : cs_session_start(session);
}

enum cs_status cs_session_build_recover(struct cs_sync_session *session, uint64_t counter,
                                        struct cs_buffer *out)
{
    struct cs_recover_request request = {.row_count = 0};
    struct cs_buffer proof;
    struct cs_buffer body;
    cs_buffer_init(&proof, CS_RECOVER_PROOF_MAX);
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_session_release_offer(session);
    memcpy(request.incarnation, session->known.incarnation, sizeof request.incarnation);
    request.checkpoint = cs_bytes_make(session->log.note, session->log.note_size);
    enum cs_status status = cs_outbox_acknowledged(session->replica, &request.acknowledged);
    if (status == CS_OK) {
        status = cs_replica_meta_bytes(session->replica, CS_META_PROOF, &proof);
        request.answer = cs_buffer_bytes(&proof);
    }
    if (status == CS_OK && session->phase == CS_SESSION_OFFER) {
        status = cs_renewal_load(session->replica, OFFER_ROWS_MAX, OFFER_BYTES_MAX,
                                 &session->offer_arena, &session->offered, &session->offered_count);
        request.rows = session->offered;
        request.row_count = session->offered_count;
    }
    if (status == CS_OK) {
        status = cs_recover_request_encode(&request, &body);
    }
    if (status == CS_OK) {
        status = cs_session_seal(session, CS_MESSAGE_RECOVER, counter, cs_buffer_bytes(&body), out);
    }
    cs_buffer_release(&body);
    cs_buffer_release(&proof);
    return status;
}

/* What the server answered for is not aside any more. */
static enum cs_status take_offered(struct cs_sync_session *session,
                                   const struct cs_recover_response *response)
{
    struct cs_database *database = cs_replica_database(session->replica);
    uint64_t kept = 0;
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = cs_renewal_forget(session->replica, session->offered, session->offered_count);
    if (status == CS_OK) {
        status = cs_renewal_kept(session->replica, &kept);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    status = cs_database_commit(database);
    if (status == CS_OK) {
        session->result.returned += response->taken;
        session->result.reported += response->older;
        session->phase =
            kept > 0 && session->offered_count > 0 ? CS_SESSION_OFFER : CS_SESSION_SYNC;
    }
    return status;
}

static enum cs_status check_log(struct cs_replica *replica,
                                const struct cs_recover_response *response,
                                struct cs_problem *problem)
{
    uint8_t hash[CS_HASH_SIZE];
    if (response->log_sequence == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_outbox_hash(replica, response->log_sequence, hash);
    if (status == CS_NOT_FOUND ||
        (status == CS_OK && memcmp(hash, response->log_head, sizeof hash) != 0)) {
        return cs_problem_set(problem, CS_FORKED,
                              "the server knows change-sets of this device that this device did "
                              "not make: it was copied or restored");
    }
    return status;
}

static bool same_incarnation(const struct cs_sync_session *session,
                             const struct cs_recover_response *response)
{
    return memcmp(response->incarnation, session->known.incarnation,
                  sizeof response->incarnation) == 0;
}

/* Under another incarnation, and not one that had ended: only so is going back what it says it is. */
static enum cs_status check_incarnation(struct cs_sync_session *session,
                                        const struct cs_recover_response *response,
                                        struct cs_problem *problem)
{
    static const uint8_t none[16];
    bool left = false;
    if (memcmp(response->incarnation, none, sizeof none) == 0) {
        return cs_problem_set(problem, CS_MALFORMED, "the server did not say which one it is");
    }
    enum cs_status status = cs_renewal_was_left(session->replica, response->incarnation, &left);
    if (status != CS_OK) {
        return status;
    }
    if (left || same_incarnation(session, response)) {
        return cs_problem_set(problem, CS_ROLLED_BACK,
                              "the server has gone back in time and does not own up to it: nothing "
                              "was applied; tell the office");
    }
    return CS_OK;
}

enum cs_status cs_session_check_kept(struct cs_sync_session *session, uint64_t first,
                                     struct cs_problem *problem)
{
    uint64_t removed = 0;
    enum cs_status status = cs_outbox_removed(session->replica, &removed);
    if (status != CS_OK || first > removed) {
        return status;
    }
    status = cs_rejoin_note_lost(session->replica);
    return status != CS_OK
               ? status
               : cs_problem_set(problem, CS_ROLLED_BACK,
                                "the server lacks change-sets %llu to %llu of this laptop, which "
                                "were removed here because a verified backup had them: it was "
                                "restored from an older one. Nothing else is lost here. The "
                                "administrator should restore the later backup; if there is none, "
                                "join again with a fresh invite",
                                (unsigned long long)first, (unsigned long long)removed);
}

static enum cs_status begin_resending(struct cs_sync_session *session,
                                      const struct cs_recover_response *response,
                                      struct cs_problem *problem)
{
    uint64_t confirmed = 0;
    enum cs_status status = check_log(session->replica, response, problem);
    if (status == CS_OK) {
        status = cs_session_check_kept(session, response->log_sequence + 1, problem);
    }
    if (status == CS_OK) {
        status = cs_outbox_acknowledged(session->replica, &confirmed);
    }
    /*
     * Where change-sets that it had confirmed are missing, it has gone back, whatever it calls itself: they are sent again, and
     * nothing that was pulled before counts. That others learn of it takes proof.
     */
    bool lost = status == CS_OK && response->log_sequence < confirmed;
    if (status == CS_OK && !(lost && same_incarnation(session, response))) {
        status = check_incarnation(session, response, problem);
    }
    if (status == CS_OK) {
        status = cs_renewal_note_start(session->replica, response->incarnation,
                                       response->log_sequence, &session->first_sequence);
    }
    if (status == CS_OK) {
        memcpy(session->renewed, response->incarnation, sizeof session->renewed);
        session->noticed = true;
        session->confirmed_before = confirmed;
        session->phase = CS_SESSION_RESEND;
        session->answered = response->log_sequence;
        session->resend_from = response->log_sequence + 1;
    }
    return status;
}

enum cs_status cs_session_receive_recover(struct cs_sync_session *session, struct cs_bytes body,
                                          struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_recover_response response;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_recover_response_decode(body, &arena, &response);
    if (status == CS_OK) {
        status = session->phase == CS_SESSION_OFFER && same_incarnation(session, &response)
                     ? take_offered(session, &response)
                     : begin_resending(session, &response, problem);
    }
    cs_session_release_offer(session);
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_session_check_resent(const struct cs_sync_session *session,
                                       const struct cs_sync_response *page,
                                       struct cs_problem *problem)
{
    return memcmp(page->incarnation, session->renewed, sizeof session->renewed) == 0
               ? CS_OK
               : cs_problem_set(problem, CS_ROLLED_BACK,
                                "the server went back in time once more while this laptop was "
                                "sending again; sync again");
}

void cs_session_begin_renewal(struct cs_sync_session *session)
{
    cs_free(session->cursors);
    session->cursors = NULL;
    session->cursor_count = 0;
    memcpy(session->left, session->known.incarnation, sizeof session->left);
    session->known = (struct cs_apply_known){.position = 0};
    memcpy(session->known.incarnation, session->renewed, sizeof session->known.incarnation);
    session->answered = 0;
    session->resend_from = 0;
    session->stalled = 0;
    session->phase = CS_SESSION_RENEW;
}

enum cs_status cs_session_end_renewal(struct cs_sync_session *session,
                                      struct cs_sync_result *result)
{
    uint64_t resent = session->confirmed_before > session->first_sequence
                          ? session->confirmed_before - session->first_sequence
                          : 0;
    enum cs_status status = cs_renewal_note_done(session->replica, session->left, resent);
    if (status == CS_OK) {
        status = cs_renewal_settle(session->replica, &result->kept);
    }
    if (status == CS_OK) {
        result->went_back = true;
        result->resent = resent;
    }
    return status;
}

enum cs_status cs_session_keep_proof(struct cs_sync_session *session)
{
    return session->opened.size == 0 || session->opened.size > CS_RECOVER_PROOF_MAX
               ? CS_OK
               : cs_replica_meta_set_bytes(session->replica, CS_META_PROOF, session->opened);
}
