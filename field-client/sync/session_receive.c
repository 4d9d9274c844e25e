/* What the session does with a response: open, check, stage or apply; see session.h. */
#include "field-client/replica/outbox.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/renewal.h"
#include "field-client/sync/evidence_check.h"
#include "field-client/sync/session_internal.h"
#include "field-client/sync/vault_news.h"
#include "shared/base/planted.h"
#include "shared/wire/envelope.h"

#include <string.h>

/* Exchanges in a row that may bring nothing on. */
#define STALLED_MAX 3

static enum cs_status apply_staged(struct cs_sync_session *session, struct cs_apply *apply,
                                   struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (int64_t number = 1; status == CS_OK && number <= session->staging.page_count; number++) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        struct cs_sync_response page;
        status = cs_staging_page(session->replica, number, &arena, &page);
        if (status == CS_OK) {
            status = cs_apply_page(apply, &page, problem);
        }
        cs_arena_release(&arena);
    }
    return status;
}

/* Everything staged and the last page, in the transaction that the caller opened. */
static enum cs_status apply_all(struct cs_sync_session *session,
                                const struct cs_sync_response *last, struct cs_sync_result *result,
                                struct cs_problem *problem)
{
    struct cs_apply apply;
    struct cs_apply_refusals refusals = {&session->arena, session->refusals};
    enum cs_status status = cs_apply_init(&apply, session->replica, result, refusals);
    bool renews = session->phase == CS_SESSION_RENEW;
    if (status == CS_OK && renews) {
        status = cs_renewal_begin(&apply.applier);
    }
    if (status == CS_OK) {
        status = apply_staged(session, &apply, problem);
    }
    if (status == CS_OK) {
        status = cs_apply_page(&apply, last, problem);
    }
    if (status == CS_OK) {
        status = cs_apply_finish(&apply, last);
    }
    if (status == CS_OK && renews) {
        status = cs_session_end_renewal(session, result);
    }
    if (status == CS_OK) {
        status = cs_session_keep_proof(session);
    }
    if (status == CS_OK && session->staging.page_count > 0) {
        status = cs_staging_remove(session->replica);
    }
    cs_apply_release(&apply);
    return status;
}

/* After the last page: is there anything left to send? */
enum cs_status cs_session_check_done(struct cs_sync_session *session)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_outbox_entry *entries = NULL;
    size_t count = 0;
    bool more = false;
    enum cs_status status =
        cs_outbox_collect(session->replica, session->answered + 1, session->resend_from, 0, &arena,
                          &entries, &count, &more);
    session->done = status == CS_OK && count == 0;
    cs_arena_release(&arena);
    return status;
}

/* Pages that cannot be applied would be in the way of every later session: the next one fetches them anew. */
static void throw_away(struct cs_sync_session *session, enum cs_status why)
{
    if (session->staging.page_count > 0 && cs_status_class(why) != CS_CLASS_LOCAL &&
        cs_staging_remove(session->replica) == CS_OK) {
        cs_staging_release(&session->staging);
    }
}

static enum cs_status apply_last(struct cs_sync_session *session,
                                 const struct cs_sync_response *last,
                                 const struct cs_log_state *log, struct cs_problem *problem)
{
    struct cs_database *database = cs_replica_database(session->replica);
    struct cs_sync_result result = session->result;
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = apply_all(session, last, &result, problem);
    if (status == CS_OK) {
        status = cs_log_state_save(session->replica, log);
    }
    if (status == CS_OK) {
        status = cs_log_alarm_set(session->replica, CS_BYTES_NONE);
    }
    if (status == CS_OK) {
        status = cs_vault_news_told(session->replica, last);
    }
    if (status == CS_OK && last->with_horizon) {
        status = cs_outbox_remove(session->replica, last->horizon);
    }
    if (status == CS_OK) {
        status = cs_rejoin_excuse(session->replica);
    }
    if (status == CS_OK) {
        status = cs_session_check_done(session);
    }
    if (status != CS_OK) {
        cs_database_rollback(database);
        throw_away(session, status);
        return status;
    }
    status = cs_database_commit(database);
    if (status == CS_OK) {
        session->result = result;
        session->phase = CS_SESSION_SYNC;
    }
    return status;
}

/* Where the next request goes on from: a copy that outlives the page. */
static enum cs_status copy_cursors(const struct cs_sync_response *page,
                                   struct cs_scope_cursor **out)
{
    struct cs_scope_cursor *cursors = cs_alloc_zero(page->cursor_count, sizeof *cursors);
    if (cursors == NULL) {
        return CS_NO_MEMORY;
    }
    if (page->cursor_count > 0) {
        memcpy(cursors, page->cursors, page->cursor_count * sizeof *cursors);
    }
    *out = cursors;
    return CS_OK;
}

/* Takes the new cursors; have they moved? */
static bool take_cursors(struct cs_sync_session *session, struct cs_scope_cursor *owned_cursors,
                         size_t count)
{
    cs_require(owned_cursors != NULL);
    bool moved = count != session->cursor_count;
    for (size_t i = 0; !moved && i < count; i++) {
        moved = owned_cursors[i].position != session->cursors[i].position ||
                cs_scope_name_compare(&owned_cursors[i].scope, &session->cursors[i].scope) != 0;
    }
    cs_free(session->cursors);
    session->cursors = owned_cursors;
    session->cursor_count = count;
    return moved;
}

/* Which change-sets this page answers, so that they are not sent again in this session. */
static enum cs_status take_answers(struct cs_sync_session *session,
                                   const struct cs_sync_response *page, bool *out_moved)
{
    uint64_t count = 0;
    for (size_t i = 0; i < page->outcome_count; i++) {
        if (page->outcomes[i].count > INT64_MAX - count) {
            return CS_MALFORMED;
        }
        count += page->outcomes[i].count;
    }
    if (count == 0 || page->first_counter == 0 || page->first_counter > INT64_MAX - count) {
        return count == 0 ? CS_OK : CS_MALFORMED;
    }
    uint64_t answered = 0;
    enum cs_status status =
        cs_outbox_answered(session->replica, page->log_sequence, page->first_counter,
                           page->first_counter + count - 1, &answered);
    if (status == CS_OK && answered > session->answered) {
        session->answered = answered;
        *out_moved = true;
    }
    return status;
}

static enum cs_status check_stalled(struct cs_sync_session *session, bool moved,
                                    struct cs_problem *problem)
{
    session->stalled = moved || session->done ? 0 : session->stalled + 1;
    return session->stalled < STALLED_MAX
               ? CS_OK
               : cs_problem_set(problem, CS_LIMIT,
                                "the server answers, but the sync does not get any further");
}

/* Current keys of the server; kept for the next request, and in the identity file at once. */
enum cs_status cs_session_take_statement(struct cs_replica *replica,
                                         const struct cs_sync_response *page,
                                         struct cs_problem *problem)
{
    struct cs_identity *identity = cs_replica_identity(replica);
    if (page->server_statement.size == 0) {
        return CS_OK;
    }
    bool changed = false;
    enum cs_status status =
        cs_identity_set_server_statement(identity, page->server_statement, &changed);
    if (status != CS_OK) {
        return cs_problem_set(problem, status,
                              "the server's statement about its keys is not acceptable: %s",
                              cs_status_text(status));
    }
    return changed ? cs_identity_save(cs_replica_world(replica), identity, cs_replica_home(replica),
                                      CS_IDENTITY_FILE)
                   : CS_OK;
}

/* Where anything has happened, a log of the same size may be another one. */
static bool hides_log(const struct cs_sync_session *session, const struct cs_sync_response *page)
{
    return !page->without_log && page->checkpoint.size == 0 &&
           page->position != session->known.position;
}

/*
 * The log is judged before anything of the page is believed. What was found is kept, so that people
 * go on hearing of it.
 */
static enum cs_status check_log(struct cs_sync_session *session,
                                const struct cs_sync_response *page, struct cs_log_state *out,
                                struct cs_problem *problem)
{
    struct cs_problem found = {""};
    enum cs_status status =
        hides_log(session, page)
            ? cs_problem_set(&found, CS_MALFORMED,
                             "the server did not show its evidence log though something happened")
            : cs_evidence_check(session->replica, &session->log, page, out, &found);
    if (status == CS_OK) {
        return CS_OK;
    }
    status = cs_problem_set(problem, status, "%s",
                            found.text[0] != '\0' ? found.text : cs_status_text(status));
    if (cs_status_class(status) != CS_CLASS_PEER || CS_PLANTED(FORGET_ALARM)) {
        return status;
    }
    enum cs_status kept = cs_log_alarm_set(session->replica, cs_bytes_of_text(found.text));
    return kept == CS_OK ? status : kept;
}

/* Staged pages of another server than this one was before: they are worth nothing, the pull begins anew. */
static bool is_another_server(const struct cs_sync_session *session,
                              const struct cs_sync_response *page)
{
    return session->staging.page_count > 0 &&
           memcmp(session->staging.incarnation, page->incarnation, sizeof page->incarnation) != 0;
}

static enum cs_status begin_anew(struct cs_sync_session *session, struct cs_problem *problem)
{
    enum cs_status status = cs_staging_remove(session->replica);
    if (status == CS_OK) {
        status = cs_session_start(session);
    }
    return status != CS_OK ? status : check_stalled(session, false, problem);
}

/* Of a page that answers what was sent again only that is taken. */
static enum cs_status receive_resent(struct cs_sync_session *session,
                                     const struct cs_sync_response *page,
                                     struct cs_problem *problem)
{
    bool moved = false;
    enum cs_status status = cs_session_check_resent(session, page, problem);
    if (status == CS_OK) {
        status = cs_session_take_statement(session->replica, page, problem);
    }
    if (status == CS_OK) {
        status = take_answers(session, page, &moved);
    }
    return status != CS_OK ? status : check_stalled(session, moved, problem);
}

/* Whatever can fail comes before the commit, so that a failure means that nothing was applied. */
static enum cs_status receive_page(struct cs_sync_session *session, struct cs_bytes body,
                                   const struct cs_sync_response *page, struct cs_problem *problem)
{
    struct cs_scope_cursor *cursors = NULL;
    bool moved = page->row_count > 0 || page->departure_count > 0;
    struct cs_log_state log = session->log;
    if (session->phase == CS_SESSION_RESEND) {
        return receive_resent(session, page, problem);
    }
    enum cs_status status = cs_apply_check(session->replica, &session->known, page, problem);
    if (status == CS_ROLLED_BACK) {
        return cs_session_notice(session, status, problem);
    }
    if (status == CS_OK) {
        status = check_log(session, page, &log, problem);
    }
    if (status == CS_ROLLED_BACK) {
        return cs_session_notice(session, status, problem);
    }
    if (status == CS_OK) {
        status = cs_session_take_statement(session->replica, page, problem);
    }
    if (status == CS_OK) {
        status = take_answers(session, page, &moved);
    }
    if (status == CS_OK) {
        status = copy_cursors(page, &cursors);
    }
    if (status == CS_OK) {
        status = page->last ? apply_last(session, page, &log, problem)
                            : cs_staging_add(session->replica, &session->staging, body, page,
                                             session->answered);
    }
    if (status == CS_CORRUPT && page->last && cs_session_clean(session) == CS_OK) {
        status = apply_last(session, page, &log, problem);
    }
    if (status != CS_OK) {
        cs_free(cursors);
        return status;
    }
    memcpy(session->known.incarnation, page->incarnation, sizeof page->incarnation);
    session->known.position = page->position;
    session->log = log;
    bool cursors_moved = take_cursors(session, cursors, page->cursor_count);
    cs_session_tell(session, page);
    if (page->last) {
        cs_staging_release(&session->staging);
        session->pulled = true;
    }
    return check_stalled(session, moved || cursors_moved, problem);
}

/* The server misses earlier change-sets: they are sent again, whatever was acknowledged before. */
static enum cs_status receive_gap(struct cs_sync_session *session, uint64_t expected,
                                  struct cs_problem *problem)
{
    struct cs_outbox_head head;
    enum cs_status status = cs_outbox_head(session->replica, &head);
    uint64_t confirmed = 0;
    if (status == CS_OK) {
        status = cs_outbox_acknowledged(session->replica, &confirmed);
    }
    if (status != CS_OK) {
        return status;
    }
    if (expected != 0 && expected <= confirmed && session->phase == CS_SESSION_SYNC &&
        !session->noticed) {
        return cs_session_notice(session, CS_ROLLED_BACK, problem);
    }
    if (expected == 0 || expected > head.sequence) {
        return cs_problem_set(problem, CS_FORKED,
                              "the server waits for change-set %llu, which this device never made",
                              (unsigned long long)expected);
    }
    status = cs_session_check_kept(session, expected, problem);
    if (status != CS_OK) {
        return status;
    }
    session->resend_from = expected;
    session->answered = expected - 1;
    return check_stalled(session, false, problem);
}

/* An offer that is not taken holds nothing up: it stays aside. What concerns the device itself does. */
static bool may_wait(enum cs_status status)
{
    return status == CS_LIMIT || status == CS_REFUSED || status == CS_MALFORMED ||
           status == CS_UNSUPPORTED;
}

static enum cs_status receive_failure(struct cs_sync_session *session, struct cs_bytes body,
                                      struct cs_problem *problem)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_failure_response failure;
    enum cs_status status = cs_failure_response_decode(body, &arena, &failure);
    if (status == CS_OK && failure.status == CS_GAP) {
        status = receive_gap(session, failure.expected_sequence, problem);
    } else if (status == CS_OK && session->phase == CS_SESSION_OFFER && may_wait(failure.status)) {
        session->phase = CS_SESSION_SYNC;
    } else if (status == CS_OK && failure.status == CS_ROLLED_BACK &&
               session->phase == CS_SESSION_SYNC && !session->noticed) {
        status = cs_session_notice(session, CS_ROLLED_BACK, problem);
    } else if (status == CS_OK) {
        status = cs_device_request_failed(&failure, problem);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status receive_body(struct cs_sync_session *session, enum cs_message_kind kind,
                                   struct cs_bytes body, struct cs_problem *problem)
{
    /* Whatever it asked for, and be it a comparison. */
    if (kind == CS_MESSAGE_REVOKED) {
        return cs_session_receive_revoked(session, body, problem);
    }
    if (session->done) {
        return cs_session_repair_receive(session, kind, body, problem);
    }
    if (kind == CS_MESSAGE_FAILURE) {
        return receive_failure(session, body, problem);
    }
    bool recovers = session->phase == CS_SESSION_ASK || session->phase == CS_SESSION_OFFER;
    if (kind == CS_MESSAGE_RECOVER && recovers) {
        return cs_session_receive_recover(session, body, problem);
    }
    if (kind != CS_MESSAGE_SYNC || recovers) {
        return cs_problem_set(problem, CS_MALFORMED, "the server answered something else");
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_sync_response page;
    enum cs_status status = cs_sync_response_decode(body, &arena, &page);
    if (status == CS_OK && is_another_server(session, &page)) {
        status = begin_anew(session, problem);
    } else if (status == CS_OK) {
        status = receive_page(session, body, &page, problem);
    }
    if (status == CS_OK && session->done) {
        cs_session_note_checkpoint(session, &page);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_sync_receive(struct cs_sync_session *session, struct cs_bytes response,
                               struct cs_problem *problem)
{
    if (session->failed != CS_OK) {
        return session->failed;
    }
    cs_require(session->awaiting);
    session->awaiting = false;
    session->result.round_trips++;
    session->result.bytes_up += session->sent_size;
    session->result.bytes_down += response.size;
    const struct cs_identity *identity = cs_replica_identity(session->replica);
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    enum cs_message_kind kind;
    struct cs_bytes body;
    enum cs_status status =
        cs_response_open(response, cs_identity_seal_key(identity), cs_identity_server(identity),
                         session->request_hash, &plain, &kind, &body);
    if (status == CS_OK) {
        session->opened = cs_buffer_bytes(&plain);
        status = receive_body(session, kind, body, problem);
        session->opened = CS_BYTES_NONE;
    } else {
        status = cs_problem_set(problem, status, "the server's answer is not acceptable: %s",
                                cs_status_text(status));
    }
    cs_buffer_release(&plain);
    session->failed = status;
    enum cs_status noted = cs_rejoin_note(session->replica, status);
    return noted != CS_OK ? noted : status;
}
