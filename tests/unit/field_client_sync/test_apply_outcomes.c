/* What became of sent transactions: applied, refused, held, duplicates, and their echoes. */
#include "tests/unit/field_client_sync/server_fixture.h"

#include "field-client/replica/outbox.h"

static void an_echo_confirms_what_was_predicted(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
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
    session = server_begin(f);
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
    session = server_begin(f);
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
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_count_view(&s, "part", &id, true);
    fixture_update(f, "part", &id, "name", "b");
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 1);
    assert_int_equal(fixture_counts(f).waiting, 1);
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
    struct cs_sync_session *session = server_begin(f);
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
    assert_ok(cs_edit_settle_refusal(edit, 2, CS_PENDING_DISMISSED, NULL));
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(fixture_counts(f).refused, 1);
    server_release(&s);
}

/* A part that the server holds. */
static struct cs_id held_part(struct server *s)
{
    struct fixture *f = s->f;
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(s, session));
    server_outcome(s, 1, CS_OUTCOME_HELD, 1, 0);
    assert_ok(server_answer(s, session, NULL));
    assert_false(server_take(s, session));
    assert_int_equal(cs_sync_result(session)->held, 1);
    assert_int_equal(cs_sync_result(session)->pushed, 1);
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).held, 1);
    assert_int_equal(fixture_count_sql(f, "SELECT acknowledged FROM _outbox"), 0);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "a");
    return id;
}

static void a_held_transaction_stays_until_its_row_arrives(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = held_part(&s);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1); /* asked for again */
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a")};
    (void)server_row(&s, "part", &id, fields, 2,
                     server_versions(&s, cs_identity_log(f->identity), 1), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).held, 0);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _overlay"), 0);
    server_release(&s);
}

/* Applied over there and overruled at once: no version of it stands in any row. */
static void a_held_transaction_that_lost_is_lifted(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = held_part(&s);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0);
    (void)server_part(&s, &id, "P-1", "theirs", 4, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_int_equal(cs_sync_result(session)->pushed, 0); /* counted when it was held */
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "theirs");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 0);
    assert_int_equal(fixture_count_sql(f, "SELECT acknowledged FROM _outbox"), 1);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 0);
    cs_sync_end(session);
    server_release(&s);
}

static void a_held_transaction_may_be_refused_in_the_end(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = held_part(&s);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session)); /* still held */
    server_outcome(&s, 1, CS_OUTCOME_HELD, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->held, 0);
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_REFUSED, 1, 0);
    s.refusals[0] = (struct cs_refusal){1, CS_MISSING_REFERENCE, 0, T(""), T("its base was")};
    s.response.refusals = s.refusals;
    s.response.refusal_count = 1;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->refused, 1);
    assert_int_equal(cs_sync_result(session)->refusals[0].status, CS_MISSING_REFERENCE);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    assert_int_equal(fixture_counts(f).refused, 1);
    assert_int_equal(fixture_counts(f).held, 0);
    server_release(&s);
}

/* Outcomes are counted on from the first change-set of a request: no gap may be in it. */
static void what_waits_is_sent_apart_from_what_is_new(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    (void)held_part(&s);
    struct cs_id second = fixture_part(f, "P-2", "b");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 2);
    server_outcome(&s, 1, CS_OUTCOME_HELD, 1, 0);
    server_outcome(&s, 2, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &second, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    struct cs_id third = fixture_part(f, "P-3", "c");
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_HELD, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 3, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &third, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_false(server_take(&s, session));
    cs_sync_end(session);
    assert_int_equal(fixture_counts(f).packed, 0);
    assert_int_equal(fixture_counts(f).held, 1);
    server_release(&s);
}

/* The row of a refused insert goes, and an edit of it that was not sent yet goes with it. */
static void a_refused_insert_takes_its_edits_along(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = fixture_part(f, "P-1", "a");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    fixture_update(f, "part", &id, "name", "b");
    server_outcome(&s, 1, CS_OUTCOME_REFUSED, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    /* Unsent work is never removed: it is still shown, until the server has said no to it too. */
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    assert_int_equal(fixture_counts(f).waiting, 1);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 2, CS_OUTCOME_REFUSED, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM part"), 0);
    assert_int_equal(fixture_counts(f).refused, 2);
    struct seen_refusal seen = {.count = 0};
    assert_ok(cs_query_pending(f->replica, CS_PENDING_REFUSED, see_refusal, &seen));
    assert_string_equal(seen.value, "b");
    assert_string_equal(seen.text, "refused without a reason");
    server_release(&s);
}

/* A delete that somebody wanted, and a person's word that the row stays, through push and echo. */
static void keeping_a_row_lies_over_it_without_changing_it(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_version seen = {55, 9};
    server_give_part(&s, &id, "P-1", "a", 1);
    struct cs_edit *edit = NULL;
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_keep(edit, T("part"), &id, (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _covered"), 1);
    fixture_update(f, "part", &id, "name", "b");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_outcome(&s, 2, CS_OUTCOME_HELD, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "b");
    /* Somebody deletes it after all: what is kept is no edit that would bring it back. */
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_keep(edit, T("part"), &id, (struct cs_versions){&seen, 1}, NULL));
    assert_ok(cs_edit_commit(edit));
    cs_sync_end(session);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 2, CS_OUTCOME_REFUSED, 1, 0);
    server_uncount(&s, &s.rows[0]);
    struct cs_row *gone = server_part(&s, &id, "P-1", "a", 2, 0);
    server_uncount(&s, gone);
    gone->deleted = true;
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_row_hash(gone->entity, &id, true, gone->versions, gone->fields, 2, hash));
    cs_multiset_add(&s.everyone, hash);
    s.response.log_sequence = 1;
    assert_ok(cs_outbox_hash(f->replica, 1, s.response.log_head));
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "-");
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
    struct cs_sync_session *session = server_begin(f);
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
    struct cs_sync_session *session = server_begin(f);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(an_echo_confirms_what_was_predicted),
        sync_test(an_echo_under_later_edits_confirms_beneath_them),
        sync_test(a_refusal_leaves_the_view_and_keeps_the_values),
        sync_test(a_held_transaction_stays_until_its_row_arrives),
        sync_test(a_held_transaction_that_lost_is_lifted),
        sync_test(a_held_transaction_may_be_refused_in_the_end),
        sync_test(what_waits_is_sent_apart_from_what_is_new),
        sync_test(a_refused_insert_takes_its_edits_along),
        sync_test(keeping_a_row_lies_over_it_without_changing_it),
        sync_test(rows_that_were_accepted_otherwise_arrive_as_rows),
        sync_test(a_duplicate_is_settled),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
