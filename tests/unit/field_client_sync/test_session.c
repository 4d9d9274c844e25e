/* Sessions as a whole: what is asked, staged, sent again, and when a session ends. */
#include "tests/unit/field_client_sync/server_fixture.h"

static void no_news_is_one_exchange(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0);
    assert_int_equal(s.sync.cursor_count, 0);
    assert_int_equal(s.opened.header.counter, 1);
    assert_ok(server_answer(&s, session, NULL));
    assert_false(server_take(&s, session));
    const struct cs_sync_result *result = cs_sync_result(session);
    assert_int_equal(result->round_trips, 1);
    assert_int_equal(result->digest, CS_SYNC_DIGEST_EQUAL);
    assert_true(result->bytes_up > 0 && result->bytes_up < 1024);
    assert_true(result->bytes_down > 0 && result->bytes_down < 1024);
    cs_sync_end(session);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.opened.header.counter, 2);
    assert_int_equal(s.sync.cursor_count, 1);
    assert_int_equal(s.sync.position, 11);
    assert_int_equal(s.sync.cursors[0].position, 11);
    assert_int_equal(s.sync.incarnation[0], 1);
    cs_sync_end(session);
    server_release(&s);
}

static void pages_become_visible_together(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id first = {{1}};
    struct cs_id second = {{2}};
    struct cs_id mine = fixture_part(f, "P-0", "mine");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    (void)server_part(&s, &first, "P-1", "a", 1, 0);
    s.response.last = false;
    assert_ok(server_answer(&s, session, NULL));
    assert_string_equal(fixture_text(f, "part", &first, "name"), "-");
    assert_int_equal(fixture_counts(f).packed, 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 1);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0); /* answered, though not applied yet */
    assert_int_equal(s.sync.cursors[0].position, 11);
    /* The laptop dies here: nothing of the first page is seen, and it is not asked for again. */
    cs_sync_end(session);
    fixture_reopen(f);
    session = server_begin(f);
    assert_string_equal(fixture_text(f, "part", &first, "name"), "-");
    assert_int_equal(fixture_counts(f).packed, 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 1);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0);
    assert_int_equal(s.sync.cursor_count, 2);
    assert_int_equal(s.sync.cursors[0].position, 11);
    assert_int_equal(s.sync.cursors[1].scope.kind, CS_SCOPE_EVERYONE | CS_SCOPE_GAINED);
    assert_int_equal(s.sync.cursors[1].position, 11); /* where the first page was read */
    (void)server_part(&s, &second, "P-2", "b", 2, 0);
    server_count_view(&s, "part", &mine, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(cs_sync_result(session)->pulled, 2);
    assert_string_equal(fixture_text(f, "part", &first, "name"), "a");
    assert_string_equal(fixture_text(f, "part", &second, "name"), "b");
    assert_int_equal(fixture_counts(f).packed, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 0);
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    server_release(&s);
}

static void a_lost_answer_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    struct cs_bytes sent = s.sync.inners[0];
    cs_sync_end(session); /* applied over there, the answer never came */
    struct cs_id later = fixture_part(f, "P-2", "b");
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 2);
    assert_true(cs_bytes_equal(s.sync.inners[0], sent));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 2, 1);
    server_count_view(&s, "part", &id, true);
    server_count_view(&s, "part", &later, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->pushed, 2);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void what_was_confirmed_and_lost_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    for (uint64_t i = 1; i <= 3; i++) {
        char code[8];
        (void)snprintf(code, sizeof code, "P-%d", (int)i);
        struct cs_id id = fixture_part(f, code, "a");
        struct cs_sync_session *session = server_begin(f);
        assert_true(server_take(&s, session));
        server_outcome(&s, i, CS_OUTCOME_APPLIED, 1, 1);
        server_count_view(&s, "part", &id, true);
        assert_ok(server_answer(&s, session, NULL));
        cs_sync_end(session);
    }
    (void)fixture_part(f, "P-4", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    /* It had confirmed that one: it went back, and says where it is now. */
    assert_ok(server_fail(&s, session, CS_GAP, 2, NULL));
    assert_int_equal(server_take_recover(&s, session).acknowledged, 3);
    struct cs_recover_response heard = server_recovered(&s, 2, 1);
    assert_ok(server_recover(&s, session, &heard, NULL));
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 3);
    s.response.incarnation[0] = 2;
    server_outcome(&s, 2, CS_OUTCOME_APPLIED, 3, 0);
    assert_ok(server_answer(&s, session, NULL));
    /* Nothing of that is applied: what became of the last one is asked again, with everything else. */
    assert_int_equal(fixture_counts(f).packed, 1);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    assert_int_equal(s.sync.cursor_count, 0);
    assert_int_equal(s.sync.incarnation[0], 2);
    s.response.incarnation[0] = 2;
    server_outcome(&s, 4, CS_OUTCOME_APPLIED, 1, 0);
    memset(&s.everyone, 0, sizeof s.everyone);
    struct cs_id other = {{9}};
    (void)server_part(&s, &other, "P-9", "of the new state", 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    const struct cs_sync_result *result = cs_sync_result(session);
    assert_true(result->went_back);
    assert_int_equal(result->resent, 2);
    assert_int_equal(result->kept, 3);
    assert_int_equal(result->pushed, 1);
    assert_int_equal(result->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM part"), 1);
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    server_release(&s);
}

static void gaps_of_what_was_never_confirmed_are_filled(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "a");
    struct cs_sync_session *session;
    session = server_begin(f);
    struct cs_problem problem = {""};
    assert_true(server_take(&s, session));
    assert_status(server_fail(&s, session, CS_GAP, 2, &problem), CS_FORKED);
    cs_sync_end(session);
    session = server_begin(f);
    for (int i = 0; i < 2; i++) {
        assert_true(server_take(&s, session));
        assert_ok(server_fail(&s, session, CS_GAP, 1, &problem));
    }
    assert_true(server_take(&s, session));
    assert_status(server_fail(&s, session, CS_GAP, 1, &problem), CS_LIMIT);
    cs_sync_end(session);
    server_release(&s);
}

static void failures_of_the_server_are_handed_on(void **state)
{
    static const enum cs_status statuses[] = {CS_FORKED, CS_SUSPENDED, CS_UNKNOWN_DEVICE,
                                              CS_UNAVAILABLE};
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "a");
    for (size_t i = 0; i < CS_COUNT(statuses); i++) {
        struct cs_problem problem = {""};
        struct cs_sync_session *session = server_begin(f);
        assert_true(server_take(&s, session));
        assert_status(server_fail(&s, session, statuses[i], 0, &problem), statuses[i]);
        assert_non_null(strstr(problem.text, "because"));
        bool more = true;
        assert_status(cs_sync_next(session, &s.request, &more, NULL), statuses[i]);
        assert_status(cs_sync_receive(session, CS_BYTES_NONE, NULL), statuses[i]);
        cs_sync_end(session);
        assert_int_equal(fixture_counts(f).packed, 1);
    }
    server_release(&s);
}

static void a_server_that_gets_nowhere_is_left(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    enum cs_status status = CS_OK;
    int rounds = 0;
    uint64_t position = 0;
    while (status == CS_OK && rounds < 100) {
        assert_true(server_take(&s, session));
        s.response.position = 50;
        s.cursors[0].position = position == 0 ? 50 : position;
        position = s.cursors[0].position;
        status =
            server_answer(&s, session, NULL); /* acknowledges, but never says what became of it */
        rounds++;
    }
    assert_status(status, CS_LIMIT);
    assert_true(rounds < 10);
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).packed, 1);
    server_release(&s);
}

static enum cs_status lost_exchange(void *context, const struct cs_peer *peer,
                                    struct cs_bytes request, struct cs_buffer *response,
                                    struct cs_problem *problem)
{
    (void)response;
    assert_string_equal(peer->address, "server.example:8443");
    assert_true(request.size > 0);
    ++*(int *)context;
    return cs_problem_set(problem, CS_UNREACHABLE, "no network");
}

static void without_a_network_everything_stays(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cs_id id = fixture_part(f, "P-1", "a");
    f->fake.world.exchange = lost_exchange;
    f->fake.world.exchange_context = &calls;
    struct cs_sync_session *session = NULL;
    struct cs_problem problem = {""};
    assert_status(cs_sync_run(f->replica, &session, &problem), CS_UNREACHABLE);
    assert_int_equal(calls, 1);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_UNKNOWN);
    assert_int_equal(cs_sync_result(session)->round_trips, 0);
    cs_sync_end(session);
    cs_sync_end(NULL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
    f->fake.world.exchange = NULL;
}

/* Every allocation in turn fails while an answer is applied: it is applied whole or not at all. */
static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id given = {{1}};
    server_give_part(&s, &given, "P-0", "a", 1);
    server_uncount(&s, &s.rows[0]);
    fixture_update(f, "part", &given, "name", "mine");
    (void)fixture_part(f, "P-1", "bad");
    struct cs_multiset before = s.everyone;
    bool completed = false;
    for (long n = 0; !completed && n < 2000; n++) {
        struct cs_sync_session *session = server_begin(f);
        assert_true(server_take(&s, session));
        s.everyone = before;
        server_outcome(&s, 1, CS_OUTCOME_HELD, 1, 0);
        server_outcome(&s, 2, CS_OUTCOME_REFUSED, 1, 0);
        (void)server_part(&s, &given, "P-0", "theirs", 2, 0);
        struct cs_buffer body;
        struct cs_buffer sealed;
        cs_buffer_init(&body, CS_RESPONSE_MAX);
        cs_buffer_init(&sealed, CS_RESPONSE_MAX);
        server_body(&s, &body);
        server_seal(&s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
        cs_memory_fail_after(n);
        enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL);
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        if (!completed) {
            assert_int_equal(status, CS_NO_MEMORY);
            assert_int_equal(fixture_counts(f).packed, 2);
            assert_int_equal(cs_sync_result(session)->pushed, 0);
        }
        cs_buffer_release(&body);
        cs_buffer_release(&sealed);
        cs_sync_end(session);
    }
    assert_true(completed);
    assert_int_equal(fixture_counts(f).held, 1);
    assert_int_equal(fixture_counts(f).refused, 1);
    assert_string_equal(fixture_text(f, "part", &given, "name"), "mine");
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(no_news_is_one_exchange),
        sync_test(pages_become_visible_together),
        sync_test(a_lost_answer_costs_nothing),
        sync_test(what_was_confirmed_and_lost_is_sent_again),
        sync_test(gaps_of_what_was_never_confirmed_are_filled),
        sync_test(failures_of_the_server_are_handed_on),
        sync_test(a_server_that_gets_nowhere_is_left),
        sync_test(without_a_network_everything_stays),
        sync_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
