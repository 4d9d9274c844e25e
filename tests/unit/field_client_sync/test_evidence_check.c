/* What a client verifies of the server's evidence log: good answers pass, every lie is refused, kept as an
 * alarm, and nothing of it is applied. */
#include "field-client/sync/evidence_check.h"
#include "shared/base/text.h"
#include "shared/evidence/record.h"
#include "tests/unit/field_client_sync/server_fixture.h"

static struct server s; /* large */

static int scene_setup(void **state)
{
    int result = fixture_setup(state);
    server_init(&s, *state);
    return result;
}

static int scene_teardown(void **state)
{
    server_release(&s);
    cs_memory_fail_after(-1);
    /* An alarm is a finding of the doctor, and meant to be. */
    assert_ok(cs_log_alarm_set(s.f->replica, CS_BYTES_NONE));
    return checked_teardown(state);
}

#define scene_test(function) cmocka_unit_test_setup_teardown(function, scene_setup, scene_teardown)

static struct cs_log_state known(void)
{
    struct cs_log_state log;
    assert_ok(cs_log_state_load(s.f->replica, &log));
    return log;
}

static void assert_alarm(const char *part)
{
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    assert_ok(cs_log_alarm(s.f->replica, &alarm));
    if (part == NULL) {
        assert_int_equal(alarm.size, 0);
    } else {
        assert_non_null(strstr(cs_buffer_text(&alarm), part));
    }
    cs_buffer_release(&alarm);
}

/* One exchange; `spoil` changes the finished answer. */
static enum cs_status exchange_once(void (*spoil)(struct server *server))
{
    struct cs_problem problem = {""};
    struct cs_sync_session *session = server_begin(s.f);
    assert_true(server_take(&s, session));
    s.spoil = spoil;
    enum cs_status status = server_answer(&s, session, &problem);
    s.spoil = NULL;
    cs_sync_end(session);
    return status;
}

/* The same where that shows the server behind: the client asks, shows the checkpoint it has, and hears that nothing is amiss. */
static enum cs_status ask_once(void (*spoil)(struct server *server))
{
    struct cs_problem problem = {""};
    struct cs_sync_session *session = server_begin(s.f);
    assert_true(server_take(&s, session));
    s.spoil = spoil;
    assert_ok(server_answer(&s, session, &problem));
    s.spoil = NULL;
    struct cs_recover_request request = server_take_recover(&s, session);
    struct cs_log_state shown;
    assert_ok(cs_log_state_load(s.f->replica, &shown));
    assert_true(cs_bytes_equal(request.checkpoint, cs_bytes_make(shown.note, shown.note_size)));
    struct cs_recover_response response = server_recovered(&s, request.incarnation[0], 0);
    memcpy(response.incarnation, request.incarnation, sizeof response.incarnation);
    enum cs_status status = server_recover(&s, session, &response, &problem);
    cs_sync_end(session);
    return status;
}

static void enter_something(void)
{
    struct cs_leaf leaf;
    uint8_t hash[CS_HASH_SIZE] = {(uint8_t)s.log.size, 9};
    cs_leaf_change_set(77, s.log.size + 1, hash, &leaf);
    (void)log_enter(&s.log, &leaf);
}

/* A receipt row for the next answer, signed by nobody in particular, carrying this note. */
static void add_receipt(struct cs_bytes note)
{
    struct cs_record record = {.kind = T("receipt"), .checkpoint = note};
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_RECORD_MAX);
    record.claimed = cs_instant_make(s.f->fake.wall_ms, 0);
    assert_ok(cs_record_encode(&record, s.f->server, &bytes));
    struct cs_named_value fields[] = {
        TEXT_VALUE("number", "A-1"),
        {T("record"), cs_value_bytes(log_bytes(&s.arena, cs_buffer_bytes(&bytes)))}};
    struct cs_id id = {{0x11, (uint8_t)s.log.size}};
    (void)server_row(&s, "receipt", &id, fields, 2, server_versions(&s, 77, 1), 0);
    cs_buffer_release(&bytes);
}

/* An exchange whose answer has one receipt with this note. */
static enum cs_status exchange_receipt(struct cs_bytes note, void (*spoil)(struct server *server))
{
    struct cs_problem problem = {""};
    struct cs_sync_session *session = server_begin(s.f);
    assert_true(server_take(&s, session));
    struct cs_multiset before = s.everyone;
    add_receipt(note);
    s.spoil = spoil;
    enum cs_status status = server_answer(&s, session, &problem);
    s.spoil = NULL;
    if (status != CS_OK) {
        s.everyone = before;
        assert_int_equal(fixture_count_sql(s.f, "SELECT count(*) FROM receipt"), 0);
    }
    cs_sync_end(session);
    return status;
}

static struct cs_bytes note_of(const struct cs_checkpoint *checkpoint)
{
    return log_note(checkpoint, s.f->identity, s.f->server, &s.arena);
}

static void no_statement(struct server *server)
{
    assert_int_equal(server->sync.statement_mark.size, 8);
    assert_int_equal(server->response.consistency.size, 0);
}

static void the_checkpoint_is_kept_and_grows(void **state)
{
    (void)state;
    assert_false(known().any);
    assert_ok(exchange_once(NULL));
    struct cs_log_state first = known();
    assert_true(first.any);
    assert_int_equal(first.checkpoint.size, 1);
    enter_something();
    enter_something();
    assert_ok(exchange_once(NULL));
    assert_int_equal(known().checkpoint.size, 3);
    assert_true(known().checkpoint.position > first.checkpoint.position);
    /* No new entry: nothing has to be proved but that it is the same log. */
    assert_ok(exchange_once(no_statement));
    assert_int_equal(known().checkpoint.size, 3);
    assert_alarm(NULL);
}

static void drop_log(struct server *server)
{
    server->response.without_log = true;
}

static void drop_checkpoint(struct server *server)
{
    server->response.checkpoint = CS_BYTES_NONE;
    server->response.consistency = CS_BYTES_NONE;
}

static void sign_by_another(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    server->response.checkpoint = log_note(
        &now, server->f->identity, cs_identity_sign_key(server->f->identity), &server->arena);
}

static void other_incarnation(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    now.incarnation[5] ^= 1;
    server->response.checkpoint = note_of(&now);
}

static void later_position(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    now.position++;
    server->response.checkpoint = note_of(&now);
}

static void a_log_must_be_shown(void **state)
{
    (void)state;
    assert_status(exchange_once(drop_log), CS_UNSUPPORTED);
    assert_alarm("does not show its evidence log");
    assert_status(exchange_once(drop_checkpoint), CS_MALFORMED);
    assert_status(exchange_once(sign_by_another), CS_FORGED);
    assert_alarm("not acceptable");
    assert_status(exchange_once(other_incarnation), CS_MALFORMED);
    assert_status(exchange_once(later_position), CS_MALFORMED);
    assert_false(known().any);
    /* Whatever was wrong, a sync that verifies everything ends the alarm. */
    assert_alarm("not of this answer");
    assert_ok(exchange_once(NULL));
    assert_alarm(NULL);
}

static void other_root(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    now.root[0] ^= 1;
    server->response.checkpoint = note_of(&now);
}

static void no_growth_proof(struct server *server)
{
    server->response.consistency = CS_BYTES_NONE;
}

static void spoiled_growth_proof(struct server *server)
{
    struct cs_bytes proof = server->response.consistency;
    assert_true(proof.size > 0);
    ((uint8_t *)(uintptr_t)proof.data)[3] ^= 1;
}

static void a_log_that_does_not_go_on_is_refused(void **state)
{
    (void)state;
    assert_ok(exchange_once(NULL));
    enter_something();
    enter_something();
    assert_status(exchange_once(other_root), CS_OTHER_HISTORY);
    assert_alarm("another history than before");
    assert_status(exchange_once(no_growth_proof), CS_OTHER_HISTORY);
    assert_status(exchange_once(spoiled_growth_proof), CS_OTHER_HISTORY);
    assert_int_equal(known().checkpoint.size, 1);
    assert_ok(exchange_once(NULL));
    assert_int_equal(known().checkpoint.size, 3);
    /* The same size with another root. */
    assert_status(exchange_once(other_root), CS_OTHER_HISTORY);
    assert_alarm("another history than before");
}

static void a_smaller_log(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    server->response.checkpoint = note_of(&now);
}

static void older_position(struct server *server)
{
    struct cs_checkpoint now = log_checkpoint(&server->log, &server->response);
    now.position = 1;
    server->response.checkpoint = note_of(&now);
}

static void a_log_that_goes_back_is_refused(void **state)
{
    (void)state;
    enter_something();
    enter_something();
    assert_ok(exchange_once(NULL));
    assert_int_equal(known().checkpoint.size, 3);
    s.log.size = 2;
    s.log.leaves[1][0] ^= 1;
    struct cs_leaf leaf;
    cs_leaf_certificate(cs_identity_certificate_id(s.f->identity), &leaf);
    cs_leaf_hash(&leaf, s.log.leaves[0]);
    assert_status(ask_once(a_smaller_log), CS_ROLLED_BACK);
    assert_alarm("has gone back from 3 to 2");
    s.log.leaves[1][0] ^= 1;
    assert_int_equal(known().checkpoint.size, 3);
}

static void positions_do_not_go_back(void **state)
{
    (void)state;
    assert_ok(exchange_once(NULL));
    enter_something();
    assert_status(ask_once(older_position), CS_ROLLED_BACK);
}

static void drop_row_proof(struct server *server)
{
    server->response.row_proof_count = 0;
}

static void spoil_row_proof(struct server *server)
{
    server->response.row_proofs[0].leaf ^= 1;
}

static void alter_record(struct server *server)
{
    struct cs_value *record = &server->response.rows[0].fields[1].value;
    ((uint8_t *)(uintptr_t)record->bytes.data)[70] ^= 1;
}

static void rows_of_evidence_must_be_in_the_log(void **state)
{
    (void)state;
    enter_something();
    assert_status(exchange_receipt(CS_BYTES_NONE, drop_row_proof), CS_OTHER_HISTORY);
    assert_alarm("is not in the server's evidence log");
    assert_status(exchange_receipt(CS_BYTES_NONE, spoil_row_proof), CS_OTHER_HISTORY);
    assert_status(exchange_receipt(CS_BYTES_NONE, alter_record), CS_OTHER_HISTORY);
    assert_ok(exchange_receipt(CS_BYTES_NONE, NULL));
    assert_int_equal(fixture_count_sql(s.f, "SELECT count(*) FROM receipt"), 1);
    assert_alarm(NULL);
}

static enum cs_status push_part(void (*spoil)(struct server *server))
{
    struct cs_sync_session *session = server_begin(s.f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0);
    s.spoil = spoil;
    struct cs_problem problem = {""};
    enum cs_status status = server_answer(&s, session, &problem);
    s.spoil = NULL;
    cs_sync_end(session);
    return status;
}

static void drop_own_proof(struct server *server)
{
    server->response.own_proved = false;
}

static void spoil_own_proof(struct server *server)
{
    server->response.own_leaf ^= 1;
}

static void what_was_pushed_must_be_in_the_log(void **state)
{
    struct fixture *f = *state;
    (void)fixture_part(f, "P-1", "a");
    assert_status(push_part(drop_own_proof), CS_OTHER_HISTORY);
    assert_alarm("change-set 1 of this device is not in");
    assert_status(push_part(spoil_own_proof), CS_OTHER_HISTORY);
    /* Nothing was taken as acknowledged: it is sent again. */
    assert_int_equal(fixture_counts(f).packed, 1);
    assert_ok(push_part(NULL));
    assert_int_equal(fixture_counts(f).packed, 0);
}

static void prove_earlier(struct server *server)
{
    static struct cs_growth_proof earlier[1];
    earlier[0].size = 2;
    earlier[0].path = log_growth(&server->log, &server->arena, 2);
    server->response.earlier = earlier;
    server->response.earlier_count = 1;
}

/* What the signer of a receipt was shown, at two leaves; `root_flip` makes it another history. */
static struct cs_bytes shown_at_two(uint8_t root_flip)
{
    struct cs_checkpoint shown = log_checkpoint(&s.log, &s.response);
    assert_int_equal(shown.size, 2);
    shown.position = 4;
    shown.root[0] ^= root_flip;
    return note_of(&shown);
}

static void prepare_two(void)
{
    assert_ok(exchange_once(NULL));
    enter_something();
    assert_ok(exchange_once(NULL));
    assert_int_equal(known().checkpoint.size, 2);
}

static void what_others_were_shown_earlier_must_be_the_beginning(void **state)
{
    (void)state;
    prepare_two();
    struct cs_bytes same = shown_at_two(0);
    struct cs_bytes other = shown_at_two(1);
    enter_something();
    /* Without a proof it is not believed, with another root it cannot be proved. */
    assert_status(exchange_receipt(same, NULL), CS_OTHER_HISTORY);
    assert_alarm("another history (2 entries) than this one");
    assert_status(exchange_receipt(other, prove_earlier), CS_OTHER_HISTORY);
    assert_ok(exchange_receipt(same, prove_earlier));
    assert_alarm(NULL);
}

static void equal_sizes_must_have_equal_roots(void **state)
{
    (void)state;
    prepare_two();
    /* The answer will have three leaves: the receipt's is the third. What others were shown at three is known
     * only when that leaf is; so the receipt comes twice. */
    struct cs_checkpoint shown = known().checkpoint;
    shown.size = 1000;
    assert_status(exchange_receipt(note_of(&shown), NULL), CS_OTHER_HISTORY);
    assert_alarm("another history (1000 entries)");
    struct cs_log_state before = known();
    assert_int_equal(before.checkpoint.size, 2);
    shown = before.checkpoint;
    shown.size = s.log.size + 1;
    assert_status(exchange_receipt(note_of(&shown), NULL), CS_OTHER_HISTORY);
}

static void notes_of_nobody_and_of_another_incarnation_say_nothing(void **state)
{
    (void)state;
    prepare_two();
    struct cs_checkpoint shown = known().checkpoint;
    shown.size = 1000;
    shown.incarnation[0] ^= 1;
    assert_ok(exchange_receipt(note_of(&shown), NULL));
    shown.incarnation[0] ^= 1;
    assert_ok(exchange_receipt(
        log_note(&shown, s.f->identity, cs_identity_sign_key(s.f->identity), &s.arena), NULL));
    assert_ok(exchange_receipt(T("no note at all"), NULL));
    assert_alarm(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(the_checkpoint_is_kept_and_grows),
        scene_test(a_log_must_be_shown),
        scene_test(a_log_that_does_not_go_on_is_refused),
        scene_test(a_log_that_goes_back_is_refused),
        scene_test(positions_do_not_go_back),
        scene_test(rows_of_evidence_must_be_in_the_log),
        scene_test(what_was_pushed_must_be_in_the_log),
        scene_test(what_others_were_shown_earlier_must_be_the_beginning),
        scene_test(equal_sizes_must_have_equal_roots),
        scene_test(notes_of_nobody_and_of_another_incarnation_say_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
