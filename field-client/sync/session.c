/* The sync session, see session.h: requests out, responses in, pages staged and applied. */
#include "field-client/sync/session.h"

#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/sync/apply.h"
#include "field-client/sync/evidence_check.h"
#include "field-client/sync/session_internal.h"
#include "field-client/sync/sync_return.h"
#include "shared/wire/envelope.h"

#include <string.h>

/* Left free in a request for everything beside the change-sets. */
#define REQUEST_MARGIN CS_MEBI

static enum cs_status load_known(struct cs_sync_session *session)
{
    struct cs_replica *replica = session->replica;
    struct cs_buffer incarnation;
    int64_t position = 0;
    cs_buffer_init(&incarnation, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_INCARNATION, &incarnation);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_POSITION, &position);
    }
    if (status == CS_OK && incarnation.size == sizeof session->known.incarnation) {
        memcpy(session->known.incarnation, incarnation.data, incarnation.size);
        session->known.position = (uint64_t)position;
    }
    cs_buffer_release(&incarnation);
    return status != CS_OK ? status : cs_log_state_load(replica, &session->log);
}

/* Where the next request starts. */
static enum cs_status copy_cursors(struct cs_sync_session *session,
                                   const struct cs_scope_cursor *cursors, size_t count)
{
    struct cs_scope_cursor *copy = cs_alloc_zero(count, sizeof *copy);
    if (copy == NULL) {
        return CS_NO_MEMORY;
    }
    if (count > 0) {
        memcpy(copy, cursors, count * sizeof *copy);
    }
    cs_free(session->cursors);
    session->cursors = copy;
    session->cursor_count = count;
    return CS_OK;
}

/*
 * Cursors as they were applied: where the first request starts, also after a session that broke
 * off.
 */
static enum cs_status load_cursors(struct cs_sync_session *session)
{
    struct cs_applier applier;
    enum cs_status status = cs_applier_init(&applier, session->replica);
    struct cs_scope_cursor *cursors = NULL;
    if (status == CS_OK) {
        cursors = cs_alloc_zero(applier.scope_count, sizeof *cursors);
        status = cursors == NULL ? CS_NO_MEMORY : CS_OK;
    }
    size_t count = 0;
    for (size_t i = 0; status == CS_OK && i < applier.scope_count; i++) {
        if (applier.scopes[i].subscribed) {
            cursors[count++] =
                (struct cs_scope_cursor){applier.scopes[i].name, applier.scopes[i].cursor};
        }
    }
    cs_applier_release(&applier);
    if (status != CS_OK) {
        cs_free(cursors);
        return status;
    }
    cs_free(session->applied);
    session->applied = cursors;
    session->applied_count = count;
    return copy_cursors(session, cursors, count);
}

/* Goes on behind the pages that are staged. */
static enum cs_status go_on(struct cs_sync_session *session)
{
    const struct cs_staging *staging = &session->staging;
    session->answered = staging->answered;
    memcpy(session->known.incarnation, staging->incarnation, sizeof staging->incarnation);
    session->known.position = staging->position;
    return copy_cursors(session, staging->cursors, staging->cursor_count);
}

/*
 * What the staged pages showed of the server's log is followed again, so that what comes behind them has to continue it. Pages
 * that it does not hold for any more are thrown away.
 */
static enum cs_status follow_log(struct cs_sync_session *session)
{
    struct cs_log_state log = session->log;
    struct cs_problem problem;
    enum cs_status status = CS_OK;
    for (int64_t number = 1; status == CS_OK && number <= session->staging.page_count; number++) {
        struct cs_arena arena;
        struct cs_sync_response page;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = cs_staging_page(session->replica, number, &arena, &page);
        if (status == CS_OK) {
            status = cs_evidence_check(session->replica, &log, &page, &log, &problem);
        }
        cs_arena_release(&arena);
    }
    if (status != CS_OK && cs_status_class(status) == CS_CLASS_LOCAL) {
        return status;
    }
    if (status != CS_OK) {
        cs_staging_release(&session->staging);
        return cs_staging_remove(session->replica);
    }
    session->log = log;
    return CS_OK;
}

enum cs_status cs_session_start(struct cs_sync_session *session)
{
    session->answered = 0;
    session->known = (struct cs_apply_known){.position = 0};
    cs_staging_release(&session->staging);
    enum cs_status status = load_known(session);
    if (status == CS_OK) {
        status = load_cursors(session);
    }
    if (status == CS_OK) {
        struct cs_staging_applied applied = {.position = session->known.position};
        memcpy(applied.incarnation, session->known.incarnation, sizeof applied.incarnation);
        status = cs_staging_load(session->replica, &applied, &session->staging);
    }
    if (status == CS_OK && session->staging.page_count > 0) {
        status = follow_log(session);
    }
    return status != CS_OK || session->staging.page_count == 0 ? status : go_on(session);
}

enum cs_status cs_sync_begin(struct cs_replica *replica, struct cs_sync_session **out)
{
    struct cs_sync_session *session = cs_alloc_zero(1, sizeof *session);
    if (session == NULL) {
        return CS_NO_MEMORY;
    }
    session->replica = replica;
    session->result.refusals = session->refusals;
    session->result.unequal_text = "";
    cs_arena_init(&session->arena, CS_MESSAGE_ARENA_MAX);
    cs_arena_init(&session->offer_arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_session_forget_renewal(session);
    if (status == CS_OK) {
        status = cs_session_start(session);
    }
    if (status == CS_OK) {
        status = cs_session_begin_offer(session);
    }
    if (status != CS_OK) {
        cs_sync_end(session);
        return status;
    }
    *out = session;
    return CS_OK;
}

void cs_sync_end(struct cs_sync_session *owned_session)
{
    if (owned_session != NULL) {
        cs_arena_release(&owned_session->arena);
        cs_staging_release(&owned_session->staging);
        cs_session_release_offer(owned_session);
        cs_free(owned_session->cursors);
        cs_repair_end(owned_session->repair);
        cs_free(owned_session->applied);
        cs_free(owned_session);
    }
}

const struct cs_sync_result *cs_sync_result(const struct cs_sync_session *session)
{
    return &session->result;
}

/* What has to be sent and was not answered in this session. */
static enum cs_status collect(struct cs_sync_session *session, struct cs_arena *arena,
                              struct cs_bytes **out_inners, size_t *out_count)
{
    struct cs_outbox_entry *entries = NULL;
    size_t count = 0;
    bool more = false;
    enum cs_status status =
        cs_outbox_collect(session->replica, session->answered + 1, session->resend_from,
                          CS_REQUEST_MAX - REQUEST_MARGIN, arena, &entries, &count, &more);
    struct cs_bytes *inners =
        status == CS_OK ? cs_arena_take_array(arena, count, sizeof *inners) : NULL;
    if (status == CS_OK && inners == NULL) {
        status = CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        inners[i] = entries[i].inner;
    }
    if (status == CS_OK) {
        *out_inners = inners;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_session_seal(struct cs_sync_session *session, enum cs_message_kind kind,
                               uint64_t counter, struct cs_bytes body, struct cs_buffer *out)
{
    size_t start = out->size;
    session->sent_size = 0;
    enum cs_status status =
        cs_device_request_seal(session->replica, kind, counter, body, out, session->request_hash);
    if (status == CS_OK) {
        session->sent_size = out->size - start;
        session->awaiting = true;
    }
    return status;
}

static bool was_applied(const struct cs_sync_session *session, const struct cs_scope_name *name)
{
    bool applied = false;
    for (size_t i = 0; !applied && i < session->applied_count; i++) {
        applied = cs_scope_name_compare(&session->applied[i].scope, name) == 0;
    }
    return applied;
}

/* The cursors to send: in a pull of several pages also which scopes it gains, and since when. */
static enum cs_status list_cursors(const struct cs_sync_session *session, struct cs_arena *arena,
                                   struct cs_sync_request *request)
{
    size_t count = session->cursor_count;
    struct cs_scope_cursor *list = cs_arena_take_array(arena, 2 * count, sizeof *list);
    if (list == NULL) {
        return CS_NO_MEMORY;
    }
    request->cursors = list;
    request->cursor_count = count;
    for (size_t i = 0; i < count; i++) {
        list[i] = session->cursors[i];
        if (session->staging.page_count > 0 && !session->pulled &&
            request->cursor_count < CS_SCOPES_PER_DEVICE_MAX &&
            !was_applied(session, &list[i].scope)) {
            struct cs_scope_cursor gained = {list[i].scope, session->staging.began};
            gained.scope.kind |= CS_SCOPE_GAINED;
            list[request->cursor_count++] = gained;
        }
    }
    return CS_OK;
}

static enum cs_status build(struct cs_sync_session *session, uint64_t counter,
                            struct cs_buffer *out)
{
    struct cs_arena arena;
    struct cs_buffer body;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&body, CS_REQUEST_MAX);
    struct cs_sync_request request = {
        .position = session->known.position, .with_vaults = true, .with_horizon = true};
    memcpy(request.incarnation, session->known.incarnation, sizeof request.incarnation);
    if (session->phase == CS_SESSION_RESEND) {
        /* Cursors of before, so that nothing is pulled yet. */
        memcpy(request.incarnation, session->renewed, sizeof request.incarnation);
        request.position = 0;
    }
    request.log_size = cs_evidence_known_size(&session->log, request.incarnation);
    request.log_mark = cs_evidence_known_mark(&session->log, request.incarnation);
    uint8_t mark[CS_SERVER_STATEMENT_MARK_SIZE];
    cs_server_statement_mark(
        cs_identity_server_statement_bytes(cs_replica_identity(session->replica)), mark);
    request.statement_mark = cs_bytes_of_array(mark);
    enum cs_status status = list_cursors(session, &arena, &request);
    if (status == CS_OK) {
        status = collect(session, &arena, &request.inners, &request.inner_count);
    }
    if (status == CS_OK) {
        status = cs_sync_request_encode(&request, &body);
    }
    cs_arena_release(&arena);
    if (status == CS_OK) {
        status = cs_session_seal(session, CS_MESSAGE_SYNC, counter, cs_buffer_bytes(&body), out);
    }
    cs_buffer_release(&body);
    return status;
}

/* When all that the server lost is sent again, its state is pulled. */
static enum cs_status leave_resending(struct cs_sync_session *session)
{
    struct cs_arena arena;
    struct cs_bytes *inners;
    size_t count = 0;
    if (session->phase != CS_SESSION_RESEND) {
        return CS_OK;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = collect(session, &arena, &inners, &count);
    cs_arena_release(&arena);
    if (status == CS_OK && count == 0) {
        cs_session_begin_renewal(session);
    }
    return status;
}

static enum cs_status build_phase(struct cs_sync_session *session, uint64_t counter,
                                  struct cs_buffer *out)
{
    bool recovers = session->phase == CS_SESSION_ASK || session->phase == CS_SESSION_OFFER;
    enum cs_status status = leave_resending(session);
    if (status == CS_OK) {
        status = recovers ? cs_session_build_recover(session, counter, out)
                          : build(session, counter, out);
    }
    return status;
}

enum cs_status cs_sync_next(struct cs_sync_session *session, struct cs_buffer *out_request,
                            bool *out_more, struct cs_problem *problem)
{
    if (session->failed != CS_OK) {
        return session->failed;
    }
    if (session->done) {
        return cs_session_repair_next(session, out_request, out_more);
    }
    if (session->rounds == CS_SYNC_ROUNDS_MAX) {
        session->failed = CS_LIMIT;
        return cs_problem_set(problem, CS_LIMIT, "the sync did not end after %d exchanges",
                              CS_SYNC_ROUNDS_MAX);
    }
    uint64_t counter = 0;
    enum cs_status status = cs_device_request_count(session->replica, &counter);
    if (status == CS_OK) {
        status = build_phase(session, counter, out_request);
    }
    if (status == CS_OK) {
        session->rounds++;
        *out_more = true;
    }
    return status;
}

/*
 * A server that says nothing at all to the first request does not know this device: it may have been restored from a backup made
 * before it joined. Its chain is shown once more; then the request is made again.
 */
static enum cs_status exchange(struct cs_sync_session *session, struct cs_bytes request,
                               struct cs_buffer *response, bool *returned,
                               struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(session->replica);
    const struct cs_peer *peer = cs_identity_peer(cs_replica_identity(session->replica));
    enum cs_status status =
        world->exchange(world->exchange_context, peer, request, response, problem);
    if (status != CS_MALFORMED || *returned || session->result.round_trips > 0) {
        return status;
    }
    *returned = true;
    cs_buffer_clear(response);
    struct cs_problem reason = {""};
    enum cs_status answer = cs_sync_return(session->replica, &reason);
    if (answer == CS_OK) {
        session->awaiting = false;
        return CS_OK;
    }
    return answer == CS_MALFORMED ? status : cs_problem_set(problem, answer, "%s", reason.text);
}

enum cs_status cs_sync_run(struct cs_replica *replica, struct cs_sync_session **out,
                           struct cs_problem *problem)
{
    const struct cs_sync_watch nobody = {.tell = NULL};
    return cs_sync_run_watched(replica, &nobody, out, problem);
}

enum cs_status cs_sync_run_watched(struct cs_replica *replica, const struct cs_sync_watch *watch,
                                   struct cs_sync_session **out, struct cs_problem *problem)
{
    struct cs_sync_session *session;
    enum cs_status status = cs_sync_begin(replica, &session);
    if (status != CS_OK) {
        return status;
    }
    *out = session;
    session->watch = *watch;
    struct cs_buffer request;
    struct cs_buffer response;
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&response, CS_RESPONSE_MAX);
    bool more = true;
    bool returned = false;
    while (status == CS_OK) {
        cs_buffer_clear(&request);
        cs_buffer_clear(&response);
        status = cs_sync_next(session, &request, &more, problem);
        if (status != CS_OK || !more) {
            break;
        }
        status = exchange(session, cs_buffer_bytes(&request), &response, &returned, problem);
        if (status == CS_OK && session->awaiting) {
            status = cs_sync_receive(session, cs_buffer_bytes(&response), problem);
        }
    }
    cs_buffer_release(&request);
    cs_buffer_release(&response);
    return status;
}
