/* The answer to a revoked laptop: sending goes on until all is taken, nothing is purged, and lies are refused. */
#include "field-client/replica/revocation.h"
#include "tests/unit/field_client_sync/server_fixture.h"

static struct cs_revoked_response answer_to(const struct server *s, uint64_t sequence)
{
    struct cs_revoked_response answer = {.revoked_ms = 1772413300000,
                                         .log_sequence = sequence,
                                         .revoked_by = T("赵敏"),
                                         .reason = T("笔记本丢失")};
    memcpy(answer.log_head, s->opened.header.log_head, CS_HASH_SIZE);
    return answer;
}

static enum cs_status send_answer(struct server *s, struct cs_sync_session *session,
                                  const struct cs_revoked_response *answer,
                                  struct cs_problem *problem)
{
    struct cs_buffer body;
    struct cs_buffer sealed;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    assert_ok(cs_revoked_response_encode(answer, &body));
    server_seal(s, CS_MESSAGE_REVOKED, cs_buffer_bytes(&body), &sealed);
    problem->text[0] = '\0';
    enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), problem);
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    return status;
}

static void it_says_who_why_and_what_to_do(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_problem problem;
    server_init(&s, f);
    struct cs_id part = fixture_part(f, "P-1", "电源");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    struct cs_revoked_response answer = answer_to(&s, 1);
    assert_status(send_answer(&s, session, &answer, &problem), CS_REVOKED);
    static const char *const said[] = {"赵敏", "笔记本丢失", "nothing on it was deleted",
                                       "the office reviews it", "new invite"};
    for (size_t i = 0; i < CS_COUNT(said); i++) {
        assert_non_null(strstr(problem.text, said[i]));
    }
    assert_int_equal(cs_sync_result(session)->pushed, 1);
    assert_int_equal(cs_sync_result(session)->held, 1);
    assert_int_equal(cs_sync_result(session)->pulled, 0);
    /* Sticky. */
    bool more;
    assert_status(cs_sync_next(session, &s.request, &more, NULL), CS_REVOKED);
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).held, 1);
    assert_string_equal(fixture_text(f, "part", &part, "name"), "电源");
    /* The next sync sends none of it again, and is told the same. */
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0);
    answer = answer_to(&s, 1);
    assert_status(send_answer(&s, session, &answer, &problem), CS_REVOKED);
    assert_int_equal(cs_sync_result(session)->pushed, 0);
    cs_sync_end(session);
    server_release(&s);
}

/* What did not fit one request goes with the next, until the server takes no more of it. */
static void sending_goes_on_until_all_is_taken(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_problem problem;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "一");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session)); /* lost */
    uint8_t first_head[CS_HASH_SIZE];
    memcpy(first_head, s.opened.header.log_head, CS_HASH_SIZE);
    cs_sync_end(session);
    (void)fixture_part(f, "P-2", "二");
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 2);
    struct cs_revoked_response answer = answer_to(&s, 1);
    memcpy(answer.log_head, first_head, CS_HASH_SIZE);
    assert_ok(send_answer(&s, session, &answer, &problem));
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    answer = answer_to(&s, 2);
    assert_status(send_answer(&s, session, &answer, &problem), CS_REVOKED);
    assert_int_equal(cs_sync_result(session)->held, 2);
    cs_sync_end(session);
    server_release(&s);
}

static void a_full_review_leaves_the_rest_here(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_problem problem;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "一");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    struct cs_revoked_response answer = answer_to(&s, 0);
    answer.full = true;
    assert_status(send_answer(&s, session, &answer, &problem), CS_REVOKED);
    assert_non_null(strstr(problem.text, "the rest stays here"));
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).packed, 1);
    /* Nor does it go round in circles when nothing is taken. */
    session = server_begin(f);
    assert_true(server_take(&s, session));
    answer.full = false;
    assert_status(send_answer(&s, session, &answer, &problem), CS_REVOKED);
    cs_sync_end(session);
    server_release(&s);
}

static void a_log_that_is_not_ours_is_told(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct cs_problem problem;
    struct cs_arena arena;
    struct cs_revoked_response own;
    server_init(&s, f);
    cs_arena_init(&arena, CS_MEBI);
    (void)fixture_part(f, "P-1", "一");
    for (int i = 0; i < 2; i++) {
        struct cs_sync_session *session = server_begin(f);
        assert_true(server_take(&s, session));
        struct cs_revoked_response answer = answer_to(&s, i == 0 ? 2 : 1);
        answer.log_head[0] ^= 1;
        assert_status(send_answer(&s, session, &answer, &problem), CS_FORKED);
        assert_non_null(strstr(problem.text, "copied or restored"));
        cs_sync_end(session);
    }
    assert_status(cs_own_revocation_load(f->replica, &arena, &own), CS_NOT_FOUND);
    assert_int_equal(fixture_counts(f).packed, 1);
    /* And bytes that are none. */
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_seal(&s, CS_MESSAGE_REVOKED, T("garbage"), &sealed);
    assert_int_not_equal(cs_sync_receive(session, cs_buffer_bytes(&sealed), &problem), CS_OK);
    cs_sync_end(session);
    cs_buffer_release(&sealed);
    cs_arena_release(&arena);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(it_says_who_why_and_what_to_do),
        sync_test(sending_goes_on_until_all_is_taken),
        sync_test(a_full_review_leaves_the_rest_here),
        sync_test(a_log_that_is_not_ours_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
