/*
 * A server made by hand: opens what the client sends, and seals what a test wants to answer. Keeps
 * the multiset of the rows it has told the client, so that digests can be right.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_SYNC_SERVER_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_SYNC_SERVER_FIXTURE_H

#include "field-client/replica/doctor.h"
#include "field-client/replica/outbox.h"
#include "field-client/sync/session.h"
#include "shared/merge/row_versions.h"
#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"
#include "shared/wire/recover.h"
#include "tests/unit/field_client_replica/client_fixture.h"
#include "tests/unit/field_client_sync/log_fixture.h"

#define ROWS_MAX 16

struct server {
    struct fixture *f;
    struct cs_arena arena; /* of everything below */
    struct cs_buffer request;
    struct cs_buffer plain;
    struct cs_opened_request opened;
    struct cs_sync_request sync; /* the last one received */
    struct cs_scope_cursor cursors[2];
    uint32_t set_everyone[1];
    uint32_t set_both[2];
    struct cs_scope_set sets[2];
    struct cs_multiset everyone;
    struct cs_multiset office;
    struct cs_row rows[ROWS_MAX];
    struct cs_sync_response response;
    struct cs_outcome_run outcomes[4];
    struct cs_echo_run echoes[4];
    struct cs_refusal refusals[4];
    struct cs_departure departures[4];
    struct log_fixture log;
    /* Changes the finished answer before it is encoded; NULL: nothing. */
    void (*spoil)(struct server *s);
};

static inline void server_init(struct server *s, struct fixture *f)
{
    memset(s, 0, sizeof *s);
    s->f = f;
    cs_arena_init(&s->arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&s->request, CS_REQUEST_MAX);
    cs_buffer_init(&s->plain, CS_REQUEST_MAX);
    s->cursors[0].scope.kind = CS_SCOPE_EVERYONE;
    s->cursors[1].scope.kind = CS_SCOPE_OFFICE;
    s->set_everyone[0] = 0;
    s->set_both[1] = 1;
    s->sets[0] = (struct cs_scope_set){s->set_everyone, 1};
    s->sets[1] = (struct cs_scope_set){s->set_both, 2};
    s->response.incarnation[0] = 1;
    s->response.position = 10;
}

static inline void server_release(struct server *s)
{
    cs_arena_release(&s->arena);
    cs_buffer_release(&s->request);
    cs_buffer_release(&s->plain);
}

/* Takes the client's next request apart, and makes an empty last answer to it. */
static inline bool server_take(struct server *s, struct cs_sync_session *session)
{
    struct fixture *f = s->f;
    bool more = false;
    struct cs_problem problem = {""};
    cs_buffer_clear(&s->request);
    cs_buffer_clear(&s->plain);
    assert_ok(cs_sync_next(session, &s->request, &more, &problem));
    if (!more) {
        assert_int_equal(s->request.size, 0);
        return false;
    }
    assert_ok(cs_request_open(cs_buffer_bytes(&s->request), f->bundle, &s->plain, &s->opened));
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(cs_identity_sign_key(f->identity), key);
    assert_ok(cs_request_verify(&s->opened, key));
    assert_int_equal(s->opened.header.kind, CS_MESSAGE_SYNC);
    assert_memory_equal(s->opened.header.certificate, cs_identity_certificate_id(f->identity),
                        CS_HASH_SIZE);
    assert_ok(cs_sync_request_decode(s->opened.body, &s->arena, &s->sync));
    struct cs_sync_response response = {.position = s->response.position + 1,
                                        .server_time_ms = f->fake.wall_ms,
                                        .log_sequence = s->opened.header.log_sequence,
                                        .cursors = s->cursors,
                                        .cursor_count = 1,
                                        .scope_sets = s->sets,
                                        .scope_set_count = 1,
                                        .last = true};
    memcpy(response.incarnation, s->response.incarnation, 16);
    memcpy(response.log_head, s->opened.header.log_head, CS_HASH_SIZE);
    s->response = response;
    s->cursors[0].position = response.position;
    s->cursors[1].position = response.position;
    return true;
}

static inline void server_use_office(struct server *s)
{
    s->response.cursor_count = 2;
    s->response.scope_set_count = 2;
}

static inline void server_seal(struct server *s, enum cs_message_kind kind, struct cs_bytes body,
                               struct cs_buffer *out)
{
    struct fixture *f = s->f;
    uint8_t device[CS_SEAL_KEY_SIZE];
    cs_seal_key_public(cs_identity_seal_key(f->identity), device);
    assert_ok(cs_response_seal(&f->fake.world, kind, s->opened.hash, body, f->server, device, out));
}

/* The digest that belongs to what the client should hold now. */
static inline void server_digest(struct server *s)
{
    struct cs_scope_digest digests[2] = {{s->cursors[0].scope, s->everyone},
                                         {s->cursors[1].scope, s->office}};
    cs_scopes_digest(digests, s->response.cursor_count, s->response.digest);
}

static inline void server_body(struct server *s, struct cs_buffer *body)
{
    server_digest(s);
    log_answer(&s->log, &s->sync, &s->response, s->f->identity, s->f->server, &s->arena);
    if (s->spoil != NULL) {
        s->spoil(s);
    }
    assert_ok(cs_sync_response_encode(&s->response, body));
}

/* Sends the prepared answer. */
static inline enum cs_status server_answer(struct server *s, struct cs_sync_session *session,
                                           struct cs_problem *problem)
{
    struct cs_buffer body;
    struct cs_buffer sealed;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    server_body(s, &body);
    server_seal(s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
    enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), problem);
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    return status;
}

static inline enum cs_status server_fail(struct server *s, struct cs_sync_session *session,
                                         enum cs_status status, uint64_t expected,
                                         struct cs_problem *problem)
{
    struct cs_failure_response failure = {status, expected, T("because")};
    struct cs_buffer body;
    struct cs_buffer sealed;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    assert_ok(cs_failure_response_encode(&failure, &body));
    server_seal(s, CS_MESSAGE_FAILURE, cs_buffer_bytes(&body), &sealed);
    enum cs_status received = cs_sync_receive(session, cs_buffer_bytes(&sealed), problem);
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    return received;
}

/* Takes a RECOVER request apart; it lives in the fixture's arena. */
static inline struct cs_recover_request server_take_recover(struct server *s,
                                                            struct cs_sync_session *session)
{
    struct fixture *f = s->f;
    bool more = false;
    struct cs_recover_request request;
    cs_buffer_clear(&s->request);
    cs_buffer_clear(&s->plain);
    assert_ok(cs_sync_next(session, &s->request, &more, NULL));
    assert_true(more);
    assert_ok(cs_request_open(cs_buffer_bytes(&s->request), f->bundle, &s->plain, &s->opened));
    assert_int_equal(s->opened.header.kind, CS_MESSAGE_RECOVER);
    assert_ok(cs_recover_request_decode(s->opened.body, &s->arena, &request));
    return request;
}

static inline enum cs_status server_recover(struct server *s, struct cs_sync_session *session,
                                            const struct cs_recover_response *response,
                                            struct cs_problem *problem)
{
    struct cs_buffer body;
    struct cs_buffer sealed;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    assert_ok(cs_recover_response_encode(response, &body));
    server_seal(s, CS_MESSAGE_RECOVER, cs_buffer_bytes(&body), &sealed);
    enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), problem);
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    return status;
}

/* What the client has as its change-set of this sequence. */
static inline struct cs_recover_response server_recovered(struct server *s, uint8_t incarnation,
                                                          uint64_t sequence)
{
    struct cs_recover_response response = {.incarnation = {incarnation}, .log_sequence = sequence};
    if (sequence > 0) {
        assert_ok(cs_outbox_hash(s->f->replica, sequence, response.log_head));
    }
    return response;
}

static inline void server_outcome(struct server *s, uint64_t first, enum cs_outcome outcome,
                                  uint64_t count, uint32_t echo)
{
    if (s->response.outcome_count == 0) {
        s->response.first_counter = first;
    }
    s->response.outcomes = s->outcomes;
    s->outcomes[s->response.outcome_count++] = (struct cs_outcome_run){outcome, count};
    s->response.echoes = s->echoes;
    s->echoes[s->response.echo_count++] = (struct cs_echo_run){echo, count};
}

/* Counts a row of the client's own view (what it predicts) into the multiset, or out of it. */
static inline void server_count_view(struct server *s, const char *entity, const struct cs_id *id,
                                     bool in)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_row_load(cs_replica_tables(s->f->replica), T(entity), id, &arena, &row));
    assert_true(row.exists);
    assert_ok(cs_stored_row_hash(&row, hash));
    (in ? cs_multiset_add : cs_multiset_subtract)(&s->everyone, hash);
    cs_arena_release(&arena);
}

static inline struct cs_bytes server_versions(struct server *s, uint64_t log, uint64_t counter)
{
    struct cs_row_versions versions = {.created = {log, counter}};
    struct cs_buffer packed;
    struct cs_bytes copy;
    cs_buffer_init(&packed, CS_MEBI);
    cs_row_versions_pack(&versions, &packed);
    assert_ok(cs_arena_copy(&s->arena, cs_buffer_bytes(&packed), &copy));
    cs_buffer_release(&packed);
    return copy;
}

/* Adds a row to the answer and to the multiset. `set` 0 = everyone, 1 = everyone and office. */
static inline struct cs_row *server_row(struct server *s, const char *entity,
                                        const struct cs_id *id, const struct cs_named_value *fields,
                                        size_t count, struct cs_bytes versions, uint32_t set)
{
    struct cs_row *row = &s->rows[s->response.row_count++];
    struct cs_named_value *copies = cs_arena_take_array(&s->arena, count, sizeof *copies);
    memcpy(copies, fields, count * sizeof *copies);
    *row = (struct cs_row){.entity = T(entity),
                           .id = *id,
                           .scope_set = set,
                           .versions = versions,
                           .fields = copies,
                           .field_count = count};
    s->response.rows = s->rows;
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_row_hash(row->entity, id, false, versions, copies, count, hash));
    cs_multiset_add(&s->everyone, hash);
    if (set == 1) {
        cs_multiset_add(&s->office, hash);
    }
    return row;
}

static inline void server_uncount(struct server *s, const struct cs_row *row)
{
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_row_hash(row->entity, &row->id, row->deleted, row->versions, row->fields,
                          row->field_count, hash));
    cs_multiset_subtract(&s->everyone, hash);
    if (row->scope_set == 1) {
        cs_multiset_subtract(&s->office, hash);
    }
}

static inline struct cs_row *server_part(struct server *s, const struct cs_id *id, const char *code,
                                         const char *name, uint64_t counter, uint32_t set)
{
    struct cs_named_value fields[] = {TEXT_VALUE("code", code), TEXT_VALUE("name", name)};
    return server_row(s, "part", id, fields, 2, server_versions(s, 77, counter), set);
}

/* The client gives this part's row in a sync of its own. */
static inline void server_give_part(struct server *s, const struct cs_id *id, const char *code,
                                    const char *name, uint64_t counter)
{
    struct cs_sync_session *session = NULL;
    assert_ok(cs_sync_begin(s->f->replica, &session));
    assert_true(server_take(s, session));
    (void)server_part(s, id, code, name, counter, 0);
    assert_ok(server_answer(s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_false(server_take(s, session));
    cs_sync_end(session);
}

static inline void print_finding(void *context, const char *text)
{
    (void)context;
    print_message("doctor: %s\n", text);
}

/* After every scenario the replica must be sound. */
static inline int checked_teardown(void **state)
{
    struct fixture *f = *state;
    cs_memory_fail_after(-1);
    struct cs_doctor_report report = {0};
    if (f->replica != NULL) {
        assert_ok(cs_doctor_run(f->replica, print_finding, NULL, &report));
    }
    int result = fixture_teardown(state);
    assert_int_equal(report.findings, 0);
    return result;
}

#define sync_test(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, fixture_setup, checked_teardown)

static inline struct cs_sync_session *server_begin(struct fixture *f)
{
    struct cs_sync_session *session = NULL;
    assert_ok(cs_sync_begin(f->replica, &session));
    return session;
}

static inline struct cs_pending_counts fixture_counts(struct fixture *f)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    return counts;
}

#endif
