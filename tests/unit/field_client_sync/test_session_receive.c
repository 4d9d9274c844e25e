/* Answers that must not be believed, and keys of the server that change. */
#include "tests/unit/field_client_sync/server_fixture.h"

static void check_nothing_applied(struct server *s, int64_t rows)
{
    struct fixture *f = s->f;
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM part"), rows);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 0);
    assert_false(cs_database_in_transaction(cs_replica_database(f->replica)));
}

/* An answer of a server that went back: the client asks, and is not satisfied with what it hears. */
static void asked(struct server *s, struct cs_sync_session *session,
                  const struct cs_recover_response *heard, enum cs_status expected)
{
    struct cs_problem problem = {""};
    int64_t rows = fixture_count_sql(s->f, "SELECT count(*) FROM part");
    assert_ok(server_answer(s, session, &problem));
    assert_int_equal(problem.text[0], 0);
    check_nothing_applied(s, rows);
    struct cs_recover_request request = server_take_recover(s, session);
    assert_int_equal(request.incarnation[0], 1);
    assert_int_equal(request.acknowledged, 1);
    assert_int_equal(request.row_count, 0);
    assert_status(server_recover(s, session, heard, &problem), expected);
    check_nothing_applied(s, rows);
    cs_sync_end(session);
}

/* One answer that must be refused, and nothing of which may be applied. */
static void refused(struct server *s, struct cs_sync_session *session, enum cs_status expected)
{
    struct fixture *f = s->f;
    struct cs_problem problem = {""};
    int64_t rows = fixture_count_sql(f, "SELECT count(*) FROM part");
    assert_status(server_answer(s, session, &problem), expected);
    check_nothing_applied(s, rows);
    cs_sync_end(session);
}

static void a_server_that_went_back_in_time_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_id mine = fixture_part(f, "P-9", "mine");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &mine, true);
    assert_ok(server_answer(&s, session, NULL));
    cs_sync_end(session);

    session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.position = 3;
    (void)server_part(&s, &id, "P-1", "a", 1, 0);
    struct cs_recover_response same = server_recovered(&s, 1, 1);
    asked(&s, session, &same, CS_ROLLED_BACK);
    s.response.position = 20;

    session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.incarnation[0] = 2;
    struct cs_recover_response none = server_recovered(&s, 0, 1);
    asked(&s, session, &none, CS_MALFORMED);
    s.response.incarnation[0] = 1;

    session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.log_sequence = 0;
    struct cs_recover_response foreign = server_recovered(&s, 2, 1);
    foreign.log_head[0] ^= 1;
    asked(&s, session, &foreign, CS_FORKED);

    session = server_begin(f);
    assert_true(server_take(&s, session));
    memset(s.response.incarnation, 0, 16);
    refused(&s, session, CS_MALFORMED);
    s.response.incarnation[0] = 1;
    server_release(&s);
}

static void a_copied_laptop_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.log_sequence = 2;
    refused(&s, session, CS_FORKED);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.log_head[0] ^= 1;
    refused(&s, session, CS_FORKED);
    assert_int_equal(fixture_counts(f).packed, 1);
    server_release(&s);
}

static void answers_that_are_not_the_servers_are_refused(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_buffer body;
    struct cs_buffer sealed;
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    cs_buffer_init(&sealed, CS_RESPONSE_MAX);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_body(&s, &body);
    server_seal(&s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
    sealed.data[sealed.size / 2] ^= 1;
    assert_status(cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL), CS_FORGED);
    cs_sync_end(session);
    /* An old answer, played back. */
    sealed.data[sealed.size / 2] ^= 1;
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_status(cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL), CS_FORGED);
    cs_sync_end(session);
    /* Another server's signature. */
    struct cs_sign_key *own = f->server;
    assert_ok(cs_sign_key_create_random(&f->fake.world, &f->server));
    session = server_begin(f);
    assert_true(server_take(&s, session));
    cs_buffer_clear(&sealed);
    server_seal(&s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
    enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL);
    assert_true(status == CS_WRONG_SERVER || status == CS_FORGED);
    cs_sync_end(session);
    cs_sign_key_destroy(f->server);
    f->server = own;
    /* Something else than an answer to a sync. */
    session = server_begin(f);
    assert_true(server_take(&s, session));
    cs_buffer_clear(&sealed);
    server_seal(&s, CS_MESSAGE_JOIN, cs_buffer_bytes(&body), &sealed);
    assert_status(cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL), CS_MALFORMED);
    cs_sync_end(session);
    cs_buffer_release(&body);
    cs_buffer_release(&sealed);
    server_release(&s);
}

static void answers_that_contradict_themselves_are_refused(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    (void)fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 2, 1); /* there is only one */
    refused(&s, session, CS_MALFORMED);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    s.echoes[0].count = 2; /* one operation, two echoes */
    refused(&s, session, CS_MALFORMED);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    struct cs_named_value field = TEXT_VALUE("name", "x");
    (void)server_row(&s, "part", &id, &field, 1, T("junk"), 0);
    refused(&s, session, CS_MALFORMED);
    assert_int_equal(fixture_counts(f).packed, 1);
    server_release(&s);
}

static void new_keys_of_the_server_are_kept(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_seal_key *old = f->bundle;
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_ok(cs_seal_key_create_random(&f->fake.world, &f->bundle));
    fixture_statement(f, 2, &statement);
    s.response.server_statement = cs_buffer_bytes(&statement);
    assert_ok(server_answer(&s, session, NULL));
    cs_sync_end(session);
    assert_int_equal(cs_identity_server_statement(f->identity)->epoch, 2);
    struct cs_identity *loaded = NULL;
    assert_ok(cs_identity_unlock(&f->fake.world, f->home, CS_IDENTITY_FILE, T(FIXTURE_PASSPHRASE),
                                 &loaded, NULL));
    assert_int_equal(cs_identity_server_statement(loaded)->epoch, 2);
    assert_int_equal(cs_identity_peer(loaded)->tls_key_hash[0], 2);
    cs_identity_destroy(loaded);
    /* The next request is sealed to the new key; a lower epoch is not taken back. */
    session = server_begin(f);
    assert_true(server_take(&s, session));
    s.response.server_statement = cs_buffer_bytes(&f->statement);
    assert_status(server_answer(&s, session, NULL), CS_ROLLED_BACK);
    cs_sync_end(session);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    statement.data[3] ^= 1;
    s.response.server_statement = cs_buffer_bytes(&statement);
    enum cs_status status = server_answer(&s, session, NULL);
    assert_true(status != CS_OK);
    cs_sync_end(session);
    cs_buffer_release(&statement);
    cs_seal_key_destroy(old);
    cs_buffer_clear(&f->statement);
    fixture_statement(f, 2, &f->statement);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(a_server_that_went_back_in_time_is_noticed),
        sync_test(a_copied_laptop_is_noticed),
        sync_test(answers_that_are_not_the_servers_are_refused),
        sync_test(answers_that_contradict_themselves_are_refused),
        sync_test(new_keys_of_the_server_are_kept),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
