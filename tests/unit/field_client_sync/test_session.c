/* Whole exchanges against a server made by hand. */
#include "tests/unit/field_client_sync/server_fixture.h"

#include "field-client/replica/doctor.h"
#include "field-client/replica/meta.h"

static void print_finding(void *context, const char *text)
{
    (void)context;
    print_message("doctor: %s\n", text);
}

/* After every scenario the replica must be sound. */
static int checked_teardown(void **state)
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

static struct cs_sync_session *begin(struct fixture *f)
{
    struct cs_sync_session *session = NULL;
    assert_ok(cs_sync_begin(f->replica, &session));
    return session;
}

static struct cs_pending_counts counts_of(struct fixture *f)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    return counts;
}

static void no_news_is_one_exchange(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_sync_session *session = begin(f);
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
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.opened.header.counter, 2);
    assert_int_equal(s.sync.cursor_count, 1);
    assert_int_equal(s.sync.position, 11);
    assert_int_equal(s.sync.cursors[0].position, 11);
    assert_int_equal(s.sync.incarnation[0], 1);
    cs_sync_end(session);
    server_release(&s);
}

static void an_echo_confirms_what_was_predicted(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_false(server_take(&s, session));
    const struct cs_sync_result *result = cs_sync_result(session);
    assert_int_equal(result->pushed, 1);
    assert_int_equal(result->refused, 0);
    assert_int_equal(result->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT acknowledged FROM _outbox"), 1);
    /* An edit of the confirmed row covers it, and its echo takes the cover away. */
    server_count_view(&s, "part", &id, false);
    fixture_update(f, "part", &id, "name", "b");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 1);
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 2, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 0);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    /* A delete as well: tombstones count. */
    server_count_view(&s, "part", &id, false);
    fixture_delete(f, "part", &id);
    session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 3, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void an_echo_under_later_edits_confirms_beneath_them(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_count_view(&s, "part", &id, true);
    fixture_update(f, "part", &id, "name", "b");
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 1);
    assert_int_equal(counts_of(f).waiting, 1);
    cs_sync_end(session);
    server_release(&s);
}

struct seen_refusal {
    size_t count;
    uint64_t counter;
    enum cs_status status;
    char text[64];
    char field[64];
    char value[64];
};

static enum cs_status see_refusal(void *context, const struct cs_pending *pending)
{
    struct seen_refusal *seen = context;
    seen->count++;
    seen->counter = pending->counter;
    seen->status = pending->refusal_status;
    (void)snprintf(seen->text, sizeof seen->text, "%.*s", (int)pending->refusal_text.size,
                   (const char *)pending->refusal_text.data);
    (void)snprintf(seen->field, sizeof seen->field, "%.*s", (int)pending->refusal_field.size,
                   (const char *)pending->refusal_field.data);
    struct cs_bytes value = pending->transaction.operations[0].changes[0].value.bytes;
    (void)snprintf(seen->value, sizeof seen->value, "%.*s", (int)value.size,
                   (const char *)value.data);
    return CS_OK;
}

static void a_refusal_leaves_the_view_and_keeps_the_values(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id given = {{1, 2, 3}};
    server_give_part(&s, &given, "P-0", "confirmed", 5);
    struct cs_id good = fixture_part(f, "P-1", "good");
    fixture_update(f, "part", &given, "name", "refused");
    struct cs_id bad = fixture_part(f, "P-3", "bad");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_outcome(&s, 2, CS_OUTCOME_REFUSED, 2, 0);
    server_count_view(&s, "part", &good, true);
    s.refusals[0] = (struct cs_refusal){2, CS_DENIED, 0, T("name"), T("not you")};
    s.refusals[1] = (struct cs_refusal){3, CS_INVALID, 0, T(""), T("no")};
    s.response.refusals = s.refusals;
    s.response.refusal_count = 2;
    assert_ok(server_answer(&s, session, NULL));
    const struct cs_sync_result *result = cs_sync_result(session);
    assert_int_equal(result->pushed, 3);
    assert_int_equal(result->refused, 2);
    assert_int_equal(result->refusal_count, 2);
    assert_int_equal(result->refusals[0].status, CS_DENIED);
    assert_true(cs_bytes_equal_text(result->refusals[0].text, "not you"));
    assert_int_equal(result->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &good, "name"), "good");
    assert_string_equal(fixture_text(f, "part", &given, "name"), "confirmed");
    assert_string_equal(fixture_text(f, "part", &bad, "name"), "-");
    struct seen_refusal seen = {.count = 0};
    assert_ok(cs_query_pending(f->replica, CS_PENDING_REFUSED, see_refusal, &seen));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.counter, 3);
    assert_int_equal(seen.status, CS_INVALID);
    assert_string_equal(seen.text, "no");
    assert_string_equal(seen.value, "P-3");
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_forget_refusal(edit, 2, NULL));
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(counts_of(f).refused, 1);
    server_release(&s);
}

static void a_held_transaction_stays_until_its_row_arrives(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_HELD, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_false(server_take(&s, session));
    assert_int_equal(cs_sync_result(session)->held, 1);
    cs_sync_end(session);
    assert_int_equal(counts_of(f).held, 1);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0);
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    (void)server_row(&s, "part", &id, fields, 2,
                     server_versions(&s, cs_identity_log(f->identity), 1), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_int_equal(counts_of(f).held, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 0);
    server_release(&s);
}

static void pulled_rows_go_under_unsent_edits(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    server_give_part(&s, &id, "P-1", "a", 1);
    server_uncount(&s, &s.rows[0]);
    fixture_update(f, "part", &id, "name", "mine");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    (void)server_part(&s, &id, "P-1-new", "theirs", 2, 0);
    s.response.log_sequence = 0; /* the push itself was not taken yet */
    memset(s.response.log_head, 0, CS_HASH_SIZE);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->pulled, 1);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "mine");
    assert_string_equal(fixture_text(f, "part", &id, "code"), "P-1-new");
    cs_sync_end(session);
    server_release(&s);
}

static void rows_that_were_accepted_otherwise_arrive_as_rows(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    server_give_part(&s, &id, "P-1", "a", 1);
    server_uncount(&s, &s.rows[0]);
    fixture_update(f, "part", &id, "name", "mine");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0);
    (void)server_part(&s, &id, "P-1", "theirs won", 2, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "theirs won");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    cs_sync_end(session);
    server_release(&s);
}

static void a_duplicate_is_settled(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_DUPLICATE, 1, 0);
    (void)server_part(&s, &id, "P-1", "a", 9, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(cs_sync_result(session)->pushed, 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    cs_sync_end(session);
    server_release(&s);
}

static void departures_take_rows_but_never_unsent_work(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id plain = {{1}};
    struct cs_id edited = {{2}};
    server_give_part(&s, &plain, "P-1", "a", 1);
    server_give_part(&s, &edited, "P-2", "b", 2);
    memset(&s.everyone, 0, sizeof s.everyone);
    fixture_update(f, "part", &edited, "name", "mine");
    struct cs_id strange = {{3}};
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    s.departures[0] = (struct cs_departure){T("part"), plain};
    s.departures[1] = (struct cs_departure){T("part"), edited};
    s.departures[2] = (struct cs_departure){T("part"), strange};
    s.response.departures = s.departures;
    s.response.departure_count = 3;
    s.response.log_sequence = 0;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->departed, 2);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &plain, "name"), "-");
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "mine");
    assert_string_equal(fixture_text(f, "part", &edited, "code"), "P-2");
    /* Once the work was sent and accepted elsewhere, the row goes too. */
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "-");
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void a_lost_scope_takes_the_rows_only_it_held(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id both = {{1}};
    struct cs_id only = {{2}};
    struct cs_id edited = {{3}};
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_use_office(&s);
    uint32_t office_only[] = {1};
    struct cs_scope_set sets[] = {s.sets[0], s.sets[1], {office_only, 1}};
    s.response.scope_sets = sets;
    s.response.scope_set_count = 3;
    (void)server_part(&s, &both, "P-1", "a", 1, 1);
    struct cs_multiset everyone = s.everyone;
    struct cs_row *row = server_part(&s, &only, "P-2", "b", 2, 1);
    row->scope_set = 2;
    row = server_part(&s, &edited, "P-3", "c", 3, 1);
    row->scope_set = 2;
    s.everyone = everyone;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    fixture_update(f, "part", &edited, "name", "mine");
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.cursor_count, 2);
    s.response.log_sequence = 0;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->departed, 2);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &both, "name"), "a");
    assert_string_equal(fixture_text(f, "part", &only, "name"), "-");
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "mine");
    cs_sync_end(session);
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.cursor_count, 1);
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
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    (void)server_part(&s, &first, "P-1", "a", 1, 0);
    s.response.last = false;
    struct cs_multiset before = s.everyone;
    assert_ok(server_answer(&s, session, NULL));
    assert_string_equal(fixture_text(f, "part", &first, "name"), "-");
    assert_int_equal(counts_of(f).packed, 1);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 1);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0); /* answered, though not applied yet */
    assert_int_equal(s.sync.cursors[0].position, 11);
    /* The laptop dies here: nothing of the first page is seen, everything is asked for again. */
    cs_sync_end(session);
    fixture_reopen(f);
    session = begin(f);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 0);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    assert_int_equal(s.sync.cursor_count, 0);
    s.everyone = before;
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    s.rows[0] = s.rows[0];
    s.response.rows = s.rows;
    s.response.row_count = 1;
    s.response.last = false;
    assert_ok(server_answer(&s, session, NULL));
    assert_true(server_take(&s, session));
    (void)server_part(&s, &second, "P-2", "b", 2, 0);
    server_count_view(&s, "part", &mine, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(cs_sync_result(session)->pulled, 2);
    assert_string_equal(fixture_text(f, "part", &first, "name"), "a");
    assert_string_equal(fixture_text(f, "part", &second, "name"), "b");
    assert_int_equal(counts_of(f).packed, 0);
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
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    struct cs_bytes sent = s.sync.inners[0];
    cs_sync_end(session); /* applied over there, the answer never came */
    struct cs_id later = fixture_part(f, "P-2", "b");
    session = begin(f);
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

static void a_gap_is_filled_from_what_was_kept(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    for (uint64_t i = 1; i <= 3; i++) {
        char code[8];
        (void)snprintf(code, sizeof code, "P-%d", (int)i);
        struct cs_id id = fixture_part(f, code, "a");
        struct cs_sync_session *session = begin(f);
        assert_true(server_take(&s, session));
        server_outcome(&s, i, CS_OUTCOME_APPLIED, 1, 1);
        server_count_view(&s, "part", &id, true);
        assert_ok(server_answer(&s, session, NULL));
        cs_sync_end(session);
    }
    struct cs_id id = fixture_part(f, "P-4", "a");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    assert_ok(server_fail(&s, session, CS_GAP, 2, NULL));
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 3);
    server_outcome(&s, 2, CS_OUTCOME_APPLIED, 2, 0); /* settled before: passed over */
    server_outcome(&s, 4, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->pushed, 1);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    session = begin(f);
    struct cs_problem problem = {""};
    assert_true(server_take(&s, session));
    assert_status(server_fail(&s, session, CS_GAP, 6, &problem), CS_FORKED);
    cs_sync_end(session);
    session = begin(f);
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
        struct cs_sync_session *session = begin(f);
        assert_true(server_take(&s, session));
        assert_status(server_fail(&s, session, statuses[i], 0, &problem), statuses[i]);
        assert_non_null(strstr(problem.text, "because"));
        bool more = true;
        assert_status(cs_sync_next(session, &s.request, &more, NULL), statuses[i]);
        assert_status(cs_sync_receive(session, CS_BYTES_NONE, NULL), statuses[i]);
        cs_sync_end(session);
        assert_int_equal(counts_of(f).packed, 1);
    }
    server_release(&s);
}

/* One answer that must be refused, and nothing of which may be applied. */
static void refused(struct server *s, struct cs_sync_session *session, enum cs_status expected)
{
    struct fixture *f = s->f;
    struct cs_problem problem = {""};
    int64_t rows = fixture_count_sql(f, "SELECT count(*) FROM part");
    assert_status(server_answer(s, session, &problem), expected);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM part"), rows);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _staged"), 0);
    assert_false(cs_database_in_transaction(cs_replica_database(f->replica)));
    cs_sync_end(session);
}

static void a_server_that_went_back_in_time_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_id mine = fixture_part(f, "P-9", "mine");
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &mine, true);
    assert_ok(server_answer(&s, session, NULL));
    cs_sync_end(session);

    session = begin(f);
    assert_true(server_take(&s, session));
    s.response.position = 3;
    (void)server_part(&s, &id, "P-1", "a", 1, 0);
    refused(&s, session, CS_ROLLED_BACK);
    s.response.position = 20;

    session = begin(f);
    assert_true(server_take(&s, session));
    s.response.incarnation[0] = 2;
    refused(&s, session, CS_ROLLED_BACK);
    s.response.incarnation[0] = 1;

    session = begin(f);
    assert_true(server_take(&s, session));
    s.response.log_sequence = 0;
    refused(&s, session, CS_ROLLED_BACK);

    session = begin(f);
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
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    s.response.log_sequence = 2;
    refused(&s, session, CS_FORKED);
    session = begin(f);
    assert_true(server_take(&s, session));
    s.response.log_head[0] ^= 1;
    refused(&s, session, CS_FORKED);
    assert_int_equal(counts_of(f).packed, 1);
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
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_body(&s, &body);
    server_seal(&s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
    sealed.data[sealed.size / 2] ^= 1;
    assert_status(cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL), CS_FORGED);
    cs_sync_end(session);
    /* An old answer, played back. */
    sealed.data[sealed.size / 2] ^= 1;
    session = begin(f);
    assert_true(server_take(&s, session));
    assert_status(cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL), CS_FORGED);
    cs_sync_end(session);
    /* Another server's signature. */
    struct cs_sign_key *own = f->server;
    assert_ok(cs_sign_key_create_random(&f->fake.world, &f->server));
    session = begin(f);
    assert_true(server_take(&s, session));
    cs_buffer_clear(&sealed);
    server_seal(&s, CS_MESSAGE_SYNC, cs_buffer_bytes(&body), &sealed);
    enum cs_status status = cs_sync_receive(session, cs_buffer_bytes(&sealed), NULL);
    assert_true(status == CS_WRONG_SERVER || status == CS_FORGED);
    cs_sync_end(session);
    cs_sign_key_destroy(f->server);
    f->server = own;
    /* Something else than an answer to a sync. */
    session = begin(f);
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
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 2, 1); /* there is only one */
    refused(&s, session, CS_MALFORMED);
    session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    s.echoes[0].count = 2; /* one operation, two echoes */
    refused(&s, session, CS_MALFORMED);
    session = begin(f);
    assert_true(server_take(&s, session));
    struct cs_named_value field = TEXT_VALUE("name", "x");
    (void)server_row(&s, "part", &id, &field, 1, T("junk"), 0);
    refused(&s, session, CS_MALFORMED);
    assert_int_equal(counts_of(f).packed, 1);
    server_release(&s);
}

static void devices_are_believed_by_their_chain_only(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_bytes chain = cs_identity_chain(f->identity);
    struct cs_named_value fields[] = {TEXT_VALUE("device_name", "laptop"),
                                      {T("chain"), cs_value_bytes(chain)}};
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "device", &id, fields, 2, server_versions(&s, 0, 1), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    uint8_t forged[2048];
    assert_true(chain.size <= sizeof forged);
    memcpy(forged, chain.data, chain.size);
    forged[chain.size - 5] ^= 1;
    fields[1].value = cs_value_bytes(cs_bytes_make(forged, chain.size));
    session = begin(f);
    struct cs_problem problem = {""};
    assert_true(server_take(&s, session));
    struct cs_multiset before = s.everyone;
    (void)server_part(&s, &id, "P-1", "a", 1, 0);
    (void)server_row(&s, "device", &id, fields, 2, server_versions(&s, 0, 2), 0);
    assert_status(server_answer(&s, session, &problem), CS_FORGED);
    assert_non_null(strstr(problem.text, "01000000-0000"));
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    s.everyone = before;
    session = begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "device", &id, fields, 1, server_versions(&s, 0, 3), 0);
    assert_status(server_answer(&s, session, &problem), CS_FORGED);
    cs_sync_end(session);
    server_release(&s);
}

static void rows_of_a_newer_schema_are_kept(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_named_value unknown = TEXT_VALUE("colour", "red");
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a"),
                                      TEXT_VALUE("zz_new", "n")};
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "hologram", &id, &unknown, 1, server_versions(&s, 5, 1), 0);
    (void)server_row(&s, "part", &id, fields, 3, server_versions(&s, 5, 2), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    /* Own edits leave the unknown field alone, and the echo still counts right. */
    server_uncount(&s, &s.rows[1]);
    fixture_update(f, "part", &id, "name", "b");
    session = begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void an_unequal_digest_is_said(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_sync_session *session = begin(f);
    assert_true(server_take(&s, session));
    struct cs_row *row = server_part(&s, &id, "P-1", "a", 1, 0);
    row->fields[1].value = cs_value_text(T("other"));
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_UNEQUAL);
    cs_sync_end(session);
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
    struct cs_sync_session *session = begin(f);
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
    session = begin(f);
    assert_true(server_take(&s, session));
    s.response.server_statement = cs_buffer_bytes(&f->statement);
    assert_status(server_answer(&s, session, NULL), CS_ROLLED_BACK);
    cs_sync_end(session);
    session = begin(f);
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

static void a_server_that_gets_nowhere_is_left(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = begin(f);
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
    assert_int_equal(counts_of(f).packed, 1);
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
        struct cs_sync_session *session = begin(f);
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
            assert_int_equal(counts_of(f).packed, 2);
            assert_int_equal(cs_sync_result(session)->pushed, 0);
        }
        cs_buffer_release(&body);
        cs_buffer_release(&sealed);
        cs_sync_end(session);
    }
    assert_true(completed);
    assert_int_equal(counts_of(f).held, 1);
    assert_int_equal(counts_of(f).refused, 1);
    assert_string_equal(fixture_text(f, "part", &given, "name"), "mine");
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(no_news_is_one_exchange),
        sync_test(an_echo_confirms_what_was_predicted),
        sync_test(an_echo_under_later_edits_confirms_beneath_them),
        sync_test(a_refusal_leaves_the_view_and_keeps_the_values),
        sync_test(a_held_transaction_stays_until_its_row_arrives),
        sync_test(pulled_rows_go_under_unsent_edits),
        sync_test(rows_that_were_accepted_otherwise_arrive_as_rows),
        sync_test(a_duplicate_is_settled),
        sync_test(departures_take_rows_but_never_unsent_work),
        sync_test(a_lost_scope_takes_the_rows_only_it_held),
        sync_test(pages_become_visible_together),
        sync_test(a_lost_answer_costs_nothing),
        sync_test(a_gap_is_filled_from_what_was_kept),
        sync_test(failures_of_the_server_are_handed_on),
        sync_test(a_server_that_went_back_in_time_is_noticed),
        sync_test(a_copied_laptop_is_noticed),
        sync_test(answers_that_are_not_the_servers_are_refused),
        sync_test(answers_that_contradict_themselves_are_refused),
        sync_test(devices_are_believed_by_their_chain_only),
        sync_test(rows_of_a_newer_schema_are_kept),
        sync_test(an_unequal_digest_is_said),
        sync_test(a_server_that_gets_nowhere_is_left),
        sync_test(without_a_network_everything_stays),
        sync_test(memory_may_run_out_anywhere),
        sync_test(new_keys_of_the_server_are_kept),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
